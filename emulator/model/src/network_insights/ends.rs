//! What paths begin and end at, and the ARNs of what is on the way.

use crate::{
    AccountId, InstanceState, InternetGatewayId, Model, NetworkInterface, RouteTarget, VpcEndpoint, VpcEndpointId,
};

/// What ids are called in ARNs, by what they start with; the longer beginnings first.
const RESOURCES: &[(&str, &str, bool)] = &[
    ("acl-", "network-acl", false),
    ("eni-", "network-interface", true),
    ("i-", "instance", true),
    ("igw-", "internet-gateway", true),
    ("nat-", "natgateway", false),
    ("pcx-", "vpc-peering-connection", true),
    ("pl-", "prefix-list", false),
    ("rtb-", "route-table", false),
    ("sg-", "security-group", false),
    ("subnet-", "subnet", false),
    ("tgw-attach-", "transit-gateway-attachment", true),
    ("tgw-", "transit-gateway", true),
    ("vgw-", "vpn-gateway", true),
    ("vpce-svc-", "vpc-endpoint-service", true),
    ("vpce-", "vpc-endpoint", true),
    ("vpc-", "vpc", false),
];

fn resource(id: &str) -> Option<&'static (&'static str, &'static str, bool)> {
    RESOURCES.iter().find(|(prefix, ..)| id.starts_with(prefix))
}

/// Whether paths can begin or end at a resource of this id.
pub(super) fn is_end(id: &str) -> bool {
    resource(id).is_some_and(|(.., is_end)| *is_end)
}

/// An end of a path.
#[derive(Debug, Clone)]
pub(super) enum End<'a> {
    /// An ENI.
    Interface(&'a NetworkInterface),
    /// What routes lead to.
    Target(RouteTarget),
}

impl Model {
    /// The ARN of a resource of EC2's.
    pub fn arn_of(&self, id: &str) -> String {
        let account: &AccountId = &self.account;
        let kind = resource(id).map_or("resource", |(_, kind, _)| kind);
        format!("arn:aws:ec2:{}:{account}:{kind}/{id}", self.region)
    }

    /// The end of a path that an id means.
    ///
    /// Deviation: of gateways only internet gateways, peering connections and gateway endpoints are looked at.
    pub(super) fn end(&self, id: &str) -> Result<End<'_>, String> {
        let missing = || format!("The resource {id} does not exist");
        if let Ok(id) = id.parse() {
            let instance = self.instances.get(&id).filter(|instance| instance.state != InstanceState::Terminated);
            let instance = instance.ok_or_else(missing)?;
            return self.interfaces_of(&instance.id).next().map(End::Interface).ok_or_else(missing);
        }
        if let Ok(id) = id.parse() {
            return self.network_interfaces.get(&id).map(End::Interface).ok_or_else(missing);
        }
        if let Ok(id) = id.parse::<InternetGatewayId>() {
            let gateway = self.internet_gateways.get(&id).ok_or_else(missing)?;
            return Ok(End::Target(RouteTarget::InternetGateway(gateway.id.clone())));
        }
        if let Ok(id) = id.parse::<VpcEndpointId>() {
            let endpoint = self.vpc_endpoints.get(&id).filter(|endpoint| endpoint.is_alive()).ok_or_else(missing)?;
            return Ok(self.end_at(endpoint));
        }
        if let Ok(id) = id.parse() {
            return self.peerings.get(&id).map(|_| End::Target(RouteTarget::Peering(id))).ok_or_else(missing);
        }
        Err(format!("The resource {id} cannot be analyzed"))
    }

    fn end_at(&self, endpoint: &VpcEndpoint) -> End<'_> {
        let interface = endpoint.interfaces.first().and_then(|(_, id)| self.network_interfaces.get(id));
        interface.map_or_else(|| End::Target(RouteTarget::VpcEndpoint(endpoint.id.clone())), End::Interface)
    }
}
