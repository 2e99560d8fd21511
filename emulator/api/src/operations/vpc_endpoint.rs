//! VPC endpoints: DescribeVpcEndpoints, DeleteVpcEndpoints here; making and changing them in the submodules.

mod create;
mod item;
mod modify;
mod payer;
mod policy;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use jiff::Timestamp;
use vpc_model::{
    Context, EndpointPlace, EndpointType, IpAddressType, Model, VpcEndpoint, VpcEndpointError, VpcEndpointId,
};

use self::item::EndpointItem;
pub(crate) use self::item::{write_dns_entry, write_payers};
use super::describe::{Describable, Describe};
use super::unsuccessful::Unsuccessful;
use super::{Action, Operation, read, write};
use crate::filter::Fields;
use crate::query::{Query, values};
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[
    write::<create::CreateVpcEndpoint>(),
    write::<modify::ModifyVpcEndpoint>(),
    write::<payer::ModifyVpcEndpointPayerResponsibility>(),
    write::<DeleteVpcEndpoints>(),
    read::<Describe<VpcEndpoint>>(),
];

values! {
    IpAddressType { Ipv4 "ipv4", Dualstack "dualstack", Ipv6 "ipv6" }
}

impl Describable for VpcEndpoint {
    type Id = VpcEndpointId;
    type Item = EndpointItem;

    const ACTION: &'static str = "DescribeVpcEndpoints";
    const IDS: &'static str = "VpcEndpointId";
    const SET: &'static str = "vpcEndpointSet";
    const MAX_RESULTS: RangeInclusive<u32> = 1..=u32::MAX;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("ip-address-type", |_, endpoint| vec![endpoint.ip_address_type.to_string()]),
            ("service-name", |_, endpoint| vec![endpoint.service_name.clone()]),
            ("service-region", |model, _| vec![model.region().to_string()]),
            ("vpc-endpoint-id", |_, endpoint| vec![endpoint.id.to_string()]),
            ("vpc-endpoint-state", |_, endpoint| vec![endpoint.state().to_owned()]),
            ("vpc-endpoint-type", |_, endpoint| vec![endpoint.kind.to_string()]),
            ("vpc-id", |_, endpoint| vec![endpoint.vpc_id.to_string()]),
        ],
        tags: Some(|endpoint| &endpoint.tags),
    };

    fn id(&self) -> &VpcEndpointId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &VpcEndpointId) -> Option<&'a Self> {
        model.vpc_endpoint(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.vpc_endpoints().collect()
    }

    fn missing(id: &VpcEndpointId) -> ApiError {
        VpcEndpointError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> EndpointItem {
        EndpointItem::of(self, model)
    }
}

/// Takes a type of endpoint.
fn decode_type(query: &mut Query) -> Result<EndpointType, ApiError> {
    match query.optional::<String>("VpcEndpointType")?.as_deref() {
        None | Some("Gateway") => Ok(EndpointType::Gateway),
        Some("Interface") => Ok(EndpointType::Interface),
        Some("GatewayLoadBalancer") => Ok(EndpointType::GatewayLoadBalancer),
        Some(other @ ("Resource" | "ServiceNetwork" | "Tunnel")) => {
            Err(ApiError::unsupported(&format!("VpcEndpointType {other}")))
        }
        Some(other) => {
            Err(ApiError::new(Code::INVALID_VPC_ENDPOINT_TYPE, format!("The VPC endpoint type '{other}' is not valid")))
        }
    }
}

/// Takes the subnets and the addresses that an endpoint shall have there; those without addresses are in a list of
/// their own.
fn decode_places(query: &mut Query, plain: &str) -> Result<Vec<EndpointPlace>, ApiError> {
    let mut places = query.structs("SubnetConfiguration", |inside| {
        let (ipv4, ipv6) = (inside.optional("Ipv4")?, inside.optional("Ipv6")?);
        Ok(EndpointPlace { subnet_id: inside.required("SubnetId")?, ipv4, ipv6 })
    })?;
    for subnet_id in query.list(plain)? {
        if !places.iter().any(|place| place.subnet_id == subnet_id) {
            places.push(EndpointPlace::in_subnet(subnet_id));
        }
    }
    Ok(places)
}

#[derive(Debug)]
struct DeleteVpcEndpoints {
    ids: Vec<VpcEndpointId>,
}

impl Operation for DeleteVpcEndpoints {
    const ACTION: &'static str = "DeleteVpcEndpoints";
    type Output = Unsuccessful;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { ids: query.required_list("VpcEndpointId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        Ok(Unsuccessful::each(&self.ids, |id| model.delete_vpc_endpoint(cx, id)))
    }
}
