//! What kube-controller-manager and kube-scheduler do, as tasks that look at the whole state after every change.

mod changes;
mod daemon_set;
mod deployment;
mod garbage;
mod namespace;
mod node;
mod replica_set;
mod scheduler;

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::operations::Api;

/// Starts every controller; they end with `stop`.
pub(crate) fn start(api: &Arc<Api>, stop: &CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(deployment::run(api.clone(), stop.clone()));
    tasks.spawn(replica_set::run(api.clone(), stop.clone()));
    tasks.spawn(daemon_set::run(api.clone(), stop.clone()));
    tasks.spawn(garbage::run(api.clone(), stop.clone()));
    tasks.spawn(namespace::run(api.clone(), stop.clone()));
    tasks.spawn(node::run(api.clone(), stop.clone()));
    tasks.spawn(scheduler::run(api.clone(), stop.clone()));
    tasks
}
