//! Where endpoints are: subnets and ENIs.

use std::collections::BTreeMap;

use super::{EndpointPlace, VpcEndpoint, VpcEndpointError};
use crate::{
    Context, EndpointType, InterfaceType, IpAddressType, IpFamily, Model, NetworkInterfaceId, NewInterface,
    ServiceDetail, SubnetId, WantedAddresses, ZoneName,
};

impl Model {
    /// Checks the subnets that an endpoint shall be in, all of them.
    pub(super) fn check_places(
        &self,
        endpoint: &VpcEndpoint,
        service: &ServiceDetail,
        subnets: &[SubnetId],
    ) -> Result<(), VpcEndpointError> {
        if endpoint.kind == EndpointType::GatewayLoadBalancer && subnets.len() > 1 {
            return Err(VpcEndpointError::OneSubnet);
        }
        let mut zones: BTreeMap<&ZoneName, &SubnetId> = BTreeMap::new();
        for id in subnets {
            let subnet = self.subnets.get(id).ok_or_else(|| VpcEndpointError::SubnetNotFound(id.clone()))?;
            if subnet.vpc_id != endpoint.vpc_id {
                return Err(VpcEndpointError::SubnetElsewhere(id.clone()));
            }
            if let Some(other) = zones.insert(&subnet.zone, id) {
                return Err(VpcEndpointError::DuplicateZone(other.clone()));
            }
            if !service.zones.iter().any(|zone| zone.name == subnet.zone) {
                let (service, subnet) = (service.name.clone(), id.clone());
                return Err(VpcEndpointError::ZoneUnsupported { service, subnet });
            }
        }
        Ok(())
    }

    /// Makes an endpoint's ENI in a subnet.
    pub(super) fn create_endpoint_interface(
        &mut self,
        cx: &mut Context,
        endpoint: &VpcEndpoint,
        place: &EndpointPlace,
    ) -> Result<NetworkInterfaceId, VpcEndpointError> {
        let is_interface = endpoint.kind == EndpointType::Interface;
        let new = NewInterface {
            description: format!("VPC Endpoint Interface {}", endpoint.id),
            groups: endpoint.groups.clone(),
            interface_type: if is_interface {
                InterfaceType::VpcEndpoint
            } else {
                InterfaceType::GatewayLoadBalancerEndpoint
            },
            primary_ip: place.ipv4,
            addresses: WantedAddresses { ipv6: place.ipv6.into_iter().collect(), ..WantedAddresses::default() },
            ip_address_type: Some(endpoint.ip_address_type),
            ..NewInterface::in_subnet(place.subnet_id.clone())
        };
        Ok(self.create_service_interface(cx, new)?)
    }
}

/// Checks that a service does the versions of IP that an endpoint shall have.
pub(super) fn check_ip_type(service: &ServiceDetail, wanted: IpAddressType) -> Result<(), VpcEndpointError> {
    let does = |family| service.ip_families.contains(&family);
    if wanted.has_ipv4() && !does(IpFamily::Ipv4) || wanted.has_ipv6() && !does(IpFamily::Ipv6) {
        return Err(VpcEndpointError::IpType { service: service.name.clone(), wanted });
    }
    Ok(())
}
