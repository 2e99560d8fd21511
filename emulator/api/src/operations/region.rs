//! Regions and availability zones: DescribeRegions, DescribeAvailabilityZones.

use jiff::Timestamp;
use vpc_model::region::{REGIONS, RegionFacts};
use vpc_model::{Model, Zone, ZoneId, ZoneName};

use super::{Action, Output, ReadOperation, read};
use crate::filter::{Fields, Filters};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[read::<DescribeRegions>(), read::<DescribeAvailabilityZones>()];

const REGION_FIELDS: Fields<Model, RegionItem> = Fields {
    by_name: &[
        ("endpoint", |_, region| vec![region.endpoint()]),
        ("opt-in-status", |_, region| vec![region.opt_in_status.to_owned()]),
        ("region-name", |_, region| vec![region.name.clone()]),
    ],
    tags: None,
};

#[derive(Debug)]
struct DescribeRegions {
    names: Vec<String>,
    all: bool,
    filters: Filters,
}

#[derive(Debug, Clone)]
struct RegionItem {
    name: String,
    opt_in_status: &'static str,
}

impl RegionItem {
    /// A region as an account sees it that has opted in to nothing, but uses `own`.
    fn of(facts: &RegionFacts, own: &str) -> Self {
        let opt_in_status = match facts.opt_in {
            false => "opt-in-not-required",
            true if facts.name == own => "opted-in",
            true => "not-opted-in",
        };
        Self { name: facts.name.to_owned(), opt_in_status }
    }

    fn endpoint(&self) -> String {
        format!("ec2.{}.amazonaws.com", self.name)
    }
}

impl ReadOperation for DescribeRegions {
    const ACTION: &'static str = "DescribeRegions";
    type Output = DescribeRegionsOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { names: query.list("RegionName")?, all: query.flag("AllRegions")?, filters: Filters::decode(query)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let own = model.region();
        let mut regions: Vec<RegionItem> = REGIONS.iter().map(|facts| RegionItem::of(facts, &own.0)).collect();
        if own.facts().is_none() {
            regions.push(RegionItem { name: own.0.clone(), opt_in_status: "opt-in-not-required" });
        }
        if let Some(unknown) = self.names.iter().find(|name| regions.iter().all(|region| region.name != **name)) {
            return Err(ApiError::new(Code::INVALID_PARAMETER_VALUE, format!("Invalid region provided: [{unknown}]")));
        }
        regions.retain(|region| match self.names.as_slice() {
            [] => self.all || region.opt_in_status != "not-opted-in",
            names => names.contains(&region.name),
        });
        let regions = self.filters.select(&REGION_FIELDS, model, &regions)?.into_iter().cloned().collect();
        Ok(DescribeRegionsOutput { regions })
    }
}

#[derive(Debug)]
struct DescribeRegionsOutput {
    regions: Vec<RegionItem>,
}

impl Output for DescribeRegionsOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("regionInfo", &self.regions, |xml, region| {
            xml.text("regionName", &region.name);
            xml.text("regionEndpoint", region.endpoint());
            xml.text("optInStatus", region.opt_in_status);
        });
    }
}

const ZONE_FIELDS: Fields<Model, Zone> = Fields {
    by_name: &[
        ("group-name", |_, zone| vec![group_name(zone)]),
        ("message", |_, _| Vec::new()),
        ("opt-in-status", |_, _| vec!["opt-in-not-required".to_owned()]),
        ("parent-zone-id", |_, _| Vec::new()),
        ("parent-zone-name", |_, _| Vec::new()),
        ("region-name", |_, zone| vec![zone.region.to_string()]),
        ("state", |_, _| vec!["available".to_owned()]),
        ("zone-id", |_, zone| vec![zone.id.to_string()]),
        ("zone-name", |_, zone| vec![zone.name.to_string()]),
        ("zone-type", |_, _| vec!["availability-zone".to_owned()]),
    ],
    tags: None,
};

/// Zones that are no local zones belong to a group named after the region.
fn group_name(zone: &Zone) -> String {
    format!("{}-zg-1", zone.region)
}

#[derive(Debug)]
struct DescribeAvailabilityZones {
    names: Vec<ZoneName>,
    ids: Vec<ZoneId>,
    filters: Filters,
}

impl ReadOperation for DescribeAvailabilityZones {
    const ACTION: &'static str = "DescribeAvailabilityZones";
    type Output = DescribeAvailabilityZonesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // There are no zones that need opting in, so this one changes nothing.
        let _all = query.flag("AllAvailabilityZones")?;
        Ok(Self { names: query.list("ZoneName")?, ids: query.list("ZoneId")?, filters: Filters::decode(query)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let invalid =
            |zone: &str| ApiError::new(Code::INVALID_PARAMETER_VALUE, format!("Invalid availability zone: [{zone}]"));
        if let Some(unknown) = self.names.iter().find(|name| model.zone(name).is_none()) {
            return Err(invalid(&unknown.0));
        }
        if let Some(unknown) = self.ids.iter().find(|id| model.zone_by_id(id).is_none()) {
            return Err(invalid(&unknown.0));
        }
        let zones = model.zones();
        let asked = zones.iter().filter(|zone| {
            (self.names.is_empty() || self.names.contains(&zone.name))
                && (self.ids.is_empty() || self.ids.contains(&zone.id))
        });
        let zones = self.filters.select(&ZONE_FIELDS, model, asked)?.into_iter().cloned().collect();
        Ok(DescribeAvailabilityZonesOutput { zones })
    }
}

#[derive(Debug)]
struct DescribeAvailabilityZonesOutput {
    zones: Vec<Zone>,
}

impl Output for DescribeAvailabilityZonesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("availabilityZoneInfo", &self.zones, |xml, zone| {
            xml.text("zoneName", &zone.name);
            xml.text("zoneState", "available");
            xml.text("regionName", &zone.region);
            xml.list("messageSet", [(); 0], |_, ()| ());
            xml.text("zoneId", &zone.id);
            xml.text("zoneType", "availability-zone");
            xml.text("groupName", group_name(zone));
            xml.text("networkBorderGroup", &zone.region);
            xml.text("optInStatus", "opt-in-not-required");
        });
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    #[test]
    fn zones_of_us_west_1() {
        insta::assert_snapshot!(World::in_region("us-west-1").call("DescribeAvailabilityZones", "").lines());
    }

    #[rstest]
    #[case::own("RegionName.1=us-east-1", &["us-east-1"])]
    #[case::not_opted_in("RegionName.1=af-south-1", &["af-south-1"])]
    #[case::hidden_unless_asked("Filter.1.Name=region-name&Filter.1.Value.1=a*-south-1", &["ap-south-1"])]
    #[case::all("AllRegions=true&Filter.1.Name=region-name&Filter.1.Value.1=a*-south-1", &["af-south-1", "ap-south-1"])]
    fn regions(#[case] form: &str, #[case] expected: &[&str]) {
        assert_eq!(World::new().call("DescribeRegions", form).texts("regionName"), expected);
    }

    #[rstest]
    #[case::region("DescribeRegions", "RegionName.1=mars-1", "InvalidParameterValue")]
    #[case::zone("DescribeAvailabilityZones", "ZoneName.1=us-west-2a", "InvalidParameterValue")]
    #[case::zone_id("DescribeAvailabilityZones", "ZoneId.1=usw2-az1", "InvalidParameterValue")]
    #[case::filter("DescribeRegions", "Filter.1.Name=tag:x&Filter.1.Value.1=y", "InvalidParameterValue")]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call(action, form).code, Some(code));
    }
}
