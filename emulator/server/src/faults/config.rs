//! Which faults there are: a typed form of the JSON that `/_vpcbox/faults` takes. Fields it does not
//! know are errors.

use std::collections::BTreeMap;

use ec2_api::Code;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use vpc_model::sold_out::SoldOut;

/// Which faults calls meet; by default none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FaultConfig {
    /// Decides every random choice: the same seed and calls give the same faults.
    pub seed: u64,
    /// Limits on the rate of calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling: Option<Throttling>,
    /// How long calls take; the first rule that fits a call counts.
    pub latency: Vec<Latency>,
    /// Calls that the caller may not make.
    pub denies: Vec<Deny>,
    /// Calls that fail.
    pub errors: Vec<ErrorRule>,
    /// Instance types that are sold out.
    pub capacity: Vec<Capacity>,
    /// Subnets that have no free addresses.
    pub addresses: Vec<Addresses>,
    /// How far answers are behind.
    pub consistency: Consistency,
}

/// Limits on the rate of calls, each action and region for itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Throttling {
    /// For actions that only look.
    pub non_mutating: Limit,
    /// For some of them, where they ask for everything at once.
    pub unfiltered: Limit,
    /// For actions that change something.
    pub mutating: Limit,
    /// For single actions.
    pub actions: BTreeMap<String, Limit>,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Limit {
    /// How many calls it lets pass at once.
    pub capacity: f64,
    /// How many it lets pass in the long run.
    pub per_second: f64,
}

impl Default for Throttling {
    fn default() -> Self {
        Self {
            non_mutating: Limit { capacity: 100.0, per_second: 20.0 },
            unfiltered: Limit { capacity: 50.0, per_second: 10.0 },
            mutating: Limit { capacity: 50.0, per_second: 5.0 },
            actions: BTreeMap::new(),
        }
    }
}

/// How long some calls take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Latency {
    /// The actions, with `*` for any text.
    #[serde(default = "any")]
    pub action: String,
    /// How long.
    pub distribution: Distribution,
}

/// A distribution of times in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Distribution {
    /// Always the same.
    ConstantMs(f64),
    /// Anything between two bounds.
    UniformMs([f64; 2]),
    /// Exponential around a mean, at most ten times it.
    ExponentialMs(f64),
    /// Log-normal, by its median and its 99th percentile.
    MedianAndP99Ms([f64; 2]),
}

/// Calls that the caller may not make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deny {
    /// The actions, with `*` for any text.
    pub action: String,
    /// A value one of the parameters has to have, with `*` for any text.
    #[serde(default = "any")]
    pub resource: String,
    /// The access key that is denied, with `*` for any text.
    #[serde(default = "any")]
    pub access_key_id: String,
    /// Whether a policy denies it, rather than no policy allowing it.
    #[serde(default)]
    pub explicit: bool,
}

/// Calls that fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorRule {
    /// The actions, with `*` for any text.
    pub action: String,
    /// A value one of the parameters has to have, with `*` for any text.
    #[serde(default = "any")]
    pub resource: String,
    /// The error's code; one of EC2's.
    #[serde(serialize_with = "code_name", deserialize_with = "known_code")]
    pub code: Code,
    /// The error's text.
    #[serde(default = "injected")]
    pub message: String,
    /// How many calls that fit are let through first.
    #[serde(default)]
    pub skip: u64,
    /// How many calls fail; all, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How probably a call that fits fails.
    #[serde(default = "certain")]
    pub probability: f64,
    /// Whether the call is done all the same, as when only its answer is lost.
    #[serde(default)]
    pub done: bool,
}

/// An instance type that is sold out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Capacity {
    /// The types, with `*` for any text.
    pub instance_type: String,
    /// The zones, with `*` for any text.
    #[serde(default = "any")]
    pub zone: String,
    /// How many launches fail; all, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl Capacity {
    /// What launches meet, where so many more are to.
    pub(crate) fn sold_out(&self, left: Option<u64>) -> SoldOut {
        SoldOut { instance_type: self.instance_type.clone(), zone: self.zone.clone(), left, hits: 0 }
    }

    /// The rule that says what was sold out for a call.
    pub(crate) fn of(sold_out: &SoldOut) -> Self {
        Self { instance_type: sold_out.instance_type.clone(), zone: sold_out.zone.clone(), count: sold_out.left }
    }
}

/// A subnet that has no free addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Addresses {
    /// The subnets, with `*` for any text.
    pub subnet: String,
    /// How many calls fail; all, if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

/// How far answers are behind what was changed, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Consistency {
    /// Those of actions that only look.
    pub describe_lag_ms: u32,
    /// Those of the instance metadata service.
    pub imds_lag_ms: u32,
}

/// A value that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is not {expected}")]
pub struct InvalidFault {
    /// The field.
    pub field: String,
    /// What would be right.
    pub expected: &'static str,
}

/// The longest a call can be made to take, and an answer be behind.
const LONGEST_MS: f64 = 600_000.0;

impl FaultConfig {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A value cannot be.
    pub fn check(&self) -> Result<(), InvalidFault> {
        let check = |holds: bool, field: String, expected| {
            if holds { Ok(()) } else { Err(InvalidFault { field, expected }) }
        };
        if let Some(throttling) = &self.throttling {
            let named = [
                ("nonMutating", throttling.non_mutating),
                ("unfiltered", throttling.unfiltered),
                ("mutating", throttling.mutating),
            ];
            let actions = throttling.actions.iter().map(|(name, limit)| (name.as_str(), *limit));
            for (name, limit) in named.into_iter().chain(actions) {
                let holds = |value: f64| value.is_finite() && value >= 0.0;
                check(holds(limit.capacity), format!("throttling.{name}.capacity"), "a number from 0")?;
                check(holds(limit.per_second), format!("throttling.{name}.perSecond"), "a number from 0")?;
            }
        }
        for (at, rule) in self.errors.iter().enumerate() {
            let holds = (0.0..=1.0).contains(&rule.probability);
            check(holds, format!("errors[{at}].probability"), "between 0 and 1")?;
        }
        for (at, rule) in self.latency.iter().enumerate() {
            let holds = match rule.distribution {
                Distribution::ConstantMs(value) | Distribution::ExponentialMs(value) => is_time(value),
                Distribution::UniformMs([least, most]) => is_time(least) && is_time(most) && least <= most,
                Distribution::MedianAndP99Ms([median, p99]) => median > 0.0 && is_time(p99) && median <= p99,
            };
            check(holds, format!("latency[{at}]"), "a distribution of times up to 600000 ms, in order")?;
        }
        let lags = [("describeLagMs", self.consistency.describe_lag_ms), ("imdsLagMs", self.consistency.imds_lag_ms)];
        for (name, lag) in lags {
            check(f64::from(lag) <= LONGEST_MS, format!("consistency.{name}"), "at most 600000")?;
        }
        Ok(())
    }
}

fn is_time(value: f64) -> bool {
    (0.0..=LONGEST_MS).contains(&value)
}

fn any() -> String {
    "*".to_owned()
}

fn certain() -> f64 {
    1.0
}

fn injected() -> String {
    "This error was injected.".to_owned()
}

fn code_name<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.name())
}

fn known_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
    let name = String::deserialize(deserializer)?;
    Code::named(&name).ok_or_else(|| D::Error::custom(format!("there is no error code {name}")))
}
