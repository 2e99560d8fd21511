//! Site-to-Site VPN connections: CreateVpnConnection, DeleteVpnConnection, DescribeVpnConnections here; changes and
//! replacements in submodules.

mod change;
mod configuration;
mod device;
mod replacement;
#[cfg(test)]
mod tests;
mod tunnel;

use jiff::Timestamp;
use vpc_model::{
    Context, Model, NewVpnConnection, Tags, VpnConnection, VpnConnectionError, VpnConnectionId, VpnOptions, VpnTarget,
};

use super::describe::{Describable, Describe, Single, created};
use super::transit_gateway::optional_text;
use super::vpn_gateway::decode_type;
use super::{Action, Done, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateVpnConnection>(),
    write::<DeleteVpnConnection>(),
    read::<Describe<VpnConnection>>(),
    write::<change::ModifyVpnConnection>(),
    write::<change::ModifyVpnConnectionOptions>(),
    write::<change::ModifyVpnTunnelOptions>(),
    write::<change::CreateVpnConnectionRoute>(),
    write::<change::DeleteVpnConnectionRoute>(),
    write::<replacement::ReplaceVpnTunnel>(),
    write::<replacement::ModifyVpnTunnelCertificate>(),
    read::<replacement::GetVpnTunnelReplacementStatus>(),
    read::<replacement::GetActiveVpnTunnelStatus>(),
    read::<device::GetVpnConnectionDeviceTypes>(),
    read::<device::GetVpnConnectionDeviceSampleConfiguration>(),
];

impl Describable for VpnConnection {
    type Id = VpnConnectionId;
    type Item = ConnectionItem;

    const ACTION: &'static str = "DescribeVpnConnections";
    const IDS: &'static str = "VpnConnectionId";
    const SET: &'static str = "vpnConnectionSet";
    const PAGED: bool = false;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("bgp-asn", |model, connection| {
                let gateway = model.customer_gateway(&connection.customer_gateway_id);
                gateway.map(|gateway| gateway.device.bgp_asn.to_string()).into_iter().collect()
            }),
            ("customer-gateway-configuration", |model, connection| vec![configuration::of(model, connection)]),
            ("customer-gateway-id", |_, connection| vec![connection.customer_gateway_id.to_string()]),
            ("option.static-routes-only", |_, connection| vec![connection.options.static_routes_only.to_string()]),
            ("route.destination-cidr-block", |_, connection| {
                connection.routes.iter().map(|route| route.destination.to_string()).collect()
            }),
            ("state", |_, connection| vec![connection.state().to_owned()]),
            ("transit-gateway-id", |_, connection| optional_text(connection.transit_gateway_id())),
            ("type", |_, _| vec!["ipsec.1".to_owned()]),
            ("vpn-connection-id", |_, connection| vec![connection.id.to_string()]),
            ("vpn-gateway-id", |_, connection| optional_text(connection.vpn_gateway_id())),
        ],
        tags: Some(|connection| &connection.tags),
    };

    fn id(&self) -> &VpnConnectionId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &VpnConnectionId) -> Option<&'a Self> {
        model.vpn_connection(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.vpn_connections().collect()
    }

    fn missing(id: &VpnConnectionId) -> ApiError {
        VpnConnectionError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> ConnectionItem {
        ConnectionItem { configuration: configuration::of(model, self), connection: self.clone() }
    }
}

/// A connection as replies show it.
#[derive(Debug)]
pub(crate) struct ConnectionItem {
    connection: VpnConnection,
    configuration: String,
}

impl Output for ConnectionItem {
    fn write(&self, xml: &mut Xml) {
        let connection = &self.connection;
        xml.text("vpnConnectionId", &connection.id);
        xml.text("state", connection.state());
        // Who may see the keys is told them as long as they are of use.
        if connection.is_alive() {
            xml.text("customerGatewayConfiguration", &self.configuration);
        }
        xml.text("type", "ipsec.1");
        xml.text("customerGatewayId", &connection.customer_gateway_id);
        xml.optional("vpnGatewayId", connection.vpn_gateway_id());
        xml.optional("transitGatewayId", connection.transit_gateway_id());
        xml.text("category", "VPN");
        let is_associated = connection.target.is_some();
        xml.text("gatewayAssociationState", if is_associated { "associated" } else { "not-associated" });
        xml.element("options", |xml| write_options(xml, connection));
        xml.list("routes", &connection.routes, |xml, route| {
            xml.text("destinationCidrBlock", route.destination);
            xml.text("source", "Static");
            xml.text("state", route.state());
        });
        if connection.state() != "pending" {
            write_telemetry(xml, connection);
        }
        xml.tags(&connection.tags);
    }
}

fn write_options(xml: &mut Xml, connection: &VpnConnection) {
    let options = &connection.options;
    xml.text("enableAcceleration", options.acceleration);
    xml.text("staticRoutesOnly", options.static_routes_only);
    if options.is_ipv6 {
        xml.text("localIpv6NetworkCidr", options.local_ipv6);
        xml.text("remoteIpv6NetworkCidr", options.remote_ipv6);
    } else {
        xml.text("localIpv4NetworkCidr", options.local_ipv4);
        xml.text("remoteIpv4NetworkCidr", options.remote_ipv4);
    }
    xml.text("outsideIpAddressType", &options.outside_address_type);
    xml.text("tunnelInsideIpVersion", if options.is_ipv6 { "ipv6" } else { "ipv4" });
    xml.list("tunnelOptionSet", &connection.tunnels, tunnel::write);
    xml.text("tunnelBandwidth", &options.bandwidth);
}

/// What is known of the tunnels. Nobody is at the other end, so they are down.
fn write_telemetry(xml: &mut Xml, connection: &VpnConnection) {
    let routes = connection.accepted_routes();
    xml.list("vgwTelemetry", &connection.tunnels, |xml, tunnel| {
        xml.text("acceptedRouteCount", routes);
        xml.timestamp("lastStatusChange", connection.last_change);
        xml.text("outsideIpAddress", tunnel.outside);
        xml.text("status", "DOWN");
        xml.text("statusMessage", "IPSEC IS DOWN");
    });
}

#[derive(Debug)]
struct CreateVpnConnection {
    new: NewVpnConnection,
    tags: Tags,
}

impl Operation for CreateVpnConnection {
    const ACTION: &'static str = "CreateVpnConnection";
    type Output = Single<ConnectionItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        decode_type(query)?;
        // Deviation: there are no VPN concentrators.
        query.refuse_unsupported(&["VpnConcentratorId"])?;
        decode_key_storage(query)?;
        let mut tunnels = Vec::new();
        let options = query.structure("Options", |options| {
            tunnels = options.structs("TunnelOptions", tunnel::decode)?;
            decode_options(options)
        })?;
        let new = NewVpnConnection {
            customer_gateway_id: query.required("CustomerGatewayId")?,
            target: decode_target(query)?,
            options: options.unwrap_or_default(),
            tunnels,
        };
        Ok(Self { new, tags: tag_specification::decode_one(query, &["vpn-connection"])? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_vpn_connection(cx, self.new, self.tags)?;
        created::<VpnConnection>("vpnConnection", model, cx.now, &id)
    }
}

/// Takes where a connection ends at Amazon's side: at one gateway, or none yet.
fn decode_target(query: &mut Query) -> Result<Option<VpnTarget>, ApiError> {
    match (query.optional("VpnGatewayId")?, query.optional("TransitGatewayId")?) {
        (Some(id), None) => Ok(Some(VpnTarget::Virtual(id))),
        (None, Some(id)) => Ok(Some(VpnTarget::Transit(id))),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => {
            Err(ApiError::combination("The parameter VpnGatewayId cannot be used with the parameter TransitGatewayId"))
        }
    }
}

/// Takes where keys are kept. There is one place.
fn decode_key_storage(query: &mut Query) -> Result<(), ApiError> {
    match query.optional::<String>("PreSharedKeyStorage")?.as_deref() {
        None | Some("Standard") => Ok(()),
        Some("SecretsManager") => Err(ApiError::unsupported("PreSharedKeyStorage SecretsManager")),
        Some(other) => Err(ApiError::invalid("PreSharedKeyStorage", other, "Expected one of: Standard SecretsManager")),
    }
}

fn decode_options(query: &mut Query) -> Result<VpnOptions, ApiError> {
    query.refuse_unsupported(&["TransportTransitGatewayAttachmentId"])?;
    let defaults = VpnOptions::default();
    let is_ipv6 = one_of(query, "TunnelInsideIpVersion", &["ipv4", "ipv6"])?.is_some_and(|version| version == "ipv6");
    let outside = one_of(query, "OutsideIpAddressType", &["PrivateIpv4", "PublicIpv4", "Ipv6"])?;
    if let Some(kind) = outside.filter(|kind| kind != "PublicIpv4") {
        return Err(ApiError::unsupported(&format!("OutsideIpAddressType {kind}")));
    }
    Ok(VpnOptions {
        static_routes_only: query.flag("StaticRoutesOnly")?,
        is_ipv6,
        local_ipv4: query.or("LocalIpv4NetworkCidr", defaults.local_ipv4)?,
        remote_ipv4: query.or("RemoteIpv4NetworkCidr", defaults.remote_ipv4)?,
        local_ipv6: query.or("LocalIpv6NetworkCidr", defaults.local_ipv6)?,
        remote_ipv6: query.or("RemoteIpv6NetworkCidr", defaults.remote_ipv6)?,
        outside_address_type: defaults.outside_address_type,
        bandwidth: decode_bandwidth(query)?.unwrap_or(defaults.bandwidth),
        acceleration: query.flag("EnableAcceleration")?,
    })
}

fn decode_bandwidth(query: &mut Query) -> Result<Option<String>, ApiError> {
    one_of(query, "TunnelBandwidth", &["standard", "large"])
}

/// Takes a parameter that is one of some texts.
fn one_of(query: &mut Query, name: &str, values: &[&str]) -> Result<Option<String>, ApiError> {
    let given: Option<String> = query.optional(name)?;
    match given {
        Some(text) if !values.contains(&text.as_str()) => {
            let expected = format!("Expected one of: {}", values.join(" "));
            Err(ApiError::invalid(&query.full_name(name), &text, &expected))
        }
        given => Ok(given),
    }
}

#[derive(Debug)]
struct DeleteVpnConnection {
    id: VpnConnectionId,
}

impl Operation for DeleteVpnConnection {
    const ACTION: &'static str = "DeleteVpnConnection";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpnConnectionId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_vpn_connection(cx, &self.id)?;
        Ok(Done)
    }
}
