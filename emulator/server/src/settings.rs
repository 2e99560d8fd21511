//! The emulator's configuration as people write it: layers of names and values, the first of them strongest,
//! put together and checked as a whole. Every problem is reported, not only the first.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use jiff::SignedDuration;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use vpc_fabric::InternetHost;
use vpc_model::{AccountId, Region};

use crate::Config;
use crate::config::Key;
use crate::dns::GATEWAY_SERVICES;
use crate::faults::config::FaultConfig;
use crate::limits::{self, delay_names, quota_names};

/// The most that AWS raises the number of groups per ENI to.
const GROUPS_PER_INTERFACE: usize = 16;
/// The longest delay.
const LONGEST_DELAY: SignedDuration = SignedDuration::from_hours(24);

/// Names and values from one place.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Where they are from, such as `flag` or a file's name.
    pub source: String,
    /// The values; texts may stand for numbers and booleans.
    pub values: Map<String, Value>,
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

/// The configuration that some layers say, the first of them strongest; what none says is as by default.
///
/// # Errors
/// All names there are not, and all values that cannot be.
pub fn config(layers: &[Layer]) -> Result<Config, Problems> {
    let mut reader = Reader { values: merged(layers), problems: Vec::new() };
    let config = reader.config();
    let unknown =
        reader.values.iter().map(|(name, (source, _))| format!("{name} ({source}): there is no such setting"));
    reader.problems.extend(unknown);
    if reader.problems.is_empty() { Ok(config) } else { Err(Problems(reader.problems)) }
}

/// Values by their whole name such as `quotas.elasticIps`, and where they are from.
type Values = BTreeMap<String, (String, Value)>;

/// Settings that consist of others: a layer may change one of them and leave the rest.
const GROUPS: &[&str] = &["quotas", "delays", "keys"];

fn merged(layers: &[Layer]) -> Values {
    let mut values = Values::new();
    for layer in layers {
        for (name, value) in &layer.values {
            let parts = match value {
                Value::Object(parts) if GROUPS.contains(&name.as_str()) => {
                    parts.iter().map(|(part, value)| (format!("{name}.{part}"), value)).collect()
                }
                _ => vec![(name.clone(), value)],
            };
            for (name, value) in parts {
                values.entry(name).or_insert_with(|| (layer.source.clone(), value.clone()));
            }
        }
    }
    values
}

struct Reader {
    values: Values,
    problems: Vec<String>,
}

impl Reader {
    fn config(&mut self) -> Config {
        let default = Config::default();
        let mut config = Config {
            listen: self.checked("listen", default.listen, |listen: &SocketAddr| {
                (!listen.ip().is_loopback()).then(|| format!("{listen} is not on loopback: nothing verifies who calls"))
            }),
            metadata_ipv6: self.checked("metadataIpv6", default.metadata_ipv6, |listen| not_ipv6_loopback(*listen)),
            account: AccountId(self.checked("account", default.account.0, |account| not_an_account(account))),
            region: Region(self.checked("region", default.region.0, |region| not_a_region(region))),
            seed: self.optional("seed"),
            fabric: self.checked("fabric", default.fabric, |_| None),
            services: Vec::new(),
            internet_hosts: self.internet_hosts(),
            gateway_endpoint_targets: self.gateway_endpoint_targets(),
            private_zones: self.optional("privateZones").unwrap_or_default(),
            dns_forward: self.optional("dnsForward"),
            link_local_packets_per_second: self.optional("linkLocalPacketsPerSecond"),
            journal: self.optional::<String>("journal").map(PathBuf::from),
            faults: self.checked("faults", default.faults, |faults: &FaultConfig| {
                faults.check().err().map(|error| error.to_string())
            }),
            trail_file: self.optional::<String>("trailFile").map(PathBuf::from),
            keys: self.keys(),
            verify_signatures: self.checked("verifySignatures", default.verify_signatures, |_| None),
            quotas: default.quotas,
            strict_images: self.checked("strictImages", default.strict_images, |_| None),
            delays: default.delays,
            reconcile_interval: self.checked("reconcileInterval", default.reconcile_interval, |interval| {
                let is_fine = !interval.is_negative() && *interval <= LONGEST_DELAY;
                (!is_fine).then(|| "between 0s, which is never, and 24h".to_owned())
            }),
            transitions: default.transitions,
        };
        if config.verify_signatures && config.keys.values().all(|key| key.secret.is_none()) {
            self.problems.push("verifySignatures: there is no key with a secret".to_owned());
        }
        self.quotas(&mut config);
        self.delays(&mut config);
        config
    }

    /// Hosts by their names, which name links too.
    fn internet_hosts(&mut self) -> Vec<InternetHost> {
        let hosts = self.optional::<BTreeMap<String, IpAddr>>("internetHosts").unwrap_or_default();
        for name in hosts.keys().filter(|name| !is_host_name(name)) {
            self.problems.push(format!("internetHosts: {name} is not 1 to 12 small letters, digits and hyphens"));
        }
        hosts.into_iter().map(|(name, address)| InternetHost { name, address }).collect()
    }

    /// By the service's name.
    fn gateway_endpoint_targets(&mut self) -> BTreeMap<String, SocketAddr> {
        let targets = self.optional::<BTreeMap<String, SocketAddr>>("gatewayEndpointTargets").unwrap_or_default();
        for name in targets.keys().filter(|name| !GATEWAY_SERVICES.contains(&name.as_str())) {
            let known = GATEWAY_SERVICES.join(" and ");
            self.problems.push(format!("gatewayEndpointTargets: {name} has no gateway endpoints, only {known} have"));
        }
        targets
    }

    fn keys(&mut self) -> BTreeMap<String, Key> {
        let keys = self.group::<KeySetting>("keys");
        let keys: BTreeMap<_, _> = keys.into_iter().map(|(id, setting)| (id, Key::from(setting))).collect();
        for (id, key) in &keys {
            let problems = [not_an_account(&key.account.0), key.user.as_deref().and_then(not_a_user)];
            self.problems.extend(problems.into_iter().flatten().map(|problem| format!("keys.{id}: {problem}")));
        }
        keys
    }

    fn quotas(&mut self, config: &mut Config) {
        for (name, quota) in self.group::<usize>("quotas") {
            if !limits::set_quota(&mut config.quotas, &name, quota) {
                self.problems.push(format!("quotas.{name}: there is no such quota, only {}", quota_names()));
            }
        }
        if config.quotas.groups_per_interface > GROUPS_PER_INTERFACE {
            self.problems.push(format!("quotas.groupsPerInterface: at most {GROUPS_PER_INTERFACE}"));
        }
    }

    fn delays(&mut self, config: &mut Config) {
        for (name, delay) in self.group::<SignedDuration>("delays") {
            if delay.is_negative() || delay > LONGEST_DELAY {
                self.problems.push(format!("delays.{name}: between 0s and 24h"));
            }
            if !limits::set_delay(&mut config.delays, &mut config.transitions, &name, delay) {
                self.problems.push(format!("delays.{name}: there is no such delay, only {}", delay_names()));
            }
        }
    }

    /// The settings below a name.
    fn group<T: DeserializeOwned>(&mut self, group: &str) -> Vec<(String, T)> {
        let names: Vec<String> = self
            .values
            .keys()
            .filter_map(|name| name.strip_prefix(group)?.strip_prefix('.'))
            .map(str::to_owned)
            .collect();
        names.into_iter().filter_map(|name| Some((name.clone(), self.optional(&format!("{group}.{name}"))?))).collect()
    }

    fn checked<T: DeserializeOwned>(&mut self, name: &str, default: T, problem: impl Fn(&T) -> Option<String>) -> T {
        let source = self.values.get(name).map(|(source, _)| source.clone()).unwrap_or_default();
        let value = self.optional(name).unwrap_or(default);
        self.problems.extend(problem(&value).map(|problem| format!("{name} ({source}): {problem}")));
        value
    }

    fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let (source, value) = self.values.remove(name)?;
        match read(value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(format!("{name} ({source}): {error}"));
                None
            }
        }
    }
}

/// An access key as people write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum KeySetting {
    /// Its account, its secret and its user, with colons between them.
    Text(String),
    /// Each by its name.
    Named(NamedKey),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedKey {
    account: Value,
    secret: Option<String>,
    user: Option<String>,
}

impl From<KeySetting> for Key {
    fn from(setting: KeySetting) -> Self {
        let NamedKey { account, secret, user } = match setting {
            KeySetting::Named(named) => named,
            KeySetting::Text(text) => {
                let mut parts = text.splitn(3, ':').map(str::to_owned);
                let account = Value::String(parts.next().unwrap_or_default());
                NamedKey { account, secret: parts.next(), user: parts.next() }
            }
        };
        let account = match account {
            Value::String(account) => account,
            other => other.to_string(),
        };
        Self { account: AccountId(account), secret: secret.filter(|secret| !secret.is_empty()), user }
    }
}

/// Reads a value. The text of a flag or of the environment may be a number or a boolean, and a number in a
/// file may be a text such as an account.
fn read<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
    let first = serde_json::from_value(value.clone());
    match (first, value) {
        (Err(error), Value::String(text)) => {
            serde_json::from_str::<Value>(&text).and_then(serde_json::from_value).map_err(|_| error)
        }
        (Err(error), Value::Number(number)) => {
            serde_json::from_value(Value::String(number.to_string())).map_err(|_| error)
        }
        (outcome, _) => outcome,
    }
}

fn not_ipv6_loopback(listen: Option<SocketAddr>) -> Option<String> {
    let listen = listen.filter(|listen| !(listen.is_ipv6() && listen.ip().is_loopback()))?;
    Some(format!("{listen} is not on IPv6's loopback, such as [::1]:4567"))
}

fn is_host_name(name: &str) -> bool {
    let is_fine = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    (1..=12).contains(&name.len()) && name.chars().all(is_fine)
}

fn not_an_account(account: &str) -> Option<String> {
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (!is_account).then(|| format!("{account:?} is not an account of twelve digits"))
}

/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
fn not_a_user(user: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let is_user = (1..=64).contains(&user.len()) && user.chars().all(is_allowed);
    (!is_user).then(|| format!("{user:?} is not a user's name of up to 64 letters, digits and _+=,.@-"))
}

fn not_a_region(region: &str) -> Option<String> {
    let known = vpc_model::region::REGIONS.iter().any(|facts| facts.name == region);
    (!known).then(|| format!("there is no region {region:?}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn layer(source: &str, values: Value) -> Layer {
        Layer { source: source.to_owned(), values: values.as_object().expect("an object").clone() }
    }

    #[test]
    fn the_first_layer_is_strongest() {
        let flags = layer("flag", json!({"region": "eu-west-1", "seed": "7", "delays": {"instance": "2s"}}));
        let file = layer(
            "file",
            json!({
                "region": "us-west-2",
                "account": 111122223333u64,
                "fabric": false,
                "strictImages": true,
                "quotas": {"elasticIps": 50},
                "delays": {"instance": "9s", "natGateway": "1m 30s"},
                "faults": {"errors": [{"action": "CreateVpc", "code": "Unavailable"}]},
            }),
        );
        let config = config(&[flags, file]).expect("a configuration");
        assert_eq!((config.region.0.as_str(), config.account.0.as_str()), ("eu-west-1", "111122223333"));
        assert_eq!((config.seed, config.fabric, config.quotas.elastic_ips), (Some(7), false, 50));
        assert_eq!(config.transitions.instance, SignedDuration::from_secs(2));
        assert_eq!(config.delays.nat_gateway, SignedDuration::from_secs(90));
        assert!(config.strict_images);
        assert_eq!(config.faults.errors.len(), 1);
    }

    #[rstest]
    #[case::account(json!("111122223333"), None, None)]
    #[case::number(json!(111122223333u64), None, None)]
    #[case::secret(json!("111122223333:a/b+c="), Some("a/b+c="), None)]
    #[case::no_secret(json!("111122223333:"), None, None)]
    #[case::user(json!("111122223333:a/b+c=:alice"), Some("a/b+c="), Some("alice"))]
    #[case::user_without_secret(json!("111122223333::alice"), None, Some("alice"))]
    #[case::named(json!({"account": "111122223333", "secret": "s", "user": "alice"}), Some("s"), Some("alice"))]
    #[case::named_number(json!({"account": 111122223333u64}), None, None)]
    fn keys(#[case] key: Value, #[case] secret: Option<&str>, #[case] user: Option<&str>) {
        let config = config(&[layer("file", json!({"keys": {"AKIA": key}}))]).expect("a configuration");
        let [secret, user] = [secret, user].map(|text| text.map(str::to_owned));
        assert!(config.keys["AKIA"] == Key { account: AccountId::from("111122223333"), secret, user });
    }

    #[rstest]
    #[case::a_secret(json!({"verifySignatures": "true", "keys": {"AKIA": "111122223333:s"}}), true)]
    #[case::no_key(json!({"verifySignatures": true}), false)]
    #[case::no_secret(json!({"verifySignatures": true, "keys": {"AKIA": "111122223333"}}), false)]
    #[case::another_name(json!({"keys": {"AKIA": {"account": "111122223333", "secrets": "s"}}}), false)]
    #[case::no_account(json!({"keys": {"AKIA": "12:s"}}), false)]
    #[case::no_user(json!({"keys": {"AKIA": "111122223333:s:"}}), false)]
    #[case::not_a_user(json!({"keys": {"AKIA": "111122223333:s:a:b"}}), false)]
    fn verification(#[case] values: Value, #[case] is_good: bool) {
        assert_eq!(config(&[layer("file", values)]).is_ok(), is_good);
    }

    #[test]
    fn all_problems_are_reported() {
        let flags = layer("flag", json!({"listen": "0.0.0.0:4566", "account": "12", "quotas": {"x": 1}}));
        let file = layer(
            "vpcbox.yaml",
            json!({
                "region": "mars-1",
                "fabrik": true,
                "delays": {"vpn": "25h", "other": "soon"},
                "quotas": {"groupsPerInterface": 17},
                "faults": {"errors": [{"action": "CreateVpc", "code": "NoSuchCode"}]},
            }),
        );
        let problems = config(&[flags, file]).expect_err("problems");
        insta::assert_snapshot!(problems);
    }

    #[rstest]
    #[case::nothing(json!({}), true)]
    #[case::metadata_ipv6(json!({"metadataIpv6": "[::1]:0"}), true)]
    #[case::metadata_ipv4(json!({"metadataIpv6": "127.0.0.1:0"}), false)]
    #[case::metadata_not_loopback(json!({"metadataIpv6": "[::]:0"}), false)]
    #[case::forward(json!({"dnsForward": "host"}), true)]
    #[case::forward_to_a_name(json!({"dnsForward": "dns.example.com"}), false)]
    #[case::zone(json!({"privateZones": [{"name": "a.internal", "records": []}]}), true)]
    #[case::internet_host(json!({"internetHosts": {"web-1": "203.0.113.10"}}), true)]
    #[case::gateway_endpoint(json!({"gatewayEndpointTargets": {"s3": "127.0.0.1:9000"}}), true)]
    #[case::gateway_endpoint_service(json!({"gatewayEndpointTargets": {"sqs": "127.0.0.1:9000"}}), false)]
    #[case::gateway_endpoint_without_port(json!({"gatewayEndpointTargets": {"s3": "127.0.0.1"}}), false)]
    #[case::internet_host_name(json!({"internetHosts": {"web.example": "203.0.113.10"}}), false)]
    #[case::internet_host_address(json!({"internetHosts": {"web": "here"}}), false)]
    #[case::zone_without_records(json!({"privateZones": [{"name": "a.internal"}]}), false)]
    #[case::reconcile_interval(json!({"reconcileInterval": "5s"}), true)]
    #[case::no_reconcile_interval(json!({"reconcileInterval": "0s"}), true)]
    #[case::negative_reconcile_interval(json!({"reconcileInterval": "-5s"}), false)]
    #[case::null_seed(json!({"seed": null}), false)]
    #[case::number_for_a_flag(json!({"fabric": 1}), false)]
    fn single_values(#[case] values: Value, #[case] is_good: bool) {
        assert_eq!(config(&[layer("file", values)]).is_ok(), is_good);
    }
}
