//! Instance types: DescribeInstanceTypes, DescribeInstanceTypeOfferings.
//!
//! Members whose values are not known, such as bandwidths, are left out, and filters by them find nothing.

mod fields;
mod item;

use jiff::Timestamp;
use vpc_model::instance_type;
use vpc_model::{InstanceType, Model};

use super::{Action, Output, ReadOperation, read};
use crate::filter::{Fields, Filters};
use crate::pagination::{Page, PageRequest};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[read::<DescribeInstanceTypes>(), read::<DescribeInstanceTypeOfferings>()];

#[derive(Debug)]
struct DescribeInstanceTypes {
    names: Vec<String>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeInstanceTypes {
    const ACTION: &'static str = "DescribeInstanceTypes";
    type Output = DescribeInstanceTypesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let names: Vec<String> = query.list("InstanceType")?;
        if names.len() > 100 {
            return Err(ApiError::new(
                Code::INVALID_PARAMETER_VALUE,
                "The maximum number of instance types per request is 100.",
            ));
        }
        // Every type is offered in every region, so this one changes nothing.
        let _unsupported_too = query.flag("IncludeUnsupportedInRegion")?;
        let (filters, page) = (Filters::decode(query)?, PageRequest::decode(query, 5..=100)?);
        page.not_with_ids("instanceTypes", names.len())?;
        Ok(Self { names, filters, page })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let unknown: Vec<&str> =
            self.names.iter().map(String::as_str).filter(|name| instance_type::find(name).is_none()).collect();
        if !unknown.is_empty() {
            return Err(ApiError::new(
                Code::INVALID_INSTANCE_TYPE,
                format!("The following supplied instance types do not exist: [{}]", unknown.join(", ")),
            ));
        }
        let asked = instance_type::all()
            .iter()
            .filter(|known| self.names.is_empty() || self.names.iter().any(|name| name == known.name));
        let found = self.filters.select(&fields::FIELDS, model, asked)?;
        // Without MaxResults EC2 gives a hundred at a time.
        Ok(DescribeInstanceTypesOutput { page: self.page.or_at_most(100).page(found, |known| known.name.to_owned()) })
    }
}

#[derive(Debug)]
struct DescribeInstanceTypesOutput {
    page: Page<&'static InstanceType>,
}

impl Output for DescribeInstanceTypesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("instanceTypeSet", &self.page.items, |xml, known| item::write(xml, known));
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LocationType {
    Region,
    Zone,
    ZoneId,
    Outpost,
}

values! {
    LocationType { Region "region", Zone "availability-zone", ZoneId "availability-zone-id", Outpost "outpost" }
}

#[derive(Debug)]
struct DescribeInstanceTypeOfferings {
    location_type: LocationType,
    filters: Filters,
    page: PageRequest,
}

#[derive(Debug)]
struct Offering {
    instance_type: &'static str,
    location: String,
}

const OFFERING_FIELDS: Fields<Model, Offering> = Fields {
    by_name: &[
        ("instance-type", |_, offering| vec![offering.instance_type.to_owned()]),
        ("location", |_, offering| vec![offering.location.clone()]),
    ],
    tags: None,
};

impl ReadOperation for DescribeInstanceTypeOfferings {
    const ACTION: &'static str = "DescribeInstanceTypeOfferings";
    type Output = DescribeInstanceTypeOfferingsOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            location_type: query.or("LocationType", LocationType::Region)?,
            filters: Filters::decode(query)?,
            page: PageRequest::decode(query, 5..=1000)?,
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let locations: Vec<String> = match self.location_type {
            LocationType::Region => vec![model.region().to_string()],
            LocationType::Zone => model.zones().iter().map(|zone| zone.name.to_string()).collect(),
            LocationType::ZoneId => model.zones().iter().map(|zone| zone.id.to_string()).collect(),
            LocationType::Outpost => Vec::new(),
        };
        let offered: Vec<Offering> = instance_type::all()
            .iter()
            .flat_map(|known| {
                locations.iter().map(|location| Offering { instance_type: known.name, location: location.clone() })
            })
            .collect();
        let found = self.filters.select(&OFFERING_FIELDS, model, &offered)?;
        let keyed = found.into_iter().map(|offering| (offering.instance_type, offering.location.clone()));
        let page = self.page.or_at_most(1000).page(keyed, |(name, location)| format!("{name} {location}"));
        Ok(DescribeInstanceTypeOfferingsOutput { location_type: self.location_type, page })
    }
}

#[derive(Debug)]
struct DescribeInstanceTypeOfferingsOutput {
    location_type: LocationType,
    page: Page<(&'static str, String)>,
}

impl Output for DescribeInstanceTypeOfferingsOutput {
    fn write(&self, xml: &mut Xml) {
        let location_type = match self.location_type {
            LocationType::Region => "region",
            LocationType::Zone => "availability-zone",
            LocationType::ZoneId => "availability-zone-id",
            LocationType::Outpost => "outpost",
        };
        xml.list("instanceTypeOfferingSet", &self.page.items, |xml, (name, location)| {
            xml.text("instanceType", name);
            xml.text("locationType", location_type);
            xml.text("location", location);
        });
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    #[test]
    fn a_small_type() {
        let reply = World::new().call("DescribeInstanceTypes", "InstanceType.1=t3.large").ok();
        insta::assert_snapshot!(reply.lines());
    }

    #[test]
    fn a_large_type() {
        let reply = World::new().call("DescribeInstanceTypes", "InstanceType.1=g6e.48xlarge").ok();
        insta::assert_snapshot!(reply.lines());
    }

    #[rstest]
    #[case::metal("bare-metal=true", "c5.metal", true)]
    #[case::gpu("processor-info.supported-architecture=x86_64,hypervisor=nitro", "g5.xlarge", true)]
    #[case::efa("network-info.efa-supported=true", "m5.large", false)]
    #[case::efa_of_large(
        "network-info.efa-supported=true,network-info.efa-info.maximum-efa-interfaces=32",
        "p5.48xlarge",
        true
    )]
    #[case::xen("hypervisor=xen,network-info.ena-support=unsupported", "t2.micro", true)]
    #[case::storage("instance-storage-supported=true,instance-storage-info.disk.type=ssd", "m5d.large", true)]
    #[case::no_storage("instance-storage-supported=false", "m5d.large", false)]
    #[case::old("current-generation=false", "m4.large", true)]
    #[case::cores("vcpu-info.default-cores=1,vcpu-info.default-threads-per-core=2", "t3.micro", true)]
    #[case::memory("memory-info.size-in-mib=8192", "m5.large", true)]
    #[case::spot("supported-usage-class=spot", "mac1.metal", false)]
    #[case::blocks("supported-usage-class=capacity-block", "p5.48xlarge", true)]
    #[case::mac("processor-info.supported-architecture=arm64_mac", "mac2.metal", true)]
    #[case::small("processor-info.supported-architecture=i386", "t2.micro", true)]
    #[case::ipv6("network-info.ipv6-supported=false", "m3.large", true)]
    #[case::encrypted("network-info.encryption-in-transit-supported=true", "c6i.large", true)]
    #[case::enclaves("nitro-enclaves-support=supported", "m5.large", false)]
    #[case::boot("supported-boot-mode=uefi", "m6g.large", true)]
    #[case::free("free-tier-eligible=true", "t3.micro", true)]
    #[case::wildcard("instance-type=*.metal*", "c7i.metal-24xl", true)]
    fn filtered(#[case] filters: &str, #[case] name: &str, #[case] expected: bool) {
        let mut form = format!("InstanceType.1={name}");
        for (at, filter) in filters.split(',').enumerate() {
            let (filter, value) = filter.split_once('=').expect("a name and a value");
            form += &format!("&Filter.{}.Name={filter}&Filter.{}.Value.1={value}", at + 1, at + 1);
        }
        let found = World::new().call("DescribeInstanceTypes", &form).ok();
        assert_eq!(!found.texts("instanceType").is_empty(), expected, "{}", found.body);
    }

    #[test]
    fn a_type_with_cards() {
        let reply = World::new().call("DescribeInstanceTypes", "InstanceType.1=p4d.24xlarge").ok();
        assert_eq!(reply.texts("maximumNetworkInterfaces"), ["60", "15", "15", "15", "15"]);
        assert_eq!(reply.texts("networkCardIndex"), ["0", "1", "2", "3"]);
    }

    #[test]
    fn pages_hold_every_type_once() {
        let (mut world, mut seen, mut token) = (World::new(), Vec::new(), String::new());
        loop {
            let reply = world.call("DescribeInstanceTypes", &format!("MaxResults=100{token}")).ok();
            seen.extend(reply.texts("instanceType").into_iter().map(str::to_owned));
            match reply.texts("nextToken").first() {
                Some(next) => token = format!("&NextToken={next}"),
                None => break,
            }
        }
        let all: Vec<&str> = vpc_model::instance_type::all().iter().map(|known| known.name).collect();
        assert_eq!(seen, all);
    }

    #[rstest]
    #[case::unknown("InstanceType.1=m5.large&InstanceType.2=m5.huge", "InvalidInstanceType")]
    #[case::few("MaxResults=4", "InvalidParameterValue")]
    #[case::names_and_pages("InstanceType.1=m5.large&MaxResults=5", "InvalidParameterCombination")]
    #[case::dry_run("DryRun=true", "DryRunOperation")]
    fn refused(#[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call("DescribeInstanceTypes", form).code, Some(code));
    }

    #[rstest]
    #[case::region("", &["us-west-1"])]
    #[case::zone("LocationType=availability-zone", &["us-west-1a", "us-west-1b"])]
    #[case::zone_id("LocationType=availability-zone-id", &["usw1-az1", "usw1-az3"])]
    fn offerings(#[case] form: &str, #[case] expected: &[&str]) {
        let form = format!("Filter.1.Name=instance-type&Filter.1.Value.1=m5.large&{form}");
        let reply = World::in_region("us-west-1").call("DescribeInstanceTypeOfferings", &form).ok();
        assert_eq!(reply.texts("location"), expected);
    }
}
