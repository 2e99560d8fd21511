//! CreateTransitGatewayRouteTable, DeleteTransitGatewayRouteTable, DescribeTransitGatewayRouteTables.

use jiff::Timestamp;
use vpc_model::{
    Context, Model, Tags, TransitGatewayError, TransitGatewayId, TransitGatewayRouteTable, TransitGatewayRouteTableId,
};

use super::one::{OneAction, Run};
use crate::filter::Fields;
use crate::operations::describe::{Describable, Single, created};
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

/// Whether new attachments of its gateway are associated with a table.
fn is_for_associations(model: &Model, table: &TransitGatewayRouteTable) -> bool {
    let gateway = model.transit_gateway(&table.gateway_id);
    gateway.is_some_and(|gateway| gateway.association_table.as_ref() == Some(&table.id))
}

/// Whether new attachments of its gateway propagate to a table.
fn is_for_propagations(model: &Model, table: &TransitGatewayRouteTable) -> bool {
    let gateway = model.transit_gateway(&table.gateway_id);
    gateway.is_some_and(|gateway| gateway.propagation_table.as_ref() == Some(&table.id))
}

impl Describable for TransitGatewayRouteTable {
    type Id = TransitGatewayRouteTableId;
    type Item = TableItem;

    const ACTION: &'static str = "DescribeTransitGatewayRouteTables";
    const IDS: &'static str = "TransitGatewayRouteTableIds";
    const SET: &'static str = "transitGatewayRouteTables";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("default-association-route-table", |model, table| vec![is_for_associations(model, table).to_string()]),
            ("default-propagation-route-table", |model, table| vec![is_for_propagations(model, table).to_string()]),
            ("state", |_, table| vec![table.state().to_owned()]),
            ("transit-gateway-id", |_, table| vec![table.gateway_id.to_string()]),
            ("transit-gateway-route-table-id", |_, table| vec![table.id.to_string()]),
        ],
        tags: Some(|table| &table.tags),
    };

    fn id(&self) -> &TransitGatewayRouteTableId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &TransitGatewayRouteTableId) -> Option<&'a Self> {
        model.transit_gateway_route_table(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.transit_gateway_route_tables().collect()
    }

    fn missing(id: &TransitGatewayRouteTableId) -> ApiError {
        TransitGatewayError::TableNotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> TableItem {
        TableItem {
            for_associations: is_for_associations(model, self),
            for_propagations: is_for_propagations(model, self),
            table: self.clone(),
        }
    }
}

/// A route table as replies show it.
#[derive(Debug)]
pub(crate) struct TableItem {
    for_associations: bool,
    for_propagations: bool,
    table: TransitGatewayRouteTable,
}

impl Output for TableItem {
    fn write(&self, xml: &mut Xml) {
        xml.text("transitGatewayRouteTableId", &self.table.id);
        xml.text("transitGatewayId", &self.table.gateway_id);
        xml.text("state", self.table.state());
        xml.text("defaultAssociationRouteTable", self.for_associations);
        xml.text("defaultPropagationRouteTable", self.for_propagations);
        xml.timestamp("creationTime", self.table.created);
        xml.tags(&self.table.tags);
    }
}

#[derive(Debug)]
pub(super) struct CreateTransitGatewayRouteTable {
    gateway_id: TransitGatewayId,
    tags: Tags,
}

impl Operation for CreateTransitGatewayRouteTable {
    const ACTION: &'static str = "CreateTransitGatewayRouteTable";
    type Output = Single<TableItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let gateway_id = query.required("TransitGatewayId")?;
        Ok(Self { gateway_id, tags: tag_specification::decode_plural(query, &["transit-gateway-route-table"])? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_transit_gateway_route_table(cx, &self.gateway_id, self.tags)?;
        created::<TransitGatewayRouteTable>("transitGatewayRouteTable", model, cx.now, &id)
    }
}

#[derive(Debug)]
pub(super) enum DeleteTransitGatewayRouteTable {}

impl OneAction for DeleteTransitGatewayRouteTable {
    type Resource = TransitGatewayRouteTable;

    const ACTION: &'static str = "DeleteTransitGatewayRouteTable";
    const ID: &'static str = "TransitGatewayRouteTableId";
    const SHOWN: &'static str = "transitGatewayRouteTable";
    const RUN: Run<Self> = Model::delete_transit_gateway_route_table;
}
