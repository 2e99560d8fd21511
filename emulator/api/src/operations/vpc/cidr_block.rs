//! Further IPv4 blocks: AssociateVpcCidrBlock, DisassociateVpcCidrBlock.

use ipnet::Ipv4Net;
use vpc_model::{Context, Model, VpcCidrAssociationId, VpcId};

use crate::ApiError;
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct AssociateVpcCidrBlock {
    vpc_id: VpcId,
    block: Ipv4Net,
}

impl Operation for AssociateVpcCidrBlock {
    const ACTION: &'static str = "AssociateVpcCidrBlock";
    type Output = AssociationOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(super::UNSUPPORTED_SOURCES)?;
        Ok(Self { vpc_id: query.required("VpcId")?, block: query.required("CidrBlock")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let (id, block) = model.associate_vpc_cidr_block(cx, &self.vpc_id, self.block)?;
        Ok(AssociationOutput { vpc_id: self.vpc_id, id, block, state: "associating" })
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

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let (vpc_id, block) = model.disassociate_vpc_cidr_block(&self.id)?;
        Ok(AssociationOutput { vpc_id, id: self.id, block, state: "disassociating" })
    }
}

/// An association that begins or ends.
#[derive(Debug)]
pub(super) struct AssociationOutput {
    vpc_id: VpcId,
    id: VpcCidrAssociationId,
    block: Ipv4Net,
    state: &'static str,
}

impl Output for AssociationOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("vpcId", &self.vpc_id);
        xml.element("cidrBlockAssociation", |xml| {
            xml.text("associationId", &self.id);
            xml.text("cidrBlock", self.block);
            xml.element("cidrBlockState", |xml| xml.text("state", self.state));
        });
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
}
