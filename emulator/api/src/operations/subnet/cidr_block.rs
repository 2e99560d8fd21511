//! IPv6 blocks of subnets: AssociateSubnetCidrBlock, DisassociateSubnetCidrBlock.

use ipnet::Ipv6Net;
use vpc_model::{Context, Model, Phase, SubnetCidrAssociation, SubnetCidrAssociationId, SubnetId};

use crate::ApiError;
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct AssociateSubnetCidrBlock {
    id: SubnetId,
    block: Ipv6Net,
}

impl Operation for AssociateSubnetCidrBlock {
    const ACTION: &'static str = "AssociateSubnetCidrBlock";
    type Output = AssociationOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["Ipv6IpamPoolId", "Ipv6NetmaskLength"])?;
        Ok(Self { id: query.required("SubnetId")?, block: query.required("Ipv6CidrBlock")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let association = model.associate_subnet_cidr_block(cx, &self.id, self.block)?;
        Ok(AssociationOutput { subnet_id: self.id, association })
    }
}

#[derive(Debug)]
pub(super) struct DisassociateSubnetCidrBlock {
    id: SubnetCidrAssociationId,
}

impl Operation for DisassociateSubnetCidrBlock {
    const ACTION: &'static str = "DisassociateSubnetCidrBlock";
    type Output = AssociationOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("AssociationId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let (subnet_id, association) = model.disassociate_subnet_cidr_block(cx.now, &self.id)?;
        Ok(AssociationOutput { subnet_id, association })
    }
}

/// An association that begins or ends.
#[derive(Debug)]
pub(super) struct AssociationOutput {
    subnet_id: SubnetId,
    association: SubnetCidrAssociation,
}

impl Output for AssociationOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("subnetId", &self.subnet_id);
        xml.element("ipv6CidrBlockAssociation", |xml| write_association(xml, &self.association));
    }
}

/// What is shown of an association.
pub(super) fn write_association(xml: &mut Xml, association: &SubnetCidrAssociation) {
    xml.text("associationId", &association.id);
    xml.text("ipv6CidrBlock", association.block);
    xml.element("ipv6CidrBlockState", |xml| xml.text("state", state(association)));
    xml.text("ipv6AddressAttribute", "public");
    xml.text("ipSource", "amazon");
}

/// How far an association is.
pub(super) fn state(association: &SubnetCidrAssociation) -> &'static str {
    match association.life.phase() {
        Phase::Pending => "associating",
        Phase::Available => "associated",
        Phase::Deleting => "disassociating",
        Phase::Deleted => "disassociated",
    }
}
