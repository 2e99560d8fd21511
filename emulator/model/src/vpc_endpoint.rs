//! VPC endpoints: ways from a VPC to services that do not pass the internet.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html>.

mod change;
mod create;
mod dns;
mod error;
mod payer;
mod place;
mod route;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;

pub use self::change::EndpointChange;
pub use self::create::NewVpcEndpoint;
pub use self::dns::{DnsEntry, EndpointNames};
pub use self::error::VpcEndpointError;
pub use self::payer::{ChargeScope, Payer};
use crate::{
    Context, EndpointServiceId, EndpointType, IpAddressType, LifeSpan, Model, NetworkInterfaceId, Phase,
    SecurityGroupId, SubnetId, Tags, VpcEndpointId, VpcId, life_span,
};

/// A VPC endpoint.
#[derive(Debug, Clone)]
pub struct VpcEndpoint {
    /// Its id.
    pub id: VpcEndpointId,
    /// Its VPC.
    pub vpc_id: VpcId,
    /// How it leads to the service.
    pub kind: EndpointType,
    /// The service.
    pub service_id: EndpointServiceId,
    /// The service's name.
    pub service_name: String,
    /// The caller's policy; without one everything is allowed.
    pub policy: Option<String>,
    /// Its ENIs by their subnets; a gateway endpoint has routes instead.
    pub interfaces: Vec<(SubnetId, NetworkInterfaceId)>,
    /// Its ENIs' security groups; of an interface endpoint.
    pub groups: Vec<SecurityGroupId>,
    /// Which addresses its ENIs have.
    pub ip_address_type: IpAddressType,
    /// Its DNS options.
    pub dns_options: DnsOptions,
    /// Whether the service's public names lead to it inside the VPC.
    pub private_dns: bool,
    /// What its DNS names are made of.
    pub names: EndpointNames,
    /// Whether the service's owner wants it.
    pub acceptance: Acceptance,
    /// Who pays for it, where that was said.
    pub payers: BTreeMap<ChargeScope, Payer>,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
    pub(crate) span: LifeSpan,
}

/// Whether a service's owner wants an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// The owner has not said yet.
    Awaited,
    /// It is wanted.
    Given,
    /// It is not.
    Refused,
}

/// DNS options of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DnsOptions {
    /// Which records its names have.
    pub record_ip_type: DnsRecordIpType,
    /// Whether only queries from outside the VPC lead to it, and those from inside to the gateway endpoint.
    pub only_for_inbound_resolver: bool,
}

/// Which records an endpoint's names have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsRecordIpType {
    /// A records.
    Ipv4,
    /// Both.
    Dualstack,
    /// AAAA records.
    Ipv6,
    /// Those that the service says.
    ServiceDefined,
}

impl fmt::Display for DnsRecordIpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "ipv4",
            Self::Dualstack => "dualstack",
            Self::Ipv6 => "ipv6",
            Self::ServiceDefined => "service-defined",
        })
    }
}

/// A subnet for an endpoint, and the addresses it shall have there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointPlace {
    /// The subnet.
    pub subnet_id: SubnetId,
    /// Its IPv4 address; a free one unless said.
    pub ipv4: Option<Ipv4Addr>,
    /// Its IPv6 address; a free one unless said.
    pub ipv6: Option<Ipv6Addr>,
}

impl EndpointPlace {
    /// A subnet and nothing else said.
    pub fn in_subnet(subnet_id: SubnetId) -> Self {
        Self { subnet_id, ipv4: None, ipv6: None }
    }
}

impl VpcEndpoint {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match (self.span.phase(), self.acceptance) {
            (Phase::Pending | Phase::Available, Acceptance::Awaited) => "pendingAcceptance",
            (Phase::Pending | Phase::Available, Acceptance::Refused) => "rejected",
            (phase, _) => phase.as_str(),
        }
    }

    /// Whether it is neither ending nor gone.
    pub fn is_alive(&self) -> bool {
        self.span.phase().is_alive()
    }

    /// Whether packets pass it.
    pub fn is_working(&self) -> bool {
        self.is_alive() && self.acceptance == Acceptance::Given
    }

    /// Whether it is gone and merely still shown.
    pub fn is_deleted(&self) -> bool {
        self.span.phase() == Phase::Deleted
    }
}

impl Model {
    /// Begins to take an endpoint away; routes to a gateway endpoint go at once.
    pub fn delete_vpc_endpoint(&mut self, cx: &mut Context, id: &VpcEndpointId) -> Result<(), VpcEndpointError> {
        let endpoint = self.vpc_endpoints.get(id).filter(|endpoint| !endpoint.is_deleted());
        let endpoint = endpoint.ok_or_else(|| VpcEndpointError::NotFound(id.clone()))?;
        if !endpoint.is_alive() {
            return Ok(());
        }
        let tables = self.tables_with_endpoint(id);
        if endpoint.kind != EndpointType::Gateway && !tables.is_empty() {
            return Err(VpcEndpointError::HasRoutes(id.clone()));
        }
        for table in tables {
            self.remove_endpoint_route(&table, id);
        }
        let endpoint = self.vpc_endpoints.get_mut(id).expect("it was just found");
        endpoint.span.end(cx.now);
        self.touch();
        Ok(())
    }

    /// Whether an endpoint's VPC cannot go yet.
    pub(crate) fn has_endpoints(&self, vpc_id: &VpcId) -> bool {
        self.vpc_endpoints.values().any(|endpoint| endpoint.vpc_id == *vpc_id && !endpoint.is_deleted())
    }

    /// Whether an endpoint has a group, even one that has no ENIs yet.
    pub(crate) fn has_endpoint_with_group(&self, group: &SecurityGroupId) -> bool {
        self.vpc_endpoints.values().any(|endpoint| !endpoint.is_deleted() && endpoint.groups.contains(group))
    }

    /// Completes what was begun on endpoints; ENIs go with theirs. Whether anything was.
    pub(crate) fn advance_vpc_endpoints(&mut self, now: Timestamp) -> bool {
        let delay = self.delays.vpc_endpoint;
        let mut ended = Vec::new();
        let spans: life_span::Spans<'_, _, _> = (&mut self.vpc_endpoints, |endpoint| &mut endpoint.span);
        let moved = life_span::advance_to_end(spans, delay, now, |endpoint| ended.append(&mut endpoint.interfaces));
        if moved {
            for (_, interface) in ended {
                self.remove_interface(&interface);
            }
            self.drop_notifications_of_gone_endpoints();
        }
        moved
    }

    /// When something that was begun on an endpoint is complete.
    pub(crate) fn vpc_endpoints_due(&self) -> Option<Timestamp> {
        let spans = self.vpc_endpoints.values().map(|endpoint| &endpoint.span);
        life_span::first_due(spans, self.delays.vpc_endpoint)
    }

    /// Makes a change of several steps, all of them or none.
    fn all_or_none<T>(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<T, VpcEndpointError>,
    ) -> Result<T, VpcEndpointError> {
        let before = self.clone();
        let result = change(self);
        if result.is_err() {
            *self = before;
        }
        result
    }
}
