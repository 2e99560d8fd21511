//! The controller's own kinds: SecurityGroupPolicy and CNINode.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use serde::{Deserialize, Serialize};

/// `spec` of a SecurityGroupPolicy (`vpcresources.k8s.aws/v1beta1`).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicySpec {
    /// Which pods, by their labels.
    pub pod_selector: Option<LabelSelector>,
    /// Which pods, by their service account's labels.
    pub service_account_selector: Option<LabelSelector>,
    /// The groups for the pods' branch ENIs.
    pub security_groups: GroupIds,
}

/// `spec.securityGroups` of a SecurityGroupPolicy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GroupIds {
    /// The groups' ids.
    pub group_ids: Vec<String>,
}

/// `spec` of a CNINode (`vpcresources.k8s.aws/v1alpha1`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CniNodeSpec {
    /// What the node's agent wants.
    pub features: Vec<CniFeature>,
    /// Tags of the node's ENIs.
    pub tags: BTreeMap<String, String>,
}

/// One feature of a CNINode.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CniFeature {
    /// `SecurityGroupsForPods` or `CustomNetworking`.
    pub name: String,
    /// What goes with it.
    pub value: String,
}

/// The feature by which a node asks for a trunk.
pub const SECURITY_GROUPS_FOR_PODS: &str = "SecurityGroupsForPods";

/// SecurityGroupPolicies of a namespace.
pub fn policies(client: Client, namespace: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("vpcresources.k8s.aws", "v1beta1", "SecurityGroupPolicy");
    Api::namespaced_with(client, namespace, &ApiResource::from_gvk_with_plural(&kind, "securitygrouppolicies"))
}

/// All CNINodes.
pub fn cni_nodes(client: Client) -> Api<DynamicObject> {
    Api::all_with(client, &cni_node_resource())
}

/// How CNINodes are found in the API.
pub fn cni_node_resource() -> ApiResource {
    let kind = GroupVersionKind::gvk("vpcresources.k8s.aws", "v1alpha1", "CNINode");
    ApiResource::from_gvk_with_plural(&kind, "cninodes")
}

/// The `spec` of an object; the default if it has none.
///
/// # Errors
/// It does not have the kind's form.
pub fn spec<T: Default + for<'de> Deserialize<'de>>(object: &DynamicObject) -> Result<T, serde_json::Error> {
    object.data.get("spec").map_or_else(|| Ok(T::default()), T::deserialize)
}
