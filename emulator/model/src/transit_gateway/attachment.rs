//! What is attached to transit gateways: VPCs, VPN connections, appliances, other transit gateways.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>.

use jiff::Timestamp;

use super::{TransitGatewayError, TransitLife, TransitPeering, VpcAttachment};
use crate::{Context, Model, Tags, TransitGatewayAttachmentId, TransitGatewayId, VpnConnectionId};

/// A transit gateway's attachment.
#[derive(Debug, Clone)]
pub struct TransitGatewayAttachment {
    /// Its id.
    pub id: TransitGatewayAttachmentId,
    /// Its gateway.
    pub gateway_id: TransitGatewayId,
    /// What is attached.
    pub resource: AttachedResource,
    /// When it was made.
    pub created: Timestamp,
    /// How far it is.
    pub life: TransitLife,
    /// Its tags.
    pub tags: Tags,
}

/// What is attached to a transit gateway.
#[derive(Debug, Clone)]
pub enum AttachedResource {
    /// A VPC.
    Vpc(VpcAttachment),
    /// A VPN connection.
    Vpn(VpnConnectionId),
    /// Appliances, by tunnels that another attachment's network carries.
    Connect(TransitGatewayAttachmentId),
    /// Another transit gateway.
    Peering(TransitPeering),
}

impl TransitGatewayAttachment {
    /// The kind of what is attached.
    pub fn resource_type(&self) -> &'static str {
        match &self.resource {
            AttachedResource::Vpc(_) => "vpc",
            AttachedResource::Vpn(_) => "vpn",
            AttachedResource::Connect(_) => "connect",
            AttachedResource::Peering(_) => "peering",
        }
    }

    /// The id of what is attached.
    pub fn resource_id(&self) -> &str {
        match &self.resource {
            AttachedResource::Vpc(vpc) => vpc.vpc_id.as_str(),
            AttachedResource::Vpn(connection) => connection.as_str(),
            AttachedResource::Connect(transport) => transport.as_str(),
            AttachedResource::Peering(peering) => peering.peer_gateway_id.as_str(),
        }
    }

    /// The VPC, where it is one.
    pub fn vpc(&self) -> Option<&VpcAttachment> {
        match &self.resource {
            AttachedResource::Vpc(vpc) => Some(vpc),
            AttachedResource::Vpn(_) | AttachedResource::Connect(_) | AttachedResource::Peering(_) => None,
        }
    }
}

impl Model {
    /// Begins to attach a VPN connection to a transit gateway.
    pub(crate) fn attach_vpn_connection(
        &mut self,
        cx: &mut Context,
        gateway_id: &TransitGatewayId,
        connection: &VpnConnectionId,
    ) {
        let id = cx.ids.next();
        self.insert_transit_attachment(cx, id, gateway_id, AttachedResource::Vpn(connection.clone()), Tags::new());
    }

    /// Begins to detach a VPN connection from its transit gateway, where it has one.
    pub(crate) fn detach_vpn_connection(&mut self, cx: &Context, connection: &VpnConnectionId) {
        let is_of = |attachment: &&TransitGatewayAttachment| {
            matches!(&attachment.resource, AttachedResource::Vpn(id) if id == connection) && attachment.life.is_alive()
        };
        let id = self.transit_gateway_attachments.values().find(is_of).map(|attachment| attachment.id.clone());
        if let Some(id) = id {
            self.end_transit_attachment(cx, &id);
        }
    }

    /// Checks that one more can be attached to a transit gateway.
    pub(crate) fn check_can_attach(&self, id: &TransitGatewayId) -> Result<(), TransitGatewayError> {
        if !self.live_transit_gateway(id)?.life.is_up() {
            return Err(TransitGatewayError::State(id.to_string()));
        }
        let limit = self.quotas.transit_gateway_attachments;
        let is_full = self.attachments_of_transit_gateway(id).count() >= limit;
        if is_full { Err(TransitGatewayError::TooManyAttachments(limit)) } else { Ok(()) }
    }

    /// Keeps a new attachment, which uses its gateway's default tables.
    pub(super) fn insert_transit_attachment(
        &mut self,
        cx: &Context,
        id: TransitGatewayAttachmentId,
        gateway_id: &TransitGatewayId,
        resource: AttachedResource,
        tags: Tags,
    ) {
        let life = TransitLife::begin(cx.now);
        let gateway_id = gateway_id.clone();
        let attachment = TransitGatewayAttachment { id: id.clone(), gateway_id, resource, created: cx.now, life, tags };
        self.use_default_tables(cx, &attachment);
        self.transit_gateway_attachments.insert(id, attachment);
        self.touch();
    }

    /// Begins to take an attachment away that is there; it leaves all route tables.
    pub(super) fn end_transit_attachment(&mut self, cx: &Context, id: &TransitGatewayAttachmentId) {
        if let Some(attachment) = self.transit_gateway_attachments.get_mut(id) {
            attachment.life.end(cx.now);
        }
        self.leave_tables(cx, id);
        self.touch();
    }

    /// The attachments of a transit gateway that are not gone.
    pub(super) fn attachments_of_transit_gateway(
        &self,
        id: &TransitGatewayId,
    ) -> impl Iterator<Item = &TransitGatewayAttachment> {
        let all = self.transit_gateway_attachments.values();
        all.filter(move |attachment| attachment.gateway_id == *id && !attachment.life.is_over())
    }

    /// An attachment that is not gone.
    pub(super) fn live_transit_attachment(
        &self,
        id: &TransitGatewayAttachmentId,
    ) -> Result<&TransitGatewayAttachment, TransitGatewayError> {
        let attachment = self.transit_gateway_attachments.get(id).filter(|attachment| !attachment.life.is_over());
        attachment.ok_or_else(|| TransitGatewayError::AttachmentNotFound(id.clone()))
    }
}
