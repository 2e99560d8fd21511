use rstest::rstest;

use super::*;

struct Thing {
    state: &'static str,
    tags: Tags,
}

const FIELDS: Fields<(), Thing> =
    Fields { by_name: &[("state", |(), thing| vec![thing.state.to_owned()])], tags: Some(|thing| &thing.tags) };

fn select(form: &str) -> Result<Vec<&'static str>, ApiError> {
    let tags = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let things = [
        Thing { state: "running", tags: tags(&[("Name", "web-1"), ("env", "")]) },
        Thing { state: "stopped", tags: tags(&[("Name", "db*1")]) },
    ];
    let filters = Filters::decode(&mut Query::parse(form.as_bytes())?)?;
    Ok(filters.select(&FIELDS, &(), &things)?.iter().map(|thing| thing.state).collect())
}

#[rstest]
#[case::none("", Ok(vec!["running", "stopped"]))]
#[case::value("Filter.1.Name=state&Filter.1.Value.1=running", Ok(vec!["running"]))]
#[case::values_are_or("Filter.1.Name=state&Filter.1.Value.1=x&Filter.1.Value.2=stopped", Ok(vec!["stopped"]))]
#[case::filters_are_and(
    "Filter.1.Name=state&Filter.1.Value.1=running&Filter.2.Name=tag:Name&Filter.2.Value.1=db*", Ok(vec![]))]
#[case::case_matters("Filter.1.Name=state&Filter.1.Value.1=Running", Ok(vec![]))]
#[case::tag_key("Filter.1.Name=tag-key&Filter.1.Value.1=env", Ok(vec!["running"]))]
#[case::tag_with_empty_value("Filter.1.Name=tag:env&Filter.1.Value.1=", Ok(vec!["running"]))]
#[case::tag_absent("Filter.1.Name=tag:nope&Filter.1.Value.1=*", Ok(vec![]))]
#[case::escaped_star("Filter.1.Name=tag:Name&Filter.1.Value.1=db%5C*1", Ok(vec!["stopped"]))]
#[case::unknown("Filter.1.Name=colour&Filter.1.Value.1=x", Err("The filter 'colour' is invalid"))]
#[case::no_value("Filter.1.Name=state", Err("The filter 'state' must have at least one value"))]
fn selection(#[case] form: &str, #[case] expected: Result<Vec<&str>, &str>) {
    assert_eq!(
        select(form).as_deref().map_err(|err| err.message().to_owned()),
        expected.as_deref().map_err(|m| (*m).to_owned())
    );
}

#[rstest]
#[case::full(200, None)]
#[case::too_many(201, Some("FilterLimitExceeded"))]
fn limits(#[case] values: usize, #[case] code: Option<&str>) {
    let values: Vec<String> = (1..=values).map(|n| format!("Filter.1.Value.{n}=x")).collect();
    let refusal = select(&format!("Filter.1.Name=state&{}", values.join("&"))).err();
    assert_eq!(refusal.map(|err| err.code().name()), code);
}

#[rstest]
#[case::exact("abc", "abc", true)]
#[case::not_a_prefix("ab", "abc", false)]
#[case::one("a?c", "abc", true)]
#[case::one_is_not_none("abc?", "abc", false)]
#[case::any("a*", "abc", true)]
#[case::any_is_empty("abc*", "abc", true)]
#[case::middle("a*c", "abbbc", true)]
#[case::backtrack("*ab*ab", "abxab_ab", true)]
#[case::several("a**?c", "abc", true)]
#[case::only_star("*", "", true)]
#[case::escaped_question("a\\?", "a?", true)]
#[case::escaped_question_is_literal("a\\?", "ab", false)]
#[case::escaped_backslash("a\\\\b", "a\\b", true)]
#[case::not_ascii("größ?", "größe", true)]
fn patterns(#[case] pattern: &str, #[case] value: &str, #[case] expected: bool) {
    assert_eq!(Pattern::of(pattern.to_owned()).matches(value), expected);
}

#[test]
fn many_stars_take_no_time() {
    assert!(!Pattern::of("*a".repeat(100)).matches(&"a".repeat(99)));
}
