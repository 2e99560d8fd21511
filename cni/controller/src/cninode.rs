//! CNINodes: one for each node, by which the node's agent asks for features.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ec2_client::{Filter, Query};
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::Node;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::runtime::watcher;
use kube::{Resource, ResourceExt};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::objects::{CniNodeSpec, cni_node_resource, cni_nodes};
use crate::{Shared, nodes, tags};

/// Keeps a CNINode until the node's ENIs are gone.
const FINALIZER: &str = "networking.k8s.aws/resource-cleanup";

/// The cluster's name on a CNINode.
const CLUSTER_TAG: &str = "cluster.k8s.amazonaws.com/name";

/// A node's CNINode; made if it is missing.
pub(crate) async fn get_or_create(shared: &Shared, node: &Node, instance_id: &str) -> kube::Result<DynamicObject> {
    let (api, name) = (cni_nodes(shared.kube.clone()), node.name_any());
    if let Some(found) = api.get_opt(&name).await? {
        return Ok(found);
    }
    let spec = CniNodeSpec {
        features: Vec::new(),
        tags: BTreeMap::from([
            (CLUSTER_TAG.into(), shared.config.cluster.clone()),
            (tags::INSTANCE.into(), instance_id.into()),
        ]),
    };
    let mut object = DynamicObject::new(&name, &cni_node_resource()).data(json!({ "spec": spec }));
    object.metadata.labels = Some([("kubernetes.io/os".into(), "linux".into())].into());
    object.metadata.finalizers = Some(vec![FINALIZER.into()]);
    object.metadata.owner_references = node.controller_owner_ref(&()).map(|owner| vec![owner]);
    match api.create(&PostParams::default(), &object).await {
        Err(kube::Error::Api(err)) if err.code == 409 => api.get(&name).await,
        created => created,
    }
}

/// Follows CNINodes until told to stop.
pub(crate) async fn follow(shared: Arc<Shared>, stop: CancellationToken) {
    let api = cni_nodes(shared.kube.clone());
    let config = watcher::Config::default();
    let mut events = std::pin::pin!(watcher(api, config));
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            event = events.try_next() => event,
        };
        match event {
            Ok(Some(watcher::Event::Apply(object) | watcher::Event::InitApply(object))) => {
                if object.metadata.deletion_timestamp.is_some() {
                    clean_up(&shared, &object).await;
                } else {
                    nodes::evaluate_by_name(&shared, &object.name_any()).await;
                }
            }
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(err) => {
                warn!(error = %err, "watching CNINodes");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Deletes what a node has left behind, then lets its CNINode go.
async fn clean_up(shared: &Shared, object: &DynamicObject) {
    if !object.finalizers().iter().any(|it| it == FINALIZER) {
        return;
    }
    let instance = object.data.pointer("/spec/tags").and_then(|it| it.get(tags::INSTANCE)).and_then(|it| it.as_str());
    if let Some(instance) = instance {
        let left_over = Query::filters([
            Filter::new("status", "available"),
            Filter::new("vpc-id", &shared.config.vpc_id),
            Filter::tag(tags::INSTANCE, instance),
            Filter::tag(tags::OWNER.0, tags::OWNER.1),
        ]);
        match shared.ec2.describe_network_interfaces(&left_over).await {
            Ok(enis) => {
                for eni in enis {
                    if let Err(err) = shared.ec2.delete_network_interface(&eni.id).await {
                        warn!(eni = eni.id, error = %err, "a left-over ENI stays behind");
                    }
                }
            }
            Err(err) => warn!(instance, error = %err, "left-over ENIs not looked for"),
        }
    }
    let rest: Vec<_> = object.finalizers().iter().filter(|it| *it != FINALIZER).collect();
    let patch = json!({ "metadata": { "finalizers": rest } });
    let api = cni_nodes(shared.kube.clone());
    match api.patch(&object.name_any(), &PatchParams::default(), &Patch::Merge(patch)).await {
        Err(kube::Error::Api(err)) if err.code == 404 => {}
        Err(err) => warn!(cninode = object.name_any(), error = %err, "finalizer not removed"),
        Ok(_) => {}
    }
}
