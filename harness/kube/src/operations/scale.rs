//! The `scale` subresource: replicas of anything that has them, in one form (autoscaling/v1).

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Api, Part, WriteOptions};
use crate::object;
use crate::registry::{Resource, ScalePaths};
use crate::selector;
use crate::status::{ApiError, Cause};

fn lookup<'a>(value: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(value, |value, key| &value[key])
}

/// The `Scale` of an object.
pub(crate) fn scale_of(value: &Value, paths: &ScalePaths) -> Value {
    let selector = lookup(value, &paths.selector);
    let selector = selector.as_str().map_or_else(|| selector::to_text(selector), str::to_owned);
    let metadata = &value["metadata"];
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"], "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": {"replicas": lookup(value, &paths.spec_replicas).as_i64().unwrap_or(0)},
        "status": {
            "replicas": lookup(value, &paths.status_replicas).as_i64().unwrap_or(0), "selector": selector,
        },
    })
}

impl Api {
    /// Changes the replicas of an object: `change` turns its present `Scale` into the wanted one.
    pub(crate) async fn rescale(
        &self,
        resource: &Resource,
        key: (&str, &str),
        paths: &ScalePaths,
        options: &WriteOptions,
        change: impl Fn(Value) -> Result<Value, ApiError>,
    ) -> Result<Arc<Value>, ApiError> {
        let scaled = |current: &Value| {
            let wanted = change(scale_of(current, paths))?;
            let revision = object::revision(&wanted);
            if revision != 0 && revision != object::revision(current) {
                return Err(ApiError::modified(resource, key.1));
            }
            let replicas = wanted["spec"]["replicas"].as_i64().unwrap_or(0);
            if replicas < 0 {
                let why = "must be greater than or equal to 0";
                let cause = Cause::invalid("spec.replicas", &json!(replicas), why);
                return Err(ApiError::invalid(resource, key.1, &[cause]));
            }
            let mut next = current.clone();
            let slot = paths.spec_replicas.iter().fold(&mut next, |value, key| &mut value[key.as_str()]);
            *slot = json!(replicas);
            Ok(next)
        };
        Ok(self.retrying(resource, key, Part::Main, options, scaled).await?.object)
    }
}
