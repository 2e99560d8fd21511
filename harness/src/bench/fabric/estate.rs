//! The VPC that is measured, made by EC2's calls.

use std::net::IpAddr;

use anyhow::{Context, ensure};
use vpc_model::InstanceId;

use super::FabricBench;
use crate::bench::client::{Client, form};

/// The most rules that one call adds.
const RULES_AT_ONCE: usize = 200;

/// A VPC with two subnets.
#[derive(Debug)]
pub(super) struct Estate {
    /// All instances.
    pub(super) instances: Vec<InstanceId>,
    subnets: [String; 2],
    /// The group that every ENI has.
    common: String,
    ends: Vec<(&'static str, End)>,
}

/// An instance that is measured.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) instance: InstanceId,
    pub(super) address: IpAddr,
}

impl Estate {
    /// Half of the ENIs in each of two subnets; each has the common group and one of the others.
    pub(super) fn fill(client: &mut Client, bench: &FabricBench) -> anyhow::Result<Self> {
        let vpc = client.call(&form("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]))?.text("vpcId")?;
        let mut subnets = ["10.0.0.0/17", "10.0.128.0/17"].map(str::to_owned);
        for subnet in &mut subnets {
            let new = form("CreateSubnet", &[("VpcId", &vpc), ("CidrBlock", subnet)]);
            *subnet = client.call(&new)?.text("subnetId")?;
        }
        let common = group(client, &vpc, "common")?;
        allow(client, &common, &[Rule::tcp(1..=10_000, "10.0.0.0/16"), Rule::udp(1..=10_000, "10.0.0.0/16")])?;
        let mut estate = Self { instances: Vec::new(), subnets, common, ends: Vec::new() };
        for number in 0..bench.groups {
            let group = group(client, &vpc, &format!("group-{number}"))?;
            estate.rules(client, &group, number, bench)?;
            let share = |at: usize| bench.enis * at / bench.groups;
            estate.launch(client, &group, share(number)..share(number + 1))?;
        }
        estate.ends(client)?;
        Ok(estate)
    }

    /// A group's share of the rules, none like another.
    fn rules(&self, client: &mut Client, group: &str, number: usize, bench: &FabricBench) -> anyhow::Result<()> {
        let share = |at: usize| bench.rules * at / bench.groups;
        let rules: Vec<Rule> = (share(number)..share(number + 1))
            .map(|rule| {
                let port = 10_001 + u16::try_from(rule % 10_000).unwrap_or_default();
                Rule::tcp(port..=port, &format!("172.16.{}.{}/32", rule / 250 % 250, rule % 250))
            })
            .collect();
        rules.chunks(RULES_AT_ONCE).try_for_each(|rules| allow(client, group, rules))
    }

    fn launch(&mut self, client: &mut Client, group: &str, enis: std::ops::Range<usize>) -> anyhow::Result<()> {
        for (at, subnet) in self.subnets.iter().enumerate() {
            let count = enis.clone().filter(|eni| eni % 2 == at).count().to_string();
            if count == "0" {
                continue;
            }
            let new = [
                ("ImageId", "ami-0123456789abcdef0"),
                ("InstanceType", "m5.large"),
                ("MinCount", &count),
                ("MaxCount", &count),
                ("SubnetId", subnet),
                ("SecurityGroupId.1", &self.common),
                ("SecurityGroupId.2", group),
            ];
            let answer = client.call(&form("RunInstances", &new))?;
            for id in answer.texts("instanceId")? {
                self.instances.push(id.parse().with_context(|| format!("an instance in {id}"))?);
            }
        }
        Ok(())
    }

    /// Two in one subnet and one in the other.
    fn ends(&mut self, client: &mut Client) -> anyhow::Result<()> {
        let mut found: [Vec<End>; 2] = [Vec::new(), Vec::new()];
        for instance in self.instances.iter().take(8).chain(self.instances.iter().rev().take(8)) {
            let answer = client.call(&form("DescribeInstances", &[("InstanceId.1", instance.as_str())]))?;
            let (subnet, address) = (answer.text("subnetId")?, answer.text("privateIpAddress")?.parse()?);
            let end = End { instance: instance.clone(), address };
            let at = usize::from(subnet == self.subnets[1]);
            if found[at].iter().all(|known| known.address != address) {
                found[at].push(end);
            }
        }
        ensure!(found[0].len() > 1 && !found[1].is_empty(), "at least four ENIs are needed");
        let [first, second] = found;
        self.ends = vec![("near", first[0].clone()), ("beside", first[1].clone()), ("across", second[0].clone())];
        Ok(())
    }

    /// One of `near`, `beside` and `across`.
    pub(super) fn end(&self, name: &str) -> &End {
        let end = self.ends.iter().find(|(known, _)| *known == name);
        &end.expect("one of three names").1
    }

    pub(super) fn create_eni(&self, client: &mut Client) -> anyhow::Result<String> {
        let new = [("SubnetId", self.subnets[0].as_str()), ("SecurityGroupId.1", &self.common)];
        client.call(&form("CreateNetworkInterface", &new))?.text("networkInterfaceId")
    }

    pub(super) fn attach(&self, client: &mut Client, eni: &str, instance: &InstanceId) -> anyhow::Result<()> {
        let new = [("NetworkInterfaceId", eni), ("InstanceId", instance.as_str()), ("DeviceIndex", "1")];
        client.call(&form("AttachNetworkInterface", &new)).map(drop)
    }

    /// Lets a port of all ENIs in.
    pub(super) fn allow_udp(&self, client: &mut Client, port: u16) -> anyhow::Result<()> {
        allow(client, &self.common, &[Rule::udp(port..=port, "10.0.0.0/16")])
    }
}

struct Rule {
    protocol: &'static str,
    ports: std::ops::RangeInclusive<u16>,
    from: String,
}

impl Rule {
    fn tcp(ports: std::ops::RangeInclusive<u16>, from: &str) -> Self {
        Self { protocol: "tcp", ports, from: from.to_owned() }
    }

    fn udp(ports: std::ops::RangeInclusive<u16>, from: &str) -> Self {
        Self { protocol: "udp", ports, from: from.to_owned() }
    }
}

fn group(client: &mut Client, vpc: &str, name: &str) -> anyhow::Result<String> {
    let new = [("GroupName", name), ("GroupDescription", "bench"), ("VpcId", vpc)];
    client.call(&form("CreateSecurityGroup", &new))?.text("groupId")
}

fn allow(client: &mut Client, group: &str, rules: &[Rule]) -> anyhow::Result<()> {
    let mut parameters = vec![("GroupId".to_owned(), group.to_owned())];
    for (rule, number) in rules.iter().zip(1..) {
        let mut add = |name: &str, value: String| parameters.push((format!("IpPermissions.{number}.{name}"), value));
        add("IpProtocol", rule.protocol.to_owned());
        add("FromPort", rule.ports.start().to_string());
        add("ToPort", rule.ports.end().to_string());
        add("IpRanges.1.CidrIp", rule.from.clone());
    }
    let borrowed: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    client.call(&form("AuthorizeSecurityGroupIngress", &borrowed)).map(drop)
}
