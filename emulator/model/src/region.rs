//! Regions and their availability zones.
//!
//! See <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>.

use crate::{Model, Region, ZoneId, ZoneName};

/// What is known about a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionFacts {
    /// Its name.
    pub name: &'static str,
    /// Whether an account has to opt in before using it.
    pub opt_in: bool,
    /// What its zones' ids start with.
    zone_prefix: &'static str,
    /// The numbers of its zones' ids, in the order of the zones' letters.
    zone_numbers: &'static [u8],
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

const fn open(name: &'static str, zone_prefix: &'static str, zone_numbers: &'static [u8]) -> RegionFacts {
    RegionFacts { name, opt_in: false, zone_prefix, zone_numbers }
}

const fn opt_in(name: &'static str, zone_prefix: &'static str) -> RegionFacts {
    RegionFacts { name, opt_in: true, zone_prefix, zone_numbers: &[1, 2, 3] }
}

/// AWS's commercial regions in the order of their names.
pub const REGIONS: &[RegionFacts] = &[
    opt_in("af-south-1", "afs1"),
    opt_in("ap-east-1", "ape1"),
    open("ap-northeast-1", "apne1", &[4, 1, 2]),
    open("ap-northeast-2", "apne2", &[1, 2, 3, 4]),
    open("ap-northeast-3", "apne3", &[3, 1, 2]),
    open("ap-south-1", "aps1", &[1, 3, 2]),
    opt_in("ap-south-2", "aps2"),
    open("ap-southeast-1", "apse1", &[1, 2, 3]),
    open("ap-southeast-2", "apse2", &[1, 3, 2]),
    opt_in("ap-southeast-3", "apse3"),
    opt_in("ap-southeast-4", "apse4"),
    open("ca-central-1", "cac1", &[1, 2, 4]),
    opt_in("ca-west-1", "caw1"),
    open("eu-central-1", "euc1", &[2, 3, 1]),
    opt_in("eu-central-2", "euc2"),
    open("eu-north-1", "eun1", &[1, 2, 3]),
    opt_in("eu-south-1", "eus1"),
    opt_in("eu-south-2", "eus2"),
    open("eu-west-1", "euw1", &[1, 2, 3]),
    open("eu-west-2", "euw2", &[2, 3, 1]),
    open("eu-west-3", "euw3", &[1, 2, 3]),
    opt_in("il-central-1", "ilc1"),
    opt_in("me-central-1", "mec1"),
    opt_in("me-south-1", "mes1"),
    open("sa-east-1", "sae1", &[1, 2, 3]),
    open("us-east-1", "use1", &[1, 2, 3, 4, 5, 6]),
    open("us-east-2", "use2", &[1, 2, 3]),
    open("us-west-1", "usw1", &[1, 3]),
    open("us-west-2", "usw2", &[1, 2, 3, 4]),
];

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

    /// The zone of a name, if the region has one.
    pub fn zone(&self, name: &ZoneName) -> Option<Zone> {
        self.zones().into_iter().find(|zone| zone.name == *name)
    }

    /// The zone of an id, if the region has one.
    pub fn zone_by_id(&self, id: &ZoneId) -> Option<Zone> {
        self.zones().into_iter().find(|zone| zone.id == *id)
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
