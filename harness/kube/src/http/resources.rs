//! Requests about resources: each verb and subresource to its operation.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Response};
use base64::Engine;
use serde_json::{Value, json};

use super::params::{Form, Params};
use super::target::Target;
use super::{Context, protobuf, reply, reviews, table, watch};
use crate::convert;
use crate::object;
use crate::operations::{Api, DeleteOptions, Part, Propagation, Scope, Written};
use crate::patch::{self, PatchKind};
use crate::registry::{Origin, Resource, ScalePaths, Subresource};
use crate::status::ApiError;
use crate::types::Structure;

/// One request about one resource.
struct Call<'a> {
    api: &'a Api,
    resource: &'a Resource,
    target: &'a Target,
    params: &'a Params,
    body: &'a [u8],
}

/// Serves a request.
pub(super) async fn serve(
    context: &Arc<Context>,
    method: &Method,
    target: &Target,
    params: &Params,
    body: &[u8],
) -> Result<Response<Body>, ApiError> {
    let api = &*context.api;
    let found = api.registry.find(&target.group, &target.version, &target.plural);
    let resource = found.ok_or_else(ApiError::no_such_resource)?;
    if !resource.namespaced && target.namespace.is_some() {
        return Err(ApiError::no_such_resource());
    }
    let call = Call { api, resource: &resource, target, params, body };
    if matches!(resource.origin, Origin::Review) {
        let review = if method == Method::POST { call.decoded()? } else { return Err(ApiError::method_not_allowed()) };
        return Ok(reply::json(201, &reviews::answer(&resource, review, params)));
    }
    match (target.name.as_deref(), target.subresource.as_deref()) {
        (None, _) => call.collection(context, method).await,
        (Some(_), None) if target.watch || (method == Method::GET && params.is_set("watch")) => call.watch(context),
        (Some(name), None) => call.object(method, name, Part::Main).await,
        (Some(name), Some("status")) if resource.has_status() => call.object(method, name, Part::Status).await,
        (Some(name), Some(subresource)) => call.subresource(method, name, subresource).await,
    }
}

impl Call<'_> {
    /// The namespace for one object; namespaced objects have no path without.
    fn object_namespace(&self) -> Result<&str, ApiError> {
        match (self.resource.namespaced, self.target.namespace.as_deref()) {
            (true, None) => Err(ApiError::method_not_allowed()),
            (_, namespace) => Ok(namespace.unwrap_or_default()),
        }
    }

    fn decoded(&self) -> Result<Value, ApiError> {
        decode(self.body, &self.params.content_type)
    }

    fn scope(&self) -> Result<Scope, ApiError> {
        Ok(Scope {
            namespace: self.target.namespace.clone(),
            name: self.target.name.clone(),
            labels: self.params.labels()?,
            fields: self.params.fields(self.resource)?,
        })
    }

    async fn collection(&self, context: &Arc<Context>, method: &Method) -> Result<Response<Body>, ApiError> {
        match *method {
            Method::GET if self.params.is_set("watch") || self.target.watch => self.watch(context),
            Method::GET => self.list(),
            Method::POST => {
                let namespace = self.object_namespace()?;
                let options = self.params.write_options()?;
                let written = self.api.create(self.resource, namespace, self.decoded()?, &options).await?;
                self.written(&written)
            }
            Method::DELETE => {
                self.object_namespace()?;
                let delete = self.delete_options()?;
                let options = self.params.write_options()?;
                let objects = self.api.delete_collection(self.resource, &self.scope()?, &delete, &options).await?;
                Ok(reply::json(200, &list_of(self.resource, &objects, json!({}))))
            }
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    async fn object(&self, method: &Method, name: &str, part: Part) -> Result<Response<Body>, ApiError> {
        let namespace = self.object_namespace()?;
        match *method {
            Method::GET => {
                let found = self.api.get(self.resource, namespace, name)?;
                self.shown(200, &found)
            }
            Method::PUT => {
                let options = self.params.write_options()?;
                let body = self.decoded()?;
                let written = self.api.update(self.resource, namespace, name, part, body, &options).await?;
                self.written(&written)
            }
            Method::PATCH => {
                let kind = PatchKind::from_content_type(&self.params.content_type).ok_or_else(|| {
                    ApiError::unsupported_media_type(
                        "the body of the request was in an unknown format - accepted media types include: \
                         application/json-patch+json, application/merge-patch+json, \
                         application/strategic-merge-patch+json, application/apply-patch+yaml",
                    )
                })?;
                let options = self.params.write_options()?;
                let patch = decode(self.body, "application/yaml")?;
                let key = (namespace, name);
                let written = self.api.patch(self.resource, key, part, kind, &patch, &options).await?;
                self.written(&written)
            }
            Method::DELETE if part == Part::Main => self.delete(namespace, name).await,
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    async fn delete(&self, namespace: &str, name: &str) -> Result<Response<Body>, ApiError> {
        let delete = self.delete_options()?;
        let options = self.params.write_options()?;
        let deleted = self.api.delete(self.resource, namespace, name, &delete, &options).await?;
        // Pods come back as they were; most others as a bare success.
        if !deleted.gone || self.resource.collection == "pods" {
            return self.shown(200, &deleted.object);
        }
        let details = json!({
            "name": name, "group": self.resource.group, "kind": self.resource.plural, "uid": object::uid(&deleted.object),
        });
        Ok(reply::json(200, &reply::success(details)))
    }

    async fn subresource(&self, method: &Method, name: &str, subresource: &str) -> Result<Response<Body>, ApiError> {
        let namespace = self.object_namespace()?;
        let has = |wanted: &Subresource| self.resource.subresources.contains(wanted);
        match subresource {
            "scale" => match self.resource.scale() {
                Some(paths) => self.scale(method, name, paths).await,
                None => Err(ApiError::no_such_resource()),
            },
            "binding" | "eviction" if method != Method::POST => Err(ApiError::method_not_allowed()),
            "binding" if has(&Subresource::Binding) => {
                self.api.bind(namespace, name, &self.decoded()?, &self.params.write_options()?).await?;
                Ok(reply::json(201, &reply::success(json!({}))))
            }
            "eviction" if has(&Subresource::Eviction) => {
                self.api.evict(namespace, name, &self.decoded()?, &self.params.write_options()?).await?;
                Ok(reply::json(201, &reply::success(json!({}))))
            }
            _ => Err(ApiError::no_such_resource()),
        }
    }

    async fn scale(&self, method: &Method, name: &str, paths: &ScalePaths) -> Result<Response<Body>, ApiError> {
        let namespace = self.object_namespace()?;
        let options = self.params.write_options()?;
        let change: Box<dyn Fn(Value) -> Result<Value, ApiError> + Send + Sync> = match *method {
            Method::GET => {
                let found = self.api.get(self.resource, namespace, name)?;
                return Ok(reply::json(200, &crate::operations::scale_of(&found, paths)));
            }
            Method::PUT => {
                let wanted = self.decoded()?;
                Box::new(move |_| Ok(wanted.clone()))
            }
            Method::PATCH => {
                let kind = match PatchKind::from_content_type(&self.params.content_type) {
                    Some(PatchKind::Apply) => PatchKind::Merge,
                    Some(kind) => kind,
                    None => return Err(ApiError::unsupported_media_type("unknown patch format")),
                };
                let patch = decode(self.body, "application/yaml")?;
                Box::new(move |scale| patch::patched(kind, &scale, &patch, Structure::Unknown))
            }
            _ => return Err(ApiError::method_not_allowed()),
        };
        let object = self.api.rescale(self.resource, (namespace, name), paths, &options, change).await?;
        Ok(reply::json(200, &crate::operations::scale_of(&object, paths)))
    }

    fn watch(&self, context: &Arc<Context>) -> Result<Response<Body>, ApiError> {
        let resource = Arc::new(self.resource.clone());
        watch::serve(context, resource, self.scope()?, self.params)
    }

    fn list(&self) -> Result<Response<Body>, ApiError> {
        let (objects, revision) = self.api.list(self.resource, &self.scope()?);
        let (objects, mut metadata) = page(objects, self.params)?;
        metadata["resourceVersion"] = json!(revision.to_string());
        let objects: Vec<Arc<Value>> = objects.iter().map(|object| convert::outward(self.resource, object)).collect();
        let body = match self.params.form()? {
            Form::Object => list_of(self.resource, &objects, metadata),
            Form::Table => table::table(self.resource, &objects, metadata, self.params, true),
            Form::Metadata => json!({
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
                "items": objects.iter().map(|object| table::partial(object)).collect::<Vec<_>>(),
            }),
        };
        Ok(reply::json(200, &body))
    }

    fn shown(&self, code: u16, stored: &Arc<Value>) -> Result<Response<Body>, ApiError> {
        let shown = convert::outward(self.resource, stored);
        let metadata = || json!({"resourceVersion": shown["metadata"]["resourceVersion"]});
        let body = match self.params.form()? {
            Form::Object => return Ok(reply::json(code, &shown)),
            Form::Table => table::table(self.resource, std::slice::from_ref(&shown), metadata(), self.params, true),
            Form::Metadata => table::partial(&shown),
        };
        Ok(reply::json(code, &body))
    }

    fn written(&self, written: &Written) -> Result<Response<Body>, ApiError> {
        let mut response = self.shown(if written.created { 201 } else { 200 }, &written.object)?;
        reply::warn(&mut response, &written.warnings);
        Ok(response)
    }

    /// Delete options of the body, then those of the query.
    fn delete_options(&self) -> Result<DeleteOptions, ApiError> {
        let body = if self.body.is_empty() { json!({}) } else { self.decoded()? };
        let mut delete = DeleteOptions::from_object(&body)?;
        if let Some(seconds) = self.params.number("gracePeriodSeconds")? {
            delete.grace_period = i64::try_from(seconds).ok();
        }
        if let Some(policy) = self.params.get("propagationPolicy") {
            delete.propagation = DeleteOptions::from_object(&json!({"propagationPolicy": policy}))?.propagation;
        }
        if self.params.is_set("orphanDependents") {
            delete.propagation = Some(Propagation::Orphan);
        }
        Ok(delete)
    }
}

/// Reads a JSON or YAML body.
fn decode(body: &[u8], content_type: &str) -> Result<Value, ApiError> {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    match media {
        "" | "application/json" => serde_json::from_slice(body)
            .map_err(|err| ApiError::bad_request(format!("couldn't get version/kind; json parse error: {err}"))),
        "application/yaml" => serde_json::from_slice(body).or_else(|_| {
            let text = std::str::from_utf8(body).map_err(|_| ApiError::bad_request("the body is no UTF-8 text"))?;
            serde_saphyr::from_str(text).map_err(|err| ApiError::bad_request(format!("error decoding YAML: {err}")))
        }),
        "application/vnd.kubernetes.protobuf" => protobuf::decode(body),
        other => Err(ApiError::unsupported_media_type(format!(
            "the body of the request was in an unknown format ({other}) - accepted media types include: \
             application/json, application/yaml, application/vnd.kubernetes.protobuf"
        ))),
    }
}

fn list_of(resource: &Resource, objects: &[Arc<Value>], metadata: Value) -> Value {
    let items: Vec<&Value> = objects.iter().map(AsRef::as_ref).collect();
    json!({
        "kind": resource.list_kind, "apiVersion": resource.api_version(), "metadata": metadata, "items": items,
    })
}

/// Cuts a page out of a list.
///
/// Deviation: a continued list reads the present state, not the one its first page came from.
fn page(mut objects: Vec<Arc<Value>>, params: &Params) -> Result<(Vec<Arc<Value>>, Value), ApiError> {
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    if let Some(token) = params.get("continue") {
        let invalid = || ApiError::bad_request("continue key is not valid");
        let key: (String, String) =
            serde_json::from_slice(&engine.decode(token).map_err(|_| invalid())?).map_err(|_| invalid())?;
        objects.retain(|one| (object::namespace(one), object::name(one)) > (key.0.as_str(), key.1.as_str()));
    }
    let limit = params.number("limit")?.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0);
    if limit == 0 || objects.len() <= limit {
        return Ok((objects, json!({})));
    }
    let remaining = objects.len() - limit;
    objects.truncate(limit);
    let last = &objects[limit - 1];
    let key = json!([object::namespace(last), object::name(last)]).to_string();
    Ok((objects, json!({"continue": engine.encode(key), "remainingItemCount": remaining})))
}
