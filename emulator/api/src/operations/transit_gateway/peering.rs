//! Attachments of transit gateways to each other: CreateTransitGatewayPeeringAttachment,
//! AcceptTransitGatewayPeeringAttachment, RejectTransitGatewayPeeringAttachment,
//! ModifyTransitGatewayPeeringAttachment, DeleteTransitGatewayPeeringAttachment,
//! DescribeTransitGatewayPeeringAttachments.

use jiff::Timestamp;
use vpc_model::{
    AccountId, Context, Model, Tags, TransitGatewayAttachment, TransitGatewayAttachmentId, TransitGatewayId,
    TransitPeering, TransitSide,
};

use super::attachment::{decode_ids, of_kind};
use super::listing::{Listed, Row, only};
use super::one::{Shown, on_attachment};
use super::switch;
use crate::filter::Fields;
use crate::operations::Operation;
use crate::operations::describe::Single;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

/// The element around such an attachment.
const SHOWN: &str = "transitGatewayPeeringAttachment";

/// One of the two attachments as replies show it.
#[derive(Debug, Clone)]
pub(super) struct Peering {
    owner: String,
    region: String,
    attachment: TransitGatewayAttachment,
    peering: TransitPeering,
}

impl Peering {
    fn of(model: &Model, attachment: &TransitGatewayAttachment) -> Option<Self> {
        let (owner, region) = (model.account().to_string(), model.region().to_string());
        Some(Self { owner, region, attachment: attachment.clone(), peering: attachment.peering()?.clone() })
    }

    fn write_gateway(&self, xml: &mut Xml, gateway: &TransitGatewayId) {
        xml.text("transitGatewayId", gateway);
        xml.text("ownerId", &self.owner);
        xml.text("region", &self.region);
    }
}

impl Listed for Peering {
    /// The ids that are asked for, or none for all.
    type About = Vec<TransitGatewayAttachmentId>;

    const ACTION: &'static str = "DescribeTransitGatewayPeeringAttachments";
    const SET: &'static str = "transitGatewayPeeringAttachments";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("transit-gateway-attachment-id", |_, row| vec![row.attachment.id.to_string()]),
            ("local-owner-id", |_, row| vec![row.owner.clone()]),
            ("remote-owner-id", |_, row| vec![row.owner.clone()]),
            ("state", |_, row| vec![row.attachment.life.state().to_owned()]),
            ("transit-gateway-id", |_, row| vec![row.attachment.gateway_id.to_string()]),
        ],
        tags: Some(|row| &row.attachment.tags),
    };

    fn decode(query: &mut Query) -> Result<Self::About, ApiError> {
        decode_ids(query)
    }

    fn rows(model: &Model, ids: &Self::About) -> Result<Vec<Self>, ApiError> {
        of_kind(model, ids, |attachment| Self::of(model, attachment))
    }

    fn key(&self) -> String {
        self.attachment.id.to_string()
    }

    fn write(&self, xml: &mut Xml) {
        let (own, peer) = (&self.attachment, &self.peering);
        let sides = [(&own.id, &own.gateway_id), (&peer.peer_attachment_id, &peer.peer_gateway_id)];
        let [requester, accepter] = match peer.side {
            TransitSide::Requester => sides,
            TransitSide::Accepter => [sides[1], sides[0]],
        };
        xml.text("transitGatewayAttachmentId", &own.id);
        xml.text("accepterTransitGatewayAttachmentId", accepter.0);
        xml.element("requesterTgwInfo", |xml| self.write_gateway(xml, requester.1));
        xml.element("accepterTgwInfo", |xml| self.write_gateway(xml, accepter.1));
        xml.element("options", |xml| xml.text("dynamicRouting", "disable"));
        xml.text("state", own.life.state());
        xml.timestamp("creationTime", own.created);
        xml.tags(&own.tags);
    }
}

impl Shown for Peering {
    type Id = TransitGatewayAttachmentId;
    type Item = Row<Self>;

    fn shown(name: &'static str, model: &Model, _: Timestamp, id: &Self::Id) -> Result<Single<Row<Self>>, ApiError> {
        only(name, model, &vec![id.clone()])
    }
}

#[derive(Debug)]
pub(super) struct CreateTransitGatewayPeeringAttachment {
    requester: TransitGatewayId,
    accepter: TransitGatewayId,
    account: AccountId,
    region: String,
    tags: Tags,
}

/// Takes what can be chosen of an attachment: nothing where both gateways are in one region.
fn decode_options(query: &mut Query) -> Result<(), ApiError> {
    if switch(query, "DynamicRouting")? == Some(true) {
        return Err(ApiError::unsupported("Options.DynamicRouting"));
    }
    decode_resilience(query)
}

fn decode_resilience(query: &mut Query) -> Result<(), ApiError> {
    let (is_allowed, mode) =
        (query.flag("AllowMultipathResilience")?, query.optional::<String>("MultipathResilienceMode")?);
    match mode.as_deref() {
        None | Some("always-on") => {}
        Some(other) => {
            return Err(ApiError::invalid("Options.MultipathResilienceMode", other, "Expected one of: always-on"));
        }
    }
    if is_allowed {
        return Err(ApiError::combination("Multipath resilience is not supported for peering in the same Region"));
    }
    if mode.is_some() {
        return Err(ApiError::combination("MultipathResilienceMode can be used with AllowMultipathResilience only"));
    }
    Ok(())
}

impl Operation for CreateTransitGatewayPeeringAttachment {
    const ACTION: &'static str = "CreateTransitGatewayPeeringAttachment";
    type Output = Single<Row<Peering>>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.structure("Options", decode_options)?;
        Ok(Self {
            requester: query.required("TransitGatewayId")?,
            accepter: query.required("PeerTransitGatewayId")?,
            account: query.required("PeerAccountId")?,
            region: query.required("PeerRegion")?,
            tags: tag_specification::decode_one(query, &["transit-gateway-attachment"])?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        // Deviation: gateways of other accounts and regions cannot be asked.
        if self.region != model.region().to_string() {
            return Err(ApiError::unsupported("PeerRegion"));
        }
        if self.account != *model.account() {
            return Err(ApiError::unsupported("PeerAccountId"));
        }
        let id = model.create_transit_gateway_peering(cx, &self.requester, &self.accepter, self.tags)?;
        Peering::shown(SHOWN, model, cx.now, &id)
    }
}

#[derive(Debug)]
pub(super) struct ModifyTransitGatewayPeeringAttachment(TransitGatewayAttachmentId);

impl Operation for ModifyTransitGatewayPeeringAttachment {
    const ACTION: &'static str = "ModifyTransitGatewayPeeringAttachment";
    type Output = Single<Row<Peering>>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.structure("Options", decode_resilience)?;
        query.required("TransitGatewayAttachmentId").map(Self)
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_transit_gateway_peering(cx, &self.0)?;
        Peering::shown(SHOWN, model, cx.now, &self.0)
    }
}

on_attachment! { Peering SHOWN;
    AcceptTransitGatewayPeeringAttachment accept_transit_gateway_peering;
    RejectTransitGatewayPeeringAttachment reject_transit_gateway_peering;
    DeleteTransitGatewayPeeringAttachment delete_transit_gateway_peering;
}
