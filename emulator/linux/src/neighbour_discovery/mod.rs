//! A router's side of IPv6 neighbour discovery, see RFC 4861.
//!
//! Where hosts cannot see each other's frames, the router answers for all of them: a neighbour's address has the router's
//! Ethernet address, whether anybody has it or not. The kernel can do this for single addresses only, not for the
//! blocks that are delegated to hosts, so a thread listens on a packet socket. It sees questions and nothing else: the
//! socket has a filter, and is asked about packets of IPv6 that are for the router.

mod message;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv6Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ipnet::Ipv6Net;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::pipe2;

use self::message::{Kind, Question, Sender};
use crate::packets::{Packets, Wanted};
use crate::{Error, Mac, Netns, Result};

/// How often hosts hear of their router unasked: a third of the time for which they believe it.
const INTERVAL: Duration = Duration::from_secs(600);

/// Answers the hosts on links of one namespace. Dropping it stops the thread.
#[derive(Debug)]
pub struct Router {
    links: Arc<Mutex<BTreeMap<u32, RouterLink>>>,
    /// The thread ends when this end of the pipe is closed.
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

/// The router on one link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterLink {
    /// Its Ethernet address.
    pub mac: Mac,
    /// Its link-local address.
    pub link_local: Ipv6Addr,
    /// The link's MTU, in bytes.
    pub mtu: u32,
    /// The blocks whose addresses are on the link.
    pub blocks: BTreeSet<Ipv6Net>,
    /// The Ethernet addresses of hosts that hear of the router unasked.
    pub hosts: BTreeSet<Mac>,
}

impl Router {
    /// Begins to listen; there is no link to answer on yet.
    ///
    /// # Errors
    /// Packet sockets are not allowed, or there is no thread to be had.
    pub fn start(netns: &Netns) -> Result<Self> {
        let failed = |errno| Error::new("make", "a pipe", errno);
        let (stopped, stop) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
        let (packets, links) = (Packets::open(netns, Wanted::Solicitations)?, Arc::default());
        let shared = Arc::clone(&links);
        let thread = thread::Builder::new().name("router".to_owned()).stack_size(256 << 10);
        let thread = thread.spawn(move || run(&packets, &shared, &stopped));
        let thread = thread.map_err(|err| Error::io("start", "a router's thread", &err))?;
        Ok(Self { links, stop: Some(stop), thread: Some(thread) })
    }

    /// Changes what is told on a link; one on which nothing was told yet begins with `new`.
    pub fn serve(&self, link: u32, new: impl FnOnce() -> RouterLink, change: impl FnOnce(&mut RouterLink)) {
        change(self.links.lock().unwrap_or_else(PoisonError::into_inner).entry(link).or_insert_with(new));
    }

    /// Answers on a link no more.
    pub fn leave(&self, link: u32) {
        self.links.lock().unwrap_or_else(PoisonError::into_inner).remove(&link);
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A thread that panicked has stopped too.
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn run(packets: &Packets, links: &Mutex<BTreeMap<u32, RouterLink>>, stopped: &OwnedFd) {
    let mut next = Instant::now() + INTERVAL;
    loop {
        let wait = next.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX);
        let mut ready = [packets.as_fd(), stopped.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        match poll(&mut ready, timeout) {
            Ok(_) if ready[1].revents().is_some_and(|events| !events.is_empty()) => return,
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(_) => return,
        }
        while let Some((link, frame)) = packets.receive() {
            let served = links.lock().unwrap_or_else(PoisonError::into_inner).get(&link).cloned();
            if let Some(answer) = served.zip(message::parse(&frame)).and_then(|(served, asked)| served.answer(&asked)) {
                packets.send(link, &answer);
            }
        }
        if Instant::now() >= next {
            next = Instant::now() + INTERVAL;
            let all = links.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for (link, router) in all.iter().filter(|(_, router)| !router.blocks.is_empty()) {
                router.hosts.iter().for_each(|host| packets.send(*link, &router.advertisement(*host)));
            }
        }
    }
}

impl RouterLink {
    /// What a host is told. One that looks whether somebody has its address already hears nothing.
    fn answer(&self, question: &Question) -> Option<Vec<u8>> {
        let is_known = |target| target == self.link_local || self.blocks.iter().any(|block| block.contains(&target));
        match question.kind {
            Kind::Router if !self.blocks.is_empty() => Some(self.advertisement(question.asker)),
            Kind::Neighbour(target) if is_known(target) && !question.source.is_unspecified() => {
                let to = (question.asker, question.source);
                Some(message::neighbour_advertisement(&self.sender(), to, target))
            }
            _ => None,
        }
    }

    fn advertisement(&self, host: Mac) -> Vec<u8> {
        message::router_advertisement(&self.sender(), host, self.blocks.iter().copied())
    }

    fn sender(&self) -> Sender {
        Sender { mac: self.mac, link_local: self.link_local, mtu: self.mtu }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::neighbour("2001:db8::9", Kind::Neighbour("2001:db8::77".parse().unwrap()), true)]
    #[case::elsewhere("2001:db8::9", Kind::Neighbour("2001:db9::77".parse().unwrap()), false)]
    #[case::router_as_neighbour("fe80::9", Kind::Neighbour("fe80::1".parse().unwrap()), true)]
    #[case::duplicate_looked_for("::", Kind::Neighbour("2001:db8::77".parse().unwrap()), false)]
    #[case::router("::", Kind::Router, true)]
    fn who_is_answered(#[case] source: &str, #[case] kind: Kind, #[case] is_answered: bool) {
        let mut link = RouterLink {
            mac: [0xfe, 0, 0, 0, 0, 1],
            link_local: "fe80::1".parse().unwrap(),
            mtu: 9001,
            blocks: ["2001:db8::/64".parse().unwrap()].into(),
            hosts: BTreeSet::new(),
        };
        let question = Question { asker: [2, 0, 0, 0, 0, 9], source: source.parse().unwrap(), kind };
        assert_eq!(link.answer(&question).is_some(), is_answered);
        link.blocks.clear();
        let is_about_router = kind == Kind::Neighbour(link.link_local);
        assert_eq!(link.answer(&question).is_some(), is_about_router, "without a block");
    }
}
