//! One netlink socket: requests out, answers and acknowledgements in, see netlink(7).

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::{
        socket::{self, AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, sockopt},
        time::TimeVal,
    },
};

use super::message::{self, Message, Received};
use crate::{Error, Netns, Result};

/// The kernel answers within the request's system call, so waiting this long means a lost answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// Requests sent together: their answers must fit the receive buffer.
const BYTES_AT_ONCE: usize = 32 * 1024;
const MESSAGES_AT_ONCE: usize = 64;
/// The kernel's dumps use at most 32 KiB a datagram.
const BUFFER: usize = 64 * 1024;
const DUMP_ATTEMPTS: usize = 8;

const NLMSGERR_ATTR_MSG: u16 = 1;
/// An error answer starts with the errno and the request's header.
const NLMSG_ERROR_FIXED: usize = 4 + message::HEADER;

/// How one request ended: `Err` has errno and the kernel's words.
pub(crate) type Outcome = std::result::Result<(), Refusal>;

/// Why the kernel refused a request.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) errno: Errno,
    pub(crate) words: Option<String>,
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self { errno, words: None }
    }
}

/// A socket of one netlink protocol, in one namespace.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Socket {
    /// Opens a socket of `protocol` in the namespace; it may be used from threads of any other.
    pub(crate) fn open(netns: &Netns, protocol: SockProtocol) -> Result<Self> {
        let fd = netns.run(|| open(protocol))?;
        let fd = fd.map_err(|errno| Error::new("open", format!("netlink socket {protocol:?} in {netns}"), errno))?;
        Ok(Self { fd, sequence: 0, buffer: vec![0; BUFFER] })
    }

    /// Sends requests, together where possible, and gives each one's outcome in order.
    pub(crate) fn execute(&mut self, requests: &[&Message]) -> std::result::Result<Vec<Outcome>, Errno> {
        let mut outcomes = Vec::with_capacity(requests.len());
        let mut rest = requests;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(fitting(rest));
            self.execute_together(now, &mut outcomes)?;
            rest = later;
        }
        Ok(outcomes)
    }

    fn execute_together(&mut self, requests: &[&Message], into: &mut Vec<Outcome>) -> std::result::Result<(), Errno> {
        let first = self.send(requests, libc::NLM_F_ACK)?;
        let mut found: Vec<Option<Outcome>> = vec![None; requests.len()];
        let mut missing = requests.len();
        while missing > 0 {
            self.receive(|received| {
                if let Some(slot) = found.get_mut(received.sequence.wrapping_sub(first) as usize)
                    && let Some(outcome) = outcome(&received)
                    && slot.replace(outcome).is_none()
                {
                    missing -= 1;
                }
            })?;
        }
        into.extend(found.into_iter().flatten());
        Ok(())
    }

    /// Sends one request that is answered by one message, and gives that to `decode`.
    pub(crate) fn get<T>(
        &mut self,
        request: &Message,
        mut decode: impl FnMut(u16, &[u8]) -> Option<T>,
    ) -> std::result::Result<Option<T>, Refusal> {
        let first = self.send(&[request], libc::NLM_F_ACK)?;
        let mut answer = None;
        let mut end = None;
        while end.is_none() {
            self.receive(|received| {
                if received.sequence != first {
                    return;
                }
                match outcome(&received) {
                    Some(outcome) => end = Some(outcome),
                    None => answer = decode(received.kind, received.payload),
                }
            })?;
        }
        end.unwrap_or(Ok(())).map(|()| answer)
    }

    /// Lists what a dump request gives; starts over when the listed things changed meanwhile.
    pub(crate) fn dump<T>(
        &mut self,
        request: &Message,
        mut decode: impl FnMut(u16, &[u8]) -> Option<T>,
    ) -> std::result::Result<Vec<T>, Refusal> {
        for _ in 0..DUMP_ATTEMPTS {
            if let Some(items) = self.dump_once(request, &mut decode)? {
                return Ok(items);
            }
        }
        Err(Errno::EINTR.into())
    }

    fn dump_once<T>(
        &mut self,
        request: &Message,
        decode: &mut impl FnMut(u16, &[u8]) -> Option<T>,
    ) -> std::result::Result<Option<Vec<T>>, Refusal> {
        let first = self.send(&[request], libc::NLM_F_DUMP)?;
        let (mut items, mut interrupted, mut end) = (Vec::new(), false, None);
        while end.is_none() {
            self.receive(|received| {
                if received.sequence != first {
                    return;
                }
                interrupted |= i32::from(received.flags) & libc::NLM_F_DUMP_INTR != 0;
                match outcome(&received) {
                    Some(outcome) => end = Some(outcome),
                    None => items.extend(decode(received.kind, received.payload)),
                }
            })?;
        }
        end.unwrap_or(Ok(())).map(|()| (!interrupted).then_some(items))
    }

    /// Sends a transaction, finished messages in one datagram, and gives what was refused, in order.
    ///
    /// The kernel has done all of it when the call returns; one message must ask to be acknowledged, `answered`.
    pub(crate) fn transact(&mut self, bytes: &[u8], answered: u32) -> std::result::Result<Vec<(u32, Refusal)>, Errno> {
        retried(|| socket::send(self.fd.as_raw_fd(), bytes, MsgFlags::empty()))?;
        let (mut refusals, mut is_answered) = (Vec::new(), false);
        let mut see = |received: Received<'_>| match outcome(&received) {
            Some(Err(refusal)) => refusals.push((received.sequence, refusal)),
            Some(Ok(())) => is_answered |= received.sequence == answered,
            None => {}
        };
        // All refusals, and the acknowledgement after them, are in the queue by now.
        loop {
            match self.receive_with(MsgFlags::MSG_DONTWAIT, &mut see) {
                // Without room, so many refusals came that some were lost.
                Ok(()) | Err(Errno::ENOBUFS) => {}
                Err(Errno::EAGAIN) => break,
                Err(errno) => return Err(errno),
            }
        }
        if refusals.is_empty() && !is_answered { Err(Errno::EBADMSG) } else { Ok(refusals) }
    }

    /// Makes room for a datagram of so many bytes, beyond the machine's limit where that is allowed; gives the room.
    pub(crate) fn grow_send_buffer(&self, bytes: usize) -> nix::Result<usize> {
        let room = socket::getsockopt(&self.fd, sockopt::SndBuf)?;
        if room >= bytes {
            return Ok(room);
        }
        socket::setsockopt(&self.fd, sockopt::SndBufForce, &bytes)
            .or_else(|_| socket::setsockopt(&self.fd, sockopt::SndBuf, &bytes))?;
        socket::getsockopt(&self.fd, sockopt::SndBuf)
    }

    /// Sends requests in one datagram; gives the first one's sequence number, the others count up from it.
    fn send(&mut self, requests: &[&Message], flags: i32) -> std::result::Result<u32, Errno> {
        let first = self.sequence.wrapping_add(1);
        let mut bytes = Vec::with_capacity(requests.iter().map(|request| request.len()).sum());
        for request in requests {
            self.sequence = self.sequence.wrapping_add(1);
            request.write_to(&mut bytes, self.sequence, flags);
        }
        retried(|| socket::send(self.fd.as_raw_fd(), &bytes, MsgFlags::empty()))?;
        Ok(first)
    }

    /// Receives one datagram and gives its messages to `see`.
    fn receive(&mut self, see: impl FnMut(Received<'_>)) -> std::result::Result<(), Errno> {
        let received = self.receive_with(MsgFlags::empty(), see);
        received.map_err(|errno| if errno == Errno::EAGAIN { Errno::ETIMEDOUT } else { errno })
    }

    fn receive_with(&mut self, flags: MsgFlags, mut see: impl FnMut(Received<'_>)) -> std::result::Result<(), Errno> {
        let fd = self.fd.as_raw_fd();
        let length = retried(|| socket::recv(fd, &mut self.buffer, MsgFlags::MSG_TRUNC | flags))?;
        let datagram = self.buffer.get(..length).ok_or(Errno::EMSGSIZE)?;
        message::messages(datagram).for_each(&mut see);
        Ok(())
    }
}

fn open(protocol: SockProtocol) -> nix::Result<OwnedFd> {
    let fd = socket::socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
    socket::setsockopt(&fd, sockopt::ReceiveTimeout, &TimeVal::new(DEADLINE.as_secs() as i64, 0))?;
    socket::setsockopt(&fd, sockopt::RcvBuf, &(1 << 20))?;
    set_netlink_option(&fd, libc::NETLINK_EXT_ACK)?;
    set_netlink_option(&fd, libc::NETLINK_CAP_ACK)?;
    // Without strict checking the kernel ignores the filters of a dump.
    set_netlink_option(&fd, libc::NETLINK_GET_STRICT_CHK)?;
    Ok(fd)
}

fn set_netlink_option(fd: &OwnedFd, option: libc::c_int) -> nix::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the descriptor is open, and pointer and length describe `on`, which outlives the call.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_NETLINK,
            option,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    Errno::result(result).map(drop)
}

/// How many of the requests go into one datagram: at least one.
fn fitting(requests: &[&Message]) -> usize {
    let mut bytes = 0;
    let fit = requests.iter().take(MESSAGES_AT_ONCE).take_while(|request| {
        bytes += request.len();
        bytes <= BYTES_AT_ONCE
    });
    fit.count().max(1)
}

/// The outcome that a message tells, if it ends a request.
fn outcome(received: &Received<'_>) -> Option<Outcome> {
    let fixed = match i32::from(received.kind) {
        libc::NLMSG_ERROR => NLMSG_ERROR_FIXED,
        libc::NLMSG_DONE => 4,
        _ => return None,
    };
    let errno = message::u32_at(received.payload, 0).map_or(0, |code| (code as i32).wrapping_neg());
    if errno == 0 {
        return Some(Ok(()));
    }
    let has_words = i32::from(received.flags) & libc::NLM_F_ACK_TLVS != 0;
    let words = has_words.then(|| words(received.payload, fixed)).flatten();
    Some(Err(Refusal { errno: Errno::from_raw(errno), words }))
}

fn words(payload: &[u8], fixed: usize) -> Option<String> {
    let mut attributes = message::attributes(payload, fixed);
    attributes.find(|(kind, _)| *kind == NLMSGERR_ATTR_MSG).map(|(_, text)| message::text(text))
}

fn retried(mut call: impl FnMut() -> nix::Result<usize>) -> nix::Result<usize> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        Self::from(refusal.errno)
    }
}
