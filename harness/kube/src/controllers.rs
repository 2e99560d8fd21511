//! What kube-controller-manager and kube-scheduler do, as tasks that look at the whole state after every change.

mod changes;
mod daemon_set;
mod deployment;
mod garbage;
mod namespace;
mod node;
mod replica_set;
mod scheduler;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::operations::Api;

/// Pause before a controller that panicked is started again.
const RESTART: Duration = Duration::from_millis(200);

/// Starts every controller; they end with `stop`.
pub(crate) fn start(api: &Arc<Api>, stop: &CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    tasks.spawn(supervise("deployment", api.clone(), stop.clone(), deployment::run));
    tasks.spawn(supervise("replica set", api.clone(), stop.clone(), replica_set::run));
    tasks.spawn(supervise("daemon set", api.clone(), stop.clone(), daemon_set::run));
    tasks.spawn(supervise("garbage", api.clone(), stop.clone(), garbage::run));
    tasks.spawn(supervise("namespace", api.clone(), stop.clone(), namespace::run));
    tasks.spawn(supervise("node", api.clone(), stop.clone(), node::run));
    tasks.spawn(supervise("scheduler", api.clone(), stop.clone(), scheduler::run));
    tasks
}

/// Runs a controller again should it panic: one odd object must not stop a whole kind for good.
async fn supervise<F: Future<Output = ()>>(
    name: &'static str,
    api: Arc<Api>,
    stop: CancellationToken,
    run: impl Fn(Arc<Api>, CancellationToken) -> F,
) {
    // Controllers keep nothing between passes but their place in the store's changes, and start anew from the whole state.
    while AssertUnwindSafe(run(api.clone(), stop.clone())).catch_unwind().await.is_err() {
        tracing::error!(controller = name, "controller panicked and is started again");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(RESTART) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::admission::Webhooks;

    #[tokio::test]
    async fn a_controller_that_panics_runs_again() {
        let runs = Arc::new(AtomicUsize::new(0));
        let api = Arc::new(Api::new(Webhooks::new(crate::webhook_client().unwrap())));
        let count = runs.clone();
        let run = move |_, _| {
            let earlier = count.fetch_add(1, Ordering::Relaxed);
            async move { assert!(earlier > 0, "the first run fails") }
        };
        supervise("test", api, CancellationToken::new(), run).await;
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }
}
