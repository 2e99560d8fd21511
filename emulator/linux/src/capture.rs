//! Watches a link's wire with a packet socket, or puts a frame on it, see packet(7).

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, socket};

use crate::{Error, Mac, Netlink, Netns, Result};

/// A link being watched: both directions, from the moment it was opened.
#[derive(Debug)]
pub struct Capture {
    socket: OwnedFd,
    link: String,
}

/// The head of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Who it is for.
    pub destination: Mac,
    /// Who sent it.
    pub source: Mac,
    /// The id of its 802.1Q tag, if it has one.
    pub vlan: Option<u16>,
    /// The protocol inside, such as 0x0800 for IPv4.
    pub ethertype: u16,
    /// The beginning of what is inside.
    pub packet: Vec<u8>,
}

/// How much of a frame is read.
const LENGTH: usize = 128;

const ETH_P_ALL: u16 = 0x0003;
const ETH_P_8021Q: u16 = 0x8100;

impl Capture {
    /// Begins to watch a link.
    ///
    /// # Errors
    /// There is no such link, or packet sockets are not allowed.
    pub fn open(netns: &Netns, link: &str) -> Result<Self> {
        let index = Netlink::open(netns)?.index(link)?;
        netns.run(|| {
            let failed = |errno| Error::new("watch", link, errno);
            let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None).map_err(failed)?;
            set_auxdata(&socket).map_err(|err| Error::io("watch", link, &err))?;
            bind(&socket, index).map_err(|err| Error::io("watch", link, &err))?;
            Ok(Self { socket, link: link.to_owned() })
        })?
    }

    /// The next frame; `None` when nothing has come for `idle`, or at `end`.
    ///
    /// # Errors
    /// The link is gone.
    pub fn next(&self, end: Instant, idle: Duration) -> Result<Option<Frame>> {
        loop {
            let wait = idle.min(end.saturating_duration_since(Instant::now()));
            let timeout = PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX);
            let mut ready = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            if poll(&mut ready, timeout).map_err(|errno| Error::new("watch", &*self.link, errno))? == 0 {
                return Ok(None);
            }
            if let Some(frame) = self.read().map_err(|err| Error::io("watch", &*self.link, &err))? {
                return Ok(Some(frame));
            }
        }
    }

    fn read(&self) -> io::Result<Option<Frame>> {
        let mut head = [0; LENGTH];
        let (length, tag) = receive(&self.socket, &mut head)?;
        Ok(parse(&head[..length.min(head.len())], tag))
    }

    /// Reads and forgets whatever has been seen so far.
    pub fn clear(&self) {
        let mut byte = [0; 1];
        while recv(self.socket.as_raw_fd(), &mut byte, MsgFlags::MSG_DONTWAIT).is_ok() {}
    }
}

/// Sends a whole frame by a link, as a driver would.
///
/// # Errors
/// There is no such link, it is down, or packet sockets are not allowed.
pub fn send(netns: &Netns, link: &str, frame: &[u8]) -> Result<()> {
    let index = Netlink::open(netns)?.index(link)?;
    netns.run(|| {
        let failed = |errno| Error::new("send by", link, errno);
        let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None).map_err(failed)?;
        // Bound to no protocol, it hears nothing.
        let address = address(index, 0).map_err(|err| Error::io("send by", link, &err))?;
        let size = libc::socklen_t::try_from(size_of_val(&address)).expect("a small structure");
        // SAFETY: frame and address are live and of the sizes given.
        let sent = unsafe {
            let (start, length) = (frame.as_ptr().cast(), frame.len());
            libc::sendto(socket.as_raw_fd(), start, length, 0, (&raw const address).cast(), size)
        };
        if sent < 0 { Err(Error::io("send by", link, &io::Error::last_os_error())) } else { Ok(()) }
    })?
}

/// Reads a frame's head; the kernel gives the outer tag apart from the bytes.
fn parse(head: &[u8], tag: Option<u16>) -> Option<Frame> {
    let destination = head.get(..6)?.try_into().ok()?;
    let source = head.get(6..12)?.try_into().ok()?;
    let at = |offset: usize| Some(u16::from_be_bytes(head.get(offset..offset + 2)?.try_into().ok()?));
    let (vlan, ethertype, length) = match (tag, at(12)?) {
        (None, ETH_P_8021Q) => (Some(at(14)? & 0xfff), at(16)?, 18),
        (tag, ethertype) => (tag.map(|tci| tci & 0xfff), ethertype, 14),
    };
    Some(Frame { destination, source, vlan, ethertype, packet: head[length..].to_vec() })
}

/// Asks for the tag that the kernel has taken out of the frame.
fn set_auxdata(socket: &OwnedFd) -> io::Result<()> {
    let on: libc::c_int = 1;
    let size = libc::socklen_t::try_from(size_of_val(&on)).expect("four bytes");
    // SAFETY: the option value is a live c_int of the size given.
    let set = unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_PACKET, libc::PACKET_AUXDATA, (&raw const on).cast(), size)
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn bind(socket: &OwnedFd, index: u32) -> io::Result<()> {
    let address = address(index, ETH_P_ALL)?;
    let size = libc::socklen_t::try_from(size_of_val(&address)).expect("a small structure");
    // SAFETY: the address is a live sockaddr_ll of the size given.
    let bound = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), size) };
    if bound == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn address(index: u32, protocol: u16) -> io::Result<libc::sockaddr_ll> {
    // SAFETY: sockaddr_ll is plain data for which all zeroes is a value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).expect("a small constant");
    address.sll_protocol = protocol.to_be();
    address.sll_ifindex = i32::try_from(index).map_err(io::Error::other)?;
    Ok(address)
}

/// Receives a frame's first bytes and the tag the kernel keeps beside it.
fn receive(socket: &OwnedFd, head: &mut [u8]) -> io::Result<(usize, Option<u16>)> {
    let mut slices = [IoSliceMut::new(head)];
    let mut control = [0_u64; 16];
    // SAFETY: msghdr is plain data for which all zeroes is a value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = slices.as_mut_ptr().cast();
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control);
    // SAFETY: the message points to a live buffer and a live, aligned control area of the sizes given.
    let length = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT) };
    let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
    Ok((length, tag_of(&message)))
}

fn tag_of(message: &libc::msghdr) -> Option<u16> {
    // SAFETY: the kernel filled the control area that the message points to, and it is still alive.
    let mut header = unsafe { libc::CMSG_FIRSTHDR(message) };
    while !header.is_null() {
        // SAFETY: a header that is not null lies within the control area.
        let (level, kind) = unsafe { ((*header).cmsg_level, (*header).cmsg_type) };
        if level == libc::SOL_PACKET && kind == libc::PACKET_AUXDATA {
            // SAFETY: the data of a PACKET_AUXDATA message is a tpacket_auxdata, perhaps not aligned.
            let data = unsafe { libc::CMSG_DATA(header).cast::<libc::tpacket_auxdata>().read_unaligned() };
            return (data.tp_status & libc::TP_STATUS_VLAN_VALID != 0).then_some(data.tp_vlan_tci);
        }
        // SAFETY: the message and the header are those of above.
        header = unsafe { libc::CMSG_NXTHDR(message, header) };
    }
    None
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const HEAD: [u8; 12] = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2];

    #[rstest]
    #[case::plain(&[0x08, 0x00, 0, 0, 0, 0], None, None, 0x0800)]
    #[case::tag_in_the_bytes(&[0x81, 0x00, 0x60, 0x05, 0x08, 0x06], None, Some(5), 0x0806)]
    #[case::tag_beside_the_bytes(&[0x08, 0x00, 0, 0, 0, 0], Some(0x2007), Some(7), 0x0800)]
    fn heads(#[case] rest: &[u8], #[case] tag: Option<u16>, #[case] vlan: Option<u16>, #[case] ethertype: u16) {
        let frame = parse(&[&HEAD[..], rest].concat(), tag).expect("a whole head");
        assert_eq!((frame.vlan, frame.ethertype), (vlan, ethertype));
        assert_eq!((frame.destination, frame.source), ([1; 6], [2; 6]));
    }

    #[test]
    fn a_short_frame_is_none() {
        assert_eq!(parse(&HEAD, None), None);
    }
}
