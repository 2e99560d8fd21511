//! Tunnels' ends and their certificates: ReplaceVpnTunnel, ModifyVpnTunnelCertificate, GetVpnTunnelReplacementStatus,
//! GetActiveVpnTunnelStatus.

use std::net::IpAddr;

use jiff::Timestamp;
use vpc_model::{Context, Model, TunnelOptions, VpnConnection, VpnConnectionError, VpnConnectionId};

use super::ConnectionItem;
use crate::ApiError;
use crate::operations::describe::{Single, created};
use crate::operations::{Operation, Output, ReadOperation};
use crate::query::Query;
use crate::xml::Xml;

/// A tunnel as calls name it.
#[derive(Debug)]
struct Tunnel {
    id: VpnConnectionId,
    outside: IpAddr,
}

impl Tunnel {
    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpnConnectionId")?, outside: query.required("VpnTunnelOutsideIpAddress")? })
    }

    /// Its connection, where both are there.
    fn find<'a>(&self, model: &'a Model) -> Result<&'a VpnConnection, ApiError> {
        let connection = model.vpn_connection(&self.id).filter(|connection| connection.is_alive());
        let connection = connection.ok_or_else(|| VpnConnectionError::NotFound(self.id.clone()))?;
        if connection.tunnels.iter().any(|tunnel| IpAddr::V4(tunnel.outside) == self.outside) {
            return Ok(connection);
        }
        Err(VpnConnectionError::NoSuchTunnel { id: self.id.clone(), address: self.outside }.into())
    }

    /// Begins to put a new end in its place, which is as the old one was.
    fn renew(self, model: &mut Model, cx: &mut Context<'_>) -> Result<VpnConnectionId, ApiError> {
        model.modify_vpn_tunnel(cx, &self.id, self.outside, TunnelOptions::default())?;
        Ok(self.id)
    }
}

#[derive(Debug)]
pub(super) struct ReplaceVpnTunnel(Tunnel);

impl Operation for ReplaceVpnTunnel {
    const ACTION: &'static str = "ReplaceVpnTunnel";
    type Output = Replaced;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // No maintenance is ever pending.
        let _apply = query.flag("ApplyPendingMaintenance")?;
        Tunnel::decode(query).map(Self)
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        self.0.renew(model, cx).map(|_| Replaced)
    }
}

#[derive(Debug)]
pub(super) struct Replaced;

impl Output for Replaced {
    fn write(&self, xml: &mut Xml) {
        xml.text("return", true);
    }
}

#[derive(Debug)]
pub(super) struct ModifyVpnTunnelCertificate(Tunnel);

impl Operation for ModifyVpnTunnelCertificate {
    const ACTION: &'static str = "ModifyVpnTunnelCertificate";
    type Output = Single<ConnectionItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Tunnel::decode(query).map(Self)
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = self.0.renew(model, cx)?;
        created::<VpnConnection>("vpnConnection", model, cx.now, &id)
    }
}

#[derive(Debug)]
pub(super) struct GetVpnTunnelReplacementStatus(Tunnel);

impl ReadOperation for GetVpnTunnelReplacementStatus {
    const ACTION: &'static str = "GetVpnTunnelReplacementStatus";
    type Output = ReplacementStatus;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Tunnel::decode(query).map(Self)
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let connection = self.0.find(model)?.clone();
        Ok(ReplacementStatus { connection, outside: self.0.outside })
    }
}

#[derive(Debug)]
pub(super) struct ReplacementStatus {
    connection: VpnConnection,
    outside: IpAddr,
}

impl Output for ReplacementStatus {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpnConnectionId", &self.connection.id);
        xml.text("customerGatewayId", &self.connection.customer_gateway_id);
        xml.optional("vpnGatewayId", self.connection.vpn_gateway_id());
        xml.optional("transitGatewayId", self.connection.transit_gateway_id());
        xml.text("vpnTunnelOutsideIpAddress", self.outside);
        xml.element("maintenanceDetails", |xml| xml.timestamp("lastMaintenanceApplied", self.connection.last_change));
    }
}

#[derive(Debug)]
pub(super) struct GetActiveVpnTunnelStatus(Tunnel);

impl ReadOperation for GetActiveVpnTunnelStatus {
    const ACTION: &'static str = "GetActiveVpnTunnelStatus";
    type Output = ActiveStatus;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Tunnel::decode(query).map(Self)
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let is_available = self.0.find(model)?.state() == "available";
        Ok(ActiveStatus(if is_available { "available" } else { "pending" }))
    }
}

/// Nobody is at a tunnel's other end, so nothing was agreed on.
#[derive(Debug)]
pub(super) struct ActiveStatus(&'static str);

impl Output for ActiveStatus {
    fn write(&self, xml: &mut Xml) {
        xml.element("activeVpnTunnelStatus", |xml| xml.text("provisioningStatus", self.0));
    }
}
