//! Attachments: CreateTransitGatewayVpcAttachment, ModifyTransitGatewayVpcAttachment,
//! AcceptTransitGatewayVpcAttachment, RejectTransitGatewayVpcAttachment, DeleteTransitGatewayVpcAttachment,
//! DescribeTransitGatewayVpcAttachments, DescribeTransitGatewayAttachments.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vpc_model::{
    Context, Model, NewVpcAttachment, TransitGatewayAttachment, TransitGatewayAttachmentId, TransitGatewayError,
    VpcAttachmentChange, VpcAttachmentOptions,
};

use super::listing::Listed;
use super::one::on_attachment;
use super::{optional_text, switch, switched};
use crate::filter::Fields;
use crate::operations::describe::{Describable, Single, created};
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

/// The element around a VPC's attachment.
const SHOWN: &str = "transitGatewayVpcAttachment";

fn missing(id: &TransitGatewayAttachmentId) -> ApiError {
    TransitGatewayError::AttachmentNotFound(id.clone()).into()
}

impl Describable for TransitGatewayAttachment {
    type Id = TransitGatewayAttachmentId;
    type Item = AttachmentItem;

    const ACTION: &'static str = "DescribeTransitGatewayVpcAttachments";
    const IDS: &'static str = "TransitGatewayAttachmentIds";
    const SET: &'static str = "transitGatewayVpcAttachments";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("state", |_, attachment| vec![attachment.life.state().to_owned()]),
            ("transit-gateway-attachment-id", |_, attachment| vec![attachment.id.to_string()]),
            ("transit-gateway-id", |_, attachment| vec![attachment.gateway_id.to_string()]),
            ("vpc-id", |_, attachment| optional_text(attachment.vpc().map(|vpc| &vpc.vpc_id))),
        ],
        tags: Some(|attachment| &attachment.tags),
    };

    fn id(&self) -> &TransitGatewayAttachmentId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &TransitGatewayAttachmentId) -> Option<&'a Self> {
        model.transit_gateway_attachment(id).filter(|attachment| attachment.vpc().is_some())
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.transit_gateway_attachments().filter(|attachment| attachment.vpc().is_some()).collect()
    }

    fn missing(id: &TransitGatewayAttachmentId) -> ApiError {
        missing(id)
    }

    fn item(&self, model: &Model, _: Timestamp) -> AttachmentItem {
        AttachmentItem { owner: model.account().to_string(), attachment: self.clone() }
    }
}

/// A VPC's attachment as replies show it.
#[derive(Debug)]
pub(crate) struct AttachmentItem {
    owner: String,
    attachment: TransitGatewayAttachment,
}

impl Output for AttachmentItem {
    fn write(&self, xml: &mut Xml) {
        let attachment = &self.attachment;
        xml.text("transitGatewayAttachmentId", &attachment.id);
        xml.text("transitGatewayId", &attachment.gateway_id);
        if let Some(vpc) = attachment.vpc() {
            xml.text("vpcId", &vpc.vpc_id);
            xml.text("vpcOwnerId", &self.owner);
            xml.texts("subnetIds", vpc.subnets.iter().map(|(subnet, _)| subnet));
            write_options(xml, &vpc.options);
        }
        xml.text("state", attachment.life.state());
        xml.timestamp("creationTime", attachment.created);
        xml.tags(&attachment.tags);
    }
}

fn write_options(xml: &mut Xml, options: &VpcAttachmentOptions) {
    xml.element("options", |xml| {
        xml.text("dnsSupport", switched(options.dns_support));
        xml.text("securityGroupReferencingSupport", switched(options.security_group_referencing_support));
        xml.text("ipv6Support", switched(options.ipv6_support));
        xml.text("applianceModeSupport", switched(options.appliance_mode_support));
    });
}

#[derive(Debug)]
pub(super) struct CreateTransitGatewayVpcAttachment(NewVpcAttachment);

fn decode_options(query: &mut Query) -> Result<VpcAttachmentChange, ApiError> {
    Ok(VpcAttachmentChange {
        dns_support: switch(query, "DnsSupport")?,
        security_group_referencing_support: switch(query, "SecurityGroupReferencingSupport")?,
        ipv6_support: switch(query, "Ipv6Support")?,
        appliance_mode_support: switch(query, "ApplianceModeSupport")?,
        ..VpcAttachmentChange::default()
    })
}

impl Operation for CreateTransitGatewayVpcAttachment {
    const ACTION: &'static str = "CreateTransitGatewayVpcAttachment";
    type Output = Single<AttachmentItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let chosen = query.structure("Options", decode_options)?.unwrap_or_default();
        Ok(Self(NewVpcAttachment {
            gateway_id: query.required("TransitGatewayId")?,
            vpc_id: query.required("VpcId")?,
            subnet_ids: query.required_list("SubnetIds")?,
            options: VpcAttachmentOptions::default().changed(&chosen),
            tags: tag_specification::decode_plural(query, &["transit-gateway-attachment"])?,
        }))
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_transit_gateway_vpc_attachment(cx, self.0)?;
        created::<TransitGatewayAttachment>(SHOWN, model, cx.now, &id)
    }
}

#[derive(Debug)]
pub(super) struct ModifyTransitGatewayVpcAttachment {
    id: TransitGatewayAttachmentId,
    change: VpcAttachmentChange,
}

impl Operation for ModifyTransitGatewayVpcAttachment {
    const ACTION: &'static str = "ModifyTransitGatewayVpcAttachment";
    type Output = Single<AttachmentItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let id = query.required("TransitGatewayAttachmentId")?;
        let options = query.structure("Options", decode_options)?.unwrap_or_default();
        let (add_subnets, remove_subnets) = (query.list("AddSubnetIds")?, query.list("RemoveSubnetIds")?);
        Ok(Self { id, change: VpcAttachmentChange { add_subnets, remove_subnets, ..options } })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_transit_gateway_vpc_attachment(cx, &self.id, self.change)?;
        created::<TransitGatewayAttachment>(SHOWN, model, cx.now, &self.id)
    }
}

on_attachment! { TransitGatewayAttachment SHOWN;
    AcceptTransitGatewayVpcAttachment accept_transit_gateway_vpc_attachment;
    RejectTransitGatewayVpcAttachment accept_transit_gateway_vpc_attachment;
    DeleteTransitGatewayVpcAttachment delete_transit_gateway_vpc_attachment;
}

/// Takes the ids of attachments that are asked for.
pub(super) fn decode_ids(query: &mut Query) -> Result<Vec<TransitGatewayAttachmentId>, ApiError> {
    query.list("TransitGatewayAttachmentIds")
}

/// The attachments of a kind: those of some ids, each once, or all where there are no ids.
pub(super) fn of_kind<T>(
    model: &Model,
    ids: &[TransitGatewayAttachmentId],
    of: impl Fn(&TransitGatewayAttachment) -> Option<T>,
) -> Result<Vec<T>, ApiError> {
    if ids.is_empty() {
        return Ok(model.transit_gateway_attachments().filter_map(of).collect());
    }
    let distinct: BTreeSet<&TransitGatewayAttachmentId> = ids.iter().collect();
    let find = |id| model.transit_gateway_attachment(id).and_then(&of).ok_or_else(|| missing(id));
    distinct.into_iter().map(find).collect()
}

/// An attachment of any kind as DescribeTransitGatewayAttachments shows it.
#[derive(Debug, Clone)]
pub(super) struct AnyAttachment {
    owner: String,
    attachment: TransitGatewayAttachment,
    /// The table it is associated with, and how far that is.
    association: Option<(String, &'static str)>,
}

impl AnyAttachment {
    fn of(model: &Model, attachment: &TransitGatewayAttachment) -> Self {
        let association = model.transit_association_of(&attachment.id);
        let association = association.map(|(table, found)| (table.id.to_string(), found.state()));
        Self { owner: model.account().to_string(), attachment: attachment.clone(), association }
    }
}

impl Listed for AnyAttachment {
    /// The ids that are asked for, or none for all.
    type About = Vec<TransitGatewayAttachmentId>;

    const ACTION: &'static str = "DescribeTransitGatewayAttachments";
    const SET: &'static str = "transitGatewayAttachments";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("association.state", |_, row| row.association.iter().map(|(_, state)| (*state).to_owned()).collect()),
            ("association.transit-gateway-route-table-id", |_, row| {
                row.association.iter().map(|(table, _)| table.clone()).collect()
            }),
            ("resource-id", |_, row| vec![row.attachment.resource_id().to_owned()]),
            ("resource-owner-id", |_, row| vec![row.owner.clone()]),
            ("resource-type", |_, row| vec![row.attachment.resource_type().to_owned()]),
            ("state", |_, row| vec![row.attachment.life.state().to_owned()]),
            ("transit-gateway-attachment-id", |_, row| vec![row.attachment.id.to_string()]),
            ("transit-gateway-id", |_, row| vec![row.attachment.gateway_id.to_string()]),
            ("transit-gateway-owner-id", |_, row| vec![row.owner.clone()]),
        ],
        tags: Some(|row| &row.attachment.tags),
    };

    fn decode(query: &mut Query) -> Result<Self::About, ApiError> {
        decode_ids(query)
    }

    fn rows(model: &Model, ids: &Self::About) -> Result<Vec<Self>, ApiError> {
        of_kind(model, ids, |attachment| Some(Self::of(model, attachment)))
    }

    fn key(&self) -> String {
        self.attachment.id.to_string()
    }

    fn write(&self, xml: &mut Xml) {
        let attachment = &self.attachment;
        xml.text("transitGatewayAttachmentId", &attachment.id);
        xml.text("transitGatewayId", &attachment.gateway_id);
        xml.text("transitGatewayOwnerId", &self.owner);
        xml.text("resourceOwnerId", &self.owner);
        xml.text("resourceType", attachment.resource_type());
        xml.text("resourceId", attachment.resource_id());
        xml.text("state", attachment.life.state());
        if let Some((table, state)) = &self.association {
            xml.element("association", |xml| {
                xml.text("transitGatewayRouteTableId", table);
                xml.text("state", state);
            });
        }
        xml.timestamp("creationTime", attachment.created);
        xml.tags(&attachment.tags);
    }
}
