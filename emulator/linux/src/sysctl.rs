//! Sysctls of a network namespace, through `/proc/sys`, see sysctl(5) and the kernel's `ip-sysctl` document.

use std::{fs, path::PathBuf};

use crate::{Error, Netns, Result};

/// Writes a sysctl inside the namespace.
///
/// A key is written with dots (`net.ipv4.ip_forward`) or, where a part has dots itself, with slashes
/// (`net/ipv4/conf/vlan.eth.5/rp_filter`).
pub fn write(netns: &Netns, key: &str, value: &str) -> Result<()> {
    // procfs chooses the namespace of the thread that looks the path up.
    let written = netns.run(|| fs::write(path(key), value))?;
    written.map_err(|err| Error::io("write sysctl", format!("{key} = {value}"), &err))
}

/// Reads a sysctl inside the namespace, without the final line end; keys as in [`write()`].
pub fn read(netns: &Netns, key: &str) -> Result<String> {
    let text = netns.run(|| fs::read_to_string(path(key)))?;
    let text = text.map_err(|err| Error::io("read sysctl", key, &err))?;
    Ok(text.trim_end().to_owned())
}

/// Those of the settings that differ inside the namespace, with one visit to it, and what they are there; a setting that
/// cannot be read is nothing.
pub fn differing(netns: &Netns, settings: &[(&str, &str)]) -> Result<Vec<(String, String)>> {
    netns.run(|| {
        let read = |(key, expected): &(&str, &str)| {
            let found = fs::read_to_string(path(key)).unwrap_or_default().trim_end().to_owned();
            (found != *expected).then(|| ((*key).to_owned(), found))
        };
        settings.iter().filter_map(read).collect()
    })
}

/// Writes several sysctls with one visit to the namespace; stops at the first that fails.
pub fn write_all(netns: &Netns, settings: &[(&str, &str)]) -> Result<()> {
    netns.run(|| {
        for (key, value) in settings {
            let written = fs::write(path(key), value);
            written.map_err(|err| Error::io("write sysctl", format!("{key} = {value}"), &err))?;
        }
        Ok(())
    })?
}

fn path(key: &str) -> PathBuf {
    let relative = if key.contains('/') { key.to_owned() } else { key.replace('.', "/") };
    PathBuf::from("/proc/sys").join(relative.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    #[rstest]
    #[case::dots("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward")]
    #[case::slashes("net/ipv4/conf/vlan.eth.5/rp_filter", "/proc/sys/net/ipv4/conf/vlan.eth.5/rp_filter")]
    #[case::leading_slash("/net/core/somaxconn", "/proc/sys/net/core/somaxconn")]
    fn key_names_a_file(#[case] key: &str, #[case] path: &str) {
        assert_eq!(super::path(key), std::path::Path::new(path));
    }
}
