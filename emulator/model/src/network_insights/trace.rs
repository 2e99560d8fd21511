//! Following a path: from the source's ENI by groups, ACLs and routes to the destination's.
//!
//! Deviation: packets are followed inside a VPC, over a peering connection, and to and from an internet gateway;
//! what goes by NAT and transit gateways or VPNs ends there. The way back is looked at for what has no memory:
//! ACLs, and the route over a peering connection.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::ends::End;
use super::firewall::{Seen, acl_entry};
use super::{InsightsPath, NewInsightsAnalysis, Transport};
use crate::{
    AccessBlock, Direction, InstanceState, InternetGatewayId, Model, NetworkAclEntry, NetworkAclId, NetworkInterface,
    NetworkInterfaceId, Route, RouteState, RouteTableId, RouteTarget, SecurityGroupId, SecurityGroupRule, SubnetId,
    VpcId,
};

/// An address that stands for the internet.
const OUTSIDE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

/// A port that stands for those that clients take.
const EPHEMERAL: u16 = 49152;

/// What an analysis found: there is a way, or what is in the way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finding {
    /// The way.
    pub hops: Vec<Hop>,
    /// What is in the way.
    pub obstacles: Vec<Obstacle>,
}

impl Finding {
    /// Whether there is a way.
    pub fn is_found(&self) -> bool {
        self.obstacles.is_empty()
    }
}

/// A resource on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The resource.
    pub component: String,
    /// What let the packet through.
    pub passed: Passed,
}

/// What let a packet through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// An end: an instance or a gateway.
    Plain,
    /// An ENI, with what the packet is like there.
    Interface {
        /// Its subnet.
        subnet: SubnetId,
        /// Its VPC.
        vpc: VpcId,
        /// The packet.
        header: Header,
        /// Whether it leaves the ENI.
        outbound: bool,
    },
    /// A security group's rule.
    Group(Box<SecurityGroupRule>),
    /// A network ACL's entry.
    Acl(NetworkAclEntry),
    /// A route.
    Route(Box<Route>),
}

/// What a packet is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its protocol.
    pub protocol: Transport,
    /// Its source.
    pub source: IpAddr,
    /// Its source's ports.
    pub source_ports: RangeInclusive<u16>,
    /// Its destination.
    pub destination: IpAddr,
    /// Its destination's port.
    pub port: u16,
}

/// Something in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// No rule of an ENI's groups lets the packet through.
    Groups {
        /// The ENI.
        interface: NetworkInterfaceId,
        /// Its groups.
        groups: Vec<SecurityGroupId>,
        /// Which rules.
        direction: Direction,
    },
    /// A subnet's ACL does not let the packet through.
    Acl {
        /// The ACL.
        acl: NetworkAclId,
        /// The subnet.
        subnet: SubnetId,
        /// Whether it is about packets that leave.
        egress: bool,
    },
    /// No route leads to the address.
    NoRoute {
        /// The table.
        table: RouteTableId,
        /// The VPC.
        vpc: VpcId,
        /// The address.
        address: IpAddr,
    },
    /// The route's target is gone.
    Blackhole {
        /// The table.
        table: RouteTableId,
        /// The route.
        route: Box<Route>,
    },
    /// The instance does not run.
    State {
        /// The resource.
        component: String,
        /// Its state.
        state: InstanceState,
    },
    /// The ENI has no public address.
    NoPublicAddress {
        /// The ENI.
        interface: NetworkInterfaceId,
        /// The internet gateway.
        gateway: InternetGatewayId,
        /// Whether packets would leave.
        egress: bool,
    },
    /// VPC Block Public Access keeps it back.
    PublicAccess {
        /// The internet gateway.
        gateway: InternetGatewayId,
        /// The subnet on the VPC's side.
        subnet: SubnetId,
    },
    /// The packet does not come to the destination.
    Astray {
        /// Where it is then.
        component: String,
    },
}

struct Trace<'a> {
    model: &'a Model,
    header: Header,
    finding: Finding,
}

impl Model {
    /// Looks for a way along a path. An error says why it cannot be looked for.
    pub(super) fn analyse(&self, path: &InsightsPath) -> Result<Finding, String> {
        let source = self.end(&path.source)?;
        let destination = path.destination.as_deref().map(|id| self.end(id)).transpose()?;
        let mut first = None;
        for port in self.candidates(path) {
            let finding = self.follow(path, &source, destination.as_ref(), port)?;
            if finding.is_found() {
                return Ok(finding);
            }
            first.get_or_insert(finding);
        }
        Ok(first.unwrap_or_default())
    }

    /// Leaves only ways that lead through some resources and avoid others.
    pub(super) fn restrict(&self, finding: Finding, asked: &NewInsightsAnalysis) -> Finding {
        let has = |arn: &String| finding.hops.iter().any(|hop| self.arn_of(&hop.component) == *arn);
        let fits = asked.through.iter().all(has) && !asked.without.iter().any(has);
        if fits || !finding.is_found() {
            return finding;
        }
        let component = finding.hops.first().map(|hop| hop.component.clone()).unwrap_or_default();
        Finding { hops: Vec::new(), obstacles: vec![Obstacle::Astray { component }] }
    }

    /// Ports that are worth a try: where rules begin, if the path does not name one.
    fn candidates(&self, path: &InsightsPath) -> Vec<u16> {
        let filters = [&path.at_source, &path.at_destination].into_iter().flatten();
        let wanted = filters.filter_map(|filter| filter.destination_ports.clone()).next();
        let wanted = match path.destination_port {
            Some(port) => port..=port,
            None => wanted.unwrap_or(0..=u16::MAX),
        };
        let rules = self.security_groups.values().flat_map(|group| &group.rules).filter_map(|rule| rule.ports);
        let entries = self.network_acls.values().flat_map(|acl| &acl.entries).filter_map(|entry| entry.ports);
        let starts = rules.chain(entries).filter_map(|range| u16::try_from(range.from).ok());
        let mut all: Vec<u16> = starts.filter(|port| wanted.contains(port)).collect();
        all.sort_unstable();
        all.dedup();
        all.insert(0, *wanted.start());
        all
    }

    fn follow(
        &self,
        path: &InsightsPath,
        source: &End<'_>,
        destination: Option<&End<'_>>,
        port: u16,
    ) -> Result<Finding, String> {
        let no_address = |interface: &NetworkInterface| format!("{} has no IPv4 address", interface.id);
        let filter = path.at_source.clone().unwrap_or_default();
        let named = filter.destination_address.or(path.destination_ip);
        let address = match (named, destination) {
            (Some(address), _) => address,
            (None, Some(End::Interface(interface))) => interface.primary_ip().ok_or_else(|| no_address(interface))?,
            (None, Some(End::Target(target))) => self.address_behind(source, target),
            (None, None) => OUTSIDE,
        };
        let own = filter.source_address.or(path.source_ip);
        let from = match (own, source) {
            (Some(address), _) => address,
            (None, End::Interface(interface)) => interface.primary_ip().ok_or_else(|| no_address(interface))?,
            (None, End::Target(_)) => OUTSIDE,
        };
        let header = Header {
            protocol: path.protocol,
            source: from.into(),
            source_ports: filter.source_ports.unwrap_or(0..=u16::MAX),
            destination: address.into(),
            port,
        };
        let mut trace = Trace { model: self, header, finding: Finding::default() };
        match source {
            End::Interface(interface) => trace.leave(interface, destination),
            End::Target(target) => trace.enter(target, destination),
        }
        if !trace.finding.is_found() {
            trace.finding.hops.clear();
        }
        Ok(trace.finding)
    }
}

impl Model {
    /// An address that the source's routes have behind a target.
    fn address_behind(&self, source: &End<'_>, target: &RouteTarget) -> Ipv4Addr {
        let End::Interface(interface) = source else { return OUTSIDE };
        let routes = self.route_table_of(&interface.subnet_id).map(|table| self.routes_by_block(table));
        let blocks = routes.into_iter().flatten().filter(|(_, route)| route.target == *target);
        let mut blocks = blocks.filter_map(|(block, _)| match block {
            IpNet::V4(block) if block.prefix_len() > 0 => block.hosts().next(),
            _ => None,
        });
        blocks.next().unwrap_or(OUTSIDE)
    }
}

impl<'a> Trace<'a> {
    fn hop(&mut self, component: impl ToString, passed: Passed) {
        self.finding.hops.push(Hop { component: component.to_string(), passed });
    }

    fn stop(&mut self, obstacle: Obstacle) {
        self.finding.obstacles.push(obstacle);
    }

    fn seen(&self, direction: Direction) -> Seen {
        let peer = match direction {
            Direction::Ingress => self.header.source,
            Direction::Egress => self.header.destination,
        };
        Seen { peer, protocol: self.header.protocol, port: self.header.port }
    }

    /// From an ENI onwards.
    fn leave(&mut self, interface: &'a NetworkInterface, destination: Option<&End<'a>>) {
        self.instance(interface);
        self.interface(interface, true);
        self.groups(interface, Direction::Egress);
        let model = self.model;
        let neighbour = model.eni_by_address(&interface.vpc_id, self.header.destination);
        if let Some(neighbour) = neighbour.filter(|neighbour| neighbour.subnet_id == interface.subnet_id) {
            return self.arrive(neighbour, destination);
        }
        self.acl(&interface.subnet_id, true);
        let Some(route) = self.route(interface, self.header.destination) else { return };
        match &route.target {
            RouteTarget::Local => match neighbour {
                Some(neighbour) => {
                    self.acl(&neighbour.subnet_id, false);
                    self.return_acls(&interface.subnet_id, &neighbour.subnet_id);
                    self.arrive(neighbour, destination);
                }
                None => self.stop(Obstacle::Astray { component: interface.vpc_id.to_string() }),
            },
            RouteTarget::Peering(id) => {
                self.hop(id, Passed::Plain);
                self.cross(interface, &route.target, destination);
            }
            RouteTarget::InternetGateway(id) => {
                self.hop(id, Passed::Plain);
                self.public_access(interface, id, &[AccessBlock::Bidirectional]);
                if !self.has_public_address(interface) {
                    let (interface, gateway) = (interface.id.clone(), id.clone());
                    self.stop(Obstacle::NoPublicAddress { interface, gateway, egress: true });
                }
                self.end_at(&route.target, destination);
            }
            target => {
                self.hop(target, Passed::Plain);
                self.end_at(target, destination);
            }
        }
    }

    /// Over a peering connection to the other VPC.
    fn cross(&mut self, interface: &'a NetworkInterface, target: &RouteTarget, destination: Option<&End<'a>>) {
        let model = self.model;
        if matches!(destination, Some(End::Target(wanted)) if wanted == target) {
            return;
        }
        let RouteTarget::Peering(id) = target else { return };
        let sides = model.peerings.get(id).map(|peering| [&peering.requester.vpc_id, &peering.accepter.vpc_id]);
        let other = sides.and_then(|sides| sides.into_iter().find(|vpc| **vpc != interface.vpc_id));
        let Some(there) = other.and_then(|vpc| model.eni_by_address(vpc, self.header.destination)) else {
            return self.stop(Obstacle::Astray { component: id.to_string() });
        };
        self.acl(&there.subnet_id, false);
        self.return_acls(&interface.subnet_id, &there.subnet_id);
        if self.find_route(there, self.header.source).is_ok_and(|(_, back)| back.target != *target) {
            self.stop(Obstacle::Astray { component: there.vpc_id.to_string() });
        } else if let Err(obstacle) = self.find_route(there, self.header.source) {
            self.stop(obstacle);
        }
        self.arrive(there, destination);
    }

    /// From a gateway into a VPC.
    fn enter(&mut self, target: &RouteTarget, destination: Option<&End<'a>>) {
        self.hop(target, Passed::Plain);
        let (RouteTarget::InternetGateway(id), Some(End::Interface(interface))) = (target, destination) else {
            return self.stop(Obstacle::Astray { component: target.to_string() });
        };
        let gateway = self.model.internet_gateways.get(id);
        if gateway.is_none_or(|gateway| gateway.vpc_id.as_ref() != Some(&interface.vpc_id)) {
            return self.stop(Obstacle::Astray { component: id.to_string() });
        }
        self.public_access(interface, id, &[AccessBlock::Bidirectional, AccessBlock::Ingress]);
        if !self.has_public_address(interface) {
            let (interface, gateway) = (interface.id.clone(), id.clone());
            self.stop(Obstacle::NoPublicAddress { interface, gateway, egress: false });
        }
        self.acl(&interface.subnet_id, false);
        self.return_acl(&interface.subnet_id, true, self.header.source);
        if let Err(obstacle) = self.find_route(interface, self.header.source) {
            self.stop(obstacle);
        }
        self.arrive(interface, destination);
    }

    /// At the last ENI.
    fn arrive(&mut self, interface: &'a NetworkInterface, destination: Option<&End<'a>>) {
        match destination {
            Some(End::Interface(wanted)) if wanted.id != interface.id => {
                return self.stop(Obstacle::Astray { component: interface.id.to_string() });
            }
            Some(End::Target(target)) => return self.stop(Obstacle::Astray { component: target.to_string() }),
            _ => {}
        }
        self.groups(interface, Direction::Ingress);
        self.interface(interface, false);
        self.instance(interface);
    }

    /// At a gateway that packets leave the VPC by.
    fn end_at(&mut self, target: &RouteTarget, destination: Option<&End<'a>>) {
        let is_there = match destination {
            None => matches!(target, RouteTarget::InternetGateway(_) | RouteTarget::VpcEndpoint(_)),
            Some(End::Target(wanted)) => wanted == target,
            Some(End::Interface(_)) => false,
        };
        if !is_there {
            self.stop(Obstacle::Astray { component: target.to_string() });
        }
    }

    fn instance(&mut self, interface: &NetworkInterface) {
        let attachment = interface.live_attachment();
        let Some(instance) = attachment.and_then(|it| self.model.instances.get(&it.instance_id)) else { return };
        self.hop(&instance.id, Passed::Plain);
        if instance.state != InstanceState::Running {
            self.stop(Obstacle::State { component: instance.id.to_string(), state: instance.state });
        }
    }

    fn interface(&mut self, interface: &NetworkInterface, outbound: bool) {
        let (subnet, vpc) = (interface.subnet_id.clone(), interface.vpc_id.clone());
        let header = self.header.clone();
        self.hop(&interface.id, Passed::Interface { subnet, vpc, header, outbound });
    }

    fn groups(&mut self, interface: &NetworkInterface, direction: Direction) {
        match self.model.group_rule(interface, direction, self.seen(direction)) {
            Some((group, rule)) => self.hop(group, Passed::Group(Box::new(rule.clone()))),
            None => self.stop(Obstacle::Groups {
                interface: interface.id.clone(),
                groups: interface.groups.clone(),
                direction,
            }),
        }
    }

    fn acl(&mut self, subnet: &SubnetId, egress: bool) {
        let Some(acl) = self.model.network_acl_of(subnet) else { return };
        let direction = if egress { Direction::Egress } else { Direction::Ingress };
        match acl_entry(acl, egress, self.seen(direction)).filter(|entry| entry.allow) {
            Some(entry) => self.hop(&acl.id, Passed::Acl(entry.clone())),
            None => self.stop(Obstacle::Acl { acl: acl.id.clone(), subnet: subnet.clone(), egress }),
        }
    }

    /// The ACLs on the way back, which have to let the answers through.
    fn return_acls(&mut self, source: &SubnetId, destination: &SubnetId) {
        self.return_acl(destination, true, self.header.source);
        self.return_acl(source, false, self.header.destination);
    }

    fn return_acl(&mut self, subnet: &SubnetId, egress: bool, peer: IpAddr) {
        let Some(acl) = self.model.network_acl_of(subnet) else { return };
        let port =
            if self.header.source_ports.contains(&EPHEMERAL) { EPHEMERAL } else { *self.header.source_ports.start() };
        let seen = Seen { peer, protocol: self.header.protocol, port };
        if !acl_entry(acl, egress, seen).is_some_and(|entry| entry.allow) {
            self.stop(Obstacle::Acl { acl: acl.id.clone(), subnet: subnet.clone(), egress });
        }
    }

    fn route(&mut self, interface: &NetworkInterface, address: IpAddr) -> Option<Route> {
        match self.find_route(interface, address) {
            Ok((table, route)) => {
                self.hop(table, Passed::Route(Box::new(route.clone())));
                Some(route)
            }
            Err(obstacle) => {
                self.stop(obstacle);
                None
            }
        }
    }

    fn find_route(&self, interface: &NetworkInterface, address: IpAddr) -> Result<(RouteTableId, Route), Obstacle> {
        let astray = || Obstacle::Astray { component: interface.subnet_id.to_string() };
        let table = self.model.route_table_of(&interface.subnet_id).ok_or_else(astray)?;
        let none = || Obstacle::NoRoute { table: table.id.clone(), vpc: interface.vpc_id.clone(), address };
        let route = self.model.route_for(table, address).ok_or_else(none)?;
        match self.model.route_state(table, &route) {
            RouteState::Active => Ok((table.id.clone(), route)),
            RouteState::Blackhole => Err(Obstacle::Blackhole { table: table.id.clone(), route: Box::new(route) }),
        }
    }

    /// Stops at a gateway where the account keeps one of these back.
    fn public_access(&mut self, interface: &NetworkInterface, gateway: &InternetGatewayId, kept: &[AccessBlock]) {
        if kept.contains(&self.model.access_block_of_subnet(&interface.subnet_id)) {
            let (gateway, subnet) = (gateway.clone(), interface.subnet_id.clone());
            self.stop(Obstacle::PublicAccess { gateway, subnet });
        }
    }

    fn has_public_address(&self, interface: &NetworkInterface) -> bool {
        interface.primary_ip().is_some_and(|primary| self.model.public_address_of(interface, primary).is_some())
    }
}
