//! Network ACLs: CreateNetworkAcl, DeleteNetworkAcl and DescribeNetworkAcls here; entries and associations in the
//! submodules.

mod association;
mod entry;
#[cfg(test)]
mod tests;

use ipnet::IpNet;
use jiff::Timestamp;
use vpc_model::{
    AccountId, Context, Model, NetworkAcl, NetworkAclEntry, NetworkAclError, NetworkAclId, PortRange, Tags, VpcId,
};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Done, Operation, Output, read, write};
use crate::filter::Fields;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateNetworkAcl>(),
    write::<DeleteNetworkAcl>(),
    read::<Describe<NetworkAcl>>(),
    write::<entry::CreateNetworkAclEntry>(),
    write::<entry::ReplaceNetworkAclEntry>(),
    write::<entry::DeleteNetworkAclEntry>(),
    write::<association::ReplaceNetworkAclAssociation>(),
];

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
            ("entry.cidr", |_, acl| blocks(acl, |block| matches!(block, IpNet::V4(_)))),
            ("entry.egress", |_, acl| acl.entries.iter().map(|entry| entry.egress.to_string()).collect()),
            ("entry.icmp.code", |_, acl| ports(acl, true, |ports| ports.to)),
            ("entry.icmp.type", |_, acl| ports(acl, true, |ports| ports.from)),
            ("entry.ipv6-cidr", |_, acl| blocks(acl, |block| matches!(block, IpNet::V6(_)))),
            ("entry.port-range.from", |_, acl| ports(acl, false, |ports| ports.from)),
            ("entry.port-range.to", |_, acl| ports(acl, false, |ports| ports.to)),
            ("entry.protocol", |_, acl| acl.entries.iter().flat_map(protocol_names).collect()),
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
        NetworkAclError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> AclItem {
        AclItem { owner: model.account().clone(), acl: self.clone() }
    }
}

fn blocks(acl: &NetworkAcl, is_meant: impl Fn(&IpNet) -> bool) -> Vec<String> {
    acl.entries.iter().map(|entry| entry.block).filter(is_meant).map(|block| block.to_string()).collect()
}

/// The entries' ports, or their ICMP types and codes.
fn ports(acl: &NetworkAcl, icmp: bool, look: impl Fn(&PortRange) -> i32) -> Vec<String> {
    let entries = acl.entries.iter().filter(|entry| is_icmp(entry) == icmp);
    entries.filter_map(|entry| entry.ports.as_ref()).map(|ports| look(ports).to_string()).collect()
}

fn is_icmp(entry: &NetworkAclEntry) -> bool {
    matches!(entry.protocol, Some(1 | 58))
}

fn protocol(entry: &NetworkAclEntry) -> String {
    entry.protocol.map_or_else(|| "-1".to_owned(), |number| number.to_string())
}

/// What an entry is found by: its protocol's number, and its name where it has one.
fn protocol_names(entry: &NetworkAclEntry) -> Vec<String> {
    let name = match entry.protocol {
        Some(1) => Some("icmp"),
        Some(6) => Some("tcp"),
        Some(17) => Some("udp"),
        _ => None,
    };
    std::iter::once(protocol(entry)).chain(name.map(str::to_owned)).collect()
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
            match entry.ports {
                Some(ports) if is_icmp(entry) => xml.element("icmpTypeCode", |xml| {
                    xml.text("code", ports.to);
                    xml.text("type", ports.from);
                }),
                Some(ports) => xml.element("portRange", |xml| {
                    xml.text("from", ports.from);
                    xml.text("to", ports.to);
                }),
                None => {}
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

#[derive(Debug)]
struct CreateNetworkAcl {
    vpc_id: VpcId,
    tags: Tags,
    client_token: Option<String>,
}

impl Operation for CreateNetworkAcl {
    const ACTION: &'static str = "CreateNetworkAcl";
    const CLIENT_TOKEN: bool = true;
    type Output = CreateNetworkAclOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            vpc_id: query.required("VpcId")?,
            tags: tag_specification::decode_one(query, &["network-acl"])?,
            client_token: query.client_token().map(str::to_owned),
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let id = model.create_network_acl(cx, &self.vpc_id, self.tags)?;
        let acl = created::<NetworkAcl>("networkAcl", model, cx.now, &id)?;
        Ok(CreateNetworkAclOutput { acl, client_token: self.client_token })
    }
}

#[derive(Debug)]
struct CreateNetworkAclOutput {
    acl: Single<AclItem>,
    client_token: Option<String>,
}

impl Output for CreateNetworkAclOutput {
    fn write(&self, xml: &mut Xml) {
        self.acl.write(xml);
        xml.optional("clientToken", self.client_token.as_ref());
    }
}

#[derive(Debug)]
struct DeleteNetworkAcl {
    id: NetworkAclId,
}

impl Operation for DeleteNetworkAcl {
    const ACTION: &'static str = "DeleteNetworkAcl";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("NetworkAclId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.delete_network_acl(&self.id)?;
        Ok(Done)
    }
}
