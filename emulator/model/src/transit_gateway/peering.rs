//! Transit gateways that are attached to each other. Each of the two has an attachment of its own; they live together.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-peering.html>.

use super::{AttachedResource, TransitGatewayAttachment, TransitGatewayError, TransitLife};
use crate::{Context, Model, Tags, TransitGatewayAttachmentId, TransitGatewayId};

/// One side of two transit gateways' being attached to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitPeering {
    /// Which side it is.
    pub side: TransitSide,
    /// The other gateway.
    pub peer_gateway_id: TransitGatewayId,
    /// The other gateway's attachment.
    pub peer_attachment_id: TransitGatewayAttachmentId,
}

/// Who asked, and who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransitSide {
    /// The gateway whose owner asked.
    Requester,
    /// The gateway whose owner was asked.
    Accepter,
}

impl TransitGatewayAttachment {
    /// The other gateway and which side this is, where two gateways are attached to each other.
    pub fn peering(&self) -> Option<&TransitPeering> {
        match &self.resource {
            AttachedResource::Peering(peering) => Some(peering),
            AttachedResource::Vpc(_) | AttachedResource::Vpn(_) | AttachedResource::Connect(_) => None,
        }
    }
}

impl Model {
    /// Asks for two transit gateways to be attached to each other.
    pub fn create_transit_gateway_peering(
        &mut self,
        cx: &mut Context,
        requester: &TransitGatewayId,
        accepter: &TransitGatewayId,
        tags: Tags,
    ) -> Result<TransitGatewayAttachmentId, TransitGatewayError> {
        self.check_can_attach(requester)?;
        self.check_can_attach(accepter)?;
        if requester == accepter {
            return Err(TransitGatewayError::OwnPeer(requester.clone()));
        }
        let of = |gateway| self.attachments_of_transit_gateway(gateway).filter_map(TransitGatewayAttachment::peering);
        if of(requester).any(|peering| peering.peer_gateway_id == *accepter) {
            return Err(TransitGatewayError::PeeringExists(requester.clone(), accepter.clone()));
        }
        let limit = self.quotas.transit_gateway_peerings;
        if of(requester).count() >= limit || of(accepter).count() >= limit {
            return Err(TransitGatewayError::TooManyAttachments(limit));
        }
        let (id, other): (TransitGatewayAttachmentId, TransitGatewayAttachmentId) = (cx.ids.next(), cx.ids.next());
        self.insert_side(cx, (id.clone(), requester), TransitSide::Requester, (other.clone(), accepter), tags);
        self.insert_side(cx, (other, accepter), TransitSide::Accepter, (id.clone(), requester), Tags::new());
        self.touch();
        Ok(id)
    }

    /// Agrees to what was asked for; both attachments are then made.
    pub fn accept_transit_gateway_peering(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        for side in self.sides_to_answer(id)? {
            if let Some(attachment) = self.transit_gateway_attachments.get_mut(&side) {
                attachment.life = TransitLife::begin(cx.now);
                let attachment = attachment.clone();
                // Nothing is propagated between gateways, so the default table for that plays no part.
                self.associate_by_default(cx, &attachment);
            }
        }
        self.touch();
        Ok(())
    }

    /// Refuses what was asked for.
    pub fn reject_transit_gateway_peering(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        for side in self.sides_to_answer(id)? {
            if let Some(attachment) = self.transit_gateway_attachments.get_mut(&side) {
                attachment.life.reject(cx.now);
            }
        }
        self.touch();
        Ok(())
    }

    /// Begins to change one side. There is nothing to choose of gateways in one region, but it takes its time.
    pub fn modify_transit_gateway_peering(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        self.live_peering(id)?;
        let attachment = self.transit_gateway_attachments.get_mut(id).filter(|attachment| attachment.life.is_steady());
        attachment.ok_or_else(|| TransitGatewayError::State(id.to_string()))?.life.change(cx.now);
        self.touch();
        Ok(())
    }

    /// Begins to take both attachments away. Each side can ask for that, before an answer too.
    pub fn delete_transit_gateway_peering(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        let (attachment, peering) = self.live_peering(id)?;
        if !attachment.life.is_steady() && !attachment.life.is_waiting() {
            return Err(TransitGatewayError::State(id.to_string()));
        }
        for side in [id.clone(), peering.peer_attachment_id.clone()] {
            self.end_transit_attachment(cx, &side);
        }
        Ok(())
    }

    fn insert_side(
        &mut self,
        cx: &Context,
        (id, gateway_id): (TransitGatewayAttachmentId, &TransitGatewayId),
        side: TransitSide,
        (peer_attachment_id, peer): (TransitGatewayAttachmentId, &TransitGatewayId),
        tags: Tags,
    ) {
        let peering = TransitPeering { side, peer_gateway_id: peer.clone(), peer_attachment_id };
        let attachment = TransitGatewayAttachment {
            id: id.clone(),
            gateway_id: gateway_id.clone(),
            resource: AttachedResource::Peering(peering),
            created: cx.now,
            life: TransitLife::request(cx.now),
            tags,
        };
        self.transit_gateway_attachments.insert(id, attachment);
    }

    /// Both sides of what waits for an answer, which the accepter's attachment is asked for.
    fn sides_to_answer(
        &self,
        id: &TransitGatewayAttachmentId,
    ) -> Result<[TransitGatewayAttachmentId; 2], TransitGatewayError> {
        let (attachment, peering) = self.live_peering(id)?;
        if peering.side == TransitSide::Requester {
            return Err(TransitGatewayError::NotAsked(id.clone()));
        }
        if !attachment.life.is_waiting() {
            return Err(TransitGatewayError::State(id.to_string()));
        }
        Ok([id.clone(), peering.peer_attachment_id.clone()])
    }

    fn live_peering(
        &self,
        id: &TransitGatewayAttachmentId,
    ) -> Result<(&TransitGatewayAttachment, &TransitPeering), TransitGatewayError> {
        let attachment = self.live_transit_attachment(id)?;
        let peering = attachment.peering().ok_or_else(|| TransitGatewayError::AttachmentNotFound(id.clone()))?;
        Ok((attachment, peering))
    }
}
