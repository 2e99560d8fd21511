//! DescribeAddresses.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use vpc_model::{AccountId, AddressAssociation, AllocationId, ElasticIp, ElasticIpError, InstanceId, Model, Region};

use super::{AMAZONS_POOL, owner};
use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::{Output, ReadOperation};
use crate::query::Query;
use crate::xml::Xml;

/// What addresses can be filtered by.
const FIELDS: Fields<Model, ElasticIp> = Fields {
    by_name: &[
        ("allocation-id", |_, own| vec![own.id.to_string()]),
        ("association-id", |_, own| of_association(own, |found| found.id.to_string())),
        ("domain", |_, _| vec!["vpc".to_owned()]),
        ("instance-id", |model, own| model.instance_behind(own).iter().map(ToString::to_string).collect()),
        ("network-border-group", |model, _| vec![model.region().to_string()]),
        ("network-interface-id", |_, own| of_association(own, |found| found.network_interface_id.to_string())),
        ("network-interface-owner-id", |model, own| of_association(own, |_| model.account().to_string())),
        ("private-ip-address", |_, own| of_association(own, |found| found.private_ip.to_string())),
        ("public-ip", |_, own| vec![own.public_ip.to_string()]),
    ],
    tags: Some(|own| &own.tags),
};

fn of_association(own: &ElasticIp, look: impl Fn(&AddressAssociation) -> String) -> Vec<String> {
    own.association.iter().map(look).collect()
}

#[derive(Debug)]
pub(super) struct DescribeAddresses {
    ids: Vec<AllocationId>,
    addresses: Vec<Ipv4Addr>,
    filters: Filters,
}

impl ReadOperation for DescribeAddresses {
    const ACTION: &'static str = "DescribeAddresses";
    type Output = DescribeAddressesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            ids: query.list("AllocationId")?,
            addresses: query.list("PublicIp")?,
            filters: Filters::decode(query)?,
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let mut asked: Vec<&ElasticIp> = Vec::new();
        let by_id = self.ids.iter().map(|id| model.elastic_ip(id).ok_or_else(|| ElasticIpError::NotFound(id.clone())));
        let by_address = self.addresses.iter().map(|address| model.elastic_ip_by_address(*address));
        for found in by_id.chain(by_address) {
            let found = found?;
            if !asked.iter().any(|other| other.id == found.id) {
                asked.push(found);
            }
        }
        if self.ids.is_empty() && self.addresses.is_empty() {
            asked = model.elastic_ips().collect();
        }
        let selected = self.filters.select(&FIELDS, model, asked)?;
        let items = selected.into_iter().map(|found| AddressItem::of(found, model)).collect();
        Ok(DescribeAddressesOutput { items })
    }
}

#[derive(Debug)]
pub(super) struct DescribeAddressesOutput {
    items: Vec<AddressItem>,
}

impl Output for DescribeAddressesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("addressesSet", &self.items, |xml, item| item.write(xml));
    }
}

/// An address as replies show it.
#[derive(Debug)]
struct AddressItem {
    elastic_ip: ElasticIp,
    instance_id: Option<InstanceId>,
    owner: AccountId,
    region: Region,
}

impl AddressItem {
    fn of(elastic_ip: &ElasticIp, model: &Model) -> Self {
        Self {
            instance_id: model.instance_behind(elastic_ip).cloned(),
            owner: owner(model),
            region: model.region().clone(),
            elastic_ip: elastic_ip.clone(),
        }
    }
}

impl Output for AddressItem {
    fn write(&self, xml: &mut Xml) {
        let own = &self.elastic_ip;
        xml.optional("instanceId", self.instance_id.as_ref());
        xml.text("publicIp", own.public_ip);
        xml.text("allocationId", &own.id);
        if let Some(association) = &own.association {
            xml.text("associationId", &association.id);
            xml.text("networkInterfaceId", &association.network_interface_id);
            xml.text("networkInterfaceOwnerId", &self.owner);
            xml.text("privateIpAddress", association.private_ip);
        }
        xml.text("domain", "vpc");
        xml.text("publicIpv4Pool", AMAZONS_POOL);
        xml.text("networkBorderGroup", &self.region);
        xml.tags(&own.tags);
    }
}
