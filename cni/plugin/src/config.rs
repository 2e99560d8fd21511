//! The network configuration on stdin.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::error::Failure;
use crate::result::AddResult;

/// How pods with security groups of their own are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enforcing {
    /// All their traffic goes by the branch ENI, also to the node and to pods on it.
    #[default]
    Strict,
    /// Traffic within the node stays there and is not filtered.
    Standard,
}

/// The configuration, as far as the plugin uses it.
#[derive(Debug, Clone)]
pub struct NetConf {
    /// The version of CNI that the runtime speaks.
    pub cni_version: String,
    /// The network's name.
    pub name: String,
    /// How the host ends' names begin.
    pub veth_prefix: String,
    /// MTU of pods' links.
    pub mtu: u32,
    /// How pods with security groups are connected.
    pub enforcing: Enforcing,
    /// The agent's socket.
    pub socket: PathBuf,
    /// What ADD gave, for DEL and CHECK.
    pub prev_result: Option<AddResult>,
    /// GC: the interfaces that still exist.
    pub valid_attachments: Option<Vec<ValidAttachment>>,
}

/// An interface that still exists.
#[derive(Debug, Clone, Deserialize)]
pub struct ValidAttachment {
    /// The sandbox.
    #[serde(rename = "containerID")]
    pub container_id: String,
    /// The interface's name in it.
    pub ifname: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    cni_version: String,
    #[serde(default)]
    name: String,
    veth_prefix: Option<String>,
    mtu: Option<Value>,
    #[serde(rename = "podSGEnforcingMode")]
    enforcing: Option<String>,
    socket: Option<PathBuf>,
    prev_result: Option<AddResult>,
    #[serde(rename = "cni.dev/valid-attachments")]
    valid_attachments: Option<Vec<ValidAttachment>>,
}

impl NetConf {
    /// Reads and checks a configuration.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let raw: Raw = serde_json::from_str(text)
            .map_err(|err| Failure::new(Failure::DECODING, "network configuration cannot be read").with_details(err))?;
        let veth_prefix = raw.veth_prefix.unwrap_or_else(|| "eni".to_owned());
        // The name is the prefix and 11 digits; these prefixes belong to other links.
        if veth_prefix.is_empty() || veth_prefix.len() > 4 || ["eth", "lo", "vlan"].contains(&veth_prefix.as_str()) {
            return Err(invalid(format_args!(
                "vethPrefix {veth_prefix:?} has to be 1 to 4 letters, not eth, lo, vlan"
            )));
        }
        let enforcing = match raw.enforcing.as_deref() {
            None | Some("" | "strict") => Enforcing::Strict,
            Some("standard") => Enforcing::Standard,
            Some(other) => return Err(invalid(format_args!("podSGEnforcingMode cannot be {other:?}"))),
        };
        if raw.name.is_empty() {
            return Err(invalid("name is missing"));
        }
        Ok(Self {
            cni_version: if raw.cni_version.is_empty() { "0.1.0".to_owned() } else { raw.cni_version },
            name: raw.name,
            veth_prefix,
            mtu: mtu(raw.mtu.as_ref())?,
            enforcing,
            socket: raw.socket.unwrap_or_else(|| cni_rpc::DEFAULT_SOCKET.into()),
            prev_result: raw.prev_result,
            valid_attachments: raw.valid_attachments,
        })
    }

    /// The version to put into an error, if the input has one.
    pub fn version_of(text: &str) -> String {
        let version =
            serde_json::from_str::<Value>(text).ok().and_then(|conf| Some(conf["cniVersion"].as_str()?.to_owned()));
        version.unwrap_or_else(|| crate::result::LATEST.to_owned())
    }
}

/// The MTU is a string in production's configuration; a number is taken too.
fn mtu(value: Option<&Value>) -> Result<u32, Failure> {
    let mtu = match value {
        None | Some(Value::Null) => Some(9001),
        Some(Value::String(text)) if text.is_empty() => Some(9001),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64().and_then(|number| u32::try_from(number).ok()),
    };
    mtu.filter(|mtu| (576..=9001).contains(mtu))
        .ok_or_else(|| invalid(format_args!("mtu {} is not between 576 and 9001", value.unwrap_or(&Value::Null))))
}

fn invalid(message: impl std::fmt::Display) -> Failure {
    Failure::new(Failure::CONFIGURATION, message)
}
