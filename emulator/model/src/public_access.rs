//! VPC Block Public Access: an account's decision that the VPCs of a region are kept from the internet, and what is
//! excepted from it.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html>.

use jiff::Timestamp;

use crate::{AccessExclusionId, Context, LifeSpan, Model, Phase, SubnetId, Tags, VpcId, life_span};

/// How many exclusions there can be in a region.
const MAX_EXCLUSIONS: usize = 50;

/// What internet gateways and egress-only internet gateways do not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessBlock {
    /// Nothing is kept back.
    #[default]
    Off,
    /// Nothing passes, in either direction.
    Bidirectional,
    /// What comes from the internet does not pass, unless it answers.
    Ingress,
}

impl AccessBlock {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Bidirectional => "block-bidirectional",
            Self::Ingress => "block-ingress",
        }
    }
}

/// What an exclusion lets through all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowedAccess {
    /// Everything.
    Bidirectional,
    /// What goes out, and the answers to it.
    Egress,
}

impl AllowedAccess {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bidirectional => "allow-bidirectional",
            Self::Egress => "allow-egress",
        }
    }
}

/// What is excepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excluded {
    /// A VPC with all its subnets.
    Vpc(VpcId),
    /// A subnet.
    Subnet(SubnetId),
}

/// An exception.
#[derive(Debug, Clone)]
pub struct AccessExclusion {
    /// Its id.
    pub id: AccessExclusionId,
    /// What is excepted.
    pub of: Excluded,
    /// What it lets through.
    pub allowed: AllowedAccess,
    /// When it was made.
    pub created: Timestamp,
    /// Its tags.
    pub tags: Tags,
    is_changed: bool,
    span: LifeSpan,
}

impl AccessExclusion {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match (self.span.phase(), self.is_changed) {
            (Phase::Pending, false) => "create-in-progress",
            (Phase::Available, false) => "create-complete",
            (Phase::Pending, true) => "update-in-progress",
            (Phase::Available, true) => "update-complete",
            (Phase::Deleting, _) => "delete-in-progress",
            (Phase::Deleted, _) => "delete-complete",
        }
    }

    /// When its state changed last.
    pub fn updated(&self) -> Timestamp {
        self.span.since()
    }

    /// When it ended, if it did.
    pub fn deleted(&self) -> Option<Timestamp> {
        (self.span.phase() == Phase::Deleted).then(|| self.span.since())
    }

    /// Whether it is neither ending nor gone.
    pub fn is_alive(&self) -> bool {
        self.span.phase().is_alive()
    }

    /// Whether it is in force: once made, changes do not interrupt it.
    fn is_in_force(&self) -> bool {
        self.is_alive() && (self.is_changed || self.span.phase() == Phase::Available)
    }
}

/// An account's decision for a region.
#[derive(Debug, Clone, Copy, Default)]
pub struct AccessOptions {
    /// What is kept back.
    pub block: AccessBlock,
    /// When that was decided; `None` while nobody did.
    span: Option<LifeSpan>,
}

impl AccessOptions {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match self.span.map(|span| span.phase()) {
            None => "default-state",
            Some(Phase::Pending) => "update-in-progress",
            Some(_) => "update-complete",
        }
    }

    /// When its state changed last.
    pub fn updated(&self) -> Option<Timestamp> {
        self.span.map(|span| span.since())
    }
}

/// Why an operation on exclusions is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// No such exclusion.
    #[error("exclusion {0} does not exist")]
    NotFound(AccessExclusionId),
    /// No such VPC.
    #[error("vpc {0} does not exist")]
    VpcNotFound(VpcId),
    /// No such subnet.
    #[error("subnet {0} does not exist")]
    SubnetNotFound(SubnetId),
    /// It is excepted already.
    #[error("{resource} is excepted by {exclusion}")]
    Duplicate {
        /// The VPC or subnet.
        resource: String,
        /// The exclusion there is.
        exclusion: AccessExclusionId,
    },
    /// There are as many as there can be.
    #[error("there are {0} exclusions")]
    TooMany(usize),
    /// It is being made, changed or taken away.
    #[error("exclusion {id} is {state}")]
    State {
        /// The exclusion.
        id: AccessExclusionId,
        /// Its state.
        state: &'static str,
    },
}

impl Model {
    /// What the account keeps from its VPCs in the region.
    pub fn public_access(&self) -> AccessOptions {
        self.public_access
    }

    /// Decides what is kept from the region's VPCs.
    pub fn set_public_access(&mut self, cx: &Context, block: AccessBlock) {
        self.public_access = AccessOptions { block, span: Some(LifeSpan::begin(cx.now)) };
        self.touch();
    }

    /// Begins to except a VPC or subnet.
    pub fn create_access_exclusion(
        &mut self,
        cx: &mut Context,
        of: Excluded,
        allowed: AllowedAccess,
        tags: Tags,
    ) -> Result<AccessExclusionId, AccessError> {
        let resource = match &of {
            Excluded::Vpc(id) if !self.vpcs.contains_key(id) => return Err(AccessError::VpcNotFound(id.clone())),
            Excluded::Subnet(id) if !self.subnets.contains_key(id) => {
                return Err(AccessError::SubnetNotFound(id.clone()));
            }
            Excluded::Vpc(id) => id.to_string(),
            Excluded::Subnet(id) => id.to_string(),
        };
        let there = || self.access_exclusions.values().filter(|one| one.deleted().is_none());
        if let Some(known) = there().find(|one| one.of == of) {
            return Err(AccessError::Duplicate { resource, exclusion: known.id.clone() });
        }
        if there().count() >= MAX_EXCLUSIONS {
            return Err(AccessError::TooMany(MAX_EXCLUSIONS));
        }
        let id: AccessExclusionId = cx.ids.next();
        let span = LifeSpan::begin(cx.now);
        let new = AccessExclusion { id: id.clone(), of, allowed, created: cx.now, tags, is_changed: false, span };
        self.access_exclusions.insert(id.clone(), new);
        self.touch();
        Ok(id)
    }

    /// Begins to let more or less through.
    pub fn modify_access_exclusion(
        &mut self,
        cx: &Context,
        id: &AccessExclusionId,
        allowed: AllowedAccess,
    ) -> Result<(), AccessError> {
        let found = self.settled_exclusion(id)?;
        (found.allowed, found.is_changed, found.span) = (allowed, true, LifeSpan::begin(cx.now));
        self.touch();
        Ok(())
    }

    /// Begins to take an exclusion away.
    pub fn delete_access_exclusion(&mut self, cx: &Context, id: &AccessExclusionId) -> Result<(), AccessError> {
        self.settled_exclusion(id)?.span.end(cx.now);
        self.touch();
        Ok(())
    }

    /// What is kept from a VPC, were it not for its subnets' own exclusions.
    pub fn access_block_of_vpc(&self, id: &VpcId) -> AccessBlock {
        self.access_block(|of| matches!(of, Excluded::Vpc(vpc) if vpc == id))
    }

    /// What is kept from a subnet.
    pub fn access_block_of_subnet(&self, id: &SubnetId) -> AccessBlock {
        let own = self.subnets.get(id).map(|subnet| &subnet.vpc_id);
        self.access_block(|of| match of {
            Excluded::Vpc(vpc) => own == Some(vpc),
            Excluded::Subnet(subnet) => subnet == id,
        })
    }

    /// Exclusions go with what they except.
    pub(crate) fn drop_access_exclusions(&mut self, of: &Excluded) {
        self.access_exclusions.retain(|_, exclusion| exclusion.of != *of);
    }

    /// Completes what was begun. Whether anything was.
    pub(crate) fn advance_public_access(&mut self, now: Timestamp) -> bool {
        let delay = self.delays.other;
        let moved = life_span::advance((&mut self.access_exclusions, |one| &mut one.span), delay, now);
        let own = self.public_access.span.as_mut();
        own.is_some_and(|span| life_span::advance_one(span, delay, now)) || moved
    }

    /// When something that was begun is complete.
    pub(crate) fn public_access_due(&self) -> Option<Timestamp> {
        let spans = self.access_exclusions.values().map(|one| &one.span);
        life_span::first_due(spans.chain(&self.public_access.span), self.delays.other)
    }

    fn settled_exclusion(&mut self, id: &AccessExclusionId) -> Result<&mut AccessExclusion, AccessError> {
        let found = self.access_exclusions.get_mut(id).filter(|one| one.deleted().is_none());
        let found = found.ok_or_else(|| AccessError::NotFound(id.clone()))?;
        let (is_settled, state) = (found.span.phase() == Phase::Available, found.state());
        if is_settled { Ok(found) } else { Err(AccessError::State { id: id.clone(), state }) }
    }

    fn access_block(&self, applies: impl Fn(&Excluded) -> bool) -> AccessBlock {
        let block = self.public_access.block;
        if block == AccessBlock::Off {
            return block;
        }
        let exclusions = self.access_exclusions.values().filter(|one| one.is_in_force() && applies(&one.of));
        let mut lowered = block;
        for exclusion in exclusions {
            match exclusion.allowed {
                AllowedAccess::Bidirectional => return AccessBlock::Off,
                AllowedAccess::Egress => lowered = AccessBlock::Ingress,
            }
        }
        lowered
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rstest::rstest;

    use super::*;
    use crate::Delays;
    use crate::testing::Account;

    #[rstest]
    #[case::nothing(AccessBlock::Off, None, None, AccessBlock::Off)]
    #[case::all(AccessBlock::Bidirectional, None, None, AccessBlock::Bidirectional)]
    #[case::vpc(AccessBlock::Bidirectional, Some(AllowedAccess::Bidirectional), None, AccessBlock::Off)]
    #[case::vpc_out(AccessBlock::Bidirectional, Some(AllowedAccess::Egress), None, AccessBlock::Ingress)]
    #[case::subnet(AccessBlock::Ingress, None, Some(AllowedAccess::Bidirectional), AccessBlock::Off)]
    #[case::subnet_out(AccessBlock::Ingress, None, Some(AllowedAccess::Egress), AccessBlock::Ingress)]
    #[case::both(
        AccessBlock::Bidirectional,
        Some(AllowedAccess::Egress),
        Some(AllowedAccess::Bidirectional),
        AccessBlock::Off
    )]
    fn what_is_kept_from_a_subnet(
        #[case] block: AccessBlock,
        #[case] vpc: Option<AllowedAccess>,
        #[case] subnet: Option<AllowedAccess>,
        #[case] expected: AccessBlock,
    ) {
        let mut account = Account::new();
        let excluded = [(Excluded::Vpc(account.vpc()), vpc), (Excluded::Subnet(account.subnet('a')), subnet)];
        for (of, allowed) in excluded {
            let Some(allowed) = allowed else { continue };
            account
                .with(|model, cx| model.create_access_exclusion(cx, of, allowed, Tags::new()))
                .expect("there is room");
        }
        account.with(|model, cx| model.set_public_access(cx, block));
        account.model.advance(account.now);
        assert_eq!(account.model.access_block_of_subnet(&account.subnet('a')), expected);
        let other = account.subnet('b');
        let vpc = account.vpc();
        assert_eq!(account.model.access_block_of_subnet(&other), account.model.access_block_of_vpc(&vpc));
    }

    #[test]
    fn an_exclusion_that_is_being_made_is_not_in_force() {
        let mut account = Account::new();
        account.model.set_delays(Delays { other: SignedDuration::from_secs(10), ..Delays::default() });
        account.with(|model, cx| model.set_public_access(cx, AccessBlock::Ingress));
        let of = Excluded::Vpc(account.vpc());
        let made =
            account.with(|model, cx| model.create_access_exclusion(cx, of, AllowedAccess::Bidirectional, Tags::new()));
        let id = made.expect("there is room");
        let vpc = account.vpc();
        assert_eq!(account.model.access_block_of_vpc(&vpc), AccessBlock::Ingress);
        account.now += SignedDuration::from_secs(10);
        account.model.advance(account.now);
        assert_eq!(account.model.access_block_of_vpc(&vpc), AccessBlock::Off);
        account.with(|model, cx| model.delete_access_exclusion(cx, &id)).expect("it is there");
        assert_eq!(account.model.access_block_of_vpc(&vpc), AccessBlock::Ingress);
        account.now += SignedDuration::from_hours(3);
        account.model.advance(account.now);
        assert!(account.model.access_exclusion(&id).is_none());
    }
}
