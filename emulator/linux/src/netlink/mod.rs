//! rtnetlink(7) in one namespace: links, addresses, routes, rules, neighbours, forwarding entries.
//!
//! All changing operations are methods of [`Netlink`]. They act at once, or, on the handle that [`Netlink::batch`]
//! gives, are collected and sent together.

mod address;
mod link;
pub(crate) mod message;
mod neighbour;
mod route;
mod rule;
pub(crate) mod socket;
pub(crate) mod tc;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::{errno::Errno, sys::socket::SockProtocol};

pub use self::{
    address::{Address, AddressSpec},
    link::{BridgePort, Link, LinkRef, LinkSpec},
    neighbour::{FdbEntry, Neighbour},
    route::{RouteKind, RouteSpec, Scope, table},
    rule::{Family, RuleKind, RuleSpec},
};
use self::{
    message::Message,
    socket::{Refusal, Socket},
};
use crate::{Error, Netns, Result};

/// The kernel's forwarding state of one namespace, through one socket. May be used from any thread.
#[derive(Debug)]
pub struct Netlink {
    netns: Netns,
    socket: Arc<Mutex<Socket>>,
    queue: Option<Mutex<Queue>>,
}

/// What a batch has collected and what it has already done.
#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Request>,
    outcomes: Vec<Result<()>>,
}

/// A message with what errors say of it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) operation: &'static str,
    pub(crate) object: String,
    pub(crate) message: Message,
}

impl Netlink {
    /// Opens a socket in the namespace.
    pub fn open(netns: &Netns) -> Result<Self> {
        let socket = Socket::open(netns, SockProtocol::NetlinkRoute)?;
        Ok(Self { netns: netns.clone(), socket: Arc::new(Mutex::new(socket)), queue: None })
    }

    /// The namespace it works in.
    pub fn netns(&self) -> &Netns {
        &self.netns
    }

    /// Runs `fill` with a handle whose operations are collected and then sent together, which is much faster.
    ///
    /// Gives each operation's outcome in order; a failed one does not stop the others. Operations on the handle
    /// return `Ok` when collected. Those that look something up see the state before the batch, save that
    /// making a link sends all that was collected before it.
    ///
    /// # Errors
    /// The error of `fill` (then nothing that is still waiting is sent), or of the socket.
    pub fn batch(&self, fill: impl FnOnce(&Netlink) -> Result<()>) -> Result<Vec<Result<()>>> {
        let handle = Self {
            netns: self.netns.clone(),
            socket: Arc::clone(&self.socket),
            queue: Some(Mutex::new(Queue::default())),
        };
        fill(&handle)?;
        handle.flush()?;
        let queue = handle.queue.map(|queue| queue.into_inner().unwrap_or_else(PoisonError::into_inner));
        Ok(queue.unwrap_or_default().outcomes)
    }

    /// Does a request now, or collects it.
    pub(crate) fn submit(&self, request: Request) -> Result<()> {
        match &self.queue {
            Some(queue) => {
                lock(queue).waiting.push(request);
                Ok(())
            }
            None => self.execute(&[request])?.pop().unwrap_or(Ok(())),
        }
    }

    /// Does something that needs several requests, after those that wait.
    fn submit_steps(&self, steps: impl FnOnce(&Netlink) -> Result<()>) -> Result<()> {
        let Some(queue) = &self.queue else {
            return steps(self);
        };
        self.flush()?;
        let direct = Self { netns: self.netns.clone(), socket: Arc::clone(&self.socket), queue: None };
        let outcome = steps(&direct);
        lock(queue).outcomes.push(outcome);
        Ok(())
    }

    /// Sends what waits in the queue.
    fn flush(&self) -> Result<()> {
        if let Some(queue) = &self.queue {
            let waiting = std::mem::take(&mut lock(queue).waiting);
            let outcomes = self.execute(&waiting)?;
            lock(queue).outcomes.extend(outcomes);
        }
        Ok(())
    }

    fn execute(&self, requests: &[Request]) -> Result<Vec<Result<()>>> {
        let messages: Vec<&Message> = requests.iter().map(|request| &request.message).collect();
        let outcomes = lock(&self.socket).execute(&messages).map_err(|errno| {
            let object = requests.first().map_or(String::new(), |request| request.object.clone());
            Error::new("exchange netlink messages for", object, errno)
        })?;
        let with_names = outcomes.into_iter().zip(requests).map(|(outcome, request)| {
            outcome.map_err(|refusal| refused(request.operation, request.object.clone(), refusal))
        });
        Ok(with_names.collect())
    }

    pub(crate) fn dump<T>(
        &self,
        operation: &'static str,
        message: &Message,
        decode: impl FnMut(u16, &[u8]) -> Option<T>,
    ) -> Result<Vec<T>> {
        let items = lock(&self.socket).dump(message, decode);
        items.map_err(|refusal| refused(operation, self.netns.to_string(), refusal))
    }

    fn get<T>(
        &self,
        operation: &'static str,
        object: &str,
        message: &Message,
        decode: impl FnMut(u16, &[u8]) -> Option<T>,
    ) -> Result<T> {
        let answer = lock(&self.socket).get(message, decode);
        let answer = answer.and_then(|answer| answer.ok_or(Errno::EBADMSG.into()));
        answer.map_err(|refusal| refused(operation, object, refusal))
    }
}

fn refused(operation: &'static str, object: impl Into<String>, refusal: Refusal) -> Error {
    Error::new(operation, object, refusal.errno).with_detail(refusal.words)
}

/// A panic of another user leaves nothing half done here: an unread answer is skipped by its number.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
