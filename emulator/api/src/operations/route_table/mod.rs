//! Route tables: CreateRouteTable, DeleteRouteTable, DescribeRouteTables here; routes and associations
//! in the submodules.

mod association;
mod propagation;
mod route;
#[cfg(test)]
mod tests;

use ipnet::IpNet;
use jiff::Timestamp;
use vpc_model::{
    AccountId, Context, Destination, InstanceId, Model, Route, RouteError, RouteOrigin, RouteState, RouteTable,
    RouteTableAssociation, RouteTableId, RouteTarget, Tags, VpcId,
};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Done, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateRouteTable>(),
    write::<DeleteRouteTable>(),
    read::<Describe<RouteTable>>(),
    write::<route::CreateRoute>(),
    write::<route::ReplaceRoute>(),
    write::<route::DeleteRoute>(),
    write::<association::AssociateRouteTable>(),
    write::<association::DisassociateRouteTable>(),
    write::<association::ReplaceRouteTableAssociation>(),
    write::<propagation::EnableVgwRoutePropagation>(),
    write::<propagation::DisableVgwRoutePropagation>(),
];

impl Describable for RouteTable {
    type Id = RouteTableId;
    type Item = TableItem;

    const ACTION: &'static str = "DescribeRouteTables";
    const IDS: &'static str = "RouteTableId";
    const SET: &'static str = "routeTableSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("association.gateway-id", |_, table| {
                table.associations.iter().filter_map(RouteTableAssociation::gateway).map(text).collect()
            }),
            ("association.main", |_, table| vec![table.is_main().to_string()]),
            ("association.route-table-association-id", |_, table| {
                table.associations.iter().map(|association| association.id.to_string()).collect()
            }),
            ("association.route-table-id", |_, table| {
                table.associations.iter().map(|_| table.id.to_string()).collect()
            }),
            ("association.subnet-id", |_, table| {
                table.associations.iter().filter_map(RouteTableAssociation::subnet_id).map(text).collect()
            }),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("route-table-id", |_, table| vec![table.id.to_string()]),
            ("route.destination-cidr-block", |model, table| {
                destinations(model, table, |to| matches!(to, Destination::Block(IpNet::V4(_))))
            }),
            ("route.destination-ipv6-cidr-block", |model, table| {
                destinations(model, table, |to| matches!(to, Destination::Block(IpNet::V6(_))))
            }),
            ("route.destination-prefix-list-id", |model, table| {
                destinations(model, table, |to| matches!(to, Destination::PrefixList(_)))
            }),
            ("route.egress-only-internet-gateway-id", |model, table| {
                targets(model, table, |target| matches!(target, RouteTarget::EgressOnlyGateway(_)))
            }),
            ("route.gateway-id", |model, table| {
                model.all_routes(table).iter().filter_map(|route| gateway_id(&route.target)).collect()
            }),
            ("route.instance-id", |model, table| {
                table.routes.iter().filter_map(|route| instance_id(model, route)).map(text).collect()
            }),
            ("route.nat-gateway-id", |model, table| {
                targets(model, table, |target| matches!(target, RouteTarget::NatGateway(_)))
            }),
            ("route.origin", |model, table| {
                model.all_routes(table).iter().map(|route| origin(route).to_owned()).collect()
            }),
            ("route.state", |model, table| {
                model.all_routes(table).iter().map(|route| state(model, table, route).to_owned()).collect()
            }),
            ("route.transit-gateway-id", |model, table| {
                targets(model, table, |target| matches!(target, RouteTarget::TransitGateway(_)))
            }),
            ("route.vpc-peering-connection-id", |model, table| {
                targets(model, table, |target| matches!(target, RouteTarget::Peering(_)))
            }),
            ("vpc-id", |_, table| vec![table.vpc_id.to_string()]),
        ],
        tags: Some(|table| &table.tags),
    };

    fn id(&self) -> &RouteTableId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &RouteTableId) -> Option<&'a Self> {
        model.route_table(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.route_tables().collect()
    }

    fn missing(id: &RouteTableId) -> ApiError {
        RouteError::TableNotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> TableItem {
        let routes = model.all_routes(self);
        let facts = |route: &Route| RouteFacts {
            state: state(model, self, route),
            instance_id: instance_id(model, route).cloned(),
        };
        TableItem {
            owner: model.account().clone(),
            facts: routes.iter().map(facts).collect(),
            table: RouteTable { routes, ..self.clone() },
        }
    }
}

fn text(value: impl ToString) -> String {
    value.to_string()
}

fn destinations(model: &Model, table: &RouteTable, wanted: fn(&Destination) -> bool) -> Vec<String> {
    model.all_routes(table).into_iter().map(|route| route.destination).filter(wanted).map(text).collect()
}

/// The targets of one kind.
fn targets(model: &Model, table: &RouteTable, wanted: fn(&RouteTarget) -> bool) -> Vec<String> {
    model.all_routes(table).into_iter().map(|route| route.target).filter(wanted).map(text).collect()
}

fn gateway_id(target: &RouteTarget) -> Option<String> {
    match target {
        RouteTarget::Local => Some("local".to_owned()),
        RouteTarget::InternetGateway(_) | RouteTarget::VpcEndpoint(_) | RouteTarget::VpnGateway(_) => {
            Some(target.to_string())
        }
        RouteTarget::EgressOnlyGateway(_)
        | RouteTarget::NatGateway(_)
        | RouteTarget::NetworkInterface(_)
        | RouteTarget::Peering(_)
        | RouteTarget::TransitGateway(_)
        | RouteTarget::CarrierGateway(_) => None,
    }
}

fn instance_id<'a>(model: &'a Model, route: &Route) -> Option<&'a InstanceId> {
    match &route.target {
        RouteTarget::NetworkInterface(id) => Some(&model.network_interface(id)?.live_attachment()?.instance_id),
        _ => None,
    }
}

fn origin(route: &Route) -> &'static str {
    match route.origin {
        RouteOrigin::CreateRouteTable => "CreateRouteTable",
        RouteOrigin::CreateRoute => "CreateRoute",
        RouteOrigin::Propagation => "EnableVgwRoutePropagation",
    }
}

fn state(model: &Model, table: &RouteTable, route: &Route) -> &'static str {
    match model.route_state(table, route) {
        RouteState::Active => "active",
        RouteState::Blackhole => "blackhole",
    }
}

/// A table as replies show it.
#[derive(Debug)]
pub(crate) struct TableItem {
    owner: AccountId,
    table: RouteTable,
    /// What is shown of each route besides, in the routes' order.
    facts: Vec<RouteFacts>,
}

#[derive(Debug)]
struct RouteFacts {
    state: &'static str,
    instance_id: Option<InstanceId>,
}

impl Output for TableItem {
    fn write(&self, xml: &mut Xml) {
        let table = &self.table;
        xml.text("routeTableId", &table.id);
        xml.text("vpcId", &table.vpc_id);
        xml.text("ownerId", &self.owner);
        xml.list("routeSet", table.routes.iter().zip(&self.facts), |xml, (route, facts)| {
            self.write_route(xml, route, facts);
        });
        xml.list("associationSet", &table.associations, |xml, association| {
            xml.text("routeTableAssociationId", &association.id);
            xml.text("routeTableId", &table.id);
            xml.optional("subnetId", association.subnet_id());
            xml.optional("gatewayId", association.gateway());
            xml.text("main", association.is_main());
            xml.element("associationState", |xml| xml.text("state", "associated"));
        });
        xml.list("propagatingVgwSet", &table.propagating_gateways, |xml, id| xml.text("gatewayId", id));
        xml.tags(&table.tags);
    }
}

impl TableItem {
    fn write_route(&self, xml: &mut Xml, route: &Route, facts: &RouteFacts) {
        match &route.destination {
            Destination::Block(IpNet::V4(block)) => xml.text("destinationCidrBlock", block),
            Destination::Block(IpNet::V6(block)) => xml.text("destinationIpv6CidrBlock", block),
            Destination::PrefixList(id) => xml.text("destinationPrefixListId", id),
        }
        xml.optional("gatewayId", gateway_id(&route.target));
        match &route.target {
            RouteTarget::Local
            | RouteTarget::InternetGateway(_)
            | RouteTarget::VpcEndpoint(_)
            | RouteTarget::VpnGateway(_) => {}
            RouteTarget::TransitGateway(id) => xml.text("transitGatewayId", id),
            RouteTarget::CarrierGateway(id) => xml.text("carrierGatewayId", id),
            RouteTarget::EgressOnlyGateway(id) => xml.text("egressOnlyInternetGatewayId", id),
            RouteTarget::NatGateway(id) => xml.text("natGatewayId", id),
            RouteTarget::Peering(id) => xml.text("vpcPeeringConnectionId", id),
            RouteTarget::NetworkInterface(id) => {
                xml.optional("instanceId", facts.instance_id.as_ref());
                xml.optional("instanceOwnerId", facts.instance_id.as_ref().map(|_| &self.owner));
                xml.text("networkInterfaceId", id);
            }
        }
        xml.text("state", facts.state);
        xml.text("origin", origin(route));
    }
}

#[derive(Debug)]
struct CreateRouteTable {
    vpc_id: VpcId,
    tags: Tags,
    client_token: Option<String>,
}

impl Operation for CreateRouteTable {
    const ACTION: &'static str = "CreateRouteTable";
    const CLIENT_TOKEN: bool = true;
    type Output = CreateRouteTableOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            vpc_id: query.required("VpcId")?,
            tags: tag_specification::decode_one(query, &["route-table"])?,
            client_token: query.client_token().map(str::to_owned),
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_route_table(cx, &self.vpc_id, self.tags)?;
        let table = created::<RouteTable>("routeTable", model, cx.now, &id)?;
        Ok(CreateRouteTableOutput { table, client_token: self.client_token })
    }
}

#[derive(Debug)]
struct CreateRouteTableOutput {
    table: Single<TableItem>,
    client_token: Option<String>,
}

impl Output for CreateRouteTableOutput {
    fn write(&self, xml: &mut Xml) {
        self.table.write(xml);
        xml.optional("clientToken", self.client_token.as_ref());
    }
}

#[derive(Debug)]
struct DeleteRouteTable {
    id: RouteTableId,
}

impl Operation for DeleteRouteTable {
    const ACTION: &'static str = "DeleteRouteTable";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("RouteTableId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_route_table(&self.id)?;
        Ok(Done)
    }
}
