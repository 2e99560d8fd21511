//! Regions and their availability zones.
//!
//! See <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>.

use crate::{Model, Region, ZoneId, ZoneName};

/// What is known about a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionFacts {
    /// Its name.
    pub name: &'static str,
    /// Its name for people, such as `US East (Ohio)`.
    pub long_name: &'static str,
    /// The country it is in, as AWS writes it.
    pub geography: &'static str,
    /// Whether an account has to opt in before using it.
    pub opt_in: bool,
    /// What its zones' ids start with.
    zone_prefix: &'static str,
    /// The numbers of its zones' ids, in the order of the zones' letters.
    zone_numbers: &'static [u8],
}

/// A zone outside of its region's data centres, which an account has to opt in to.
///
/// See <https://docs.aws.amazon.com/local-zones/latest/ug/available-local-zones.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdgeZone {
    /// Its name.
    pub name: &'static str,
    /// Its id.
    pub id: &'static str,
    /// The zone group, which is what an account opts in to.
    pub group: &'static str,
    /// The group's name for people.
    pub group_long_name: &'static str,
    /// From where its public addresses are advertised.
    pub border_group: &'static str,
    /// The id of the zone that directs it.
    pub parent: &'static str,
    /// The country it is in, as AWS writes it, and the part of it.
    pub geography: (&'static str, Option<&'static str>),
    /// Whether it is in the network of a carrier.
    pub is_wavelength: bool,
}

/// An availability zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Its name, whose letter AWS deals out for each account anew.
    pub name: ZoneName,
    /// Its id, the same for every account.
    pub id: ZoneId,
    /// Its region.
    pub region: Region,
}

/// How AWS writes the country most of its zones are in.
const US: &str = "United States of America";

const fn open(
    name: &'static str,
    long_name: &'static str,
    geography: &'static str,
    zone_prefix: &'static str,
    zone_numbers: &'static [u8],
) -> RegionFacts {
    RegionFacts { name, long_name, geography, opt_in: false, zone_prefix, zone_numbers }
}

const fn opt_in(
    name: &'static str,
    long_name: &'static str,
    geography: &'static str,
    zone_prefix: &'static str,
) -> RegionFacts {
    RegionFacts { name, long_name, geography, opt_in: true, zone_prefix, zone_numbers: &[1, 2, 3] }
}

/// AWS's commercial regions in the order of their names.
pub const REGIONS: &[RegionFacts] = &[
    opt_in("af-south-1", "Africa (Cape Town)", "South Africa", "afs1"),
    opt_in("ap-east-1", "Asia Pacific (Hong Kong)", "Hong Kong", "ape1"),
    opt_in("ap-east-2", "Asia Pacific (Taipei)", "Taiwan", "ape2"),
    open("ap-northeast-1", "Asia Pacific (Tokyo)", "Japan", "apne1", &[4, 1, 2]),
    open("ap-northeast-2", "Asia Pacific (Seoul)", "South Korea", "apne2", &[1, 2, 3, 4]),
    open("ap-northeast-3", "Asia Pacific (Osaka)", "Japan", "apne3", &[3, 1, 2]),
    open("ap-south-1", "Asia Pacific (Mumbai)", "India", "aps1", &[1, 3, 2]),
    opt_in("ap-south-2", "Asia Pacific (Hyderabad)", "India", "aps2"),
    open("ap-southeast-1", "Asia Pacific (Singapore)", "Singapore", "apse1", &[1, 2, 3]),
    open("ap-southeast-2", "Asia Pacific (Sydney)", "Australia", "apse2", &[1, 3, 2]),
    opt_in("ap-southeast-3", "Asia Pacific (Jakarta)", "Indonesia", "apse3"),
    opt_in("ap-southeast-4", "Asia Pacific (Melbourne)", "Australia", "apse4"),
    opt_in("ap-southeast-5", "Asia Pacific (Malaysia)", "Malaysia", "apse5"),
    opt_in("ap-southeast-6", "Asia Pacific (New Zealand)", "New Zealand", "apse6"),
    opt_in("ap-southeast-7", "Asia Pacific (Thailand)", "Thailand", "apse7"),
    open("ca-central-1", "Canada (Central)", "Canada", "cac1", &[1, 2, 4]),
    opt_in("ca-west-1", "Canada West (Calgary)", "Canada", "caw1"),
    open("eu-central-1", "Europe (Frankfurt)", "Germany", "euc1", &[2, 3, 1]),
    opt_in("eu-central-2", "Europe (Zurich)", "Switzerland", "euc2"),
    open("eu-north-1", "Europe (Stockholm)", "Sweden", "eun1", &[1, 2, 3]),
    opt_in("eu-south-1", "Europe (Milan)", "Italy", "eus1"),
    opt_in("eu-south-2", "Europe (Spain)", "Spain", "eus2"),
    open("eu-west-1", "Europe (Ireland)", "Ireland", "euw1", &[1, 2, 3]),
    open("eu-west-2", "Europe (London)", "United Kingdom", "euw2", &[2, 3, 1]),
    open("eu-west-3", "Europe (Paris)", "France", "euw3", &[1, 2, 3]),
    opt_in("il-central-1", "Israel (Tel Aviv)", "Israel", "ilc1"),
    opt_in("me-central-1", "Middle East (UAE)", "United Arab Emirates", "mec1"),
    opt_in("me-south-1", "Middle East (Bahrain)", "Bahrain", "mes1"),
    opt_in("mx-central-1", "Mexico (Central)", "Mexico", "mxc1"),
    open("sa-east-1", "South America (Sao Paulo)", "Brazil", "sae1", &[1, 2, 3]),
    open("us-east-1", "US East (N. Virginia)", US, "use1", &[1, 2, 3, 4, 5, 6]),
    open("us-east-2", "US East (Ohio)", US, "use2", &[1, 2, 3]),
    open("us-west-1", "US West (N. California)", US, "usw1", &[1, 3]),
    open("us-west-2", "US West (Oregon)", US, "usw2", &[1, 2, 3, 4]),
];

const fn local(
    name: &'static str,
    id: &'static str,
    group: &'static str,
    group_long_name: &'static str,
    parent: &'static str,
    geography: (&'static str, Option<&'static str>),
) -> EdgeZone {
    EdgeZone { name, id, group, group_long_name, border_group: group, parent, geography, is_wavelength: false }
}

const fn wavelength(name: &'static str, id: &'static str, parent: &'static str, part: &'static str) -> EdgeZone {
    EdgeZone {
        name,
        id,
        group: "us-east-1-wl1",
        group_long_name: "US East (Verizon)",
        border_group: name,
        parent,
        geography: (US, Some(part)),
        is_wavelength: true,
    }
}

/// Local Zones, then Wavelength Zones.
///
/// Deviation: these are only some of those that AWS has, and which zones direct the Wavelength Zones is made up.
pub const EDGE_ZONES: &[EdgeZone] = &[
    local(
        "us-east-1-atl-2a",
        "use1-atl2-az1",
        "us-east-1-atl-2",
        "US East (Atlanta) 2",
        "use1-az5",
        (US, Some("Georgia")),
    ),
    local(
        "us-east-1-bos-1a",
        "use1-bos1-az1",
        "us-east-1-bos-1",
        "US East (Boston)",
        "use1-az4",
        (US, Some("Massachusetts")),
    ),
    local(
        "us-east-1-chi-2a",
        "use1-chi2-az1",
        "us-east-1-chi-2",
        "US East (Chicago) 2",
        "use1-az6",
        (US, Some("Illinois")),
    ),
    local(
        "us-east-1-dfw-2a",
        "use1-dfw2-az1",
        "us-east-1-dfw-2",
        "US East (Dallas) 2",
        "use1-az4",
        (US, Some("Texas")),
    ),
    local("us-east-1-qro-1a", "use1-qro1-az1", "us-east-1-qro-1", "México (Querétaro)", "use1-az1", ("Mexico", None)),
    wavelength("us-east-1-wl1-bos-wlz-1", "use1-wl1-bos-wlz1", "use1-az4", "Massachusetts"),
    wavelength("us-east-1-wl1-nyc-wlz-1", "use1-wl1-nyc-wlz1", "use1-az2", "New York"),
    wavelength("us-east-1-wl1-was-wlz-1", "use1-wl1-was-wlz1", "use1-az6", "Virginia"),
];

impl EdgeZone {
    /// Whether it belongs to a region.
    pub fn is_in(&self, region: &Region) -> bool {
        self.name.strip_prefix(region.0.as_str()).is_some_and(|rest| rest.starts_with('-'))
    }
}

impl RegionFacts {
    /// The part of the country it is in, where AWS says so.
    pub fn sub_geography(&self) -> Option<&'static str> {
        match self.name {
            "us-east-1" => Some("Virginia"),
            "us-east-2" => Some("Ohio"),
            "us-west-1" => Some("California"),
            "us-west-2" => Some("Oregon"),
            _ => None,
        }
    }
}

impl Region {
    /// What is known about it; `None` when AWS has no such region.
    pub fn facts(&self) -> Option<&'static RegionFacts> {
        REGIONS.iter().find(|facts| facts.name == self.0)
    }

    /// Its availability zones in the order of their names.
    ///
    /// Deviation: a region that AWS does not have gets three zones, so that made-up regions can be used.
    pub fn zones(&self) -> Vec<Zone> {
        let prefix = self.facts().map_or(self.0.as_str(), |facts| facts.zone_prefix);
        let numbers = self.facts().map_or(&[1, 2, 3][..], |facts| facts.zone_numbers);
        (b'a'..=b'z')
            .zip(numbers)
            .map(|(letter, number)| Zone {
                name: ZoneName(format!("{}{}", self.0, char::from(letter))),
                id: ZoneId(format!("{prefix}-az{number}")),
                region: self.clone(),
            })
            .collect()
    }
}

impl Model {
    /// The region's availability zones in the order of their names.
    pub fn zones(&self) -> Vec<Zone> {
        self.region.zones()
    }

    /// The Local and Wavelength Zones that the account has opted in to.
    pub fn edge_zones(&self) -> impl Iterator<Item = &'static EdgeZone> {
        let chosen = &self.account_settings.zone_groups;
        EDGE_ZONES.iter().filter(|zone| zone.is_in(&self.region) && chosen.contains(zone.group))
    }

    /// The zone of a name, if the region has one that can be used.
    pub fn zone(&self, name: &ZoneName) -> Option<Zone> {
        self.usable_zones().find(|zone| zone.name == *name)
    }

    /// The zone of an id, if the region has one that can be used.
    pub fn zone_by_id(&self, id: &ZoneId) -> Option<Zone> {
        self.usable_zones().find(|zone| zone.id == *id)
    }

    fn usable_zones(&self) -> impl Iterator<Item = Zone> {
        let edge = self.edge_zones().map(|zone| Zone {
            name: ZoneName(zone.name.to_owned()),
            id: ZoneId(zone.id.to_owned()),
            region: self.region.clone(),
        });
        self.zones().into_iter().chain(edge)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::six_zones("us-east-1", &["us-east-1a=use1-az1", "us-east-1b=use1-az2", "us-east-1c=use1-az3",
        "us-east-1d=use1-az4", "us-east-1e=use1-az5", "us-east-1f=use1-az6"])]
    #[case::gap_in_the_ids("us-west-1", &["us-west-1a=usw1-az1", "us-west-1b=usw1-az3"])]
    #[case::made_up("lab-1", &["lab-1a=lab-1-az1", "lab-1b=lab-1-az2", "lab-1c=lab-1-az3"])]
    fn zones(#[case] region: &str, #[case] expected: &[&str]) {
        let shown: Vec<String> =
            Region::from(region).zones().iter().map(|zone| format!("{}={}", zone.name, zone.id)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn regions_are_sorted_and_distinct() {
        assert!(REGIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
