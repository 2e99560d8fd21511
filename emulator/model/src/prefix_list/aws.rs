//! The lists that AWS keeps in each region.
//!
//! Deviation: their blocks are fixed ones out of AWS's ranges, not those in force today, and where the id of a
//! region's list is not known it is made from the list's name.

use jiff::Timestamp;

use super::{PrefixList, PrefixListEntries, Work};
use crate::map::Map;
use crate::{LifeSpan, PrefixListId, Region, ResourceId, Tags};

/// Name (`*` stands for the region), for how many rules a reference counts, and blocks, all of one family.
const LISTS: &[(&str, u32, &[&str])] = &[
    ("com.amazonaws.*.s3", 1, &["3.5.0.0/19", "16.15.176.0/20", "18.34.0.0/19", "52.216.0.0/15", "54.231.0.0/16"]),
    ("com.amazonaws.*.dynamodb", 1, &["3.218.180.0/22", "35.71.68.0/22", "52.94.0.0/22", "52.119.224.0/20"]),
    ("com.amazonaws.*.ec2-instance-connect", 1, &["18.206.107.24/29"]),
    ("com.amazonaws.*.ipv6.ec2-instance-connect", 1, &["2600:1f18:6fe3:8c00::/56"]),
    ("com.amazonaws.*.vpc-lattice", 10, &["169.254.171.0/24"]),
    ("com.amazonaws.*.ipv6.vpc-lattice", 10, &["fd00:ec2:80::/64"]),
    (
        "com.amazonaws.global.cloudfront.origin-facing",
        55,
        &[
            "3.172.0.0/18",
            "13.113.196.64/26",
            "13.124.199.0/24",
            "15.158.0.0/16",
            "18.68.0.0/16",
            "52.82.128.0/19",
            "64.252.64.0/18",
            "70.132.0.0/18",
            "120.52.22.96/27",
            "130.176.0.0/17",
            "204.246.166.0/24",
        ],
    ),
];

/// Ids that AWS publishes.
const IDS: &[(&str, &str, &str)] = &[
    ("us-east-1", "com.amazonaws.us-east-1.s3", "63a5400a"),
    ("us-east-1", "com.amazonaws.us-east-1.dynamodb", "02cd2c6b"),
    ("us-east-1", "com.amazonaws.global.cloudfront.origin-facing", "3b927c52"),
    ("us-west-2", "com.amazonaws.us-west-2.s3", "68a54001"),
    ("us-west-2", "com.amazonaws.us-west-2.dynamodb", "00a54069"),
    ("us-west-2", "com.amazonaws.global.cloudfront.origin-facing", "82a045eb"),
    ("eu-west-1", "com.amazonaws.eu-west-1.s3", "6da54004"),
    ("eu-west-1", "com.amazonaws.eu-west-1.dynamodb", "6fa54006"),
    ("eu-west-1", "com.amazonaws.global.cloudfront.origin-facing", "4fa04526"),
];

/// The lists AWS keeps in a region.
pub(crate) fn lists(region: &Region) -> Map<PrefixListId, PrefixList> {
    LISTS.iter().map(|list| one(region, list)).map(|list| (list.id.clone(), list)).collect()
}

fn one(region: &Region, (name, weight, blocks): &(&str, u32, &[&str])) -> PrefixList {
    let name = name.replace('*', &region.0);
    let entries: PrefixListEntries =
        blocks.iter().map(|block| (block.parse().expect("the table has blocks"), None)).collect();
    PrefixList {
        id: PrefixListId::from_digits(&digits(region, &name)),
        is_ipv6: blocks[0].contains(':'),
        name,
        is_aws: true,
        max_entries: *weight,
        version: 1,
        versions: std::collections::BTreeMap::from([(1, entries)]),
        failure: None,
        tags: Tags::new(),
        last: Work::Create,
        pending: None,
        span: LifeSpan::there_since(Timestamp::UNIX_EPOCH),
    }
}

fn digits(region: &Region, name: &str) -> String {
    if let Some((.., digits)) = IDS.iter().find(|(of, known, _)| *of == region.0 && *known == name) {
        return (*digits).to_owned();
    }
    // FNV-1a, which is enough to tell a handful of names apart.
    let text = format!("{}/{name}", region.0);
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}
