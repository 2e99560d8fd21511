//! What of AWS's limits and delays can be set, by the names that the configuration and the journal use.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use vpc_model::{Delays, Model, Quotas};

/// Gives one field of a value.
type Field<T, V> = fn(&mut T) -> &mut V;

/// The quotas that can be set.
const QUOTAS: &[(&str, Field<Quotas, usize>)] = &[
    ("groupsPerInterface", |quotas| &mut quotas.groups_per_interface),
    ("rulesPerGroup", |quotas| &mut quotas.rules_per_group),
    ("elasticIps", |quotas| &mut quotas.elastic_ips),
    ("vpcs", |quotas| &mut quotas.vpcs),
    ("ipv4BlocksPerVpc", |quotas| &mut quotas.ipv4_blocks_per_vpc),
    ("ipv6BlocksPerVpc", |quotas| &mut quotas.ipv6_blocks_per_vpc),
    ("subnetsPerVpc", |quotas| &mut quotas.subnets_per_vpc),
    ("networkInterfaces", |quotas| &mut quotas.network_interfaces),
    ("securityGroups", |quotas| &mut quotas.security_groups),
    ("routeTablesPerVpc", |quotas| &mut quotas.route_tables_per_vpc),
    ("routesPerTable", |quotas| &mut quotas.routes_per_table),
    ("transitGateways", |quotas| &mut quotas.transit_gateways),
    ("transitGatewayAttachments", |quotas| &mut quotas.transit_gateway_attachments),
    ("transitGatewayPeerings", |quotas| &mut quotas.transit_gateway_peerings),
    ("connectPeersPerAttachment", |quotas| &mut quotas.connect_peers_per_attachment),
    ("transitGatewaysPerVpc", |quotas| &mut quotas.transit_gateways_per_vpc),
    ("transitGatewayRoutes", |quotas| &mut quotas.transit_gateway_routes),
    ("transitGatewayRouteTables", |quotas| &mut quotas.transit_gateway_route_tables),
    ("natGatewaysPerZone", |quotas| &mut quotas.nat_gateways_per_zone),
    ("elasticIpsPerNatGateway", |quotas| &mut quotas.elastic_ips_per_nat_gateway),
    ("peeringsPerVpc", |quotas| &mut quotas.peerings_per_vpc),
    ("openPeeringRequests", |quotas| &mut quotas.open_peering_requests),
    ("gatewayEndpoints", |quotas| &mut quotas.gateway_endpoints),
    ("interfaceEndpointsPerVpc", |quotas| &mut quotas.interface_endpoints_per_vpc),
    ("vpnGateways", |quotas| &mut quotas.vpn_gateways),
    ("customerGateways", |quotas| &mut quotas.customer_gateways),
    ("onDemandVcpus", |quotas| &mut quotas.on_demand_vcpus),
    ("spotVcpus", |quotas| &mut quotas.spot_vcpus),
    ("launchTemplates", |quotas| &mut quotas.launch_templates),
    ("launchTemplateVersions", |quotas| &mut quotas.launch_template_versions),
    ("vpnConnections", |quotas| &mut quotas.vpn_connections),
    ("vpnConnectionsPerGateway", |quotas| &mut quotas.vpn_connections_per_gateway),
];

/// The delays of the model that can be set.
const DELAYS: &[(&str, Field<Delays, SignedDuration>)] = &[
    ("natGateway", |delays| &mut delays.nat_gateway),
    ("vpcEndpoint", |delays| &mut delays.vpc_endpoint),
    ("transitGateway", |delays| &mut delays.transit_gateway),
    ("vpn", |delays| &mut delays.vpn),
    ("other", |delays| &mut delays.other),
];

/// The delays of what the kernel completes where there is one.
const TRANSITIONS: &[(&str, Field<Transitions, SignedDuration>)] =
    &[("instance", |transitions| &mut transitions.instance), ("attachment", |transitions| &mut transitions.attachment)];

/// How long instances and attachments take without a fabric; with one, the kernel decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transitions {
    /// Starting, stopping and terminating an instance.
    pub instance: SignedDuration,
    /// Attaching and detaching an ENI.
    pub attachment: SignedDuration,
}

impl Transitions {
    /// Whether everything completes at once.
    pub(crate) fn is_immediate(&self) -> bool {
        *self == Self::default()
    }
}

/// The limits in force in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Limits {
    pub(crate) quotas: Quotas,
    pub(crate) delays: Delays,
    pub(crate) strict_images: bool,
}

impl Limits {
    /// Those of a model.
    pub(crate) fn of(model: &Model) -> Self {
        Self { quotas: model.quotas(), delays: model.delays(), strict_images: model.has_strict_images() }
    }

    /// Puts them in force.
    pub(crate) fn apply(&self, model: &mut Model) {
        model.set_quotas(self.quotas);
        model.set_delays(self.delays);
        if self.strict_images != model.has_strict_images() {
            model.set_strict_images(self.strict_images);
        }
    }

    /// All by name.
    pub(crate) fn named(mut self) -> (BTreeMap<String, usize>, BTreeMap<String, SignedDuration>) {
        let quotas = QUOTAS.iter().map(|(name, field)| ((*name).to_owned(), *field(&mut self.quotas))).collect();
        let delays = DELAYS.iter().map(|(name, field)| ((*name).to_owned(), *field(&mut self.delays))).collect();
        (quotas, delays)
    }

    /// The default ones, but for those named. Names of another release are passed over.
    pub(crate) fn from_named(
        quotas: &BTreeMap<String, usize>,
        delays: &BTreeMap<String, SignedDuration>,
        strict_images: bool,
    ) -> Self {
        let mut limits = Self { strict_images, ..Self::default() };
        for (name, value) in quotas {
            set_quota(&mut limits.quotas, name, *value);
        }
        for (name, value) in delays {
            set_delay(&mut limits.delays, &mut Transitions::default(), name, *value);
        }
        limits
    }
}

/// Sets a quota; whether there is one of that name.
pub(crate) fn set_quota(quotas: &mut Quotas, name: &str, value: usize) -> bool {
    let field = QUOTAS.iter().find(|(known, _)| *known == name);
    field.map(|(_, field)| *field(quotas) = value).is_some()
}

/// Sets a delay; whether there is one of that name.
pub(crate) fn set_delay(delays: &mut Delays, more: &mut Transitions, name: &str, value: SignedDuration) -> bool {
    if let Some((_, field)) = DELAYS.iter().find(|(known, _)| *known == name) {
        *field(delays) = value;
        return true;
    }
    let field = TRANSITIONS.iter().find(|(known, _)| *known == name);
    field.map(|(_, field)| *field(more) = value).is_some()
}

/// The names of all quotas.
pub(crate) fn quota_names() -> String {
    QUOTAS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// The names of all delays.
pub(crate) fn delay_names() -> String {
    let names = DELAYS.iter().map(|(name, _)| *name).chain(TRANSITIONS.iter().map(|(name, _)| *name));
    names.collect::<Vec<_>>().join(", ")
}
