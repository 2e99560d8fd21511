//! What the resources of one account in one region have to tell those of another account or region.
//!
//! A model never looks at another one. What another has to know of it is *news*: plain data about one subject,
//! told from the resources as they are. After a change, [`Model::write_messages`] compares the news with what was
//! told last, and writes a numbered message for each difference. Whoever keeps the models delivers them in the order
//! of their numbers: [`Model::receive_message`] on the one, [`Model::message_delivered`] on the other.

use jiff::Timestamp;

use crate::map::Map;
use crate::{AccountId, AddressOffer, AllocationId, Model, PeeringConnection, PeeringConnectionId, Region};

/// An account in a region, as models name each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

/// What news are about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A peering connection with a VPC there.
    Peering(PeeringConnectionId),
    /// An address that the account there is offered.
    AddressOffer(AllocationId),
    /// An address that the account there had.
    AcceptedAddress(AllocationId),
}

/// How a subject is now, seen from the place that tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// A peering connection, with this place's VPC as it is.
    Peering(Box<PeeringConnection>),
    /// An address that can be accepted.
    AddressOffer(AddressOffer),
    /// When an address was accepted.
    AcceptedAddress(Timestamp),
}

/// News on their way to another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Counts the messages of a place, from 1.
    pub number: u64,
    /// Who is told.
    pub to: Place,
    /// What about.
    pub subject: Subject,
    /// The news; none when there is nothing to tell about it any more.
    pub news: Option<News>,
}

/// What was told and heard so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outbox {
    written: u64,
    waiting: Map<u64, Message>,
    /// The last news of each subject.
    told: Map<(Place, Subject), News>,
    /// The last message of each other place.
    heard: Map<Place, u64>,
}

impl Model {
    /// Where these resources are.
    pub fn place(&self) -> Place {
        Place { account: self.account.clone(), region: self.region.clone() }
    }

    /// Writes what others have to know since the last time.
    pub fn write_messages(&mut self) {
        // One line a family: what it tells to whom.
        let news: Map<(Place, Subject), News> = self.peering_news().chain(self.address_news()).collect();
        let outbox = &mut self.outbox;
        let over = outbox.told.keys().filter(|key| !news.contains_key(*key)).map(|key| (key.clone(), None));
        let fresh = news.iter().filter(|(key, now)| outbox.told.get(*key) != Some(*now));
        let fresh = fresh.map(|(key, now)| (key.clone(), Some(now.clone())));
        let different: Vec<_> = over.chain(fresh).collect();
        for ((to, subject), news) in different {
            outbox.written += 1;
            let number = outbox.written;
            outbox.waiting.insert(number, Message { number, to, subject, news });
        }
        outbox.told = news;
    }

    /// The messages that are not delivered yet, in the order of their numbers.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.outbox.waiting.values()
    }

    /// One of them.
    pub fn message(&self, number: u64) -> Option<&Message> {
        self.outbox.waiting.get(&number)
    }

    /// Forgets a message that has been received.
    pub fn message_delivered(&mut self, number: u64) {
        self.outbox.waiting.remove(&number);
    }

    /// Takes a message of another place; one that has come before changes nothing.
    pub fn receive_message(&mut self, from: &Place, message: &Message, now: Timestamp) {
        if self.outbox.heard.get(from).is_some_and(|last| *last >= message.number) {
            return;
        }
        self.outbox.heard.insert(from.clone(), message.number);
        match (&message.subject, &message.news) {
            (Subject::AddressOffer(id), Some(News::AddressOffer(offer))) => {
                self.hear_of_address_offer(from, id, Some(offer));
            }
            (Subject::AddressOffer(id), _) => self.hear_of_address_offer(from, id, None),
            (Subject::AcceptedAddress(id), Some(News::AcceptedAddress(at))) => self.hear_of_accepted_address(id, *at),
            (_, Some(News::Peering(theirs))) => self.hear_of_peering(from, theirs),
            // What has happened stays so: each side shows an ended connection for a time of its own.
            (Subject::Peering(_) | Subject::AcceptedAddress(_), _) => {}
        }
        self.advance(now);
        self.touch();
    }
}
