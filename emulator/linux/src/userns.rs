//! Running without root: a user namespace in which this process may do all of the above, see user_namespaces(7).

use std::fs;

use nix::{
    sched::{self, CloneFlags},
    unistd,
};

use crate::{Error, Result};

/// Moves this process into new user and mount namespaces, in which it counts as root.
///
/// It keeps its network namespace, where it has no power, so that its loopback endpoints stay reachable for programs
/// outside. Namespaces it makes with [`crate::Netns::create`] are its own, in full.
///
/// # Errors
/// `EINVAL` if this process has threads already; `EPERM` or `ENOSPC` where the machine forbids user namespaces.
pub fn enter() -> Result<()> {
    let (uid, gid) = (unistd::geteuid(), unistd::getegid());
    let unshared = sched::unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS);
    unshared.map_err(|errno| Error::new("enter", "a new user namespace", errno))?;
    // Without setgroups denied, an unprivileged process may not map a group.
    let maps = [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("0 {uid} 1")),
        ("/proc/self/gid_map", format!("0 {gid} 1")),
    ];
    for (path, text) in maps {
        fs::write(path, &text).map_err(|err| Error::io("write", format!("{text:?} to {path}"), &err))?;
    }
    Ok(())
}
