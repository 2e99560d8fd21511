//! `as=Table` and `as=PartialObjectMetadata`: what `kubectl get` shows.

mod columns;
mod json_path;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::params::Params;
use crate::object;
use crate::registry::Resource;

/// An object reduced to its metadata.
pub(super) fn partial(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
    })
}

/// Objects as rows. Within a watch only the first table brings the column definitions.
pub(super) fn table(
    resource: &Resource,
    objects: &[Arc<Value>],
    metadata: Value,
    params: &Params,
    with_columns: bool,
) -> Value {
    let printer = columns::printer(resource);
    let include = params.get("includeObject").unwrap_or("Metadata");
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let mut row = Map::new();
            row.insert("cells".to_owned(), json!(printer.cells(object)));
            match include {
                "None" => {}
                "Object" => drop(row.insert("object".to_owned(), Value::clone(object))),
                _ => drop(row.insert("object".to_owned(), partial(object))),
            }
            Value::Object(row)
        })
        .collect();
    let definitions = if with_columns { printer.definitions() } else { json!([]) };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

/// Time since a timestamp, the way kubectl shortens it.
fn age(time: &Value) -> String {
    match time.as_str().and_then(object::seconds_since) {
        Some(seconds) => human_duration(seconds),
        None => "<unknown>".to_owned(),
    }
}

/// `5s`, `3m12s`, `12m`, `5h3m`, `20h`, `2d4h`, `12d`, `2y5d`, `9y`.
fn human_duration(seconds: i64) -> String {
    let two = |big: i64, unit: char, small: i64, small_unit: char| match small {
        0 => format!("{big}{unit}"),
        small => format!("{big}{unit}{small}{small_unit}"),
    };
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match seconds {
        ..0 => "<invalid>".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, 'm', seconds % 60, 's'),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, 'h', minutes % 60, 'm'),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, 'd', hours % 24, 'h'),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(days / 365, 'y', days % 365, 'd'),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0s")]
    #[case(119, "119s")]
    #[case(192, "3m12s")]
    #[case(180, "3m")]
    #[case(720, "12m")]
    #[case(18_180, "5h3m")]
    #[case(72_000, "20h")]
    #[case(187_200, "2d4h")]
    #[case(1_036_800, "12d")]
    #[case(63_504_000, "2y5d")]
    #[case(-5, "<invalid>")]
    fn durations(#[case] seconds: i64, #[case] expected: &str) {
        assert_eq!(human_duration(seconds), expected);
    }
}
