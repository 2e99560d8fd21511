//! Describe calls, with paging.

use crate::client::Client;
use crate::error::Error;
use crate::params::{Filter, Params};
use crate::types::{Instance, InstanceTypeInfo, NetworkInterface, Subnet, TrunkInterfaceAssociation};
use crate::xml::Element;

/// What a describe call asks for: ids, filters, or everything.
#[derive(Debug, Clone, Default)]
pub struct Query {
    ids: Vec<String>,
    filters: Vec<Filter>,
    page_size: Option<u32>,
}

impl Query {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// One resource.
    pub fn id(id: impl Into<String>) -> Self {
        Self::ids([id])
    }

    /// These resources.
    pub fn ids<S: Into<String>>(ids: impl IntoIterator<Item = S>) -> Self {
        Self { ids: ids.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// What matches the filters.
    pub fn filters(filters: impl IntoIterator<Item = Filter>) -> Self {
        Self { filters: filters.into_iter().collect(), ..Self::default() }
    }

    /// Asks for pages of this size; all pages are fetched anyway.
    #[must_use]
    pub fn page_size(mut self, size: u32) -> Self {
        self.page_size = Some(size);
        self
    }

    fn params(&self, id_name: &str, token: Option<&str>) -> Params {
        let params = Params::new().list(id_name, &self.ids).filters(&self.filters);
        params.maybe("MaxResults", self.page_size).maybe("NextToken", token)
    }
}

impl Client {
    /// DescribeInstances, all pages.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn describe_instances(&self, query: &Query) -> Result<Vec<Instance>, Error> {
        let reservations =
            self.pages("DescribeInstances", "InstanceId", "reservationSet", query, |item| Ok(item.clone())).await?;
        reservations.iter().flat_map(|reservation| reservation.items("instancesSet")).map(Instance::read).collect()
    }

    /// DescribeSubnets, all pages.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn describe_subnets(&self, query: &Query) -> Result<Vec<Subnet>, Error> {
        self.pages("DescribeSubnets", "SubnetId", "subnetSet", query, Subnet::read).await
    }

    /// DescribeNetworkInterfaces, all pages.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn describe_network_interfaces(&self, query: &Query) -> Result<Vec<NetworkInterface>, Error> {
        let action = "DescribeNetworkInterfaces";
        self.pages(action, "NetworkInterfaceId", "networkInterfaceSet", query, NetworkInterface::read).await
    }

    /// DescribeNetworkInterfaces for one; `None` if it does not exist.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn network_interface(&self, id: &str) -> Result<Option<NetworkInterface>, Error> {
        match self.describe_network_interfaces(&Query::id(id)).await {
            Ok(found) => Ok(found.into_iter().next()),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// DescribeTrunkInterfaceAssociations, all pages.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn describe_trunk_interface_associations(
        &self,
        query: &Query,
    ) -> Result<Vec<TrunkInterfaceAssociation>, Error> {
        let (action, list) = ("DescribeTrunkInterfaceAssociations", "interfaceAssociationSet");
        self.pages(action, "AssociationId", list, query, TrunkInterfaceAssociation::read).await
    }

    /// DescribeInstanceTypes for these types.
    ///
    /// # Errors
    /// EC2's refusal.
    pub async fn describe_instance_types(&self, query: &Query) -> Result<Vec<InstanceTypeInfo>, Error> {
        self.pages("DescribeInstanceTypes", "InstanceType", "instanceTypeSet", query, InstanceTypeInfo::read).await
    }

    async fn pages<T>(
        &self,
        action: &str,
        id_name: &str,
        list: &str,
        query: &Query,
        read: impl Fn(&Element) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let reply = self.call_with(action, &query.params(id_name, token.as_deref())).await?;
            for item in reply.items(list) {
                found.push(read(item)?);
            }
            token = reply.text("nextToken").filter(|token| !token.is_empty()).map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    }
}
