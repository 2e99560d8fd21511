//! Applies manifests and scales Deployments through the Kubernetes API.

use anyhow::Context;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::discovery::{Scope, pinned_kind};
use serde_json::json;

use crate::scenario::{Manifest, Workload};
use crate::world::World;

/// Who applies.
const MANAGER: &str = "vpcbox-scenario";

/// Applies objects in the order given.
pub(super) async fn apply(world: &World, manifests: &[Manifest]) -> anyhow::Result<()> {
    for manifest in manifests {
        let what = format!("{} {}", manifest.kind, manifest.name);
        let (resource, is_namespaced) = resource(world, manifest).await.with_context(|| what.clone())?;
        let namespace = manifest.namespace.as_deref().unwrap_or("default");
        let api: Api<DynamicObject> = if is_namespaced {
            Api::namespaced_with(world.kube.clone(), namespace, &resource)
        } else {
            Api::all_with(world.kube.clone(), &resource)
        };
        let object = manifest.resolved(&|name| world.network.groups.get(name).cloned());
        let params = PatchParams::apply(MANAGER).force();
        api.patch(&manifest.name, &params, &Patch::Apply(object)).await.with_context(|| format!("apply {what}"))?;
    }
    Ok(())
}

/// Asks the API server for the kind's resource, as kubectl does.
async fn resource(world: &World, manifest: &Manifest) -> anyhow::Result<(ApiResource, bool)> {
    let (group, version) = manifest.api_version.split_once('/').unwrap_or(("", &manifest.api_version));
    let kind = GroupVersionKind::gvk(group, version, &manifest.kind);
    let (resource, capabilities) = pinned_kind(&world.kube, &kind).await?;
    Ok((resource, capabilities.scope == Scope::Namespaced))
}

/// Sets a Deployment's number of replicas.
pub(super) async fn scale(world: &World, workload: &Workload, replicas: u32) -> anyhow::Result<()> {
    let api: Api<Deployment> = Api::namespaced(world.kube.clone(), &workload.namespace);
    let patch = json!({ "spec": { "replicas": replicas } });
    api.patch(&workload.name, &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(())
}
