//! What an emulator is started with.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use jiff::SignedDuration;
use vpc_fabric::{InternetHost, Options, Service};
use vpc_model::{AccountId, Delays, Quotas, Region};

use crate::dns::Upstream;
use crate::dns::hosted::HostedZone;
use crate::faults::config::FaultConfig;
use crate::limits::Transitions;

/// What an emulator is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where EC2 and STS listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where instances' metadata can be read as at the service's IPv6 endpoint.
    pub metadata_ipv6: Option<SocketAddr>,
    /// The account that owns everything.
    pub account: AccountId,
    /// The region whose VPCs are built in the kernel, and that unsigned requests are about.
    pub region: Region,
    /// Decides ids and MACs; `None` takes one from the clock.
    pub seed: Option<u64>,
    /// Whether VPCs are built in the kernel. Without, transitions complete at once and only the API answers.
    pub fabric: bool,
    /// TCP services that instances reach at an address of their VPC's fabric.
    pub services: Vec<FabricService>,
    /// Hosts of the internet that VPCs with an internet gateway can reach.
    pub internet_hosts: Vec<InternetHost>,
    /// Private hosted zones that the VPCs' resolvers know.
    pub private_zones: Vec<HostedZone>,
    /// Whom the VPCs' resolvers ask about what they do not know; nobody by default.
    pub dns_forward: Option<Upstream>,
    /// Who really answers for services behind gateway endpoints, by their names such as `s3`; others say that they are not here.
    pub gateway_endpoint_targets: BTreeMap<String, SocketAddr>,
    /// How many packets a second of an ENI resolver and time service answer; AWS's limit is 1,024.
    pub link_local_packets_per_second: Option<u32>,
    /// Where accepted writes are kept; an existing file is replayed at the start.
    pub journal: Option<PathBuf>,
    /// The faults that calls meet until others are set.
    pub faults: FaultConfig,
    /// A file that every call is written to, as CloudTrail's record.
    pub trail_file: Option<PathBuf>,
    /// The accounts that access keys stand for, besides those that are an account's number.
    pub keys: BTreeMap<String, Key>,
    /// Whether only requests signed with one of these keys are answered, or with credentials that were handed out.
    pub verify_signatures: bool,
    /// The limits in force in every account.
    pub quotas: Quotas,
    /// Whether launches need an image that DescribeImages shows. Else any well-formed id is taken for one.
    pub strict_images: bool,
    /// How long things take in the background.
    pub delays: Delays,
    /// How often the kernel is looked at and mended while nothing else happens; zero is never.
    pub reconcile_interval: SignedDuration,
    /// How long instances and attachments take where there is no fabric.
    pub transitions: Transitions,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            metadata_ipv6: None,
            account: AccountId::from("123456789012"),
            region: Region::from("us-east-1"),
            seed: None,
            fabric: true,
            services: Vec::new(),
            internet_hosts: Vec::new(),
            private_zones: Vec::new(),
            dns_forward: None,
            gateway_endpoint_targets: BTreeMap::new(),
            link_local_packets_per_second: None,
            journal: None,
            faults: FaultConfig::default(),
            trail_file: None,
            keys: BTreeMap::new(),
            verify_signatures: false,
            quotas: Quotas::default(),
            strict_images: false,
            delays: Delays::default(),
            reconcile_interval: SignedDuration::from_secs(30),
            transitions: Transitions::default(),
        }
    }
}

impl Config {
    /// What the fabrics of all VPCs offer: EC2's endpoint and the services that are forwarded.
    pub(crate) fn fabric_options(&self) -> Options {
        let forwarded = self.services.iter().map(|service| Service::tcp(service.address, service.port));
        let services = forwarded.chain([Service::tcp(EC2_ENDPOINT, 80)]).collect();
        Options { services, internet_hosts: self.internet_hosts.clone() }
    }
}

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// The account it belongs to.
    pub account: AccountId,
    /// Its secret, where signatures are to be verified.
    pub secret: Option<String>,
    /// The name of the IAM user it belongs to; without, it is the root user's.
    pub user: Option<String>,
}

impl fmt::Debug for Key {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("account", &self.account).field("user", &self.user).finish_non_exhaustive()
    }
}

/// A TCP service that instances of every VPC reach at a fixed address, such as the Kubernetes API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FabricService {
    /// Its name in the resolver.
    pub name: String,
    /// Its address, on the fabric's loopback link; from `169.254.0.0/16`.
    pub address: Ipv4Addr,
    /// Its port.
    pub port: u16,
    /// Who really answers, on this machine's loopback.
    pub upstream: SocketAddr,
}

/// Where instances find EC2 and STS.
pub const EC2_ENDPOINT: Ipv4Addr = Ipv4Addr::new(169, 254, 171, 1);
