//! Names, numbers and Ethernet addresses that follow from ids, so that they survive a restart.
//!
//! A link's name has at most 15 bytes (`IFNAMSIZ`): three for the kind, twelve for the id's end.

use std::net::{IpAddr, Ipv6Addr};

use vpc_model::{
    Mac, NetworkInterfaceId, PeeringConnectionId, RouteTableId, SubnetId, TransitGatewayRouteTableId, VpcEndpointId,
    VpcId, ZoneName,
};

/// The name of every table the project makes.
pub const TABLE: &str = "vpcbox";

/// A subnet's bridge.
pub fn bridge(subnet: &SubnetId) -> String {
    format!("sn-{}", tail(subnet.as_str(), 12))
}

/// A further bridge for the ENIs of a subnet that has many.
pub fn shelf(subnet: &SubnetId, number: usize) -> String {
    format!("sh{number:02x}-{}", tail(subnet.as_str(), 10))
}

/// The end of a shelf's link that is a port of the subnet's bridge.
pub fn shelf_uplink(subnet: &SubnetId, number: usize) -> String {
    format!("su{number:02x}-{}", tail(subnet.as_str(), 10))
}

/// The other end of it, which is a port of the shelf.
pub fn shelf_downlink(subnet: &SubnetId, number: usize) -> String {
    format!("sd{number:02x}-{}", tail(subnet.as_str(), 10))
}

/// The Ethernet address of a subnet's shelves, which no frame ever carries.
pub fn shelf_mac(subnet: &SubnetId) -> Mac {
    mac(0x7f, subnet.as_str())
}

/// The fabric's end of an ENI's wire.
pub fn port(eni: &NetworkInterfaceId) -> String {
    format!("if-{}", tail(eni.as_str(), 12))
}

/// The fabric's end of a branch ENI's carrier.
pub fn branch_port(eni: &NetworkInterfaceId) -> String {
    format!("vb-{}", tail(eni.as_str(), 12))
}

/// A peering connection's link, the same name in both fabrics.
pub fn peering(peering: &PeeringConnectionId) -> String {
    format!("pc-{}", tail(peering.as_str(), 12))
}

/// A VPC's link to the internet, the same name at both ends.
pub fn internet_link(vpc: &VpcId) -> String {
    format!("ig-{}", tail(vpc.as_str(), 12))
}

/// A VPC's link to the internet by its egress-only gateway, the same name at both ends.
pub fn egress_only_link(vpc: &VpcId) -> String {
    format!("eo-{}", tail(vpc.as_str(), 12))
}

/// The Ethernet addresses of that link: the VPC's and the internet's.
pub fn egress_only_link_macs(vpc: &VpcId) -> [Mac; 2] {
    [0x0a, 0x0b].map(|kind| mac(kind, vpc.as_str()))
}

/// The Ethernet addresses of a VPC's link to the internet: the VPC's and the internet's.
pub fn internet_link_macs(vpc: &VpcId) -> [Mac; 2] {
    [0x04, 0x05].map(|kind| mac(kind, vpc.as_str()))
}

/// The internet's end of a host's link.
pub fn internet_host_link(name: &str) -> String {
    format!("ih-{name}")
}

/// The Ethernet addresses of an internet host's link: the host's and the internet's.
pub fn internet_host_macs(address: IpAddr) -> [Mac; 2] {
    let bits = match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    };
    let [a, b, c, d] = ((bits ^ bits >> 64 ^ bits >> 32) as u32).to_be_bytes();
    [0x06, 0x07].map(|kind| Mac([0xfe, kind, a, b, c, d]))
}

/// The Ethernet addresses of a peering connection's links: the requester's and the accepter's.
pub fn peering_macs(peering: &PeeringConnectionId) -> [Mac; 2] {
    [0x02, 0x03].map(|kind| mac(kind, peering.as_str()))
}

/// A link to a gateway endpoint, the same name at both ends.
pub fn gateway_endpoint_link(endpoint: &VpcEndpointId) -> String {
    format!("ge-{}", tail(endpoint.as_str(), 12))
}

/// The Ethernet addresses of a link to a gateway endpoint: the VPC's and the endpoint's.
pub fn gateway_endpoint_macs(endpoint: &VpcEndpointId) -> [Mac; 2] {
    [0x08, 0x09].map(|kind| mac(kind, endpoint.as_str()))
}

/// An ENI's link in its instance.
pub fn device(index: u16) -> String {
    format!("eth{index}")
}

/// The kernel's number for a VPC's route table as a zone's subnets use it: the upper half of the range, where no system
/// uses any. A way to a transit gateway is another in each zone.
pub fn route_table(table: &RouteTableId, zone: &ZoneName) -> u32 {
    zonal(table.as_str(), zone)
}

/// The kernel's number for a transit gateway's route table, for packets that come in a zone.
pub fn transit_route_table(table: &TransitGatewayRouteTableId, zone: &ZoneName) -> u32 {
    zonal(table.as_str(), zone)
}

/// A transit gateway's end of the wire of one of its ENIs.
pub fn transit_link(eni: &NetworkInterfaceId) -> String {
    format!("tg-{}", tail(eni.as_str(), 12))
}

fn zonal(table: &str, zone: &ZoneName) -> u32 {
    // FNV-1a, see RFC 9923.
    let hash = zone.0.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (number(table) ^ hash) | 1 << 31
}

/// The VPC router's Ethernet address in a subnet. ENIs' addresses begin with other octets.
pub fn router_mac(subnet: &SubnetId) -> Mac {
    mac(0x00, subnet.as_str())
}

/// The VPC router's IPv6 address in a subnet, which hosts know as their gateway.
pub fn router_link_local(subnet: &SubnetId) -> Ipv6Addr {
    link_local(router_mac(subnet))
}

/// The IPv6 link-local address that belongs to an Ethernet address, see RFC 4291, appendix A.
pub fn link_local(Mac([a, b, c, d, e, f]): Mac) -> Ipv6Addr {
    Ipv6Addr::from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f])
}

/// The Ethernet address of a branch's port, which no frame ever carries.
pub fn branch_port_mac(eni: &NetworkInterfaceId) -> Mac {
    mac(0x01, eni.as_str())
}

fn mac(kind: u8, id: &str) -> Mac {
    let [a, b, c, d] = number(id).to_be_bytes();
    Mac([0xfe, kind, a, b, c, d])
}

fn number(id: &str) -> u32 {
    u32::from_str_radix(tail(id, 8), 16).expect("ids end in at least 8 hexadecimal digits")
}

/// The last digits of an id, or all it has.
fn tail(id: &str, digits: usize) -> &str {
    let all = id.rsplit('-').next().unwrap_or(id);
    &all[all.len().saturating_sub(digits)..]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::long("eni-0123456789abcdef0", "if-56789abcdef0")]
    #[case::short("eni-01234567", "if-01234567")]
    fn ports(#[case] id: &str, #[case] name: &str) {
        assert_eq!(port(&id.parse().unwrap()), name);
        assert!(name.len() <= 15);
    }

    #[test]
    fn numbers_and_macs() {
        let tables = ["rtb-0000000000000012a", "rtb-0000000000000012b"].map(|id| id.parse().unwrap());
        let zones = ["us-east-1a", "us-east-1b"].map(|zone| ZoneName(zone.to_owned()));
        let numbers = tables.iter().flat_map(|table| zones.iter().map(move |zone| route_table(table, zone)));
        let numbers: std::collections::BTreeSet<u32> = numbers.collect();
        assert_eq!(numbers.len(), 4);
        assert!(numbers.iter().all(|number| *number >= 1 << 31));
        let subnet = "subnet-00000000001020304".parse().unwrap();
        assert_eq!(router_mac(&subnet).to_string(), "fe:00:01:02:03:04");
        assert_eq!(router_link_local(&subnet).to_string(), "fe80::fc00:1ff:fe02:304");
    }
}
