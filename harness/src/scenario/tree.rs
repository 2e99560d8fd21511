//! YAML as a tree that remembers lines, and a reader over it that collects every problem.
//!
//! Serde stops at the first mistake; people who write scenarios want to hear of all of them at once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1; 0 if it concerns the whole file.
    pub line: u64,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 { f.write_str(&self.message) } else { write!(f, "line {}: {}", self.line, self.message) }
    }
}

/// A YAML value and the line it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The line its value begins on, counted from 1.
    pub line: u64,
    /// The line its key stands on, for a mapping's field; otherwise the same.
    pub key_line: u64,
    /// The value.
    pub value: Value,
}

/// A YAML value.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "YAML's own kinds")]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    String(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Reads one YAML document.
    ///
    /// # Errors
    /// The YAML syntax error, with its line.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        serde_saphyr::from_str::<Spanned<Value>>(text).map(Self::of).map_err(|err| Problem {
            line: err.location().map_or(0, |location| location.line()),
            message: err.without_snippet().to_string(),
        })
    }

    fn of(spanned: Spanned<Value>) -> Self {
        let line = spanned.referenced.line();
        Self { line, key_line: line, value: spanned.value }
    }

    /// The same without lines.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(it) => (*it).into(),
            Value::Integer(it) => (*it).into(),
            Value::Float(it) => (*it).into(),
            Value::String(it) => it.as_str().into(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(fields) => {
                serde_json::Value::Object(fields.iter().map(|(key, node)| (key.clone(), node.to_json())).collect())
            }
        }
    }

    /// A map's field.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(fields) => fields.iter().find(|(name, _)| name == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// A field of nested maps.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The fields of a map; none for anything else.
    pub fn fields(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(fields) => fields,
            _ => &[],
        }
    }

    fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::String(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(Value::Bool(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Value, E> {
        Ok(Value::Integer(it))
    }

    fn visit_u64<E: serde::de::Error>(self, it: u64) -> Result<Value, E> {
        i64::try_from(it).map(Value::Integer).map_err(|_| E::custom("the number is too large"))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Value, E> {
        Ok(Value::Float(it))
    }

    fn visit_str<E>(self, it: &str) -> Result<Value, E> {
        Ok(Value::String(it.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<Spanned<Value>>()? {
            items.push(Node::of(item));
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let node = Node::of(access.next_value::<Spanned<Value>>()?);
            fields.push((key.value, Node { key_line: key.referenced.line(), ..node }));
        }
        Ok(Value::Map(fields))
    }
}

/// Collects problems while values are read from a tree.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a mistake.
    pub fn add(&mut self, line: u64, message: impl Into<String>) {
        self.0.push(Problem { line, message: message.into() });
    }

    /// All of them in the order of their lines.
    pub fn into_sorted(mut self) -> Vec<Problem> {
        self.0.sort_by_key(|problem| problem.line);
        self.0
    }

    /// Opens a mapping; anything else is a problem.
    pub fn mapping<'a>(&mut self, node: &'a Node, what: &'static str) -> Option<Fields<'a>> {
        match &node.value {
            Value::Map(fields) => {
                Some(Fields { what, line: node.line, left: fields.iter().map(|(k, v)| (k.as_str(), v)).collect() })
            }
            _ => {
                self.add(node.line, format!("{what} must be a mapping of fields, not {}", node.kind()));
                None
            }
        }
    }

    /// Reads text (a number stands for its digits); anything else is a problem.
    pub fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        match &node.value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Integer(number) => Some(number.to_string()),
            _ => {
                self.add(node.line, format!("{what} must be text, not {}", node.kind()));
                None
            }
        }
    }

    /// Reads text and parses it.
    pub fn parsed<T>(&mut self, node: &Node, what: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(node, what)?;
        parse(&text).map_err(|why| self.add(node.line, format!("{what}: {why}"))).ok()
    }

    /// Reads a number within bounds.
    pub fn number(&mut self, node: &Node, what: &str, bounds: std::ops::RangeInclusive<i64>) -> Option<i64> {
        match node.value {
            Value::Integer(it) if bounds.contains(&it) => Some(it),
            _ => {
                self.add(node.line, format!("{what} must be a number from {} to {}", bounds.start(), bounds.end()));
                None
            }
        }
    }

    /// Reads true or false.
    pub fn boolean(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.value {
            Value::Bool(it) => Some(it),
            _ => {
                self.add(node.line, format!("{what} must be true or false"));
                None
            }
        }
    }

    /// Reads a list; anything else is a problem.
    pub fn list<'a>(&mut self, node: &'a Node, what: &str) -> &'a [Node] {
        match &node.value {
            Value::List(items) => items,
            _ => {
                self.add(node.line, format!("{what} must be a list, not {}", node.kind()));
                &[]
            }
        }
    }
}

/// A mapping whose fields are taken out one by one, so that what is left over is a mistake.
#[derive(Debug)]
pub struct Fields<'a> {
    what: &'static str,
    /// The line the mapping begins on.
    pub line: u64,
    left: Vec<(&'a str, &'a Node)>,
}

impl<'a> Fields<'a> {
    /// Takes a field that may be absent.
    pub fn optional(&mut self, key: &str) -> Option<&'a Node> {
        let position = self.left.iter().position(|(name, _)| *name == key)?;
        Some(self.left.remove(position).1)
    }

    /// Takes a field that must be there.
    pub fn required(&mut self, key: &str, problems: &mut Problems) -> Option<&'a Node> {
        let node = self.optional(key);
        if node.is_none() {
            problems.add(self.line, format!("{} lacks the field \"{key}\"", self.what));
        }
        node
    }

    /// Takes whatever fields are left, for mappings in which one key says what the entry is.
    pub fn rest(&mut self) -> Vec<(&'a str, &'a Node)> {
        std::mem::take(&mut self.left)
    }

    /// Reports every field nobody took.
    pub fn finish(self, known: &[&str], problems: &mut Problems) {
        for (name, node) in self.left {
            let hint = closest(name, known)
                .map_or_else(|| format!("it has {}", known.join(", ")), |near| format!("did you mean \"{near}\"?"));
            problems.add(node.key_line, format!("{} has no field \"{name}\"; {hint}", self.what));
        }
    }
}

/// The known word nearest to a misspelt one, if any is near.
pub fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = |candidate: &&str| distance(&word.to_lowercase(), &candidate.to_lowercase());
    known.iter().copied().min_by_key(near).filter(|best| near(best) <= 1 + best.len() / 4)
}

/// How many letters must be added, removed or replaced to get from one word to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_value_knows_its_line() {
        let root = Node::parse("a: 1\nb:\n  - x\n  - y: true\n").expect("valid YAML");
        let b = root.get("b").expect("a list");
        assert_eq!(root.get("a").map(|node| node.line), Some(1));
        assert_eq!(b.items().iter().map(|item| item.line).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(root.to_json(), serde_json::json!({"a": 1, "b": ["x", {"y": true}]}));
    }

    #[test]
    fn a_syntax_error_has_its_line() {
        let problem = Node::parse("a: 1\nb: [1,\nc: {").expect_err("not YAML");
        assert!(problem.line >= 2, "{problem}");
    }

    #[rstest]
    #[case::typing_error("ingres", Some("ingress"))]
    #[case::case("CIDR", Some("cidr"))]
    #[case::nothing_near("colour", None)]
    fn hints(#[case] word: &str, #[case] hint: Option<&str>) {
        assert_eq!(closest(word, &["cidr", "ingress", "egress"]), hint);
    }
}
