//! Which resources have tags, and how they are found by their ids.

use std::str::FromStr;

use super::Tags;
use crate::{Model, SecurityGroupRule, SecurityGroupRuleId};

/// A resource with tags.
#[derive(Debug, Clone, Copy)]
pub struct Tagged<'a> {
    /// Its kind, as DescribeTags names it.
    pub kind: &'static str,
    /// Its tags.
    pub tags: &'a Tags,
}

macro_rules! resources {
    ($($kind:literal $field:ident;)*) => {
        impl Model {
            /// The resource of an id, if there is one and its kind has tags.
            pub fn tagged_resource(&self, id: &str) -> Option<Tagged<'_>> {
                $(if let Some(found) = FromStr::from_str(id).ok().and_then(|id| self.$field.get(&id)) {
                    return Some(Tagged { kind: $kind, tags: &found.tags });
                })*
                self.security_group_rule(&id.parse().ok()?).map(|(_, rule)| rule_with_tags(rule))
            }

            /// The same, to be changed.
            pub(crate) fn tags_mut(&mut self, id: &str) -> Option<&mut Tags> {
                $(if let Ok(id) = FromStr::from_str(id) && self.$field.contains_key(&id) {
                    return self.$field.get_mut(&id).map(|found| &mut found.tags);
                })*
                self.rule_tags_mut(id)
            }

            /// Every resource that can have tags, by its id.
            pub fn tagged_resources(&self) -> impl Iterator<Item = (&str, Tagged<'_>)> {
                let all = std::iter::empty();
                $(let all = all.chain(self.$field.iter().map(|(id, found)| {
                    (id.as_str(), Tagged { kind: $kind, tags: &found.tags })
                }));)*
                all.chain(self.rules_with_tags())
            }
        }
    };
}

resources! {
    "capacity-reservation" capacity_reservations;
    "carrier-gateway" carrier_gateways;
    "customer-gateway" customer_gateways;
    "dhcp-options" dhcp_options;
    "egress-only-internet-gateway" egress_only_gateways;
    "elastic-ip" elastic_ips;
    "fleet" fleets;
    "image" own_images;
    "instance" instances;
    "internet-gateway" internet_gateways;
    "key-pair" key_pairs;
    "launch-template" launch_templates;
    "natgateway" nat_gateways;
    "network-acl" network_acls;
    "network-insights-analysis" insights_analyses;
    "network-insights-path" insights_paths;
    "network-interface" network_interfaces;
    "placement-group" placement_groups;
    "prefix-list" prefix_lists;
    "route-table" route_tables;
    "security-group" security_groups;
    "spot-instances-request" spot_requests;
    "subnet" subnets;
    "subnet-cidr-reservation" subnet_cidr_reservations;
    "transit-gateway" transit_gateways;
    "transit-gateway-attachment" transit_gateway_attachments;
    "transit-gateway-connect-peer" transit_gateway_connect_peers;
    "transit-gateway-route-table" transit_gateway_route_tables;
    "volume" volumes;
    "vpc" vpcs;
    "vpc-block-public-access-exclusion" access_exclusions;
    "vpc-endpoint" vpc_endpoints;
    "vpc-endpoint-service" offered_services;
    "vpc-flow-log" flow_logs;
    "vpn-connection" vpn_connections;
    "vpn-gateway" vpn_gateways;
    "vpc-peering-connection" peerings;
}

impl Model {
    fn rules_with_tags(&self) -> impl Iterator<Item = (&str, Tagged<'_>)> {
        let rules = self.security_groups.values().flat_map(|group| &group.rules);
        rules.map(|rule| (rule.id.as_str(), rule_with_tags(rule)))
    }

    /// The tags of the resource of an id.
    pub fn tags_of(&self, id: &str) -> Option<&Tags> {
        self.tagged_resource(id).map(|found| found.tags)
    }

    fn rule_tags_mut(&mut self, id: &str) -> Option<&mut Tags> {
        let id: SecurityGroupRuleId = id.parse().ok()?;
        let group = self.security_groups.get_mut(self.index.group_by_rule.get(&id)?)?;
        group.rules.iter_mut().find(|rule| rule.id == id).map(|rule| &mut rule.tags)
    }
}

fn rule_with_tags(rule: &SecurityGroupRule) -> Tagged<'_> {
    Tagged { kind: "security-group-rule", tags: &rule.tags }
}
