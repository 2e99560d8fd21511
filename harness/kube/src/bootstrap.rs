//! What every cluster starts with: namespaces, the `kubernetes` Service and AWS's networking definitions.

use serde_json::{Value, json};

use crate::operations::{Api, WriteOptions};
use crate::status::ApiError;

/// Creates it all.
pub(crate) async fn fill(api: &Api) -> Result<(), ApiError> {
    let options = WriteOptions::system("bootstrap");
    let namespaces = api.registry.known("", "namespaces");
    for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
        api.create(&namespaces, "", json!({"metadata": {"name": name}}), &options).await?;
    }
    let services = api.registry.known("", "services");
    let kubernetes = json!({
        "metadata": {"name": "kubernetes", "labels": {"component": "apiserver", "provider": "kubernetes"}},
        "spec": {"clusterIP": "10.100.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
    });
    api.create(&services, "default", kubernetes, &options).await?;
    let definitions = api.registry.known("apiextensions.k8s.io", "customresourcedefinitions");
    for definition in [security_group_policy(), cni_node(), eni_config()] {
        api.create(&definitions, "", definition, &options).await?;
    }
    Ok(())
}

fn definition(group: &str, version: &str, scope: &str, names: Value, rest: Value) -> Value {
    let mut served = json!({"name": version, "served": true, "storage": true});
    for (key, value) in rest.as_object().into_iter().flatten() {
        served[key] = value.clone();
    }
    let name = format!("{}.{group}", names["plural"].as_str().unwrap_or_default());
    json!({
        "metadata": {"name": name}, "spec": {"group": group, "scope": scope, "names": names, "versions": [served]},
    })
}

fn strings() -> Value {
    json!({"type": "array", "items": {"type": "string"}})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn object(properties: Value) -> Value {
    json!({"type": "object", "properties": properties})
}

fn label_selector() -> Value {
    let expression = json!({
        "type": "object", "required": ["key", "operator"],
        "properties": {"key": text(), "operator": text(), "values": strings()},
    });
    object(json!({
        "matchLabels": {"type": "object", "additionalProperties": text()},
        "matchExpressions": {"type": "array", "items": expression},
    }))
}

/// Which security groups pods get.
fn security_group_policy() -> Value {
    let mut groups = strings();
    groups["minItems"] = json!(1);
    let spec = object(json!({
        "podSelector": label_selector(), "serviceAccountSelector": label_selector(),
        "securityGroups": object(json!({"groupIds": groups})),
    }));
    let names = json!({
        "plural": "securitygrouppolicies", "singular": "securitygrouppolicy", "kind": "SecurityGroupPolicy",
        "shortNames": ["sgp"],
    });
    definition(
        "vpcresources.k8s.aws",
        "v1beta1",
        "Namespaced",
        names,
        json!({
            "schema": {"openAPIV3Schema": object(json!({"spec": spec}))},
            "additionalPrinterColumns": [{
                "name": "Security-Group-Ids", "type": "string", "jsonPath": ".spec.securityGroups.groupIds",
                "description": "The security group IDs to apply to the elastic network interface of pods that match",
            }],
        }),
    )
}

/// What a node can do and what its trunk holds.
fn cni_node() -> Value {
    let feature = object(json!({
        "name": {"type": "string", "enum": ["SecurityGroupsForPods", "CustomNetworking"]}, "value": text(),
    }));
    let spec = object(json!({
        "features": {"type": "array", "items": feature},
        "tags": {"type": "object", "additionalProperties": text()},
        "managedBy": {"type": "string", "enum": ["vpc-resource-controller", "eks-auto-mode"]},
    }));
    let names = json!({
        "plural": "cninodes", "singular": "cninode", "kind": "CNINode", "shortNames": ["cnd"],
    });
    definition(
        "vpcresources.k8s.aws",
        "v1alpha1",
        "Cluster",
        names,
        json!({
            "schema": {"openAPIV3Schema": object(json!({"spec": spec, "status": cni_node_status()}))},
            "subresources": {"status": {}},
            "selectableFields": [{"jsonPath": ".spec.managedBy"}],
            "additionalPrinterColumns": [{
                "name": "Features", "type": "string", "jsonPath": ".spec.features",
                "description": "The features enabled on the node",
            }],
        }),
    )
}

fn cni_node_status() -> Value {
    let integer = || json!({"type": "integer"});
    let branch = json!({
        "type": "object", "required": ["id"],
        "properties": {
            "id": text(), "vlanID": integer(), "associationID": text(), "macAddress": text(), "subnetCIDR": text(),
            "subnetV6CIDR": text(), "securityGroups": strings(), "ipv4CIDRs": strings(), "ipv6CIDRs": strings(),
        },
    });
    let trunk = object(json!({
        "id": text(), "macAddress": text(), "deviceIndex": integer(), "subnetID": text(),
        "branches": {
            "type": "array", "items": branch, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
        },
    }));
    let mut groups = strings();
    groups["minItems"] = json!(1);
    let network = object(json!({
        "instanceID": text(), "instanceType": text(), "subnetID": text(), "subnetCIDRBlock": text(),
        "subnetV6CIDRBlock": text(), "primaryNetworkInterfaceSecurityGroups": groups,
        "connectionTracking": object(json!({
            "tcpEstablishedTimeout": integer(), "udpStreamTimeout": integer(), "udpTimeout": integer(),
        })),
    }));
    object(json!({"trunkInterface": trunk, "nodeNetworkState": network}))
}

/// Subnet and groups for pods' interfaces under custom networking.
fn eni_config() -> Value {
    let spec = object(json!({"subnet": text(), "securityGroups": strings()}));
    let names = json!({"plural": "eniconfigs", "singular": "eniconfig", "kind": "ENIConfig"});
    let mut schema = object(json!({"spec": spec}));
    schema["properties"]["spec"]["x-kubernetes-preserve-unknown-fields"] = json!(true);
    definition("crd.k8s.amazonaws.com", "v1alpha1", "Cluster", names, json!({"schema": {"openAPIV3Schema": schema}}))
}
