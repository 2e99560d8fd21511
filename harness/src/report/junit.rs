//! JUnit's XML, as CI systems read it.

use std::fmt::Write;

use super::Report;

/// The report as one JUnit test suite; each check is a test case.
pub fn to_junit(report: &Report) -> String {
    let errors = usize::from(report.error.is_some());
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        xml,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{errors}\" time=\"{:.3}\">",
        escape(&report.scenario),
        report.checks.len() + errors,
        report.failed(),
        report.elapsed.as_secs_f64(),
    );
    for check in &report.checks {
        let (name, time) = (escape(&check.name), check.elapsed.as_secs_f64());
        let _ =
            write!(xml, "  <testcase classname=\"{}\" name=\"{name}\" time=\"{time:.3}\"", escape(&report.scenario));
        let _ = if check.passed {
            writeln!(xml, "/>")
        } else {
            writeln!(xml, "><failure message=\"{}\"/></testcase>", escape(&check.detail))
        };
    }
    if let Some(error) = &report.error {
        let _ = writeln!(
            xml,
            "  <testcase classname=\"{}\" name=\"run\"><error message=\"{}\"/></testcase>",
            escape(&report.scenario),
            escape(error)
        );
    }
    xml + "</testsuite>\n"
}

/// Escapes text for an attribute; characters XML does not allow are left out.
fn escape(text: &str) -> String {
    let allowed = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    allowed.fold(String::new(), |mut escaped, c| {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            c => escaped.push(c),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::Check;

    #[test]
    fn failures_and_odd_characters() {
        let check = |name: &str, passed| Check {
            name: name.into(),
            line: 1,
            passed,
            detail: "a < b & \"c\"\nd\u{7}".into(),
            elapsed: Duration::from_millis(1500),
        };
        let report = Report {
            scenario: "small".into(),
            phases: vec![],
            checks: vec![check("good", true), check("bad", false)],
            elapsed: Duration::from_secs(2),
            error: Some("stopped".into()),
        };
        insta::assert_snapshot!(to_junit(&report), @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuite name="small" tests="3" failures="1" errors="1" time="2.000">
          <testcase classname="small" name="good" time="1.500"/>
          <testcase classname="small" name="bad" time="1.500"><failure message="a &lt; b &amp; &quot;c&quot;&#10;d"/></testcase>
          <testcase classname="small" name="run"><error message="stopped"/></testcase>
        </testsuite>
        "#);
    }
}
