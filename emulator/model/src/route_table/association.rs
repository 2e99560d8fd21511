//! Which subnets and gateways use which route table.

use super::{RouteError, RouteTableAssociation};
use crate::{Context, Model, RouteTable, RouteTableAssociationId, RouteTableId, SubnetId};

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

    pub(super) fn insert_association(
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
}
