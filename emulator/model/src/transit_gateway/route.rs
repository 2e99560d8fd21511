//! The routes of transit gateways' tables: static ones, those to prefix lists, and those that attachments propagate.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/tgw/how-transit-gateways-work.html>.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::{TransitGatewayError, TransitGatewayRouteTable, TransitLife};
use crate::{Context, Model, PrefixListId, RouteState, TransitGatewayAttachmentId, TransitGatewayRouteTableId};

/// Where a route hands packets to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransitTarget {
    /// An attachment.
    Attachment(TransitGatewayAttachmentId),
    /// Nowhere.
    Blackhole,
}

impl TransitTarget {
    /// The attachment, where it is one.
    pub fn attachment(&self) -> Option<&TransitGatewayAttachmentId> {
        match self {
            Self::Attachment(id) => Some(id),
            Self::Blackhole => None,
        }
    }
}

/// A route that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitGatewayRoute {
    /// Where packets are going.
    pub destination: IpNet,
    /// The prefix list that the destination comes from.
    pub prefix_list_id: Option<PrefixListId>,
    /// Where they are handed to.
    pub target: TransitTarget,
    /// Whether somebody made it, rather than an attachment.
    pub is_static: bool,
    /// Whether it leads anywhere.
    pub state: RouteState,
}

/// A table's route to all that is in a prefix list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitPrefixListReference {
    /// The prefix list.
    pub prefix_list_id: PrefixListId,
    /// Where packets are handed to.
    pub target: TransitTarget,
    /// How far it is.
    pub life: TransitLife,
}

impl Model {
    /// Adds a static route.
    pub fn create_transit_gateway_route(
        &mut self,
        id: &TransitGatewayRouteTableId,
        to: IpNet,
        target: TransitTarget,
    ) -> Result<(), TransitGatewayError> {
        let table = self.table_for_route(id, &target)?;
        let limit = self.quotas.transit_gateway_routes;
        let tables = self.transit_gateway_route_tables.values();
        let of_gateway = tables.filter(|other| other.gateway_id == table.gateway_id);
        if of_gateway.map(|other| other.routes.len()).sum::<usize>() >= limit {
            return Err(TransitGatewayError::TooManyRoutes(limit));
        }
        let routes = &mut self.transit_table_mut(id)?.routes;
        if routes.contains_key(&to.trunc()) {
            return Err(TransitGatewayError::RouteExists(to.trunc()));
        }
        routes.insert(to.trunc(), target);
        self.touch();
        Ok(())
    }

    /// Gives a static route another target.
    pub fn replace_transit_gateway_route(
        &mut self,
        id: &TransitGatewayRouteTableId,
        to: IpNet,
        target: TransitTarget,
    ) -> Result<(), TransitGatewayError> {
        self.table_for_route(id, &target)?;
        let route = self.transit_table_mut(id)?.routes.get_mut(&to.trunc());
        *route.ok_or(TransitGatewayError::RouteNotFound(to))? = target;
        self.touch();
        Ok(())
    }

    /// Removes a static route.
    pub fn delete_transit_gateway_route(
        &mut self,
        id: &TransitGatewayRouteTableId,
        to: IpNet,
    ) -> Result<TransitTarget, TransitGatewayError> {
        let gone = self.transit_table_mut(id)?.routes.remove(&to.trunc());
        let gone = gone.ok_or(TransitGatewayError::RouteNotFound(to))?;
        self.touch();
        Ok(gone)
    }

    /// Adds a route to all that is in a prefix list.
    pub fn create_transit_gateway_reference(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayRouteTableId,
        list: &PrefixListId,
        target: TransitTarget,
    ) -> Result<(), TransitGatewayError> {
        self.table_for_route(id, &target)?;
        if !self.is_prefix_list_usable(list) {
            return Err(TransitGatewayError::PrefixListNotFound(list.clone()));
        }
        let references = &mut self.transit_table_mut(id)?.references;
        if references.iter().any(|one| one.prefix_list_id == *list) {
            return Err(TransitGatewayError::ReferenceExists(list.clone()));
        }
        let life = TransitLife::begin(cx.now);
        references.push(TransitPrefixListReference { prefix_list_id: list.clone(), target, life });
        self.touch();
        Ok(())
    }

    /// Gives a route to a prefix list another target.
    pub fn modify_transit_gateway_reference(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayRouteTableId,
        list: &PrefixListId,
        target: TransitTarget,
    ) -> Result<(), TransitGatewayError> {
        self.table_for_route(id, &target)?;
        let reference = self.steady_reference(id, list)?;
        reference.target = target;
        reference.life.change(cx.now);
        self.touch();
        Ok(())
    }

    /// Begins to remove a route to a prefix list.
    pub fn delete_transit_gateway_reference(
        &mut self,
        cx: &mut Context,
        id: &TransitGatewayRouteTableId,
        list: &PrefixListId,
    ) -> Result<(), TransitGatewayError> {
        self.steady_reference(id, list)?.life.end(cx.now);
        self.touch();
        Ok(())
    }

    /// The routes of a table that are in force. Static ones go before those to prefix lists, and these before
    /// propagated ones; where attachments have the same block, the first one's route is taken.
    pub fn transit_gateway_routes(&self, table: &TransitGatewayRouteTable) -> Vec<TransitGatewayRoute> {
        let mut routes: BTreeMap<IpNet, TransitGatewayRoute> = BTreeMap::new();
        let mut add = |destination, prefix_list_id: Option<&PrefixListId>, target: &TransitTarget, is_static| {
            routes.entry(destination).or_insert_with(|| TransitGatewayRoute {
                destination,
                prefix_list_id: prefix_list_id.cloned(),
                target: target.clone(),
                is_static,
                state: self.transit_route_state(target),
            });
        };
        table.routes.iter().for_each(|(destination, target)| add(*destination, None, target, true));
        for reference in table.references.iter().filter(|one| one.life.is_alive()) {
            let list = self.prefix_lists.get(&reference.prefix_list_id);
            for block in list.into_iter().flat_map(|list| list.entries().keys()) {
                add(*block, Some(&reference.prefix_list_id), &reference.target, true);
            }
        }
        for id in &table.propagations {
            let target = TransitTarget::Attachment(id.clone());
            self.propagated_blocks(id).into_iter().for_each(|block| add(block, None, &target, false));
        }
        routes.into_values().collect()
    }

    /// The route tables of transit gateways that refer to a prefix list.
    pub fn transit_tables_with(&self, list: &PrefixListId) -> Vec<&TransitGatewayRouteTableId> {
        let refers = |table: &&TransitGatewayRouteTable| {
            table.state() != "deleted" && table.references.iter().any(|one| one.prefix_list_id == *list)
        };
        self.transit_gateway_route_tables.values().filter(refers).map(|table| &table.id).collect()
    }

    fn transit_route_state(&self, target: &TransitTarget) -> RouteState {
        let attachment = target.attachment().and_then(|id| self.transit_gateway_attachments.get(id));
        let is_up = attachment.is_some_and(|attachment| attachment.life.is_up());
        if is_up { RouteState::Active } else { RouteState::Blackhole }
    }

    /// The blocks whose routes an attachment propagates: those of its VPC. The other end of a VPN connection never
    /// tells of any, and a connection's static routes are not a transit gateway's.
    fn propagated_blocks(&self, id: &TransitGatewayAttachmentId) -> Vec<IpNet> {
        let attachment = self.transit_gateway_attachments.get(id).filter(|attachment| attachment.life.is_up());
        let Some(attached) = attachment.and_then(|attachment| attachment.vpc()) else { return Vec::new() };
        let Some(vpc) = self.vpcs.get(&attached.vpc_id) else { return Vec::new() };
        let ipv4 = vpc.cidr_associations.iter().map(|(_, block)| IpNet::V4(*block));
        let ipv6 = vpc.ipv6_cidr_blocks().filter(|_| attached.options.ipv6_support);
        ipv4.chain(ipv6.map(IpNet::V6)).collect()
    }

    /// A table that can have a route to a target.
    fn table_for_route(
        &self,
        id: &TransitGatewayRouteTableId,
        target: &TransitTarget,
    ) -> Result<&TransitGatewayRouteTable, TransitGatewayError> {
        match target {
            TransitTarget::Attachment(attachment) => self.check_pair(id, attachment)?,
            TransitTarget::Blackhole => {}
        }
        self.steady_transit_route_table(id)
    }

    fn steady_reference(
        &mut self,
        id: &TransitGatewayRouteTableId,
        list: &PrefixListId,
    ) -> Result<&mut TransitPrefixListReference, TransitGatewayError> {
        let mut references = self.transit_table_mut(id)?.references.iter_mut();
        let reference = references.find(|one| one.prefix_list_id == *list);
        let reference = reference.ok_or_else(|| TransitGatewayError::ReferenceNotFound(list.clone()))?;
        if reference.life.is_steady() { Ok(reference) } else { Err(TransitGatewayError::State(list.to_string())) }
    }
}
