//! What a pass of the reconciler would do, and a pass on demand.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use crate::Shared;
use crate::board::{FailedOp, PlanReport, PlannedStep, Request};

/// Says what a pass would do now that looks at the kernel, and why. Does nothing.
pub(super) async fn plan(State(shared): State<Arc<Shared>>) -> Response {
    ask(&shared, Request::Plan).await
}

/// Does such a pass at once and says what it did.
pub(super) async fn reconcile(State(shared): State<Arc<Shared>>) -> Response {
    ask(&shared, Request::Reconcile).await
}

async fn ask(shared: &Shared, request: impl FnOnce(tokio::sync::oneshot::Sender<PlanReport>) -> Request) -> Response {
    let refused = |error: &str| (StatusCode::CONFLICT, Json(json!({"error": error}))).into_response();
    if !shared.config().fabric {
        return refused("VPCs are not built in the kernel here; start without --no-fabric");
    }
    match shared.board().ask(request).await {
        Some(report) => Json(text(&report)).into_response(),
        None => refused("the emulator is about to end"),
    }
}

fn text(report: &PlanReport) -> Value {
    json!({
        "generation": report.generation,
        "steps": report.steps.iter().map(step).collect::<Vec<_>>(),
        "unseen": report.unseen,
        "done": report.done,
        "waiting": report.waiting,
        "failed": report.failed.iter().map(failed).collect::<Vec<_>>(),
    })
}

fn step(step: &PlannedStep) -> Value {
    json!({
        "action": step.action,
        "object": step.object,
        "op": step.op,
        "reason": step.reason,
        "failedBefore": step.failed_before.as_ref().map(failed),
    })
}

/// An operation that failed.
pub(super) fn failed(failed: &FailedOp) -> Value {
    json!({"op": failed.op, "error": failed.error, "errno": failed.errno, "attempts": failed.attempts})
}
