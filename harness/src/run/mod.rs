//! Runs a scenario's steps against a world and collects what they show.

mod apply;
mod branch;
mod connect;
mod pods;
mod tagged;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::Context;

use crate::report::{Check, Progress};
use crate::scenario::{Action, Scenario, Step, Workload};
use crate::world::World;

pub use branch::branches_of as branch_enis;
pub use pods::{PodView, is_ready};

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether it is as expected.
    pub passed: bool,
    /// Figures where it is, differences where it is not.
    pub detail: String,
}

impl Finding {
    fn passed(detail: impl Into<String>) -> Self {
        Self { passed: true, detail: detail.into() }
    }

    fn failed(detail: impl Into<String>) -> Self {
        Self { passed: false, detail: detail.into() }
    }

    /// Passed if there are no differences; otherwise the first few.
    fn of_differences(differences: &[String], detail: impl Into<String>) -> Self {
        const SHOWN: usize = 3;
        if differences.is_empty() {
            return Self::passed(detail);
        }
        let more = differences.len().saturating_sub(SHOWN);
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        Self::failed(differences[..differences.len().min(SHOWN)].join("; ") + &rest)
    }
}

/// Runs all steps. A failed check does not end the run; a step that cannot be done does.
///
/// # Errors
/// A step could not be done.
pub async fn run(world: &World, scenario: &Scenario, progress: &Progress) -> anyhow::Result<()> {
    let mut runner = Runner { world, branches: BTreeMap::new() };
    for step in &scenario.steps {
        let since = Instant::now();
        progress.working_on(&step.name);
        let found = runner.step(step).await.with_context(|| format!("line {}: {}", step.line, step.name))?;
        match found {
            Some(Finding { passed, detail }) if step.is_check() => progress.checked(Check {
                name: step.name.clone(),
                line: step.line,
                passed,
                detail,
                elapsed: since.elapsed(),
            }),
            _ => progress.done(step.name.clone(), since),
        }
    }
    Ok(())
}

/// What steps share.
struct Runner<'a> {
    world: &'a World,
    /// Every branch ENI seen so far, by the workload whose pod it served.
    branches: BTreeMap<Workload, Vec<branch::SeenBranch>>,
}

impl Runner<'_> {
    async fn step(&mut self, step: &Step) -> anyhow::Result<Option<Finding>> {
        let world = self.world;
        match &step.action {
            Action::Apply(manifests) => {
                apply::apply(world, manifests).await?;
                Ok(None)
            }
            Action::Scale { workload, replicas } => {
                self.remember_branches(workload).await?;
                apply::scale(world, workload, *replicas).await?;
                Ok(None)
            }
            Action::WaitReady { workloads, within } => {
                for workload in workloads {
                    pods::wait_ready(world, workload, *within).await?;
                    self.remember_branches(workload).await?;
                }
                Ok(None)
            }
            Action::Connect(connect) => connect::check(world, connect).await.map(Some),
            Action::PodAddresses(workloads) => pods::check_addresses(world, workloads).await.map(Some),
            Action::PodGroups { workload, newest, oldest, groups } => {
                branch::check_groups(world, workload, *newest, *oldest, groups).await.map(Some)
            }
            Action::Tagged { from, to, port } => tagged::check(world, from, to, *port).await.map(Some),
            Action::Pending { workload, count, because } => {
                pods::check_pending(world, workload, *count, because).await.map(Some)
            }
            Action::Released { workload, after, within } => {
                self.check_released(workload, *after, *within).await.map(Some)
            }
        }
    }
}
