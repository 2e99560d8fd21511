//! What an analysis found, as replies show it.

use std::fmt::Display;

use vpc_model::{
    Direction, Header, Hop, Model, NetworkAclEntry, Obstacle, Passed, PortRange, Route, RouteOrigin, RouteTarget,
    RulePeer, SecurityGroupRule,
};

use crate::xml::Xml;

/// A resource in an element of a name.
fn component(xml: &mut Xml, model: &Model, name: &'static str, id: impl Display) {
    let id = id.to_string();
    xml.element(name, |xml| write_component(xml, model, &id));
}

fn write_component(xml: &mut Xml, model: &Model, id: &str) {
    xml.text("id", id);
    xml.text("arn", model.arn_of(id));
    xml.optional("name", model.tags_of(id).and_then(|tags| tags.get("Name")));
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    }
}

/// The inside of an item of the way.
pub(super) fn write_hop(xml: &mut Xml, model: &Model, hop: &Hop) {
    if let Passed::Acl(entry) = &hop.passed {
        xml.element("aclRule", |xml| write_acl_rule(xml, entry));
    }
    component(xml, model, "component", &hop.component);
    match &hop.passed {
        Passed::Plain | Passed::Acl(_) => {}
        Passed::Interface { subnet, vpc, header, outbound } => {
            let name = if *outbound { "outboundHeader" } else { "inboundHeader" };
            xml.element(name, |xml| write_header(xml, header));
            component(xml, model, "subnet", subnet);
            component(xml, model, "vpc", vpc);
        }
        Passed::Group(rule) => {
            xml.element("securityGroupRule", |xml| write_group_rule(xml, rule, &hop.component));
        }
        Passed::Route(route) => xml.element("routeTableRoute", |xml| write_route(xml, route, "active")),
    }
}

fn write_header(xml: &mut Xml, header: &Header) {
    xml.texts("destinationAddressSet", [header.destination]);
    xml.list("destinationPortRangeSet", [header.port], |xml, port| write_range(xml, port, port));
    xml.text("protocol", number(header));
    xml.texts("sourceAddressSet", [header.source]);
    xml.list("sourcePortRangeSet", [&header.source_ports], |xml, range| write_range(xml, range.start(), range.end()));
}

/// A protocol's number, as headers have it.
fn number(header: &Header) -> u8 {
    match header.protocol {
        vpc_model::Transport::Tcp => 6,
        vpc_model::Transport::Udp => 17,
    }
}

fn write_range(xml: &mut Xml, from: impl Display, to: impl Display) {
    xml.text("from", from);
    xml.text("to", to);
}

fn write_ports(xml: &mut Xml, range: Option<PortRange>) {
    if let Some(PortRange { from, to }) = range.filter(|range| range.from >= 0) {
        xml.element("portRange", |xml| write_range(xml, from, to));
    }
}

fn write_acl_rule(xml: &mut Xml, entry: &NetworkAclEntry) {
    xml.text("cidr", entry.block);
    xml.text("egress", entry.egress);
    write_ports(xml, entry.ports);
    xml.text("protocol", entry.protocol.map_or_else(|| "all".to_owned(), |number| number.to_string()));
    xml.text("ruleAction", if entry.allow { "allow" } else { "deny" });
    xml.text("ruleNumber", entry.number);
}

fn write_group_rule(xml: &mut Xml, rule: &SecurityGroupRule, group: &str) {
    match &rule.peer {
        RulePeer::Ipv4(block) => xml.text("cidr", block),
        RulePeer::Ipv6(block) => xml.text("cidr", block),
        RulePeer::Group(_) | RulePeer::PeerGroup(_) | RulePeer::PrefixList(_) => {}
    }
    xml.text("direction", direction(rule.direction));
    // Where the peer is a group, EC2 names that one.
    match &rule.peer {
        RulePeer::Group(peer) => xml.text("securityGroupId", peer),
        RulePeer::PeerGroup(peer) => xml.text("securityGroupId", &peer.id),
        _ => xml.text("securityGroupId", group),
    }
    write_ports(xml, rule.ports);
    if let RulePeer::PrefixList(list) = &rule.peer {
        xml.text("prefixListId", list);
    }
    let protocol = rule.protocol.to_string();
    xml.text("protocol", if protocol == "-1" { "all" } else { &protocol });
}

fn write_route(xml: &mut Xml, route: &Route, state: &'static str) {
    match &route.destination {
        vpc_model::Destination::Block(block) => xml.text("destinationCidr", block),
        vpc_model::Destination::PrefixList(list) => xml.text("destinationPrefixListId", list),
    }
    let name = match &route.target {
        RouteTarget::EgressOnlyGateway(_) => "egressOnlyInternetGatewayId",
        RouteTarget::NatGateway(_) => "natGatewayId",
        RouteTarget::NetworkInterface(_) => "networkInterfaceId",
        RouteTarget::TransitGateway(_) => "transitGatewayId",
        RouteTarget::Peering(_) => "vpcPeeringConnectionId",
        RouteTarget::CarrierGateway(_) => "carrierGatewayId",
        RouteTarget::Local
        | RouteTarget::InternetGateway(_)
        | RouteTarget::VpcEndpoint(_)
        | RouteTarget::VpnGateway(_) => "gatewayId",
    };
    xml.text(name, &route.target);
    xml.text(
        "origin",
        match route.origin {
            RouteOrigin::CreateRouteTable => "createroutetable",
            RouteOrigin::CreateRoute => "createroute",
            RouteOrigin::Propagation => "enablevgwroutepropagation",
        },
    );
    xml.text("state", state);
}

/// The inside of an explanation.
pub(super) fn write_obstacle(xml: &mut Xml, model: &Model, obstacle: &Obstacle) {
    match obstacle {
        Obstacle::Groups { interface, groups, direction: which } => {
            component(xml, model, "component", interface);
            xml.text("direction", direction(*which));
            xml.text("explanationCode", "ENI_SG_RULES_MISMATCH");
            component(xml, model, "networkInterface", interface);
            xml.list("securityGroupSet", groups, |xml, group| write_component(xml, model, group.as_str()));
        }
        Obstacle::Acl { acl, subnet, egress } => {
            component(xml, model, "acl", acl);
            component(xml, model, "component", acl);
            xml.text("direction", if *egress { "egress" } else { "ingress" });
            xml.text("explanationCode", "SUBNET_ACL_RESTRICTION");
            component(xml, model, "subnet", subnet);
        }
        Obstacle::NoRoute { table, vpc, address } => {
            xml.texts("addressSet", [address]);
            component(xml, model, "component", table);
            xml.text("explanationCode", "NO_ROUTE_TO_DESTINATION");
            component(xml, model, "routeTable", table);
            component(xml, model, "vpc", vpc);
        }
        Obstacle::Blackhole { table, route } => {
            component(xml, model, "component", table);
            xml.text("explanationCode", "BAD_STATE_ROUTE");
            xml.element("routeTableRoute", |xml| write_route(xml, route, "blackhole"));
            component(xml, model, "routeTable", table);
            xml.text("state", "blackhole");
        }
        Obstacle::State { component: id, state } => {
            component(xml, model, "component", id);
            xml.text("explanationCode", "BAD_STATE");
            xml.text("state", state);
        }
        Obstacle::NoPublicAddress { interface, gateway, egress } => {
            let way = if *egress { "EGRESS" } else { "INGRESS" };
            component(xml, model, "component", gateway);
            xml.text("explanationCode", format!("IGW_PRIVATE_IP_ASSOCIATION_FOR_{way}"));
            component(xml, model, "internetGateway", gateway);
            component(xml, model, "networkInterface", interface);
        }
        Obstacle::PublicAccess { gateway, subnet } => {
            component(xml, model, "component", gateway);
            xml.text("explanationCode", "VPC_BLOCK_PUBLIC_ACCESS_ENABLED");
            component(xml, model, "internetGateway", gateway);
            component(xml, model, "subnet", subnet);
        }
        Obstacle::Astray { component: id } => {
            component(xml, model, "component", id);
            xml.text("explanationCode", "NO_POSSIBLE_DESTINATION");
        }
    }
}
