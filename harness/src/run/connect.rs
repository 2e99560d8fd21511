//! Connections between pods and instances, tried with real packets.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use linux_net::Netns;

use super::{Finding, pods};
use crate::probe::client::{Outcome, reach};
use crate::scenario::{Connect, Endpoint, Expectation, Placement, Port};
use crate::world::World;

/// How long an answer may take that must come.
const ALLOWED_DEADLINE: Duration = Duration::from_secs(5);

/// How long silence is listened to. Answers take well under a millisecond here.
const DENIED_DEADLINE: Duration = Duration::from_millis(700);

/// One end of a connection as it is.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub name: String,
    pub node: String,
    pub address: Ipv4Addr,
    pub netns: Netns,
}

/// Tries every pair of ends and compares.
pub(super) async fn check(world: &World, connect: &Connect) -> anyhow::Result<Finding> {
    let from = ends(world, &connect.from).await?;
    let to = ends(world, &connect.to).await?;
    let tries: Vec<_> =
        pairs(&from, &to, connect.placement).map(|(a, b)| attempt(a, b, connect.port, connect.expect)).collect();
    if tries.is_empty() {
        return Ok(Finding::failed(format!("there is no such pair among {} and {} ends", from.len(), to.len())));
    }
    let count = tries.len();
    let started = Instant::now();
    let mut differences = Vec::new();
    for outcome in futures::future::join_all(tries).await {
        differences.extend(outcome?);
    }
    let seen = match (connect.expect, connect.port) {
        (Expectation::Allowed, Port::Icmp) => format!("{}, answered in {:.1} ms", paths(count), ms(started)),
        (Expectation::Allowed, _) => format!("{}, client address kept, {:.1} ms", paths(count), ms(started)),
        (Expectation::Denied, _) => format!("{}, nothing came back in {:.0} ms", paths(count), ms(started)),
    };
    Ok(Finding::of_differences(&differences, seen))
}

fn paths(count: usize) -> String {
    if count == 1 { "1 path".into() } else { format!("{count} paths") }
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn pairs<'a>(from: &'a [End], to: &'a [End], placement: Placement) -> impl Iterator<Item = (&'a End, &'a End)> {
    let all = from.iter().flat_map(move |a| to.iter().map(move |b| (a, b)));
    all.filter(move |(a, b)| {
        let fits = match placement {
            Placement::Any => true,
            Placement::SameNode => a.node == b.node,
            Placement::AcrossNodes => a.node != b.node,
        };
        fits && a.address != b.address
    })
}

/// What is at an end of a connection right now.
pub(super) async fn ends(world: &World, endpoint: &Endpoint) -> anyhow::Result<Vec<End>> {
    match endpoint {
        Endpoint::Pods(workload) => {
            let pods = pods::running(world, workload).await?;
            let ends =
                pods.into_iter().map(|it| End { name: it.name, node: it.node, address: it.address, netns: it.netns });
            Ok(ends.collect())
        }
        Endpoint::Instance(name) | Endpoint::Node(name) => {
            let machine = world.machines.get(name).with_context(|| format!("there is no machine {name}"))?;
            Ok(vec![End {
                name: name.clone(),
                node: machine.dns_name.clone(),
                address: machine.address,
                netns: machine.netns.clone(),
            }])
        }
    }
}

/// Tries one pair; gives the difference from what was expected.
async fn attempt(from: &End, to: &End, port: Port, expect: Expectation) -> anyhow::Result<Option<String>> {
    let deadline = match expect {
        Expectation::Allowed => ALLOWED_DEADLINE,
        Expectation::Denied => DENIED_DEADLINE,
    };
    let (netns, address) = (from.netns.clone(), to.address);
    let outcome = tokio::task::spawn_blocking(move || reach(&netns, address, port, deadline)).await?;
    let outcome = outcome.with_context(|| format!("try {} → {} {port}", from.name, to.name))?;
    let path = format!("{} → {} {port}", from.name, to.name);
    Ok(match (expect, outcome) {
        (Expectation::Allowed, Outcome::Answered { client }) => match client {
            Some(seen) if seen != IpAddr::V4(from.address) => {
                Some(format!("{path}: the server saw {seen}, not the client's {}", from.address))
            }
            _ => None,
        },
        (Expectation::Denied, Outcome::Silent) => None,
        (Expectation::Allowed, Outcome::Silent) => Some(format!("{path}: no answer within {deadline:?}")),
        (Expectation::Allowed, Outcome::Refused(why)) => Some(format!("{path}: {why}")),
        (Expectation::Denied, Outcome::Answered { .. }) => Some(format!("{path}: it answered")),
        (Expectation::Denied, Outcome::Refused(why)) => Some(format!("{path}: the packet got there ({why})")),
    })
}

/// Connects once from a namespace, for checks that watch the wire meanwhile.
pub(super) async fn once(from: &Netns, to: Ipv4Addr, port: Port) -> anyhow::Result<()> {
    let netns = from.clone();
    match tokio::task::spawn_blocking(move || reach(&netns, to, port, ALLOWED_DEADLINE)).await?? {
        Outcome::Answered { .. } => Ok(()),
        other => bail!("the connection failed: {other:?}"),
    }
}
