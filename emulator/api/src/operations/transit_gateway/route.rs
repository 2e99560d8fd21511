//! Routes: CreateTransitGatewayRoute, ReplaceTransitGatewayRoute, DeleteTransitGatewayRoute,
//! SearchTransitGatewayRoutes.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use vpc_model::{
    Context, Model, PrefixListId, RouteState, TransitGatewayRoute, TransitGatewayRouteTable,
    TransitGatewayRouteTableId, TransitTarget,
};

use super::association::find_table;
use crate::filter::{Fields, Filters};
use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

/// How many routes a search finds unless said.
const DEFAULT_RESULTS: usize = 1000;

/// Takes where a route leads: to an attachment, or nowhere.
pub(super) fn decode_target(query: &mut Query) -> Result<TransitTarget, ApiError> {
    match (query.optional("TransitGatewayAttachmentId")?, query.flag("Blackhole")?) {
        (Some(id), false) => Ok(TransitTarget::Attachment(id)),
        (None, true) => Ok(TransitTarget::Blackhole),
        (None, false) => Err(ApiError::missing("TransitGatewayAttachmentId")),
        (Some(_), true) => Err(ApiError::combination(
            "The parameter TransitGatewayAttachmentId cannot be used with the parameter Blackhole",
        )),
    }
}

/// Where a route leads, as replies show it.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    attachment_id: String,
    resource_id: String,
    resource_type: &'static str,
}

impl Hop {
    /// Of a target; one that is no attachment is not shown.
    pub(super) fn of(model: &Model, target: &TransitTarget) -> Option<Self> {
        let attachment = model.transit_gateway_attachment(target.attachment()?)?;
        Some(Self {
            attachment_id: attachment.id.to_string(),
            resource_id: attachment.resource_id().to_owned(),
            resource_type: attachment.resource_type(),
        })
    }

    /// What the filters about attachments look at.
    pub(super) fn fields(hop: Option<&Self>) -> [Vec<String>; 3] {
        let each = |look: fn(&Self) -> String| hop.map(look).into_iter().collect();
        [
            each(|hop| hop.attachment_id.clone()),
            each(|hop| hop.resource_id.clone()),
            each(|hop| hop.resource_type.to_owned()),
        ]
    }

    pub(super) fn write(&self, xml: &mut Xml) {
        xml.text("resourceId", &self.resource_id);
        xml.text("transitGatewayAttachmentId", &self.attachment_id);
        xml.text("resourceType", self.resource_type);
    }
}

/// A route as replies show it.
#[derive(Debug, Clone)]
pub(super) struct RouteItem {
    destination: IpNet,
    prefix_list_id: Option<PrefixListId>,
    hop: Option<Hop>,
    kind: &'static str,
    state: &'static str,
}

impl RouteItem {
    fn of(model: &Model, route: TransitGatewayRoute) -> Self {
        Self {
            destination: route.destination,
            hop: Hop::of(model, &route.target),
            prefix_list_id: route.prefix_list_id,
            kind: if route.is_static { "static" } else { "propagated" },
            state: match route.state {
                RouteState::Active => "active",
                RouteState::Blackhole => "blackhole",
            },
        }
    }

    /// A static route, just made or just removed.
    fn of_static(model: &Model, destination: IpNet, target: &TransitTarget, state: &'static str) -> Self {
        let hop = Hop::of(model, target);
        Self { destination: destination.trunc(), prefix_list_id: None, hop, kind: "static", state }
    }

    fn write(&self, xml: &mut Xml) {
        xml.text("destinationCidrBlock", self.destination);
        xml.optional("prefixListId", self.prefix_list_id.as_ref());
        if let Some(hop) = &self.hop {
            xml.list("transitGatewayAttachments", [hop], |xml, hop| hop.write(xml));
        }
        xml.text("type", self.kind);
        xml.text("state", self.state);
    }
}

/// The answer of an action on one route.
#[derive(Debug)]
pub(super) struct OneRoute(RouteItem);

impl Output for OneRoute {
    fn write(&self, xml: &mut Xml) {
        xml.element("route", |xml| self.0.write(xml));
    }
}

/// Declares the actions that set a route's target.
macro_rules! set_route {
    ($($name:ident $run:ident;)*) => {$(
        #[derive(Debug)]
        pub(super) struct $name {
            table_id: TransitGatewayRouteTableId,
            destination: IpNet,
            target: TransitTarget,
        }

        impl Operation for $name {
            const ACTION: &'static str = stringify!($name);
            type Output = OneRoute;

            fn decode(query: &mut Query) -> Result<Self, ApiError> {
                Ok(Self {
                    destination: query.required("DestinationCidrBlock")?,
                    table_id: query.required("TransitGatewayRouteTableId")?,
                    target: decode_target(query)?,
                })
            }

            fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
                model.$run(&self.table_id, self.destination, self.target.clone())?;
                let state = if self.target == TransitTarget::Blackhole { "blackhole" } else { "active" };
                Ok(OneRoute(RouteItem::of_static(model, self.destination, &self.target, state)))
            }
        }
    )*};
}

set_route! {
    CreateTransitGatewayRoute create_transit_gateway_route;
    ReplaceTransitGatewayRoute replace_transit_gateway_route;
}

#[derive(Debug)]
pub(super) struct DeleteTransitGatewayRoute {
    table_id: TransitGatewayRouteTableId,
    destination: IpNet,
}

impl Operation for DeleteTransitGatewayRoute {
    const ACTION: &'static str = "DeleteTransitGatewayRoute";
    type Output = OneRoute;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let table_id = query.required("TransitGatewayRouteTableId")?;
        Ok(Self { table_id, destination: query.required("DestinationCidrBlock")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let target = model.delete_transit_gateway_route(&self.table_id, self.destination)?;
        Ok(OneRoute(RouteItem::of_static(model, self.destination, &target, "deleted")))
    }
}

/// The filters that compare blocks.
#[derive(Debug)]
struct Search {
    exact: Option<Vec<IpNet>>,
    longest: Option<Vec<IpNet>>,
    subnet_of: Option<Vec<IpNet>>,
    supernet_of: Option<Vec<IpNet>>,
}

impl Search {
    fn decode(filters: &mut Filters) -> Result<Self, ApiError> {
        let longest = filters.take::<String>("route-search.longest-prefix-match")?;
        let longest = longest.map(|values| values.iter().map(|text| block_or_address(text)).collect()).transpose()?;
        Ok(Self {
            exact: filters.take("route-search.exact-match")?,
            longest,
            subnet_of: filters.take("route-search.subnet-of-match")?,
            supernet_of: filters.take("route-search.supernet-of-match")?,
        })
    }

    fn select(&self, routes: &mut Vec<RouteItem>) {
        let keep = |values: &Option<Vec<IpNet>>, is_match: fn(&IpNet, &IpNet) -> bool, block: IpNet| {
            values.as_ref().is_none_or(|values| values.iter().any(|value| is_match(&value.trunc(), &block)))
        };
        routes.retain(|route| {
            keep(&self.exact, |value, block| value == block, route.destination)
                && keep(&self.subnet_of, |value, block| value.contains(block), route.destination)
                && keep(&self.supernet_of, |value, block| block.contains(value), route.destination)
        });
        let Some(values) = &self.longest else { return };
        let best = |value: &IpNet| {
            let fitting = routes.iter().map(|route| route.destination).filter(|block| block.contains(value));
            fitting.max_by_key(IpNet::prefix_len)
        };
        let found: Vec<IpNet> = values.iter().filter_map(best).collect();
        routes.retain(|route| found.contains(&route.destination));
    }
}

/// A block, or an address as the block that has it alone.
fn block_or_address(text: &str) -> Result<IpNet, ApiError> {
    let block = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    block.map_err(|_| ApiError::invalid("route-search.longest-prefix-match", text, "This is not a valid CIDR block."))
}

const FIELDS: Fields<Model, RouteItem> = Fields {
    by_name: &[
        ("attachment.transit-gateway-attachment-id", |_, route| {
            let [id, _, _] = Hop::fields(route.hop.as_ref());
            id
        }),
        ("attachment.resource-id", |_, route| {
            let [_, id, _] = Hop::fields(route.hop.as_ref());
            id
        }),
        ("attachment.resource-type", |_, route| {
            let [_, _, kind] = Hop::fields(route.hop.as_ref());
            kind
        }),
        ("prefix-list-id", |_, route| route.prefix_list_id.iter().map(ToString::to_string).collect()),
        ("state", |_, route| vec![route.state.to_owned()]),
        ("type", |_, route| vec![route.kind.to_owned()]),
    ],
    tags: None,
};

/// Routes that a call asks for.
#[derive(Debug)]
pub(super) struct SearchedRoutes {
    search: Search,
    destinations: Option<Vec<IpNet>>,
    filters: Filters,
}

impl SearchedRoutes {
    /// Takes the filters that all such actions have, and the one for destinations of a name where there is one.
    pub(super) fn decode(query: &mut Query, destination: Option<&str>) -> Result<Self, ApiError> {
        let mut filters = Filters::decode(query)?;
        let destinations = destination.map(|name| filters.take(name)).transpose()?.flatten();
        Ok(Self { search: Search::decode(&mut filters)?, destinations, filters })
    }

    /// Those of a table that the filters leave.
    pub(super) fn find(&self, model: &Model, table: &TransitGatewayRouteTable) -> Result<Vec<RouteItem>, ApiError> {
        let routes = model.transit_gateway_routes(table).into_iter();
        let mut routes: Vec<RouteItem> = routes.map(|route| RouteItem::of(model, route)).collect();
        self.search.select(&mut routes);
        routes.retain(|route| self.destinations.as_ref().is_none_or(|blocks| blocks.contains(&route.destination)));
        Ok(self.filters.select(&FIELDS, model, &routes)?.into_iter().cloned().collect())
    }
}

#[derive(Debug)]
pub(super) struct SearchTransitGatewayRoutes {
    table_id: TransitGatewayRouteTableId,
    routes: SearchedRoutes,
    page: PageRequest,
}

impl ReadOperation for SearchTransitGatewayRoutes {
    const ACTION: &'static str = "SearchTransitGatewayRoutes";
    type Output = Found;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let table_id = query.required("TransitGatewayRouteTableId")?;
        if !query.has("Filter") {
            return Err(ApiError::new(Code::MISSING_PARAMETER, "The request must contain the parameter Filters"));
        }
        let routes = SearchedRoutes::decode(query, None)?;
        let page = PageRequest::decode(query, 5..=1000)?.or_at_most(DEFAULT_RESULTS);
        Ok(Self { table_id, routes, page })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let found = self.routes.find(model, find_table(model, &self.table_id)?)?;
        Ok(Found(self.page.page(found, |route| route.destination.to_string())))
    }
}

#[derive(Debug)]
pub(super) struct Found(Page<RouteItem>);

impl Output for Found {
    fn write(&self, xml: &mut Xml) {
        xml.list("routeSet", &self.0.items, |xml, route| route.write(xml));
        xml.text("additionalRoutesAvailable", self.0.next_token.is_some());
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
