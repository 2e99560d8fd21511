//! A VPC endpoint as replies show it.

use vpc_model::{AccountId, DnsEntry, EndpointType, Model, Region, RouteTableId, SecurityGroupId, VpcEndpoint};

use super::policy;
use crate::operations::Output;
use crate::xml::Xml;

/// A VPC endpoint as replies show it.
#[derive(Debug)]
pub(crate) struct EndpointItem {
    endpoint: VpcEndpoint,
    owner: AccountId,
    region: Region,
    tables: Vec<RouteTableId>,
    groups: Vec<(SecurityGroupId, String)>,
    dns_entries: Vec<DnsEntry>,
}

impl EndpointItem {
    /// What is shown of an endpoint.
    pub(super) fn of(endpoint: &VpcEndpoint, model: &Model) -> Self {
        let name = |id| model.security_group(id).map(|group| group.name.clone()).unwrap_or_default();
        Self {
            owner: model.account().clone(),
            region: model.region().clone(),
            tables: match endpoint.kind {
                EndpointType::Gateway => model.tables_with_endpoint(&endpoint.id),
                EndpointType::Interface | EndpointType::GatewayLoadBalancer => Vec::new(),
            },
            groups: endpoint.groups.iter().map(|id| (id.clone(), name(id))).collect(),
            dns_entries: model.dns_entries(endpoint),
            endpoint: endpoint.clone(),
        }
    }
}

impl Output for EndpointItem {
    fn write(&self, xml: &mut Xml) {
        let endpoint = &self.endpoint;
        xml.text("vpcEndpointId", &endpoint.id);
        xml.text("vpcEndpointType", endpoint.kind);
        xml.text("vpcId", &endpoint.vpc_id);
        xml.text("serviceName", &endpoint.service_name);
        xml.text("state", endpoint.state());
        if endpoint.kind != EndpointType::GatewayLoadBalancer {
            xml.text("policyDocument", policy::shown(endpoint));
        }
        xml.texts("routeTableIdSet", &self.tables);
        xml.texts("subnetIdSet", endpoint.interfaces.iter().map(|(subnet, _)| subnet));
        xml.list("groupSet", &self.groups, |xml, (id, name)| {
            xml.text("groupId", id);
            xml.text("groupName", name);
        });
        xml.text("ipAddressType", endpoint.ip_address_type);
        xml.element("dnsOptions", |xml| {
            xml.text("dnsRecordIpType", endpoint.dns_options.record_ip_type);
            if endpoint.kind == EndpointType::Interface && endpoint.private_dns {
                let only = endpoint.dns_options.only_for_inbound_resolver;
                xml.text("privateDnsOnlyForInboundResolverEndpoint", only);
            }
        });
        xml.text("privateDnsEnabled", endpoint.private_dns);
        xml.text("requesterManaged", false);
        xml.texts("networkInterfaceIdSet", endpoint.interfaces.iter().map(|(_, interface)| interface));
        xml.list("dnsEntrySet", &self.dns_entries, write_dns_entry);
        xml.timestamp("creationTimestamp", endpoint.created);
        xml.tags(&endpoint.tags);
        xml.text("ownerId", &self.owner);
        xml.text("serviceRegion", &self.region);
        write_payers(xml, endpoint);
    }
}

/// `<payerResponsibilitySet>`, where somebody said who pays.
pub(crate) fn write_payers(xml: &mut Xml, endpoint: &VpcEndpoint) {
    if !endpoint.payers.is_empty() {
        xml.list("payerResponsibilitySet", &endpoint.payers, |xml, (scope, payer)| {
            xml.text("scope", scope.as_str());
            xml.text("payerResponsibilityType", payer.as_str());
        });
    }
}

/// The inside of an item of `<dnsEntrySet>`.
pub(crate) fn write_dns_entry(xml: &mut Xml, entry: &DnsEntry) {
    xml.text("dnsName", &entry.name);
    xml.text("hostedZoneId", &entry.hosted_zone);
}
