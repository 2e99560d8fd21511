//! The kernel objects of a fabric, as a value.
//!
//! Every object has a key that says which it is. Keys are ordered as objects are made: what an object
//! needs sorts before it, so objects are made in the order of their keys and taken away in the reverse.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};
use nft_ruleset::Table;
use vpc_model::{
    InstanceId, Mac, NetworkInterfaceId, PeeringConnectionId, SubnetId, TransitGatewayId, VlanId, VpcEndpointId, VpcId,
};

/// What the kernel should hold, or holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    objects: BTreeMap<Key, Object>,
}

/// Which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A VPC's namespace.
    Fabric(VpcId),
    /// An instance's namespace.
    Instance(InstanceId),
    /// The namespace of an interface endpoint's ENI.
    Endpoint(NetworkInterfaceId),
    /// The namespace that stands for the service behind a gateway endpoint.
    GatewayEndpoint(VpcEndpointId),
    /// A NAT gateway's namespace, with the rules that translate.
    NatGateway(NetworkInterfaceId),
    /// A transit gateway's namespace.
    TransitGateway(TransitGatewayId),
    /// The namespace that stands for the internet.
    Internet,
    /// A host of the internet, by its name.
    InternetHost(String),
    /// A service's address on the fabric's loopback link.
    ServiceAddress(VpcId, IpAddr),
    /// A subnet.
    Bridge(VpcId, SubnetId),
    /// A VPC's nf_tables table. Rules come before whatever could carry a packet.
    Rules(VpcId),
    /// A link between two fabrics.
    Peering(PeeringConnectionId),
    /// A link to a gateway endpoint.
    GatewayEndpointLink(VpcId, VpcEndpointId),
    /// A VPC's link to the internet.
    InternetLink(VpcId),
    /// A VPC's link to the internet by its egress-only gateway.
    EgressOnlyLink(VpcId),
    /// Addresses that the internet knows to be at a VPC.
    InternetRoute(IpNet),
    /// A route; table 0 stands for the main table.
    Route(VpcId, u32, IpNet),
    /// Packets from a subnet's bridge look up a table before the main one.
    RouteRule(VpcId, SubnetId, u32),
    /// Where an address of a subnet is.
    Neighbour(VpcId, SubnetId, IpAddr),
    /// An ENI attached to an instance.
    Wire(VpcId, NetworkInterfaceId),
    /// An interface endpoint's ENI.
    EndpointWire(VpcId, NetworkInterfaceId),
    /// A NAT gateway's ENI.
    NatWire(VpcId, NetworkInterfaceId),
    /// An ENI of a VPC's attachment to a transit gateway.
    TransitWire(VpcId, NetworkInterfaceId),
    /// A branch ENI on its trunk's wire.
    Branch(VpcId, NetworkInterfaceId),
    /// An address that DHCP gives an instance, and its default route.
    InstanceAddress(VpcId, InstanceId, IpAddr),
    /// A route of a transit gateway's table.
    TransitRoute(TransitGatewayId, u32, IpNet),
    /// Packets from an ENI's wire look up a table of the transit gateway.
    TransitRule(TransitGatewayId, NetworkInterfaceId, u32),
}

/// What an object is like.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the keys say it")]
pub enum Object {
    Fabric,
    Instance,
    Endpoint,
    GatewayEndpoint(GatewayEndpoint),
    GatewayEndpointLink,
    NatGateway(Table),
    TransitGateway,
    TransitWire(TransitWire),
    TransitRoute(TransitHop),
    TransitRule(VpcId),
    ServiceAddress,
    Bridge(Bridge),
    Rules(Arc<Table>),
    Internet,
    InternetHost(IpAddr),
    Peering(Peering),
    InternetLink,
    EgressOnlyLink,
    InternetRoute(InternetRoute),
    Route(NextHop),
    RouteRule,
    Neighbour(Mac),
    Wire(Wire),
    ServiceWire(ServiceWire),
    Branch(Branch),
    InstanceAddress(InstanceAddress),
}

/// A subnet's bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// The router's IPv4 address and the subnet's prefix length; none where the subnet has IPv6 only.
    pub router: Option<Ipv4Net>,
    /// The router's Ethernet address.
    pub mac: Mac,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextHop {
    /// Nowhere: the packet is dropped without a word, as AWS does.
    Blackhole,
    /// On to the main table, which knows the VPC's own networks.
    Local,
    /// To the ENIs of this subnet, each at its own address.
    Subnet(SubnetId),
    /// To the ENI that has this address in this subnet.
    Interface(SubnetId, IpAddr),
    /// To the VPC across a peering connection.
    Peering(PeeringConnectionId),
    /// To the service behind a gateway endpoint.
    GatewayEndpoint(VpcEndpointId),
    /// To the internet.
    Internet,
    /// To the internet by the egress-only gateway.
    EgressOnly,
}

/// Where addresses are that the internet knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternetRoute {
    /// The VPC.
    pub vpc: VpcId,
    /// Whether its egress-only gateway is the way there, for want of another.
    pub is_egress_only: bool,
    /// The private address that the VPC's gateway makes of a public one, and the ENI that has it.
    pub private: Option<(NetworkInterfaceId, Ipv4Addr)>,
}

/// A peering connection: a link in each of two fabrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peering {
    /// The VPC that asked for it.
    pub requester: VpcId,
    /// The VPC that was asked.
    pub accepter: VpcId,
}

/// An ENI's wire: a port of its subnet's bridge and a link in its instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wire {
    /// The ENI's subnet.
    pub subnet: SubnetId,
    /// The instance.
    pub instance: InstanceId,
    /// The device index, which names the link in the instance.
    pub device_index: u16,
    /// The ENI's Ethernet address.
    pub mac: Mac,
}

/// What stands for the service behind a gateway endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayEndpoint {
    /// The service's addresses, all of which it has.
    pub blocks: Vec<IpNet>,
}

/// The ENI of something that AWS runs, an interface endpoint or a NAT gateway: a port of its subnet's bridge, and a link
/// with the ENI's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceWire {
    /// The ENI's subnet.
    pub subnet: SubnetId,
    /// The ENI's Ethernet address.
    pub mac: Mac,
    /// Its addresses.
    pub addresses: Vec<(IpAddr, InstanceAddress)>,
}

/// An ENI of a VPC's attachment: a port of its subnet's bridge, and a link of the transit gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitWire {
    /// The gateway.
    pub gateway: TransitGatewayId,
    /// The ENI's subnet.
    pub subnet: SubnetId,
    /// The ENI's Ethernet address.
    pub mac: Mac,
}

/// Where a transit gateway's route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransitHop {
    /// Nowhere.
    Blackhole,
    /// To a VPC, by an ENI in it.
    Interface(VpcId, NetworkInterfaceId),
}

/// A branch ENI: tagged frames on its trunk's wire are a port of its own subnet's bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The branch's subnet.
    pub subnet: SubnetId,
    /// The trunk.
    pub trunk: NetworkInterfaceId,
    /// The frames' tag.
    pub vlan: VlanId,
    /// The branch's Ethernet address.
    pub mac: Mac,
}

/// What DHCP and router advertisements tell an instance about an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceAddress {
    /// The primary ENI.
    pub eni: NetworkInterfaceId,
    /// The subnet's block.
    pub block: IpNet,
    /// The subnet's router.
    pub router: IpAddr,
}

impl Desired {
    /// All objects in the order they are made.
    pub fn objects(&self) -> impl DoubleEndedIterator<Item = (&Key, &Object)> {
        self.objects.iter()
    }

    /// One object.
    pub fn get(&self, key: &Key) -> Option<&Object> {
        self.objects.get(key)
    }

    /// Whether there is such an object.
    pub fn contains(&self, key: &Key) -> bool {
        self.objects.contains_key(key)
    }

    /// Adds or replaces an object.
    pub fn insert(&mut self, key: Key, object: Object) {
        self.objects.insert(key, object);
    }

    /// Takes away an object, with those that the kernel takes away with it.
    pub fn remove(&mut self, key: &Key) {
        if self.objects.remove(key).is_none() {
            return;
        }
        self.objects.retain(|other, object| !goes_with(other, object).contains(key));
    }

    /// Takes away an object and every one that cannot be without it: what is found missing in the kernel.
    pub fn forget(&mut self, key: &Key) {
        let mut lost = vec![key.clone()];
        while let Some(key) = lost.pop() {
            self.objects.remove(&key);
            let orphans = self.objects.iter().filter(|(other, object)| needs(other, object).contains(&key));
            lost.extend(orphans.map(|(other, _)| other.clone()));
        }
    }
}

/// The objects that must be there before this one, and anew when they are made anew.
pub fn needs(key: &Key, object: &Object) -> Vec<Key> {
    let bridge = |vpc: &VpcId, subnet: &SubnetId| Key::Bridge(vpc.clone(), subnet.clone());
    match (key, object) {
        (Key::Fabric(_) | Key::Instance(_) | Key::Endpoint(_) | Key::NatGateway(_), _) => vec![],
        (Key::GatewayEndpoint(_) | Key::TransitGateway(_) | Key::Internet, _) => vec![],
        (Key::InternetHost(_), _) => vec![Key::Internet],
        (Key::InternetLink(vpc) | Key::EgressOnlyLink(vpc), _) => {
            vec![Key::Internet, Key::Fabric(vpc.clone()), Key::Rules(vpc.clone())]
        }
        (Key::GatewayEndpointLink(vpc, id), _) => {
            vec![Key::GatewayEndpoint(id.clone()), Key::Fabric(vpc.clone()), Key::Rules(vpc.clone())]
        }
        (Key::Route(vpc, ..), Object::Route(NextHop::GatewayEndpoint(id))) => {
            vec![Key::GatewayEndpointLink(vpc.clone(), id.clone())]
        }
        (Key::InternetRoute(_), Object::InternetRoute(route)) if route.is_egress_only => {
            vec![Key::EgressOnlyLink(route.vpc.clone())]
        }
        (Key::InternetRoute(_), Object::InternetRoute(route)) => vec![Key::InternetLink(route.vpc.clone())],
        (Key::Route(vpc, ..), Object::Route(NextHop::Internet)) => vec![Key::InternetLink(vpc.clone())],
        (Key::Route(vpc, ..), Object::Route(NextHop::EgressOnly)) => vec![Key::EgressOnlyLink(vpc.clone())],
        (Key::Route(vpc, ..), Object::Route(NextHop::Interface(subnet, _) | NextHop::Subnet(subnet))) => {
            vec![bridge(vpc, subnet)]
        }
        (Key::Route(..), Object::Route(NextHop::Peering(peering))) => vec![Key::Peering(peering.clone())],
        (Key::Peering(_), Object::Peering(Peering { requester, accepter })) => {
            let both = [requester, accepter].into_iter();
            both.flat_map(|vpc| [Key::Fabric(vpc.clone()), Key::Rules(vpc.clone())]).collect()
        }
        (Key::ServiceAddress(vpc, _) | Key::Bridge(vpc, _) | Key::Rules(vpc) | Key::Route(vpc, ..), _) => {
            vec![Key::Fabric(vpc.clone())]
        }
        (Key::RouteRule(vpc, subnet, _) | Key::Neighbour(vpc, subnet, _), _) => vec![bridge(vpc, subnet)],
        (Key::Wire(vpc, _), Object::Wire(wire)) => {
            vec![Key::Rules(vpc.clone()), bridge(vpc, &wire.subnet), Key::Instance(wire.instance.clone())]
        }
        (Key::EndpointWire(vpc, eni), Object::ServiceWire(wire)) => {
            vec![Key::Rules(vpc.clone()), bridge(vpc, &wire.subnet), Key::Endpoint(eni.clone())]
        }
        (Key::NatWire(vpc, eni), Object::ServiceWire(wire)) => {
            vec![Key::Rules(vpc.clone()), bridge(vpc, &wire.subnet), Key::NatGateway(eni.clone())]
        }
        (Key::TransitWire(vpc, _), Object::TransitWire(wire)) => {
            vec![Key::Rules(vpc.clone()), bridge(vpc, &wire.subnet), Key::TransitGateway(wire.gateway.clone())]
        }
        (Key::TransitRoute(..), Object::TransitRoute(TransitHop::Interface(vpc, eni))) => {
            vec![Key::TransitWire(vpc.clone(), eni.clone())]
        }
        (Key::TransitRoute(gateway, ..), _) => vec![Key::TransitGateway(gateway.clone())],
        (Key::TransitRule(_, eni, _), Object::TransitRule(vpc)) => vec![Key::TransitWire(vpc.clone(), eni.clone())],
        (Key::Branch(vpc, _), Object::Branch(branch)) => {
            vec![bridge(vpc, &branch.subnet), Key::Wire(vpc.clone(), branch.trunk.clone())]
        }
        (Key::InstanceAddress(vpc, ..), Object::InstanceAddress(address)) => {
            vec![Key::Wire(vpc.clone(), address.eni.clone())]
        }
        (Key::InternetRoute(_) | Key::Peering(_) | Key::Wire(..) | Key::EndpointWire(..), _) => vec![],
        (Key::NatWire(..) | Key::TransitWire(..) | Key::TransitRule(..), _) => vec![],
        (Key::Branch(..) | Key::InstanceAddress(..), _) => vec![],
    }
}

/// The objects with which the kernel takes this one away.
///
/// A wire goes by itself: whoever still holds a namespace keeps it alive, and even if nobody does, the kernel
/// takes its time, while a detached ENI's link has to be gone.
pub(crate) fn goes_with(key: &Key, object: &Object) -> Vec<Key> {
    match key {
        Key::Fabric(_) | Key::Instance(_) | Key::Endpoint(_) | Key::NatGateway(_) | Key::GatewayEndpoint(_) => vec![],
        Key::Internet | Key::InternetHost(_) | Key::InternetLink(_) | Key::EgressOnlyLink(_) => vec![],
        Key::Peering(_) => vec![],
        Key::Wire(..) | Key::EndpointWire(..) | Key::NatWire(..) | Key::TransitWire(..) | Key::Branch(..) => vec![],
        Key::TransitGateway(_) => vec![],
        Key::TransitRoute(gateway, ..) | Key::TransitRule(gateway, ..) => vec![Key::TransitGateway(gateway.clone())],
        Key::GatewayEndpointLink(..) => vec![],
        Key::InternetRoute(_) => vec![Key::Internet],
        Key::InstanceAddress(..) => needs(key, object),
        Key::Neighbour(vpc, subnet, _) => vec![Key::Bridge(vpc.clone(), subnet.clone()), Key::Fabric(vpc.clone())],
        Key::ServiceAddress(vpc, _)
        | Key::Bridge(vpc, _)
        | Key::Rules(vpc)
        | Key::Route(vpc, ..)
        | Key::RouteRule(vpc, ..) => vec![Key::Fabric(vpc.clone())],
    }
}
