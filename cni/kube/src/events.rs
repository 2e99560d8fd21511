//! Events about objects, as `kubectl describe` shows them.

use std::fmt;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource};
use tracing::warn;

/// How serious an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum Kind {
    Normal,
    Warning,
}

/// Records events for one component. The same event again within some minutes only counts up.
#[derive(Clone)]
pub struct Events(Recorder);

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

impl Events {
    /// Events of a component, on a node where there are several of it.
    pub fn new(client: Client, component: &str, node: Option<&str>) -> Self {
        let reporter = Reporter { controller: component.to_owned(), instance: node.map(str::to_owned) };
        Self(Recorder::new(client, reporter))
    }

    /// Records an event; a failure to do so is logged and changes nothing else.
    pub async fn record<K>(&self, about: &K, kind: Kind, reason: &str, message: &str)
    where
        K: Resource<DynamicType = ()>,
    {
        let event = Event {
            type_: match kind {
                Kind::Normal => EventType::Normal,
                Kind::Warning => EventType::Warning,
            },
            reason: reason.to_owned(),
            note: Some(fitting(message)),
            action: reason.to_owned(),
            secondary: None,
        };
        let about: ObjectReference = about.object_ref(&());
        if let Err(error) = self.0.publish(&event, &about).await {
            warn!(object = about.name, reason, %error, "event not recorded");
        }
    }
}

/// The API takes at most 1 KiB of text.
fn fitting(message: &str) -> String {
    const LONGEST: usize = 1024;
    if message.len() <= LONGEST {
        return message.to_owned();
    }
    let end = (0..=LONGEST - '…'.len_utf8()).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &message[..end])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::fits("x".repeat(1024), 1024)]
    #[case::too_long("x".repeat(1025), 1024)]
    #[case::not_within_a_character("é".repeat(600), 1023)]
    fn long_messages_are_cut(#[case] message: String, #[case] bytes: usize) {
        assert_eq!(fitting(&message).len(), bytes);
    }
}
