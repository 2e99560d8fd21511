//! The plugin's side: one blocking call with a deadline.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::messages::{
    AddReply, AddRequest, CheckRequest, DelReply, DelRequest, GcReply, GcRequest, Refusal, Reply, Request,
};
use crate::wire::{MAX_LINE, WireError, decode, encode};

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody listens.
    #[error("agent at {} cannot be reached", path.display())]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The agent did not answer in time.
    #[error("agent did not answer within {0:?}")]
    TimedOut(Duration),
    /// The connection broke.
    #[error("connection to the agent broke")]
    Broken(#[source] io::Error),
    /// The agent hung up without an answer.
    #[error("agent hung up without an answer")]
    HungUp,
    /// The answer cannot be understood.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The agent refuses.
    #[error("agent refuses: {0}")]
    Refused(#[source] Refusal),
    /// The answer belongs to another question.
    #[error("agent gave an answer that does not fit the question")]
    Unexpected,
}

impl CallError {
    /// Whether no agent took the request, so that nothing can have come of it.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// A client; it connects for each call.
#[derive(Debug, Clone)]
pub struct Client {
    path: PathBuf,
    deadline: Duration,
}

impl Client {
    /// A client for the agent at a socket; each call may take as long as `deadline`.
    pub fn new(path: impl AsRef<Path>, deadline: Duration) -> Self {
        Self { path: path.as_ref().to_owned(), deadline }
    }

    /// Asks for what an interface is to get.
    ///
    /// # Errors
    /// If the agent refuses or does not answer.
    pub fn add(&self, request: AddRequest) -> Result<AddReply, CallError> {
        match self.call(&Request::Add(request))? {
            Reply::Added(reply) => Ok(reply),
            _ => Err(CallError::Unexpected),
        }
    }

    /// Gives back what an interface had.
    ///
    /// # Errors
    /// If the agent refuses or does not answer.
    pub fn del(&self, request: DelRequest) -> Result<DelReply, CallError> {
        match self.call(&Request::Del(request))? {
            Reply::Deleted(reply) => Ok(reply),
            _ => Err(CallError::Unexpected),
        }
    }

    /// Asks what an interface has.
    ///
    /// # Errors
    /// If the agent refuses or does not answer.
    pub fn check(&self, request: CheckRequest) -> Result<AddReply, CallError> {
        match self.call(&Request::Check(request))? {
            Reply::Added(reply) => Ok(reply),
            _ => Err(CallError::Unexpected),
        }
    }

    /// Says which interfaces still exist.
    ///
    /// # Errors
    /// If the agent refuses or does not answer.
    pub fn gc(&self, request: GcRequest) -> Result<GcReply, CallError> {
        match self.call(&Request::Gc(request))? {
            Reply::Collected(reply) => Ok(reply),
            _ => Err(CallError::Unexpected),
        }
    }

    /// Asks whether an interface can be made now.
    ///
    /// # Errors
    /// If not, or the agent does not answer.
    pub fn status(&self) -> Result<(), CallError> {
        match self.call(&Request::Status)? {
            Reply::Ready => Ok(()),
            _ => Err(CallError::Unexpected),
        }
    }

    fn call(&self, request: &Request) -> Result<Reply, CallError> {
        let until = Instant::now() + self.deadline;
        let unreachable = |cause| CallError::Unreachable { path: self.path.clone(), cause };
        let mut stream = UnixStream::connect(&self.path).map_err(unreachable)?;
        stream.set_write_timeout(Some(self.deadline)).map_err(CallError::Broken)?;
        stream.write_all(&encode(request)).map_err(|err| self.broken(err))?;
        let line = self.read_line(&mut stream, until)?;
        match decode(&line)? {
            Reply::Refused(refusal) => Err(CallError::Refused(refusal)),
            reply => Ok(reply),
        }
    }

    fn read_line(&self, stream: &mut UnixStream, until: Instant) -> Result<Vec<u8>, CallError> {
        let mut line = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(CallError::TimedOut(self.deadline));
            }
            stream.set_read_timeout(Some(left)).map_err(CallError::Broken)?;
            let count = match stream.read(&mut chunk) {
                Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(|err| self.broken(err))?,
            };
            if count == 0 || line.len() > MAX_LINE {
                return Err(CallError::HungUp);
            }
            match chunk[..count].iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    line.extend_from_slice(&chunk[..end]);
                    return Ok(line);
                }
                None => line.extend_from_slice(&chunk[..count]),
            }
        }
    }

    fn broken(&self, err: io::Error) -> CallError {
        match err.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => CallError::TimedOut(self.deadline),
            _ => CallError::Broken(err),
        }
    }
}
