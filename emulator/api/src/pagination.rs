//! `MaxResults` and `NextToken`: a page ends with a token that says where the next one begins.
//!
//! A token names the last entry shown, so that entries made or deleted meanwhile neither repeat nor hide
//! others. See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination>.

use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::query::Query;
use crate::{ApiError, Code};

/// What every token starts with inside.
const MARK: &str = "vpcbox/1/";

/// Which page a call asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PageRequest {
    max_results: Option<usize>,
    after: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page<T> {
    /// Its entries.
    pub(crate) items: Vec<T>,
    /// Where the next page begins; `None` on the last one.
    pub(crate) next_token: Option<String>,
}

impl PageRequest {
    /// Takes `MaxResults`, which has to be within bounds, and `NextToken`.
    pub(crate) fn decode(query: &mut Query, bounds: RangeInclusive<u32>) -> Result<Self, ApiError> {
        Self::decode_as(query, "MaxResults", bounds)
    }

    /// The same as Auto Scaling calls it: `MaxRecords`.
    pub(crate) fn of_records(query: &mut Query, bounds: RangeInclusive<u32>) -> Result<Self, ApiError> {
        Self::decode_as(query, "MaxRecords", bounds)
    }

    fn decode_as(query: &mut Query, name: &str, bounds: RangeInclusive<u32>) -> Result<Self, ApiError> {
        let max_results: Option<u32> = query.optional(name)?;
        if let Some(value) = max_results.filter(|value| !bounds.contains(value)) {
            let expected = if value < *bounds.start() {
                format!("Expecting a value greater than or equal to {}.", bounds.start())
            } else {
                format!("Expecting a value less than or equal to {}.", bounds.end())
            };
            return Err(ApiError::invalid(name, &value.to_string(), &expected));
        }
        let token: Option<String> = query.optional("NextToken")?;
        let after = token.filter(|token| !token.is_empty()).map(|token| open(&token)).transpose()?;
        Ok(Self { max_results: max_results.map(|value| value as usize), after })
    }

    /// The same request, with a bound where it has none.
    pub(crate) fn or_at_most(mut self, bound: usize) -> Self {
        self.max_results.get_or_insert(bound);
        self
    }

    /// The key of the last entry that earlier pages have shown.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Whether an entry of a key is on this page or a later one.
    pub(crate) fn is_ahead(&self, key: &str) -> bool {
        self.after().is_none_or(|after| key > after)
    }

    /// How many entries the page can have.
    pub(crate) fn size(&self, default: usize) -> usize {
        self.max_results.unwrap_or(default)
    }

    /// Refuses paging where single resources are asked for by their ids.
    pub(crate) fn not_with_ids(&self, ids_name: &str, ids: usize) -> Result<(), ApiError> {
        if ids > 0 && self.max_results.is_some() {
            return Err(ApiError::combination(format!(
                "The parameter {ids_name} cannot be used with the parameter maxResults"
            )));
        }
        Ok(())
    }

    /// The page asked for. Entries are put in the order of their keys, which have to be distinct.
    pub(crate) fn page<T>(&self, items: impl IntoIterator<Item = T>, key: impl Fn(&T) -> String) -> Page<T> {
        if self.max_results.is_none() && self.after.is_none() {
            let mut items: Vec<T> = items.into_iter().collect();
            // Most come in order already; then this only looks.
            items.sort_by_cached_key(&key);
            return Page { items, next_token: None };
        }
        let mut keyed: Vec<(String, T)> = items.into_iter().map(|item| (key(&item), item)).collect();
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        if let Some(after) = &self.after {
            keyed.retain(|(key, _)| key > after);
        }
        let mut next_token = None;
        if let Some(max) = self.max_results.filter(|max| keyed.len() > *max) {
            keyed.truncate(max);
            next_token = keyed.last().map(|(key, _)| seal(key));
        }
        Page { items: keyed.into_iter().map(|(_, item)| item).collect(), next_token }
    }
}

fn seal(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{MARK}{key}"))
}

fn open(token: &str) -> Result<String, ApiError> {
    let invalid = || ApiError::new(Code::INVALID_NEXT_TOKEN, "The specified NextToken is not valid.");
    let text =
        URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(invalid)?;
    text.strip_prefix(MARK).map(str::to_owned).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn request(form: &str) -> Result<PageRequest, ApiError> {
        PageRequest::decode(&mut Query::parse(form.as_bytes())?, 5..=1000)
    }

    #[rstest]
    #[case::absent("", Ok(()))]
    #[case::least("MaxResults=5", Ok(()))]
    #[case::too_few("MaxResults=4", Err("InvalidParameterValue"))]
    #[case::too_many("MaxResults=1001", Err("InvalidParameterValue"))]
    #[case::no_number("MaxResults=five", Err("InvalidParameterValue"))]
    #[case::empty_token("NextToken=", Ok(()))]
    #[case::made_up_token("NextToken=abcd", Err("InvalidNextToken"))]
    fn bounds(#[case] form: &str, #[case] expected: Result<(), &str>) {
        assert_eq!(request(form).map(|_| ()).map_err(|err| err.code().name()), expected);
    }

    #[test]
    fn pages_cover_everything_once() {
        let all: Vec<String> = (0..12).map(|n| format!("{n:02}")).collect();
        let mut seen = Vec::new();
        let mut asked = request("MaxResults=5").expect("valid");
        loop {
            let page = asked.page(all.iter().rev().cloned(), String::clone);
            seen.extend(page.items);
            match page.next_token {
                Some(token) => asked = request(&format!("MaxResults=5&NextToken={token}")).expect("our own token"),
                None => break,
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn the_last_page_has_no_token() {
        let page = request("MaxResults=5").expect("valid").page(0..5, |n| n.to_string());
        assert_eq!(page, Page { items: vec![0, 1, 2, 3, 4], next_token: None });
    }
}
