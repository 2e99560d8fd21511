//! The states of transit gateways and attachments: like everything's, with changes that take time besides.

use jiff::Timestamp;

use crate::{LifeSpan, Phase};

/// How far a transit gateway or an attachment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitLife {
    pub(super) span: LifeSpan,
    /// What is under way is a change, not the making.
    is_change: bool,
}

impl TransitLife {
    pub(super) fn begin(now: Timestamp) -> Self {
        Self { span: LifeSpan::begin(now), is_change: false }
    }

    pub(super) fn change(&mut self, now: Timestamp) {
        *self = Self { span: LifeSpan::begin(now), is_change: true };
    }

    pub(super) fn end(&mut self, now: Timestamp) {
        self.span.end(now);
    }

    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match self.span.phase() {
            Phase::Pending if self.is_change => "modifying",
            phase => phase.as_str(),
        }
    }

    /// Whether it does its work; changes do not interrupt that.
    pub fn is_up(&self) -> bool {
        self.is_steady() || self.is_change && self.span.phase() == Phase::Pending
    }

    /// Whether it is neither ending nor gone.
    pub fn is_alive(&self) -> bool {
        self.span.phase().is_alive()
    }

    /// Whether it is there and nothing is under way.
    pub fn is_steady(&self) -> bool {
        self.span.phase() == Phase::Available
    }

    /// Whether it is gone and merely still shown.
    pub fn is_over(&self) -> bool {
        self.span.phase() == Phase::Deleted
    }
}
