//! Packet sockets that hear certain packets on all links of a namespace, and answer there, see packet(7).
//!
//! A frame that comes by a bridge's port is heard as the bridge's own, so the port has checked who sent it.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use libc::{c_int, sock_filter, sockaddr_ll, socklen_t};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use crate::{Error, Netns, Result};

/// As much of a frame as is read: all that fits into an Ethernet frame of ordinary size.
const LONGEST: usize = 1514;
const ETH_P_IP: u16 = 0x0800;
const ETH_P_IPV6: u16 = 0x86dd;

/// Which packets a socket hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Questions of IPv6's neighbour discovery: for routers and for neighbours.
    Solicitations,
    /// Datagrams over IPv4 to a port, whole ones.
    DatagramsV4(u16),
    /// Datagrams over IPv6 to a port, without extension headers.
    DatagramsV6(u16),
}

/// A socket; it does not block.
#[derive(Debug)]
pub struct Packets {
    socket: OwnedFd,
    protocol: u16,
}

impl Packets {
    /// Begins to listen.
    ///
    /// # Errors
    /// Packet sockets are not allowed.
    pub fn open(netns: &Netns, wanted: Wanted) -> Result<Self> {
        netns.run(|| {
            let failed = |errno| Error::new("open", "a packet socket", errno);
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            // Bound to its protocol only when it has its filter: nothing else is ever queued.
            let socket = socket(AddressFamily::Packet, SockType::Raw, flags, None).map_err(failed)?;
            attach_filter(&socket, &mut wanted.filter()).map_err(|err| Error::io("filter", "a packet socket", &err))?;
            bind(&socket, wanted.protocol()).map_err(|err| Error::io("bind", "a packet socket", &err))?;
            Ok(Self { socket, protocol: wanted.protocol() })
        })?
    }

    /// The next frame that waits, and the index of its link.
    pub fn receive(&self) -> Option<(u32, Vec<u8>)> {
        let mut frame = vec![0; LONGEST];
        let mut from = address(0, self.protocol);
        let mut size = size_of_address();
        let (buffer, flags) = (frame.as_mut_ptr().cast(), libc::MSG_DONTWAIT);
        // SAFETY: buffer and address are live and of the sizes given.
        let length = unsafe {
            libc::recvfrom(self.socket.as_raw_fd(), buffer, LONGEST, flags, (&raw mut from).cast(), &raw mut size)
        };
        frame.truncate(usize::try_from(length).ok()?);
        Some((u32::try_from(from.sll_ifindex).ok()?, frame))
    }

    /// Sends a frame. One that the kernel does not take is lost: the host asks again.
    pub fn send(&self, link: u32, frame: &[u8]) {
        let Ok(index) = i32::try_from(link) else { return };
        let (to, flags) = (address(index, self.protocol), libc::MSG_DONTWAIT);
        // SAFETY: frame and address are live and of the sizes given.
        unsafe {
            let (frame, length) = (frame.as_ptr().cast(), frame.len());
            libc::sendto(self.socket.as_raw_fd(), frame, length, flags, (&raw const to).cast(), size_of_address());
        }
    }
}

impl AsFd for Packets {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Packets {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

impl Wanted {
    fn protocol(self) -> u16 {
        match self {
            Self::DatagramsV4(_) => ETH_P_IP,
            Self::Solicitations | Self::DatagramsV6(_) => ETH_P_IPV6,
        }
    }

    /// A program of the classic BPF over the whole frame: what it does not want is never queued.
    fn filter(self) -> Vec<sock_filter> {
        const BYTE: c_int = libc::BPF_LD as c_int | libc::BPF_B as c_int | libc::BPF_ABS as c_int;
        const HALF: c_int = libc::BPF_LD as c_int | libc::BPF_H as c_int | libc::BPF_ABS as c_int;
        const HALF_BEHIND: c_int = libc::BPF_LD as c_int | libc::BPF_H as c_int | libc::BPF_IND as c_int;
        // The length of an IPv4 head, into the index register.
        const HEAD: c_int = libc::BPF_LDX as c_int | libc::BPF_B as c_int | libc::BPF_MSH as c_int;
        const IF_EQUAL: c_int = libc::BPF_JMP as c_int | libc::BPF_JEQ as c_int | libc::BPF_K as c_int;
        const IF_ANY: c_int = libc::BPF_JMP as c_int | libc::BPF_JSET as c_int | libc::BPF_K as c_int;
        const RETURN: c_int = libc::BPF_RET as c_int | libc::BPF_K as c_int;
        const UDP: u32 = 17;
        const ICMPV6: u32 = 58;
        const ROUTER_SOLICITATION: u32 = 133;
        const NEIGHBOUR_SOLICITATION: u32 = 135;
        let step = |code: c_int, jt, jf, k| sock_filter { code: u16::try_from(code).expect("a small code"), jt, jf, k };
        let (all, none) = (step(RETURN, 0, 0, u32::MAX), step(RETURN, 0, 0, 0));
        match self {
            Self::Solicitations => vec![
                step(BYTE, 0, 0, 20),
                step(IF_EQUAL, 0, 4, ICMPV6),
                step(BYTE, 0, 0, 54),
                step(IF_EQUAL, 1, 0, ROUTER_SOLICITATION),
                step(IF_EQUAL, 0, 1, NEIGHBOUR_SOLICITATION),
                all,
                none,
            ],
            Self::DatagramsV4(port) => vec![
                step(BYTE, 0, 0, 23),
                step(IF_EQUAL, 0, 6, UDP),
                // Neither a fragment nor followed by one.
                step(HALF, 0, 0, 20),
                step(IF_ANY, 4, 0, 0x3fff),
                step(HEAD, 0, 0, 14),
                step(HALF_BEHIND, 0, 0, 16),
                step(IF_EQUAL, 0, 1, port.into()),
                all,
                none,
            ],
            Self::DatagramsV6(port) => vec![
                step(BYTE, 0, 0, 20),
                step(IF_EQUAL, 0, 3, UDP),
                step(HALF, 0, 0, 56),
                step(IF_EQUAL, 0, 1, port.into()),
                all,
                none,
            ],
        }
    }
}

fn attach_filter(socket: &OwnedFd, steps: &mut [sock_filter]) -> io::Result<()> {
    let length = u16::try_from(steps.len()).expect("a few steps");
    let program = libc::sock_fprog { len: length, filter: steps.as_mut_ptr() };
    let size = socklen_t::try_from(size_of_val(&program)).expect("a small structure");
    // SAFETY: the option value is a live sock_fprog of the size given, and so is the filter it points to.
    let set = unsafe {
        let value = (&raw const program).cast();
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, value, size)
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn bind(socket: &OwnedFd, protocol: u16) -> io::Result<()> {
    let all = address(0, protocol);
    // SAFETY: the address is a live sockaddr_ll of the size given.
    let bound = unsafe { libc::bind(socket.as_raw_fd(), (&raw const all).cast(), size_of_address()) };
    if bound == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A protocol on a link; on all of them for 0.
fn address(index: i32, protocol: u16) -> sockaddr_ll {
    // SAFETY: sockaddr_ll is plain data for which all zeroes is a value.
    let mut address: sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).expect("a small constant");
    address.sll_protocol = protocol.to_be();
    address.sll_ifindex = index;
    address
}

fn size_of_address() -> socklen_t {
    socklen_t::try_from(size_of::<sockaddr_ll>()).expect("a small structure")
}
