//! Inside the machine this program is the first process, which does the steps, and `modprobe`, which the kernel starts
//! whenever it wants a module.

use std::ffi::CStr;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::time::Instant;

use linux_net::{Netlink, Netns};

/// The kernel hands an argument it does not know to the first process as a variable.
pub const MARK: &str = "VPCBOX_STOCK_KERNEL_GUEST";
/// What the kernel starts when it wants a module.
pub const MODPROBE: &str = "/sbin/modprobe";
/// The names of the modules, what each needs, and its aliases.
pub const MODULES: &str = "/modules/index";
/// The names of the steps, who does each, and how.
pub const PLAN: &str = "/plan";
/// Begins a line of the first process.
pub const SAYS: &str = "stock-kernel: ";
/// Where a world's logs go if it fails.
const LOGS: &str = "/tmp/logs";

type Modules = Vec<(String, Vec<String>, Vec<String>)>;
type Plan = Vec<(String, u32, Vec<String>)>;

/// The step that has passed, if a line of the console says that.
pub fn passed(line: &str) -> Option<&str> {
    line.strip_prefix(SAYS)?.rsplit_once(": exit status: 0 ").map(|(name, _)| name)
}

/// Where a module lies.
pub fn module_file(name: &str) -> PathBuf {
    Path::new("/modules").join(name)
}

/// Does not return if this is the first process of the machine, or its `modprobe`.
pub fn take_over_if_inside() {
    if process::id() == 1 && std::env::var_os(MARK).is_some() {
        if let Err(err) = be_first_process() {
            println!("{SAYS}{err}");
        }
        // SAFETY: no pointers are involved. QEMU ends instead of starting anew.
        unsafe { libc::reboot(libc::RB_AUTOBOOT) };
    } else if std::env::args().next().is_some_and(|name| name == MODPROBE) {
        let wanted = std::env::args().next_back().unwrap_or_default().replace('-', "_");
        let modules = fs::read(MODULES).and_then(|text| Ok(serde_json::from_slice(&text)?));
        process::exit(modules.and_then(|modules| load(&modules, &wanted)).is_err().into());
    }
}

fn be_first_process() -> Result<(), Box<dyn std::error::Error>> {
    for (kind, target) in [(c"proc", c"/proc"), (c"sysfs", c"/sys"), (c"devtmpfs", c"/dev")] {
        mount(kind, target)?;
    }
    fs::set_permissions("/tmp", fs::Permissions::from_mode(0o1777))?;
    Netlink::open(&Netns::current()?)?.set_up("lo")?;
    println!("{SAYS}up after {} s", fs::read_to_string("/proc/uptime")?.split(' ').next().unwrap_or_default());
    let plan: Plan = serde_json::from_slice(&fs::read(PLAN)?)?;
    for (name, uid, command) in &plan {
        println!("{SAYS}{name}");
        let start = Instant::now();
        let mut process = Command::new(&command[0]);
        process.args(&command[1..]).env_clear().env("VPCBOX_KEEP_LOGS", LOGS).uid(*uid).gid(*uid);
        let status = process.status()?;
        for log in fs::read_dir(LOGS).into_iter().flatten().flatten() {
            println!("{}\n{}", log.path().display(), fs::read_to_string(log.path())?);
            fs::remove_file(log.path())?;
        }
        println!("\n{SAYS}{name}: {status} after {:.1} s", start.elapsed().as_secs_f64());
    }
    println!("{SAYS}{} modules were asked for", fs::read_to_string("/proc/modules")?.lines().count());
    Ok(())
}

fn mount(kind: &CStr, target: &CStr) -> io::Result<()> {
    // SAFETY: all pointers are to texts that outlive the call; these file systems take no data.
    let result = unsafe { libc::mount(kind.as_ptr(), target.as_ptr(), kind.as_ptr(), 0, std::ptr::null()) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Loads the modules of a name or alias, and before each what it needs.
fn load(modules: &Modules, wanted: &str) -> io::Result<()> {
    let is_wanted = |name: &String, aliases: &[String]| name == wanted || aliases.iter().any(|alias| alias == wanted);
    for (name, needs, _) in modules.iter().filter(|(name, _, aliases)| is_wanted(name, aliases)) {
        needs.iter().try_for_each(|needed| load(modules, needed))?;
        let file = File::open(module_file(name))?;
        // SAFETY: the text, which says that there are no parameters, outlives the call.
        let result = unsafe { libc::syscall(libc::SYS_finit_module, file.as_raw_fd(), c"".as_ptr(), 0) };
        match io::Error::last_os_error() {
            err if result != 0 && err.raw_os_error() != Some(libc::EEXIST) => return Err(err),
            _ => {}
        }
    }
    Ok(())
}
