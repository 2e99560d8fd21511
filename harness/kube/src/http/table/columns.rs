//! Columns of each kind, with the headings and cells of Kubernetes' own printers.

use serde_json::{Value, json};

use super::{age, json_path};
use crate::object;
use crate::registry::Resource;
use crate::selector;

/// How a kind is printed: its columns and a function for the cells.
pub(super) enum Printer<'a> {
    BuiltIn { columns: &'static [Column], cells: Cells },
    Custom(&'a [crate::crd::Column]),
}

/// The cells of an object, one a column.
type Cells = fn(&Value) -> Vec<Value>;

/// Name, type and priority (above 0 only in wide output).
pub(super) struct Column(&'static str, &'static str, i64);

const NAME: Column = Column("Name", "string", 0);
const AGE: Column = Column("Age", "string", 0);

/// The printer of a resource.
pub(super) fn printer(resource: &Resource) -> Printer<'_> {
    if let Some(custom) = resource.custom()
        && !custom.columns.is_empty()
    {
        return Printer::Custom(&custom.columns);
    }
    let (columns, cells): (&'static [Column], Cells) = match resource.collection.as_str() {
        "pods" => (POD, pod),
        "nodes" => (NODE, node),
        "namespaces" => (&[NAME, Column("Status", "string", 0), AGE], |ns| {
            vec![name(ns), text(ns, &["status", "phase"]), created(ns)]
        }),
        "events" => (EVENT, event),
        "services" => (SERVICE, service),
        "deployments.apps" => (DEPLOYMENT, deployment),
        "replicasets.apps" => (REPLICA_SET, replica_set),
        "daemonsets.apps" => (DAEMON_SET, daemon_set),
        "configmaps" => (&[NAME, Column("Data", "string", 0), AGE], |map| {
            let count = ["data", "binaryData"].iter().map(|key| map[*key].as_object().map_or(0, |data| data.len()));
            vec![name(map), json!(count.sum::<usize>().to_string()), created(map)]
        }),
        "secrets" => (&[NAME, Column("Type", "string", 0), Column("Data", "string", 0), AGE], |secret| {
            let count = secret["data"].as_object().map_or(0, |data| data.len());
            vec![name(secret), text(secret, &["type"]), json!(count.to_string()), created(secret)]
        }),
        "serviceaccounts" => (&[NAME, Column("Secrets", "string", 0), AGE], |account| {
            let secrets = object::items(account, &["secrets"]).len();
            vec![name(account), json!(secrets.to_string()), created(account)]
        }),
        "leases.coordination.k8s.io" => (&[NAME, Column("Holder", "string", 0), AGE], |lease| {
            vec![name(lease), text(lease, &["spec", "holderIdentity"]), created(lease)]
        }),
        crate::crd::COLLECTION => (&[NAME, Column("Created At", "date", 0)], |definition| {
            vec![name(definition), text(definition, &["metadata", "creationTimestamp"])]
        }),
        other if other.ends_with("webhookconfigurations.admissionregistration.k8s.io") => {
            (&[NAME, Column("Webhooks", "integer", 0), AGE], |configuration| {
                let webhooks = object::items(configuration, &["webhooks"]).len();
                vec![name(configuration), json!(webhooks), created(configuration)]
            })
        }
        _ => (&[NAME, AGE], |object| vec![name(object), created(object)]),
    };
    Printer::BuiltIn { columns, cells }
}

impl Printer<'_> {
    /// The column definitions of a table.
    pub(super) fn definitions(&self) -> Value {
        let definition = |name: &str, kind: &str, priority: i64, description: &str| {
            let format = if name == "Name" { "name" } else { "" };
            json!({"name": name, "type": kind, "format": format, "description": description, "priority": priority})
        };
        match self {
            Printer::BuiltIn { columns, .. } => {
                columns.iter().map(|Column(name, kind, priority)| definition(name, kind, *priority, "")).collect()
            }
            Printer::Custom(columns) => {
                let own = columns
                    .iter()
                    .map(|column| definition(&column.name, &column.kind, column.priority, &column.description));
                std::iter::once(definition("Name", "string", 0, "")).chain(own).collect()
            }
        }
    }

    /// The cells of an object's row.
    pub(super) fn cells(&self, object: &Value) -> Vec<Value> {
        match self {
            Printer::BuiltIn { cells, .. } => cells(object),
            Printer::Custom(columns) => {
                std::iter::once(name(object)).chain(columns.iter().map(|column| custom_cell(object, column))).collect()
            }
        }
    }
}

fn custom_cell(object: &Value, column: &crate::crd::Column) -> Value {
    let found = json_path::find(object, &column.json_path);
    match (column.kind.as_str(), found.as_slice()) {
        (_, []) => Value::Null,
        ("date", [time, ..]) => json!(age(time)),
        ("string", [Value::String(text)]) => json!(text),
        ("string", [one]) => json!(one.to_string()),
        ("string", many) => {
            let texts: Vec<String> =
                many.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect();
            json!(texts.join(","))
        }
        (_, [one, ..]) => Value::clone(one),
    }
}

fn name(object: &Value) -> Value {
    json!(object::name(object))
}

fn created(object: &Value) -> Value {
    json!(age(&object["metadata"]["creationTimestamp"]))
}

fn text(object: &Value, path: &[&str]) -> Value {
    json!(object::text(object, path))
}

fn or_none(text: &str) -> Value {
    json!(if text.is_empty() { "<none>" } else { text })
}

fn number(object: &Value, path: &[&str]) -> i64 {
    object::at(object, path).as_i64().unwrap_or(0)
}

const POD: &[Column] = &[
    NAME,
    Column("Ready", "string", 0),
    Column("Status", "string", 0),
    Column("Restarts", "string", 0),
    AGE,
    Column("IP", "string", 1),
    Column("Node", "string", 1),
    Column("Nominated Node", "string", 1),
    Column("Readiness Gates", "string", 1),
];

fn pod(pod: &Value) -> Vec<Value> {
    let statuses = object::items(pod, &["status", "containerStatuses"]);
    let total = object::items(pod, &["spec", "containers"]).len();
    let ready = statuses.iter().filter(|status| status["ready"] == true).count();
    let restarts: i64 = statuses.iter().map(|status| number(status, &["restartCount"])).sum();
    vec![
        name(pod),
        json!(format!("{ready}/{total}")),
        json!(pod_status(pod)),
        json!(restarts.to_string()),
        created(pod),
        or_none(object::text(pod, &["status", "podIP"])),
        or_none(object::text(pod, &["spec", "nodeName"])),
        or_none(object::text(pod, &["status", "nominatedNodeName"])),
        json!("<none>"),
    ]
}

/// The most telling word about a pod.
fn pod_status(pod: &Value) -> String {
    if object::is_deleting(pod) {
        return if pod["status"]["reason"] == "NodeLost" { "Unknown" } else { "Terminating" }.to_owned();
    }
    let mut word = match object::text(pod, &["status", "reason"]) {
        "" => object::text(pod, &["status", "phase"]),
        reason => reason,
    }
    .to_owned();
    if object::condition(pod, "PodScheduled").is_some_and(|found| found["reason"] == "SchedulingGated") {
        word = "SchedulingGated".to_owned();
    }
    let mut running = false;
    for status in object::items(pod, &["status", "containerStatuses"]).iter().rev() {
        let state = &status["state"];
        let waiting = object::text(state, &["waiting", "reason"]);
        let terminated = object::text(state, &["terminated", "reason"]);
        if !waiting.is_empty() {
            word = waiting.to_owned();
        } else if !terminated.is_empty() {
            word = terminated.to_owned();
        } else if state["terminated"].is_object() {
            word = format!("ExitCode:{}", number(state, &["terminated", "exitCode"]));
        } else if status["ready"] == true && state["running"].is_object() {
            running = true;
        }
    }
    if word == "Completed" && running {
        word = "Running".to_owned();
    }
    word
}

const NODE: &[Column] = &[
    NAME,
    Column("Status", "string", 0),
    Column("Roles", "string", 0),
    AGE,
    Column("Version", "string", 0),
    Column("Internal-IP", "string", 1),
    Column("External-IP", "string", 1),
    Column("OS-Image", "string", 1),
    Column("Kernel-Version", "string", 1),
    Column("Container-Runtime", "string", 1),
];

fn node(node: &Value) -> Vec<Value> {
    let mut status = match object::condition(node, "Ready") {
        Some(ready) if ready["status"] == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if node["spec"]["unschedulable"] == true {
        status.push_str(",SchedulingDisabled");
    }
    let roles: Vec<&str> = object::labels(node)
        .into_iter()
        .flatten()
        .filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/"))
        .collect();
    let address = |kind: &str| {
        let found = object::items(node, &["status", "addresses"]).iter().find(|address| address["type"] == kind);
        or_none(found.and_then(|address| address["address"].as_str()).unwrap_or_default())
    };
    let info = |key: &str| match object::text(node, &["status", "nodeInfo", key]) {
        "" => json!("<unknown>"),
        text => json!(text),
    };
    vec![
        name(node),
        json!(status),
        or_none(&roles.join(",")),
        created(node),
        text(node, &["status", "nodeInfo", "kubeletVersion"]),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        info("kernelVersion"),
        info("containerRuntimeVersion"),
    ]
}

const EVENT: &[Column] = &[
    Column("Last Seen", "string", 0),
    Column("Type", "string", 0),
    Column("Reason", "string", 0),
    Column("Object", "string", 0),
    Column("Subobject", "string", 1),
    Column("Source", "string", 1),
    Column("Message", "string", 0),
    Column("First Seen", "string", 1),
    Column("Count", "string", 1),
    Column("Name", "string", 1),
];

fn event(event: &Value) -> Vec<Value> {
    // The object is stored as core/v1 and may be shown as events.k8s.io/v1.
    let either = |core: &str, new: &str| if event[core].is_null() { event[new].clone() } else { event[core].clone() };
    let about = either("involvedObject", "regarding");
    let kind = object::text(&about, &["kind"]).to_lowercase();
    let source = either("source", "deprecatedSource");
    let source: Vec<&str> =
        ["component", "host"].iter().filter_map(|key| source[*key].as_str()).filter(|text| !text.is_empty()).collect();
    let source = match source.as_slice() {
        [] => either("reportingComponent", "reportingController"),
        parts => json!(parts.join(", ")),
    };
    let first = either("firstTimestamp", "deprecatedFirstTimestamp");
    let first = if first.is_null() { event["eventTime"].clone() } else { first };
    let last = match (&event["series"]["lastObservedTime"], either("lastTimestamp", "deprecatedLastTimestamp")) {
        (Value::String(time), _) => json!(time),
        (_, Value::Null) => first.clone(),
        (_, time) => time,
    };
    let count = event["series"]["count"].as_i64().or_else(|| either("count", "deprecatedCount").as_i64()).unwrap_or(1);
    vec![
        json!(age(&last)),
        text(event, &["type"]),
        text(event, &["reason"]),
        json!(format!("{kind}/{}", object::text(&about, &["name"]))),
        text(&about, &["fieldPath"]),
        source,
        json!(either("message", "note").as_str().unwrap_or_default().trim()),
        json!(age(&first)),
        json!(count.to_string()),
        name(event),
    ]
}

const SERVICE: &[Column] = &[
    NAME,
    Column("Type", "string", 0),
    Column("Cluster-IP", "string", 0),
    Column("External-IP", "string", 0),
    Column("Port(s)", "string", 0),
    AGE,
    Column("Selector", "string", 1),
];

fn service(service: &Value) -> Vec<Value> {
    let ports: Vec<String> = object::items(service, &["spec", "ports"])
        .iter()
        .map(|port| {
            let node = port["nodePort"].as_i64().map_or_else(String::new, |number| format!(":{number}"));
            format!("{}{node}/{}", number(port, &["port"]), object::text(port, &["protocol"]))
        })
        .collect();
    vec![
        name(service),
        text(service, &["spec", "type"]),
        or_none(object::text(service, &["spec", "clusterIP"])),
        json!("<none>"),
        or_none(&ports.join(",")),
        created(service),
        or_none(&selector::to_text(&json!({"matchLabels": service["spec"]["selector"]}))),
    ]
}

const DEPLOYMENT: &[Column] = &[
    NAME,
    Column("Ready", "string", 0),
    Column("Up-to-date", "string", 0),
    Column("Available", "string", 0),
    AGE,
    Column("Containers", "string", 1),
    Column("Images", "string", 1),
    Column("Selector", "string", 1),
];

fn deployment(deployment: &Value) -> Vec<Value> {
    let status = |key: &str| number(deployment, &["status", key]);
    let wanted = number(deployment, &["spec", "replicas"]);
    let mut cells = vec![
        name(deployment),
        json!(format!("{}/{wanted}", status("readyReplicas"))),
        json!(status("updatedReplicas").to_string()),
        json!(status("availableReplicas").to_string()),
        created(deployment),
    ];
    cells.extend(template_cells(deployment));
    cells
}

const REPLICA_SET: &[Column] = &[
    NAME,
    Column("Desired", "integer", 0),
    Column("Current", "integer", 0),
    Column("Ready", "integer", 0),
    AGE,
    Column("Containers", "string", 1),
    Column("Images", "string", 1),
    Column("Selector", "string", 1),
];

fn replica_set(set: &Value) -> Vec<Value> {
    let mut cells = vec![
        name(set),
        json!(number(set, &["spec", "replicas"])),
        json!(number(set, &["status", "replicas"])),
        json!(number(set, &["status", "readyReplicas"])),
        created(set),
    ];
    cells.extend(template_cells(set));
    cells
}

const DAEMON_SET: &[Column] = &[
    NAME,
    Column("Desired", "integer", 0),
    Column("Current", "integer", 0),
    Column("Ready", "integer", 0),
    Column("Up-to-date", "integer", 0),
    Column("Available", "integer", 0),
    Column("Node Selector", "string", 0),
    AGE,
    Column("Containers", "string", 1),
    Column("Images", "string", 1),
    Column("Selector", "string", 1),
];

fn daemon_set(set: &Value) -> Vec<Value> {
    let status = |key: &str| json!(number(set, &["status", key]));
    let nodes = &set["spec"]["template"]["spec"]["nodeSelector"];
    let mut cells = vec![
        name(set),
        status("desiredNumberScheduled"),
        status("currentNumberScheduled"),
        status("numberReady"),
        status("updatedNumberScheduled"),
        status("numberAvailable"),
        or_none(&selector::to_text(&json!({"matchLabels": nodes}))),
        created(set),
    ];
    cells.extend(template_cells(set));
    cells
}

/// Containers, images and selector of a workload.
fn template_cells(workload: &Value) -> [Value; 3] {
    let containers = object::items(workload, &["spec", "template", "spec", "containers"]);
    let joined = |key: &str| {
        let texts: Vec<&str> = containers.iter().filter_map(|container| container[key].as_str()).collect();
        json!(texts.join(","))
    };
    [joined("name"), joined("image"), json!(selector::to_text(&workload["spec"]["selector"]))]
}
