//! An answer's XML as the JSON that CloudTrail makes of it. It reads what this emulator writes, no more.

use serde_json::{Map, Value, json};

/// The content of the outermost element.
pub(super) fn content(xml: &str) -> Option<Value> {
    let start = xml.find("?>").map_or(0, |end| end + 2);
    let mut reader = Reader { rest: &xml[start..] };
    let (_, value) = reader.element()?;
    Some(value)
}

/// The text of the first element with a name.
pub(super) fn text(xml: &str, element: &str) -> Option<String> {
    let rest = xml.split_once(&format!("<{element}>"))?.1;
    Some(unescape(rest.split_once('<')?.0))
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    /// An element's name and content.
    fn element(&mut self) -> Option<(&'a str, Value)> {
        let (tag, rest) = self.rest.trim_start().strip_prefix('<')?.split_once('>')?;
        self.rest = rest;
        let name = tag.trim_end_matches('/').split_whitespace().next()?;
        if tag.ends_with('/') {
            return Some((name, json!({})));
        }
        let mut children = Vec::new();
        loop {
            let (text, _) = self.rest.split_once('<')?;
            let after = &self.rest[text.len()..];
            if let Some(closed) = after.strip_prefix("</") {
                self.rest = closed.split_once('>')?.1;
                let value = if children.is_empty() { scalar(name, &unescape(text)) } else { folder(children) };
                return Some((name, value));
            }
            self.rest = after;
            children.push(self.element()?);
        }
    }
}

/// Lists are `{"items": […]}`; `return` is a word of its own.
fn folder(children: Vec<(&str, Value)>) -> Value {
    if children.iter().all(|(name, _)| *name == "item") {
        return json!({"items": children.into_iter().map(|(_, value)| value).collect::<Vec<_>>()});
    }
    let named = |(name, value): (&str, Value)| (if name == "return" { "_return" } else { name }.to_owned(), value);
    Value::Object(Map::from_iter(children.into_iter().map(named)))
}

/// Numbers and booleans, as far as they can be told from texts; ids and tags are always texts.
pub(super) fn scalar(name: &str, text: &str) -> Value {
    let is_text = name.ends_with("Id") || ["key", "value"].contains(&name);
    match text {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        _ if is_text || (text.len() > 1 && text.starts_with('0')) => {}
        _ => {
            if let Ok(number) = text.parse::<i64>() {
                return number.into();
            }
        }
    }
    text.into()
}

fn unescape(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    plain.replace("&#39;", "'").replace("&amp;", "&")
}
