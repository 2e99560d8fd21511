//! A compact writer for replies: elements, lists of `<item>`, times and booleans as EC2 writes them.

use std::fmt::Display;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use quick_xml::Writer;
use quick_xml::escape::partial_escape;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use vpc_model::Tags;

/// The inside of an element that is being written.
pub(crate) struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    /// The bytes of what `write` writes, without any element around.
    pub(crate) fn fragment(write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut xml = Self { writer: Writer::new(Vec::new()) };
        write(&mut xml);
        xml.writer.into_inner()
    }

    /// An element with a text; an empty one where the text is empty.
    pub(crate) fn text(&mut self, name: &'static str, value: impl Display) {
        let text = value.to_string();
        if text.is_empty() {
            return self.event(Event::Empty(BytesStart::new(name)));
        }
        self.event(Event::Start(BytesStart::new(name)));
        // A reader would turn a bare carriage return into a line feed.
        let escaped = partial_escape(text.as_str()).replace('\r', "&#13;");
        self.event(Event::Text(BytesText::from_escaped(escaped)));
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An element with a text, or nothing at all.
    pub(crate) fn optional(&mut self, name: &'static str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// An element with a time in UTC to the millisecond.
    pub(crate) fn timestamp(&mut self, name: &'static str, time: Timestamp) {
        self.text(name, self::time(time));
    }

    /// What [`Self::fragment`] made.
    pub(crate) fn raw(&mut self, fragment: &[u8]) {
        self.writer.get_mut().extend_from_slice(fragment);
    }

    /// An element around others.
    pub(crate) fn element(&mut self, name: &'static str, inside: impl FnOnce(&mut Self)) {
        let start = self.writer.get_ref().len();
        self.event(Event::Start(BytesStart::new(name)));
        let content = self.writer.get_ref().len();
        inside(self);
        if self.writer.get_ref().len() == content {
            self.writer.get_mut().truncate(start);
            return self.event(Event::Empty(BytesStart::new(name)));
        }
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// An element with an `<item>` for each value, there even when it is empty.
    pub(crate) fn list<T>(
        &mut self,
        name: &'static str,
        values: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut Self, T),
    ) {
        self.element(name, |xml| {
            for value in values {
                xml.element("item", |xml| item(xml, value));
            }
        });
    }

    /// An element with a text `<item>` for each value.
    pub(crate) fn texts<T: Display>(&mut self, name: &'static str, values: impl IntoIterator<Item = T>) {
        self.element(name, |xml| {
            for value in values {
                xml.text("item", value);
            }
        });
    }

    /// `<tagSet>`.
    pub(crate) fn tags(&mut self, tags: &Tags) {
        self.list("tagSet", tags, |xml, (key, value)| {
            xml.text("key", key);
            xml.text("value", value);
        });
    }

    fn event(&mut self, event: Event<'_>) {
        self.writer.write_event(event).expect("writing to memory does not fail");
    }
}

/// A time as replies show it.
pub(crate) fn time(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(write: impl FnOnce(&mut Xml)) -> String {
        String::from_utf8(Xml::fragment(write)).expect("text in, text out")
    }

    #[test]
    fn elements() {
        let text = shown(|xml| {
            xml.text("description", "a < b & \"c\"\r\n");
            xml.text("platform", "");
            xml.optional("keyName", None::<&str>);
            xml.text("isDefault", true);
            xml.timestamp("launchTime", "2026-01-02T03:04:05.6789Z".parse().expect("a time"));
            xml.list("groupSet", ["sg-1"], |xml, id| xml.text("groupId", id));
            xml.list("tagSet", [(); 0], |_, ()| ());
            xml.texts("names", ["a", ""]);
        });
        insta::assert_snapshot!(text);
    }
}
