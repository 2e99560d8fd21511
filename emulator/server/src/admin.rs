//! `/_vpcbox/…` on loopback: what the emulator tells about itself, which AWS has no call for; and instances'
//! metadata for processes outside their instance.

pub(crate) mod metadata;
mod plan;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use vpc_model::{InstanceId, Model};

use crate::auto_scaling::Group;
use crate::clusters::Cluster;
use crate::explain::{self, Question};
use crate::imds::{Endpoint, Notice};
use crate::probe::Probe;
use crate::trail::Wanted;
use crate::{Coverage, FaultConfig, Shared, StateKey};

/// How long the kernel may take to follow a reset.
const RESET_DEADLINE: Duration = Duration::from_secs(10);

/// The longest that a reader of the trail is kept waiting.
const LONGEST_WAIT_SECONDS: u64 = 60;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/_vpcbox/health", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/_vpcbox/status", get(status))
        .route("/_vpcbox/actions", get(actions))
        .route("/_vpcbox/plan", get(plan::plan))
        .route("/_vpcbox/reconcile", post(plan::reconcile))
        .route("/_vpcbox/reset", post(reset))
        .route("/_vpcbox/trail", get(trail))
        .route("/_vpcbox/faults", get(faults).put(set_faults).post(set_faults).delete(restore_faults))
        .route("/_vpcbox/metrics", get(metrics))
        .route("/_vpcbox/journal", get(journal))
        .route("/_vpcbox/notices/{instance}", get(notice).put(set_notice).post(set_notice).delete(withdraw_notice))
        .route("/_vpcbox/explain", get(explain))
        .route("/_vpcbox/auto-scaling-groups/{name}", get(group).put(set_group).post(set_group).delete(forget_group))
        .route("/_vpcbox/clusters/{name}", put(set_cluster).post(set_cluster).delete(forget_cluster))
        .with_state(Arc::clone(&shared))
        .merge(metadata::router(shared, Endpoint::Ipv4))
}

/// Which actions are here, by family, which of EC2's are not, and what differs.
async fn actions() -> Json<Value> {
    Json(Coverage::now().json())
}

async fn status(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let applied = shared.board().watch().borrow().clone();
    let failed: Vec<_> = applied.failed.iter().map(plan::failed).collect();
    let vpcs: serde_json::Map<_, _> =
        applied.vpcs.iter().map(|(id, netns)| (id.to_string(), json!({"netns": netns.path()}))).collect();
    let (generation, counts, instances) = shared.read(|model| {
        let instances: serde_json::Map<_, _> = model
            .instances()
            .map(|instance| {
                let netns = applied.instances.get(&instance.id).map(linux_net::Netns::path);
                let state = instance.state.to_string();
                (instance.id.to_string(), json!({"state": state, "netns": netns}))
            })
            .collect();
        (model.generation(), counts(model), instances)
    });
    Json(json!({
        "account": shared.config().account.0,
        "region": shared.config().region.0,
        "fabric": shared.config().fabric,
        "generation": generation,
        "convergedGeneration": if shared.config().fabric { applied.generation } else { generation },
        "failedOps": failed,
        "counts": counts,
        "vpcs": vpcs,
        "instances": instances,
    }))
}

fn counts(model: &Model) -> Value {
    json!({
        "vpcs": model.vpcs().count(),
        "subnets": model.subnets().count(),
        "networkInterfaces": model.network_interfaces().count(),
        "trunkAssociations": model.trunk_associations().count(),
        "securityGroups": model.security_groups().count(),
        "routeTables": model.route_tables().count(),
        "instances": model.instances().count(),
        "volumes": model.volumes().count(),
    })
}

/// Begins anew, and answers when the kernel has nothing left of what there was.
async fn reset(State(shared): State<Arc<Shared>>) -> Response {
    if let Err(error) = shared.reset() {
        return (StatusCode::CONFLICT, Json(json!({"error": error.to_string()}))).into_response();
    }
    let generation = shared.read(Model::generation);
    if shared.config().fabric {
        let mut applied = shared.board().watch();
        let follows = applied.wait_for(|applied| applied.generation >= generation && applied.failed.is_empty());
        if tokio::time::timeout(RESET_DEADLINE, follows).await.is_err() {
            let error = format!("the kernel does not follow within {RESET_DEADLINE:?}");
            return (StatusCode::GATEWAY_TIMEOUT, Json(json!({"error": error}))).into_response();
        }
    }
    Json(json!({"generation": generation})).into_response()
}

/// What of the trail is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TrailQuery {
    /// The action.
    name: Option<String>,
    /// From when on.
    since: Option<Timestamp>,
    /// Only calls that failed.
    #[serde(default)]
    errors: bool,
    /// How many calls the caller knows already: `Next` of an earlier answer.
    #[serde(default)]
    after: u64,
    /// For how many seconds to wait for a call if there is none.
    #[serde(default)]
    wait: u64,
}

async fn trail(State(shared): State<Arc<Shared>>, Query(query): Query<TrailQuery>) -> Response {
    let wanted = Wanted { name: query.name, since: query.since, errors: query.errors, after: query.after };
    let mut count = shared.trail().watch();
    let wait = async {
        loop {
            count.mark_unchanged();
            let (records, next) = shared.trail().records(&wanted);
            if !records.is_empty() || count.changed().await.is_err() {
                return (records, next);
            }
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(query.wait.min(LONGEST_WAIT_SECONDS)), wait).await;
    let (records, next) = waited.unwrap_or_else(|_| shared.trail().records(&wanted));
    let records: Vec<Value> = records.iter().map(|record| record.event()).collect();
    Json(json!({"Records": records, "Next": next})).into_response()
}

async fn faults(State(shared): State<Arc<Shared>>) -> Json<FaultConfig> {
    Json(shared.faults().config())
}

/// Puts faults in force in place of all that were.
async fn set_faults(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let refused = |error: String| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    let config = match serde_json::from_slice::<FaultConfig>(&body) {
        Ok(config) => config,
        Err(error) => return refused(error.to_string()),
    };
    match shared.faults().set(config) {
        Ok(()) => Json(shared.faults().config()).into_response(),
        Err(error) => refused(error.to_string()),
    }
}

async fn restore_faults(State(shared): State<Arc<Shared>>) -> Json<FaultConfig> {
    shared.faults().restore();
    Json(shared.faults().config())
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], shared.metrics().text()).into_response()
}

async fn journal(State(shared): State<Arc<Shared>>) -> Response {
    match shared.journal() {
        Ok(lines) => ([(CONTENT_TYPE, "application/jsonl")], lines).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("cannot read the journal: {error}")).into_response(),
    }
}

/// What an instance is told ahead.
async fn notice(State(shared): State<Arc<Shared>>, Path(instance): Path<String>) -> Response {
    match known_instance(&shared, &instance) {
        Some(id) => Json(shared.imds().notices.of(&id)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Tells an instance this in place of all that it was told.
async fn set_notice(State(shared): State<Arc<Shared>>, Path(instance): Path<String>, body: Bytes) -> Response {
    let Some(id) = known_instance(&shared, &instance) else { return StatusCode::NOT_FOUND.into_response() };
    match serde_json::from_slice::<Notice>(&body) {
        Ok(notice) => {
            let notice = notice.filled(Timestamp::now());
            shared.imds().notices.set(id, notice.clone());
            shared.changed().notify_one();
            Json(notice).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({"error": error.to_string()}))).into_response(),
    }
}

async fn withdraw_notice(State(shared): State<Arc<Shared>>, Path(instance): Path<String>) -> Response {
    let Some(id) = known_instance(&shared, &instance) else { return StatusCode::NOT_FOUND.into_response() };
    shared.imds().notices.set(id, Notice::default());
    Json(Notice::default()).into_response()
}

/// What becomes of a packet and of its answer, and what decides.
async fn explain(State(shared): State<Arc<Shared>>, Query(question): Query<Question>) -> Response {
    let model = shared.state(shared.home_key()).model();
    let refused = |error: String| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    let mut answer = match explain::explain(&model, &shared.config().fabric_options(), &question) {
        Ok(answer) => answer,
        Err(error) => return refused(error.to_string()),
    };
    if question.probe {
        let probe = Probe::of(&model, shared.board(), &answer);
        let sent = match probe {
            Ok(probe) => tokio::task::spawn_blocking(move || probe.send()).await.expect("a probe does not panic"),
            Err(error) => Err(error),
        };
        match sent {
            Ok(probed) => answer.confirm(probed),
            Err(error) => return refused(error.to_string()),
        }
    }
    Json(answer).into_response()
}

/// Where a cluster or group is, where not at home.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Place {
    account: Option<String>,
    region: Option<String>,
}

impl Place {
    fn key(self, shared: &Shared) -> StateKey {
        let home = shared.home_key();
        let account = self.account.map_or_else(|| home.account.clone(), |account| account.as_str().into());
        StateKey::new(account, self.region.map_or_else(|| home.region.clone(), |region| region.as_str().into()))
    }
}

/// Tells of an EKS cluster; DescribeCluster finds it then.
async fn set_cluster(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(place): Query<Place>,
    body: Bytes,
) -> Response {
    let refused = |error: String| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    let cluster: Cluster = match serde_json::from_slice(&body) {
        Ok(cluster) => cluster,
        Err(error) => return refused(error.to_string()),
    };
    let key = place.key(&shared);
    let model = shared.state(&key).model();
    match shared.clusters().set(&key, &name, cluster.clone(), &model, Timestamp::now()) {
        Ok(()) => Json(cluster).into_response(),
        Err(error) => refused(error.to_string()),
    }
}

async fn forget_cluster(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(place): Query<Place>,
) -> StatusCode {
    let key = place.key(&shared);
    if shared.clusters().remove(&key, &name) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// What is known of an Auto Scaling group.
async fn group(State(shared): State<Arc<Shared>>, Path(name): Path<String>, Query(place): Query<Place>) -> Response {
    let state = shared.state(&place.key(&shared));
    match state.model().auto_scaling_group(&name) {
        Ok(group) => Json(Group::of(group)).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Tells of an Auto Scaling group; it launches what it lacks.
async fn set_group(
    state: State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(place): Query<Place>,
    body: Bytes,
) -> Response {
    let refused = |error: String| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    let told: Group = match serde_json::from_slice(&body) {
        Ok(told) => told,
        Err(error) => return refused(error.to_string()),
    };
    match state.set_group(&place.clone().key(&state), &name, &told) {
        Ok(()) => group(state, Path(name), Query(place)).await,
        Err(error) => refused(error.to_string()),
    }
}

async fn forget_group(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(place): Query<Place>,
) -> StatusCode {
    let key = place.key(&shared);
    if shared.forget_group(&key, &name) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// The instance of an id, in whatever account and region it is.
fn known_instance(shared: &Shared, instance: &str) -> Option<InstanceId> {
    let id = instance.parse().ok()?;
    shared.place_of(&id).map(|_| id)
}
