//! Running without root. A program of its own, since the kernel takes user namespaces from processes with one thread
//! only: it starts itself again as an ordinary user.

use std::{os::unix::process::CommandExt, process::Command};

use linux_net::{
    Netlink, Netns,
    features::{self, Feature, Privilege},
    netlink::LinkSpec,
    sysctl, userns,
};

const NOBODY: u32 = 65534;
const NAME: &str = "ordinary_user_builds_networks";

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        println!("{NAME}: test");
    } else if nix::unistd::geteuid().is_root() {
        as_root();
    } else {
        as_ordinary_user();
    }
}

fn as_root() {
    if !features::probe().has(Feature::UserNamespace) {
        println!("{NAME} ... skipped: {}", Feature::UserNamespace);
        return;
    }
    let mut again = Command::new(std::env::current_exe().expect("own path"));
    let status = again.uid(NOBODY).gid(NOBODY).status().expect("run again");
    assert!(status.success(), "{NAME} ... {status}");
    println!("{NAME} ... ok");
}

fn as_ordinary_user() {
    assert!(Netns::create().expect_err("no right").is_permission());
    let before = features::probe();
    println!("{before}");
    assert_eq!(before.privilege, Privilege::Rootless);
    assert!(before.obstacles().is_empty());

    let own = Netns::current().expect("own");
    userns::enter().expect("user namespace");
    assert_eq!(Netns::current().expect("own"), own, "loopback endpoints stay reachable");
    let (here_ns, there_ns) = (Netns::create().expect("namespace"), Netns::create().expect("namespace"));
    let here = Netlink::open(&here_ns).expect("netlink");
    here.add_bridge(&LinkSpec::new("br").up()).expect("bridge");
    let port = LinkSpec::new("port").master(here.index("br").expect("index")).up();
    here.add_veth(&port, &LinkSpec::new("eth0").up(), Some(&there_ns)).expect("veth");
    sysctl::write(&here_ns, "net.ipv4.ip_forward", "1").expect("sysctl");

    let after = features::probe();
    assert_eq!(after.privilege, Privilege::Root, "root inside");
    for feature in Feature::ALL.into_iter().filter(|feature| *feature != Feature::UserNamespace) {
        assert_eq!(after.has(feature), before.has(feature), "the probe foretold {feature}");
    }
}
