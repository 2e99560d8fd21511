//! Finding ENIs by what they have, without looking at all of them.

use std::net::IpAddr;

use crate::{AttachmentId, Mac, Model, NetworkInterface, NetworkInterfaceId, SubnetId, VpcId};

impl Model {
    /// The ENIs with an address of their own, one a VPC at most; delegated prefixes do not count.
    pub fn interfaces_with_address(&self, address: IpAddr) -> impl Iterator<Item = &NetworkInterface> {
        let ids = self.vpcs.keys().filter_map(move |vpc| self.index.eni_by_address.get(&(vpc.clone(), address)));
        ids.filter_map(|id| self.network_interfaces.get(id))
    }

    /// The ENIs in a subnet.
    pub fn interfaces_in_subnet(&self, id: &SubnetId) -> impl Iterator<Item = &NetworkInterface> {
        self.all_of(self.index.interfaces_by_subnet.get(id))
    }

    /// The ENIs in a VPC.
    pub fn interfaces_in_vpc(&self, id: &VpcId) -> impl Iterator<Item = &NetworkInterface> {
        let subnets = self.index.subnets_by_vpc.get(id).into_iter().flatten();
        subnets.flat_map(|subnet| self.interfaces_in_subnet(subnet))
    }

    /// The ENIs with a tag of a value.
    pub fn interfaces_with_tag(&self, key: &str, value: &str) -> impl Iterator<Item = &NetworkInterface> {
        self.all_of(self.index.interfaces_by_tag.get(key).and_then(|values| values.get(value)))
    }

    /// The ENI with a MAC address.
    pub fn interface_with_mac(&self, mac: Mac) -> Option<&NetworkInterface> {
        self.network_interfaces.get(self.index.eni_by_mac.get(&mac)?)
    }

    /// The ENI of an attachment that has not ended.
    pub fn interface_of_attachment(&self, id: &AttachmentId) -> Option<&NetworkInterface> {
        self.network_interfaces.get(self.index.eni_by_attachment.get(id)?)
    }

    fn all_of<'a>(
        &'a self,
        ids: Option<impl IntoIterator<Item = &'a NetworkInterfaceId>>,
    ) -> impl Iterator<Item = &'a NetworkInterface> {
        ids.into_iter().flatten().filter_map(|id| self.network_interfaces.get(id))
    }
}
