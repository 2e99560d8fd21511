//! Capacity reservations: CreateCapacityReservation, ModifyCapacityReservation, CancelCapacityReservation,
//! DescribeCapacityReservations, GetCapacityReservationUsage.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::capacity_reservation::{CapacityReservationChange, InstanceMatch, NewCapacityReservation};
use vpc_model::{
    AccountId, CapacityError, CapacityReservation, CapacityReservationId, Context, Model, ZoneId, ZoneName,
};

use super::describe::{Describable, Describe, Single, created};
use super::{Action, Done, Operation, Output, ReadOperation, read, write};
use crate::filter::Fields;
use crate::pagination::PageRequest;
use crate::query::{Query, values};
use crate::xml::{self, Xml};
use crate::{ApiError, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateCapacityReservation>(),
    write::<ModifyCapacityReservation>(),
    write::<CancelCapacityReservation>(),
    read::<Describe<CapacityReservation>>(),
    read::<GetCapacityReservationUsage>(),
];

/// What reserved instances can run.
const PLATFORMS: &[&str] = &[
    "Linux/UNIX",
    "Red Hat Enterprise Linux",
    "SUSE Linux",
    "Windows",
    "Windows with SQL Server",
    "Windows with SQL Server Enterprise",
    "Windows with SQL Server Standard",
    "Windows with SQL Server Web",
    "Linux with SQL Server Standard",
    "Linux with SQL Server Web",
    "Linux with SQL Server Enterprise",
    "RHEL with SQL Server Standard",
    "RHEL with SQL Server Enterprise",
    "RHEL with SQL Server Web",
    "RHEL with HA",
    "RHEL with HA and SQL Server Standard",
    "RHEL with HA and SQL Server Enterprise",
    "Ubuntu Pro",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum EndType {
    Unlimited,
    Limited,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tenancy {
    Default,
    Dedicated,
}

values! {
    EndType { Unlimited "unlimited", Limited "limited" }
    Tenancy { Default "default", Dedicated "dedicated" }
    InstanceMatch { Open "open", Targeted "targeted" }
}

fn tenancy(found: &CapacityReservation) -> &'static str {
    if found.is_dedicated { "dedicated" } else { "default" }
}

fn end_type(found: &CapacityReservation) -> &'static str {
    if found.end.is_some() { "limited" } else { "unlimited" }
}

fn matching(found: &CapacityReservation) -> &'static str {
    match found.matching {
        InstanceMatch::Open => "open",
        InstanceMatch::Targeted => "targeted",
    }
}

impl Describable for CapacityReservation {
    type Id = CapacityReservationId;
    type Item = ReservationItem;

    const ACTION: &'static str = "DescribeCapacityReservations";
    const IDS: &'static str = "CapacityReservationId";
    const SET: &'static str = "capacityReservationSet";
    const MAX_RESULTS: std::ops::RangeInclusive<u32> = 1..=1000;
    const FIELDS: Fields<Model, Self> = Fields {
        by_name: &[
            ("availability-zone", |_, found| vec![found.zone.to_string()]),
            ("end-date", |_, found| found.end.map(xml::time).into_iter().collect()),
            ("end-date-type", |_, found| vec![end_type(found).to_owned()]),
            ("instance-match-criteria", |_, found| vec![matching(found).to_owned()]),
            ("instance-platform", |_, found| vec![found.platform.clone()]),
            ("instance-type", |_, found| vec![found.instance_type.clone()]),
            ("outpost-arn", |_, _| Vec::new()),
            ("owner-id", |model, _| vec![model.account().to_string()]),
            ("placement-group-arn", |_, found| found.placement_group.iter().cloned().collect()),
            ("start-date", |_, found| vec![xml::time(found.created)]),
            ("state", |_, found| vec![found.state().to_owned()]),
            ("tenancy", |_, found| vec![tenancy(found).to_owned()]),
        ],
        tags: Some(|found| &found.tags),
    };

    fn id(&self) -> &CapacityReservationId {
        &self.id
    }

    fn find<'a>(model: &'a Model, id: &CapacityReservationId) -> Option<&'a Self> {
        model.capacity_reservation(id)
    }

    fn all(model: &Model) -> Vec<&Self> {
        model.capacity_reservations().collect()
    }

    fn missing(id: &CapacityReservationId) -> ApiError {
        CapacityError::NotFound(id.clone()).into()
    }

    fn item(&self, model: &Model, _: Timestamp) -> ReservationItem {
        let zone_id = model.zone(&self.zone).map(|zone| zone.id);
        ReservationItem {
            reservation: self.clone(),
            zone_id,
            arn: format!("arn:aws:ec2:{}:{}:capacity-reservation/{}", model.region(), model.account(), self.id),
            owner: model.account().clone(),
            available: model.capacity_available(self),
        }
    }
}

/// What is shown of a reservation.
#[derive(Debug)]
pub(crate) struct ReservationItem {
    reservation: CapacityReservation,
    zone_id: Option<ZoneId>,
    arn: String,
    owner: AccountId,
    available: u32,
}

impl Output for ReservationItem {
    fn write(&self, xml: &mut Xml) {
        let found = &self.reservation;
        xml.text("capacityReservationId", &found.id);
        xml.text("ownerId", &self.owner);
        xml.text("capacityReservationArn", &self.arn);
        xml.optional("availabilityZoneId", self.zone_id.as_ref());
        xml.text("instanceType", &found.instance_type);
        xml.text("instancePlatform", &found.platform);
        xml.text("availabilityZone", &found.zone);
        xml.text("tenancy", tenancy(found));
        xml.text("totalInstanceCount", found.total);
        xml.text("availableInstanceCount", self.available);
        xml.text("ebsOptimized", found.ebs_optimized);
        xml.text("ephemeralStorage", false);
        xml.text("state", found.state());
        xml.timestamp("startDate", found.created);
        if let Some(end) = found.end {
            xml.timestamp("endDate", end);
        }
        xml.text("endDateType", end_type(found));
        xml.text("instanceMatchCriteria", matching(found));
        xml.timestamp("createDate", found.created);
        xml.tags(&found.tags);
        xml.optional("placementGroupArn", found.placement_group.as_ref());
        let used = found.total.saturating_sub(self.available);
        let allocations = (found.is_active() && used > 0).then_some(used);
        xml.list("capacityAllocationSet", allocations, |xml, used| {
            xml.text("allocationType", "used");
            xml.text("count", used);
        });
        xml.text("reservationType", "default");
    }
}

/// Takes how a reservation ends; `None` where nothing is said.
fn end(query: &mut Query) -> Result<Option<Option<Timestamp>>, ApiError> {
    let (date, kind): (Option<Timestamp>, Option<EndType>) =
        (query.optional("EndDate")?, query.optional("EndDateType")?);
    match (date, kind) {
        (None, None) => Ok(None),
        (Some(date), None | Some(EndType::Limited)) => Ok(Some(Some(date))),
        (None, Some(EndType::Unlimited)) => Ok(Some(None)),
        (None, Some(EndType::Limited)) => Err(ApiError::missing("EndDate")),
        (Some(_), Some(EndType::Unlimited)) => {
            Err(ApiError::combination("EndDate can only be specified with an EndDateType of 'limited'"))
        }
    }
}

#[derive(Debug)]
struct CreateCapacityReservation {
    new: NewCapacityReservation,
    zone_id: Option<ZoneId>,
}

impl Operation for CreateCapacityReservation {
    const ACTION: &'static str = "CreateCapacityReservation";
    const CLIENT_TOKEN: bool = true;
    type Output = Single<ReservationItem>;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["OutpostArn", "StartDate", "CommitmentDuration", "DeliveryPreference"])?;
        // Deprecated, and without a consequence.
        let _disks = query.flag("EphemeralStorage")?;
        let platform: String = query.required("InstancePlatform")?;
        if !PLATFORMS.contains(&platform.as_str()) {
            return Err(ApiError::invalid("InstancePlatform", &platform, "Unknown platform."));
        }
        let zone: Option<ZoneName> = query.optional("AvailabilityZone")?;
        let zone_id = query.optional("AvailabilityZoneId")?;
        if zone.is_some() == zone_id.is_some() {
            return Err(if zone.is_none() {
                ApiError::missing("AvailabilityZone")
            } else {
                ApiError::combination("The parameter AvailabilityZone cannot be used with AvailabilityZoneId")
            });
        }
        let new = NewCapacityReservation {
            instance_type: query.required("InstanceType")?,
            platform,
            zone: zone.unwrap_or(ZoneName(String::new())),
            is_dedicated: query.or("Tenancy", Tenancy::Default)? == Tenancy::Dedicated,
            count: query.required("InstanceCount")?,
            ebs_optimized: query.flag("EbsOptimized")?,
            placement_group: query.optional("PlacementGroupArn")?,
            end: end(query)?.flatten(),
            matching: query.or("InstanceMatchCriteria", InstanceMatch::Open)?,
            tags: tag_specifications(query)?,
        };
        Ok(Self { new, zone_id })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let mut new = self.new;
        let zone = match &self.zone_id {
            Some(id) => model.zone_by_id(id).ok_or_else(|| ApiError::no_such_zone(id))?,
            None => model.zone(&new.zone).ok_or_else(|| ApiError::no_such_zone(&new.zone))?,
        };
        new.zone = zone.name;
        let id = model.create_capacity_reservation(cx, new)?;
        created::<CapacityReservation>("capacityReservation", model, cx.now, &id)
    }
}

/// Takes tags. This action's parameter has a name in the plural, unlike others'.
fn tag_specifications(query: &mut Query) -> Result<vpc_model::Tags, ApiError> {
    let kind = "capacity-reservation";
    Ok(tag_specification::decode_named(query, "TagSpecifications", &["capacity-reservation"])?
        .remove(kind)
        .unwrap_or_default())
}

#[derive(Debug)]
struct ModifyCapacityReservation {
    id: CapacityReservationId,
    change: CapacityReservationChange,
}

impl Operation for ModifyCapacityReservation {
    const ACTION: &'static str = "ModifyCapacityReservation";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["StartDate", "QuoteId", "AcceptModificationTerms"])?;
        // Reserved by AWS for other times.
        let _reserved = (query.flag("Accept")?, query.optional::<String>("AdditionalInfo")?);
        let change = CapacityReservationChange {
            count: query.optional("InstanceCount")?,
            end: end(query)?,
            matching: query.optional("InstanceMatchCriteria")?,
        };
        Ok(Self { id: query.required("CapacityReservationId")?, change })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_capacity_reservation(cx, &self.id, self.change)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct CancelCapacityReservation {
    id: CapacityReservationId,
}

impl Operation for CancelCapacityReservation {
    const ACTION: &'static str = "CancelCapacityReservation";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["ApplyCancellationCharges", "QuoteId"])?;
        Ok(Self { id: query.required("CapacityReservationId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.cancel_capacity_reservation(cx, &self.id)?;
        Ok(Done)
    }
}

#[derive(Debug)]
struct GetCapacityReservationUsage {
    id: CapacityReservationId,
}

impl ReadOperation for GetCapacityReservationUsage {
    const ACTION: &'static str = "GetCapacityReservationUsage";
    type Output = Usage;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // There is one account, so one page has it all.
        let _page = PageRequest::decode(query, 1..=1000)?;
        Ok(Self { id: query.required("CapacityReservationId")? })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        let found = model.capacity_reservation(&self.id).ok_or_else(|| CapacityReservation::missing(&self.id))?;
        Ok(Usage { used: model.capacity_used(&self.id), item: found.item(model, now) })
    }
}

#[derive(Debug)]
struct Usage {
    item: ReservationItem,
    used: u32,
}

impl Output for Usage {
    fn write(&self, xml: &mut Xml) {
        let found = &self.item.reservation;
        xml.text("capacityReservationId", &found.id);
        xml.text("instanceType", &found.instance_type);
        xml.text("totalInstanceCount", found.total);
        xml.text("availableInstanceCount", self.item.available);
        xml.text("state", found.state());
        let used = (self.used > 0).then_some(self.used);
        xml.list("instanceUsageSet", used, |xml, used| {
            xml.text("accountId", &self.item.owner);
            xml.text("usedInstanceCount", used);
        });
    }
}
