//! What this crate's tests share: an account to call, and replies that are easy to compare.

use jiff::{SignedDuration, Timestamp};
use quick_xml::Reader;
use quick_xml::events::Event;
use vpc_model::{AccountId, Context, Ids, Model, Region};

use crate::{call, dispatch, parse};

/// An account in a region, with ids from a fixed seed and a clock that stands still.
pub(crate) struct World {
    pub(crate) model: Model,
    pub(crate) ids: Ids,
    pub(crate) now: Timestamp,
}

/// A reply whose XML has been read.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) code: Option<&'static str>,
    pub(crate) body: String,
    /// Each text with the names of the elements around it, innermost last.
    texts: Vec<(Vec<String>, String)>,
}

impl World {
    /// An empty account in us-east-1.
    pub(crate) fn new() -> Self {
        Self::in_region("us-east-1")
    }

    /// An empty account in a region.
    pub(crate) fn in_region(region: &str) -> Self {
        Self {
            model: Model::empty(AccountId::from("111122223333"), Region::from(region)),
            ids: Ids::seeded(1),
            now: "2026-01-02T03:04:05Z".parse().expect("a time"),
        }
    }

    /// An account in us-east-1 with its default VPC.
    pub(crate) fn with_default_vpc() -> Self {
        let mut world = Self::new();
        let mut cx = Context { now: world.now, ids: &mut world.ids };
        world.model.create_default_vpc(&mut cx).expect("the account is empty");
        world
    }

    /// Calls an EC2 action with the parameters of a form.
    pub(crate) fn call(&mut self, action: &str, form: &str) -> Reply {
        self.send(&format!("Action={action}&Version=2016-11-15&{form}"))
    }

    /// Lets time pass, and what is due happen.
    pub(crate) fn pass(&mut self, time: &str) {
        let time: SignedDuration = time.parse().expect("a duration");
        self.now += time;
        self.model.advance(self.now);
    }

    /// Sends a whole form.
    pub(crate) fn send(&mut self, form: &str) -> Reply {
        let id = "11111111-2222-3333-4444-555555555555";
        let response = match parse(form.trim_end_matches('&').as_bytes()) {
            Ok(call) => dispatch(call, &mut self.model, &mut Context { now: self.now, ids: &mut self.ids }, id),
            Err(err) => err.response(id),
        };
        Reply::read(response)
    }
}

impl Reply {
    /// Reads a response; every one has to be XML.
    fn read(response: call::Response) -> Self {
        let body = String::from_utf8(response.body).expect("UTF-8");
        let mut reader = Reader::from_str(&body);
        let (mut path, mut texts, mut text) = (Vec::<String>::new(), Vec::new(), None::<String>);
        loop {
            match reader.read_event().expect("well-formed XML") {
                Event::Start(start) => {
                    path.push(start.name().as_ref().to_owned());
                    text = Some(String::new());
                }
                Event::Empty(empty) => {
                    path.push(empty.name().as_ref().to_owned());
                    texts.push((path.clone(), String::new()));
                    path.pop();
                    text = None;
                }
                Event::Text(part) => {
                    if let Some(text) = &mut text {
                        text.push_str(&part.xml10_content());
                    }
                }
                Event::GeneralRef(name) => {
                    let part = quick_xml::escape::unescape(&format!("&{};", &*name)).expect("known").into_owned();
                    text.get_or_insert_default().push_str(&part);
                }
                Event::End(_) => {
                    if let Some(text) = text.take() {
                        texts.push((path.clone(), text));
                    }
                    path.pop();
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert!(path.is_empty(), "every element is closed");
        Self { status: response.status, code: response.code, body, texts }
    }

    /// The texts of all elements of a name.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        let named = |path: &[String]| path.last().is_some_and(|last| last == name);
        self.texts.iter().filter(|(path, _)| named(path)).map(|(_, text)| text.as_str()).collect()
    }

    /// The text of the first element of a name.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.texts(name).first().copied().unwrap_or_else(|| panic!("no {name} in {}", self.body))
    }

    /// The body with a line for each element, for snapshots.
    pub(crate) fn lines(&self) -> String {
        self.body.replace("><", ">\n<")
    }

    /// The same reply; fails when it is an error.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, None, "{}", self.body);
        self
    }
}
