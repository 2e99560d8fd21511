//! Replies as a small tree of elements.

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use quick_xml::reader::Reader;

use crate::error::Error;

/// An element: its name, its text and the elements in it. Attributes and name spaces are of no interest here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// Reads a document and returns its root.
    ///
    /// # Errors
    /// [`Error::MALFORMED_REPLY`] if it is not XML.
    pub fn parse(document: &str) -> Result<Self, Error> {
        let malformed = |err: &dyn std::fmt::Display| Error::local(Error::MALFORMED_REPLY, err);
        let mut reader = Reader::from_str(document);
        // The lowest entry collects the root; entries above it are the open elements.
        let mut open = vec![Self::default()];
        loop {
            let top = open.last_mut().expect("the lowest entry is never closed");
            match reader.read_event().map_err(|err| malformed(&err))? {
                Event::Start(start) => open.push(Self::named(start.local_name().as_ref())),
                Event::Empty(start) => top.children.push(Self::named(start.local_name().as_ref())),
                Event::End(_) => {
                    let done = open.pop().expect("quick-xml checks that ends match starts");
                    let parent = open.last_mut().ok_or_else(|| malformed(&"an end without a start"))?;
                    parent.children.push(done);
                }
                Event::Text(text) => top.text.push_str(&text.xml_content(XmlVersion::Implicit1_0)),
                Event::CData(text) => top.text.push_str(&text.xml_content(XmlVersion::Implicit1_0)),
                Event::GeneralRef(reference) => {
                    let character = reference.resolve_char_ref().map_err(|err| malformed(&err))?;
                    match (character, resolve_predefined_entity(&reference)) {
                        (Some(character), _) => top.text.push(character),
                        (None, Some(text)) => top.text.push_str(text),
                        (None, None) => return Err(malformed(&"an unknown entity")),
                    }
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        match <[Self; 1]>::try_from(open).map(|[bottom]| bottom.children.into_iter().next()) {
            Ok(Some(root)) => Ok(root),
            _ => Err(malformed(&"no complete document")),
        }
    }

    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The element's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The element's own text, without white space around it.
    pub fn value(&self) -> &str {
        self.text.trim()
    }

    /// The elements in it.
    pub fn children(&self) -> &[Self] {
        &self.children
    }

    /// The first element at a path such as `networkInterface/attachment`. The empty path is the element itself.
    pub fn element(&self, path: &str) -> Option<&Self> {
        path.split('/')
            .filter(|name| !name.is_empty())
            .try_fold(self, |element, name| element.children.iter().find(|child| child.name == name))
    }

    /// The text at a path; `None` if there is no such element.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.element(path).map(Self::value)
    }

    /// The `item`s of the list at a path; none if there is no such list.
    pub fn items(&self, path: &str) -> impl Iterator<Item = &Self> {
        self.element(path).into_iter().flat_map(|list| list.children.iter().filter(|child| child.name == "item"))
    }

    /// The text at a path that every such reply has.
    ///
    /// # Errors
    /// [`Error::MALFORMED_REPLY`] if there is none.
    pub fn required(&self, path: &str) -> Result<&str, Error> {
        self.text(path)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| Error::local(Error::MALFORMED_REPLY, format_args!("no {path} in {}", self.name)))
    }

    /// The value at a path that every such reply has.
    ///
    /// # Errors
    /// [`Error::MALFORMED_REPLY`] if there is none or it is of another kind.
    pub fn parsed<T: std::str::FromStr>(&self, path: &str) -> Result<T, Error> {
        parse(path, self.required(path)?)
    }

    /// The value at a path that some such replies have.
    ///
    /// # Errors
    /// [`Error::MALFORMED_REPLY`] if it is of another kind.
    pub fn optional<T: std::str::FromStr>(&self, path: &str) -> Result<Option<T>, Error> {
        self.text(path).filter(|text| !text.is_empty()).map(|text| parse(path, text)).transpose()
    }
}

fn parse<T: std::str::FromStr>(path: &str, text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| Error::local(Error::MALFORMED_REPLY, format_args!("{path} cannot be {text:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<R xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId><set><item><a>x &amp; y&#33;</a></item>
<item><a/><n>7</n></item></set><empty/></R>"#;

    #[test]
    fn paths_lead_to_text_and_items() {
        let reply = Element::parse(REPLY).unwrap();
        assert_eq!(reply.name(), "R");
        assert_eq!(reply.text("requestId"), Some("1"));
        let items: Vec<_> = reply.items("set").collect();
        assert_eq!(items[0].text("a"), Some("x & y!"));
        assert_eq!(items[1].text("a"), Some(""));
        assert_eq!(items[1].parsed::<u8>("n"), Ok(7));
        assert_eq!(reply.items("empty").count() + reply.items("absent").count(), 0);
        assert_eq!(items[1].required("m").unwrap_err().message, "no m in item");
    }

    #[test]
    fn half_a_document_is_refused() {
        assert_eq!(Element::parse("<R><a>1</a>").unwrap_err().code, Error::MALFORMED_REPLY);
        assert_eq!(Element::parse("").unwrap_err().code, Error::MALFORMED_REPLY);
    }
}
