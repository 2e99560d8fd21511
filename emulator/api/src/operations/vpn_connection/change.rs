//! ModifyVpnConnection, ModifyVpnConnectionOptions, ModifyVpnTunnelOptions, CreateVpnConnectionRoute,
//! DeleteVpnConnectionRoute.

use std::net::IpAddr;

use ipnet::Ipv4Net;
use vpc_model::{
    Context, CustomerGatewayId, Model, TunnelOptions, VpnConnection, VpnConnectionChange, VpnConnectionId, VpnTarget,
};

use super::{ConnectionItem, decode_bandwidth, decode_key_storage, decode_target, tunnel};
use crate::ApiError;
use crate::operations::describe::{Single, created};
use crate::operations::{Done, Operation};
use crate::query::Query;

#[derive(Debug)]
pub(super) struct ModifyVpnConnection {
    id: VpnConnectionId,
    customer: Option<CustomerGatewayId>,
    target: Option<VpnTarget>,
}

impl Operation for ModifyVpnConnection {
    const ACTION: &'static str = "ModifyVpnConnection";
    type Output = Single<ConnectionItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (customer, target) = (query.optional("CustomerGatewayId")?, decode_target(query)?);
        Ok(Self { id: query.required("VpnConnectionId")?, customer, target })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_vpn_connection(cx, &self.id, self.customer, self.target)?;
        created::<VpnConnection>("vpnConnection", model, cx.now, &self.id)
    }
}

#[derive(Debug)]
pub(super) struct ModifyVpnConnectionOptions {
    id: VpnConnectionId,
    change: VpnConnectionChange,
}

impl Operation for ModifyVpnConnectionOptions {
    const ACTION: &'static str = "ModifyVpnConnectionOptions";
    type Output = Single<ConnectionItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let change = VpnConnectionChange {
            local_ipv4: query.optional("LocalIpv4NetworkCidr")?,
            remote_ipv4: query.optional("RemoteIpv4NetworkCidr")?,
            local_ipv6: query.optional("LocalIpv6NetworkCidr")?,
            remote_ipv6: query.optional("RemoteIpv6NetworkCidr")?,
            bandwidth: decode_bandwidth(query)?,
        };
        Ok(Self { id: query.required("VpnConnectionId")?, change })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_vpn_connection_options(cx, &self.id, self.change)?;
        created::<VpnConnection>("vpnConnection", model, cx.now, &self.id)
    }
}

#[derive(Debug)]
pub(super) struct ModifyVpnTunnelOptions {
    id: VpnConnectionId,
    outside: IpAddr,
    options: TunnelOptions,
}

impl Operation for ModifyVpnTunnelOptions {
    const ACTION: &'static str = "ModifyVpnTunnelOptions";
    type Output = Single<ConnectionItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        decode_key_storage(query)?;
        // A tunnel's end is not replaced here either way.
        let _skip = query.flag("SkipTunnelReplacement")?;
        let options = query.structure("TunnelOptions", tunnel::decode)?;
        Ok(Self {
            id: query.required("VpnConnectionId")?,
            outside: query.required("VpnTunnelOutsideIpAddress")?,
            options: options.ok_or_else(|| ApiError::missing("TunnelOptions"))?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_vpn_tunnel(cx, &self.id, self.outside, self.options)?;
        created::<VpnConnection>("vpnConnection", model, cx.now, &self.id)
    }
}

#[derive(Debug)]
pub(super) struct CreateVpnConnectionRoute {
    id: VpnConnectionId,
    destination: Ipv4Net,
}

impl Operation for CreateVpnConnectionRoute {
    const ACTION: &'static str = "CreateVpnConnectionRoute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpnConnectionId")?, destination: query.required("DestinationCidrBlock")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.create_vpn_route(cx, &self.id, self.destination)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct DeleteVpnConnectionRoute {
    id: VpnConnectionId,
    destination: Ipv4Net,
}

impl Operation for DeleteVpnConnectionRoute {
    const ACTION: &'static str = "DeleteVpnConnectionRoute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpnConnectionId")?, destination: query.required("DestinationCidrBlock")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_vpn_route(cx, &self.id, self.destination)?;
        Ok(Done)
    }
}
