//! What a launch says beyond the instance's network: it is kept and shown, and little follows from it here.

use std::fmt;

use jiff::Timestamp;

use crate::launch_template::parameters;
use crate::{HostnameType, Instance, LaunchParameters, Model, PrivateDnsNameOptions, SpotRequestId, Tags};

/// What an instance was launched with beyond its network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceOptions {
    /// Whether it is monitored in detail.
    pub monitoring: bool,
    /// Where it was put, besides its zone.
    pub placement: Placement,
    /// How it is bought, where it is a Spot Instance.
    pub market: Option<SpotMarket>,
    /// How its private name is made. What a launch leaves out is filled in from the subnet.
    pub dns_names: DnsNameChoice,
    /// Everything else by RunInstances' names, such as `CpuOptions` or `BlockDeviceMapping`.
    pub kept: LaunchParameters,
}

impl InstanceOptions {
    /// One of the other options by its path, such as `MaintenanceOptions.AutoRecovery`.
    pub fn text(&self, path: &str) -> Option<&str> {
        parameters::text(&self.kept, path)
    }

    /// The same for a switch; off unless it was said.
    pub fn is_on(&self, path: &str) -> bool {
        self.text(path) == Some("true")
    }
}

/// Where an instance is put, besides its zone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// The placement group's name.
    pub group_name: Option<String>,
    /// Its partition within the group.
    pub partition_number: Option<u32>,
    /// Whether it shares hardware with other accounts; without, as its VPC says.
    pub tenancy: Option<String>,
    /// Whether it stays on its host.
    pub affinity: Option<String>,
}

/// What a launch says about private names; what it leaves out is as the subnet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DnsNameChoice {
    /// Of what the host name is made.
    pub hostname_type: Option<HostnameType>,
    /// Whether the name made of the instance's id has an A record.
    pub resource_name_a_record: Option<bool>,
    /// Whether it has an AAAA record.
    pub resource_name_aaaa_record: Option<bool>,
}

impl DnsNameChoice {
    /// What holds in a subnet.
    pub fn within(self, subnet: PrivateDnsNameOptions) -> PrivateDnsNameOptions {
        PrivateDnsNameOptions {
            hostname_type: self.hostname_type.unwrap_or(subnet.hostname_type),
            resource_name_a_record: self.resource_name_a_record.unwrap_or(subnet.resource_name_a_record),
            resource_name_aaaa_record: self.resource_name_aaaa_record.unwrap_or(subnet.resource_name_aaaa_record),
        }
    }
}

impl From<PrivateDnsNameOptions> for DnsNameChoice {
    fn from(options: PrivateDnsNameOptions) -> Self {
        Self {
            hostname_type: Some(options.hostname_type),
            resource_name_a_record: Some(options.resource_name_a_record),
            resource_name_aaaa_record: Some(options.resource_name_aaaa_record),
        }
    }
}

impl Instance {
    /// How its private name is made.
    pub fn dns_names(&self) -> PrivateDnsNameOptions {
        self.options.dns_names.within(PrivateDnsNameOptions::default())
    }
}

impl Model {
    /// The private name of an instance: of its address or of its id. Without an address it has the latter only.
    pub fn private_name_of(&self, instance: &Instance) -> Option<String> {
        let primary = self.interfaces_of(&instance.id).next()?;
        match (instance.dns_names().hostname_type, primary.primary_ip()) {
            (HostnameType::IpName, Some(address)) => Some(self.region.private_dns_name(address)),
            _ => Some(format!("{}.{}", instance.id, self.region.internal_domain())),
        }
    }
}

/// A Spot Instance's request. There is always capacity for it, and nobody interrupts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpotMarket {
    /// The request's id; launches get new ones.
    pub request_id: Option<SpotRequestId>,
    /// The most to be paid for an hour.
    pub max_price: Option<String>,
    /// Whether the request outlives its instance.
    pub is_persistent: bool,
    /// What an interruption does.
    pub interruption: Interruption,
    /// When the request ends.
    pub valid_until: Option<Timestamp>,
    /// The request's tags.
    pub tags: Tags,
}

/// What an interruption does to a Spot Instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Interruption {
    /// It hibernates.
    Hibernate,
    /// It stops.
    Stop,
    /// It is terminated.
    #[default]
    Terminate,
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hibernate => "hibernate",
            Self::Stop => "stop",
            Self::Terminate => "terminate",
        })
    }
}

/// The id that IAM would have given to an instance profile: always the same for the same ARN, as the profiles
/// themselves are not kept.
pub fn profile_id(arn: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    // FNV-1a, over and over: each round gives a digit.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut id = "AIPA".to_owned();
    for round in 0..17_u8 {
        for byte in arn.bytes().chain([round]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        id.push(char::from(DIGITS[(hash >> 40) as usize % DIGITS.len()]));
    }
    id
}
