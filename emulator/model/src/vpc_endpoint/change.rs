//! Changing endpoints.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcEndpoint.html>.

use super::create::check_record_type;
use super::place::check_ip_type;
use super::{DnsRecordIpType, EndpointPlace, VpcEndpoint, VpcEndpointError};
use crate::{
    Context, EndpointType, IpAddressType, LifeSpan, Model, NetworkInterfaceId, RouteTableId, SecurityGroupId,
    ServiceDetail, SubnetId, VpcEndpointId,
};

/// What ModifyVpcEndpoint asks for.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// Another policy; `None` inside allows everything.
    pub policy: Option<Option<String>>,
    /// Route tables that shall lead to it too.
    pub add_tables: Vec<RouteTableId>,
    /// Route tables that shall not any more.
    pub remove_tables: Vec<RouteTableId>,
    /// Subnets that it shall be in too, or with other addresses.
    pub add_places: Vec<EndpointPlace>,
    /// Subnets that it shall leave.
    pub remove_subnets: Vec<SubnetId>,
    /// Security groups that it shall have too.
    pub add_groups: Vec<SecurityGroupId>,
    /// Security groups that it shall not have any more.
    pub remove_groups: Vec<SecurityGroupId>,
    /// Which addresses it has.
    pub ip_address_type: Option<IpAddressType>,
    /// Which records its names have.
    pub record_ip_type: Option<DnsRecordIpType>,
    /// Whether only queries from outside the VPC lead to it.
    pub only_for_inbound_resolver: Option<bool>,
    /// Whether the service's public names lead to it.
    pub private_dns: Option<bool>,
}

impl Model {
    /// Changes an endpoint.
    pub fn modify_vpc_endpoint(
        &mut self,
        cx: &mut Context,
        id: &VpcEndpointId,
        change: EndpointChange,
    ) -> Result<(), VpcEndpointError> {
        let endpoint = self.vpc_endpoints.get(id).filter(|endpoint| endpoint.is_alive());
        let endpoint = endpoint.ok_or_else(|| VpcEndpointError::NotFound(id.clone()))?.clone();
        let service = self.endpoint_service(&endpoint.service_id);
        let service = service.ok_or_else(|| VpcEndpointError::ServiceNotFound(endpoint.service_name.clone()))?;
        check_parts(endpoint.kind, &change)?;
        self.all_or_none(|model| model.change_vpc_endpoint(cx, endpoint, change, &service))
    }

    fn change_vpc_endpoint(
        &mut self,
        cx: &mut Context,
        mut endpoint: VpcEndpoint,
        mut change: EndpointChange,
        service: &ServiceDetail,
    ) -> Result<(), VpcEndpointError> {
        if let Some(policy) = change.policy.take() {
            if policy.is_some() && !service.has_policies {
                return Err(VpcEndpointError::NoPolicies(service.name.clone()));
            }
            endpoint.policy = policy;
        }
        self.change_tables(&endpoint, &change)?;
        let takes_time = self.change_groups(&mut endpoint, &change)?
            | self.change_addresses(&mut endpoint, &mut change, service)?
            | self.change_places(cx, &mut endpoint, &change, service)?
            | self.change_private_dns(&mut endpoint, &change, service)?;
        if takes_time && endpoint.is_working() {
            endpoint.span = LifeSpan::begin(cx.now);
        }
        self.vpc_endpoints.insert(endpoint.id.clone(), endpoint);
        self.touch();
        Ok(())
    }

    fn change_tables(&mut self, endpoint: &VpcEndpoint, change: &EndpointChange) -> Result<(), VpcEndpointError> {
        for table in &change.remove_tables {
            if !self.remove_endpoint_route(table, &endpoint.id) {
                return Err(VpcEndpointError::TableNotAssociated(table.clone()));
            }
        }
        let present = self.tables_with_endpoint(&endpoint.id);
        for table in change.add_tables.iter().filter(|table| !present.contains(table)) {
            self.add_endpoint_route(endpoint, table)?;
        }
        Ok(())
    }

    fn change_groups(&mut self, endpoint: &mut VpcEndpoint, change: &EndpointChange) -> Result<bool, VpcEndpointError> {
        if change.add_groups.is_empty() && change.remove_groups.is_empty() {
            return Ok(false);
        }
        let mut wanted = endpoint.groups.clone();
        wanted.extend(change.add_groups.iter().cloned());
        wanted.retain(|group| !change.remove_groups.contains(group));
        if wanted.is_empty() {
            return Err(VpcEndpointError::NoGroup);
        }
        endpoint.groups = self.groups_in(&endpoint.vpc_id, &wanted)?;
        for (_, interface) in &endpoint.interfaces {
            self.replace_groups(interface, &endpoint.groups)?;
        }
        Ok(true)
    }

    /// Other kinds of addresses mean other ENIs: the present subnets are entered once more.
    fn change_addresses(
        &self,
        endpoint: &mut VpcEndpoint,
        change: &mut EndpointChange,
        service: &ServiceDetail,
    ) -> Result<bool, VpcEndpointError> {
        let before = (endpoint.ip_address_type, endpoint.dns_options);
        if let Some(wanted) = change.ip_address_type.filter(|wanted| *wanted != endpoint.ip_address_type) {
            check_ip_type(service, wanted)?;
            endpoint.ip_address_type = wanted;
            if endpoint.kind == EndpointType::Interface && change.record_ip_type.is_none() {
                endpoint.dns_options.record_ip_type = wanted.into();
            }
            let present = endpoint.interfaces.iter().map(|(subnet, _)| subnet);
            let leaves = |subnet: &&SubnetId| change.remove_subnets.contains(subnet);
            let named = |subnet: &&SubnetId| change.add_places.iter().any(|place| place.subnet_id == **subnet);
            let again: Vec<_> = present.filter(|it| !leaves(it) && !named(it)).cloned().collect();
            change.add_places.extend(again.into_iter().map(EndpointPlace::in_subnet));
        }
        if let Some(records) = change.record_ip_type {
            endpoint.dns_options.record_ip_type = records;
        }
        check_record_type(endpoint.ip_address_type, endpoint.dns_options.record_ip_type)?;
        Ok(before != (endpoint.ip_address_type, endpoint.dns_options))
    }

    fn change_places(
        &mut self,
        cx: &mut Context,
        endpoint: &mut VpcEndpoint,
        change: &EndpointChange,
        service: &ServiceDetail,
    ) -> Result<bool, VpcEndpointError> {
        let has = |endpoint: &VpcEndpoint, subnet: &SubnetId| endpoint.interfaces.iter().any(|(it, _)| it == subnet);
        if let Some(foreign) = change.remove_subnets.iter().find(|subnet| !has(endpoint, subnet)) {
            return Err(VpcEndpointError::SubnetNotAssociated(foreign.clone()));
        }
        let is_changed = |place: &&EndpointPlace| self.is_place_changed(endpoint, place);
        let added: Vec<EndpointPlace> = change.add_places.iter().filter(is_changed).cloned().collect();
        let leaves = |subnet: &SubnetId| {
            change.remove_subnets.contains(subnet) || added.iter().any(|place| place.subnet_id == *subnet)
        };
        let (gone, stay): (Vec<_>, Vec<_>) = endpoint.interfaces.drain(..).partition(|(subnet, _)| leaves(subnet));
        endpoint.interfaces = stay;
        let takes_time = !gone.is_empty() || !added.is_empty();
        for (_, interface) in gone {
            self.remove_interface(&interface);
        }
        let subnets = endpoint.interfaces.iter().map(|(subnet, _)| subnet);
        let subnets: Vec<SubnetId> = subnets.chain(added.iter().map(|place| &place.subnet_id)).cloned().collect();
        self.check_places(endpoint, service, &subnets)?;
        for place in &added {
            let interface = self.create_endpoint_interface(cx, endpoint, place)?;
            endpoint.interfaces.push((place.subnet_id.clone(), interface));
        }
        Ok(takes_time)
    }

    /// Whether an endpoint does not have an ENI in a subnet yet, or one with other addresses.
    fn is_place_changed(&self, endpoint: &VpcEndpoint, place: &EndpointPlace) -> bool {
        let known = endpoint.interfaces.iter().find(|(subnet, _)| *subnet == place.subnet_id);
        let Some(interface) = known.and_then(|(_, id): &(_, NetworkInterfaceId)| self.network_interfaces.get(id))
        else {
            return true;
        };
        let ip = endpoint.ip_address_type;
        let has_families =
            ip.has_ipv4() != interface.private_ips.is_empty() && ip.has_ipv6() != interface.ipv6_addresses.is_empty();
        let has_ipv4 = place.ipv4.is_none() || place.ipv4 == interface.primary_ip();
        let has_ipv6 = place.ipv6.is_none() || place.ipv6.as_ref() == interface.ipv6_addresses.first();
        !(has_families && has_ipv4 && has_ipv6)
    }

    fn change_private_dns(
        &self,
        endpoint: &mut VpcEndpoint,
        change: &EndpointChange,
        service: &ServiceDetail,
    ) -> Result<bool, VpcEndpointError> {
        let before = (endpoint.private_dns, endpoint.dns_options);
        endpoint.private_dns = change.private_dns.unwrap_or(endpoint.private_dns);
        let only_inbound = change.only_for_inbound_resolver;
        let options = &mut endpoint.dns_options;
        options.only_for_inbound_resolver = only_inbound.unwrap_or(options.only_for_inbound_resolver);
        if !endpoint.private_dns {
            endpoint.dns_options.only_for_inbound_resolver = false;
        }
        let is_changed = before != (endpoint.private_dns, endpoint.dns_options);
        if is_changed && endpoint.private_dns {
            self.check_private_dns(endpoint, service)?;
        }
        Ok(is_changed)
    }
}

/// Checks that endpoints of a type have what shall be changed.
fn check_parts(kind: EndpointType, change: &EndpointChange) -> Result<(), VpcEndpointError> {
    let refuse = |what| Err(VpcEndpointError::NotForType { what, kind });
    let tables = change.add_tables.len() + change.remove_tables.len();
    if tables > 0 && kind != EndpointType::Gateway {
        return refuse("Route table IDs");
    }
    let subnets = change.add_places.len() + change.remove_subnets.len();
    if subnets > 0 && kind == EndpointType::Gateway {
        return refuse("Subnet IDs");
    }
    let groups = change.add_groups.len() + change.remove_groups.len();
    if groups > 0 && kind != EndpointType::Interface {
        return refuse("Security group IDs");
    }
    if change.private_dns == Some(true) && kind != EndpointType::Interface {
        return refuse("Private DNS names");
    }
    Ok(())
}
