//! What an ENI is told: its addresses from the model, the rest from its VPC's set of options.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use vpc_fabric::{names, options};
use vpc_model::{Mac, Model, NetworkInterface, Subnet, VpcId};

/// The value that stands for the VPC's own resolver.
const AMAZONS_RESOLVER: &str = "AmazonProvidedDNS";
/// For how long an IPv6 address is preferred unless the option set says otherwise, in seconds.
const PREFERRED: u32 = 140;
/// A longer domain name is none, and is not told.
const LONGEST_NAME: usize = 255;

/// What an ENI is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) mac: Mac,
    /// The subnet's router, which the answers come from.
    pub(super) router: Mac,
    pub(super) router_v6: Ipv6Addr,
    /// None in a subnet that has IPv6 only.
    pub(super) v4: Option<LeaseV4>,
    pub(super) v6: Vec<Ipv6Addr>,
    pub(super) blocks_v6: Vec<Ipv6Net>,
    /// The first label of its name.
    pub(super) host_name: Option<String>,
    pub(super) domain_name: Option<String>,
    pub(super) name_servers: Vec<IpAddr>,
    pub(super) time_servers: Vec<IpAddr>,
    pub(super) netbios_servers: Vec<Ipv4Addr>,
    pub(super) netbios_node_type: Option<u8>,
    /// For how long IPv6 addresses are preferred, in seconds.
    pub(super) preferred: u32,
}

/// The primary IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeaseV4 {
    pub(super) address: Ipv4Addr,
    pub(super) block: Ipv4Net,
    pub(super) router: Ipv4Addr,
}

impl Lease {
    /// For the ENI of a VPC that has an Ethernet address.
    pub(super) fn of(model: &Model, vpc_id: &VpcId, mac: Mac) -> Option<Self> {
        let eni = model.interface_with_mac(mac).filter(|eni| eni.vpc_id == *vpc_id)?;
        let (vpc, subnet) = (model.vpc(vpc_id)?, model.subnet(&eni.subnet_id)?);
        let set = vpc.dhcp_options_id.as_ref().and_then(|id| model.dhcp_options_set(id));
        let values = |key: &str| {
            let found = set.and_then(|set| set.options.iter().find(|(known, _)| known == key));
            found.map(|(_, values)| values.as_slice()).unwrap_or_default()
        };
        let amazons: IpAddr = if subnet.is_ipv6_native() { options::RESOLVER[1] } else { vpc.resolver().into() };
        let server = |value: &String| if value == AMAZONS_RESOLVER { Some(amazons) } else { value.parse().ok() };
        let name_servers = match set {
            Some(_) => values("domain-name-servers").iter().filter_map(server).collect(),
            // Instances built on Nitro are then told the resolver's link-local address.
            None => vec![options::RESOLVER[0]],
        };
        let v4 = |values: &[String]| values.iter().filter_map(|value| value.parse().ok()).collect();
        Some(Self {
            mac,
            router: names::router_mac(&subnet.id),
            router_v6: names::router_link_local(&subnet.id),
            v4: primary(eni, subnet),
            v6: eni.ipv6_addresses.clone(),
            blocks_v6: subnet.ipv6_cidr_blocks().collect(),
            host_name: host_name(model, eni),
            domain_name: values("domain-name").first().filter(|name| name.len() <= LONGEST_NAME).cloned(),
            name_servers,
            time_servers: values("ntp-servers").iter().filter_map(|value| value.parse().ok()).collect(),
            netbios_servers: v4(values("netbios-name-servers")),
            netbios_node_type: values("netbios-node-type").first().and_then(|kind| kind.parse().ok()),
            preferred: values("ipv6-address-preferred-lease-time")
                .first()
                .and_then(|seconds| seconds.parse().ok())
                .unwrap_or(PREFERRED),
        })
    }
}

fn primary(eni: &NetworkInterface, subnet: &Subnet) -> Option<LeaseV4> {
    Some(LeaseV4 { address: eni.primary_ip()?, block: subnet.cidr_block?, router: subnet.router()? })
}

/// An instance's private name for its primary ENI; others are called after their address.
fn host_name(model: &Model, eni: &NetworkInterface) -> Option<String> {
    let attachment = eni.live_attachment().filter(|attachment| attachment.device_index == 0);
    let instance = attachment.and_then(|attachment| model.instance(&attachment.instance_id));
    let name = instance.and_then(|instance| model.private_name_of(instance));
    let name = name.or_else(|| Some(model.region().private_dns_name(eni.primary_ip()?)))?;
    name.split('.').next().map(str::to_owned)
}

#[cfg(test)]
pub(super) fn example() -> Lease {
    Lease {
        mac: Mac([2, 0, 0, 0, 0, 9]),
        router: Mac([0xfe, 0, 0, 0, 0, 1]),
        router_v6: "fe80::1".parse().expect("an address"),
        v4: Some(LeaseV4 {
            address: Ipv4Addr::new(10, 0, 1, 5),
            block: "10.0.1.0/24".parse().expect("a block"),
            router: Ipv4Addr::new(10, 0, 1, 1),
        }),
        v6: vec!["2001:db8::5".parse().expect("an address")],
        blocks_v6: vec!["2001:db8::/64".parse().expect("a block")],
        host_name: Some("ip-10-0-1-5".to_owned()),
        domain_name: Some("ec2.internal".to_owned()),
        name_servers: vec![Ipv4Addr::new(10, 0, 0, 2).into(), options::RESOLVER[1]],
        time_servers: vec![],
        netbios_servers: vec![],
        netbios_node_type: None,
        preferred: PREFERRED,
    }
}
