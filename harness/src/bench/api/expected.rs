//! What has to be in an answer: a server that answers fast and wrong is not compared.

use crate::bench::client::Answer;

/// A call, and what its answer has to hold.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) form: String,
    pub(super) expected: Expected,
}

/// What an answer has to hold.
#[derive(Debug)]
pub(super) enum Expected {
    /// This ENI and no other.
    Eni(String),
    /// So many ENIs.
    Enis(usize),
    /// That it is done.
    Done,
}

impl Expected {
    /// What is wrong with an answer.
    pub(super) fn wrong(&self, answer: &Answer) -> Option<String> {
        if !answer.is_success() {
            return Some(format!("status {}", answer.status()));
        }
        let Ok(found) = answer.count("networkInterfaceId") else { return Some("not text".to_owned()) };
        match self {
            Self::Eni(id) if found == 1 => {
                let is_another = answer.text("networkInterfaceId").is_ok_and(|found| found != *id);
                is_another.then(|| "another ENI".to_owned())
            }
            Self::Eni(_) => Some(format!("{found} ENIs, not 1")),
            Self::Enis(count) => (found != *count).then(|| format!("{found} ENIs, not {count}")),
            Self::Done => {
                let is_done = answer.text("return").is_ok_and(|done| done == "true");
                (!is_done).then(|| "no <return>true".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::that_one(200, &["eni-1"], Expected::Eni("eni-1".into()), None)]
    #[case::another(200, &["eni-2"], Expected::Eni("eni-1".into()), Some("another ENI"))]
    #[case::filter_ignored(200, &["eni-1", "eni-2"], Expected::Eni("eni-1".into()), Some("2 ENIs, not 1"))]
    #[case::nothing_found(200, &[], Expected::Eni("eni-1".into()), Some("0 ENIs, not 1"))]
    #[case::a_page_only(200, &["eni-1"], Expected::Enis(2), Some("1 ENIs, not 2"))]
    #[case::all(200, &["eni-1", "eni-2"], Expected::Enis(2), None)]
    #[case::refused(501, &[], Expected::Enis(0), Some("status 501"))]
    #[case::not_done(200, &[], Expected::Done, Some("no <return>true"))]
    fn answers(#[case] status: u16, #[case] enis: &[&str], #[case] expected: Expected, #[case] wrong: Option<&str>) {
        let body: String = enis.iter().map(|id| format!("<networkInterfaceId>{id}</networkInterfaceId>")).collect();
        assert_eq!(expected.wrong(&Answer::new(status, &body)).as_deref(), wrong);
    }

    #[test]
    fn what_is_done_says_so() {
        assert_eq!(Expected::Done.wrong(&Answer::new(200, "<return>true</return>")), None);
    }
}
