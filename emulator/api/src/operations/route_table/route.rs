//! CreateRoute, ReplaceRoute, DeleteRoute.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use vpc_model::{Context, Destination, InstanceId, InterfaceError, Model, RouteTableId, RouteTarget};

use crate::operations::{Done, Operation};
use crate::query::{Query, Value};
use crate::{ApiError, Code};

/// A target as a call gives it: an instance stands for its only interface.
#[derive(Debug)]
enum Target {
    Known(RouteTarget),
    Instance(InstanceId),
}

impl Target {
    /// Takes the parameter that names the target; there has to be one.
    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["CoreNetworkArn", "LocalGatewayId", "OdbNetworkArn"])?;
        let mut given = Vec::new();
        given.extend(query.optional::<String>("GatewayId")?.map(gateway).transpose()?);
        let egress_only = query.optional("EgressOnlyInternetGatewayId")?;
        given.extend(egress_only.map(RouteTarget::EgressOnlyGateway).map(Self::Known));
        given.extend(query.optional("NatGatewayId")?.map(RouteTarget::NatGateway).map(Self::Known));
        given.extend(query.optional("NetworkInterfaceId")?.map(RouteTarget::NetworkInterface).map(Self::Known));
        given.extend(query.optional("VpcPeeringConnectionId")?.map(RouteTarget::Peering).map(Self::Known));
        given.extend(query.optional("TransitGatewayId")?.map(RouteTarget::TransitGateway).map(Self::Known));
        given.extend(query.optional("VpcEndpointId")?.map(RouteTarget::VpcEndpoint).map(Self::Known));
        given.extend(query.optional("CarrierGatewayId")?.map(RouteTarget::CarrierGateway).map(Self::Known));
        given.extend(query.optional("InstanceId")?.map(Self::Instance));
        match (given.pop(), given.is_empty()) {
            (Some(target), true) => Ok(target),
            (Some(_), false) => Err(ApiError::combination("The request must contain exactly one target of the route")),
            (None, _) => Err(ApiError::missing("gatewayId, natGatewayId, networkInterfaceId or instanceId")),
        }
    }

    fn resolve(self, model: &Model) -> Result<RouteTarget, ApiError> {
        let id = match self {
            Self::Known(target) => return Ok(target),
            Self::Instance(id) => id,
        };
        if model.instance(&id).is_none() {
            return Err(InterfaceError::InstanceNotFound(id).into());
        }
        let mut interfaces = model.interfaces_of(&id);
        match (interfaces.next(), interfaces.next()) {
            (Some(only), None) => Ok(RouteTarget::NetworkInterface(only.id.clone())),
            (Some(_), Some(_)) => Err(ApiError::new(
                Code::INVALID_INSTANCE_ID,
                format!(
                    "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for \
                     the operation instead."
                ),
            )),
            (None, _) => Err(ApiError::new(
                Code::INVALID_INSTANCE_ID,
                format!("There is no interface attached to instance '{id}'."),
            )),
        }
    }
}

/// `GatewayId` stands for gateways of several kinds, told apart by their ids.
fn gateway(text: String) -> Result<Target, ApiError> {
    match text.as_str() {
        "local" => Ok(Target::Known(RouteTarget::Local)),
        id if id.starts_with("igw-") => {
            Ok(Target::Known(RouteTarget::InternetGateway(Value::from_text("GatewayId", text)?)))
        }
        id if id.starts_with("vgw-") => {
            Ok(Target::Known(RouteTarget::VpnGateway(Value::from_text("GatewayId", text)?)))
        }
        id if id.starts_with("vpce-") => {
            Ok(Target::Known(RouteTarget::VpcEndpoint(Value::from_text("GatewayId", text)?)))
        }
        id => Err(ApiError::not_found(Code::INVALID_GATEWAY_ID_NOT_FOUND, "gateway", id)),
    }
}

/// Takes the parameter that names the destination; there has to be one.
fn decode_destination(query: &mut Query) -> Result<Destination, ApiError> {
    let ipv4 = query.optional("DestinationCidrBlock")?.map(|block: Ipv4Net| IpNet::from(block).into());
    let ipv6 = query.optional("DestinationIpv6CidrBlock")?.map(|block: Ipv6Net| IpNet::from(block).into());
    let list = query.optional("DestinationPrefixListId")?.map(Destination::PrefixList);
    let mut given = ipv4.into_iter().chain(ipv6).chain(list);
    match (given.next(), given.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(ApiError::combination("The request must contain exactly one destination")),
        (None, _) => {
            Err(ApiError::missing("destinationCidrBlock, destinationIpv6CidrBlock or destinationPrefixListId"))
        }
    }
}

#[derive(Debug)]
pub(super) struct CreateRoute {
    table_id: RouteTableId,
    destination: Destination,
    target: Target,
}

impl Operation for CreateRoute {
    const ACTION: &'static str = "CreateRoute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            table_id: query.required("RouteTableId")?,
            destination: decode_destination(query)?,
            target: Target::decode(query)?,
        })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let target = self.target.resolve(model)?;
        model.create_route(&self.table_id, self.destination, target)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct ReplaceRoute {
    table_id: RouteTableId,
    destination: Destination,
    target: Target,
}

impl Operation for ReplaceRoute {
    const ACTION: &'static str = "ReplaceRoute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (table_id, destination) = (query.required("RouteTableId")?, decode_destination(query)?);
        let local = query.flag("LocalTarget")?;
        let target = if local { Target::Known(RouteTarget::Local) } else { Target::decode(query)? };
        Ok(Self { table_id, destination, target })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let target = self.target.resolve(model)?;
        model.replace_route(&self.table_id, self.destination, target)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct DeleteRoute {
    table_id: RouteTableId,
    destination: Destination,
}

impl Operation for DeleteRoute {
    const ACTION: &'static str = "DeleteRoute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { table_id: query.required("RouteTableId")?, destination: decode_destination(query)? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_route(&self.table_id, self.destination)?;
        Ok(Done)
    }
}
