//! Elastic network interfaces and their attachments.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>.

mod addresses;
mod attach;
mod attribute;
mod create;
mod error;
mod find;
mod service;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::{SignedDuration, Timestamp};

pub use self::attach::NewAttachment;
pub use self::attribute::InterfaceAttribute;
pub use self::create::NewInterface;
pub use self::error::InterfaceError;
pub use self::service::ServiceAttachment;
use crate::{
    AccountId, Addresses, AttachmentId, InstanceId, InterfacePermissionId, Mac, NetworkInterfaceId, SecurityGroupId,
    SubnetId, Tags, VpcId, ZoneName,
};

/// How long a detached attachment can still be seen: clients that poll for `detached` must not miss it.
const DETACHED_SHOWN: SignedDuration = SignedDuration::from_secs(30);

/// An elastic network interface (ENI).
#[derive(Debug, Clone)]
pub struct NetworkInterface {
    /// Its id.
    pub id: NetworkInterfaceId,
    /// Its subnet.
    pub subnet_id: SubnetId,
    /// Its subnet's VPC.
    pub vpc_id: VpcId,
    /// Its subnet's zone.
    pub zone: ZoneName,
    /// Its Ethernet address, unique in the VPC.
    pub mac: Mac,
    /// What it can be used for.
    pub interface_type: InterfaceType,
    /// Free text.
    pub description: String,
    /// Its security groups, in the order given.
    pub groups: Vec<SecurityGroupId>,
    /// Its IPv4 addresses, the primary first.
    pub private_ips: Vec<PrivateIp>,
    /// The public address of Amazon's that its primary address is mapped to.
    pub public_ip: Option<Ipv4Addr>,
    /// Which of its public names is its public name, where that was chosen.
    pub public_name: Option<PublicNameType>,
    /// Whether it has such an address whenever its instance runs.
    pub wants_public_ip: bool,
    /// Its delegated /28 prefixes.
    pub ipv4_prefixes: Vec<Ipv4Net>,
    /// Its IPv6 addresses.
    pub ipv6_addresses: Vec<Ipv6Addr>,
    /// Whether its first IPv6 address stays as long as the ENI.
    pub primary_ipv6: bool,
    /// Its delegated /80 prefixes.
    pub ipv6_prefixes: Vec<Ipv6Net>,
    /// Whether packets must have one of its addresses as source or destination.
    pub source_dest_check: bool,
    /// The instance it is attached to.
    pub attachment: Option<Attachment>,
    /// Accounts that may attach it.
    pub permissions: Vec<InterfacePermission>,
    /// The service's use of it, where a service made it for itself.
    pub service: Option<ServiceAttachment>,
    /// The service that operates it for the caller.
    pub operator: Option<String>,
    /// Idle timeouts of tracked connections.
    pub connection_tracking: ConnectionTracking,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

impl NetworkInterface {
    /// The primary IPv4 address; an IPv6-only ENI has none.
    pub fn primary_ip(&self) -> Option<Ipv4Addr> {
        self.private_ips.first().map(|ip| ip.address)
    }

    /// Every address and delegated prefix it may send from, as networks.
    pub fn networks(&self) -> impl Iterator<Item = IpNet> + '_ {
        let v4 = self.private_ips.iter().map(|ip| IpNet::V4(Ipv4Net::from(ip.address)));
        let v6 = self.ipv6_addresses.iter().map(|ip| IpNet::V6(Ipv6Net::from(*ip)));
        let prefixes = self.ipv4_prefixes.iter().map(|net| IpNet::V4(*net));
        v4.chain(v6).chain(prefixes).chain(self.ipv6_prefixes.iter().map(|net| IpNet::V6(*net)))
    }

    /// Whether a service made it for itself, and callers can only look at it.
    pub fn is_requester_managed(&self) -> bool {
        self.service.is_some()
    }

    /// Its attachment, unless that has ended and is merely still shown.
    pub fn live_attachment(&self) -> Option<&Attachment> {
        self.attachment.as_ref().filter(|attachment| attachment.status != AttachmentStatus::Detached)
    }

    /// Its attachment as it is to be shown: one that has ended is for a moment.
    pub fn shown_attachment(&self, now: Timestamp) -> Option<&Attachment> {
        let is_recent = |attachment: &&Attachment| {
            attachment.detach_time.is_some_and(|since| now.duration_since(since) < DETACHED_SHOWN)
        };
        self.live_attachment().or_else(|| self.attachment.as_ref().filter(is_recent))
    }

    /// All its addresses and prefixes.
    pub fn addresses(&self) -> Addresses {
        Addresses {
            ipv4: self.private_ips.iter().map(|ip| ip.address).collect(),
            ipv4_prefixes: self.ipv4_prefixes.clone(),
            ipv6: self.ipv6_addresses.clone(),
            ipv6_prefixes: self.ipv6_prefixes.clone(),
        }
    }

    /// Whether an address is one of its own or within one of its prefixes.
    pub fn owns(&self, address: IpAddr) -> bool {
        self.networks().any(|net| net.contains(&address))
    }
}

/// What an ENI can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum InterfaceType {
    /// An ordinary interface (also a branch: EC2 shows those by their association).
    #[default]
    Interface,
    /// A trunk that carries branch ENIs.
    Trunk,
    /// A branch of a trunk.
    Branch,
    /// An elastic fabric adapter with IP.
    Efa,
    /// An elastic fabric adapter without IP.
    EfaOnly,
    /// An interface VPC endpoint's.
    VpcEndpoint,
    /// A Gateway Load Balancer endpoint's.
    GatewayLoadBalancerEndpoint,
    /// A NAT gateway's.
    NatGateway,
    /// A transit gateway attachment's.
    TransitGateway,
}

/// What an ENI's public name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicNameType {
    /// Its addresses of both kinds.
    DualStack,
    /// Its public IPv4 address; inside the VPC its primary private one.
    Ipv4,
    /// Its IPv6 address.
    Ipv6,
}

impl PublicNameType {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DualStack => "public-dual-stack-dns-name",
            Self::Ipv4 => "public-ipv4-dns-name",
            Self::Ipv6 => "public-ipv6-dns-name",
        }
    }
}

/// One private IPv4 address of an ENI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateIp {
    /// The address.
    pub address: Ipv4Addr,
    /// Whether it is the primary one.
    pub primary: bool,
}

/// An ENI's attachment to an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The instance.
    pub instance_id: InstanceId,
    /// The device index; 0 is the primary ENI.
    pub device_index: u16,
    /// The network card.
    pub network_card_index: u16,
    /// How far it is.
    pub status: AttachmentStatus,
    /// Whether the ENI goes when the instance does.
    pub delete_on_termination: bool,
    /// When it was asked for.
    pub attach_time: Timestamp,
    /// When its end was asked for.
    pub detach_time: Option<Timestamp>,
    /// Scalable reliable datagrams, where they were configured.
    pub ena_srd: Option<EnaSrd>,
    /// How many queues it has, where that was configured.
    pub ena_queue_count: Option<u16>,
}

/// Whether an attachment uses scalable reliable datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EnaSrd {
    /// For TCP.
    pub enabled: bool,
    /// For UDP too.
    pub udp_enabled: bool,
}

/// How far an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentStatus {
    /// Asked for; the link is not there yet.
    Attaching,
    /// The link is there.
    Attached,
    /// Being taken away.
    Detaching,
    /// Taken away; shown for a moment before the attachment goes.
    Detached,
}

/// An ENI's state as DescribeNetworkInterfaces shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterfaceStatus {
    /// Just made.
    Pending,
    /// Neither attached nor associated.
    Available,
    /// Its attachment is being made.
    Attaching,
    /// Attached to an instance or associated with a trunk.
    InUse,
    /// Its attachment is being taken away.
    Detaching,
}

/// Another account's permission on an ENI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfacePermission {
    /// Its id.
    pub id: InterfacePermissionId,
    /// Who may.
    pub grantee: Grantee,
    /// `INSTANCE-ATTACH` or `EIP-ASSOCIATE`.
    pub permission: String,
}

/// Who has a permission on an ENI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    /// An account.
    Account(AccountId),
    /// An AWS service.
    Service(String),
}

/// Idle timeouts of tracked connections, in seconds; `None` leaves AWS's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectionTracking {
    /// Established TCP connections: 60 to 432,000.
    pub tcp_established_timeout_seconds: Option<u32>,
    /// UDP flows that saw more than one exchange: 60 to 180.
    pub udp_stream_timeout_seconds: Option<u32>,
    /// UDP flows with traffic one way only: 30 to 60.
    pub udp_timeout_seconds: Option<u32>,
}

/// How EC2 writes them.
macro_rules! texts {
    ($($type:ident { $($variant:ident $text:literal)* })*) => {$(
        impl $type {
            /// Its name as EC2 writes it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}
texts! {
    InterfaceType {
        Interface "interface" Trunk "trunk" Branch "branch" Efa "efa" EfaOnly "efa-only"
        VpcEndpoint "vpc_endpoint" GatewayLoadBalancerEndpoint "gateway_load_balancer_endpoint"
        NatGateway "nat_gateway" TransitGateway "transit_gateway"
    }
    InterfaceStatus {
        Pending "pending" Available "available" Attaching "attaching" InUse "in-use" Detaching "detaching"
    }
    AttachmentStatus { Attaching "attaching" Attached "attached" Detaching "detaching" Detached "detached" }
}
