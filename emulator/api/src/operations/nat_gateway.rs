//! NAT gateways: CreateNatGateway, DeleteNatGateway, DescribeNatGateways here; their addresses in the submodule.

mod address;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::{
    AllocationId, Connectivity, Context, Model, NatGateway, NatGatewayError, NatGatewayId, NewNatAddresses,
    NewNatGateway,
};

use self::address::{AddressItem, write_addresses};
use super::describe::{Describable, Describe, Single, created};
use super::{Action, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::{Query, Value, values};
use crate::xml::Xml;
use crate::{ApiError, Code, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateNatGateway>(),
    write::<DeleteNatGateway>(),
    read::<Describe<NatGateway>>(),
    write::<address::AssociateNatGatewayAddress>(),
    write::<address::DisassociateNatGatewayAddress>(),
    write::<address::AssignPrivateNatGatewayAddress>(),
    write::<address::UnassignPrivateNatGatewayAddress>(),
];

values! {
    Connectivity { Public "public", Private "private" }
}

impl Describable for NatGateway {
    type Id = NatGatewayId;
    type Item = GatewayItem;

    const ACTION: &'static str = "DescribeNatGateways";
    const IDS: &'static str = "NatGatewayId";
    const SET: &'static str = "natGatewaySet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("nat-gateway-id", |_, gateway| vec![gateway.id.to_string()]),
            ("state", |_, gateway| vec![gateway.state().to_owned()]),
            ("subnet-id", |_, gateway| vec![gateway.subnet_id.to_string()]),
            ("vpc-id", |_, gateway| vec![gateway.vpc_id.to_string()]),
        ],
        tags: Some(|gateway| &gateway.tags),
    };

    fn id(&self) -> &NatGatewayId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &NatGatewayId) -> Option<&'a Self> {
        model.nat_gateway(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.nat_gateways().collect()
    }

    fn missing(id: &NatGatewayId) -> ApiError {
        NatGatewayError::NotFound(id.clone()).into()
    }

    fn item(&self, _: &Model, _: Timestamp) -> GatewayItem {
        GatewayItem(self.clone())
    }
}

/// A gateway as replies show it.
#[derive(Debug)]
pub(crate) struct GatewayItem(NatGateway);

impl Output for GatewayItem {
    fn write(&self, xml: &mut Xml) {
        let gateway = &self.0;
        xml.timestamp("createTime", gateway.created);
        if let Some(deleted) = gateway.deleted {
            xml.timestamp("deleteTime", deleted);
        }
        if gateway.state() == "failed"
            && let Some(failure) = &gateway.failure
        {
            xml.text("failureCode", failure.code());
            xml.text("failureMessage", failure);
        }
        let addresses: Vec<_> = gateway.addresses.iter().map(|address| AddressItem::of(gateway, address)).collect();
        write_addresses(xml, &addresses);
        xml.text("natGatewayId", &gateway.id);
        xml.text("state", gateway.state());
        xml.text("subnetId", &gateway.subnet_id);
        xml.text("vpcId", &gateway.vpc_id);
        xml.tags(&gateway.tags);
        xml.text("connectivityType", gateway.connectivity.as_str());
        xml.text("availabilityMode", "zonal");
    }
}

/// An Elastic IP address' id, which these actions call malformed and missing in their own words.
fn allocation(text: String) -> Result<AllocationId, ApiError> {
    AllocationId::from_text("AllocationId", text.clone()).map_err(|_| {
        let message = format!("The elastic-ip ID '{text}' is malformed");
        ApiError::new(Code::INVALID_ELASTIC_IP_ID_MALFORMED, message)
    })
}

fn allocations(query: &mut Query, name: &str) -> Result<Vec<AllocationId>, ApiError> {
    query.list::<String>(name)?.into_iter().map(allocation).collect()
}

/// Takes a parameter of how many addresses.
fn count(query: &mut Query, name: &str) -> Result<usize, ApiError> {
    match query.optional::<u16>(name)? {
        Some(0) => Err(ApiError::invalid(&query.full_name(name), "0", "Expected a number from 1.")),
        given => Ok(given.unwrap_or(0).into()),
    }
}

#[derive(Debug)]
struct CreateNatGateway {
    new: NewNatGateway,
    client_token: Option<String>,
}

impl Operation for CreateNatGateway {
    const ACTION: &'static str = "CreateNatGateway";
    const CLIENT_TOKEN: bool = true;
    type Output = CreateNatGatewayOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        match query.optional::<String>("AvailabilityMode")?.as_deref() {
            None | Some("zonal") => {}
            // Deviation: a gateway is in one zone.
            Some("regional") => return Err(ApiError::unsupported("AvailabilityMode regional")),
            Some(other) => return Err(ApiError::invalid("AvailabilityMode", other, "Expected one of: zonal regional")),
        }
        query.refuse_unsupported(&["AvailabilityZoneAddress", "VpcId"])?;
        let new = NewNatGateway {
            subnet_id: query.required("SubnetId")?,
            connectivity: query.or("ConnectivityType", Connectivity::Public)?,
            allocation_id: query.optional("AllocationId")?.map(allocation).transpose()?,
            private_ip: query.optional("PrivateIpAddress")?,
            secondary: NewNatAddresses {
                allocation_ids: allocations(query, "SecondaryAllocationId")?,
                private_ips: query.list("SecondaryPrivateIpAddress")?,
                count: count(query, "SecondaryPrivateIpAddressCount")?,
            },
            tags: tag_specification::decode_one(query, &["natgateway"])?,
        };
        Ok(Self { new, client_token: query.client_token().map(str::to_owned) })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_nat_gateway(cx, self.new)?;
        let gateway = created::<NatGateway>("natGateway", model, cx.now, &id)?;
        Ok(CreateNatGatewayOutput { gateway, client_token: self.client_token })
    }
}

#[derive(Debug)]
struct CreateNatGatewayOutput {
    gateway: Single<GatewayItem>,
    client_token: Option<String>,
}

impl Output for CreateNatGatewayOutput {
    fn write(&self, xml: &mut Xml) {
        xml.optional("clientToken", self.client_token.as_ref());
        self.gateway.write(xml);
    }
}

#[derive(Debug)]
struct DeleteNatGateway {
    id: NatGatewayId,
}

impl Operation for DeleteNatGateway {
    const ACTION: &'static str = "DeleteNatGateway";
    type Output = DeleteNatGatewayOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("NatGatewayId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_nat_gateway(cx, &self.id)?;
        Ok(DeleteNatGatewayOutput { id: self.id })
    }
}

#[derive(Debug)]
struct DeleteNatGatewayOutput {
    id: NatGatewayId,
}

impl Output for DeleteNatGatewayOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("natGatewayId", &self.id);
    }
}
