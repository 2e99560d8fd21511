//! What a call can fail with.

use crate::xml::Element;

/// A refused or failed call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Error {
    /// EC2's error code, such as `InvalidSubnetID.NotFound`, or one of the constants here.
    pub code: String,
    /// What EC2, or the client, says about it.
    pub message: String,
    /// The answer's HTTP status; 0 if none came.
    pub status: u16,
}

impl Error {
    /// No answer came: connection refused, reset or timed out.
    pub const NO_ANSWER: &'static str = "NoAnswer";
    /// The answer was not what the protocol promises.
    pub const MALFORMED_REPLY: &'static str = "MalformedReply";
    /// There are no credentials to sign with.
    pub const NO_CREDENTIALS: &'static str = "NoCredentials";
    /// The client could not be set up.
    pub const SET_UP: &'static str = "ClientSetUp";

    /// An error of the client's own making.
    pub(crate) fn local(code: &str, message: impl std::fmt::Display) -> Self {
        Self { code: code.to_owned(), message: message.to_string(), status: 0 }
    }

    /// The error that an answer of `status` with `body` states.
    pub(crate) fn from_answer(status: u16, body: &str) -> Self {
        let parsed = Element::parse(body).ok();
        // `<Response><Errors><Error>` is EC2's; STS and gateways in front say `<ErrorResponse><Error>`.
        let error = parsed.as_ref().and_then(|root| root.element("Errors/Error").or_else(|| root.element("Error")));
        match error.and_then(|error| Some((error.text("Code")?, error.text("Message").unwrap_or_default()))) {
            Some((code, message)) => Self { code: code.to_owned(), message: message.to_owned(), status },
            None => Self {
                code: Self::MALFORMED_REPLY.to_owned(),
                message: format!("status {status} without an EC2 error: {}", excerpt(body)),
                status,
            },
        }
    }

    /// Whether the code says that the thing does not exist (any more).
    pub fn is_not_found(&self) -> bool {
        self.code.ends_with(".NotFound")
    }

    /// Whether the subnet has no room left, so that trying again soon is in vain.
    pub fn is_out_of_addresses(&self) -> bool {
        matches!(self.code.as_str(), "InsufficientFreeAddressesInSubnet" | "InsufficientCidrBlocks")
    }

    /// Whether EC2 asks the caller to slow down.
    pub fn is_throttled(&self) -> bool {
        crate::retry::is_throttle_code(&self.code)
    }
}

fn excerpt(body: &str) -> String {
    body.chars().take(200).collect()
}
