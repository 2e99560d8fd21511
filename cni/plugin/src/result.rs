//! What ADD answers, and the versions of CNI.
//!
//! The interfaces list carries what DEL needs, as the production plugin's does: the second one's `mac` is the number of
//! the table that routes by the pod's ENI, and the last is no interface at all: its `mac` is the VLAN id (0 if
//! there is none) and its `sandbox` the ENI's device number.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::environment::Command;
use crate::error::Failure;

/// The versions spoken, oldest first.
pub const SUPPORTED: [&str; 3] = ["0.4.0", "1.0.0", "1.1.0"];
/// The newest of them.
pub const LATEST: &str = "1.1.0";

/// Checks of a configuration's version.
pub struct Version;

impl Version {
    /// Whether the version is spoken, and knows the command.
    pub fn check(version: &str, command: Command) -> Result<(), Failure> {
        let supported = SUPPORTED.join(", ");
        if !SUPPORTED.contains(&version) {
            return Err(Failure::new(Failure::INCOMPATIBLE_VERSION, "incompatible CNI versions")
                .with_details(format_args!("config is {version:?}, plugin supports {supported}")));
        }
        if matches!(command, Command::Gc | Command::Status) && version != "1.1.0" {
            return Err(Failure::new(Failure::INCOMPATIBLE_VERSION, "config version does not have this command")
                .with_details(format_args!("config is {version}, the command came with 1.1.0")));
        }
        Ok(())
    }
}

/// ADD's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddResult {
    /// The version it is written in.
    #[serde(default)]
    pub cni_version: String,
    /// Links, see the module's documentation.
    #[serde(default)]
    pub interfaces: Vec<Interface>,
    /// Addresses.
    #[serde(default)]
    pub ips: Vec<Ip>,
    /// Never any name service.
    #[serde(default)]
    pub dns: Dns,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its Ethernet address, or what the module's documentation says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mac: String,
    /// The path of its namespace; absent for the host's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sandbox: String,
}

/// An address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ip {
    /// `4` or `6`, which results had before 1.0.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The interface's place in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<usize>,
    /// The address.
    pub address: IpNet,
    /// The router; only for pods with security groups of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
}

/// Name service settings: none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dns {}

/// What [`AddResult`] says, in words of the data plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// The host end's name.
    pub host_link: String,
    /// The name of the interface in the sandbox.
    pub ifname: String,
    /// The sandbox.
    pub sandbox: String,
    /// The pod's address.
    pub address: IpAddr,
    /// The table that routes by its ENI.
    pub route_table: u32,
    /// The ENI's device number.
    pub device_number: u32,
    /// The VLAN, if the pod has a branch ENI.
    pub vlan_id: Option<u16>,
    /// That ENI's router.
    pub gateway: Option<IpAddr>,
    /// The name of the last interface, which is none.
    pub dummy: String,
}

impl Connected {
    /// The result in a version of CNI.
    pub fn to_result(&self, version: &str) -> AddResult {
        let interface = |name: &str, mac: String, sandbox: String| Interface { name: name.to_owned(), mac, sandbox };
        let family = if self.address.is_ipv4() { "4" } else { "6" };
        AddResult {
            cni_version: version.to_owned(),
            interfaces: vec![
                interface(&self.host_link, String::new(), String::new()),
                interface(&self.ifname, self.route_table.to_string(), self.sandbox.clone()),
                interface(&self.dummy, self.vlan_id.unwrap_or(0).to_string(), self.device_number.to_string()),
            ],
            ips: vec![Ip {
                version: (version == "0.4.0").then(|| family.to_owned()),
                interface: Some(1),
                address: IpNet::from(self.address),
                gateway: self.gateway,
            }],
            dns: Dns {},
        }
    }

    /// What a result says; `None` if it is not one of this plugin's.
    pub fn from_result(result: &AddResult) -> Option<Self> {
        let [host, pod, dummy] = result.interfaces.as_slice() else { return None };
        let ip = result.ips.first()?;
        let vlan_id: u16 = dummy.mac.parse().ok()?;
        Some(Self {
            host_link: host.name.clone(),
            ifname: pod.name.clone(),
            sandbox: pod.sandbox.clone(),
            address: ip.address.addr(),
            route_table: pod.mac.parse().ok()?,
            device_number: dummy.sandbox.parse().ok()?,
            vlan_id: (vlan_id != 0).then_some(vlan_id),
            gateway: ip.gateway,
            dummy: dummy.name.clone(),
        })
    }
}
