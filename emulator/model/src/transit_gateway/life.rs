//! The states of transit gateways and attachments: like everything's, with changes that take time and requests
//! that wait for an answer besides.

use jiff::Timestamp;

use crate::{LifeSpan, Phase};

/// How far a transit gateway or an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitLife {
    pub(super) span: LifeSpan,
    course: Course,
}

/// What the phases are those of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Being made, being there, being taken away.
    Plain,
    /// Being changed.
    Change,
    /// Being asked for; then it waits.
    Request,
    /// Being refused.
    Rejection,
}

impl TransitLife {
    pub(super) fn begin(now: Timestamp) -> Self {
        Self { span: LifeSpan::begin(now), course: Course::Plain }
    }

    pub(super) fn request(now: Timestamp) -> Self {
        Self { span: LifeSpan::begin(now), course: Course::Request }
    }

    pub(super) fn change(&mut self, now: Timestamp) {
        *self = Self { span: LifeSpan::begin(now), course: Course::Change };
    }

    pub(super) fn reject(&mut self, now: Timestamp) {
        self.span.end(now);
        self.course = Course::Rejection;
    }

    pub(super) fn end(&mut self, now: Timestamp) {
        self.span.end(now);
        self.course = Course::Plain;
    }

    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match (self.span.phase(), self.course) {
            (Phase::Pending, Course::Change) => "modifying",
            (Phase::Pending, Course::Request) => "initiatingRequest",
            (Phase::Available, Course::Request) => "pendingAcceptance",
            (Phase::Deleting, Course::Rejection) => "rejecting",
            (Phase::Deleted, Course::Rejection) => "rejected",
            (phase, _) => phase.as_str(),
        }
    }

    /// Whether it does its work; changes do not interrupt that.
    pub fn is_up(&self) -> bool {
        self.is_steady() || self.course == Course::Change && self.span.phase() == Phase::Pending
    }

    /// Whether it is neither ending nor gone.
    pub fn is_alive(&self) -> bool {
        self.span.phase().is_alive()
    }

    /// Whether it is there and nothing is under way.
    pub fn is_steady(&self) -> bool {
        self.span.phase() == Phase::Available && self.course != Course::Request
    }

    /// Whether it waits for somebody's consent.
    pub fn is_waiting(&self) -> bool {
        self.span.phase() == Phase::Available && self.course == Course::Request
    }

    /// Whether it is gone and merely still shown.
    pub fn is_over(&self) -> bool {
        self.span.phase() == Phase::Deleted
    }
}
