//! Standard sockets that live in a namespace: they stay there whichever thread uses them.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream, UdpSocket},
    os::fd::AsFd,
    time::Duration,
};

use nix::sys::socket::{self, sockopt};

use crate::{Error, Netns, Result};

/// A non-blocking TCP listener in the namespace.
pub fn tcp_listener(netns: &Netns, address: SocketAddr) -> Result<TcpListener> {
    let open = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    inside(netns, "listen on tcp", address, open)
}

/// A non-blocking UDP socket in the namespace.
pub fn udp_socket(netns: &Netns, address: SocketAddr) -> Result<UdpSocket> {
    let open = || {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    };
    inside(netns, "bind udp", address, open)
}

/// A TCP connection (blocking) from the namespace to an address, given up after `timeout`.
pub fn tcp_connect(netns: &Netns, address: SocketAddr, timeout: Duration) -> Result<TcpStream> {
    inside(netns, "connect to", address, || TcpStream::connect_timeout(&address, timeout))
}

/// Sets the TTL of the IPv4 packets a socket sends. Connections that a listener accepts inherit it.
pub fn set_ttl(socket: &impl AsFd, ttl: u8) -> Result<()> {
    let set = socket::setsockopt(socket, sockopt::Ipv4Ttl, &i32::from(ttl));
    set.map_err(|errno| Error::new("set ttl of", "a socket", errno))
}

fn inside<T: Send>(
    netns: &Netns,
    operation: &'static str,
    address: SocketAddr,
    open: impl FnOnce() -> io::Result<T> + Send,
) -> Result<T> {
    netns.run(open)?.map_err(|err| match err.kind() {
        io::ErrorKind::TimedOut => Error::new(operation, address.to_string(), nix::errno::Errno::ETIMEDOUT),
        _ => Error::io(operation, address.to_string(), &err),
    })
}
