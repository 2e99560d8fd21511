//! A packet socket for the questions of neighbour discovery on all links of a namespace, see packet(7).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use libc::{c_int, sock_filter, sockaddr_ll, socklen_t};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use super::message::{ICMPV6, NEIGHBOUR_SOLICITATION, ROUTER_SOLICITATION};
use crate::{Error, Netns, Result};

/// Longer than any question.
const LONGEST: usize = 1280;
/// Where in a frame the IPv6 head names what comes behind it.
const NEXT_HEADER: u32 = 20;
const PROTOCOL_ICMPV6: u32 = 58;

/// The socket.
#[derive(Debug)]
pub(super) struct Packets(OwnedFd);

impl Packets {
    pub(super) fn open(netns: &Netns) -> Result<Self> {
        netns.run(|| {
            let failed = |errno| Error::new("open", "a packet socket", errno);
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            // Bound to its protocol only when it has its filter: nothing else is ever queued.
            let socket = socket(AddressFamily::Packet, SockType::Raw, flags, None).map_err(failed)?;
            attach_filter(&socket).map_err(|err| Error::io("filter", "a packet socket", &err))?;
            bind(&socket).map_err(|err| Error::io("bind", "a packet socket", &err))?;
            Ok(Self(socket))
        })?
    }

    /// The next frame that waits, and the index of its link.
    pub(super) fn receive(&self) -> Option<(u32, Vec<u8>)> {
        let mut frame = vec![0; LONGEST];
        let mut from = address(0);
        let mut size = size_of_address();
        let (buffer, flags) = (frame.as_mut_ptr().cast(), libc::MSG_DONTWAIT);
        // SAFETY: buffer and address are live and of the sizes given.
        let length = unsafe {
            libc::recvfrom(self.0.as_raw_fd(), buffer, LONGEST, flags, (&raw mut from).cast(), &raw mut size)
        };
        frame.truncate(usize::try_from(length).ok()?);
        Some((u32::try_from(from.sll_ifindex).ok()?, frame))
    }

    /// Sends a frame. One that the kernel does not take is lost: the host asks again.
    pub(super) fn send(&self, link: u32, frame: &[u8]) {
        let Ok(index) = i32::try_from(link) else { return };
        let (to, flags) = (address(index), libc::MSG_DONTWAIT);
        // SAFETY: frame and address are live and of the sizes given.
        unsafe {
            let (frame, length) = (frame.as_ptr().cast(), frame.len());
            libc::sendto(self.0.as_raw_fd(), frame, length, flags, (&raw const to).cast(), size_of_address());
        }
    }
}

impl AsFd for Packets {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Lets solicitations of ICMPv6 pass and nothing else.
fn attach_filter(socket: &OwnedFd) -> io::Result<()> {
    const LOAD_BYTE: c_int = libc::BPF_LD as c_int | libc::BPF_B as c_int | libc::BPF_ABS as c_int;
    const IF_EQUAL: c_int = libc::BPF_JMP as c_int | libc::BPF_JEQ as c_int | libc::BPF_K as c_int;
    const RETURN: c_int = libc::BPF_RET as c_int | libc::BPF_K as c_int;
    let step = |code: c_int, jt, jf, k| sock_filter { code: u16::try_from(code).expect("a small code"), jt, jf, k };
    let kind = u32::try_from(ICMPV6).expect("a small offset");
    let mut steps = [
        step(LOAD_BYTE, 0, 0, NEXT_HEADER),
        step(IF_EQUAL, 0, 4, PROTOCOL_ICMPV6),
        step(LOAD_BYTE, 0, 0, kind),
        step(IF_EQUAL, 1, 0, ROUTER_SOLICITATION.into()),
        step(IF_EQUAL, 0, 1, NEIGHBOUR_SOLICITATION.into()),
        step(RETURN, 0, 0, u32::MAX),
        step(RETURN, 0, 0, 0),
    ];
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

fn bind(socket: &OwnedFd) -> io::Result<()> {
    let all = address(0);
    // SAFETY: the address is a live sockaddr_ll of the size given.
    let bound = unsafe { libc::bind(socket.as_raw_fd(), (&raw const all).cast(), size_of_address()) };
    if bound == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// IPv6 on a link; on all of them for 0.
fn address(index: i32) -> sockaddr_ll {
    const ETH_P_IPV6: u16 = 0x86dd;
    // SAFETY: sockaddr_ll is plain data for which all zeroes is a value.
    let mut address: sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).expect("a small constant");
    address.sll_protocol = ETH_P_IPV6.to_be();
    address.sll_ifindex = index;
    address
}

fn size_of_address() -> socklen_t {
    socklen_t::try_from(size_of::<sockaddr_ll>()).expect("a small structure")
}
