//! How long a world takes from nothing to ready pods, and where a pod's time goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, fs};

use anyhow::Context;
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use kube::runtime::watcher;
use kube::{Api, ResourceExt};
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinHandle;

use super::Samples;
use crate::report::Progress;
use crate::run::{branch_enis, is_ready};
use crate::scenario::Scenario;
use crate::world::{PLUGIN_LOG, StateDir, World};

/// How long one pod may take to come.
const POD_DEADLINE: Duration = Duration::from_secs(60);

/// What was measured over all runs.
#[derive(Debug, Default)]
pub struct FirstLight {
    /// From nothing to ready nodes.
    nodes_ready: Samples,
    /// From nothing to all pods of the scenario's first steps ready.
    pods_ready: Samples,
    /// Pods with an address from the warm pool.
    warm: PodTimes,
    /// The same for the scenario's pods, which come all at once.
    burst: PodTimes,
    /// Pods with a branch ENI, which come all at once too.
    branch: PodTimes,
    /// From a pod's binding to its annotation: EC2's three calls and the API server's answers.
    branch_calls: Samples,
}

/// Where the time of pods' ADDs goes.
#[derive(Debug, Default)]
struct PodTimes {
    /// The whole call, as the node runtime sees it.
    add: Samples,
    /// The agent's answer.
    agent: Samples,
    /// Links, addresses, routes and rules.
    kernel: Samples,
    /// Starting and ending the plugin's process.
    process: Samples,
}

/// A line of the plugin's log.
#[derive(Debug, Deserialize)]
struct LogLine {
    command: String,
    /// CNI_ARGS; STATUS has none.
    args: Option<String>,
    ms: f64,
    #[serde(rename = "agentMs")]
    agent_ms: f64,
}

/// When things were first seen of a pod.
#[derive(Debug, Clone, Copy, Default)]
struct Timeline {
    bound: Option<Instant>,
    annotated: Option<Instant>,
}

type Timelines = Arc<Mutex<HashMap<String, Timeline>>>;

/// Makes the scenario's world so many times; in each, connects so many more pods one after the other.
///
/// # Errors
/// A world cannot be made.
pub async fn first_light(scenario: &Scenario, runs: u32, pods: u32) -> anyhow::Result<FirstLight> {
    let mut figures = FirstLight::default();
    for run in 1..=runs {
        eprintln!("run {run} of {runs}");
        one_run(scenario, pods, &mut figures).await?;
    }
    Ok(figures)
}

async fn one_run(scenario: &Scenario, pods: u32, figures: &mut FirstLight) -> anyhow::Result<()> {
    let started = Instant::now();
    let world = World::start(scenario, StateDir::take(&scenario.name)?, &Progress::new(true)).await?;
    figures.nodes_ready.add(started.elapsed());
    let outcome = measure(&world, scenario, pods, started, figures).await;
    world.stop().await;
    outcome
}

async fn measure(
    world: &World,
    scenario: &Scenario,
    pods: u32,
    started: Instant,
    figures: &mut FirstLight,
) -> anyhow::Result<()> {
    let (timelines, watching) = watch_pods(world);
    first_steps(world, scenario).await?;
    figures.pods_ready.add(started.elapsed());
    // Ordinary pods are measured one by one: those of the scenario came all at once, with the world. Nothing is
    // removed meanwhile, since the kernel holds its network lock while a namespace goes.
    let mut adds: HashMap<String, Duration> =
        world.sandboxes.all().into_iter().map(|((_, name), it)| (name, it.add_elapsed)).collect();
    let at_once: Vec<String> = adds.keys().cloned().collect();
    for index in 0..pods {
        let (name, add) = one_pod(world, index).await?;
        adds.insert(name, add);
    }
    watching.abort();
    let timelines = timelines.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let log = fs::read_to_string(world.state.path(PLUGIN_LOG)).context("read the plugin's log")?;
    for line in log.lines() {
        let line: LogLine = serde_json::from_str(line).context("understand the plugin's log")?;
        let Some(name) = line.pod().filter(|_| line.command == "ADD") else { continue };
        let Some(add) = adds.get(name) else { continue };
        let timeline = timelines.get(name).copied().unwrap_or_default();
        let times = match timeline.annotated {
            Some(_) => &mut figures.branch,
            None if at_once.iter().any(|it| it == name) => &mut figures.burst,
            None => &mut figures.warm,
        };
        times.take(*add, &line);
        if let (Some(bound), Some(annotated)) = (timeline.bound, timeline.annotated) {
            figures.branch_calls.add(annotated.duration_since(bound));
        }
    }
    Ok(())
}

/// Applies and waits, up to the first check.
async fn first_steps(world: &World, scenario: &Scenario) -> anyhow::Result<()> {
    let mut setting_up = scenario.clone();
    setting_up.steps = scenario.setting_up();
    crate::run::run(world, &setting_up, &Progress::new(true)).await
}

/// Notes when each pod is first seen bound and annotated.
fn watch_pods(world: &World) -> (Timelines, JoinHandle<()>) {
    let timelines = Timelines::default();
    let seen = Arc::clone(&timelines);
    let pods: Api<Pod> = Api::all(world.kube.clone());
    let watching = tokio::spawn(async move {
        let mut events = std::pin::pin!(watcher(pods, watcher::Config::default()));
        while let Ok(Some(event)) = events.try_next().await {
            let (watcher::Event::Apply(pod) | watcher::Event::InitApply(pod)) = event else { continue };
            let mut all = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let timeline = all.entry(pod.name_any()).or_default();
            if pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some()) {
                timeline.bound.get_or_insert_with(Instant::now);
            }
            if branch_enis(&pod).is_ok_and(|enis| !enis.is_empty()) {
                timeline.annotated.get_or_insert_with(Instant::now);
            }
        }
    });
    (timelines, watching)
}

/// Makes one ordinary pod and waits for it; gives its name and how long its ADD took.
async fn one_pod(world: &World, index: u32) -> anyhow::Result<(String, Duration)> {
    let name = format!("bench-{index}");
    let object = json!({
        "metadata": { "name": name, "namespace": "default" },
        "spec": { "terminationGracePeriodSeconds": 1, "containers": [{ "name": "probe", "image": "vpcbox/probe" }] },
    });
    let pods: Api<Pod> = Api::namespaced(world.kube.clone(), "default");
    pods.create(&PostParams::default(), &serde_json::from_value(object)?).await?;
    wait(&pods, &name, |pod| pod.is_some_and(is_ready)).await?;
    let sandbox = world.sandboxes.get("default", &name).context("a ready pod has a sandbox")?;
    Ok((name, sandbox.add_elapsed))
}

async fn wait(pods: &Api<Pod>, name: &str, done: impl Fn(Option<&Pod>) -> bool) -> anyhow::Result<()> {
    let end = Instant::now() + POD_DEADLINE;
    while !done(pods.get_opt(name).await?.as_ref()) {
        anyhow::ensure!(Instant::now() < end, "pod {name} did not come within {POD_DEADLINE:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(())
}

impl PodTimes {
    fn take(&mut self, add: Duration, line: &LogLine) {
        let of_ms = |ms: f64| Duration::from_secs_f64(ms.max(0.0) / 1000.0);
        self.add.add(add);
        self.agent.add(of_ms(line.agent_ms));
        self.kernel.add(of_ms(line.ms - line.agent_ms));
        self.process.add(add.saturating_sub(of_ms(line.ms)));
    }
}

impl LogLine {
    /// The pod's name in the CNI arguments.
    fn pod(&self) -> Option<&str> {
        self.args.as_deref()?.split(';').find_map(|arg| arg.strip_prefix("K8S_POD_NAME="))
    }
}

impl fmt::Display for FirstLight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<54} {:>9} {:>9} {:>7}", "milliseconds", "p50", "p99", "samples")?;
        for (name, samples) in [
            ("start to nodes ready", &self.nodes_ready),
            ("start to all pods ready", &self.pods_ready),
            ("ADD, address from the warm pool (no EC2 call)", &self.warm.add),
            ("  agent", &self.warm.agent),
            ("  kernel: links, addresses, routes, rules", &self.warm.kernel),
            ("  process: start and end of the plugin", &self.warm.process),
            ("the same, all the scenario's pods at once", &self.burst.add),
            ("branch ENI: pod bound to annotation (3 EC2 calls)", &self.branch_calls),
            ("ADD, branch ENI (waits for the annotation)", &self.branch.add),
            ("  agent, with the wait", &self.branch.agent),
            ("  kernel: links, VLAN, addresses, routes, rules", &self.branch.kernel),
            ("  process: start and end of the plugin", &self.branch.process),
        ] {
            writeln!(f, "{name:<54} {}", samples.shown())?;
        }
        Ok(())
    }
}
