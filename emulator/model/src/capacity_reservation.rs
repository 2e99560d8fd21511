//! Capacity reservations: room for instances of a type in a zone, which launches take.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-capacity-reservations.html>.

use jiff::{SignedDuration, Timestamp};

use crate::{
    CapacityReservationId, Context, Instance, InstanceId, InstanceState, Model, Tags, ZoneName, instance_type,
};

/// How many instances a reservation can be for, and by how many a change can differ.
const MAX_INSTANCES: u32 = 1000;
/// How long one that has ended is still shown.
const ENDED_SHOWN: SignedDuration = SignedDuration::from_hours(1);

/// A capacity reservation.
#[derive(Debug, Clone)]
pub struct CapacityReservation {
    /// Its id.
    pub id: CapacityReservationId,
    /// The type of the instances.
    pub instance_type: String,
    /// What they run, such as `Linux/UNIX`.
    pub platform: String,
    /// Where they are.
    pub zone: ZoneName,
    /// Whether they have their hardware for themselves.
    pub is_dedicated: bool,
    /// How many they are.
    pub total: u32,
    /// Whether they are optimized for EBS.
    pub ebs_optimized: bool,
    /// The cluster placement group they are in.
    pub placement_group: Option<String>,
    /// When the reservation ends by itself.
    pub end: Option<Timestamp>,
    /// Which launches take it.
    pub matching: InstanceMatch,
    /// When it was made.
    pub created: Timestamp,
    /// How and when it ended.
    pub ended: Option<(Ended, Timestamp)>,
    /// Its tags.
    pub tags: Tags,
}

/// Which launches take a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InstanceMatch {
    /// All that fit.
    Open,
    /// Those that name it.
    Targeted,
}

/// How a reservation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Somebody cancelled it.
    Cancelled,
    /// Its time was over.
    Expired,
}

impl CapacityReservation {
    /// Its state as EC2 writes it.
    pub fn state(&self) -> &'static str {
        match self.ended {
            None => "active",
            Some((Ended::Cancelled, _)) => "cancelled",
            Some((Ended::Expired, _)) => "expired",
        }
    }

    /// Whether instances can take it.
    pub fn is_active(&self) -> bool {
        self.ended.is_none()
    }

    /// When something happens to it by itself.
    fn due(&self) -> Option<Timestamp> {
        match self.ended {
            None => self.end,
            Some((_, at)) => at.checked_add(ENDED_SHOWN).ok(),
        }
    }

    /// Whether an instance can take it.
    fn fits(&self, instance: &Instance) -> bool {
        self.is_active() && self.instance_type == instance.instance_type && self.zone == instance.zone
    }
}

/// What CreateCapacityReservation asks for.
#[derive(Debug, Clone)]
pub struct NewCapacityReservation {
    /// The type of the instances.
    pub instance_type: String,
    /// What they run.
    pub platform: String,
    /// Where they are.
    pub zone: ZoneName,
    /// Whether they have their hardware for themselves.
    pub is_dedicated: bool,
    /// How many they are.
    pub count: u32,
    /// Whether they are optimized for EBS.
    pub ebs_optimized: bool,
    /// The cluster placement group they are in.
    pub placement_group: Option<String>,
    /// When the reservation ends by itself.
    pub end: Option<Timestamp>,
    /// Which launches take it.
    pub matching: InstanceMatch,
    /// Its tags.
    pub tags: Tags,
}

/// What ModifyCapacityReservation changes; the rest stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct CapacityReservationChange {
    /// How many instances it is for.
    pub count: Option<u32>,
    /// When it ends: never, or at a time.
    pub end: Option<Option<Timestamp>>,
    /// Which launches take it.
    pub matching: Option<InstanceMatch>,
}

/// Which reservation an instance takes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    /// An open one that fits, if there is room.
    Open,
    /// None.
    None,
    /// One that fits, or the launch is refused.
    Only,
    /// A certain one.
    Target(CapacityReservationId),
}

/// Why an operation on a capacity reservation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CapacityError {
    /// No such reservation.
    #[error("capacity reservation {0} does not exist")]
    NotFound(CapacityReservationId),
    /// What is no reservation's id.
    #[error("{0:?} is no capacity reservation's id")]
    Malformed(String),
    /// It has ended.
    #[error("capacity reservation {id} is {state}")]
    Ended {
        /// The reservation.
        id: CapacityReservationId,
        /// Its state.
        state: &'static str,
    },
    /// No such instance type.
    #[error("there is no instance type {0:?}")]
    NoSuchType(String),
    /// Not between 1 and 1,000.
    #[error("a reservation cannot be for {0} instances")]
    Count(u32),
    /// More instances use it than it would be for.
    #[error("{used} instances use capacity reservation {id}")]
    InUse {
        /// The reservation.
        id: CapacityReservationId,
        /// How many use it.
        used: u32,
    },
    /// It would end in the past.
    #[error("{0} is over")]
    EndIsOver(Timestamp),
    /// Instances of another type or zone are launched into it.
    #[error("capacity reservation {0} does not fit")]
    Mismatch(CapacityReservationId),
    /// There is no room in the reservation, or in any.
    #[error("there is no room in a capacity reservation")]
    Exceeded,
}

impl Model {
    /// Makes a capacity reservation. Running instances that fit an open one take it.
    pub fn create_capacity_reservation(
        &mut self,
        cx: &mut Context,
        new: NewCapacityReservation,
    ) -> Result<CapacityReservationId, CapacityError> {
        if instance_type::find(&new.instance_type).is_none() {
            return Err(CapacityError::NoSuchType(new.instance_type));
        }
        if !(1..=MAX_INSTANCES).contains(&new.count) {
            return Err(CapacityError::Count(new.count));
        }
        check_end(new.end, cx.now)?;
        let id: CapacityReservationId = cx.ids.next();
        let reservation = CapacityReservation {
            id: id.clone(),
            instance_type: new.instance_type,
            platform: new.platform,
            zone: new.zone,
            is_dedicated: new.is_dedicated,
            total: new.count,
            ebs_optimized: new.ebs_optimized,
            placement_group: new.placement_group,
            end: new.end,
            matching: new.matching,
            created: cx.now,
            ended: None,
            tags: new.tags,
        };
        self.capacity_reservations.insert(id.clone(), reservation);
        self.fill(&id);
        self.touch();
        Ok(id)
    }

    /// Changes a capacity reservation.
    pub fn modify_capacity_reservation(
        &mut self,
        cx: &mut Context,
        id: &CapacityReservationId,
        change: CapacityReservationChange,
    ) -> Result<(), CapacityError> {
        let (found, used) = (self.active(id)?, self.capacity_used(id));
        if let Some(count) = change.count {
            if count == 0 || count.abs_diff(found.total) > MAX_INSTANCES {
                return Err(CapacityError::Count(count));
            }
            if count < used {
                return Err(CapacityError::InUse { id: id.clone(), used });
            }
        }
        if change.matching.is_some_and(|matching| matching != found.matching) && used > 0 {
            return Err(CapacityError::InUse { id: id.clone(), used });
        }
        check_end(change.end.flatten(), cx.now)?;
        if let Some(found) = self.capacity_reservations.get_mut(id) {
            found.total = change.count.unwrap_or(found.total);
            found.end = change.end.unwrap_or(found.end);
            found.matching = change.matching.unwrap_or(found.matching);
        }
        self.fill(id);
        self.touch();
        Ok(())
    }

    /// Ends a capacity reservation. Its instances run on.
    pub fn cancel_capacity_reservation(
        &mut self,
        cx: &mut Context,
        id: &CapacityReservationId,
    ) -> Result<(), CapacityError> {
        self.active(id)?;
        self.end_reservation(id, Ended::Cancelled, cx.now);
        self.touch();
        Ok(())
    }

    /// How many instances use a reservation.
    pub fn capacity_used(&self, id: &CapacityReservationId) -> u32 {
        self.instances
            .values()
            .filter(|instance| uses(instance) && instance.capacity_reservation.as_ref() == Some(id))
            .count() as u32
    }

    /// How many more instances a reservation has room for.
    pub fn capacity_available(&self, reservation: &CapacityReservation) -> u32 {
        if reservation.is_active() { reservation.total.saturating_sub(self.capacity_used(&reservation.id)) } else { 0 }
    }

    /// The reservation that an instance takes, if one.
    pub(crate) fn choose_capacity(&self, instance: &Instance) -> Result<Option<CapacityReservationId>, CapacityError> {
        let is_open = |found: &&CapacityReservation| {
            found.matching == InstanceMatch::Open && found.fits(instance) && self.capacity_available(found) > 0
        };
        let open = || self.capacity_reservations.values().find(is_open).map(|found| found.id.clone());
        match choice(instance)? {
            Choice::None => Ok(None),
            Choice::Open => Ok(open()),
            Choice::Only => open().map(Some).ok_or(CapacityError::Exceeded),
            Choice::Target(id) => {
                let found = self.active(&id)?;
                if !found.fits(instance) {
                    return Err(CapacityError::Mismatch(id));
                }
                if self.capacity_available(found) == 0 { Err(CapacityError::Exceeded) } else { Ok(Some(id)) }
            }
        }
    }

    /// Completes what is due on capacity reservations. Whether anything was.
    pub(crate) fn advance_capacity_reservations(&mut self, now: Timestamp) -> bool {
        let expires = |found: &&CapacityReservation| found.is_active() && found.end.is_some_and(|end| end <= now);
        let expired: Vec<_> = self.capacity_reservations.values().filter(expires).cloned().collect();
        for found in &expired {
            self.end_reservation(&found.id, Ended::Expired, found.end.unwrap_or(now));
        }
        let is_over = |found: &&CapacityReservation| found.due().is_some_and(|due| due <= now);
        let over: Vec<_> = self.capacity_reservations.values().filter(is_over).map(|found| found.id.clone()).collect();
        for id in &over {
            self.capacity_reservations.remove(id);
        }
        !expired.is_empty() || !over.is_empty()
    }

    /// When something is due on a capacity reservation.
    pub(crate) fn capacity_reservations_due(&self) -> Option<Timestamp> {
        self.capacity_reservations.values().filter_map(CapacityReservation::due).min()
    }

    fn active(&self, id: &CapacityReservationId) -> Result<&CapacityReservation, CapacityError> {
        let found = self.capacity_reservations.get(id).ok_or_else(|| CapacityError::NotFound(id.clone()))?;
        if found.is_active() { Ok(found) } else { Err(CapacityError::Ended { id: id.clone(), state: found.state() }) }
    }

    fn end_reservation(&mut self, id: &CapacityReservationId, how: Ended, at: Timestamp) {
        if let Some(found) = self.capacity_reservations.get_mut(id) {
            found.ended = Some((how, at));
        }
        let is_in = |instance: &&Instance| instance.capacity_reservation.as_ref() == Some(id);
        let inside: Vec<InstanceId> =
            self.instances.values().filter(is_in).map(|instance| instance.id.clone()).collect();
        for instance in inside {
            self.put_into(&instance, None);
        }
    }

    /// Lets instances that run take an open reservation.
    fn fill(&mut self, id: &CapacityReservationId) {
        let Some(found) = self.capacity_reservations.get(id).filter(|found| found.matching == InstanceMatch::Open)
        else {
            return;
        };
        let room = self.capacity_available(found) as usize;
        let is_fitting = |instance: &&Instance| {
            uses(instance)
                && instance.capacity_reservation.is_none()
                && choice(instance) == Ok(Choice::Open)
                && found.fits(instance)
        };
        let takers: Vec<InstanceId> =
            self.instances.values().filter(is_fitting).take(room).map(|instance| instance.id.clone()).collect();
        for taker in takers {
            self.put_into(&taker, Some(id.clone()));
        }
    }

    /// An instance that starts again takes what it took, or what there is by now.
    pub(crate) fn retake_capacity(&mut self, id: &InstanceId) {
        self.put_into(id, None);
        let Some(instance) = self.instances.get(id) else { return };
        let chosen = self.choose_capacity(instance).ok().flatten();
        self.put_into(id, chosen);
    }

    fn put_into(&mut self, id: &InstanceId, reservation: Option<CapacityReservationId>) {
        if let Some(instance) = self.instances.get_mut(id) {
            instance.capacity_reservation = reservation;
        }
    }
}

/// What an instance's launch said. Spot Instances take no reservations.
///
/// Deviation: there are no resource groups, so one that is named stands for any open reservation.
fn choice(instance: &Instance) -> Result<Choice, CapacityError> {
    let said = |path: &str| instance.options.text(&format!("CapacityReservationSpecification.{path}"));
    if let Some(id) = said("CapacityReservationTarget.CapacityReservationId") {
        return id.parse().map(Choice::Target).map_err(|_| CapacityError::Malformed(id.to_owned()));
    }
    Ok(match said("CapacityReservationPreference") {
        _ if instance.options.market.is_some() => Choice::None,
        Some("none") => Choice::None,
        Some("capacity-reservations-only") => Choice::Only,
        _ => Choice::Open,
    })
}

/// Whether an instance needs capacity.
fn uses(instance: &Instance) -> bool {
    matches!(instance.state, InstanceState::Pending | InstanceState::Running | InstanceState::Stopping)
}

fn check_end(end: Option<Timestamp>, now: Timestamp) -> Result<(), CapacityError> {
    end.filter(|end| *end <= now).map_or(Ok(()), |end| Err(CapacityError::EndIsOver(end)))
}
