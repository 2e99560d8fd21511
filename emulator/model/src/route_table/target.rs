//! Where routes can lead: one place that knows the families of all targets.

use std::fmt;

use super::{RouteError, RouteTable};
use crate::{
    CarrierGatewayId, EgressOnlyGatewayId, EndpointType, InstanceState, InternetGatewayId, Model, NatGatewayId,
    NetworkInterface, NetworkInterfaceId, PeeringConnectionId, PeeringStatus, TransitGatewayId, VpcEndpoint,
    VpcEndpointId, VpcId, VpnGatewayId,
};

/// Where a route hands packets to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouteTarget {
    /// The VPC's own router.
    Local,
    /// An internet gateway.
    InternetGateway(InternetGatewayId),
    /// An egress-only internet gateway; for IPv6 only.
    EgressOnlyGateway(EgressOnlyGatewayId),
    /// A NAT gateway.
    NatGateway(NatGatewayId),
    /// An ENI (routes to an instance name its primary ENI).
    NetworkInterface(NetworkInterfaceId),
    /// A VPC peering connection.
    Peering(PeeringConnectionId),
    /// A transit gateway that the VPC is attached to.
    TransitGateway(TransitGatewayId),
    /// A VPC endpoint: a gateway one for prefix lists, a Gateway Load Balancer's for other destinations.
    VpcEndpoint(VpcEndpointId),
    /// A carrier gateway.
    CarrierGateway(CarrierGatewayId),
    /// A virtual private gateway.
    VpnGateway(VpnGatewayId),
}

impl fmt::Display for RouteTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::InternetGateway(id) => id.fmt(f),
            Self::EgressOnlyGateway(id) => id.fmt(f),
            Self::NatGateway(id) => id.fmt(f),
            Self::NetworkInterface(id) => id.fmt(f),
            Self::Peering(id) => id.fmt(f),
            Self::TransitGateway(id) => id.fmt(f),
            Self::VpcEndpoint(id) => id.fmt(f),
            Self::CarrierGateway(id) => id.fmt(f),
            Self::VpnGateway(id) => id.fmt(f),
        }
    }
}

impl Model {
    /// Checks that a table's routes can name a target now. One that ends later is merely a black hole.
    pub(super) fn check_target(
        &self,
        table: &RouteTable,
        is_ipv6: bool,
        target: &RouteTarget,
    ) -> Result<(), RouteError> {
        let vpc_id = &table.vpc_id;
        let missing = || RouteError::TargetNotFound(target.clone());
        // The VPC the target serves.
        let served = match target {
            RouteTarget::Local => Some(vpc_id),
            RouteTarget::InternetGateway(id) => self.internet_gateways.get(id).ok_or_else(missing)?.vpc_id.as_ref(),
            RouteTarget::EgressOnlyGateway(id) => {
                let gateway = self.egress_only_gateways.get(id).ok_or_else(missing)?;
                if !is_ipv6 {
                    return Err(RouteError::Ipv6Only(target.clone()));
                }
                Some(&gateway.vpc_id)
            }
            RouteTarget::NetworkInterface(id) => Some(&self.network_interfaces.get(id).ok_or_else(missing)?.vpc_id),
            RouteTarget::NatGateway(id) => {
                let gateway = self.nat_gateways.get(id).filter(|gateway| gateway.is_alive());
                Some(&gateway.ok_or_else(missing)?.vpc_id)
            }
            // A request that is not accepted yet can be a target already.
            RouteTarget::Peering(id) => {
                let peering = self.peering_of(id).ok_or_else(missing)?;
                peering.has(vpc_id).then_some(vpc_id)
            }
            // Routes to gateway endpoints come and go with the endpoints.
            RouteTarget::VpcEndpoint(id) => {
                let endpoint = self.vpc_endpoints.get(id).filter(|endpoint| endpoint.is_alive());
                let endpoint = endpoint.filter(|endpoint| endpoint.kind == EndpointType::GatewayLoadBalancer);
                Some(&endpoint.ok_or_else(missing)?.vpc_id)
            }
            RouteTarget::VpnGateway(id) => {
                let gateway = self.vpn_gateways.get(id).filter(|gateway| gateway.is_alive());
                gateway.ok_or_else(missing)?.vpc_id()
            }
            RouteTarget::TransitGateway(id) => {
                Some(self.is_vpc_attached(vpc_id, id).then_some(vpc_id).ok_or_else(missing)?)
            }
            RouteTarget::CarrierGateway(id) => {
                let gateway = self.carrier_gateways.get(id).filter(|gateway| gateway.is_alive());
                Some(&gateway.ok_or_else(missing)?.vpc_id)
            }
        };
        if served == Some(vpc_id) {
            return Ok(());
        }
        Err(RouteError::TargetElsewhere { table: table.id.clone(), target: target.clone() })
    }

    /// Whether packets that a VPC's route hands to a target get on from there.
    pub(super) fn is_target_there(&self, vpc_id: &VpcId, target: &RouteTarget) -> bool {
        match target {
            RouteTarget::Local => true,
            RouteTarget::InternetGateway(id) => {
                self.internet_gateways.get(id).is_some_and(|gateway| gateway.vpc_id.as_ref() == Some(vpc_id))
            }
            RouteTarget::EgressOnlyGateway(id) => {
                self.egress_only_gateways.get(id).is_some_and(|gateway| gateway.vpc_id == *vpc_id)
            }
            RouteTarget::NetworkInterface(id) => {
                let interface = self.network_interfaces.get(id);
                let attachment = interface.and_then(NetworkInterface::live_attachment);
                let instance = attachment.and_then(|attachment| self.instances.get(&attachment.instance_id));
                instance.is_some_and(|found| matches!(found.state, InstanceState::Pending | InstanceState::Running))
            }
            RouteTarget::Peering(id) => {
                self.peerings.get(id).is_some_and(|found| found.status == PeeringStatus::Active && found.has(vpc_id))
            }
            RouteTarget::NatGateway(id) => {
                self.nat_gateways.get(id).is_some_and(|gateway| gateway.is_alive() && gateway.vpc_id == *vpc_id)
            }
            RouteTarget::VpcEndpoint(id) => self.vpc_endpoints.get(id).is_some_and(VpcEndpoint::is_working),
            RouteTarget::VpnGateway(id) => {
                self.vpn_gateways.get(id).is_some_and(|gateway| gateway.vpc_id() == Some(vpc_id))
            }
            RouteTarget::TransitGateway(id) => self.is_vpc_attached(vpc_id, id),
            RouteTarget::CarrierGateway(id) => {
                self.carrier_gateways.get(id).is_some_and(|gateway| gateway.is_alive() && gateway.vpc_id == *vpc_id)
            }
        }
    }
}
