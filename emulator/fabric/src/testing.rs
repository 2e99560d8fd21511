//! A model to try things on, built through its own methods. The data-plane tests use it too.

mod gateways;

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net};
use jiff::Timestamp;
use vpc_model::instance::{LaunchInterface, LaunchSource, NewInstances};
use vpc_model::{
    AccountId, AddressTarget, Addresses, AllocationId, Context, Direction, EndpointPlace, EndpointType, Ids,
    InstanceId, InterfaceType, IpAddressType, IpProtocol, Mac, Model, NetworkAclEntry, NetworkAclId, NetworkInterface,
    NetworkInterfaceId, NewAttachment, NewInterface, NewPeering, NewPrefixList, NewRule, NewSubnet, NewVpc,
    NewVpcEndpoint, PeeringConnectionId, PeeringOptions, PortRange, PrefixListId, Region, RouteTableId, RouteTarget,
    RulePeer, SecurityGroupId, SubnetId, Tags, VlanId, VpcEndpointId, VpcId, WantedAddresses, ZoneName,
};

/// One VPC of a model, with the ids and the clock that changes take.
pub struct Account {
    /// The model.
    pub model: Model,
    ids: Ids,
    /// Its VPC.
    pub vpc: VpcId,
}

impl Account {
    /// A VPC with a block.
    pub fn with_vpc(block: &str) -> Self {
        let mut model = Model::empty(AccountId::from("123456789012"), Region::from("us-east-1"));
        let mut ids = Ids::seeded(1);
        let mut cx = Context { now: Timestamp::UNIX_EPOCH, ids: &mut ids };
        let vpc = model.create_vpc(&mut cx, NewVpc::with_block(block.parse().unwrap())).unwrap();
        Self { model, ids, vpc }
    }

    fn change<R>(&mut self, change: impl FnOnce(&mut Model, &mut Context<'_>) -> R) -> R {
        change(&mut self.model, &mut Context { now: Timestamp::UNIX_EPOCH, ids: &mut self.ids })
    }

    /// A subnet of the VPC.
    pub fn subnet(&mut self, block: &str) -> SubnetId {
        let new = NewSubnet::with_block(self.vpc.clone(), block.parse().unwrap());
        self.change(|model, cx| model.create_subnet(cx, new)).unwrap()
    }

    /// A subnet in a zone of the region's.
    pub fn subnet_in(&mut self, zone: &str, block: &str) -> SubnetId {
        let new = NewSubnet::with_block(self.vpc.clone(), block.parse().unwrap());
        let new = NewSubnet { zone: Some(ZoneName::from(zone)), ..new };
        self.change(|model, cx| model.create_subnet(cx, new)).unwrap()
    }

    /// A subnet of the VPC with an IPv6 block too, or, without an IPv4 block, with nothing else.
    pub fn ipv6_subnet(&mut self, block: Option<&str>) -> SubnetId {
        let vpc = self.vpc.clone();
        if self.model.vpc(&vpc).unwrap().ipv6_cidr_blocks().next().is_none() {
            self.change(|model, cx| model.associate_vpc_ipv6_block(cx, &vpc, None)).unwrap();
            self.model.advance(Timestamp::UNIX_EPOCH);
        }
        let whole = self.model.vpc(&vpc).unwrap().ipv6_cidr_blocks().next().unwrap();
        let number = self.model.subnets().count();
        let new = NewSubnet {
            cidr_block: block.map(net),
            ipv6_cidr_block: whole.subnets(64).unwrap().nth(number),
            ..NewSubnet::with_block(vpc, net("10.0.0.0/24"))
        };
        let subnet = self.change(|model, cx| model.create_subnet(cx, new)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
        subnet
    }

    /// Gives a subnet an IPv6 block of its VPC's.
    pub fn give_ipv6_block(&mut self, subnet: &SubnetId) {
        let whole = self.model.vpc(&self.vpc).unwrap().ipv6_cidr_blocks().next().unwrap();
        let block = whole.subnets(64).unwrap().nth(200).unwrap();
        self.change(|model, cx| model.associate_subnet_cidr_block(cx, subnet, block)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
    }

    /// Takes an ENI's IPv6 addresses away.
    pub fn unassign_ipv6(&mut self, eni: &NetworkInterfaceId) {
        let given = Addresses { ipv6: self.get(eni).ipv6_addresses.clone(), ..Addresses::default() };
        self.model.unassign_addresses(eni, &given).unwrap();
    }

    /// Another VPC, which is the one that subnets and groups are made in from now on. Gives the one before.
    pub fn go_to_vpc(&mut self, block: &str) -> VpcId {
        let new = NewVpc::with_block(block.parse().unwrap());
        let vpc = self.change(|model, cx| model.create_vpc(cx, new)).unwrap();
        std::mem::replace(&mut self.vpc, vpc)
    }

    /// An active peering connection of the VPC, asked for by another; routes in both main tables lead to the other side.
    pub fn peer(&mut self, requester: &VpcId) -> PeeringConnectionId {
        let new = NewPeering {
            vpc_id: requester.clone(),
            peer_vpc_id: self.vpc.clone(),
            peer_owner: None,
            peer_region: None,
            options: PeeringOptions::default(),
            tags: Tags::new(),
        };
        let id = self.change(|model, cx| model.create_peering(cx, new)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
        self.change(|model, cx| model.accept_peering(cx, &id)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
        for (vpc_id, across) in [(requester.clone(), self.vpc.clone()), (self.vpc.clone(), requester.clone())] {
            let main = self.model.vpc(&vpc_id).unwrap().main_route_table_id.clone();
            let across = self.model.vpc(&across).unwrap();
            let v6: Vec<IpNet> = across.ipv6_cidr_blocks().map(IpNet::V6).collect();
            for block in [IpNet::V4(across.cidr_associations[0].1)].into_iter().chain(v6) {
                self.model.create_route(&main, block, RouteTarget::Peering(id.clone())).unwrap();
            }
        }
        id
    }

    /// Takes a peering connection away.
    pub fn end_peering(&mut self, id: &PeeringConnectionId) {
        self.change(|model, cx| model.delete_peering(cx, id)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
    }

    /// An Elastic IP address for an ENI's address; the primary one unless said.
    pub fn publish(&mut self, eni: &NetworkInterfaceId, private: Option<Ipv4Addr>) -> (AllocationId, Ipv4Addr) {
        let id = self.change(|model, cx| model.allocate_address(cx, Tags::new())).unwrap();
        self.republish(&id, eni, private);
        (id.clone(), self.model.elastic_ip(&id).unwrap().public_ip)
    }

    /// Maps an Elastic IP address to another private address.
    pub fn republish(&mut self, id: &AllocationId, eni: &NetworkInterfaceId, private: Option<Ipv4Addr>) {
        let to = AddressTarget::Interface(eni.clone());
        self.change(|model, cx| model.associate_address(cx, id, &to, private, true)).unwrap();
    }

    /// Gives a subnet a route table of its own with some routes.
    pub fn route_table(&mut self, subnet: &SubnetId, routes: &[(&str, RouteTarget)]) -> RouteTableId {
        let vpc = self.model.subnet(subnet).unwrap().vpc_id.clone();
        let table = self.change(|model, cx| model.create_route_table(cx, &vpc, Tags::new())).unwrap();
        for (to, target) in routes {
            self.model.create_route(&table, to.parse::<IpNet>().unwrap(), target.clone()).unwrap();
        }
        self.change(|model, cx| model.associate_route_table(cx, &table, subnet)).unwrap();
        table
    }

    /// Makes a group of another VPC usable in the VPC.
    pub fn share(&mut self, group: &SecurityGroupId) {
        let vpc = self.vpc.clone();
        self.change(|model, cx| model.associate_security_group(cx, group, &vpc)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
    }

    /// A group that lets everything out and nothing in.
    pub fn group(&mut self, name: &str) -> SecurityGroupId {
        let vpc = self.vpc.clone();
        self.change(|model, cx| model.create_security_group(cx, &vpc, name, "for a test", Tags::new())).unwrap()
    }

    /// A group that lets nothing out either.
    pub fn closed_group(&mut self, name: &str) -> SecurityGroupId {
        let group = self.group(name);
        self.revoke(&group, Direction::Egress, everything());
        group
    }

    /// Adds a rule to a group.
    pub fn allow(&mut self, group: &SecurityGroupId, direction: Direction, rule: NewRule) {
        self.change(|model, cx| model.authorize_security_group(cx, group, direction, vec![rule], &Tags::new()))
            .unwrap();
    }

    /// Removes a rule from a group.
    pub fn revoke(&mut self, group: &SecurityGroupId, direction: Direction, rule: NewRule) {
        let selector = vpc_model::RuleSelector::Rules(vec![rule]);
        self.model.revoke_security_group(group, direction, selector).unwrap();
    }

    /// A launched instance and its primary ENI.
    pub fn instance(&mut self, primary: NewInterface) -> (InstanceId, NetworkInterfaceId) {
        self.instance_of_type("m5.large", primary)
    }

    /// A running instance of a type that has up to 15 ENIs.
    pub fn large_instance(&mut self, primary: NewInterface) -> (InstanceId, NetworkInterfaceId) {
        self.instance_of_type("m5.24xlarge", primary)
    }

    fn instance_of_type(&mut self, kind: &str, primary: NewInterface) -> (InstanceId, NetworkInterfaceId) {
        let mut new = NewInstances::one("ami-12345678".parse().unwrap(), kind, primary.subnet_id.clone());
        new.interfaces = vec![LaunchInterface::at(0, LaunchSource::New(Box::new(primary)))];
        let (_, instances) = self.change(|model, cx| model.run_instances(cx, &new)).unwrap();
        let instance = instances[0].clone();
        let eni = self.model.interfaces_of(&instance).next().unwrap().id.clone();
        (instance, eni)
    }

    /// An ENI that is not attached.
    pub fn eni(&mut self, new: NewInterface) -> NetworkInterfaceId {
        self.change(|model, cx| model.create_network_interface(cx, new)).unwrap()
    }

    /// Attaches an ENI to an instance, which must run.
    pub fn attach(&mut self, eni: &NetworkInterfaceId, instance: &InstanceId, device_index: u16) {
        let new = NewAttachment {
            network_interface_id: eni.clone(),
            instance_id: instance.clone(),
            device_index,
            network_card_index: 0,
            delete_on_termination: true,
        };
        self.change(|model, cx| model.attach_network_interface(cx, new)).unwrap();
    }

    /// Gives an ENI further addresses.
    pub fn assign(&mut self, eni: &NetworkInterfaceId, wanted: WantedAddresses) {
        self.change(|model, cx| model.assign_addresses(cx, eni, wanted, false)).unwrap();
    }

    /// Begins to detach an ENI.
    pub fn detach(&mut self, eni: &NetworkInterfaceId) {
        let attachment = self.get(eni).attachment.as_ref().unwrap().id.clone();
        self.change(|model, cx| model.detach_network_interface(cx, &attachment)).unwrap();
    }

    /// Makes an ENI a trunk's branch.
    pub fn associate(&mut self, trunk: &NetworkInterfaceId, branch: &NetworkInterfaceId, vlan: u16) {
        let vlan = VlanId::new(vlan).unwrap();
        self.change(|model, cx| model.associate_trunk_interface(cx, trunk, branch, vlan, Tags::new())).unwrap();
    }

    /// An interface endpoint to a service, such as `ec2`, with one group; gives its ENIs in the order of the subnets. They
    /// have IPv6 addresses too if all of these have blocks.
    pub fn interface_endpoint(
        &mut self,
        service: &str,
        subnets: &[&SubnetId],
        group: &SecurityGroupId,
    ) -> Vec<NetworkInterfaceId> {
        let places = subnets.iter().map(|subnet| EndpointPlace::in_subnet((*subnet).clone())).collect();
        let has_ipv6 = |subnet: &&SubnetId| self.model.subnet(subnet).unwrap().ipv6_cidr_blocks().next().is_some();
        let new = NewVpcEndpoint {
            places,
            groups: vec![group.clone()],
            ip_address_type: subnets.iter().all(has_ipv6).then_some(IpAddressType::Dualstack),
            ..self.endpoint(service, EndpointType::Interface)
        };
        let id = self.change(|model, cx| model.create_vpc_endpoint(cx, new)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
        self.model.vpc_endpoint(&id).unwrap().interfaces.iter().map(|(_, eni)| eni.clone()).collect()
    }

    /// A gateway endpoint to a service, such as `s3`, that these tables lead to.
    pub fn gateway_endpoint(&mut self, service: &str, tables: &[RouteTableId]) -> VpcEndpointId {
        let new = NewVpcEndpoint {
            route_tables: tables.to_vec(),
            private_dns: None,
            ..self.endpoint(service, EndpointType::Gateway)
        };
        let id = self.change(|model, cx| model.create_vpc_endpoint(cx, new)).unwrap();
        self.model.advance(Timestamp::UNIX_EPOCH);
        id
    }

    /// Ends the VPC's endpoints, and those of all others.
    pub fn end_endpoints(&mut self) {
        let ids: Vec<_> = self.model.vpc_endpoints().map(|endpoint| endpoint.id.clone()).collect();
        ids.iter().for_each(|id| self.change(|model, cx| model.delete_vpc_endpoint(cx, id)).unwrap());
        self.model.advance(Timestamp::UNIX_EPOCH);
    }

    fn endpoint(&self, service: &str, kind: EndpointType) -> NewVpcEndpoint {
        NewVpcEndpoint {
            vpc_id: self.vpc.clone(),
            service_name: format!("com.amazonaws.us-east-1.{service}"),
            kind,
            policy: None,
            route_tables: vec![],
            places: vec![],
            groups: vec![],
            ip_address_type: None,
            record_ip_type: None,
            only_for_inbound_resolver: None,
            private_dns: Some(false),
            tags: Tags::new(),
        }
    }

    /// A prefix list of some blocks.
    pub fn prefix_list(&mut self, blocks: &[&str]) -> PrefixListId {
        let new = NewPrefixList {
            name: "blocks".to_owned(),
            is_ipv6: false,
            max_entries: 10,
            entries: blocks.iter().map(|block| (block.parse().unwrap(), None)).collect(),
            tags: Tags::new(),
        };
        self.change(|model, cx| model.create_prefix_list(cx, new)).unwrap()
    }

    /// Gives a subnet a network ACL of its own with some entries; what they do not match is denied.
    pub fn network_acl(&mut self, subnet: &SubnetId, entries: Vec<NetworkAclEntry>) -> NetworkAclId {
        let vpc = self.model.subnet(subnet).unwrap().vpc_id.clone();
        let acl = self.change(|model, cx| model.create_network_acl(cx, &vpc, Tags::new())).unwrap();
        for entry in entries {
            self.model.create_network_acl_entry(&acl, entry).unwrap();
        }
        let used = self.model.network_acl_of(subnet).unwrap();
        let association = used.associations.iter().find(|(_, user)| user == subnet).unwrap().0.clone();
        self.change(|model, cx| model.replace_network_acl_association(cx, &association, &acl)).unwrap();
        acl
    }

    /// Adds a route to the main table.
    pub fn route(&mut self, to: &str, target: RouteTarget) {
        let main = self.model.vpc(&self.vpc).unwrap().main_route_table_id.clone();
        self.model.create_route(&main, IpNet::V4(net(to)), target).unwrap();
    }

    /// An ENI.
    pub fn get(&self, eni: &NetworkInterfaceId) -> &NetworkInterface {
        self.model.network_interface(eni).unwrap()
    }

    /// An ENI's Ethernet address.
    pub fn mac(&self, eni: &NetworkInterfaceId) -> Mac {
        self.get(eni).mac
    }
}

/// An ENI in a subnet with groups.
pub fn interface(subnet: &SubnetId, groups: &[&SecurityGroupId]) -> NewInterface {
    let groups = groups.iter().map(|group| (*group).clone()).collect();
    NewInterface { groups, ..NewInterface::in_subnet(subnet.clone()) }
}

/// A trunk in a subnet with groups.
pub fn trunk(subnet: &SubnetId, groups: &[&SecurityGroupId]) -> NewInterface {
    NewInterface { interface_type: InterfaceType::Trunk, ..interface(subnet, groups) }
}

/// A rule about ports, or ICMP type and code.
pub fn rule(protocol: IpProtocol, ports: Option<(i32, i32)>, peer: RulePeer) -> NewRule {
    let ports = ports.map(|(from, to)| PortRange { from, to });
    NewRule { protocol, ports, peer, description: None }
}

/// An entry of a network ACL about a protocol and ports, `PROTOCOL[:FROM..TO]`.
///
/// The protocol is a number or `-1`; of ICMP the range is type and code.
pub fn entry(number: u16, direction: Direction, allow: bool, what: &str, block: &str) -> NetworkAclEntry {
    let (protocol, range) = what.split_once(':').map_or((what, None), |(protocol, range)| (protocol, Some(range)));
    let ports = range.map(|range| {
        let (from, to) = range.split_once("..").unwrap();
        PortRange { from: from.parse().unwrap(), to: to.parse().unwrap() }
    });
    let (protocol, block) = (protocol.parse().ok(), block.parse().unwrap());
    NetworkAclEntry { number, egress: direction == Direction::Egress, allow, protocol, block, ports }
}

/// The rule that every new group has for egress.
pub fn everything() -> NewRule {
    rule(IpProtocol::All, None, RulePeer::Ipv4(net("0.0.0.0/0")))
}

/// A rule's peer by its block.
pub fn block(text: &str) -> RulePeer {
    RulePeer::Ipv4(net(text))
}

/// The same by its IPv6 block.
pub fn ipv6_block(text: &str) -> RulePeer {
    RulePeer::Ipv6(text.parse().unwrap())
}

/// A network from text.
pub fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}
