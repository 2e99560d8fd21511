//! Virtual private gateways: CreateVpnGateway, AttachVpnGateway, DetachVpnGateway, DeleteVpnGateway,
//! DescribeVpnGateways.

use jiff::Timestamp;
use vpc_model::{Context, Model, Tags, VpcId, VpnAttachment, VpnGateway, VpnGatewayError, VpnGatewayId};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Done, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateVpnGateway>(),
    write::<AttachVpnGateway>(),
    write::<DetachVpnGateway>(),
    write::<DeleteVpnGateway>(),
    read::<Describe<VpnGateway>>(),
];

/// The only type that gateways and connections have.
const TYPE: &str = "ipsec.1";

/// The number of Amazon's side of BGP sessions, unless said.
const AMAZON_SIDE_ASN: u64 = 64512;

impl Describable for VpnGateway {
    type Id = VpnGatewayId;
    type Item = GatewayItem;

    const ACTION: &'static str = "DescribeVpnGateways";
    const IDS: &'static str = "VpnGatewayId";
    const SET: &'static str = "vpnGatewaySet";
    const PAGED: bool = false;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("amazon-side-asn", |_, gateway| vec![gateway.amazon_side_asn.to_string()]),
            ("attachment.state", |_, gateway| of_attachments(gateway, |one| one.state().to_owned())),
            ("attachment.vpc-id", |_, gateway| of_attachments(gateway, |one| one.vpc_id.to_string())),
            ("availability-zone", |_, gateway| gateway.zone.iter().cloned().collect()),
            ("state", |_, gateway| vec![gateway.state().to_owned()]),
            ("type", |_, _| vec![TYPE.to_owned()]),
            ("vpn-gateway-id", |_, gateway| vec![gateway.id.to_string()]),
        ],
        tags: Some(|gateway| &gateway.tags),
    };

    fn id(&self) -> &VpnGatewayId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &VpnGatewayId) -> Option<&'a Self> {
        model.vpn_gateway(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.vpn_gateways().collect()
    }

    fn missing(id: &VpnGatewayId) -> ApiError {
        VpnGatewayError::NotFound(id.clone()).into()
    }

    fn item(&self, _: &Model, _: Timestamp) -> GatewayItem {
        GatewayItem(self.clone())
    }
}

fn of_attachments(gateway: &VpnGateway, look: fn(&VpnAttachment) -> String) -> Vec<String> {
    gateway.attachments.iter().map(look).collect()
}

/// A gateway as replies show it.
#[derive(Debug)]
pub(crate) struct GatewayItem(VpnGateway);

impl Output for GatewayItem {
    fn write(&self, xml: &mut Xml) {
        let gateway = &self.0;
        xml.text("vpnGatewayId", &gateway.id);
        xml.text("state", gateway.state());
        xml.text("type", TYPE);
        xml.optional("availabilityZone", gateway.zone.as_ref());
        xml.list("attachments", &gateway.attachments, write_attachment);
        xml.text("amazonSideAsn", gateway.amazon_side_asn);
        xml.tags(&gateway.tags);
    }
}

fn write_attachment(xml: &mut Xml, attachment: &VpnAttachment) {
    xml.text("vpcId", &attachment.vpc_id);
    xml.text("state", attachment.state());
}

/// Takes the type of a gateway or connection, of which there is one.
pub(crate) fn decode_type(query: &mut Query) -> Result<&'static str, ApiError> {
    let given: String = query.required("Type")?;
    if given == TYPE { Ok(TYPE) } else { Err(ApiError::invalid("Type", &given, "Expected one of: ipsec.1")) }
}

#[derive(Debug)]
struct CreateVpnGateway {
    amazon_side_asn: u64,
    zone: Option<String>,
    tags: Tags,
}

impl Operation for CreateVpnGateway {
    const ACTION: &'static str = "CreateVpnGateway";
    type Output = Single<GatewayItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        decode_type(query)?;
        Ok(Self {
            amazon_side_asn: query.or("AmazonSideAsn", AMAZON_SIDE_ASN)?,
            zone: query.optional("AvailabilityZone")?,
            tags: tag_specification::decode_one(query, &["vpn-gateway"])?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_vpn_gateway(cx, self.amazon_side_asn, self.zone, self.tags)?;
        created::<VpnGateway>("vpnGateway", model, cx.now, &id)
    }
}

#[derive(Debug)]
struct AttachVpnGateway {
    id: VpnGatewayId,
    vpc_id: VpcId,
}

impl Operation for AttachVpnGateway {
    const ACTION: &'static str = "AttachVpnGateway";
    type Output = AttachVpnGatewayOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpnGatewayId")?, vpc_id: query.required("VpcId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.attach_vpn_gateway(cx, &self.id, &self.vpc_id)?;
        let gateway = model.vpn_gateway(&self.id).ok_or(VpnGatewayError::NotFound(self.id))?;
        Ok(AttachVpnGatewayOutput(gateway.attachments.clone()))
    }
}

#[derive(Debug)]
struct AttachVpnGatewayOutput(Vec<VpnAttachment>);

impl Output for AttachVpnGatewayOutput {
    fn write(&self, xml: &mut Xml) {
        for attachment in &self.0 {
            xml.element("attachment", |xml| write_attachment(xml, attachment));
        }
    }
}

#[derive(Debug)]
struct DetachVpnGateway {
    id: VpnGatewayId,
    vpc_id: VpcId,
}

impl Operation for DetachVpnGateway {
    const ACTION: &'static str = "DetachVpnGateway";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpnGatewayId")?, vpc_id: query.required("VpcId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.detach_vpn_gateway(cx, &self.id, &self.vpc_id)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct DeleteVpnGateway {
    id: VpnGatewayId,
}

impl Operation for DeleteVpnGateway {
    const ACTION: &'static str = "DeleteVpnGateway";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("VpnGatewayId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_vpn_gateway(cx, &self.id)?;
        Ok(Done)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rstest::rstest;
    use vpc_model::Delays;

    use crate::testing::World;

    fn wait(world: &mut World, seconds: i64) {
        world.now += SignedDuration::from_secs(seconds);
        world.model.advance(world.now);
    }

    #[test]
    fn a_gateway_from_beginning_to_end() {
        let mut world = World::new();
        world.model.set_delays(Delays { vpn: SignedDuration::from_secs(10), ..Delays::default() });
        let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
        let made = world.call("CreateVpnGateway", "Type=ipsec.1&AmazonSideAsn=64620").ok();
        assert_eq!(made.text("state"), "pending");
        let id = made.text("vpnGatewayId").to_owned();
        wait(&mut world, 10);
        let both = format!("VpnGatewayId={id}&VpcId={vpc}");
        let attached = world.call("AttachVpnGateway", &both).ok();
        assert_eq!((attached.text("state"), attached.text("vpcId")), ("attaching", vpc.as_str()));
        wait(&mut world, 10);
        world.call("AttachVpnGateway", &both).ok();
        let filters = format!(
            "Filter.1.Name=attachment.state&Filter.1.Value.1=attached&Filter.2.Name=attachment.vpc-id\
             &Filter.2.Value.1={vpc}&Filter.3.Name=amazon-side-asn&Filter.3.Value.1=64620"
        );
        insta::assert_snapshot!(world.call("DescribeVpnGateways", &filters).ok().lines());
        let delete = format!("VpnGatewayId={id}");
        assert_eq!(world.call("DeleteVpnGateway", &delete).code, Some("IncorrectState"));
        assert_eq!(world.call("DeleteVpc", &format!("VpcId={vpc}")).code, Some("DependencyViolation"));
        world.call("DetachVpnGateway", &both).ok();
        let list = format!("VpnGatewayId.1={id}");
        assert_eq!(world.call("DescribeVpnGateways", &list).ok().texts("state"), ["available", "detaching"]);
        assert_eq!(world.call("DetachVpnGateway", &both).code, Some("InvalidVpnGatewayAttachment.NotFound"));
        assert_eq!(world.call("DeleteVpnGateway", &delete).code, Some("IncorrectState"));
        wait(&mut world, 10);
        assert_eq!(world.call("DescribeVpnGateways", &list).ok().texts("state"), ["available", "detached"]);
        world.call("DeleteVpnGateway", &delete).ok();
        assert_eq!(world.call("DescribeVpnGateways", &list).ok().texts("state")[0], "deleting");
        wait(&mut world, 10);
        assert_eq!(world.call("DescribeVpnGateways", &list).ok().texts("state")[0], "deleted");
        wait(&mut world, 3600);
        assert_eq!(world.call("DescribeVpnGateways", &list).code, Some("InvalidVpnGatewayID.NotFound"));
    }

    #[test]
    fn one_gateway_for_one_vpc() {
        let mut world = World::with_default_vpc();
        let vpc = world.call("DescribeVpcs", "").ok().text("vpcId").to_owned();
        let other = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
        let mut gateway = || world.call("CreateVpnGateway", "Type=ipsec.1").ok().text("vpnGatewayId").to_owned();
        let (one, two) = (gateway(), gateway());
        world.call("AttachVpnGateway", &format!("VpnGatewayId={one}&VpcId={vpc}")).ok();
        let elsewhere = world.call("AttachVpnGateway", &format!("VpnGatewayId={one}&VpcId={other}"));
        assert_eq!(elsewhere.code, Some("VpnGatewayAttachmentLimitExceeded"));
        let second = world.call("AttachVpnGateway", &format!("VpnGatewayId={two}&VpcId={vpc}"));
        assert_eq!(second.code, Some("InvalidParameterValue"));
    }

    #[rstest]
    #[case::no_type("CreateVpnGateway", "", "MissingParameter")]
    #[case::other_type("CreateVpnGateway", "Type=ipsec.2", "InvalidParameterValue")]
    #[case::asn("CreateVpnGateway", "Type=ipsec.1&AmazonSideAsn=0", "InvalidParameterValue")]
    #[case::attach("AttachVpnGateway", "VpnGatewayId=vgw-01234567&VpcId=vpc-01234567", "InvalidVpnGatewayID.NotFound")]
    #[case::detach("DetachVpnGateway", "VpnGatewayId=vgw-01234567&VpcId=vpc-01234567", "InvalidVpnGatewayID.NotFound")]
    #[case::delete("DeleteVpnGateway", "VpnGatewayId=vgw-01234567", "InvalidVpnGatewayID.NotFound")]
    #[case::malformed("DeleteVpnGateway", "VpnGatewayId=vpn-01234567", "InvalidVpnGatewayID.Malformed")]
    #[case::not_paged("DescribeVpnGateways", "MaxResults=5", "UnknownParameter")]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call(action, form).code, Some(code));
    }

    #[test]
    fn a_region_has_five() {
        let mut world = World::new();
        for _ in 0..5 {
            world.call("CreateVpnGateway", "Type=ipsec.1").ok();
        }
        assert_eq!(world.call("CreateVpnGateway", "Type=ipsec.1").code, Some("VpnGatewayLimitExceeded"));
    }
}
