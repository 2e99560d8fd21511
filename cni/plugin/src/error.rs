//! Errors with CNI's codes (<https://www.cni.dev/docs/spec/#error>).

use std::fmt;
use std::io;

use cni_rpc::{CallError, RefusalKind};
use serde_json::json;

/// An error as the runtime gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// CNI's code, or one from 100 that is the plugin's own.
    pub code: u32,
    /// What is wrong, in short.
    pub message: String,
    /// More about it.
    pub details: String,
}

impl Failure {
    /// The configuration's version is none of ours.
    pub const INCOMPATIBLE_VERSION: u32 = 1;
    /// The container is not known.
    pub const UNKNOWN_CONTAINER: u32 = 3;
    /// An environment variable is missing or invalid.
    pub const ENVIRONMENT: u32 = 4;
    /// Reading or writing failed.
    pub const IO: u32 = 5;
    /// The configuration is no JSON of the expected kind.
    pub const DECODING: u32 = 6;
    /// The configuration says something that cannot be.
    pub const CONFIGURATION: u32 = 7;
    /// `CNI_NETNS` is not the namespace of a container (as in the reference implementation).
    pub const NETNS: u32 = 8;
    /// It may work later.
    pub const TRY_AGAIN: u32 = 11;
    /// STATUS: ADD would not work now.
    pub const NOT_AVAILABLE: u32 = 50;
    /// The kernel refused.
    pub const KERNEL: u32 = 100;
    /// The node agent failed or cannot be understood.
    pub const AGENT: u32 = 101;
    /// CHECK: the interface is not as it should be.
    pub const CHECK: u32 = 102;

    /// An error without details.
    pub fn new(code: u32, message: impl fmt::Display) -> Self {
        Self { code, message: message.to_string(), details: String::new() }
    }

    /// The same with details.
    pub fn with_details(self, details: impl fmt::Display) -> Self {
        Self { details: details.to_string(), ..self }
    }

    /// A variable is missing or invalid; the message has to name it.
    pub fn environment(message: impl fmt::Display) -> Self {
        Self::new(Self::ENVIRONMENT, message)
    }

    /// Reading or writing failed.
    pub fn io(what: &str, err: &io::Error) -> Self {
        Self::new(Self::IO, format_args!("{what} cannot be read")).with_details(err)
    }

    /// What goes to stdout.
    pub fn to_json(&self, version: &str) -> String {
        let mut error = json!({ "cniVersion": version, "code": self.code, "msg": self.message });
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        error.to_string()
    }
}

impl From<linux_net::Error> for Failure {
    fn from(err: linux_net::Error) -> Self {
        Self::new(Self::KERNEL, "kernel refused").with_details(err)
    }
}

impl From<CallError> for Failure {
    fn from(err: CallError) -> Self {
        let code = match &err {
            CallError::Unreachable { .. } | CallError::TimedOut(_) => Self::TRY_AGAIN,
            CallError::Refused(refusal) => match refusal.kind {
                RefusalKind::TryAgain => Self::TRY_AGAIN,
                RefusalKind::Unknown => Self::UNKNOWN_CONTAINER,
                RefusalKind::Incompatible | RefusalKind::Failed => Self::AGENT,
            },
            _ => Self::AGENT,
        };
        let cause = std::error::Error::source(&err).map(ToString::to_string).unwrap_or_default();
        Self::new(code, &err).with_details(cause)
    }
}
