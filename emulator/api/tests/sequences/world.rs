//! An account that a sequence of calls happens to.

use ec2_api::{Response, dispatch, parse};
use jiff::{SignedDuration, Timestamp};
use vpc_model::{Context, Delays, Ids, Model};

use crate::template::Known;

/// The parameters that every request has.
const VERSION: &str = "Version=2016-11-15";

/// An account and the time there.
#[derive(Debug, Clone)]
pub struct World {
    pub model: Model,
    pub now: Timestamp,
    is_immediate: bool,
}

/// What a change to an account was, so that it can happen once more.
#[derive(Debug, Clone)]
pub enum Event {
    Call(u64, Timestamp, String),
    Advance(Timestamp),
    Settle(Timestamp),
    Reset(u64, Timestamp),
}

impl World {
    /// A fresh account. In some everything takes a while, in the others nothing does; some have a default VPC.
    pub fn new(seed: u64) -> Self {
        let now = "2026-01-02T03:04:05Z".parse().expect("a time");
        let is_immediate = !seed.is_multiple_of(3);
        let mut cx = Context { now, ids: &mut Ids::seeded(seed) };
        let (account, region) = ("111122223333".into(), "us-east-1".into());
        let has_defaults = seed.is_multiple_of(4);
        let mut model =
            if has_defaults { Model::with_defaults(account, region, &mut cx) } else { Model::empty(account, region) };
        if !is_immediate {
            let wait = SignedDuration::from_secs(10);
            let delays =
                Delays { nat_gateway: wait, vpc_endpoint: wait, transit_gateway: wait, vpn: wait, other: wait };
            model.set_delays(delays);
        }
        Self { model, now, is_immediate }
    }

    /// Sends a form, as the server does: what follows from it happens with it.
    pub fn call(&mut self, form: &str, seed: u64) -> (Response, Vec<Event>) {
        let before = self.model.generation();
        let response = send(&mut self.model, seed, self.now, form);
        let mut events = Vec::new();
        if self.model.generation() != before {
            events.push(Event::Call(seed, self.now, form.to_owned()));
            let event = if self.is_immediate { Event::Settle(self.now) } else { Event::Advance(self.now) };
            event.repeat(&mut self.model);
            events.push(event);
        }
        (response, events)
    }

    /// The same call on a copy of the account, with `DryRun`.
    pub fn dry_run(&self, form: &str, seed: u64) -> (Response, Model) {
        let mut model = self.model.clone();
        let response = send(&mut model, seed, self.now, &format!("{form}&DryRun=true"));
        (response, model)
    }

    /// Begins the account anew.
    pub fn reset(&mut self, seed: u64) -> Event {
        let event = Event::Reset(seed, self.now);
        event.repeat(&mut self.model);
        event
    }

    /// The ids that are known, by what they start with, given the model's text.
    pub fn known(&self, text: &str) -> Known {
        let mut known = Known::new();
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        for word in text.split(|c| !is_part(c)) {
            let Some((kind, digits)) = word.rsplit_once('-') else { continue };
            let is_id = digits.len() == 17 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let kind = if is_id { kind } else { "fleet" };
            if is_id || word.starts_with("fleet-") && word.len() == 42 {
                let ids = known.entry(kind.to_owned()).or_default();
                if !ids.iter().any(|id| id == word) {
                    ids.push(word.to_owned());
                }
            }
        }
        let blocks = self.model.vpcs().flat_map(|vpc| vpc.ipv6_cidr_blocks().collect::<Vec<_>>());
        let blocks = blocks.flat_map(|block| block.subnets(64).into_iter().flatten().take(2));
        let blocks: Vec<String> = blocks.map(|block| block.to_string()).collect();
        if !blocks.is_empty() {
            known.insert("ipv6-block".to_owned(), blocks);
        }
        known
    }
}

impl Event {
    /// Makes it happen to a model.
    pub fn repeat(&self, model: &mut Model) {
        match self {
            Self::Call(seed, now, form) => drop(send(model, *seed, *now, form)),
            Self::Advance(now) => model.advance(*now),
            Self::Settle(now) => model.settle(*now),
            Self::Reset(seed, now) => model.reset(&mut Context { now: *now, ids: &mut Ids::seeded(*seed) }),
        }
    }
}

fn send(model: &mut Model, seed: u64, now: Timestamp, form: &str) -> Response {
    let mut ids = Ids::seeded(seed);
    match parse(format!("{VERSION}&{form}").as_bytes()) {
        Ok(call) => dispatch(call, model, &mut Context { now, ids: &mut ids }, "request"),
        Err(err) => err.response("request"),
    }
}

/// All of a model but how many changes there were: a change that was undone counts as two.
pub fn text(model: &Model) -> String {
    let text = format!("{model:?}");
    match text.split_once("generation: ") {
        Some((start, rest)) => format!("{start}{}", rest.trim_start_matches(|c: char| c.is_ascii_digit())),
        None => text,
    }
}
