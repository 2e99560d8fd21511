//! Faults, on purpose: which calls are late, refused, or answered from what was true a while ago.
//!
//! Decisions depend on the configuration, the seed, the clock and the calls alone. Each rule draws on
//! random numbers of its own, so that calls of other actions do not change what it does.

mod bucket;
pub mod config;
mod denial;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ec2_api::{ApiError, Code, Service};
use jiff::{SignedDuration, Timestamp};
use vpc_model::sold_out::{SoldOut, fits};
use vpc_model::{Ids, Model, NetworkInterfaceId};

use self::bucket::Buckets;
use self::config::{Distribution, FaultConfig, InvalidFault};

/// A call, as far as faults look at it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) access_key_id: Option<&'a str>,
    pub(crate) action: &'a str,
    pub(crate) read_only: bool,
    pub(crate) service: Service,
    /// Without the action.
    pub(crate) parameters: &'a BTreeMap<String, String>,
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Verdict {
    /// How much longer it takes.
    pub(crate) delay: Duration,
    /// Why it is refused.
    pub(crate) refusal: Option<ApiError>,
    /// Whether it is done although it is refused.
    pub(crate) done: bool,
    /// The faults that hit it, for the trail.
    pub(crate) names: Vec<String>,
}

/// The faults in force.
#[derive(Debug)]
pub struct Faults {
    at_start: FaultConfig,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    config: FaultConfig,
    is_idle: bool,
    buckets: Buckets,
    latency: Vec<Ids>,
    errors: Vec<Rule>,
    capacity: Vec<u64>,
    addresses: Vec<u64>,
}

/// How far an error rule is.
#[derive(Debug)]
struct Rule {
    random: Ids,
    seen: u64,
    failed: u64,
}

impl Faults {
    /// The faults an emulator starts with, and comes back to.
    ///
    /// # Errors
    /// A value cannot be.
    pub fn new(config: FaultConfig) -> Result<Self, InvalidFault> {
        config.check()?;
        Ok(Self { state: Mutex::new(State::new(config.clone())), at_start: config })
    }

    /// The configuration in force.
    pub fn config(&self) -> FaultConfig {
        self.lock(|state| state.config.clone())
    }

    /// Puts other faults in force; counters, buckets and random numbers begin anew.
    ///
    /// # Errors
    /// A value cannot be; the faults stay as they are.
    pub fn set(&self, config: FaultConfig) -> Result<(), InvalidFault> {
        config.check()?;
        self.lock(|state| *state = State::new(config));
        Ok(())
    }

    /// Goes back to the faults at the start.
    pub fn restore(&self) {
        self.lock(|state| *state = State::new(self.at_start.clone()));
    }

    /// How far behind answers of actions that only look are.
    pub(crate) fn describe_lag(&self) -> SignedDuration {
        self.lock(|state| SignedDuration::from_millis(state.config.consistency.describe_lag_ms.into()))
    }

    /// How far behind answers of the instance metadata service are.
    pub(crate) fn imds_lag(&self) -> SignedDuration {
        self.lock(|state| SignedDuration::from_millis(state.config.consistency.imds_lag_ms.into()))
    }

    /// Whether no call can be hit.
    pub(crate) fn is_idle(&self) -> bool {
        self.lock(|state| state.is_idle)
    }

    /// Decides about a call. `places` looks up where it takes effect.
    pub(crate) fn decide(&self, facts: Facts<'_>, now: Timestamp, places: impl FnOnce() -> Places) -> Verdict {
        self.lock(|state| if state.is_idle { Verdict::default() } else { state.decide(facts, now, places) })
    }

    /// What is sold out for the next call.
    pub(crate) fn sold_out(&self) -> Vec<SoldOut> {
        self.lock(|state| state.sold_out())
    }

    /// Counts what a call met of what was sold out. Gives the names of these faults.
    pub(crate) fn meet(&self, met: &[SoldOut]) -> Vec<String> {
        self.lock(|state| state.meet(met))
    }

    /// How long what was true has to be kept.
    pub(crate) fn longest_lag(&self) -> SignedDuration {
        self.describe_lag().max(self.imds_lag())
    }

    fn lock<R>(&self, with: impl FnOnce(&mut State) -> R) -> R {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where a call takes effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) subnets: Vec<String>,
}

impl Places {
    /// The subnets that a call's parameters name, directly or by an ENI.
    pub(crate) fn of(parameters: &BTreeMap<String, String>, model: &Model) -> Self {
        let mut subnets = Vec::new();
        for (name, value) in parameters {
            if name.ends_with("SubnetId") {
                subnets.push(value.clone());
            } else if name.ends_with("NetworkInterfaceId") {
                let eni = value.parse::<NetworkInterfaceId>().ok();
                subnets.extend(eni.and_then(|id| Some(model.network_interface(&id)?.subnet_id.to_string())));
            }
        }
        Self { subnets }
    }
}

impl State {
    fn new(config: FaultConfig) -> Self {
        let random = |kind: u64, at: usize| Ids::seeded(config.seed ^ (kind << 32 | at as u64));
        let rule = |at| Rule { random: random(2, at), seen: 0, failed: 0 };
        Self {
            is_idle: FaultConfig { consistency: config.consistency, seed: config.seed, ..FaultConfig::default() }
                == config,
            buckets: Buckets::default(),
            latency: (0..config.latency.len()).map(|at| random(1, at)).collect(),
            errors: (0..config.errors.len()).map(rule).collect(),
            capacity: vec![0; config.capacity.len()],
            addresses: vec![0; config.addresses.len()],
            config,
        }
    }

    fn decide(&mut self, facts: Facts<'_>, now: Timestamp, places: impl FnOnce() -> Places) -> Verdict {
        let mut verdict = Verdict::default();
        if let Some((at, delay)) = self.delay(facts.action) {
            verdict.delay = delay;
            verdict.names.push(format!("latency[{at}]"));
        }
        let refused =
            self.throttle(facts, now).or_else(|| self.deny(facts)).or_else(|| self.fail(facts)).or_else(|| {
                let places = places();
                self.no_addresses(facts, &places)
            });
        if let Some(Refused { name, error, done }) = refused {
            verdict.names.push(name);
            verdict.refusal = Some(error);
            verdict.done = done;
        }
        verdict
    }

    fn delay(&mut self, action: &str) -> Option<(usize, Duration)> {
        let at = self.config.latency.iter().position(|rule| fits(&rule.action, action))?;
        let milliseconds = draw(&self.config.latency[at].distribution, &mut self.latency[at]);
        Some((at, Duration::from_secs_f64(milliseconds / 1000.0)))
    }

    fn throttle(&mut self, facts: Facts<'_>, now: Timestamp) -> Option<Refused> {
        let throttling = self.config.throttling.as_ref().filter(|_| facts.service == Service::Ec2)?;
        let Facts { account, region, action, read_only, parameters, .. } = facts;
        if self.buckets.take(throttling, region, action, read_only, parameters, now) {
            return None;
        }
        let message = format!(
            "Request limit exceeded. Account {account} has been throttled on ec2:{action} because it exceeded its \
             request rate limit."
        );
        Some(Refused::new("throttling".to_owned(), Code::REQUEST_LIMIT_EXCEEDED, message))
    }

    fn deny(&self, facts: Facts<'_>) -> Option<Refused> {
        let fit = |rule: &config::Deny| {
            fits(&rule.action, facts.action)
                && fits(&rule.access_key_id, facts.access_key_id.unwrap_or_default())
                && is_about(facts.parameters, &rule.resource)
        };
        let (at, rule) = self.config.denies.iter().enumerate().find(|(_, rule)| fit(rule))?;
        Some(Refused { name: format!("denies[{at}]"), error: denial::error(facts, rule.explicit), done: false })
    }

    fn fail(&mut self, facts: Facts<'_>) -> Option<Refused> {
        for (at, (rule, state)) in self.config.errors.iter().zip(&mut self.errors).enumerate() {
            if !fits(&rule.action, facts.action) || !is_about(facts.parameters, &rule.resource) {
                continue;
            }
            state.seen += 1;
            if state.seen <= rule.skip || rule.count.is_some_and(|count| state.failed >= count) {
                continue;
            }
            if unit(&mut state.random) >= rule.probability {
                continue;
            }
            state.failed += 1;
            let refused = Refused::new(format!("errors[{at}]"), rule.code, rule.message.clone());
            return Some(Refused { done: rule.done, ..refused });
        }
        None
    }

    fn sold_out(&self) -> Vec<SoldOut> {
        let rules = self.config.capacity.iter().zip(&self.capacity);
        let left = |count: Option<u64>, met: u64| count.map(|count| count.saturating_sub(met));
        rules.map(|(rule, met)| rule.sold_out(left(rule.count, *met))).collect()
    }

    fn meet(&mut self, met: &[SoldOut]) -> Vec<String> {
        let mut names = Vec::new();
        for (at, (rule, count)) in met.iter().zip(&mut self.capacity).enumerate() {
            *count += rule.hits;
            if rule.hits > 0 {
                names.push(format!("capacity[{at}]"));
            }
        }
        names
    }

    fn no_addresses(&mut self, facts: Facts<'_>, places: &Places) -> Option<Refused> {
        const TAKERS: &[&str] = &["AssignPrivateIpAddresses", "CreateNetworkInterface", "RunInstances"];
        if !TAKERS.contains(&facts.action) {
            return None;
        }
        let wants_prefixes = facts.parameters.keys().any(|name| name.contains("Ipv4Prefix"));
        for (at, (rule, failed)) in self.config.addresses.iter().zip(&mut self.addresses).enumerate() {
            if places.subnets.iter().any(|subnet| fits(&rule.subnet, subnet)) && is_left(rule.count, failed) {
                let (code, what) = if wants_prefixes {
                    (Code::INSUFFICIENT_CIDR_BLOCKS, "free cidr blocks")
                } else {
                    (Code::INSUFFICIENT_FREE_ADDRESSES_IN_SUBNET, "free addresses")
                };
                let message = format!("The specified subnet does not have enough {what} to satisfy the request.");
                return Some(Refused::new(format!("addresses[{at}]"), code, message));
            }
        }
        None
    }
}

struct Refused {
    name: String,
    error: ApiError,
    done: bool,
}

impl Refused {
    fn new(name: String, code: Code, message: String) -> Self {
        Self { name, error: ApiError::new(code, message), done: false }
    }
}

/// Counts a failure, unless there have been enough.
fn is_left(count: Option<u64>, failed: &mut u64) -> bool {
    let left = count.is_none_or(|count| *failed < count);
    *failed += u64::from(left);
    left
}

fn is_about(parameters: &BTreeMap<String, String>, resource: &str) -> bool {
    resource == "*" || parameters.values().any(|value| fits(resource, value))
}

/// A random number from 0, below 1.
fn unit(random: &mut Ids) -> f64 {
    (random.number() >> 11) as f64 / (1u64 << 53) as f64
}

fn draw(distribution: &Distribution, random: &mut Ids) -> f64 {
    match *distribution {
        Distribution::ConstantMs(value) => value,
        Distribution::UniformMs([least, most]) => (most - least).mul_add(unit(random), least),
        Distribution::ExponentialMs(mean) => (-(1.0 - unit(random)).ln() * mean).min(10.0 * mean),
        Distribution::MedianAndP99Ms([median, p99]) => {
            // The 99th percentile of the standard normal distribution.
            let sigma = (p99 / median).ln() / 2.326;
            (median * (sigma * normal(random)).exp()).min(10.0 * p99)
        }
    }
}

/// A standard normal number (Box and Muller).
fn normal(random: &mut Ids) -> f64 {
    let (one, other) = (1.0 - unit(random), unit(random));
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos()
}
