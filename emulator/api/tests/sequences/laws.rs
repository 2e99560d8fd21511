//! What has to hold after each step of a sequence.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ec2_api::Response;
use jiff::SignedDuration;
use quick_xml::Reader;
use quick_xml::events::Event as XmlEvent;
use vpc_model::{Model, NetworkInterfaceId, SubnetId};

use crate::shown;
use crate::world::{Event, World, text};

/// A step of a sequence. What it makes has ids of its own seed, so they are the same whatever went before.
#[derive(Debug, Clone)]
pub enum Step {
    /// A call with a form.
    Call(&'static str, String, u64),
    /// So many seconds pass.
    Pass(i64),
    /// Instances and attachments come to rest.
    Settle,
    /// The account begins anew.
    Reset(u64),
}

/// A sequence as it runs.
pub struct Run {
    seed: u64,
    /// The account.
    pub world: World,
    events: Vec<Event>,
}

/// The seed of retries, which make nothing.
const RETRY: u64 = u64::MAX;

/// Whether DryRun says of an action no more than that it may be called.
fn is_formal(action: &str) -> bool {
    action == "CreateFleet"
}

impl Run {
    pub fn new(seed: u64) -> Self {
        Self { seed, world: World::new(seed), events: Vec::new() }
    }

    /// Does a step, and checks what has to hold after any. Gives whether it was refused.
    pub fn step(&mut self, step: &Step) -> Result<bool, String> {
        let is_refused = match step {
            Step::Call(action, form, seed) => self.call(action, form, *seed)?,
            Step::Pass(seconds) => self.pass(SignedDuration::from_secs(*seconds))?,
            Step::Settle => {
                let event = Event::Settle(self.world.now);
                event.repeat(&mut self.world.model);
                self.events.push(event);
                false
            }
            Step::Reset(seed) => {
                self.events.push(self.world.reset(*seed));
                false
            }
        };
        self.world.model.check_invariants().map_err(|broken| broken.join("\n"))?;
        Ok(is_refused)
    }

    /// Does all that was accepted once more, as a journal would.
    pub fn replay(&self) -> Result<(), String> {
        let mut again = World::new(self.seed).model;
        self.events.iter().for_each(|event| event.repeat(&mut again));
        must(format!("{again:?}") == format!("{:?}", self.world.model), "the same calls lead elsewhere")
    }

    fn call(&mut self, action: &str, form: &str, seed: u64) -> Result<bool, String> {
        let (before, generation) = (text(&self.world.model), self.world.model.generation());
        let model = self.world.model.clone();
        let (dry, after_dry) = self.world.dry_run(form, seed);
        let (response, events) = self.world.call(form, seed);
        self.events.extend(events);
        must(before == text(&after_dry), "a dry run changed something")?;
        check_xml(action, &response)?;
        check_xml(action, &dry)?;
        let expected = response.code.unwrap_or("DryRunOperation");
        let agrees = dry.code == Some(expected) || is_formal(action);
        must(agrees, &format!("a dry run said {:?}, and the call {expected}", dry.code))?;
        if response.code.is_some() {
            must(before == text(&self.world.model), "a refused call changed something")?;
            must(generation == self.world.model.generation(), "a refused call counts as a change")?;
            return Ok(true);
        }
        check_reservations(&model, &self.world.model, form)?;
        shown::check(&self.world, action, form, &response, &before)?;
        self.retry(form, &response)?;
        Ok(false)
    }

    /// A call with a token, sent again, is answered again and changes nothing; with other parameters it is refused.
    fn retry(&self, form: &str, first: &Response) -> Result<(), String> {
        if !form.contains("ClientToken=") {
            return Ok(());
        }
        let mut world = self.world.clone();
        let (again, events) = world.call(form, RETRY);
        must(again == *first, "a retry is answered otherwise")?;
        must(events.is_empty() && text(&world.model) == text(&self.world.model), "a retry changed something")?;
        let tags = "TagSpecification.1.ResourceType=x&TagSpecification.1.Tag.1.Key=retry";
        let (other, _) = world.call(&format!("{form}&{tags}"), RETRY);
        must(other.code.is_some() && text(&world.model) == text(&self.world.model), "another call took the token")
    }

    /// Time passes, in two steps for one account and in one for the other: both have to come to the same.
    fn pass(&mut self, time: SignedDuration) -> Result<bool, String> {
        let mut halfway = self.world.model.clone();
        halfway.advance(self.world.now + time / 2);
        self.world.now += time;
        let event = Event::Advance(self.world.now);
        event.repeat(&mut self.world.model);
        self.events.push(event);
        halfway.advance(self.world.now);
        must(text(&halfway) == text(&self.world.model), "time in two parts leads elsewhere")?;
        let due = self.world.model.next_due();
        must(due.is_none_or(|due| due > self.world.now), &format!("{due:?} is due and did not happen"))?;
        Ok(false)
    }
}

pub fn must(holds: bool, law: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(law.to_owned()) }
}

/// Checks that an answer is XML of the form that all of EC2's have.
fn check_xml(action: &str, response: &Response) -> Result<(), String> {
    let body = str::from_utf8(&response.body).map_err(|err| err.to_string())?;
    let (mut reader, mut path, mut names) = (Reader::from_str(body), Vec::new(), BTreeSet::new());
    loop {
        match reader.read_event().map_err(|err| format!("{err} in {body}"))? {
            XmlEvent::Start(start) => {
                path.push(start.name().as_ref().to_owned());
                names.insert(path.join("."));
            }
            XmlEvent::Empty(empty) => {
                names.insert(format!("{}.{}", path.join("."), empty.name().as_ref()));
            }
            XmlEvent::End(_) => drop(path.pop()),
            XmlEvent::Eof => break,
            _ => {}
        }
    }
    let Some(code) = response.code else {
        let id = format!("{action}Response.requestId");
        return must(path.is_empty() && response.status == 200 && names.contains(&id), &format!("odd: {body}"));
    };
    let is_told = body.contains(&format!("<Code>{code}</Code>")) && names.contains("Response.Errors.Error.Message");
    let is_callers = (400..500).contains(&response.status) && code != "InternalError";
    must(path.is_empty() && is_told && is_callers, &format!("odd: {} {body}", response.status))
}

/// All addresses of a model's ENIs, with their subnets.
fn addresses(model: &Model) -> BTreeSet<(NetworkInterfaceId, SubnetId, IpAddr)> {
    let of = |eni: &vpc_model::NetworkInterface| {
        let (id, subnet) = (eni.id.clone(), eni.subnet_id.clone());
        eni.addresses().singles().map(move |address| (id.clone(), subnet.clone(), address)).collect::<Vec<_>>()
    };
    model.network_interfaces().flat_map(of).collect()
}

/// Checks that no address was given out of a reserved part unless it was asked for.
fn check_reservations(before: &Model, after: &Model, form: &str) -> Result<(), String> {
    let old = addresses(before);
    for (eni, subnet, address) in addresses(after).difference(&old) {
        let own = |it: &&vpc_model::SubnetCidrReservation| it.subnet_id == *subnet;
        let part = before.subnet_cidr_reservations().filter(own).find(|it| it.cidr.contains(address));
        let is_named = form.split(['=', '&']).any(|word| word == address.to_string());
        must(part.is_none() || is_named, &format!("{eni} got {address} of {part:?}"))?;
    }
    Ok(())
}
