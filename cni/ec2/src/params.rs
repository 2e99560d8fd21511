//! Parameters in the Query protocol's flattened names: `Filter.1.Value.2`.

use crate::types::Tags;

/// A describe call's filter: any of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The field's name.
    pub name: String,
    /// What it may be; `*` and `?` are wild.
    pub values: Vec<String>,
}

impl Filter {
    /// A filter on one value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), values: vec![value.into()] }
    }

    /// A filter on several values.
    pub fn any<V: Into<String>>(name: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        Self { name: name.into(), values: values.into_iter().map(Into::into).collect() }
    }

    /// A filter on a tag's value.
    pub fn tag(key: &str, value: impl Into<String>) -> Self {
        Self::new(format!("tag:{key}"), value)
    }
}

/// A call's parameters, in order.
#[derive(Debug, Clone, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one parameter.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds one parameter if there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self,
        }
    }

    /// Adds a list: `name.1`, `name.2`, ….
    #[must_use]
    pub fn list<V: ToString>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        for (index, value) in values.into_iter().enumerate() {
            self.0.push((format!("{name}.{}", index + 1), value.to_string()));
        }
        self
    }

    /// Adds filters.
    #[must_use]
    pub fn filters(mut self, filters: &[Filter]) -> Self {
        for (index, filter) in filters.iter().enumerate() {
            let name = format!("Filter.{}", index + 1);
            self = self.set(&format!("{name}.Name"), &filter.name).list(&format!("{name}.Value"), &filter.values);
        }
        self
    }

    /// Adds tags that the call is to put on the new resource of type `resource`.
    #[must_use]
    pub fn tag_specification(self, resource: &str, tags: &Tags) -> Self {
        if tags.is_empty() {
            return self;
        }
        self.set("TagSpecification.1.ResourceType", resource).tags("TagSpecification.1.Tag", tags)
    }

    /// Adds tags as `name.1.Key`, `name.1.Value`, ….
    #[must_use]
    pub fn tags(mut self, name: &str, tags: &Tags) -> Self {
        for (index, (key, value)) in tags.iter().enumerate() {
            let name = format!("{name}.{}", index + 1);
            self = self.set(&format!("{name}.Key"), key).set(&format!("{name}.Value"), value);
        }
        self
    }

    /// The pairs.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
