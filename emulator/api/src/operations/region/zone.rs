//! A region's zones, and Local and Wavelength Zones around it: DescribeAvailabilityZones, ModifyAvailabilityZoneGroup.

use jiff::Timestamp;
use vpc_model::region::{EDGE_ZONES, EdgeZone};
use vpc_model::{Context, Model, Region, SettingError, Zone, ZoneId, ZoneName};

use super::write_geography;
use crate::filter::{Fields, Filters};
use crate::operations::{Done, Operation, Output, ReadOperation};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code};

const FIELDS: Fields<Model, ZoneItem> = Fields {
    by_name: &[
        ("group-long-name", |_, zone| zone.group_long_name.iter().cloned().collect()),
        ("group-name", |_, zone| vec![zone.group.clone()]),
        ("message", |_, _| Vec::new()),
        ("opt-in-status", |_, zone| vec![zone.opt_in_status.to_owned()]),
        ("parent-zone-id", |_, zone| zone.parent.iter().map(|parent| parent.id.to_string()).collect()),
        ("parent-zone-name", |_, zone| zone.parent.iter().map(|parent| parent.name.to_string()).collect()),
        ("region-name", |_, zone| vec![zone.region.to_string()]),
        ("state", |_, _| vec!["available".to_owned()]),
        ("zone-id", |_, zone| vec![zone.id.to_string()]),
        ("zone-name", |_, zone| vec![zone.name.to_string()]),
        ("zone-type", |_, zone| vec![zone.kind.to_owned()]),
    ],
    tags: None,
};

/// A zone as replies show it.
#[derive(Debug, Clone)]
struct ZoneItem {
    name: ZoneName,
    id: ZoneId,
    region: Region,
    kind: &'static str,
    group: String,
    group_long_name: Option<String>,
    border_group: String,
    opt_in_status: &'static str,
    parent: Option<Zone>,
    geography: Option<&'static str>,
    sub_geography: Option<&'static str>,
}

impl ZoneItem {
    fn of(zone: Zone) -> Self {
        let facts = zone.region.facts();
        Self {
            kind: "availability-zone",
            // All of a region's zones are one group.
            group: format!("{}-zg-1", zone.region),
            group_long_name: facts.map(|facts| format!("{} 1", facts.long_name)),
            border_group: zone.region.to_string(),
            opt_in_status: "opt-in-not-required",
            parent: None,
            geography: facts.map(|facts| facts.geography),
            sub_geography: facts.and_then(|facts| facts.sub_geography()),
            name: zone.name,
            id: zone.id,
            region: zone.region,
        }
    }

    /// A zone that somebody has to opt in to.
    fn of_edge(zone: &EdgeZone, model: &Model) -> Self {
        let is_chosen = model.account_settings().zone_groups.contains(zone.group);
        Self {
            name: ZoneName(zone.name.to_owned()),
            id: ZoneId(zone.id.to_owned()),
            region: model.region().clone(),
            kind: if zone.is_wavelength { "wavelength-zone" } else { "local-zone" },
            group: zone.group.to_owned(),
            group_long_name: Some(zone.group_long_name.to_owned()),
            border_group: zone.border_group.to_owned(),
            opt_in_status: if is_chosen { "opted-in" } else { "not-opted-in" },
            parent: model.zone_by_id(&ZoneId(zone.parent.to_owned())),
            geography: Some(zone.geography.0),
            sub_geography: zone.geography.1,
        }
    }
}

#[derive(Debug)]
pub(super) struct ModifyAvailabilityZoneGroup {
    group: String,
    status: OptInStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OptInStatus {
    OptedIn,
    NotOptedIn,
}

values! {
    OptInStatus { OptedIn "opted-in", NotOptedIn "not-opted-in" }
}

impl From<SettingError> for ApiError {
    fn from(err: SettingError) -> Self {
        match err {
            SettingError::ZoneGroup(group) => {
                Self::invalid("GroupName", &group, "Expected the group of a zone that can be opted in to.")
            }
            SettingError::StaysOptedIn(group) => Self::new(
                Code::UNSUPPORTED_OPERATION,
                format!("Opting out of the zone group {group} is not supported. Contact AWS Support to opt out."),
            ),
        }
    }
}

impl Operation for ModifyAvailabilityZoneGroup {
    const ACTION: &'static str = "ModifyAvailabilityZoneGroup";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { group: query.required("GroupName")?, status: query.required("OptInStatus")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Done, ApiError> {
        model.opt_in_to_zones(&self.group, self.status == OptInStatus::OptedIn)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct DescribeAvailabilityZones {
    names: Vec<ZoneName>,
    ids: Vec<ZoneId>,
    all: bool,
    filters: Filters,
}

impl ReadOperation for DescribeAvailabilityZones {
    const ACTION: &'static str = "DescribeAvailabilityZones";
    type Output = DescribeAvailabilityZonesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            names: query.list("ZoneName")?,
            ids: query.list("ZoneId")?,
            all: query.flag("AllAvailabilityZones")?,
            filters: Filters::decode(query)?,
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let mut zones: Vec<ZoneItem> = model.zones().into_iter().map(ZoneItem::of).collect();
        let around: Vec<&EdgeZone> = if self.all {
            EDGE_ZONES.iter().filter(|zone| zone.is_in(model.region())).collect()
        } else {
            model.edge_zones().collect()
        };
        zones.extend(around.into_iter().map(|zone| ZoneItem::of_edge(zone, model)));
        if let Some(unknown) = self.names.iter().find(|name| zones.iter().all(|zone| zone.name != **name)) {
            return Err(ApiError::no_such_zone(unknown));
        }
        if let Some(unknown) = self.ids.iter().find(|id| zones.iter().all(|zone| zone.id != **id)) {
            return Err(ApiError::no_such_zone(unknown));
        }
        zones.retain(|zone| {
            (self.names.is_empty() || self.names.contains(&zone.name))
                && (self.ids.is_empty() || self.ids.contains(&zone.id))
        });
        let zones = self.filters.select(&FIELDS, model, &zones)?.into_iter().cloned().collect();
        Ok(DescribeAvailabilityZonesOutput { zones })
    }
}

#[derive(Debug)]
pub(super) struct DescribeAvailabilityZonesOutput {
    zones: Vec<ZoneItem>,
}

impl Output for DescribeAvailabilityZonesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("availabilityZoneInfo", &self.zones, |xml, zone| {
            xml.text("zoneName", &zone.name);
            xml.text("zoneState", "available");
            xml.text("regionName", &zone.region);
            xml.list("messageSet", [(); 0], |_, ()| ());
            xml.text("zoneId", &zone.id);
            xml.text("zoneType", zone.kind);
            if let Some(parent) = &zone.parent {
                xml.text("parentZoneId", &parent.id);
                xml.text("parentZoneName", &parent.name);
            }
            xml.text("groupName", &zone.group);
            xml.optional("groupLongName", zone.group_long_name.as_ref());
            xml.text("networkBorderGroup", &zone.border_group);
            xml.text("optInStatus", zone.opt_in_status);
            write_geography(xml, "geographySet", zone.geography);
            write_geography(xml, "subGeographySet", zone.sub_geography);
        });
    }
}
