//! Tags: at most 50 key/value pairs a resource, in the order of their keys.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>.

mod list;
mod resources;

pub use self::list::Tags;
pub use self::resources::Tagged;
use crate::{Model, NetworkInterfaceId, index};

/// How many tags a resource has at most.
pub const MAX_TAGS: usize = 50;

/// Why tags are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// A key is empty or longer than 128 characters.
    #[error("tag key {0:?} must have 1 to 128 characters")]
    KeyLength(String),
    /// A value is longer than 256 characters.
    #[error("the value of tag {0:?} has more than 256 characters")]
    ValueLength(String),
    /// The key's prefix belongs to AWS.
    #[error("tag key {0:?} starts with \"aws:\"")]
    Reserved(String),
    /// A key occurs twice in one call.
    #[error("tag key {0:?} is given twice")]
    Duplicate(String),
    /// The resource would have too many.
    #[error("a resource has at most {MAX_TAGS} tags")]
    TooMany,
    /// There is no such resource, or its kind has no tags.
    #[error("there is no resource {0:?} with tags")]
    NoResource(String),
}

/// Makes tags of pairs a caller gave.
///
/// # Errors
/// When one of them is against the rules.
pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Tags, TagError> {
    let mut tags = Tags::new();
    for (key, value) in pairs {
        check_pair(&key, &value)?;
        if tags.contains_key(&key) {
            return Err(TagError::Duplicate(key));
        }
        tags.insert(key, value);
    }
    if tags.len() > MAX_TAGS { Err(TagError::TooMany) } else { Ok(tags) }
}

impl Model {
    /// Adds tags to resources, or changes their values: to all of them or, when one refuses, to none.
    pub fn create_tags(&mut self, ids: &[String], tags: &Tags) -> Result<(), TagError> {
        for id in ids {
            let own = self.tags_of(id).ok_or_else(|| TagError::NoResource(id.clone()))?;
            let new = tags.keys().filter(|key| !own.contains_key(key)).count();
            if own.len() + new > MAX_TAGS {
                return Err(TagError::TooMany);
            }
        }
        for id in ids {
            self.retag(id, |own| own.extend(tags.clone()));
        }
        self.touch();
        Ok(())
    }

    /// Takes tags off resources: those with the key, and where a value is given with that value; all
    /// tags that are not AWS's own where none is named.
    pub fn delete_tags(&mut self, ids: &[String], named: &[(String, Option<String>)]) -> Result<(), TagError> {
        if let Some(missing) = ids.iter().find(|id| self.tags_of(id).is_none()) {
            return Err(TagError::NoResource(missing.clone()));
        }
        if let Some((key, _)) = named.iter().find(|(key, _)| is_reserved(key)) {
            return Err(TagError::Reserved(key.clone()));
        }
        for id in ids {
            self.retag(id, |own| {
                own.retain(|key, value| {
                    let is_it =
                        |(name, of): &(String, Option<String>)| name == key && of.as_ref().is_none_or(|of| of == value);
                    if named.is_empty() { is_reserved(key) } else { !named.iter().any(is_it) }
                });
            });
        }
        self.touch();
        Ok(())
    }

    /// Changes a resource's tags, and with them what is found by tags.
    fn retag(&mut self, id: &str, change: impl FnOnce(&mut Tags)) {
        let eni: Option<NetworkInterfaceId> = id.parse().ok();
        if let Some(eni) = eni.as_ref().and_then(|id| self.network_interfaces.get(id)) {
            index::remove_tags(&mut self.index.interfaces_by_tag, &eni.tags, &eni.id);
        }
        if let Some(own) = self.tags_mut(id) {
            change(own);
        }
        if let Some(eni) = eni.as_ref().and_then(|id| self.network_interfaces.get(id)) {
            index::insert_tags(&mut self.index.interfaces_by_tag, &eni.tags, &eni.id);
        }
    }
}

/// Whether a key's prefix belongs to AWS.
fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

fn check_pair(key: &str, value: &str) -> Result<(), TagError> {
    if key.is_empty() || key.chars().count() > 128 {
        return Err(TagError::KeyLength(key.to_owned()));
    }
    if value.chars().count() > 256 {
        return Err(TagError::ValueLength(key.to_owned()));
    }
    if is_reserved(key) {
        return Err(TagError::Reserved(key.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[rstest]
    #[case::none(&[], Ok(()))]
    #[case::empty_value(&[("Name", "")], Ok(()))]
    #[case::empty_key(&[("", "x")], Err(TagError::KeyLength(String::new())))]
    #[case::reserved(&[("aws:x", "x")], Err(TagError::Reserved("aws:x".into())))]
    #[case::reserved_in_capitals(&[("AWS:x", "x")], Err(TagError::Reserved("AWS:x".into())))]
    #[case::twice(&[("a", "1"), ("a", "2")], Err(TagError::Duplicate("a".into())))]
    #[case::keys_differ_by_case(&[("a", "1"), ("A", "2")], Ok(()))]
    fn rules(#[case] given: &[(&str, &str)], #[case] expected: Result<(), TagError>) {
        assert_eq!(from_pairs(pairs(given)).map(|_| ()), expected);
    }

    #[rstest]
    #[case::full(50, true)]
    #[case::too_many(51, false)]
    fn number(#[case] count: usize, #[case] accepted: bool) {
        let given = (0..count).map(|n| (format!("k{n}"), String::new()));
        assert_eq!(from_pairs(given).is_ok(), accepted);
    }
}
