//! Services: defaults and cluster addresses. Nothing routes them; they are for clients that read Services.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::object;
use crate::operations::Api;
use crate::status::Cause;

/// First address of the service range; EKS uses 10.100.0.0/16 where the VPC does not.
const RANGE: Ipv4Addr = Ipv4Addr::new(10, 100, 0, 0);

/// Gives a Service its cluster address.
pub(super) fn prepare_create(api: &Api, service: &mut Value) {
    value_status(service);
    let spec = object::child_mut(service, "spec");
    let external = spec.get("type").is_some_and(|kind| kind == "ExternalName");
    if external || spec.get("clusterIP").and_then(Value::as_str).is_some_and(|address| !address.is_empty()) {
        return;
    }
    let services = api.store.all("services");
    let used: HashSet<&str> = services.iter().map(|one| object::text(one, &["spec", "clusterIP"])).collect();
    let free = (1..=u32::from(u16::MAX) - 1)
        .map(|offset| Ipv4Addr::from(u32::from(RANGE) + offset).to_string())
        .find(|address| !used.contains(address.as_str()));
    if let Some(address) = free {
        spec.insert("clusterIP".to_owned(), json!(address));
    }
}

fn value_status(service: &mut Value) {
    service["status"] = json!({"loadBalancer": {}});
}

/// Fills in defaults.
pub(super) fn default(service: &mut Value) {
    let spec = object::child_mut(service, "spec");
    spec.entry("type").or_insert_with(|| json!("ClusterIP"));
    spec.entry("sessionAffinity").or_insert_with(|| json!("None"));
    spec.entry("internalTrafficPolicy").or_insert_with(|| json!("Cluster"));
    spec.entry("ipFamilies").or_insert_with(|| json!(["IPv4"]));
    spec.entry("ipFamilyPolicy").or_insert_with(|| json!("SingleStack"));
    if let Some(address) = spec.get("clusterIP").cloned() {
        spec.entry("clusterIPs").or_insert_with(|| json!([address]));
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let number = port["port"].clone();
        if let Some(port) = port.as_object_mut() {
            port.entry("protocol").or_insert_with(|| json!("TCP"));
            let target = port.entry("targetPort").or_insert(Value::Null);
            if target.is_null() || *target == 0 || *target == "" {
                *target = number;
            }
        }
    }
}

/// Checks the ports.
pub(super) fn validate(service: &Value, causes: &mut Vec<Cause>) {
    let spec = &service["spec"];
    let ports = object::items(spec, &["ports"]);
    if ports.is_empty() && spec["type"] != "ExternalName" && spec["clusterIP"] != "None" {
        causes.push(Cause::required("spec.ports", ""));
    }
    for (index, port) in ports.iter().enumerate() {
        if !port["port"].as_i64().is_some_and(|number| (1..=65535).contains(&number)) {
            let field = format!("spec.ports[{index}].port");
            causes.push(Cause::invalid(field, &port["port"], "must be between 1 and 65535, inclusive"));
        }
        if ports.len() > 1 && object::text(port, &["name"]).is_empty() {
            causes.push(Cause::required(format!("spec.ports[{index}].name"), ""));
        }
    }
}
