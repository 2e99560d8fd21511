//! Customer gateways: CreateCustomerGateway, DeleteCustomerGateway, DescribeCustomerGateways.

use std::net::IpAddr;

use jiff::Timestamp;
use vpc_model::{Context, CustomerDevice, CustomerGateway, CustomerGatewayError, CustomerGatewayId, Model, Tags};

use super::describe::{Describable, Describe, Single, created};
use super::vpn_gateway::decode_type;
use super::{Action, Done, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] =
    &[write::<CreateCustomerGateway>(), write::<DeleteCustomerGateway>(), read::<Describe<CustomerGateway>>()];

/// The number of the customer's side of BGP sessions, unless said.
const BGP_ASN: u32 = 65000;

/// The largest number that is no extended one.
const LARGEST_PLAIN_ASN: u32 = 2_147_483_647;

impl Describable for CustomerGateway {
    type Id = CustomerGatewayId;
    type Item = GatewayItem;

    const ACTION: &'static str = "DescribeCustomerGateways";
    const IDS: &'static str = "CustomerGatewayId";
    const SET: &'static str = "customerGatewaySet";
    const PAGED: bool = false;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("bgp-asn", |_, gateway| vec![gateway.device.bgp_asn.to_string()]),
            ("customer-gateway-id", |_, gateway| vec![gateway.id.to_string()]),
            ("ip-address", |_, gateway| gateway.device.ip_address.iter().map(ToString::to_string).collect()),
            ("state", |_, gateway| vec![gateway.state().to_owned()]),
            ("type", |_, _| vec!["ipsec.1".to_owned()]),
        ],
        tags: Some(|gateway| &gateway.tags),
    };

    fn id(&self) -> &CustomerGatewayId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &CustomerGatewayId) -> Option<&'a Self> {
        model.customer_gateway(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.customer_gateways().collect()
    }

    fn missing(id: &CustomerGatewayId) -> ApiError {
        CustomerGatewayError::NotFound(id.clone()).into()
    }

    fn item(&self, _: &Model, _: Timestamp) -> GatewayItem {
        GatewayItem(self.clone())
    }
}

/// A gateway as replies show it.
#[derive(Debug)]
pub(crate) struct GatewayItem(CustomerGateway);

impl Output for GatewayItem {
    fn write(&self, xml: &mut Xml) {
        let (gateway, device) = (&self.0, &self.0.device);
        xml.text("customerGatewayId", &gateway.id);
        xml.text("state", gateway.state());
        xml.text("type", "ipsec.1");
        xml.optional("ipAddress", device.ip_address);
        let is_extended = device.bgp_asn > LARGEST_PLAIN_ASN;
        xml.text(if is_extended { "bgpAsnExtended" } else { "bgpAsn" }, device.bgp_asn);
        xml.optional("certificateArn", device.certificate.as_ref());
        xml.optional("deviceName", device.name.as_ref());
        xml.tags(&gateway.tags);
    }
}

#[derive(Debug)]
struct CreateCustomerGateway {
    device: CustomerDevice,
    tags: Tags,
}

impl Operation for CreateCustomerGateway {
    const ACTION: &'static str = "CreateCustomerGateway";
    type Output = Single<GatewayItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        decode_type(query)?;
        let device = CustomerDevice {
            bgp_asn: decode_asn(query)?,
            ip_address: decode_address(query)?,
            certificate: query.optional("CertificateArn")?,
            name: query.optional("DeviceName")?,
        };
        Ok(Self { device, tags: tag_specification::decode_one(query, &["customer-gateway"])? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_customer_gateway(cx, self.device, self.tags)?;
        created::<CustomerGateway>("customerGateway", model, cx.now, &id)
    }
}

/// Takes the device's number: plain ones and extended ones have a parameter each.
fn decode_asn(query: &mut Query) -> Result<u32, ApiError> {
    let plain: Option<u32> = query.optional("BgpAsn")?;
    let extended: Option<u32> = query.optional("BgpAsnExtended")?;
    match (plain, extended) {
        (Some(_), Some(_)) => Err(ApiError::combination("Specify either BgpAsn or BgpAsnExtended, but not both")),
        (Some(asn), None) if (1..=LARGEST_PLAIN_ASN).contains(&asn) => Ok(asn),
        (None, Some(asn)) if asn > LARGEST_PLAIN_ASN => Ok(asn),
        (Some(asn), None) => {
            Err(ApiError::invalid("BgpAsn", &asn.to_string(), "Expected a number from 1 to 2147483647."))
        }
        (None, Some(asn)) => Err(ApiError::invalid(
            "BgpAsnExtended",
            &asn.to_string(),
            "Expected a number from 2147483648 to 4294967295.",
        )),
        (None, None) => Ok(BGP_ASN),
    }
}

/// Takes the device's address, by either of its two parameters.
fn decode_address(query: &mut Query) -> Result<Option<IpAddr>, ApiError> {
    let (old, new): (Option<IpAddr>, Option<IpAddr>) = (query.optional("PublicIp")?, query.optional("IpAddress")?);
    match (old, new) {
        (Some(old), Some(new)) if old != new => {
            Err(ApiError::combination("Specify either PublicIp or IpAddress, but not both"))
        }
        (old, new) => Ok(new.or(old)),
    }
}

#[derive(Debug)]
struct DeleteCustomerGateway {
    id: CustomerGatewayId,
}

impl Operation for DeleteCustomerGateway {
    const ACTION: &'static str = "DeleteCustomerGateway";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("CustomerGatewayId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_customer_gateway(cx, &self.id)?;
        Ok(Done)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    const NEW: &str = "Type=ipsec.1&IpAddress=198.51.100.7&BgpAsn=65010";

    #[test]
    fn a_gateways_life() {
        let mut world = World::new();
        let form = format!("{NEW}&DeviceName=router&CertificateArn=arn:aws:acm:us-east-1:111122223333:certificate/1");
        let made = world.call("CreateCustomerGateway", &form).ok();
        insta::assert_snapshot!(made.lines());
        let id = made.text("customerGatewayId").to_owned();
        let found = world.call("DescribeCustomerGateways", "Filter.1.Name=ip-address&Filter.1.Value.1=198.51.100.7");
        assert_eq!(found.ok().text("customerGatewayId"), id);
        let delete = format!("CustomerGatewayId={id}");
        world.call("DeleteCustomerGateway", &delete).ok();
        world.model.settle(world.now);
        let list = format!("CustomerGatewayId.1={id}");
        assert_eq!(world.call("DescribeCustomerGateways", &list).ok().text("state"), "deleted");
        assert_eq!(world.call("DeleteCustomerGateway", &delete).code, Some("InvalidCustomerGatewayID.NotFound"));
    }

    #[test]
    fn the_same_gateway_is_not_made_twice() {
        let mut world = World::new();
        let mut create =
            |form: &str| world.call("CreateCustomerGateway", form).ok().text("customerGatewayId").to_owned();
        let first = create(NEW);
        assert_eq!(create(NEW), first);
        assert_ne!(create(&format!("{NEW}&DeviceName=other")), first);
    }

    #[test]
    fn extended_numbers() {
        let mut world = World::new();
        let form = "Type=ipsec.1&IpAddress=198.51.100.7&BgpAsnExtended=4200000000";
        let made = world.call("CreateCustomerGateway", form).ok();
        assert_eq!(made.text("bgpAsnExtended"), "4200000000");
        assert!(made.texts("bgpAsn").is_empty());
    }

    #[rstest]
    #[case::no_type("IpAddress=198.51.100.7", "MissingParameter")]
    #[case::no_address("Type=ipsec.1", "MissingParameter")]
    #[case::address("Type=ipsec.1&IpAddress=198.51", "InvalidParameterValue")]
    #[case::two_addresses("Type=ipsec.1&IpAddress=198.51.100.7&PublicIp=198.51.100.8", "InvalidParameterCombination")]
    #[case::asn("Type=ipsec.1&IpAddress=198.51.100.7&BgpAsn=0", "InvalidParameterValue")]
    #[case::large_asn("Type=ipsec.1&IpAddress=198.51.100.7&BgpAsn=2147483648", "InvalidParameterValue")]
    #[case::small_asn("Type=ipsec.1&IpAddress=198.51.100.7&BgpAsnExtended=65000", "InvalidParameterValue")]
    #[case::certificate("Type=ipsec.1&CertificateArn=mine", "InvalidParameterValue")]
    fn refused(#[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call("CreateCustomerGateway", form).code, Some(code));
    }
}
