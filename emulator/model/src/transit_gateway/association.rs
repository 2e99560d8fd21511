//! How attachments use route tables: one decides where their packets go, and any can have their routes.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>.

use super::{TransitGatewayAttachment, TransitGatewayError, TransitGatewayRouteTable};
use crate::{Context, LifeSpan, Model, Phase, TransitGatewayAttachmentId, TransitGatewayRouteTableId};

/// An attachment's association with a route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitAssociation {
    /// The attachment.
    pub attachment_id: TransitGatewayAttachmentId,
    pub(super) span: LifeSpan,
}

impl TransitAssociation {
    fn begin(cx: &Context, attachment_id: &TransitGatewayAttachmentId) -> Self {
        Self { attachment_id: attachment_id.clone(), span: LifeSpan::begin(cx.now) }
    }

    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match self.span.phase() {
            Phase::Pending => "associating",
            Phase::Available => "associated",
            Phase::Deleting => "disassociating",
            Phase::Deleted => "disassociated",
        }
    }
}

impl Model {
    /// Begins to associate an attachment with a route table of its gateway.
    pub fn associate_transit_gateway_route_table(
        &mut self,
        cx: &mut Context,
        table_id: &TransitGatewayRouteTableId,
        attachment_id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        self.check_pair(table_id, attachment_id)?;
        if self.transit_association_of(attachment_id).is_some() {
            return Err(TransitGatewayError::AlreadyAssociated(attachment_id.clone()));
        }
        let association = TransitAssociation::begin(cx, attachment_id);
        self.transit_table_mut(table_id)?.associations.push(association);
        self.touch();
        Ok(())
    }

    /// Begins to end an attachment's association with a route table.
    pub fn disassociate_transit_gateway_route_table(
        &mut self,
        cx: &mut Context,
        table_id: &TransitGatewayRouteTableId,
        attachment_id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        self.live_transit_attachment(attachment_id)?;
        let not_there = || TransitGatewayError::NotAssociated(table_id.clone(), attachment_id.clone());
        let mut associations = self.transit_table_mut(table_id)?.associations.iter_mut();
        let association = associations.find(|one| one.attachment_id == *attachment_id).ok_or_else(not_there)?;
        if association.span.phase() != Phase::Available {
            return Err(TransitGatewayError::State(attachment_id.to_string()));
        }
        association.span.end(cx.now);
        self.touch();
        Ok(())
    }

    /// Makes an attachment propagate its routes to a route table of its gateway.
    pub fn enable_transit_gateway_propagation(
        &mut self,
        _: &mut Context,
        table_id: &TransitGatewayRouteTableId,
        attachment_id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        self.check_pair(table_id, attachment_id)?;
        if self.live_transit_attachment(attachment_id)?.peering().is_some() {
            return Err(TransitGatewayError::NoPropagation(attachment_id.clone()));
        }
        let propagations = &mut self.transit_table_mut(table_id)?.propagations;
        if propagations.contains(attachment_id) {
            return Err(TransitGatewayError::AlreadyPropagating(table_id.clone(), attachment_id.clone()));
        }
        propagations.push(attachment_id.clone());
        self.touch();
        Ok(())
    }

    /// Makes an attachment propagate its routes to a route table no more.
    pub fn disable_transit_gateway_propagation(
        &mut self,
        _: &mut Context,
        table_id: &TransitGatewayRouteTableId,
        attachment_id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        self.live_transit_attachment(attachment_id)?;
        let propagations = &mut self.transit_table_mut(table_id)?.propagations;
        let at = propagations.iter().position(|id| id == attachment_id);
        let not_there = || TransitGatewayError::NotPropagating(table_id.clone(), attachment_id.clone());
        propagations.remove(at.ok_or_else(not_there)?);
        self.touch();
        Ok(())
    }

    /// The table that decides where an attachment's packets go.
    pub fn transit_association_of(
        &self,
        attachment_id: &TransitGatewayAttachmentId,
    ) -> Option<(&TransitGatewayRouteTable, &TransitAssociation)> {
        self.transit_gateway_route_tables.values().find_map(|table| {
            let found = table.associations.iter().find(|one| one.attachment_id == *attachment_id)?;
            Some((table, found))
        })
    }

    /// Associates a new attachment with its gateway's default table for that, and has it propagate to the other one.
    pub(super) fn use_default_tables(&mut self, cx: &Context, attachment: &TransitGatewayAttachment) {
        self.associate_by_default(cx, attachment);
        let gateway = self.transit_gateways.get(&attachment.gateway_id);
        let table = gateway.and_then(|gateway| gateway.propagation_table.clone());
        if let Some(table) = table.and_then(|id| self.transit_gateway_route_tables.get_mut(&id)) {
            table.propagations.push(attachment.id.clone());
        }
    }

    /// Associates a new attachment with its gateway's default table, where there is one.
    pub(super) fn associate_by_default(&mut self, cx: &Context, attachment: &TransitGatewayAttachment) {
        let gateway = self.transit_gateways.get(&attachment.gateway_id);
        let table = gateway.and_then(|gateway| gateway.association_table.clone());
        if let Some(table) = table.and_then(|id| self.transit_gateway_route_tables.get_mut(&id)) {
            table.associations.push(TransitAssociation::begin(cx, &attachment.id));
        }
    }

    /// Ends all use of route tables by an attachment that is going.
    pub(super) fn leave_tables(&mut self, cx: &Context, id: &TransitGatewayAttachmentId) {
        for table in self.transit_gateway_route_tables.values_mut() {
            table.propagations.retain(|known| known != id);
            let mut associations = table.associations.iter_mut();
            if let Some(association) = associations.find(|one| one.attachment_id == *id) {
                association.span.end(cx.now);
            }
        }
    }

    /// Checks that a table and an attachment are there, and of one gateway.
    pub(super) fn check_pair(
        &self,
        table_id: &TransitGatewayRouteTableId,
        attachment_id: &TransitGatewayAttachmentId,
    ) -> Result<(), TransitGatewayError> {
        let table = self.steady_transit_route_table(table_id)?;
        let attachment = self.live_transit_attachment(attachment_id)?;
        if attachment.gateway_id != table.gateway_id {
            return Err(TransitGatewayError::AttachmentElsewhere(attachment_id.clone()));
        }
        let is_up = attachment.life.is_up();
        if is_up { Ok(()) } else { Err(TransitGatewayError::State(attachment_id.to_string())) }
    }
}
