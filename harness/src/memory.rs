//! What this process keeps in memory.

use std::{env, fs};

/// Lets go of this program's code, as far as it is in memory.
///
/// A start runs through far more code than a server needs from then on, and for each place the kernel maps what is around
/// it too. What is needed again comes back from the page cache, at less than a microsecond a page.
pub(crate) fn let_go_of_code() {
    let (Ok(program), Ok(maps)) = (env::current_exe(), fs::read_to_string("/proc/self/maps")) else { return };
    for (start, length) in maps.lines().filter_map(|line| code(line, &program.to_string_lossy())) {
        // SAFETY: the pages are the program's file and were never written to, so they come back as they were. (Data
        // that was relocated is in other mappings.)
        unsafe { libc::madvise(start as *mut libc::c_void, length, libc::MADV_DONTNEED) };
    }
}

/// Where a line of `maps` tells of a program's code, and how long that is.
fn code(line: &str, program: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (range, permissions, file) = (fields.next()?, fields.next()?, fields.nth(3)?);
    let (start, end) = range.split_once('-')?;
    let [start, end] = [start, end].map(|text| usize::from_str_radix(text, 16).ok());
    (permissions == "r-xp" && file == program).then_some((start?, end?.checked_sub(start?)?))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::code("5500-5600 r-xp 006e 08:01 77 /bin/box", Some((0x5500, 0x100)))]
    #[case::relocated("5500-5600 r--p 006e 08:01 77 /bin/box", None)]
    #[case::written("5500-5600 rwxp 006e 08:01 77 /bin/box", None)]
    #[case::a_library("5500-5600 r-xp 006e 08:01 77 /lib/libc.so.6", None)]
    #[case::no_file("5500-5600 r-xp 0000 00:00 0", None)]
    fn lines(#[case] line: &str, #[case] expected: Option<(usize, usize)>) {
        assert_eq!(code(line, "/bin/box"), expected);
    }

    /// How many KiB of files are in memory.
    fn of_files() -> u64 {
        let status = fs::read_to_string("/proc/self/status").expect("there is a status");
        let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).expect("its lines are known");
        line.trim().split(' ').next().and_then(|count| count.parse().ok()).expect("a number")
    }

    #[test]
    fn less_is_in_memory_and_all_goes_on() {
        let before = of_files();
        let_go_of_code();
        assert!(of_files() < before);
    }
}
