//! Making endpoints.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html>.

use std::collections::BTreeMap;

use super::place::check_ip_type;
use super::{Acceptance, DnsOptions, DnsRecordIpType, EndpointNames, EndpointPlace, VpcEndpoint, VpcEndpointError};
use crate::{
    Context, EndpointType, IpAddressType, LifeSpan, Model, RouteTableId, SecurityGroupId, ServiceDetail, SubnetId,
    Tags, VpcEndpointId, VpcId,
};

/// What CreateVpcEndpoint asks for.
#[derive(Debug, Clone)]
pub struct NewVpcEndpoint {
    /// Its VPC.
    pub vpc_id: VpcId,
    /// The service's name.
    pub service_name: String,
    /// How it leads to the service.
    pub kind: EndpointType,
    /// A policy of the caller's.
    pub policy: Option<String>,
    /// The route tables that shall lead to it.
    pub route_tables: Vec<RouteTableId>,
    /// The subnets that it shall be in.
    pub places: Vec<EndpointPlace>,
    /// Its security groups; the VPC's default one if there are none.
    pub groups: Vec<SecurityGroupId>,
    /// Which addresses it has.
    pub ip_address_type: Option<IpAddressType>,
    /// Which records its names have.
    pub record_ip_type: Option<DnsRecordIpType>,
    /// Whether only queries from outside the VPC lead to it.
    pub only_for_inbound_resolver: Option<bool>,
    /// Whether the service's public names lead to it.
    pub private_dns: Option<bool>,
    /// Its tags.
    pub tags: Tags,
}

impl Model {
    /// Makes an endpoint.
    pub fn create_vpc_endpoint(
        &mut self,
        cx: &mut Context,
        new: NewVpcEndpoint,
    ) -> Result<VpcEndpointId, VpcEndpointError> {
        if !self.vpcs.contains_key(&new.vpc_id) {
            return Err(VpcEndpointError::VpcNotFound(new.vpc_id));
        }
        let service = self.service_for(&new.service_name, new.kind)?;
        check_parts(&new)?;
        self.check_endpoint_quota(&new)?;
        if new.policy.is_some() && !service.has_policies {
            return Err(VpcEndpointError::NoPolicies(service.name));
        }
        self.all_or_none(|model| model.insert_vpc_endpoint(cx, new, &service))
    }

    /// The service of a name, for endpoints of a type.
    fn service_for(&self, name: &str, kind: EndpointType) -> Result<ServiceDetail, VpcEndpointError> {
        let mut named: Vec<ServiceDetail> =
            self.endpoint_services().into_iter().filter(|service| service.name == name).collect();
        if named.is_empty() {
            return Err(VpcEndpointError::ServiceNotFound(name.to_owned()));
        }
        let available = named.iter().map(|service| service.kind).collect();
        let at = named.iter().position(|service| service.kind == kind);
        at.map(|at| named.swap_remove(at)).ok_or(VpcEndpointError::Type { wanted: kind, available })
    }

    /// Gateway endpoints count by region, the others by VPC.
    fn check_endpoint_quota(&self, new: &NewVpcEndpoint) -> Result<(), VpcEndpointError> {
        let is_gateway = new.kind == EndpointType::Gateway;
        let quotas = self.quotas;
        let limit = if is_gateway { quotas.gateway_endpoints } else { quotas.interface_endpoints_per_vpc };
        let counts = |endpoint: &&VpcEndpoint| {
            let is_one = (endpoint.kind == EndpointType::Gateway) == is_gateway;
            is_one && (is_gateway || endpoint.vpc_id == new.vpc_id) && !endpoint.is_deleted()
        };
        let count = self.vpc_endpoints.values().filter(counts).count();
        if count >= limit { Err(VpcEndpointError::TooMany(limit)) } else { Ok(()) }
    }

    fn insert_vpc_endpoint(
        &mut self,
        cx: &mut Context,
        new: NewVpcEndpoint,
        service: &ServiceDetail,
    ) -> Result<VpcEndpointId, VpcEndpointError> {
        let ip_address_type = new.ip_address_type.unwrap_or(IpAddressType::Ipv4);
        check_ip_type(service, ip_address_type)?;
        let is_interface = new.kind == EndpointType::Interface;
        let groups = if is_interface { self.groups_in(&new.vpc_id, &new.groups)? } else { Vec::new() };
        let default_type = if is_interface { ip_address_type.into() } else { DnsRecordIpType::ServiceDefined };
        let record_ip_type = new.record_ip_type.unwrap_or(default_type);
        check_record_type(ip_address_type, record_ip_type)?;
        let acceptance = if service.acceptance_required { Acceptance::Awaited } else { Acceptance::Given };
        let mut endpoint = VpcEndpoint {
            id: cx.ids.next(),
            vpc_id: new.vpc_id,
            kind: new.kind,
            service_id: service.id.clone(),
            service_name: service.name.clone(),
            policy: new.policy,
            interfaces: Vec::new(),
            groups,
            ip_address_type,
            dns_options: DnsOptions { record_ip_type, only_for_inbound_resolver: false },
            private_dns: false,
            names: EndpointNames::new(cx.ids, service),
            acceptance,
            payers: BTreeMap::new(),
            created: cx.now,
            tags: new.tags,
            span: begin(cx, new.kind, acceptance),
        };
        endpoint.private_dns = new.private_dns.unwrap_or_else(|| is_private_by_default(&endpoint, service));
        if endpoint.private_dns {
            let only_inbound = new.only_for_inbound_resolver.unwrap_or(is_s3(service));
            endpoint.dns_options.only_for_inbound_resolver = only_inbound;
            self.check_private_dns(&endpoint, service)?;
        }
        for table in &new.route_tables {
            self.add_endpoint_route(&endpoint, table)?;
        }
        let subnets: Vec<SubnetId> = new.places.iter().map(|place| place.subnet_id.clone()).collect();
        self.check_places(&endpoint, service, &subnets)?;
        for place in &new.places {
            let interface = self.create_endpoint_interface(cx, &endpoint, place)?;
            endpoint.interfaces.push((place.subnet_id.clone(), interface));
        }
        let id = endpoint.id.clone();
        self.vpc_endpoints.insert(id.clone(), endpoint);
        self.touch();
        Ok(id)
    }
}

/// A gateway endpoint is there at once; one that has to be accepted first stays as it is.
fn begin(cx: &Context, kind: EndpointType, acceptance: Acceptance) -> LifeSpan {
    if kind == EndpointType::Gateway || acceptance != Acceptance::Given {
        LifeSpan::there_since(cx.now)
    } else {
        LifeSpan::begin(cx.now)
    }
}

/// Whether a service's public names lead to an endpoint when nobody says. With S3 that takes a gateway endpoint
/// as well, and for what has to be accepted first it is too early.
fn is_private_by_default(endpoint: &VpcEndpoint, service: &ServiceDetail) -> bool {
    endpoint.kind == EndpointType::Interface
        && endpoint.acceptance == Acceptance::Given
        && service.verification == Some("verified")
        && !is_s3(service)
}

fn is_s3(service: &ServiceDetail) -> bool {
    service.name.ends_with(".s3")
}

/// Checks that an endpoint has what endpoints of its type can have.
fn check_parts(new: &NewVpcEndpoint) -> Result<(), VpcEndpointError> {
    let kind = new.kind;
    let refuse = |what| Err(VpcEndpointError::NotForType { what, kind });
    if !new.route_tables.is_empty() && kind != EndpointType::Gateway {
        return refuse("Route table IDs");
    }
    if !new.places.is_empty() && kind == EndpointType::Gateway {
        return refuse("Subnet IDs");
    }
    if !new.groups.is_empty() && kind != EndpointType::Interface {
        return refuse("Security group IDs");
    }
    if new.private_dns == Some(true) && kind != EndpointType::Interface {
        return refuse("Private DNS names");
    }
    Ok(())
}

impl From<IpAddressType> for DnsRecordIpType {
    fn from(ip: IpAddressType) -> Self {
        match ip {
            IpAddressType::Ipv4 => Self::Ipv4,
            IpAddressType::Dualstack => Self::Dualstack,
            IpAddressType::Ipv6 => Self::Ipv6,
        }
    }
}

/// Checks that there are addresses for the records.
pub(super) fn check_record_type(ip: IpAddressType, records: DnsRecordIpType) -> Result<(), VpcEndpointError> {
    let fits = match records {
        DnsRecordIpType::Ipv4 => ip.has_ipv4(),
        DnsRecordIpType::Ipv6 => ip.has_ipv6(),
        DnsRecordIpType::Dualstack => ip == IpAddressType::Dualstack,
        DnsRecordIpType::ServiceDefined => true,
    };
    if fits { Ok(()) } else { Err(VpcEndpointError::RecordType(ip)) }
}
