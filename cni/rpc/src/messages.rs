//! Requests and replies.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::mac::MacAddress;

/// What the plugin asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "camelCase")]
pub enum Request {
    /// A pod's interface is to be made: which address?
    Add(AddRequest),
    /// A pod's interface is gone.
    Del(DelRequest),
    /// What was given to a pod's interface?
    Check(CheckRequest),
    /// Everything but these interfaces is gone.
    Gc(GcRequest),
    /// Can an interface be made now?
    Status,
}

/// What the agent answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "camelCase")]
pub enum Reply {
    /// To [`Request::Add`] and [`Request::Check`].
    Added(AddReply),
    /// To [`Request::Del`].
    Deleted(DelReply),
    /// To [`Request::Gc`].
    Collected(GcReply),
    /// To [`Request::Status`].
    Ready,
    /// To any request.
    Refused(Refusal),
}

/// One interface of one sandbox in one network: what an address is held for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// The network configuration's name.
    pub network: String,
    /// The sandbox.
    pub container_id: String,
    /// The interface's name in the sandbox.
    pub ifname: String,
}

/// The pod of a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its UID, if the runtime told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
}

/// ADD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddRequest {
    /// The interface.
    #[serde(flatten)]
    pub attachment: Attachment,
    /// The sandbox's network namespace, as a path.
    pub netns: String,
    /// The pod.
    pub pod: Pod,
}

/// What an interface gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddReply {
    /// Its addresses; at least one.
    pub addresses: Vec<PodAddress>,
    /// The branch ENI that carries it, if the pod has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<Branch>,
    /// The VPC's networks.
    pub vpc_cidrs: Vec<IpNet>,
    /// Whether somebody else does SNAT for what leaves the VPC.
    pub external_snat: bool,
}

/// An address and the ENI it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodAddress {
    /// The address.
    pub address: IpAddr,
    /// The ENI's device number; 0 is the primary one.
    pub device_number: u32,
    /// The table that routes by that ENI; 254 (main) for the primary one.
    pub route_table: u32,
}

/// A branch ENI as the plugin needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Branch {
    /// The VLAN that carries its frames.
    pub vlan_id: u16,
    /// Its MAC address.
    pub mac: MacAddress,
    /// Its subnet's router.
    pub subnet_gateway: Ipv4Addr,
    /// The trunk ENI's link on this node.
    pub trunk_link: String,
}

/// DEL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelRequest {
    /// The interface.
    #[serde(flatten)]
    pub attachment: Attachment,
    /// The pod.
    pub pod: Pod,
    /// Why.
    pub reason: DelReason,
}

/// Why an interface is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DelReason {
    /// The runtime asked for it.
    PodDeleted,
    /// It could not be made: its address was never used, so it needs no cooldown.
    SetUpFailed,
}

/// What a deleted interface had; nothing if the agent does not know it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DelReply {
    /// Its addresses.
    pub addresses: Vec<PodAddress>,
}

/// CHECK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRequest {
    /// The interface.
    #[serde(flatten)]
    pub attachment: Attachment,
}

/// GC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GcRequest {
    /// The network whose interfaces are meant.
    pub network: String,
    /// Those of it that still exist.
    pub valid: Vec<Attachment>,
}

/// What GC let go.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GcReply {
    /// The addresses of interfaces that no longer exist.
    pub released: Vec<PodAddress>,
}

/// Why the agent will not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What kind of reason.
    pub kind: RefusalKind,
    /// The reason in words.
    pub message: String,
}

/// Kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalKind {
    /// It may work later: no free address yet, the branch ENI is not there yet.
    TryAgain,
    /// The agent knows no such interface.
    Unknown,
    /// The message is of another version or not understood.
    Incompatible,
    /// The agent failed.
    Failed,
}

impl Refusal {
    /// A refusal in words.
    pub fn new(kind: RefusalKind, message: impl std::fmt::Display) -> Self {
        Self { kind, message: message.to_string() }
    }
}
