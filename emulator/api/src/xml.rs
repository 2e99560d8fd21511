//! A compact writer for replies: elements, lists of `<item>`, times and booleans as EC2 writes them.

use std::fmt::{Display, Write as _};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use quick_xml::escape::partial_escape;
use vpc_model::Tags;

/// The inside of an element that is being written.
///
/// A reply can have a million elements, so everything is written in place: no element is a value first.
pub(crate) struct Xml {
    written: String,
}

impl Xml {
    /// The bytes of what `write` writes, without any element around.
    pub(crate) fn fragment(write: impl FnOnce(&mut Self)) -> Vec<u8> {
        let mut xml = Self { written: String::with_capacity(1024) };
        write(&mut xml);
        xml.written.into_bytes()
    }

    /// An element with a text; an empty one where the text is empty.
    pub(crate) fn text(&mut self, name: &'static str, value: impl Display) {
        self.element(name, |xml| {
            let start = xml.written.len();
            write!(xml.written, "{value}").expect("writing to memory does not fail");
            xml.escape_from(start);
        });
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
        self.put(&[std::str::from_utf8(fragment).expect("fragments are UTF-8")]);
    }

    /// An element around others; an empty one where there are none.
    pub(crate) fn element(&mut self, name: &'static str, inside: impl FnOnce(&mut Self)) {
        self.put(&["<", name, ">"]);
        let content = self.written.len();
        inside(self);
        if self.written.len() == content {
            self.written.truncate(content - 1);
            return self.put(&["/>"]);
        }
        self.put(&["</", name, ">"]);
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

    /// The same as Auto Scaling has it: with a `<member>` for each value.
    pub(crate) fn members<T>(
        &mut self,
        name: &'static str,
        values: impl IntoIterator<Item = T>,
        mut member: impl FnMut(&mut Self, T),
    ) {
        self.element(name, |xml| {
            for value in values {
                xml.element("member", |xml| member(xml, value));
            }
        });
    }

    /// An element with a text `<member>` for each value.
    pub(crate) fn member_texts<T: Display>(&mut self, name: &'static str, values: impl IntoIterator<Item = T>) {
        self.element(name, |xml| {
            for value in values {
                xml.text("member", value);
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

    fn put(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.written.push_str(part));
    }

    /// Escapes the text written since `start`. Few texts need it.
    fn escape_from(&mut self, start: usize) {
        if !self.written.as_bytes()[start..].iter().any(|byte| matches!(byte, b'<' | b'>' | b'&' | b'\r')) {
            return;
        }
        let text = self.written.split_off(start);
        // A reader would turn a bare carriage return into a line feed.
        let escaped = partial_escape(text.as_str()).replace('\r', "&#13;");
        self.put(&[&escaped]);
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
