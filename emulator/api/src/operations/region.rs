//! Regions and their zones: DescribeRegions here, DescribeAvailabilityZones in the submodule.

mod zone;

use jiff::Timestamp;
use vpc_model::Model;
use vpc_model::region::{REGIONS, RegionFacts};

use super::{Action, Output, ReadOperation, read, write};
use crate::filter::{Fields, Filters};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[
    read::<DescribeRegions>(),
    read::<zone::DescribeAvailabilityZones>(),
    write::<zone::ModifyAvailabilityZoneGroup>(),
];

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
    geography: Option<&'static str>,
}

impl RegionItem {
    /// A region as an account sees it that has opted in to nothing, but uses `own`.
    fn of(facts: &RegionFacts, own: &str) -> Self {
        let opt_in_status = match facts.opt_in {
            false => "opt-in-not-required",
            true if facts.name == own => "opted-in",
            true => "not-opted-in",
        };
        Self { name: facts.name.to_owned(), opt_in_status, geography: Some(facts.geography) }
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
            regions.push(RegionItem { name: own.0.clone(), opt_in_status: "opt-in-not-required", geography: None });
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
            write_geography(xml, "geographySet", region.geography);
        });
    }
}

/// Where something is; nothing is said where that is not known.
fn write_geography(xml: &mut Xml, set: &'static str, name: Option<&str>) {
    if name.is_some() {
        xml.list(set, name, |xml, name| xml.text("name", name));
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

    #[test]
    fn a_local_zone() {
        let form = "AllAvailabilityZones=true&ZoneName.1=us-east-1-bos-1a";
        insta::assert_snapshot!(World::new().call("DescribeAvailabilityZones", form).ok().lines());
    }

    #[test]
    fn a_zone_that_is_opted_in_to_has_subnets() {
        let mut world = World::new();
        let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
        let subnet = format!("VpcId={vpc}&CidrBlock=10.0.0.0/24&AvailabilityZone=us-east-1-bos-1a");
        assert_eq!(world.call("CreateSubnet", &subnet).code, Some("InvalidParameterValue"));
        let group = "GroupName=us-east-1-bos-1";
        world.call("ModifyAvailabilityZoneGroup", &format!("{group}&OptInStatus=opted-in")).ok();
        let shown = world.call("DescribeAvailabilityZones", "Filter.1.Name=opt-in-status&Filter.1.Value.1=opted-in");
        assert_eq!(shown.ok().texts("zoneName"), ["us-east-1-bos-1a"]);
        assert_eq!(world.call("CreateSubnet", &subnet).ok().text("availabilityZoneId"), "use1-bos1-az1");
        let left = world.call("ModifyAvailabilityZoneGroup", &format!("{group}&OptInStatus=not-opted-in"));
        assert_eq!(left.code, Some("UnsupportedOperation"));
        for other in ["us-east-1-zg-1", "us-west-2-lax-1", "mars"] {
            let form = format!("GroupName={other}&OptInStatus=opted-in");
            assert_eq!(world.call("ModifyAvailabilityZoneGroup", &form).code, Some("InvalidParameterValue"));
        }
    }

    #[rstest]
    #[case::opted_in("", 6)]
    #[case::all("AllAvailabilityZones=true", 14)]
    #[case::local("AllAvailabilityZones=true&Filter.1.Name=zone-type&Filter.1.Value.1=local-zone", 5)]
    #[case::carriers("AllAvailabilityZones=true&Filter.1.Name=group-name&Filter.1.Value.1=us-east-1-wl1", 3)]
    #[case::long_name("Filter.1.Name=group-long-name&Filter.1.Value.1=US East (N. Virginia) 1", 6)]
    #[case::parent("AllAvailabilityZones=true&Filter.1.Name=parent-zone-name&Filter.1.Value.1=us-east-1d", 3)]
    #[case::not_opted_in("Filter.1.Name=opt-in-status&Filter.1.Value.1=not-opted-in", 0)]
    fn zones(#[case] form: &str, #[case] expected: usize) {
        assert_eq!(World::new().call("DescribeAvailabilityZones", form).ok().texts("zoneName").len(), expected);
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
    #[case::local_zone("DescribeAvailabilityZones", "ZoneName.1=us-east-1-bos-1a", "InvalidParameterValue")]
    #[case::zone_id("DescribeAvailabilityZones", "ZoneId.1=usw2-az1", "InvalidParameterValue")]
    #[case::filter("DescribeRegions", "Filter.1.Name=tag:x&Filter.1.Value.1=y", "InvalidParameterValue")]
    fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call(action, form).code, Some(code));
    }
}
