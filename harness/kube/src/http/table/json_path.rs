//! The JSONPath that printer columns use: fields, indices, `[*]` and filters by equality.

use serde_json::Value;

/// The values a path finds, in order. A path nobody understands finds nothing.
pub(super) fn find<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![value];
    let mut rest = path.trim().trim_start_matches('{').trim_end_matches('}');
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = field_end(after);
            let name = after[..end].replace("\\.", ".");
            if !name.is_empty() {
                found = found.into_iter().filter_map(|value| value.get(&name)).collect();
            }
            rest = &after[end..];
        } else if let Some(after) = rest.strip_prefix('[') {
            let Some(end) = after.find(']') else { return Vec::new() };
            found = found.into_iter().flat_map(|value| select(value, &after[..end])).collect();
            rest = &after[end + 1..];
        } else {
            return Vec::new();
        }
    }
    found
}

/// Where a field's name ends; `\.` belongs to it.
fn field_end(text: &str) -> usize {
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            '\\' => escaped = true,
            '.' | '[' if !escaped => return index,
            _ => escaped = false,
        }
    }
    text.len()
}

fn select<'a>(value: &'a Value, inner: &str) -> Vec<&'a Value> {
    let items = || value.as_array().into_iter().flatten();
    if inner == "*" {
        return items().collect();
    }
    if let Some(filter) = inner.strip_prefix("?(@.").and_then(|rest| rest.strip_suffix(')')) {
        let Some((path, wanted)) = filter.split_once("==") else { return Vec::new() };
        let wanted = wanted.trim().trim_matches(['"', '\'']);
        let path = format!(".{}", path.trim());
        return items().filter(|item| find(item, &path).iter().any(|found| *found == wanted)).collect();
    }
    if let Ok(index) = inner.parse::<usize>() {
        return value.get(index).into_iter().collect();
    }
    value.get(inner.trim_matches(['"', '\''])).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::field(".spec.size", "[3]")]
    #[case::whole_list(".spec.ids", r#"[["a","b"]]"#)]
    #[case::each(".spec.ids[*]", r#"["a","b"]"#)]
    #[case::index(".spec.ids[1]", r#"["b"]"#)]
    #[case::filter(r#".status.conditions[?(@.type=="Ready")].status"#, r#"["True"]"#)]
    #[case::escaped(r".metadata.annotations.a\.b/c", r#"["d"]"#)]
    #[case::missing(".spec.none.deep", "[]")]
    fn paths(#[case] path: &str, #[case] expected: &str) {
        let object = json!({"metadata": {"annotations": {"a.b/c": "d"}}, "spec": {"size": 3, "ids": ["a", "b"]},
            "status": {"conditions": [{"type": "Other"}, {"type": "Ready", "status": "True"}]}});
        assert_eq!(json!(find(&object, path)).to_string(), expected);
    }
}
