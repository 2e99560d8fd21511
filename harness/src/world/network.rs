//! Makes a scenario's VPC, subnets and security groups through the EC2 API.

use std::collections::BTreeMap;

use anyhow::Context;
use ec2_client::{Client, Params};
use ipnet::Ipv4Net;

use crate::scenario::{GroupSpec, Port, RulePeer, RuleSpec, VpcSpec};

/// The network as made: ids by the scenario's names.
#[derive(Debug, Clone)]
pub struct Network {
    /// The VPC.
    pub vpc_id: String,
    /// Its block.
    pub cidr: Ipv4Net,
    /// The subnets.
    pub subnets: BTreeMap<String, Subnet>,
    /// The security groups' ids.
    pub groups: BTreeMap<String, String>,
}

/// A subnet as made.
#[derive(Debug, Clone)]
pub struct Subnet {
    /// Its id.
    pub id: String,
    /// Its block.
    pub cidr: Ipv4Net,
}

impl Network {
    /// One line that says what was made.
    pub fn describe(&self) -> String {
        format!(
            "VPC {} ({}), {} subnets, {} security groups",
            self.vpc_id,
            self.cidr,
            self.subnets.len(),
            self.groups.len()
        )
    }

    /// Ids of groups, in the order of their names given.
    pub fn group_ids(&self, names: &[String]) -> Vec<String> {
        names.iter().filter_map(|name| self.groups.get(name).cloned()).collect()
    }

    /// Names of groups, for people; an id nobody named is shown as it is.
    pub fn group_names<'a>(&'a self, ids: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
        let name_of = |id: &'a String| {
            self.groups.iter().find(|(_, it)| *it == id).map_or(id.as_str(), |(name, _)| name.as_str())
        };
        let mut names: Vec<_> = ids.into_iter().map(name_of).collect();
        names.sort_unstable();
        names
    }
}

/// Makes the VPC.
pub(super) async fn create(ec2: &Client, spec: &VpcSpec) -> anyhow::Result<Network> {
    let reply = ec2.call("CreateVpc", &[("CidrBlock", spec.cidr.to_string())]).await.context("CreateVpc")?;
    let vpc_id = reply.required("vpc/vpcId")?.to_owned();
    let mut network = Network { vpc_id, cidr: spec.cidr, subnets: BTreeMap::new(), groups: BTreeMap::new() };
    for subnet in &spec.subnets {
        let params = [
            ("VpcId", network.vpc_id.clone()),
            ("CidrBlock", subnet.cidr.to_string()),
            ("AvailabilityZone", subnet.zone.clone()),
            ("TagSpecification.1.ResourceType", "subnet".into()),
            ("TagSpecification.1.Tag.1.Key", "Name".into()),
            ("TagSpecification.1.Tag.1.Value", subnet.name.clone()),
        ];
        let reply = ec2.call("CreateSubnet", &params).await.with_context(|| format!("CreateSubnet {}", subnet.name))?;
        let id = reply.required("subnet/subnetId")?.to_owned();
        network.subnets.insert(subnet.name.clone(), Subnet { id, cidr: subnet.cidr });
    }
    // All groups first: their rules refer to one another.
    for group in &spec.groups {
        let params = [
            ("VpcId", network.vpc_id.clone()),
            ("GroupName", group.name.clone()),
            ("GroupDescription", group.description.clone()),
        ];
        let reply = ec2
            .call("CreateSecurityGroup", &params)
            .await
            .with_context(|| format!("CreateSecurityGroup {}", group.name))?;
        network.groups.insert(group.name.clone(), reply.required("groupId")?.to_owned());
    }
    for group in &spec.groups {
        set_rules(ec2, &network, group).await.with_context(|| format!("rules of security group {}", group.name))?;
    }
    Ok(network)
}

async fn set_rules(ec2: &Client, network: &Network, group: &GroupSpec) -> anyhow::Result<()> {
    let id = &network.groups[&group.name];
    if !group.ingress.is_empty() {
        ec2.call_with("AuthorizeSecurityGroupIngress", &permissions(network, id, &group.ingress)).await?;
    }
    let Some(egress) = &group.egress else { return Ok(()) };
    let everywhere = Params::new()
        .set("GroupId", id)
        .set("IpPermissions.1.IpProtocol", "-1")
        .set("IpPermissions.1.IpRanges.1.CidrIp", "0.0.0.0/0");
    ec2.call_with("RevokeSecurityGroupEgress", &everywhere).await?;
    if !egress.is_empty() {
        ec2.call_with("AuthorizeSecurityGroupEgress", &permissions(network, id, egress)).await?;
    }
    Ok(())
}

fn permissions(network: &Network, group: &str, rules: &[RuleSpec]) -> Params {
    let mut params = Params::new().set("GroupId", group);
    for (index, rule) in rules.iter().enumerate() {
        let at = format!("IpPermissions.{}", index + 1);
        let (protocol, from, to) = match rule.allow {
            Port::Tcp { from, to } => ("tcp", i32::from(from), i32::from(to)),
            Port::Udp { from, to } => ("udp", i32::from(from), i32::from(to)),
            Port::Icmp => ("icmp", -1, -1),
            Port::All => ("-1", -1, -1),
        };
        params = params.set(&format!("{at}.IpProtocol"), protocol);
        if rule.allow != Port::All {
            params = params.set(&format!("{at}.FromPort"), from).set(&format!("{at}.ToPort"), to);
        }
        params = match &rule.peer {
            RulePeer::Cidr(cidr) => params.set(&format!("{at}.IpRanges.1.CidrIp"), cidr),
            RulePeer::Group(name) => params.set(&format!("{at}.Groups.1.GroupId"), &network.groups[name]),
        };
    }
    params
}
