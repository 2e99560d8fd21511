//! Instance types: DescribeInstanceTypes, DescribeInstanceTypeOfferings.
//!
//! Members whose values neither the limits table nor the type's name tell are left out.

use jiff::Timestamp;
use vpc_model::instance_type::{self, Hypervisor};
use vpc_model::{InstanceType, Model};

use super::{Action, Output, ReadOperation, read};
use crate::filter::{Fields, Filters};
use crate::pagination::{Page, PageRequest};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[read::<DescribeInstanceTypes>(), read::<DescribeInstanceTypeOfferings>()];

const FIELDS: Fields<Model, InstanceType> = Fields {
    by_name: &[
        ("bare-metal", |_, known| vec![known.bare_metal.to_string()]),
        ("burstable-performance-supported", |_, known| vec![known.is_burstable().to_string()]),
        ("hypervisor", |_, known| known.hypervisor.iter().map(ToString::to_string).collect()),
        ("instance-type", |_, known| vec![known.name.to_owned()]),
        ("memory-info.size-in-mib", |_, known| known.memory_mib().iter().map(ToString::to_string).collect()),
        ("network-info.ipv4-addresses-per-interface", |_, known| vec![known.ipv4_per_interface.to_string()]),
        ("network-info.maximum-network-cards", |_, known| vec![known.interfaces_per_card.len().to_string()]),
        ("network-info.maximum-network-interfaces", |_, known| vec![known.max_network_interfaces().to_string()]),
        ("processor-info.supported-architecture", |_, known| {
            known.architecture().iter().map(ToString::to_string).collect()
        }),
        ("supported-root-device-type", |_, _| vec!["ebs".to_owned()]),
        ("supported-usage-class", |_, _| vec!["on-demand".to_owned()]),
        ("supported-virtualization-type", |_, _| vec!["hvm".to_owned()]),
        ("vcpu-info.default-vcpus", |_, known| known.vcpus().iter().map(ToString::to_string).collect()),
    ],
    tags: None,
};

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
        let found = self.filters.select(&FIELDS, model, asked)?;
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
        xml.list("instanceTypeSet", &self.page.items, |xml, known| write_type(xml, known));
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}

fn write_type(xml: &mut Xml, known: &InstanceType) {
    xml.text("instanceType", known.name);
    xml.texts("supportedUsageClasses", ["on-demand"]);
    xml.texts("supportedRootDeviceTypes", ["ebs"]);
    xml.texts("supportedVirtualizationTypes", ["hvm"]);
    xml.text("bareMetal", known.bare_metal);
    xml.optional("hypervisor", known.hypervisor);
    if let Some(architecture) = known.architecture() {
        xml.element("processorInfo", |xml| xml.texts("supportedArchitectures", [architecture]));
    }
    if let Some(vcpus) = known.vcpus() {
        xml.element("vCpuInfo", |xml| xml.text("defaultVCpus", vcpus));
    }
    if let Some(size) = known.memory_mib() {
        xml.element("memoryInfo", |xml| xml.text("sizeInMiB", size));
    }
    xml.element("networkInfo", |xml| write_network(xml, known));
    xml.text("burstablePerformanceSupported", known.is_burstable());
}

fn write_network(xml: &mut Xml, known: &InstanceType) {
    // Every Nitro type has as many IPv6 addresses for an ENI as IPv4 ones.
    let has_ipv6 = known.hypervisor == Some(Hypervisor::Nitro) || known.bare_metal;
    xml.text("maximumNetworkInterfaces", known.max_network_interfaces());
    xml.text("maximumNetworkCards", known.interfaces_per_card.len());
    xml.text("defaultNetworkCardIndex", known.default_card);
    xml.list("networkCards", known.interfaces_per_card.iter().enumerate(), |xml, (index, interfaces)| {
        xml.text("networkCardIndex", index);
        xml.text("maximumNetworkInterfaces", interfaces);
    });
    xml.text("ipv4AddressesPerInterface", known.ipv4_per_interface);
    if has_ipv6 {
        xml.text("ipv6AddressesPerInterface", known.ipv4_per_interface);
        xml.text("ipv6Supported", true);
        xml.text("enaSupport", "required");
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
