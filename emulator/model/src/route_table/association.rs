//! Which subnets and gateways use which route table.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/gateway-route-tables.html>.

use std::fmt;

use ipnet::IpNet;

use super::{Destination, RouteError, RouteTarget};
use crate::{
    Context, InternetGatewayId, Model, RouteTable, RouteTableAssociationId, RouteTableId, SubnetId, Vpc, VpcId,
    VpnGatewayId,
};

/// A route table's association.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTableAssociation {
    /// Its id.
    pub id: RouteTableAssociationId,
    /// Who uses the table.
    pub user: TableUser,
}

/// Who uses a route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableUser {
    /// All subnets of the VPC that have none of their own: it is the main one.
    Main,
    /// A subnet.
    Subnet(SubnetId),
    /// A gateway, for packets that come in by it.
    Gateway(EdgeGateway),
}

/// A gateway that can have a route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EdgeGateway {
    /// An internet gateway.
    Internet(InternetGatewayId),
    /// A virtual private gateway.
    Vpn(VpnGatewayId),
}

impl fmt::Display for EdgeGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Internet(id) => id.fmt(f),
            Self::Vpn(id) => id.fmt(f),
        }
    }
}

impl From<InternetGatewayId> for EdgeGateway {
    fn from(id: InternetGatewayId) -> Self {
        Self::Internet(id)
    }
}

impl From<VpnGatewayId> for EdgeGateway {
    fn from(id: VpnGatewayId) -> Self {
        Self::Vpn(id)
    }
}

impl RouteTableAssociation {
    /// The subnet that uses the table.
    pub fn subnet_id(&self) -> Option<&SubnetId> {
        match &self.user {
            TableUser::Subnet(id) => Some(id),
            TableUser::Main | TableUser::Gateway(_) => None,
        }
    }

    /// The gateway that uses the table.
    pub fn gateway(&self) -> Option<&EdgeGateway> {
        match &self.user {
            TableUser::Gateway(gateway) => Some(gateway),
            TableUser::Main | TableUser::Subnet(_) => None,
        }
    }

    /// Whether the table is the VPC's main one by it.
    pub fn is_main(&self) -> bool {
        self.user == TableUser::Main
    }
}

impl RouteTable {
    /// Whether a gateway uses it.
    pub(super) fn is_gateways(&self) -> bool {
        self.associations.iter().any(|association| association.gateway().is_some())
    }
}

impl Model {
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
                let same = associations.find(|association| association.subnet_id() == Some(subnet_id));
                Ok(same.expect("the index names a table that the subnet uses").id.clone())
            }
            Some(_) => Err(RouteError::AlreadyAssociated(subnet_id.to_string())),
            None => Ok(self.insert_association(cx, id, TableUser::Subnet(subnet_id.clone()))),
        }
    }

    /// Makes a gateway use a table for packets that come in by it.
    pub fn associate_gateway_route_table(
        &mut self,
        cx: &mut Context,
        id: &RouteTableId,
        gateway: EdgeGateway,
    ) -> Result<RouteTableAssociationId, RouteError> {
        let table = self.route_tables.get(id).ok_or_else(|| RouteError::TableNotFound(id.clone()))?;
        self.check_edge(table, &gateway)?;
        let user = TableUser::Gateway(gateway);
        match self.association_with(&user) {
            Some((known, association)) if known == id => return Ok(association.id.clone()),
            Some(_) => return Err(RouteError::AlreadyAssociated(id.to_string())),
            None => {}
        }
        if !table.propagating_gateways.is_empty() {
            return Err(RouteError::PropagatingForGateway(id.clone()));
        }
        for route in &table.routes {
            self.check_gateways_route(table, &route.destination, &route.target)?;
        }
        Ok(self.insert_association(cx, id, user))
    }

    /// Makes a subnet use its VPC's main table again, or a gateway none.
    pub fn disassociate_route_table(&mut self, id: &RouteTableAssociationId) -> Result<(), RouteError> {
        let (table_id, association) = self.find_association(id)?;
        if association.is_main() {
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
            return match association.user {
                TableUser::Subnet(subnet) => Err(RouteError::SubnetElsewhere { table: new_table.clone(), subnet }),
                TableUser::Gateway(gateway) => Err(RouteError::GatewayElsewhere { table: new_table.clone(), gateway }),
                TableUser::Main => Err(RouteError::TableNotFound(new_table.clone())),
            };
        }
        if association.gateway().is_some() {
            if !target.propagating_gateways.is_empty() {
                return Err(RouteError::PropagatingForGateway(new_table.clone()));
            }
            for route in &target.routes {
                self.check_gateways_route(target, &route.destination, &route.target)?;
            }
        }
        self.remove_association(&table_id, &association);
        if association.is_main()
            && let Some(vpc) = self.vpcs.get_mut(&vpc_id)
        {
            vpc.main_route_table_id = new_table.clone();
        }
        Ok(self.insert_association(cx, new_table, association.user))
    }

    /// The table a subnet uses: its own, or its VPC's main one.
    pub fn route_table_of(&self, subnet_id: &SubnetId) -> Option<&RouteTable> {
        let subnet = self.subnets.get(subnet_id)?;
        let main = || self.vpcs.get(&subnet.vpc_id).map(|vpc| &vpc.main_route_table_id);
        self.route_tables.get(self.index.table_by_subnet.get(subnet_id).or_else(main)?)
    }

    /// Ends the use of a table by a gateway that leaves its VPC.
    pub(crate) fn end_edge_association(&mut self, gateway: &EdgeGateway) {
        let user = TableUser::Gateway(gateway.clone());
        if let Some((table, association)) = self.association_with(&user) {
            let (table, association) = (table.clone(), association.clone());
            self.remove_association(&table, &association);
        }
    }

    /// Checks that a table whose packets come in by a gateway can have a route: it can only make a detour within
    /// the VPC.
    pub(super) fn check_gateways_route(
        &self,
        table: &RouteTable,
        destination: &Destination,
        target: &RouteTarget,
    ) -> Result<(), RouteError> {
        let takes_detours =
            matches!(target, RouteTarget::Local | RouteTarget::NetworkInterface(_) | RouteTarget::VpcEndpoint(_));
        if !takes_detours {
            return Err(RouteError::TargetOfGateway { table: table.id.clone(), target: target.clone() });
        }
        let is_within = |block: IpNet| self.vpcs.get(&table.vpc_id).is_some_and(|vpc| is_vpcs(vpc, block));
        if destination.block().is_some_and(is_within) {
            return Ok(());
        }
        Err(RouteError::DestinationOfGateway { table: table.id.clone(), destination: destination.clone() })
    }

    pub(super) fn insert_association(
        &mut self,
        cx: &mut Context,
        table_id: &RouteTableId,
        user: TableUser,
    ) -> RouteTableAssociationId {
        let id: RouteTableAssociationId = cx.ids.next();
        if let TableUser::Subnet(subnet_id) = &user {
            self.index.table_by_subnet.insert(subnet_id.clone(), table_id.clone());
        }
        let table = self.route_tables.get_mut(table_id).expect("the caller has looked");
        table.associations.push(RouteTableAssociation { id: id.clone(), user });
        self.touch();
        id
    }

    fn remove_association(&mut self, table_id: &RouteTableId, gone: &RouteTableAssociation) {
        if let Some(table) = self.route_tables.get_mut(table_id) {
            table.associations.retain(|association| association.id != gone.id);
        }
        if let Some(subnet_id) = gone.subnet_id() {
            self.index.table_by_subnet.remove(subnet_id);
        }
    }

    fn find_association(
        &self,
        id: &RouteTableAssociationId,
    ) -> Result<(RouteTableId, RouteTableAssociation), RouteError> {
        let found = self.all_associations().find(|(_, association)| association.id == *id);
        let (table, association) = found.ok_or_else(|| RouteError::AssociationNotFound(id.clone()))?;
        Ok((table.clone(), association.clone()))
    }

    fn association_with(&self, user: &TableUser) -> Option<(&RouteTableId, &RouteTableAssociation)> {
        self.all_associations().find(|(_, association)| association.user == *user)
    }

    fn all_associations(&self) -> impl Iterator<Item = (&RouteTableId, &RouteTableAssociation)> {
        self.route_tables.values().flat_map(|table| table.associations.iter().map(move |one| (&table.id, one)))
    }

    /// Checks that a gateway is there and attached to a table's VPC.
    fn check_edge(&self, table: &RouteTable, gateway: &EdgeGateway) -> Result<(), RouteError> {
        let missing = || RouteError::GatewayNotFound(gateway.clone());
        let vpc_id: Option<&VpcId> = match gateway {
            EdgeGateway::Internet(id) => self.internet_gateways.get(id).ok_or_else(missing)?.vpc_id.as_ref(),
            EdgeGateway::Vpn(id) => self.vpn_gateways.get(id).ok_or_else(missing)?.vpc_id(),
        };
        if vpc_id == Some(&table.vpc_id) {
            return Ok(());
        }
        Err(RouteError::GatewayElsewhere { table: table.id.clone(), gateway: gateway.clone() })
    }
}

/// Whether a block is one of a VPC's or a part of one.
fn is_vpcs(vpc: &Vpc, block: IpNet) -> bool {
    let ipv4 = vpc.cidr_associations.iter().map(|(_, own)| IpNet::V4(*own));
    ipv4.chain(vpc.ipv6_cidr_blocks().map(IpNet::V6)).any(|own| own.contains(&block))
}
