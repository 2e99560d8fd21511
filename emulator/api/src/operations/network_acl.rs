//! Network ACLs: DescribeNetworkAcls.

use ipnet::IpNet;
use jiff::Timestamp;
use vpc_model::{AccountId, Model, NetworkAcl, NetworkAclEntry, NetworkAclId};

use super::describe::{Describable, Describe};
use super::{Action, Output, read};
use crate::filter::Fields;
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[read::<Describe<NetworkAcl>>()];

impl Describable for NetworkAcl {
    type Id = NetworkAclId;
    type Item = AclItem;

    const ACTION: &'static str = "DescribeNetworkAcls";
    const IDS: &'static str = "NetworkAclId";
    const SET: &'static str = "networkAclSet";
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("association.association-id", |_, acl| acl.associations.iter().map(|(id, _)| id.to_string()).collect()),
            ("association.network-acl-id", |_, acl| acl.associations.iter().map(|_| acl.id.to_string()).collect()),
            ("association.subnet-id", |_, acl| acl.associations.iter().map(|(_, id)| id.to_string()).collect()),
            ("default", |_, acl| vec![acl.is_default.to_string()]),
            ("entry.cidr", |_, acl| acl.entries.iter().map(|entry| entry.block.to_string()).collect()),
            ("entry.egress", |_, acl| acl.entries.iter().map(|entry| entry.egress.to_string()).collect()),
            ("entry.protocol", |_, acl| acl.entries.iter().map(protocol).collect()),
            ("entry.rule-action", |_, acl| acl.entries.iter().map(|entry| action(entry).to_owned()).collect()),
            ("entry.rule-number", |_, acl| acl.entries.iter().map(|entry| entry.number.to_string()).collect()),
            ("network-acl-id", |_, acl| vec![acl.id.to_string()]),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("vpc-id", |_, acl| vec![acl.vpc_id.to_string()]),
        ],
        tags: Some(|acl| &acl.tags),
    };

    fn id(&self) -> &NetworkAclId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &NetworkAclId) -> Option<&'a Self> {
        model.network_acl(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.network_acls().collect()
    }

    fn missing(id: &NetworkAclId) -> ApiError {
        ApiError::not_found(Code::INVALID_NETWORK_ACL_ID_NOT_FOUND, "networkAcl", id)
    }

    fn item(&self, model: &Model, _: Timestamp) -> AclItem {
        AclItem { owner: model.account().clone(), acl: self.clone() }
    }
}

fn protocol(entry: &NetworkAclEntry) -> String {
    entry.protocol.map_or_else(|| "-1".to_owned(), |number| number.to_string())
}

fn action(entry: &NetworkAclEntry) -> &'static str {
    if entry.allow { "allow" } else { "deny" }
}

/// A network ACL as replies show it.
#[derive(Debug)]
pub(crate) struct AclItem {
    owner: AccountId,
    acl: NetworkAcl,
}

impl Output for AclItem {
    fn write(&self, xml: &mut Xml) {
        let acl = &self.acl;
        xml.text("networkAclId", &acl.id);
        xml.text("vpcId", &acl.vpc_id);
        xml.text("ownerId", &self.owner);
        xml.text("default", acl.is_default);
        xml.list("entrySet", &acl.entries, |xml, entry| {
            xml.text("ruleNumber", entry.number);
            xml.text("protocol", protocol(entry));
            xml.text("ruleAction", action(entry));
            xml.text("egress", entry.egress);
            match entry.block {
                IpNet::V4(block) => xml.text("cidrBlock", block),
                IpNet::V6(block) => xml.text("ipv6CidrBlock", block),
            }
        });
        xml.list("associationSet", &acl.associations, |xml, (id, subnet_id)| {
            xml.text("networkAclAssociationId", id);
            xml.text("networkAclId", &acl.id);
            xml.text("subnetId", subnet_id);
        });
        xml.tags(&acl.tags);
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::World;

    #[test]
    fn the_default_one() {
        let mut world = World::new();
        let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
        let subnet = world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")).ok();
        let form = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={}", subnet.text("subnetId"));
        insta::assert_snapshot!(world.call("DescribeNetworkAcls", &form).ok().lines());
    }

    #[test]
    fn an_unknown_one() {
        let reply = World::new().call("DescribeNetworkAcls", "NetworkAclId.1=acl-01234567");
        assert_eq!(reply.code, Some("InvalidNetworkAclID.NotFound"));
    }
}
