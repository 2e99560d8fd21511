//! EKS's two calls that find a cluster: ListClusters and DescribeCluster, in REST and JSON.
//!
//! See <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html>.
//!
//! Deviation: clusters are told by `PUT /_vpcbox/clusters/NAME` and are `ACTIVE` at once; EKS's other calls are not here,
//! and these two are neither in the trail nor hit by faults, nor are clusters in the journal.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::request::Parts;
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{account, credential, verified};
use crate::clusters::KnownCluster;
use crate::{Shared, StateKey};

const MOST_RESULTS: usize = 100;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/clusters", get(list_clusters)).route("/clusters/{name}", get(describe_cluster))
}

/// An error as EKS words it.
struct Refused {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let kind = HeaderName::from_static("x-amzn-errortype");
        (self.status, [(kind, self.kind)], Json(json!({"message": self.message}))).into_response()
    }
}

fn invalid(message: &str) -> Refused {
    Refused { status: StatusCode::BAD_REQUEST, kind: "InvalidParameterException", message: message.to_owned() }
}

async fn list_clusters(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
    head: Parts,
) -> Result<Response, Refused> {
    let key = place(&shared, &head)?;
    let (mut most, mut after) = (MOST_RESULTS, String::new());
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "maxResults" => {
                let number = value.parse().ok().filter(|number| (1..=MOST_RESULTS).contains(number));
                most = number.ok_or_else(|| invalid("maxResults needs to be between 1 and 100."))?;
            }
            "nextToken" => after = value.into_owned(),
            _ => {}
        }
    }
    let mut names = shared.clusters().names(&key);
    names.retain(|name| *name > after);
    let next = names.get(most).and(names.get(most - 1)).cloned();
    names.truncate(most);
    Ok(found(json!({"clusters": names, "nextToken": next})))
}

async fn describe_cluster(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    head: Parts,
) -> Result<Response, Refused> {
    let key = place(&shared, &head)?;
    let cluster = shared.clusters().find(&key, &name).ok_or_else(|| Refused {
        status: StatusCode::NOT_FOUND,
        kind: "ResourceNotFoundException",
        message: format!("No cluster found for name: {name}."),
    })?;
    Ok(found(json!({"cluster": shown(&key, &name, &cluster)})))
}

fn found(body: Value) -> Response {
    let id = HeaderName::from_static("x-amzn-requestid");
    ([(id, Uuid::new_v4().to_string())], Json(body)).into_response()
}

/// The account and region that a request is about.
fn place(shared: &Shared, head: &Parts) -> Result<StateKey, Refused> {
    let unsigned =
        |message: String| Refused { status: StatusCode::FORBIDDEN, kind: "InvalidSignatureException", message };
    let credential =
        credential::credential(&head.headers, head.uri.query()).map_err(|err| unsigned(err.to_string()))?;
    verified(shared, head, b"", "", credential.as_ref()).map_err(|err| unsigned(err.message().to_owned()))?;
    Ok(match credential {
        Some(found) => StateKey::new(account::of(shared, &found.access_key_id), found.region),
        None => shared.home_key().clone(),
    })
}

/// A cluster as DescribeCluster shows it.
fn shown(key: &StateKey, name: &str, cluster: &KnownCluster) -> Value {
    let (told, region, account) = (&cluster.told, &key.region, &key.account);
    let role = format!("arn:aws:iam::{account}:role/{name}-cluster");
    json!({
        "name": name,
        "arn": format!("arn:aws:eks:{region}:{account}:cluster/{name}"),
        "createdAt": cluster.created.as_second(),
        "version": told.version,
        "endpoint": told.endpoint,
        "roleArn": told.role_arn.clone().unwrap_or(role),
        "resourcesVpcConfig": {
            "subnetIds": told.subnet_ids,
            "securityGroupIds": told.security_group_ids,
            "clusterSecurityGroupId": told.cluster_security_group_id,
            "vpcId": cluster.vpc_id.to_string(),
            "endpointPublicAccess": true,
            "endpointPrivateAccess": false,
            "publicAccessCidrs": ["0.0.0.0/0"],
        },
        "kubernetesNetworkConfig": {"serviceIpv4Cidr": told.service_ipv4_cidr, "ipFamily": "ipv4"},
        "status": "ACTIVE",
        "certificateAuthority": {"data": told.certificate_authority},
        "platformVersion": "eks.1",
        "tags": told.tags,
        "health": {"issues": []},
        "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"},
    })
}
