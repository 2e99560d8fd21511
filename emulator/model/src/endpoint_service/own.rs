//! Services that the account offers to others, or to itself.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html>.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{AllowedPrincipal, EndpointServiceError, EndpointType, IpFamily, ServiceDetail};
use crate::{Acceptance, Context, EndpointServiceId, Ids, Model, Region, Tags};

/// A service that the account offers.
#[derive(Debug, Clone)]
pub struct EndpointService {
    /// Its id.
    pub id: EndpointServiceId,
    /// The ARNs of its load balancers, all of one kind.
    pub load_balancers: Vec<String>,
    /// Whether each endpoint has to be accepted.
    pub acceptance_required: bool,
    /// The name it has in VPCs whose endpoints have private DNS.
    pub private_name: Option<PrivateName>,
    /// The versions of IP it speaks.
    pub ip_families: BTreeSet<IpFamily>,
    /// The regions it is offered in.
    pub regions: BTreeSet<String>,
    /// Whom it is offered to.
    pub allowed: Vec<AllowedPrincipal>,
    /// Whether the account pays for all endpoints.
    pub owner_pays: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
}

/// A private name, and how it is shown that it is the account's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateName {
    /// The name.
    pub name: String,
    /// Whether it was shown that it is the account's.
    pub is_verified: bool,
    /// The TXT record that would show it.
    pub record: String,
    /// What the record has to say.
    pub value: String,
}

impl PrivateName {
    /// A name that nothing is known of.
    pub(super) fn new(ids: &mut Ids, name: String) -> Self {
        let (record, value) = (ids.number(), ids.number());
        Self { name, is_verified: false, record: format!("_{record:016x}"), value: format!("vpce:{value:016x}") }
    }

    /// How far that is, as EC2 writes it.
    pub fn state(&self) -> &'static str {
        if self.is_verified { "verified" } else { "pendingVerification" }
    }
}

impl EndpointService {
    /// How VPCs get to it, which its load balancers say.
    pub fn kind(&self) -> EndpointType {
        let is_gateway = self.load_balancers.first().is_some_and(|arn| arn.contains(":loadbalancer/gwy/"));
        if is_gateway { EndpointType::GatewayLoadBalancer } else { EndpointType::Interface }
    }

    /// Its name in a region.
    pub fn name(&self, region: &Region) -> String {
        format!("com.amazonaws.vpce.{region}.{}", self.id)
    }

    /// What the names of its endpoints end in.
    pub fn base_names(&self, region: &Region) -> Vec<String> {
        match self.kind() {
            EndpointType::Interface => vec![format!("{}.{region}.vpce.amazonaws.com", self.id)],
            EndpointType::Gateway | EndpointType::GatewayLoadBalancer => Vec::new(),
        }
    }
}

/// What CreateVpcEndpointServiceConfiguration asks for.
#[derive(Debug, Clone)]
pub struct NewEndpointService {
    /// The ARNs of Network Load Balancers.
    pub network_load_balancers: Vec<String>,
    /// The ARNs of Gateway Load Balancers.
    pub gateway_load_balancers: Vec<String>,
    /// Whether each endpoint has to be accepted.
    pub acceptance_required: bool,
    /// The private name.
    pub private_name: Option<String>,
    /// The versions of IP; IPv4 alone unless said.
    pub ip_families: BTreeSet<IpFamily>,
    /// Further regions.
    pub regions: BTreeSet<String>,
    /// Its tags.
    pub tags: Tags,
}

/// What ModifyVpcEndpointServiceConfiguration asks for.
#[derive(Debug, Clone, Default)]
pub struct EndpointServiceChange {
    /// Another private name; `None` inside takes it away.
    pub private_name: Option<Option<String>>,
    /// Whether each endpoint has to be accepted.
    pub acceptance_required: Option<bool>,
    /// Load balancers to add, Network ones first.
    pub add_load_balancers: [Vec<String>; 2],
    /// Load balancers to remove.
    pub remove_load_balancers: Vec<String>,
    /// Versions of IP to add.
    pub add_ip_families: BTreeSet<IpFamily>,
    /// Versions of IP to remove.
    pub remove_ip_families: BTreeSet<IpFamily>,
    /// Regions to add.
    pub add_regions: BTreeSet<String>,
    /// Regions to remove.
    pub remove_regions: BTreeSet<String>,
}

impl Model {
    /// Makes a service.
    ///
    /// Deviation: there are no load balancers here, so their ARNs are only read, and the service is in all zones.
    pub fn create_endpoint_service(
        &mut self,
        cx: &mut Context,
        new: NewEndpointService,
    ) -> Result<EndpointServiceId, EndpointServiceError> {
        let load_balancers = match (new.network_load_balancers, new.gateway_load_balancers) {
            (network, gateway) if network.is_empty() == gateway.is_empty() => {
                return Err(EndpointServiceError::OneKindOfLoadBalancers);
            }
            (network, gateway) => {
                check_arns(&network, "net")?;
                check_arns(&gateway, "gwy")?;
                [network, gateway].concat()
            }
        };
        let mut service = EndpointService {
            id: cx.ids.next(),
            load_balancers,
            acceptance_required: new.acceptance_required,
            private_name: new.private_name.map(|name| PrivateName::new(cx.ids, name)),
            ip_families: new.ip_families,
            regions: new.regions,
            allowed: Vec::new(),
            owner_pays: false,
            created: cx.now,
            tags: new.tags,
        };
        check_private_name(&service)?;
        if service.ip_families.is_empty() {
            service.ip_families.insert(IpFamily::Ipv4);
        }
        service.regions.insert(self.region.0.clone());
        let id = service.id.clone();
        self.offered_services.insert(id.clone(), service);
        self.touch();
        Ok(id)
    }

    /// Changes a service.
    pub fn modify_endpoint_service(
        &mut self,
        cx: &mut Context,
        id: &EndpointServiceId,
        change: EndpointServiceChange,
    ) -> Result<(), EndpointServiceError> {
        let mut service = self.offered_service_of(id)?.clone();
        service.acceptance_required = change.acceptance_required.unwrap_or(service.acceptance_required);
        if let Some(name) = change.private_name {
            service.private_name = name.map(|name| PrivateName::new(cx.ids, name));
        }
        let path = if service.kind() == EndpointType::GatewayLoadBalancer { "gwy" } else { "net" };
        let added = change.add_load_balancers.concat();
        check_arns(&added, path)?;
        service.load_balancers.retain(|arn| !change.remove_load_balancers.contains(arn));
        service.load_balancers.extend(added);
        if service.load_balancers.is_empty() {
            return Err(EndpointServiceError::OneKindOfLoadBalancers);
        }
        service.ip_families.retain(|family| !change.remove_ip_families.contains(family));
        service.ip_families.extend(change.add_ip_families);
        if service.ip_families.is_empty() {
            return Err(EndpointServiceError::NoIpFamily);
        }
        service.regions.retain(|region| !change.remove_regions.contains(region));
        service.regions.extend(change.add_regions);
        check_private_name(&service)?;
        self.offered_services.insert(id.clone(), service);
        self.touch();
        Ok(())
    }

    /// Takes a service away that has no endpoints, with what belongs to it.
    pub fn delete_endpoint_service(&mut self, id: &EndpointServiceId) -> Result<(), EndpointServiceError> {
        self.offered_service_of(id)?;
        let mut endpoints = self.vpc_endpoints.values().filter(|endpoint| endpoint.service_id == *id);
        if endpoints.any(|endpoint| endpoint.is_alive() && endpoint.acceptance != Acceptance::Refused) {
            return Err(EndpointServiceError::HasConnections(id.clone()));
        }
        self.offered_services.remove(id);
        self.connection_notifications.retain(|_, notification| !notification.is_about_service(id));
        self.touch();
        Ok(())
    }

    /// Looks whether the private name is the account's.
    ///
    /// Deviation: no public DNS is asked; whoever lets it be looked for has the record.
    pub fn verify_private_name(&mut self, id: &EndpointServiceId) -> Result<(), EndpointServiceError> {
        let name = self.offered_service_mut(id)?.private_name.as_mut();
        name.ok_or_else(|| EndpointServiceError::NoPrivateName(id.clone()))?.is_verified = true;
        self.touch();
        Ok(())
    }

    /// Has the account pay for all endpoints to a service; there is no way back.
    pub fn pay_for_endpoints(&mut self, id: &EndpointServiceId) -> Result<(), EndpointServiceError> {
        self.offered_service_mut(id)?.owner_pays = true;
        self.touch();
        Ok(())
    }

    /// A service of the account's.
    pub(super) fn offered_service_of(&self, id: &EndpointServiceId) -> Result<&EndpointService, EndpointServiceError> {
        self.offered_services.get(id).ok_or_else(|| EndpointServiceError::NotFound(id.clone()))
    }

    /// The same, to be changed.
    pub(super) fn offered_service_mut(
        &mut self,
        id: &EndpointServiceId,
    ) -> Result<&mut EndpointService, EndpointServiceError> {
        self.offered_services.get_mut(id).ok_or_else(|| EndpointServiceError::NotFound(id.clone()))
    }

    /// A service as those see it who may want an endpoint to it.
    pub(super) fn detail_of(&self, service: &EndpointService) -> ServiceDetail {
        let private_name = service.private_name.as_ref();
        ServiceDetail {
            id: service.id.clone(),
            name: service.name(&self.region),
            kind: service.kind(),
            zones: self.zones(),
            owner: Some(self.account.clone()),
            base_names: service.base_names(&self.region),
            private_names: private_name.map(|private| private.name.clone()).into_iter().collect(),
            verification: private_name.map(PrivateName::state),
            has_policies: false,
            acceptance_required: service.acceptance_required,
            ip_families: service.ip_families.iter().copied().collect(),
            owner_pays: service.owner_pays,
            tags: service.tags.clone(),
        }
    }
}

/// Checks ARNs of load balancers of a kind, which is a part of them.
fn check_arns(arns: &[String], path: &str) -> Result<(), EndpointServiceError> {
    let is_one = |arn: &str| {
        let mut parts = arn.splitn(6, ':');
        let is_elb = parts.next() == Some("arn") && parts.nth(1) == Some("elasticloadbalancing");
        let resource = parts.nth(2).and_then(|resource| resource.strip_prefix("loadbalancer/"));
        let rest = resource.and_then(|resource| resource.strip_prefix(path)?.strip_prefix('/'));
        is_elb && rest.is_some_and(|rest| rest.split('/').filter(|part| !part.is_empty()).count() == 2)
    };
    let wrong = arns.iter().find(|arn| !is_one(arn));
    wrong.map_or(Ok(()), |arn| Err(EndpointServiceError::LoadBalancer(arn.clone())))
}

/// Appliances have no names.
fn check_private_name(service: &EndpointService) -> Result<(), EndpointServiceError> {
    if service.private_name.is_some() && service.kind() == EndpointType::GatewayLoadBalancer {
        return Err(EndpointServiceError::NameOfAppliances);
    }
    Ok(())
}
