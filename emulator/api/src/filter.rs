//! Filters: `Filter.N.Name` and `Filter.N.Value.M`. Filters are a conjunction, the values of one a
//! disjunction, and values can have the wildcards `*` and `?`.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html>.

use vpc_model::Tags;

use crate::query::{Query, Value};
use crate::{ApiError, Code};

/// How many filters a call can have.
const MAX_FILTERS: usize = 50;

/// How many values all the filters of a call can have.
const MAX_VALUES: usize = 200;

/// A call's filters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Filters(Vec<Filter>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Filter {
    name: String,
    patterns: Vec<Pattern>,
}

/// What a filter of one name looks at in a resource: the values, any of which may match.
pub(crate) type Field<C, T> = (&'static str, fn(&C, &T) -> Vec<String>);

/// What a family's resources can be filtered by. `C` is what the values depend on besides the resource.
pub(crate) struct Fields<C: 'static, T: 'static> {
    /// The filters by name.
    pub(crate) by_name: &'static [Field<C, T>],
    /// The tags, where the family's resources have them.
    pub(crate) tags: Option<fn(&T) -> &Tags>,
}

impl Filters {
    /// Takes a call's filters.
    pub(crate) fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Self::decode_as(query, "Filter", "Value", Pattern::of)
    }

    /// The same as Auto Scaling calls them, without wildcards.
    pub(crate) fn of_members(query: &mut Query) -> Result<Self, ApiError> {
        Self::decode_as(query, "Filters.member", "Values.member", Pattern::Exact)
    }

    fn decode_as(
        query: &mut Query,
        list: &str,
        values_name: &str,
        pattern: fn(String) -> Pattern,
    ) -> Result<Self, ApiError> {
        let filters = query.structs(list, |filter| {
            let values: Vec<String> = filter.list(values_name)?;
            Ok(Filter { name: filter.required("Name")?, patterns: values.into_iter().map(pattern).collect() })
        })?;
        if filters.len() > MAX_FILTERS || filters.iter().map(|filter| filter.patterns.len()).sum::<usize>() > MAX_VALUES
        {
            return Err(ApiError::new(
                Code::FILTER_LIMIT_EXCEEDED,
                format!("The maximum number of filter values specified on a single call is {MAX_VALUES}"),
            ));
        }
        if let Some(empty) = filters.iter().find(|filter| filter.patterns.is_empty()) {
            return Err(ApiError::new(
                Code::INVALID_PARAMETER_VALUE,
                format!("The filter '{}' must have at least one value", empty.name),
            ));
        }
        Ok(Self(filters))
    }

    /// The values of the filter of a name, where there is one and all of them are meant literally.
    pub(crate) fn exact(&self, name: &str) -> Option<Vec<&str>> {
        self.0.iter().find(|filter| filter.name == name).and_then(Filter::exact)
    }

    /// The key and the values of a filter by a tag's value, where there is one as above.
    pub(crate) fn exact_tag(&self) -> Option<(&str, Vec<&str>)> {
        self.0.iter().find_map(|filter| Some((filter.name.strip_prefix("tag:")?, filter.exact()?)))
    }

    /// Takes the filter of a name away, where there is one. Its values are of a type, without wildcards.
    pub(crate) fn take<T: Value>(&mut self, name: &str) -> Result<Option<Vec<T>>, ApiError> {
        let Some(at) = self.0.iter().position(|filter| filter.name == name) else { return Ok(None) };
        let filter = self.0.remove(at);
        let values = filter.exact().ok_or_else(|| {
            let message = format!("The filter '{name}' does not take wildcards");
            ApiError::new(Code::INVALID_PARAMETER_VALUE, message)
        })?;
        values.into_iter().map(|text| T::from_text(name, text.to_owned())).collect::<Result<_, _>>().map(Some)
    }

    /// Refuses filters that are none of a family which has no resources.
    pub(crate) fn check(&self, names: &[&str], tags: bool) -> Result<(), ApiError> {
        let is_known = |name: &str| names.contains(&name) || tags && (name == "tag-key" || name.starts_with("tag:"));
        self.0.iter().find(|filter| !is_known(&filter.name)).map_or(Ok(()), |filter| Err(filter.unknown()))
    }

    /// The resources that match all the filters.
    ///
    /// # Errors
    /// When the family has no filter of a name, whatever resources there are.
    pub(crate) fn select<'a, C, T>(
        &self,
        fields: &Fields<C, T>,
        cx: &C,
        resources: impl IntoIterator<Item = &'a T>,
    ) -> Result<Vec<&'a T>, ApiError> {
        let tests = self.0.iter().map(|filter| filter.resolve(fields)).collect::<Result<Vec<_>, _>>()?;
        Ok(resources.into_iter().filter(|resource| tests.iter().all(|test| test.matches(cx, resource))).collect())
    }
}

enum Look<'a, C, T> {
    Field(fn(&C, &T) -> Vec<String>),
    TagKey(fn(&T) -> &Tags),
    TagValue(fn(&T) -> &Tags, &'a str),
}

struct Test<'a, C, T> {
    look: Look<'a, C, T>,
    patterns: &'a [Pattern],
}

impl Filter {
    fn exact(&self) -> Option<Vec<&str>> {
        self.patterns.iter().map(Pattern::exact).collect()
    }

    fn unknown(&self) -> ApiError {
        ApiError::new(Code::INVALID_PARAMETER_VALUE, format!("The filter '{}' is invalid", self.name))
    }

    fn resolve<'a, C, T>(&'a self, fields: &Fields<C, T>) -> Result<Test<'a, C, T>, ApiError> {
        let look = match (self.name.as_str(), fields.tags) {
            ("tag-key", Some(tags)) => Look::TagKey(tags),
            (name, Some(tags)) if name.starts_with("tag:") => Look::TagValue(tags, &name["tag:".len()..]),
            (name, _) => match fields.by_name.iter().find(|(known, _)| *known == name) {
                Some((_, values)) => Look::Field(*values),
                None => return Err(self.unknown()),
            },
        };
        Ok(Test { look, patterns: &self.patterns })
    }
}

impl<C, T> Test<'_, C, T> {
    fn matches(&self, cx: &C, resource: &T) -> bool {
        let any = |value: &str| self.patterns.iter().any(|pattern| pattern.matches(value));
        match self.look {
            Look::Field(values) => values(cx, resource).iter().any(|value| any(value)),
            Look::TagKey(tags) => tags(resource).keys().any(|key| any(key)),
            Look::TagValue(tags, key) => tags(resource).get(key).is_some_and(|value| any(value)),
        }
    }
}

/// A filter's value: `*` stands for any text, `?` for one character, and a backslash takes the meaning from the
/// character after it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// Nothing in it has a meaning.
    Exact(String),
    /// Something may have.
    Wild(Vec<Token>),
}

impl Pattern {
    fn of(text: String) -> Self {
        if text.contains(['*', '?', '\\']) { Self::Wild(tokens(&text)) } else { Self::Exact(text) }
    }

    fn exact(&self) -> Option<&str> {
        match self {
            Self::Exact(text) => Some(text),
            Self::Wild(_) => None,
        }
    }

    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exact(text) => text == value,
            Self::Wild(tokens) => is_match(tokens, value),
        }
    }
}

/// Whether a value is as a pattern says.
fn is_match(tokens: &[Token], value: &str) -> bool {
    let value: Vec<char> = value.chars().collect();
    let (mut at_token, mut at_value) = (0, 0);
    // Where to go on when a match fails: the token after the last `*`, and the first character it has not eaten.
    let mut retry: Option<(usize, usize)> = None;
    while at_value < value.len() {
        match tokens.get(at_token) {
            Some(Token::Any) => {
                at_token += 1;
                retry = Some((at_token, at_value));
            }
            Some(Token::One) => (at_token, at_value) = (at_token + 1, at_value + 1),
            Some(Token::Literal(c)) if *c == value[at_value] => (at_token, at_value) = (at_token + 1, at_value + 1),
            _ => match retry {
                Some((token, eaten)) => {
                    (at_token, at_value) = (token, eaten + 1);
                    retry = Some((token, eaten + 1));
                }
                None => return false,
            },
        }
    }
    tokens[at_token..].iter().all(|token| matches!(token, Token::Any))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Any,
    One,
    Literal(char),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut chars = pattern.chars();
    let mut tokens = Vec::new();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::Literal(chars.next().unwrap_or('\\')),
            _ => Token::Literal(c),
        });
    }
    tokens
}

#[cfg(test)]
mod tests;
