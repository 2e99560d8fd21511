//! Route tables and internet gateways.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>.

mod target;

use std::net::IpAddr;

use ipnet::IpNet;

pub use self::target::RouteTarget;
use crate::{Context, InternetGatewayId, Model, RouteTableAssociationId, RouteTableId, SubnetId, Tags, VpcId};

/// A route table.
#[derive(Debug, Clone)]
pub struct RouteTable {
    /// Its id.
    pub id: RouteTableId,
    /// Its VPC.
    pub vpc_id: VpcId,
    /// Its routes, the local ones first.
    pub routes: Vec<Route>,
    /// Who uses it.
    pub associations: Vec<RouteTableAssociation>,
    /// Its tags.
    pub tags: Tags,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where packets are going.
    pub destination: IpNet,
    /// Where they are handed to.
    pub target: RouteTarget,
    /// How it came about.
    pub origin: RouteOrigin,
}

/// How a route came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteOrigin {
    /// With its table.
    CreateRouteTable,
    /// By CreateRoute.
    CreateRoute,
}

/// A route table's association: the VPC's main one, or a subnet's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTableAssociation {
    /// Its id.
    pub id: RouteTableAssociationId,
    /// The subnet; `None` for the main association.
    pub subnet_id: Option<SubnetId>,
}

/// An internet gateway.
#[derive(Debug, Clone)]
pub struct InternetGateway {
    /// Its id.
    pub id: InternetGatewayId,
    /// The VPC it is attached to.
    pub vpc_id: Option<VpcId>,
    /// Its tags.
    pub tags: Tags,
}

/// Whether a route leads anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteState {
    /// Its target is there.
    Active,
    /// Its target is gone, detached or not running: packets are dropped.
    Blackhole,
}

/// Why an operation on a route table is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// No such table.
    #[error("route table {0} does not exist")]
    TableNotFound(RouteTableId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// No such subnet.
    #[error("subnet {0} does not exist")]
    SubnetNotFound(SubnetId),
    /// No such association.
    #[error("route table association {0} does not exist")]
    AssociationNotFound(RouteTableAssociationId),
    /// The target is not there, or cannot be one.
    #[error("route target {0} does not exist")]
    TargetNotFound(RouteTarget),
    /// The target belongs to another VPC.
    #[error("route target {0} belongs to another vpc")]
    TargetElsewhere(RouteTarget),
    /// Table and subnet belong to different VPCs.
    #[error("route table {table} and subnet {subnet} belong to different vpcs")]
    SubnetElsewhere {
        /// The table.
        table: RouteTableId,
        /// The subnet.
        subnet: SubnetId,
    },
    /// IPv4 does not go by that target.
    #[error("route target {0} takes ipv6 only")]
    Ipv6Only(RouteTarget),
    /// The table has a route to the destination.
    #[error("a route to {0} exists already")]
    Exists(IpNet),
    /// The table has no route to the destination.
    #[error("{table} has no route to {destination}")]
    NotFound {
        /// The table.
        table: RouteTableId,
        /// The destination.
        destination: IpNet,
    },
    /// The table has no route to the destination, so there is none to replace.
    #[error("there is no route to {0} to replace")]
    NothingToReplace(IpNet),
    /// Within the VPC's own blocks, only an interface can be a target.
    #[error("{0} lies within the vpc's own blocks")]
    WithinVpc(IpNet),
    /// Local routes stay as long as their VPC.
    #[error("the local route to {0} cannot be removed")]
    Local(IpNet),
    /// A subnet has one table.
    #[error("subnet {0} has a route table already")]
    AlreadyAssociated(SubnetId),
    /// The main association can only be replaced.
    #[error("{0} is the main association")]
    MainAssociation(RouteTableAssociationId),
    /// A VPC has no more tables.
    #[error("a vpc has at most {0} route tables")]
    TooManyTables(usize),
    /// A table has no more routes of one IP version.
    #[error("route table {0} has as many routes as a table can have")]
    TooManyRoutes(RouteTableId),
    /// Subnets use it, or it is the VPC's main table.
    #[error("route table {0} is in use")]
    HasDependencies(RouteTableId),
}

impl RouteTable {
    /// The route an address takes: the most specific one that contains it.
    pub fn route_for(&self, address: IpAddr) -> Option<&Route> {
        let fitting = self.routes.iter().filter(|route| route.destination.contains(&address));
        fitting.max_by_key(|route| route.destination.prefix_len())
    }

    /// Whether it is its VPC's main table.
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|association| association.subnet_id.is_none())
    }
}

impl Model {
    /// Makes a route table with the VPC's local routes.
    pub fn create_route_table(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        tags: Tags,
    ) -> Result<RouteTableId, RouteError> {
        let vpc = self.vpcs.get(vpc_id).ok_or_else(|| RouteError::VpcNotFound(vpc_id.clone()))?;
        let ipv4 = vpc.cidr_associations.iter().map(|(_, block)| IpNet::V4(*block));
        let ipv6 = vpc.ipv6_cidr_blocks().map(IpNet::V6);
        let blocks: Vec<IpNet> = ipv4.chain(ipv6).collect();
        let limit = self.quotas.route_tables_per_vpc;
        if self.route_tables.values().filter(|table| table.vpc_id == *vpc_id).count() >= limit {
            return Err(RouteError::TooManyTables(limit));
        }
        let id = self.insert_route_table(cx, vpc_id, &blocks, tags);
        self.touch();
        Ok(id)
    }

    /// Takes a route table away that no subnet uses.
    pub fn delete_route_table(&mut self, id: &RouteTableId) -> Result<(), RouteError> {
        let table = self.route_tables.get(id).ok_or_else(|| RouteError::TableNotFound(id.clone()))?;
        if !table.associations.is_empty() {
            return Err(RouteError::HasDependencies(id.clone()));
        }
        self.route_tables.remove(id);
        self.touch();
        Ok(())
    }

    /// Adds a route.
    pub fn create_route(&mut self, id: &RouteTableId, to: IpNet, target: RouteTarget) -> Result<(), RouteError> {
        let destination = to.trunc();
        let table = self.checked_table(id, destination, &target)?;
        if target == RouteTarget::Local {
            // Local routes come with the table; none can be added.
            return Err(RouteError::TargetNotFound(target));
        }
        if table.routes.iter().any(|route| route.destination == destination) {
            return Err(RouteError::Exists(destination));
        }
        let counts = |route: &&Route| {
            let is_v4 = |net: IpNet| matches!(net, IpNet::V4(_));
            route.origin == RouteOrigin::CreateRoute && is_v4(route.destination) == is_v4(destination)
        };
        if table.routes.iter().filter(counts).count() >= self.quotas.routes_per_table {
            return Err(RouteError::TooManyRoutes(id.clone()));
        }
        self.table_mut(id)?.routes.push(Route { destination, target, origin: RouteOrigin::CreateRoute });
        self.touch();
        Ok(())
    }

    /// Gives a route another target.
    pub fn replace_route(&mut self, id: &RouteTableId, to: IpNet, target: RouteTarget) -> Result<(), RouteError> {
        let destination = to.trunc();
        self.checked_table(id, destination, &target)?;
        let mut routes = self.table_mut(id)?.routes.iter_mut();
        let route = routes.find(|route| route.destination == destination);
        let route = route.ok_or(RouteError::NothingToReplace(destination))?;
        if target == RouteTarget::Local && route.origin != RouteOrigin::CreateRouteTable {
            return Err(RouteError::TargetNotFound(target));
        }
        route.target = target;
        self.touch();
        Ok(())
    }

    /// Removes a route.
    pub fn delete_route(&mut self, id: &RouteTableId, to: IpNet) -> Result<(), RouteError> {
        let destination = to.trunc();
        let table = self.table_mut(id)?;
        let at = table.routes.iter().position(|route| route.destination == destination);
        let at = at.ok_or_else(|| RouteError::NotFound { table: id.clone(), destination })?;
        if table.routes[at].origin == RouteOrigin::CreateRouteTable {
            return Err(RouteError::Local(destination));
        }
        table.routes.remove(at);
        self.touch();
        Ok(())
    }

    /// Makes a subnet use a table.
    pub fn associate_route_table(
        &mut self,
        cx: &mut Context,
        id: &RouteTableId,
        subnet_id: &SubnetId,
    ) -> Result<RouteTableAssociationId, RouteError> {
        let table = self.route_tables.get(id).ok_or_else(|| RouteError::TableNotFound(id.clone()))?;
        let subnet = self.subnets.get(subnet_id).ok_or_else(|| RouteError::SubnetNotFound(subnet_id.clone()))?;
        if subnet.vpc_id != table.vpc_id {
            return Err(RouteError::SubnetElsewhere { table: id.clone(), subnet: subnet_id.clone() });
        }
        match self.index.table_by_subnet.get(subnet_id) {
            Some(known) if known == id => {
                let mut associations = table.associations.iter();
                let same = associations.find(|association| association.subnet_id.as_ref() == Some(subnet_id));
                Ok(same.expect("the index names a table that the subnet uses").id.clone())
            }
            Some(_) => Err(RouteError::AlreadyAssociated(subnet_id.clone())),
            None => Ok(self.insert_association(cx, id, Some(subnet_id.clone()))),
        }
    }

    /// Makes a subnet use its VPC's main table again.
    pub fn disassociate_route_table(&mut self, id: &RouteTableAssociationId) -> Result<(), RouteError> {
        let (table_id, association) = self.find_association(id)?;
        if association.subnet_id.is_none() {
            return Err(RouteError::MainAssociation(id.clone()));
        }
        self.remove_association(&table_id, &association);
        self.touch();
        Ok(())
    }

    /// Moves an association, which may be the VPC's main one, to another table.
    pub fn replace_route_table_association(
        &mut self,
        cx: &mut Context,
        id: &RouteTableAssociationId,
        new_table: &RouteTableId,
    ) -> Result<RouteTableAssociationId, RouteError> {
        let (table_id, association) = self.find_association(id)?;
        let target = self.route_tables.get(new_table).ok_or_else(|| RouteError::TableNotFound(new_table.clone()))?;
        let vpc_id = target.vpc_id.clone();
        if self.route_tables.get(&table_id).is_some_and(|table| table.vpc_id != vpc_id) {
            // What is said is about the subnet, as EC2 does it; the main association stands for the VPC.
            return match association.subnet_id {
                Some(subnet) => Err(RouteError::SubnetElsewhere { table: new_table.clone(), subnet }),
                None => Err(RouteError::TableNotFound(new_table.clone())),
            };
        }
        self.remove_association(&table_id, &association);
        if association.subnet_id.is_none()
            && let Some(vpc) = self.vpcs.get_mut(&vpc_id)
        {
            vpc.main_route_table_id = new_table.clone();
        }
        Ok(self.insert_association(cx, new_table, association.subnet_id))
    }

    /// The table a subnet uses: its own, or its VPC's main one.
    pub fn route_table_of(&self, subnet_id: &SubnetId) -> Option<&RouteTable> {
        let subnet = self.subnets.get(subnet_id)?;
        let main = || self.vpcs.get(&subnet.vpc_id).map(|vpc| &vpc.main_route_table_id);
        self.route_tables.get(self.index.table_by_subnet.get(subnet_id).or_else(main)?)
    }

    /// Whether a route leads anywhere.
    pub fn route_state(&self, table: &RouteTable, route: &Route) -> RouteState {
        let is_there = self.is_target_there(&table.vpc_id, &route.target);
        if is_there { RouteState::Active } else { RouteState::Blackhole }
    }

    /// Makes a VPC's main route table.
    pub(crate) fn create_main_route_table(
        &mut self,
        cx: &mut Context,
        vpc_id: &VpcId,
        blocks: &[IpNet],
    ) -> RouteTableId {
        let id = self.insert_route_table(cx, vpc_id, blocks, Tags::new());
        self.insert_association(cx, &id, None);
        id
    }

    fn insert_route_table(&mut self, cx: &mut Context, vpc_id: &VpcId, blocks: &[IpNet], tags: Tags) -> RouteTableId {
        let id: RouteTableId = cx.ids.next();
        let local = |block: &IpNet| Route {
            destination: *block,
            target: RouteTarget::Local,
            origin: RouteOrigin::CreateRouteTable,
        };
        let routes = blocks.iter().map(local).collect();
        let table = RouteTable { id: id.clone(), vpc_id: vpc_id.clone(), routes, associations: Vec::new(), tags };
        self.route_tables.insert(id.clone(), table);
        id
    }

    fn insert_association(
        &mut self,
        cx: &mut Context,
        table_id: &RouteTableId,
        subnet_id: Option<SubnetId>,
    ) -> RouteTableAssociationId {
        let id: RouteTableAssociationId = cx.ids.next();
        if let Some(subnet_id) = &subnet_id {
            self.index.table_by_subnet.insert(subnet_id.clone(), table_id.clone());
        }
        let table = self.route_tables.get_mut(table_id).expect("the caller has looked");
        table.associations.push(RouteTableAssociation { id: id.clone(), subnet_id });
        self.touch();
        id
    }

    fn remove_association(&mut self, table_id: &RouteTableId, gone: &RouteTableAssociation) {
        if let Some(table) = self.route_tables.get_mut(table_id) {
            table.associations.retain(|association| association.id != gone.id);
        }
        if let Some(subnet_id) = &gone.subnet_id {
            self.index.table_by_subnet.remove(subnet_id);
        }
    }

    fn find_association(
        &self,
        id: &RouteTableAssociationId,
    ) -> Result<(RouteTableId, RouteTableAssociation), RouteError> {
        let all = self.route_tables.values().flat_map(|table| table.associations.iter().map(move |one| (table, one)));
        let found = all.into_iter().find(|(_, association)| association.id == *id);
        let (table, association) = found.ok_or_else(|| RouteError::AssociationNotFound(id.clone()))?;
        Ok((table.id.clone(), association.clone()))
    }

    fn table_mut(&mut self, id: &RouteTableId) -> Result<&mut RouteTable, RouteError> {
        self.route_tables.get_mut(id).ok_or_else(|| RouteError::TableNotFound(id.clone()))
    }

    /// Checks that a table can have a route: the target there, and in the table's VPC.
    fn checked_table(
        &self,
        id: &RouteTableId,
        destination: IpNet,
        target: &RouteTarget,
    ) -> Result<&RouteTable, RouteError> {
        let table = self.route_tables.get(id).ok_or_else(|| RouteError::TableNotFound(id.clone()))?;
        let is_interface = matches!(target, RouteTarget::NetworkInterface(_) | RouteTarget::Local);
        let mut local = table.routes.iter().filter(|route| route.origin == RouteOrigin::CreateRouteTable);
        if !is_interface && local.any(|route| route.destination.contains(&destination)) {
            return Err(RouteError::WithinVpc(destination));
        }
        self.check_target(&table.vpc_id, destination, target)?;
        Ok(table)
    }
}
