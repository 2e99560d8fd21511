//! The agent's settings: the production agent's environment variables, read once and checked whole.
//!
//! Names and defaults follow <https://github.com/aws/amazon-vpc-cni-k8s#cni-configuration-variables>.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use cni_ipam::{Mode, Targets};
use ipnet::Ipv4Net;

/// How pods with security groups of their own are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforcing {
    /// All their traffic goes by the branch ENI.
    Strict,
    /// Traffic within the node stays there.
    Standard,
}

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The Kubernetes node (`MY_NODE_NAME`).
    pub node_name: Option<String>,
    /// Where the plugin comes (`VPCBOX_CNI_SOCKET`).
    pub socket: PathBuf,
    /// The checkpoint (`AWS_VPC_K8S_CNI_BACKING_STORE`).
    pub backing_store: PathBuf,
    /// How much is held ready (`WARM_*_TARGET`, `MINIMUM_IP_TARGET`, `ENABLE_PREFIX_DELEGATION`, `IP_COOLDOWN_PERIOD`).
    pub targets: Targets,
    /// A bound on ENIs below the instance type's (`MAX_ENI`).
    pub max_eni: Option<u32>,
    /// Whether ENIs and addresses are made and given back (`DISABLE_NETWORK_RESOURCE_PROVISIONING`).
    pub provisioning: bool,
    /// Whether EC2 is never called (`ENABLE_IMDS_ONLY_MODE`).
    pub imds_only: bool,
    /// Whether ENIs may be made in tagged subnets (`ENABLE_SUBNET_DISCOVERY`).
    pub subnet_discovery: bool,
    /// The cluster (`CLUSTER_NAME`).
    pub cluster_name: Option<String>,
    /// Tags for ENIs (`ADDITIONAL_ENI_TAGS`).
    pub additional_tags: BTreeMap<String, String>,
    /// Whether pods can have security groups of their own (`ENABLE_POD_ENI`).
    pub pod_eni: bool,
    /// How those are connected (`POD_SECURITY_GROUP_ENFORCING_MODE`).
    pub enforcing: Enforcing,
    /// MTU of ENIs' links (`AWS_VPC_ENI_MTU`).
    pub eni_mtu: u32,
    /// How host ends' names begin (`AWS_VPC_K8S_CNI_VETHPREFIX`).
    pub veth_prefix: String,
    /// Whether somebody else does SNAT (`AWS_VPC_K8S_CNI_EXTERNALSNAT`).
    pub external_snat: bool,
    /// Whether SNAT picks ports at random (`AWS_VPC_K8S_CNI_RANDOMIZESNAT`).
    pub random_snat: bool,
    /// Networks that are reached without SNAT (`AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS`).
    pub exclude_snat_cidrs: Vec<Ipv4Net>,
    /// Networks that are always reached by the main table (`AWS_EXTERNAL_SERVICE_CIDRS`).
    pub external_service_cidrs: Vec<Ipv4Net>,
    /// Whether node ports work from outside (`AWS_VPC_CNI_NODE_PORT_SUPPORT`).
    pub node_port_support: bool,
    /// The mark of connections that belong to the primary ENI (`AWS_VPC_K8S_CNI_CONNMARK`).
    pub connmark: u32,
    /// Whether early demultiplexing is off (`DISABLE_TCP_EARLY_DEMUX`); kubelet's probes of strict pods need that.
    pub early_demux_off: bool,
}

/// Every setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("settings cannot be used: {}", .0.join("; "))]
pub struct InvalidSettings(pub Vec<String>);

impl Settings {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn from_env() -> Result<Self, InvalidSettings> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads variables from `get`.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader { get: &get, problems: Vec::new() };
        let settings = reader.settings();
        if reader.problems.is_empty() { Ok(settings) } else { Err(InvalidSettings(reader.problems)) }
    }
}

struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn settings(&mut self) -> Settings {
        // Deviation: production wants ENABLE_IPv4=true said; here IPv4 is the only mode so far.
        if self.flag("ENABLE_IPv6", false) || !self.flag("ENABLE_IPv4", true) {
            self.problems.push("only IPv4 mode is supported".to_owned());
        }
        let imds_only = self.flag("ENABLE_IMDS_ONLY_MODE", false);
        let settings = Settings {
            node_name: self.text("MY_NODE_NAME"),
            socket: self.path("VPCBOX_CNI_SOCKET", cni_rpc::DEFAULT_SOCKET),
            backing_store: self.path("AWS_VPC_K8S_CNI_BACKING_STORE", "/var/run/aws-node/ipam.json"),
            targets: self.targets(),
            max_eni: self.parsed::<i64>("MAX_ENI").and_then(|max| u32::try_from(max).ok()).filter(|max| *max > 0),
            provisioning: !imds_only && !self.flag("DISABLE_NETWORK_RESOURCE_PROVISIONING", false),
            imds_only,
            subnet_discovery: self.flag("ENABLE_SUBNET_DISCOVERY", true),
            cluster_name: self.text("CLUSTER_NAME"),
            additional_tags: self.tags(),
            pod_eni: self.flag("ENABLE_POD_ENI", false),
            enforcing: self.enforcing(),
            eni_mtu: self.mtu(),
            veth_prefix: self.veth_prefix(),
            external_snat: self.flag("AWS_VPC_K8S_CNI_EXTERNALSNAT", false),
            random_snat: self.text("AWS_VPC_K8S_CNI_RANDOMIZESNAT").is_none_or(|mode| mode != "none"),
            exclude_snat_cidrs: self.networks("AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS"),
            external_service_cidrs: self.networks("AWS_EXTERNAL_SERVICE_CIDRS"),
            node_port_support: self.flag("AWS_VPC_CNI_NODE_PORT_SUPPORT", true),
            connmark: self.mark(),
            early_demux_off: self.flag("DISABLE_TCP_EARLY_DEMUX", false),
        };
        if settings.pod_eni && settings.node_name.is_none() {
            self.problems.push("ENABLE_POD_ENI needs MY_NODE_NAME".to_owned());
        }
        settings
    }

    fn targets(&mut self) -> Targets {
        let mode = if self.flag("ENABLE_PREFIX_DELEGATION", false) { Mode::Prefixes } else { Mode::SecondaryAddresses };
        let targets = Targets {
            mode,
            warm_ip: self.count("WARM_IP_TARGET", 0),
            minimum_ip: self.count("MINIMUM_IP_TARGET", 0),
            warm_eni: self.count("WARM_ENI_TARGET", 1),
            warm_prefix: self.count("WARM_PREFIX_TARGET", 0),
            cooldown: Duration::from_secs(self.count("IP_COOLDOWN_PERIOD", 30).into()),
        };
        if mode == Mode::Prefixes && targets.warm_ip + targets.minimum_ip + targets.warm_prefix == 0 {
            self.problems.push(
                "ENABLE_PREFIX_DELEGATION needs WARM_IP_TARGET, MINIMUM_IP_TARGET or WARM_PREFIX_TARGET".to_owned(),
            );
        }
        targets
    }

    fn text(&self, name: &str) -> Option<String> {
        (self.get)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn path(&self, name: &str, default: &str) -> PathBuf {
        PathBuf::from(self.text(name).unwrap_or_else(|| default.to_owned()))
    }

    fn parsed<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.problems.push(format!("{name} cannot be {text:?}"));
        }
        value
    }

    /// A count; as in production, negative ones mean there is none.
    fn count(&mut self, name: &str, default: u32) -> u32 {
        self.parsed::<i64>(name).map_or(default, |value| u32::try_from(value.max(0)).unwrap_or(u32::MAX / 64))
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.text(name).map(|text| text.to_ascii_lowercase()).as_deref() {
            None => default,
            Some("true" | "1" | "t") => true,
            Some("false" | "0" | "f") => false,
            Some(other) => {
                self.problems.push(format!("{name} cannot be {other:?}"));
                default
            }
        }
    }

    fn networks(&mut self, name: &str) -> Vec<Ipv4Net> {
        let text = self.text(name).unwrap_or_default();
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut networks = Vec::new();
        for part in parts {
            match part.parse::<Ipv4Net>() {
                Ok(network) => networks.push(network.trunc()),
                Err(_) => self.problems.push(format!("{name} has {part:?}, which is no network")),
            }
        }
        networks
    }

    fn tags(&mut self) -> BTreeMap<String, String> {
        let text = self.text("ADDITIONAL_ENI_TAGS").unwrap_or_else(|| "{}".to_owned());
        match serde_json::from_str::<BTreeMap<String, String>>(&text) {
            Ok(mut tags) => {
                // These are the agent's own to write.
                tags.retain(|key, _| !key.contains("k8s.amazonaws.com"));
                tags
            }
            Err(err) => {
                self.problems.push(format!("ADDITIONAL_ENI_TAGS is no object of texts: {err}"));
                BTreeMap::new()
            }
        }
    }

    fn enforcing(&mut self) -> Enforcing {
        match self.text("POD_SECURITY_GROUP_ENFORCING_MODE").as_deref() {
            None | Some("strict") => Enforcing::Strict,
            Some("standard") => Enforcing::Standard,
            Some(other) => {
                self.problems.push(format!("POD_SECURITY_GROUP_ENFORCING_MODE cannot be {other:?}"));
                Enforcing::Strict
            }
        }
    }

    fn mtu(&mut self) -> u32 {
        let mtu = self.parsed("AWS_VPC_ENI_MTU").unwrap_or(9001);
        if !(576..=9001).contains(&mtu) {
            self.problems.push(format!("AWS_VPC_ENI_MTU {mtu} is not between 576 and 9001"));
        }
        mtu
    }

    fn veth_prefix(&mut self) -> String {
        let prefix = self.text("AWS_VPC_K8S_CNI_VETHPREFIX").unwrap_or_else(|| "eni".to_owned());
        if prefix.len() > 4 || ["eth", "lo", "vlan"].contains(&prefix.as_str()) {
            self.problems.push(format!("AWS_VPC_K8S_CNI_VETHPREFIX cannot be {prefix:?}"));
        }
        prefix
    }

    fn mark(&mut self) -> u32 {
        let Some(text) = self.text("AWS_VPC_K8S_CNI_CONNMARK") else { return 0x80 };
        let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let mark = hex.map_or_else(|| text.parse().ok(), |digits| u32::from_str_radix(digits, 16).ok());
        mark.filter(|mark| *mark != 0).unwrap_or_else(|| {
            self.problems.push(format!("AWS_VPC_K8S_CNI_CONNMARK cannot be {text:?}"));
            0x80
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
        Settings::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn an_empty_environment_gives_productions_defaults() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.targets, Targets::default());
        assert_eq!((settings.connmark, settings.eni_mtu, settings.max_eni), (0x80, 9001, None));
        assert!(settings.provisioning && settings.subnet_discovery && settings.node_port_support && !settings.pod_eni);
    }

    #[test]
    fn what_is_set_is_taken() {
        let settings = read(&[
            ("WARM_IP_TARGET", "3"),
            ("MAX_ENI", "-1"),
            ("AWS_VPC_K8S_CNI_CONNMARK", "0x100"),
            ("ADDITIONAL_ENI_TAGS", r#"{"team":"a","node.k8s.amazonaws.com/x":"y"}"#),
            ("AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS", "192.168.0.0/16, 172.16.0.0/12"),
            ("ENABLE_IMDS_ONLY_MODE", "true"),
        ])
        .unwrap();
        assert_eq!((settings.targets.warm_ip, settings.max_eni, settings.connmark), (3, None, 0x100));
        assert_eq!(settings.additional_tags, BTreeMap::from([("team".to_owned(), "a".to_owned())]));
        assert_eq!(settings.exclude_snat_cidrs.len(), 2);
        assert!(!settings.provisioning);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let problems = read(&[
            ("WARM_IP_TARGET", "x"),
            ("ENABLE_IPv6", "true"),
            ("ENABLE_POD_ENI", "true"),
            ("AWS_VPC_ENI_MTU", "100"),
        ])
        .unwrap_err();
        assert_eq!(
            problems.0,
            [
                "only IPv4 mode is supported",
                "WARM_IP_TARGET cannot be \"x\"",
                "AWS_VPC_ENI_MTU 100 is not between 576 and 9001",
                "ENABLE_POD_ENI needs MY_NODE_NAME",
            ]
        );
    }
}
