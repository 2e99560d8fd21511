//! The route tables of transit gateways.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/tgw/tgw-route-tables.html>.

use std::collections::BTreeMap;

use ipnet::IpNet;
use jiff::Timestamp;

use super::{TransitAssociation, TransitGatewayError, TransitPrefixListReference, TransitTarget};
use crate::{
    Context, LifeSpan, Model, Phase, Tags, TransitGatewayAttachmentId, TransitGatewayId, TransitGatewayRouteTableId,
};

/// A transit gateway's route table.
#[derive(Debug, Clone)]
pub struct TransitGatewayRouteTable {
    /// Its id.
    pub id: TransitGatewayRouteTableId,
    /// Its gateway.
    pub gateway_id: TransitGatewayId,
    /// When it was made.
    pub created: Timestamp,
    /// The attachments whose packets it decides about.
    pub associations: Vec<TransitAssociation>,
    /// The attachments whose routes it has, in the order they came.
    pub propagations: Vec<TransitGatewayAttachmentId>,
    /// Its static routes.
    pub routes: BTreeMap<IpNet, TransitTarget>,
    /// Its routes to prefix lists.
    pub references: Vec<TransitPrefixListReference>,
    /// Its tags.
    pub tags: Tags,
    pub(super) span: LifeSpan,
}

impl TransitGatewayRouteTable {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        self.span.phase().as_str()
    }
}

impl Model {
    /// Makes a route table.
    pub fn create_transit_gateway_route_table(
        &mut self,
        cx: &mut Context,
        gateway_id: &TransitGatewayId,
        tags: Tags,
    ) -> Result<TransitGatewayRouteTableId, TransitGatewayError> {
        if !self.live_transit_gateway(gateway_id)?.life.is_up() {
            return Err(TransitGatewayError::State(gateway_id.to_string()));
        }
        let limit = self.quotas.transit_gateway_route_tables;
        let is_counted =
            |table: &&TransitGatewayRouteTable| table.gateway_id == *gateway_id && table.span.phase().is_alive();
        if self.transit_gateway_route_tables.values().filter(is_counted).count() >= limit {
            return Err(TransitGatewayError::TooManyTables(limit));
        }
        let id = self.insert_transit_route_table(cx, gateway_id, tags);
        self.touch();
        Ok(id)
    }

    /// Begins to take a route table away that no attachment uses or will use.
    pub fn delete_transit_gateway_route_table(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayRouteTableId,
    ) -> Result<(), TransitGatewayError> {
        let table = self.steady_transit_route_table(id)?;
        if !table.associations.is_empty() {
            return Err(TransitGatewayError::TableInUse(id.clone()));
        }
        let is_default = |table: &Option<TransitGatewayRouteTableId>| table.as_ref() == Some(id);
        let mut gateways = self.transit_gateways.values();
        if gateways.any(|gateway| is_default(&gateway.association_table) || is_default(&gateway.propagation_table)) {
            return Err(TransitGatewayError::DefaultTable(id.clone()));
        }
        self.transit_table_mut(id)?.span.end(cx.now);
        self.touch();
        Ok(())
    }

    pub(super) fn insert_transit_route_table(
        &mut self,
        cx: &mut Context,
        gateway_id: &TransitGatewayId,
        tags: Tags,
    ) -> TransitGatewayRouteTableId {
        let id: TransitGatewayRouteTableId = cx.ids.next();
        let table = TransitGatewayRouteTable {
            id: id.clone(),
            gateway_id: gateway_id.clone(),
            created: cx.now,
            associations: Vec::new(),
            propagations: Vec::new(),
            routes: BTreeMap::new(),
            references: Vec::new(),
            tags,
            span: LifeSpan::begin(cx.now),
        };
        self.transit_gateway_route_tables.insert(id.clone(), table);
        id
    }

    /// A route table that is not gone.
    pub(super) fn live_transit_route_table(
        &self,
        id: &TransitGatewayRouteTableId,
    ) -> Result<&TransitGatewayRouteTable, TransitGatewayError> {
        let table = self.transit_gateway_route_tables.get(id).filter(|table| table.span.phase() != Phase::Deleted);
        table.ok_or_else(|| TransitGatewayError::TableNotFound(id.clone()))
    }

    /// A route table that is there and can be changed.
    pub(super) fn steady_transit_route_table(
        &self,
        id: &TransitGatewayRouteTableId,
    ) -> Result<&TransitGatewayRouteTable, TransitGatewayError> {
        let table = self.live_transit_route_table(id)?;
        let is_steady = table.span.phase() == Phase::Available;
        if is_steady { Ok(table) } else { Err(TransitGatewayError::State(id.to_string())) }
    }

    pub(super) fn transit_table_mut(
        &mut self,
        id: &TransitGatewayRouteTableId,
    ) -> Result<&mut TransitGatewayRouteTable, TransitGatewayError> {
        self.live_transit_route_table(id)?;
        Ok(self.transit_gateway_route_tables.get_mut(id).expect("it was just found"))
    }
}
