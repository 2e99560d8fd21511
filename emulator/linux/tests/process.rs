//! Children in namespaces, and sockets that stay where they were made.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr},
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
    time::Duration,
};

use linux_net::{
    Netns,
    process::{self, Spawner},
    socket,
};

#[test]
fn child_runs_inside() {
    let netns = Netns::create().expect("namespace");
    let mut command = Command::new("/usr/bin/readlink");
    command.arg("/proc/self/ns/net");
    process::in_netns(&mut command, &netns);
    let output = command.output().expect("readlink");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), netns.to_string());
}

#[test]
fn child_dies_with_its_spawner() {
    let netns = Netns::create().expect("namespace");
    let spawner = Spawner::start().expect("spawner");
    let mut command = Command::new("/bin/cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    process::in_netns(&mut command, &netns);
    let mut child = spawner.clone().spawn(command).expect("cat");

    // It is alive: it answers, and dropping a clone of the spawner has not ended it.
    let (mut stdin, mut stdout) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
    let mut echo = [0; 2];
    stdin.write_all(b"ok").expect("write");
    stdout.read_exact(&mut echo).expect("read");
    assert_eq!(&echo, b"ok");

    drop(spawner);
    let status = child.wait().expect("wait");
    assert_eq!(status.signal(), Some(libc::SIGKILL));
}

#[test]
#[should_panic(expected = "on the spawner's thread")]
fn panic_on_the_thread_goes_on_here() {
    Spawner::start().expect("spawner").run(|| panic!("on the spawner's thread"));
}

#[test]
fn sockets_stay_in_their_namespace() {
    let (netns, other) = (Netns::create().expect("namespace"), Netns::create().expect("namespace"));
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = socket::tcp_listener(&netns, any).expect("listener");
    socket::set_ttl(&listener, 2).expect("ttl");
    listener.set_nonblocking(false).expect("blocking");
    let address = listener.local_addr().expect("address");

    let err = socket::tcp_connect(&other, address, Duration::from_secs(1)).expect_err("another loopback");
    assert_eq!(err.errno(), nix::errno::Errno::ECONNREFUSED);
    let mut client = socket::tcp_connect(&netns, address, Duration::from_secs(1)).expect("connection");
    let (mut server, _) = listener.accept().expect("accept");
    assert_eq!(server.ttl().expect("ttl"), 2, "inherited from the listener");
    client.write_all(b"hello").expect("write");
    let mut text = [0; 5];
    server.read_exact(&mut text).expect("read");
    assert_eq!(&text, b"hello");
}

#[test]
fn udp_socket_does_not_block() {
    let netns = Netns::create().expect("namespace");
    let socket = socket::udp_socket(&netns, SocketAddr::from((Ipv4Addr::LOCALHOST, 53))).expect("socket");
    let err = socket.recv(&mut [0]).expect_err("nothing there");
    assert_eq!(err.kind(), std::io::ErrorKind::WouldBlock);
}
