//! NAT gateways: ways out of private subnets that nothing can come in by, with their ENIs and addresses.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>.

mod address;
mod error;

use std::net::Ipv4Addr;

use jiff::Timestamp;

pub use self::address::{NatAddress, NewNatAddresses};
pub use self::error::{NatFailure, NatGatewayError};
use crate::{
    AddressError, AllocationId, Context, InterfaceError, InterfaceType, LifeSpan, Model, NatGatewayId,
    NetworkInterfaceId, NewInterface, Phase, Subnet, SubnetId, Tags, VpcId, WantedAddresses, life_span,
};

/// How many private addresses a gateway can have, the primary one included.
const MAX_PRIVATE_ADDRESSES: usize = 8;

/// A NAT gateway.
#[derive(Debug, Clone)]
pub struct NatGateway {
    /// Its id.
    pub id: NatGatewayId,
    /// Its subnet's VPC.
    pub vpc_id: VpcId,
    /// Its subnet.
    pub subnet_id: SubnetId,
    /// Where it leads.
    pub connectivity: Connectivity,
    /// Its ENI, which goes when the gateway does; one that failed has none.
    pub network_interface_id: Option<NetworkInterfaceId>,
    /// Its addresses, the primary first; once it is gone, those it had.
    pub addresses: Vec<NatAddress>,
    /// Why it could not be made.
    pub failure: Option<NatFailure>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When its end was asked for, or it failed.
    pub deleted: Option<Timestamp>,
    /// Its tags.
    pub tags: Tags,
    span: LifeSpan,
}

/// Where a NAT gateway leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connectivity {
    /// To the internet, by Elastic IP addresses.
    Public,
    /// To other VPCs and networks, by private addresses.
    Private,
}

impl Connectivity {
    /// Its name as EC2 writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

impl NatGateway {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match (self.span.phase(), &self.failure) {
            (Phase::Available | Phase::Deleted, Some(_)) => "failed",
            (phase, _) => phase.as_str(),
        }
    }

    /// Whether packets can go by it, now or soon.
    pub(crate) fn is_alive(&self) -> bool {
        self.failure.is_none() && self.span.phase().is_alive()
    }
}

/// What CreateNatGateway asks for.
#[derive(Debug, Clone)]
pub struct NewNatGateway {
    /// Its subnet.
    pub subnet_id: SubnetId,
    /// Where it leads.
    pub connectivity: Connectivity,
    /// Its primary Elastic IP address, where it is public.
    pub allocation_id: Option<AllocationId>,
    /// Its primary private address; a free one unless said.
    pub private_ip: Option<Ipv4Addr>,
    /// Further addresses.
    pub secondary: NewNatAddresses,
    /// Its tags.
    pub tags: Tags,
}

impl Model {
    /// Begins to make a NAT gateway. What EC2 finds out only then makes it fail later.
    pub fn create_nat_gateway(
        &mut self,
        cx: &mut Context,
        new: NewNatGateway,
    ) -> Result<NatGatewayId, NatGatewayError> {
        let subnet = self.subnets.get(&new.subnet_id);
        let subnet = subnet.ok_or_else(|| NatGatewayError::SubnetNotFound(new.subnet_id.clone()))?.clone();
        if subnet.is_ipv6_native() {
            return Err(NatGatewayError::Ipv6Only(new.subnet_id));
        }
        self.check_new_nat_gateway(&new)?;
        let in_zone = |gateway: &&NatGateway| {
            let zone = self.subnets.get(&gateway.subnet_id).map(|subnet| &subnet.zone);
            zone == Some(&subnet.zone) && matches!(gateway.state(), "pending" | "available" | "deleting")
        };
        if self.nat_gateways.values().filter(in_zone).count() >= self.quotas.nat_gateways_per_zone {
            return Err(NatGatewayError::TooMany);
        }
        let id: NatGatewayId = cx.ids.next();
        let mut gateway = NatGateway {
            id: id.clone(),
            vpc_id: subnet.vpc_id.clone(),
            subnet_id: new.subnet_id.clone(),
            connectivity: new.connectivity,
            network_interface_id: None,
            addresses: address::asked_for(&new, cx.now),
            failure: self.nat_failure(&subnet, &new),
            created: cx.now,
            deleted: None,
            tags: new.tags.clone(),
            span: LifeSpan::begin(cx.now),
        };
        if gateway.failure.is_none() {
            match self.create_nat_interface(cx, &id, &new) {
                Ok(interface) => self.give_nat_addresses(cx, &mut gateway, interface),
                Err(InterfaceError::Address(AddressError::Exhausted)) => {
                    gateway.failure = Some(NatFailure::NoFreeAddress);
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.nat_gateways.insert(id.clone(), gateway);
        self.touch();
        Ok(id)
    }

    /// Begins to take a NAT gateway away; routes that lead to it become black holes.
    pub fn delete_nat_gateway(&mut self, cx: &mut Context, id: &NatGatewayId) -> Result<(), NatGatewayError> {
        let gateway = self.nat_gateways.get_mut(id).filter(|gateway| gateway.state() != "deleted");
        let gateway = gateway.ok_or_else(|| NatGatewayError::NotFound(id.clone()))?;
        if gateway.span.phase() != Phase::Deleting {
            gateway.failure = None;
            gateway.span.end(cx.now);
            gateway.deleted = Some(cx.now);
            self.touch();
        }
        Ok(())
    }

    /// Completes what was begun on NAT gateways. Whether anything was.
    pub(crate) fn advance_nat_gateways(&mut self, now: Timestamp) -> bool {
        let delay = self.delays.nat_gateway;
        let ending = self.nat_gateways.values().filter(|gateway| gateway.span.phase() == Phase::Deleting);
        let interfaces: Vec<(NatGatewayId, NetworkInterfaceId)> =
            ending.filter_map(|gateway| Some((gateway.id.clone(), gateway.network_interface_id.clone()?))).collect();
        let addresses_moved = self.advance_nat_addresses(now);
        let mut moved = life_span::advance((&mut self.nat_gateways, |gateway| &mut gateway.span), delay, now);
        for (id, interface) in interfaces {
            if self.nat_gateways.get(&id).is_none_or(|gateway| gateway.span.phase() == Phase::Deleted) {
                self.remove_interface(&interface);
            }
        }
        for gateway in self.nat_gateways.values_mut() {
            if gateway.failure.is_some() && gateway.span.phase() == Phase::Available {
                gateway.deleted = Some(gateway.span.since());
                gateway.span.fail();
            }
        }
        // One that failed long ago is not shown any more.
        moved |= life_span::advance((&mut self.nat_gateways, |gateway| &mut gateway.span), delay, now);
        addresses_moved || moved
    }

    /// When something that was begun on a NAT gateway is complete.
    pub(crate) fn nat_gateways_due(&self) -> Option<Timestamp> {
        let alive = self.nat_gateways.values().filter(|gateway| gateway.is_alive());
        let addresses = alive.flat_map(|gateway| &gateway.addresses);
        let spans = self.nat_gateways.values().map(|gateway| &gateway.span).chain(addresses.map(NatAddress::span));
        life_span::first_due(spans, self.delays.nat_gateway)
    }

    /// What is refused at once: parameters that do not go together and addresses that are not the account's.
    fn check_new_nat_gateway(&self, new: &NewNatGateway) -> Result<(), NatGatewayError> {
        let elastic: Vec<&AllocationId> = new.allocation_id.iter().chain(&new.secondary.allocation_ids).collect();
        match new.connectivity {
            Connectivity::Private if !elastic.is_empty() => return Err(NatGatewayError::ElasticIpOfPrivate),
            Connectivity::Public if new.allocation_id.is_none() => return Err(NatGatewayError::NoElasticIp),
            Connectivity::Public if new.secondary.count > 0 => return Err(NatGatewayError::CountOfPublic),
            Connectivity::Public | Connectivity::Private => {}
        }
        self.check_nat_addresses(new.connectivity, 1, &new.secondary)?;
        if let Some(missing) = elastic.iter().find(|id| !self.elastic_ips.contains_key(**id)) {
            return Err(NatGatewayError::AllocationNotFound((*missing).clone()));
        }
        let is_twice = |at: usize| elastic[..at].contains(&elastic[at]);
        match (0..elastic.len()).find(|at| is_twice(*at)) {
            Some(at) => Err(NatGatewayError::AllocationTwice(elastic[at].clone())),
            None => Ok(()),
        }
    }

    /// What makes a new gateway fail while it is being made.
    fn nat_failure(&self, subnet: &Subnet, new: &NewNatGateway) -> Option<NatFailure> {
        if new.connectivity == Connectivity::Private {
            return None;
        }
        if !self.internet_gateways.values().any(|gateway| gateway.vpc_id.as_ref() == Some(&subnet.vpc_id)) {
            return Some(NatFailure::NoInternetGateway(subnet.vpc_id.clone()));
        }
        let mut elastic = new.allocation_id.iter().chain(&new.secondary.allocation_ids);
        let is_taken = |id: &&AllocationId| self.elastic_ips.get(*id).is_some_and(|found| found.association.is_some());
        elastic.find(is_taken).map(|id| NatFailure::AlreadyAssociated(id.clone()))
    }

    fn create_nat_interface(
        &mut self,
        cx: &mut Context,
        id: &NatGatewayId,
        new: &NewNatGateway,
    ) -> Result<NetworkInterfaceId, InterfaceError> {
        let secondary = &new.secondary;
        let count = secondary.allocation_ids.len().saturating_sub(secondary.private_ips.len()) + secondary.count;
        let interface = NewInterface {
            description: format!("Interface for NAT Gateway {id}"),
            interface_type: InterfaceType::NatGateway,
            primary_ip: new.private_ip,
            addresses: WantedAddresses {
                ipv4: secondary.private_ips.clone(),
                ipv4_count: count,
                ..WantedAddresses::default()
            },
            source_dest_check: false,
            ..NewInterface::in_subnet(new.subnet_id.clone())
        };
        self.create_service_interface(cx, interface)
    }
}
