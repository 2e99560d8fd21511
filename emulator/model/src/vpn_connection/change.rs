//! Changing VPN connections: their gateways, options, tunnels and static routes.

use std::net::IpAddr;

use ipnet::{Ipv4Net, Ipv6Net};

use super::{TunnelOptions, VpnConnection, VpnConnectionError, VpnRoute, VpnTarget};
use crate::{Context, CustomerGatewayId, LifeSpan, Model, Phase, VpnConnectionId};

/// What ModifyVpnConnectionOptions asks for.
#[derive(Debug, Clone, Default)]
pub struct VpnConnectionChange {
    /// The customer's addresses.
    pub local_ipv4: Option<Ipv4Net>,
    /// The VPC's addresses.
    pub remote_ipv4: Option<Ipv4Net>,
    /// The customer's IPv6 addresses.
    pub local_ipv6: Option<Ipv6Net>,
    /// The VPC's IPv6 addresses.
    pub remote_ipv6: Option<Ipv6Net>,
    /// How much fits through a tunnel.
    pub bandwidth: Option<String>,
}

impl Model {
    /// Begins to move a connection to other gateways. To a transit gateway it takes no static routes along: those are
    /// in the transit gateway's tables.
    pub fn modify_vpn_connection(
        &mut self,
        cx: &mut Context,
        id: &VpnConnectionId,
        customer: Option<CustomerGatewayId>,
        target: Option<VpnTarget>,
    ) -> Result<(), VpnConnectionError> {
        let connection = self.vpn_connection_mut(id)?;
        let (options, before) = (connection.options.clone(), connection.target.clone());
        let has_routes = connection.routes.iter().any(|route| route.span.phase() != Phase::Deleted);
        if customer.is_none() && target.is_none() {
            return Err(VpnConnectionError::NothingToChange);
        }
        if let Some(customer) = &customer {
            self.check_customer_side(customer)?;
        }
        let moved_to = target.filter(|target| before.as_ref() != Some(target));
        if let Some(target) = &moved_to {
            self.check_amazons_side(target, &options)?;
            if has_routes && matches!(target, VpnTarget::Transit(_)) {
                return Err(VpnConnectionError::HasRoutes(id.clone()));
            }
        }
        let connection = self.vpn_connection_mut(id)?;
        connection.customer_gateway_id = customer.unwrap_or_else(|| connection.customer_gateway_id.clone());
        connection.target = moved_to.clone().or(before);
        begin(connection, cx);
        if let Some(target) = moved_to {
            self.detach_vpn_connection(cx, id);
            if let VpnTarget::Transit(gateway) = target {
                self.attach_vpn_connection(cx, &gateway, id);
            }
        }
        self.touch();
        Ok(())
    }

    /// Begins to change a connection's options.
    pub fn modify_vpn_connection_options(
        &mut self,
        cx: &mut Context,
        id: &VpnConnectionId,
        change: VpnConnectionChange,
    ) -> Result<(), VpnConnectionError> {
        let connection = self.vpn_connection_mut(id)?;
        let options = &mut connection.options;
        options.local_ipv4 = change.local_ipv4.unwrap_or(options.local_ipv4);
        options.remote_ipv4 = change.remote_ipv4.unwrap_or(options.remote_ipv4);
        options.local_ipv6 = change.local_ipv6.unwrap_or(options.local_ipv6);
        options.remote_ipv6 = change.remote_ipv6.unwrap_or(options.remote_ipv6);
        options.bandwidth = change.bandwidth.unwrap_or_else(|| options.bandwidth.clone());
        begin(connection, cx);
        self.touch();
        Ok(())
    }

    /// Begins to change a tunnel, named by the address of Amazon's end.
    pub fn modify_vpn_tunnel(
        &mut self,
        cx: &mut Context,
        id: &VpnConnectionId,
        outside: IpAddr,
        options: TunnelOptions,
    ) -> Result<(), VpnConnectionError> {
        let target = self.vpn_connection_mut(id)?.target.clone();
        options.check()?;
        self.check_inside(Some(id), target.as_ref(), &options)?;
        let connection = self.vpn_connection_mut(id)?;
        let place = connection.tunnels.iter().position(|tunnel| IpAddr::V4(tunnel.outside) == outside);
        let place = place.ok_or_else(|| VpnConnectionError::NoSuchTunnel { id: id.clone(), address: outside })?;
        if let Some(block) = options.inside.filter(|block| connection.tunnels[1 - place].options.inside == Some(*block))
        {
            return Err(VpnConnectionError::InsideInUse(block.into()));
        }
        connection.tunnels[place].options.update(options);
        begin(connection, cx);
        self.touch();
        Ok(())
    }

    /// Begins to add a static route to a connection of a virtual private gateway. One that is there stays as it is.
    pub fn create_vpn_route(
        &mut self,
        cx: &mut Context,
        id: &VpnConnectionId,
        destination: Ipv4Net,
    ) -> Result<(), VpnConnectionError> {
        let connection = self.vpn_connection_mut(id)?;
        if !connection.options.static_routes_only {
            return Err(VpnConnectionError::NotStatic(id.clone()));
        }
        if connection.transit_gateway_id().is_some() {
            return Err(VpnConnectionError::RoutesElsewhere(id.clone()));
        }
        let destination = destination.trunc();
        let is_there = |route: &VpnRoute| route.destination == destination && route.span.phase().is_alive();
        if !connection.routes.iter().any(is_there) {
            connection.routes.retain(|route| route.destination != destination);
            connection.routes.push(VpnRoute { destination, span: LifeSpan::begin(cx.now) });
            self.touch();
        }
        Ok(())
    }

    /// Begins to take a static route away.
    pub fn delete_vpn_route(
        &mut self,
        cx: &mut Context,
        id: &VpnConnectionId,
        destination: Ipv4Net,
    ) -> Result<(), VpnConnectionError> {
        let destination = destination.trunc();
        let mut routes = self.vpn_connection_mut(id)?.routes.iter_mut();
        let route = routes.find(|route| route.destination == destination && route.span.phase() != Phase::Deleted);
        let no_route = || VpnConnectionError::NoRoute { id: id.clone(), destination };
        route.ok_or_else(no_route)?.span.end(cx.now);
        self.touch();
        Ok(())
    }
}

fn begin(connection: &mut VpnConnection, cx: &Context) {
    connection.is_changing = true;
    connection.last_change = cx.now;
    connection.span = LifeSpan::begin(cx.now);
}
