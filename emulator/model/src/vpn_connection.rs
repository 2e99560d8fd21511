//! Site-to-Site VPN connections, their tunnels and static routes. No packets go through them.
//!
//! See <https://docs.aws.amazon.com/vpn/latest/s2svpn/VPC_VPN.html>.

mod change;
mod error;
mod tunnel;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::Timestamp;

pub use self::change::VpnConnectionChange;
pub use self::error::VpnConnectionError;
pub use self::tunnel::{CloudWatchLogs, TunnelChoice, TunnelNumber, TunnelOptions, VpnTunnel};
use crate::{
    Context, CustomerGateway, CustomerGatewayId, LifeSpan, Model, Phase, Tags, TransitGatewayId, VpnConnectionId,
    VpnGateway, VpnGatewayId, life_span,
};

/// A VPN connection.
#[derive(Debug, Clone)]
pub struct VpnConnection {
    /// Its id.
    pub id: VpnConnectionId,
    /// The customer's side.
    pub customer_gateway_id: CustomerGatewayId,
    /// Amazon's side; it may have none yet.
    pub target: Option<VpnTarget>,
    /// Its options.
    pub options: VpnOptions,
    /// Its two tunnels.
    pub tunnels: [VpnTunnel; 2],
    /// Its static routes, those that come, go or are merely still shown included.
    pub routes: Vec<VpnRoute>,
    /// When its tunnels were last seen to change.
    pub last_change: Timestamp,
    /// Its tags.
    pub tags: Tags,
    asked: NewVpnConnection,
    is_changing: bool,
    span: LifeSpan,
}

/// Where a VPN connection ends at Amazon's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VpnTarget {
    /// At a virtual private gateway.
    Virtual(VpnGatewayId),
    /// At a transit gateway.
    Transit(TransitGatewayId),
}

/// What a VPN connection can be asked to be like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VpnOptions {
    /// Whether the customer's device has no BGP.
    pub static_routes_only: bool,
    /// Whether IPv6 goes through the tunnels, and not IPv4.
    pub is_ipv6: bool,
    /// The customer's addresses.
    pub local_ipv4: Ipv4Net,
    /// The VPC's addresses.
    pub remote_ipv4: Ipv4Net,
    /// The customer's IPv6 addresses.
    pub local_ipv6: Ipv6Net,
    /// The VPC's IPv6 addresses.
    pub remote_ipv6: Ipv6Net,
    /// What kind of addresses the tunnels' ends have.
    pub outside_address_type: String,
    /// How much fits through a tunnel.
    pub bandwidth: String,
    /// Whether the tunnels lead through AWS's edge locations.
    pub acceleration: bool,
}

impl Default for VpnOptions {
    fn default() -> Self {
        Self {
            static_routes_only: false,
            is_ipv6: false,
            local_ipv4: Ipv4Net::default(),
            remote_ipv4: Ipv4Net::default(),
            local_ipv6: Ipv6Net::default(),
            remote_ipv6: Ipv6Net::default(),
            outside_address_type: "PublicIpv4".to_owned(),
            bandwidth: "standard".to_owned(),
            acceleration: false,
        }
    }
}

/// A static route of a VPN connection.
#[derive(Debug, Clone)]
pub struct VpnRoute {
    /// Addresses at the customer's side.
    pub destination: Ipv4Net,
    span: LifeSpan,
}

impl VpnRoute {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        self.span.phase().as_str()
    }
}

/// What CreateVpnConnection asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVpnConnection {
    /// The customer's side.
    pub customer_gateway_id: CustomerGatewayId,
    /// Amazon's side.
    pub target: Option<VpnTarget>,
    /// Its options.
    pub options: VpnOptions,
    /// What its tunnels shall be like, where something is said of them.
    pub tunnels: Vec<TunnelOptions>,
}

impl VpnConnection {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match self.span.phase() {
            Phase::Pending if self.is_changing => "modifying",
            phase => phase.as_str(),
        }
    }

    /// Whether it is neither ending nor gone.
    pub fn is_alive(&self) -> bool {
        self.span.phase().is_alive()
    }

    /// The virtual private gateway where it ends, if it does at one.
    pub fn vpn_gateway_id(&self) -> Option<&VpnGatewayId> {
        match &self.target {
            Some(VpnTarget::Virtual(id)) => Some(id),
            Some(VpnTarget::Transit(_)) | None => None,
        }
    }

    /// The transit gateway where it ends, if it does at one.
    pub fn transit_gateway_id(&self) -> Option<&TransitGatewayId> {
        match &self.target {
            Some(VpnTarget::Transit(id)) => Some(id),
            Some(VpnTarget::Virtual(_)) | None => None,
        }
    }

    /// How many routes the customer's side has told of: the static ones.
    pub fn accepted_routes(&self) -> usize {
        self.routes.iter().filter(|route| route.span.phase() == Phase::Available).count()
    }
}

impl Model {
    /// Begins to make a VPN connection. One that is asked for again is not made twice.
    pub fn create_vpn_connection(
        &mut self,
        cx: &mut Context,
        new: NewVpnConnection,
        tags: Tags,
    ) -> Result<VpnConnectionId, VpnConnectionError> {
        self.check_customer_side(&new.customer_gateway_id)?;
        self.check_tunnels(&new)?;
        let alive = || self.vpn_connections.values().filter(|connection| connection.is_alive());
        if let Some(same) = alive().find(|connection| connection.asked == new) {
            return Ok(same.id.clone());
        }
        if let Some(target) = &new.target {
            self.check_amazons_side(target, &new.options)?;
        }
        let of_gateway = |connection: &&VpnConnection| connection.target == new.target;
        let is_full = matches!(new.target, Some(VpnTarget::Virtual(_)))
            && alive().filter(of_gateway).count() >= self.quotas.vpn_connections_per_gateway;
        if is_full || alive().count() >= self.quotas.vpn_connections {
            return Err(VpnConnectionError::TooMany);
        }
        let id: VpnConnectionId = cx.ids.next();
        let mut given = new.tunnels.iter().cloned();
        let tunnels = [(), ()].map(|()| given.next().unwrap_or_default());
        let tunnels = self.new_tunnels(cx.ids, tunnels, new.options.is_ipv6);
        let transit = match &new.target {
            Some(VpnTarget::Transit(gateway)) => Some(gateway.clone()),
            Some(VpnTarget::Virtual(_)) | None => None,
        };
        let connection = VpnConnection {
            id: id.clone(),
            customer_gateway_id: new.customer_gateway_id.clone(),
            target: new.target.clone(),
            options: new.options.clone(),
            tunnels,
            routes: Vec::new(),
            last_change: cx.now,
            tags,
            asked: new,
            is_changing: false,
            span: LifeSpan::begin(cx.now),
        };
        self.vpn_connections.insert(id.clone(), connection);
        if let Some(gateway) = transit {
            self.attach_vpn_connection(cx, &gateway, &id);
        }
        self.touch();
        Ok(id)
    }

    /// Begins to take a VPN connection away.
    pub fn delete_vpn_connection(&mut self, cx: &mut Context, id: &VpnConnectionId) -> Result<(), VpnConnectionError> {
        let connection = self.vpn_connections.get_mut(id).filter(|connection| connection.state() != "deleted");
        let connection = connection.ok_or_else(|| VpnConnectionError::NotFound(id.clone()))?;
        if connection.is_alive() {
            connection.span.end(cx.now);
            self.detach_vpn_connection(cx, id);
            self.touch();
        }
        Ok(())
    }

    /// Where the connections of a gateway lead, as far as that is static.
    pub(crate) fn vpn_routes(&self, gateway: &VpnGatewayId) -> Vec<IpNet> {
        let connections = self.vpn_connections.values().filter(|connection| {
            connection.span.phase() == Phase::Available && connection.vpn_gateway_id() == Some(gateway)
        });
        let routes = connections.flat_map(|connection| &connection.routes);
        let there = routes.filter(|route| route.span.phase() == Phase::Available);
        there.map(|route| route.destination.into()).collect()
    }

    /// Whether connections end at a gateway.
    pub(crate) fn has_vpn_connections(&self, gateway: &VpnGatewayId) -> bool {
        let mut connections = self.vpn_connections.values().filter(|connection| connection.state() != "deleted");
        connections.any(|connection| connection.vpn_gateway_id() == Some(gateway))
    }

    /// Whether connections end at a customer's gateway.
    pub(crate) fn has_customer_connections(&self, gateway: &CustomerGatewayId) -> bool {
        let mut connections = self.vpn_connections.values().filter(|connection| connection.state() != "deleted");
        connections.any(|connection| connection.customer_gateway_id == *gateway)
    }

    /// Completes what was begun on VPN connections. Whether anything was.
    pub(crate) fn advance_vpn_connections(&mut self, now: Timestamp) -> bool {
        let delay = self.delays.vpn;
        let mut moved = life_span::advance((&mut self.vpn_connections, |connection| &mut connection.span), delay, now);
        for connection in self.vpn_connections.values_mut() {
            moved |= life_span::advance_list(&mut connection.routes, |route| &mut route.span, delay, now);
        }
        moved
    }

    /// When something that was begun on a VPN connection is complete.
    pub(crate) fn vpn_connections_due(&self) -> Option<Timestamp> {
        let routes = self.vpn_connections.values().flat_map(|connection| &connection.routes);
        let spans = self.vpn_connections.values().map(|connection| &connection.span);
        life_span::first_due(spans.chain(routes.map(|route| &route.span)), self.delays.vpn)
    }

    fn check_customer_side(&self, id: &CustomerGatewayId) -> Result<(), VpnConnectionError> {
        let is_there = self.customer_gateways.get(id).is_some_and(CustomerGateway::is_alive);
        if is_there { Ok(()) } else { Err(VpnConnectionError::CustomerGatewayNotFound(id.clone())) }
    }

    /// Checks that a connection can end at a gateway, which must be one that has what the options ask for.
    fn check_amazons_side(&self, target: &VpnTarget, options: &VpnOptions) -> Result<(), VpnConnectionError> {
        match target {
            VpnTarget::Transit(id) => self.check_can_attach(id).map_err(Into::into),
            VpnTarget::Virtual(id) if !self.vpn_gateways.get(id).is_some_and(VpnGateway::is_alive) => {
                Err(VpnConnectionError::VpnGatewayNotFound(id.clone()))
            }
            VpnTarget::Virtual(_) if options.acceleration => {
                Err(VpnConnectionError::NeedsTransit("EnableAcceleration"))
            }
            VpnTarget::Virtual(_) if options.is_ipv6 => Err(VpnConnectionError::NeedsTransit("TunnelInsideIpVersion")),
            VpnTarget::Virtual(_) => Ok(()),
        }
    }

    /// Checks what is asked of a new connection's tunnels.
    fn check_tunnels(&self, new: &NewVpnConnection) -> Result<(), VpnConnectionError> {
        if new.tunnels.len() > 2 {
            return Err(VpnConnectionError::TooManyTunnels(new.tunnels.len()));
        }
        for (at, tunnel) in new.tunnels.iter().enumerate() {
            tunnel.check()?;
            self.check_inside(None, new.target.as_ref(), tunnel)?;
            let is_same = |other: &TunnelOptions| other.inside.is_some() && other.inside == tunnel.inside;
            if new.tunnels[..at].iter().any(is_same) {
                return Err(VpnConnectionError::InsideInUse(tunnel.inside.unwrap_or_default().into()));
            }
        }
        Ok(())
    }

    /// A connection that is neither ending nor gone.
    fn vpn_connection_mut(&mut self, id: &VpnConnectionId) -> Result<&mut VpnConnection, VpnConnectionError> {
        let found = self.vpn_connections.get_mut(id).filter(|connection| connection.is_alive());
        found.ok_or_else(|| VpnConnectionError::NotFound(id.clone()))
    }
}
