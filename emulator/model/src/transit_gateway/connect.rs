//! Connect attachments: tunnels to appliances, by way of a VPC's attachment.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-connect.html>.

use super::{AttachedResource, TransitGatewayAttachment, TransitGatewayError};
use crate::{Context, Model, Tags, TransitGatewayAttachmentId};

impl TransitGatewayAttachment {
    /// The attachment whose network carries the tunnels, where it is a Connect attachment.
    pub fn transport(&self) -> Option<&TransitGatewayAttachmentId> {
        match &self.resource {
            AttachedResource::Connect(transport) => Some(transport),
            AttachedResource::Vpc(_) | AttachedResource::Vpn(_) | AttachedResource::Peering(_) => None,
        }
    }
}

impl Model {
    /// Makes a Connect attachment that a VPC's attachment carries. An attachment can carry several.
    pub fn create_transit_gateway_connect(
        &mut self,
        cx: &mut Context,
        transport: &TransitGatewayAttachmentId,
        tags: Tags,
    ) -> Result<TransitGatewayAttachmentId, TransitGatewayError> {
        let carrier = self.live_transit_attachment(transport)?;
        if carrier.vpc().is_none() {
            return Err(TransitGatewayError::NoTransport(transport.clone()));
        }
        if !carrier.life.is_up() {
            return Err(TransitGatewayError::State(transport.to_string()));
        }
        let gateway_id = carrier.gateway_id.clone();
        self.check_can_attach(&gateway_id)?;
        let id: TransitGatewayAttachmentId = cx.ids.next();
        let resource = AttachedResource::Connect(transport.clone());
        self.insert_transit_attachment(cx, id.clone(), &gateway_id, resource, tags);
        Ok(id)
    }

    /// Begins to take a Connect attachment away that has no peers.
    pub fn delete_transit_gateway_connect(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        self.steady_connect(id)?;
        if self.peers_of_connect(id).next().is_some() {
            return Err(TransitGatewayError::HasPeers(id.clone()));
        }
        self.end_transit_attachment(cx, id);
        Ok(())
    }

    /// Whether an attachment carries Connect attachments that are not gone.
    pub(super) fn is_transport(&self, id: &TransitGatewayAttachmentId) -> bool {
        let mut attachments = self.transit_gateway_attachments.values();
        attachments.any(|attachment| attachment.transport() == Some(id) && !attachment.life.is_over())
    }

    /// A Connect attachment that is there.
    pub(super) fn steady_connect(
        &self,
        id: &TransitGatewayAttachmentId,
    ) -> Result<&TransitGatewayAttachment, TransitGatewayError> {
        let attachment = self.live_transit_attachment(id)?;
        if attachment.transport().is_none() {
            return Err(TransitGatewayError::AttachmentNotFound(id.clone()));
        }
        if attachment.life.is_steady() { Ok(attachment) } else { Err(TransitGatewayError::State(id.to_string())) }
    }
}
