//! Further blocks: AssociateVpcCidrBlock, DisassociateVpcCidrBlock.

use ipnet::{Ipv4Net, Ipv6Net};
use vpc_model::{Context, LifeSpan, Model, Phase, Region, VpcCidrAssociation, VpcCidrAssociationId, VpcError, VpcId};

use crate::ApiError;
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

/// Which block a VPC shall have.
#[derive(Debug)]
enum Wanted {
    Ipv4(Ipv4Net),
    /// One that Amazon provides, and the group that announces it.
    Ipv6(Option<String>),
}

#[derive(Debug)]
pub(super) struct AssociateVpcCidrBlock {
    vpc_id: VpcId,
    wanted: Wanted,
}

impl Operation for AssociateVpcCidrBlock {
    const ACTION: &'static str = "AssociateVpcCidrBlock";
    type Output = AssociationOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(super::UNSUPPORTED_SOURCES)?;
        let vpc_id = query.required("VpcId")?;
        let border_group = query.optional("Ipv6CidrBlockNetworkBorderGroup")?;
        let wanted = match (query.optional("CidrBlock")?, query.flag("AmazonProvidedIpv6CidrBlock")?) {
            (Some(block), false) if border_group.is_none() => Wanted::Ipv4(block),
            (None, true) => Wanted::Ipv6(border_group),
            (None, false) => return Err(ApiError::missing("cidrBlock or amazonProvidedIpv6CidrBlock")),
            (Some(_), _) => {
                return Err(ApiError::combination("An IPv4 block and an IPv6 block cannot be associated in one call"));
            }
        };
        Ok(Self { vpc_id, wanted })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let change = match self.wanted {
            Wanted::Ipv4(block) => {
                let (id, block) = model.associate_vpc_cidr_block(cx, &self.vpc_id, block)?;
                Change::Ipv4 { id, block, state: "associating" }
            }
            Wanted::Ipv6(group) => {
                let association = model.associate_vpc_ipv6_block(cx, &self.vpc_id, group.as_deref())?;
                Change::Ipv6(association, model.region().clone())
            }
        };
        Ok(AssociationOutput { vpc_id: self.vpc_id, change })
    }
}

#[derive(Debug)]
pub(super) struct DisassociateVpcCidrBlock {
    id: VpcCidrAssociationId,
}

impl Operation for DisassociateVpcCidrBlock {
    const ACTION: &'static str = "DisassociateVpcCidrBlock";
    type Output = AssociationOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("AssociationId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        match model.disassociate_vpc_ipv6_block(cx.now, &self.id) {
            Ok((vpc_id, association)) => {
                Ok(AssociationOutput { vpc_id, change: Change::Ipv6(association, model.region().clone()) })
            }
            // Both kinds have ids of one kind.
            Err(VpcError::AssociationNotFound(id)) => {
                let (vpc_id, block) = model.disassociate_vpc_cidr_block(cx.now, &id)?;
                Ok(AssociationOutput { vpc_id, change: Change::Ipv4 { id, block, state: "disassociating" } })
            }
            Err(err) => Err(err.into()),
        }
    }
}

/// An association that begins or ends.
#[derive(Debug)]
pub(super) struct AssociationOutput {
    vpc_id: VpcId,
    change: Change,
}

#[derive(Debug)]
enum Change {
    Ipv4 { id: VpcCidrAssociationId, block: Ipv4Net, state: &'static str },
    Ipv6(VpcCidrAssociation<Ipv6Net>, Region),
}

impl Output for AssociationOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpcId", &self.vpc_id);
        match &self.change {
            Change::Ipv4 { id, block, state } => xml.element("cidrBlockAssociation", |xml| {
                xml.text("associationId", id);
                xml.text("cidrBlock", block);
                xml.element("cidrBlockState", |xml| xml.text("state", state));
            }),
            Change::Ipv6(association, region) => {
                xml.element("ipv6CidrBlockAssociation", |xml| write_ipv6(xml, association, region));
            }
        }
    }
}

/// What is shown of an association with an IPv6 block; the region announces it.
pub(super) fn write_ipv6(xml: &mut Xml, association: &VpcCidrAssociation<Ipv6Net>, region: &Region) {
    xml.text("associationId", &association.id);
    xml.text("ipv6CidrBlock", association.block);
    xml.element("ipv6CidrBlockState", |xml| xml.text("state", state(association.life)));
    xml.text("networkBorderGroup", region);
    xml.text("ipv6Pool", "Amazon");
    xml.text("ipv6AddressAttribute", "public");
    xml.text("ipSource", "amazon");
}

/// How far an association is.
pub(super) fn state(life: LifeSpan) -> &'static str {
    match life.phase() {
        Phase::Pending => "associating",
        Phase::Available => "associated",
        Phase::Deleting => "disassociating",
        Phase::Deleted => "disassociated",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    fn world() -> (World, String) {
        let mut world = World::new();
        let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
        (world, vpc)
    }

    #[test]
    fn a_block_for_pods() {
        let (mut world, vpc) = world();
        let added = world.call("AssociateVpcCidrBlock", &format!("VpcId={vpc}&CidrBlock=100.64.0.0/16")).ok();
        insta::assert_snapshot!(added.lines());
        let routes = world.call("DescribeRouteTables", "").ok();
        assert_eq!(routes.texts("destinationCidrBlock"), ["10.0.0.0/16", "100.64.0.0/16"]);
        let subnet = world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=100.64.1.0/24")).ok();
        let remove = format!("AssociationId={}", added.text("associationId"));
        assert_eq!(world.call("DisassociateVpcCidrBlock", &remove).code, Some("DependencyViolation"));
        world.call("DeleteSubnet", &format!("SubnetId={}", subnet.text("subnetId"))).ok();
        world.call("DisassociateVpcCidrBlock", &remove).ok();
        assert_eq!(world.call("DescribeRouteTables", "").ok().texts("destinationCidrBlock"), ["10.0.0.0/16"]);
        let again = world.call("DisassociateVpcCidrBlock", &remove);
        assert_eq!(again.code, Some("InvalidVpcCidrBlockAssociationID.NotFound"));
    }

    #[rstest]
    #[case::same_range("10.1.0.0/16", None)]
    #[case::carrier_grade("100.64.0.0/10", Some("InvalidVpc.Range"))]
    #[case::other_private_range("192.168.0.0/24", Some("InvalidVpc.Range"))]
    #[case::overlap("10.0.128.0/20", Some("InvalidVpc.Range"))]
    #[case::too_small("10.1.0.0/29", Some("InvalidVpc.Range"))]
    #[case::not_a_block("10.1.0.0", Some("InvalidParameterValue"))]
    fn blocks(#[case] block: &str, #[case] code: Option<&str>) {
        let (mut world, vpc) = world();
        let reply = world.call("AssociateVpcCidrBlock", &format!("VpcId={vpc}&CidrBlock={block}"));
        assert_eq!(reply.code, code, "{}", reply.body);
    }

    #[test]
    fn the_primary_block_stays_and_five_are_enough() {
        let (mut world, vpc) = world();
        for second in 1..5 {
            world.call("AssociateVpcCidrBlock", &format!("VpcId={vpc}&CidrBlock=10.{second}.0.0/16")).ok();
        }
        let sixth = world.call("AssociateVpcCidrBlock", &format!("VpcId={vpc}&CidrBlock=10.9.0.0/16"));
        assert_eq!(sixth.code, Some("CidrLimitExceeded"));
        let primary = world.call("DescribeVpcs", "").ok().text("associationId").to_owned();
        let refused = world.call("DisassociateVpcCidrBlock", &format!("AssociationId={primary}"));
        assert_eq!(refused.code, Some("OperationNotPermitted"));
    }

    #[test]
    fn an_ipv6_block_comes_and_goes() {
        let (mut world, vpc) = world();
        let associate = format!("VpcId={vpc}&AmazonProvidedIpv6CidrBlock=true");
        let added = world.call("AssociateVpcCidrBlock", &associate).ok();
        insta::assert_snapshot!(added.lines());
        world.model.settle(world.now);
        let shown =
            world.call("DescribeVpcs", "Filter.1.Name=ipv6-cidr-block-association.state&Filter.1.Value.1=associated");
        assert_eq!(shown.ok().text("networkBorderGroup"), world.model.region().0);
        let block = added.text("ipv6CidrBlock").to_owned();
        let routes = world.call("DescribeRouteTables", "").ok();
        assert_eq!(routes.texts("destinationIpv6CidrBlock"), [block.as_str()]);
        let numbers = world.call("DescribeNetworkAcls", "").ok().texts("ruleNumber").join(" ");
        assert_eq!(numbers, "100 101 32767 32768 100 101 32767 32768");
        let part = block.replace("/56", "/64");
        let form = format!("VpcId={vpc}&CidrBlock=10.0.1.0/24&Ipv6CidrBlock={part}");
        let subnet = world.call("CreateSubnet", &form).ok();
        let remove = format!("AssociationId={}", added.text("associationId"));
        assert_eq!(world.call("DisassociateVpcCidrBlock", &remove).code, Some("DependencyViolation"));
        world.call("DeleteSubnet", &format!("SubnetId={}", subnet.text("subnetId"))).ok();
        assert_eq!(world.call("DisassociateVpcCidrBlock", &remove).ok().text("state"), "disassociating");
        world.model.settle(world.now);
        let again = world.call("DisassociateVpcCidrBlock", &remove);
        assert_eq!(again.code, Some("InvalidVpcCidrBlockAssociationID.NotFound"));
        let states = world.call("DescribeVpcs", "").ok().texts("state").join(" ");
        assert_eq!(states, "available associated disassociated");
        assert!(world.call("DescribeRouteTables", "").ok().texts("destinationIpv6CidrBlock").is_empty());
    }

    #[rstest]
    #[case::nothing("", Some("MissingParameter"))]
    #[case::both("AmazonProvidedIpv6CidrBlock=true&CidrBlock=10.1.0.0/16", Some("InvalidParameterCombination"))]
    #[case::elsewhere(
        "AmazonProvidedIpv6CidrBlock=true&Ipv6CidrBlockNetworkBorderGroup=us-west-2-lax-1",
        Some("InvalidParameterValue")
    )]
    #[case::bring_your_own("Ipv6Pool=ipv6pool-ec2-1&Ipv6CidrBlock=2001:db8::/56", Some("UnsupportedOperation"))]
    fn ipv6_refused(#[case] form: &str, #[case] code: Option<&str>) {
        let (mut world, vpc) = world();
        assert_eq!(world.call("AssociateVpcCidrBlock", &format!("VpcId={vpc}&{form}")).code, code);
    }
}
