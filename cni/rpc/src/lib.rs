//! Messages between the CNI plugin and the node agent.
//!
//! One unix socket, one connection a request: the plugin writes one line of JSON and reads one. Each message carries
//! [`VERSION`]; plugin and agent of different versions refuse each other instead of misunderstanding.
//! [`client::Client`] is the plugin's side and blocks; [`wire`] is what a server needs.

pub mod client;
pub mod mac;
pub mod messages;
pub mod names;
pub mod wire;

pub use client::{CallError, Client};
pub use mac::MacAddress;
pub use messages::{
    AddReply, AddRequest, Attachment, Branch, CheckRequest, DelReason, DelReply, DelRequest, GcReply, GcRequest, Pod,
    PodAddress, Refusal, RefusalKind, Reply, Request,
};
pub use wire::VERSION;

/// Where agent and plugin meet unless told otherwise.
pub const DEFAULT_SOCKET: &str = "/var/run/aws-node/ipamd.sock";
