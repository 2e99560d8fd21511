//! The addresses of NAT gateways: Elastic IP addresses on public ones, private addresses on both kinds.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html>.

use std::net::Ipv4Addr;

use jiff::Timestamp;

use super::{Connectivity, MAX_PRIVATE_ADDRESSES, NatGateway, NatGatewayError, NewNatGateway};
use crate::{
    AddressAssociationId, Addresses, AllocationId, Context, LifeSpan, Model, NatGatewayId, NetworkInterfaceId, Phase,
    WantedAddresses, life_span,
};

/// One address of a NAT gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NatAddress {
    /// The Elastic IP address, on a public gateway.
    pub allocation_id: Option<AllocationId>,
    /// Its mapping, and the address itself, once it has one.
    pub association: Option<(AddressAssociationId, Ipv4Addr)>,
    /// The private address, once it has one.
    pub private_ip: Option<Ipv4Addr>,
    /// Whether it is the gateway's first.
    pub is_primary: bool,
    span: LifeSpan,
}

impl NatAddress {
    fn new(allocation_id: Option<AllocationId>, is_primary: bool, now: Timestamp) -> Self {
        Self { allocation_id, association: None, private_ip: None, is_primary, span: LifeSpan::begin(now) }
    }

    pub(super) fn span(&self) -> &LifeSpan {
        &self.span
    }

    /// Its state as EC2 writes it.
    pub fn status(&self) -> &'static str {
        match (self.span.phase(), &self.allocation_id) {
            (Phase::Pending, Some(_)) => "associating",
            (Phase::Pending, None) => "assigning",
            (Phase::Available, _) => "succeeded",
            (Phase::Deleting | Phase::Deleted, Some(_)) => "disassociating",
            (Phase::Deleting | Phase::Deleted, None) => "unassigning",
        }
    }

    /// Whether it is complete, so that all of it is shown.
    pub fn is_complete(&self) -> bool {
        self.span.phase() != Phase::Pending
    }
}

/// Further addresses for a NAT gateway.
#[derive(Debug, Clone, Default)]
pub struct NewNatAddresses {
    /// Elastic IP addresses, for a public gateway.
    pub allocation_ids: Vec<AllocationId>,
    /// Private addresses; on a public gateway those that the Elastic IP addresses are mapped to, in their order.
    pub private_ips: Vec<Ipv4Addr>,
    /// How many private addresses, for a private gateway.
    pub count: usize,
}

/// The addresses of a gateway that is asked for.
pub(super) fn asked_for(new: &NewNatGateway, now: Timestamp) -> Vec<NatAddress> {
    let secondary = &new.secondary;
    let primary = NatAddress::new(new.allocation_id.clone(), true, now);
    std::iter::once(primary).chain(further(new.connectivity, secondary, now)).collect()
}

fn further(connectivity: Connectivity, more: &NewNatAddresses, now: Timestamp) -> Vec<NatAddress> {
    match connectivity {
        Connectivity::Public => {
            more.allocation_ids.iter().map(|id| NatAddress::new(Some(id.clone()), false, now)).collect()
        }
        Connectivity::Private => {
            let count = more.private_ips.len() + more.count;
            (0..count).map(|_| NatAddress::new(None, false, now)).collect()
        }
    }
}

impl Model {
    /// Begins to map further Elastic IP addresses to a public gateway. Gives those addresses.
    pub fn associate_nat_gateway_address(
        &mut self,
        cx: &mut Context,
        id: &NatGatewayId,
        more: &NewNatAddresses,
    ) -> Result<Vec<NatAddress>, NatGatewayError> {
        let gateway = self.settled_nat_gateway(id, Connectivity::Public)?;
        self.check_nat_addresses(Connectivity::Public, gateway.addresses.len(), more)?;
        for (at, allocation) in more.allocation_ids.iter().enumerate() {
            let found = self.elastic_ips.get(allocation);
            let found = found.ok_or_else(|| NatGatewayError::AllocationNotFound(allocation.clone()))?;
            if found.association.is_some() {
                return Err(NatGatewayError::AlreadyAssociated(allocation.clone()));
            }
            if more.allocation_ids[..at].contains(allocation) {
                return Err(NatGatewayError::AllocationTwice(allocation.clone()));
            }
        }
        self.add_nat_addresses(cx, id, more)
    }

    /// Begins to give a private gateway further addresses. Gives those addresses.
    pub fn assign_nat_gateway_address(
        &mut self,
        cx: &mut Context,
        id: &NatGatewayId,
        more: &NewNatAddresses,
    ) -> Result<Vec<NatAddress>, NatGatewayError> {
        let gateway = self.settled_nat_gateway(id, Connectivity::Private)?;
        if more.private_ips.is_empty() && more.count == 0 {
            return Err(NatGatewayError::NothingAsked);
        }
        self.check_nat_addresses(Connectivity::Private, gateway.addresses.len(), more)?;
        self.add_nat_addresses(cx, id, more)
    }

    /// Begins to end mappings of a public gateway. Gives the addresses that go.
    pub fn disassociate_nat_gateway_address(
        &mut self,
        cx: &mut Context,
        id: &NatGatewayId,
        associations: &[AddressAssociationId],
    ) -> Result<Vec<NatAddress>, NatGatewayError> {
        let gateway = self.settled_nat_gateway(id, Connectivity::Public)?;
        let place = |wanted: &AddressAssociationId| {
            let is_it = |one: &NatAddress| one.association.as_ref().is_some_and(|(known, _)| known == wanted);
            let found = gateway.addresses.iter().position(is_it);
            found.ok_or_else(|| NatGatewayError::AssociationNotFound(wanted.clone()))
        };
        let places = associations.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        self.end_nat_addresses(cx, id, &places)
    }

    /// Begins to take private addresses from a private gateway. Gives the addresses that go.
    pub fn unassign_nat_gateway_address(
        &mut self,
        cx: &mut Context,
        id: &NatGatewayId,
        private_ips: &[Ipv4Addr],
    ) -> Result<Vec<NatAddress>, NatGatewayError> {
        let gateway = self.settled_nat_gateway(id, Connectivity::Private)?;
        let place = |address: &Ipv4Addr| {
            let found = gateway.addresses.iter().position(|one| one.private_ip == Some(*address));
            found.ok_or_else(|| NatGatewayError::NotAssigned { id: id.clone(), address: *address })
        };
        let places = private_ips.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        self.end_nat_addresses(cx, id, &places)
    }

    /// Checks how many addresses a gateway would have, and how they are named.
    pub(super) fn check_nat_addresses(
        &self,
        connectivity: Connectivity,
        present: usize,
        more: &NewNatAddresses,
    ) -> Result<(), NatGatewayError> {
        if !more.private_ips.is_empty() && more.count > 0 {
            return Err(NatGatewayError::NamedAndCounted);
        }
        match connectivity {
            Connectivity::Public => {
                let limit = self.quotas.elastic_ips_per_nat_gateway.min(MAX_PRIVATE_ADDRESSES);
                if more.private_ips.len() > more.allocation_ids.len() {
                    return Err(NatGatewayError::MorePrivateThanElastic);
                }
                let total = present + more.allocation_ids.len();
                if total > limit { Err(NatGatewayError::TooManyElasticIps(limit)) } else { Ok(()) }
            }
            Connectivity::Private => {
                let total = present + more.private_ips.len() + more.count;
                if total > MAX_PRIVATE_ADDRESSES {
                    return Err(NatGatewayError::TooManyPrivateIps(MAX_PRIVATE_ADDRESSES));
                }
                Ok(())
            }
        }
    }

    /// Gives a new gateway's addresses what its ENI has, and maps the Elastic IP addresses to it.
    pub(super) fn give_nat_addresses(
        &mut self,
        cx: &mut Context,
        gateway: &mut NatGateway,
        interface: NetworkInterfaceId,
    ) {
        let owned = self.network_interfaces.get(&interface).map(|found| found.private_ips.clone()).unwrap_or_default();
        for (address, ip) in gateway.addresses.iter_mut().zip(owned) {
            self.complete_nat_address(cx, &interface, address, ip.address);
        }
        gateway.network_interface_id = Some(interface);
    }

    /// Moves on the addresses of gateways. Whether any did.
    pub(super) fn advance_nat_addresses(&mut self, now: Timestamp) -> bool {
        let mut moved = false;
        let mut gone = Vec::new();
        for gateway in self.nat_gateways.values_mut().filter(|gateway| gateway.is_alive()) {
            let leaving = gateway.addresses.iter().filter(|one| one.span.phase() == Phase::Deleting);
            let leaving: Vec<_> = leaving.filter_map(|one| one.private_ip).collect();
            let delay = self.delays.nat_gateway;
            moved |= life_span::advance_list(&mut gateway.addresses, |one| &mut one.span, delay, now);
            gateway.addresses.retain(|one| one.span.phase() != Phase::Deleted);
            let stays = |address: &Ipv4Addr| gateway.addresses.iter().any(|one| one.private_ip == Some(*address));
            let ipv4: Vec<_> = leaving.into_iter().filter(|address| !stays(address)).collect();
            gone.extend(gateway.network_interface_id.clone().map(|interface| (interface, ipv4)));
        }
        for (interface, ipv4) in gone.into_iter().filter(|(_, ipv4)| !ipv4.is_empty()) {
            self.give_up(&interface, &Addresses { ipv4, ..Addresses::default() });
        }
        moved
    }

    /// A gateway that is available and whose addresses are not being changed.
    fn settled_nat_gateway(
        &self,
        id: &NatGatewayId,
        connectivity: Connectivity,
    ) -> Result<&NatGateway, NatGatewayError> {
        let gateway = self.nat_gateways.get(id).filter(|gateway| gateway.state() != "deleted");
        let gateway = gateway.ok_or_else(|| NatGatewayError::NotFound(id.clone()))?;
        if gateway.connectivity != connectivity {
            return Err(NatGatewayError::OtherConnectivity(id.clone()));
        }
        if gateway.state() != "available" {
            return Err(NatGatewayError::State { id: id.clone(), state: gateway.state() });
        }
        let mut under_way = gateway.addresses.iter().filter(|one| one.status() != "succeeded").peekable();
        match under_way.peek().map(|first| first.status()) {
            Some(work) => {
                let name = |one: &NatAddress| match (&one.allocation_id, one.private_ip) {
                    (Some(allocation), _) => Some(allocation.to_string()),
                    (None, address) => address.map(|address| address.to_string()),
                };
                Err(NatGatewayError::UnderWay { work, addresses: under_way.filter_map(name).collect() })
            }
            None => Ok(gateway),
        }
    }

    fn add_nat_addresses(
        &mut self,
        cx: &mut Context,
        id: &NatGatewayId,
        more: &NewNatAddresses,
    ) -> Result<Vec<NatAddress>, NatGatewayError> {
        let gateway = self.nat_gateways.get(id).ok_or_else(|| NatGatewayError::NotFound(id.clone()))?;
        let connectivity = gateway.connectivity;
        let interface = gateway.network_interface_id.clone().expect("an available gateway has its eni");
        let mut added = further(connectivity, more, cx.now);
        let named = more.private_ips.clone();
        let ipv4_count = added.len() - named.len();
        let wanted = WantedAddresses { ipv4: named, ipv4_count, ..WantedAddresses::default() };
        let taken = self.give_addresses(cx, &interface, &wanted)?;
        for (address, ip) in added.iter_mut().zip(taken.ipv4) {
            self.complete_nat_address(cx, &interface, address, ip);
        }
        if let Some(gateway) = self.nat_gateways.get_mut(id) {
            gateway.addresses.extend_from_slice(&added);
        }
        self.touch();
        Ok(added)
    }

    fn complete_nat_address(
        &mut self,
        cx: &mut Context,
        interface: &NetworkInterfaceId,
        address: &mut NatAddress,
        private_ip: Ipv4Addr,
    ) {
        address.private_ip = Some(private_ip);
        let elastic = address.allocation_id.as_ref().and_then(|id| self.elastic_ips.get(id));
        if let Some((id, public_ip)) = elastic.map(|found| (found.id.clone(), found.public_ip)) {
            let association = self.map_address(cx, &id, (interface.clone(), private_ip));
            address.association = Some((association, public_ip));
        }
    }

    fn end_nat_addresses(
        &mut self,
        cx: &mut Context,
        id: &NatGatewayId,
        places: &[usize],
    ) -> Result<Vec<NatAddress>, NatGatewayError> {
        let gateway = self.nat_gateways.get_mut(id).ok_or_else(|| NatGatewayError::NotFound(id.clone()))?;
        if places.iter().any(|at| gateway.addresses[*at].is_primary) {
            return Err(NatGatewayError::PrimaryAddress(id.clone()));
        }
        for at in places {
            gateway.addresses[*at].span.end(cx.now);
        }
        let ending = gateway.addresses.iter().filter(|one| one.span.phase() == Phase::Deleting).cloned().collect();
        self.touch();
        Ok(ending)
    }
}
