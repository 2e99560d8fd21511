//! Spot prices through the wire.

use rstest::rstest;

use crate::testing::World;

const LINUX: &str = "ProductDescription.1=Linux/UNIX";
const NOW: &str = "StartTime=2026-01-02T03:04:05Z";

#[test]
fn the_price_of_now() {
    let form = format!("InstanceType.1=m5.large&{LINUX}&{NOW}&AvailabilityZone=us-east-1a");
    insta::assert_snapshot!(World::new().call("DescribeSpotPriceHistory", &form).ok().lines());
}

#[rstest]
#[case::zones(&format!("InstanceType.1=m5.large&{LINUX}&{NOW}"), 6)]
#[case::products(&format!("InstanceType.1=m5.large&{NOW}&AvailabilityZoneId=use1-az1"), 4)]
#[case::other_name(
    &format!("InstanceType.1=m5.large&{NOW}&ProductDescription.1=Linux/UNIX (Amazon VPC)&AvailabilityZone=us-east-1a"),
    1
)]
#[case::types(&format!("InstanceType.1=m5.large&InstanceType.2=c5.large&InstanceType.3=no.type&{LINUX}&{NOW}"), 12)]
#[case::filter(
    &format!("{LINUX}&{NOW}&Filter.1.Name=instance-type&Filter.1.Value.1=m5d.*large&Filter.2.Name=availability-zone\
        &Filter.2.Value.1=us-east-1?"),
    48
)]
#[case::no_spot(&format!("InstanceType.1=mac2.metal&{LINUX}&{NOW}"), 0)]
#[case::a_day(
    &format!("InstanceType.1=m5.large&{LINUX}&AvailabilityZone=us-east-1a&StartTime=2026-01-01T00:00:00Z\
        &EndTime=2026-01-01T23:59:59Z"),
    3
)]
fn found(#[case] form: &str, #[case] count: usize) {
    let reply = World::new().call("DescribeSpotPriceHistory", &form.replace(' ', "%20")).ok();
    assert_eq!(reply.texts("spotPrice").len(), count, "{}", reply.body);
}

#[test]
fn history_comes_newest_first_and_in_pages() {
    let (mut world, mut seen, mut token) = (World::new(), Vec::new(), String::new());
    let form = format!("InstanceType.1=m5.large&{LINUX}");
    loop {
        let reply = world.call("DescribeSpotPriceHistory", &format!("{form}&MaxResults=100{token}")).ok();
        let keys = reply.texts("timestamp").into_iter().zip(reply.texts("availabilityZone"));
        seen.extend(keys.map(|(time, zone)| (time.to_owned(), zone.to_owned())));
        match reply.texts("nextToken").first() {
            Some(next) => token = format!("&NextToken={next}"),
            None => break,
        }
    }
    // Two changes a day for ninety days in six zones, and what held at the beginning.
    assert!((1080..=1092).contains(&seen.len()), "{}", seen.len());
    assert!(seen.windows(2).all(|pair| pair[0].0 >= pair[1].0));
    seen.sort();
    seen.dedup();
    assert!(seen.len() >= 1080);
}

#[test]
fn everything_at_once_has_pages_too() {
    let reply = World::new().call("DescribeSpotPriceHistory", "").ok();
    assert_eq!(reply.texts("spotPrice").len(), 1000);
    assert_eq!(reply.texts("nextToken").len(), 1);
}

#[rstest]
#[case::zone("AvailabilityZone=us-west-2a", "InvalidParameterValue")]
#[case::both("AvailabilityZone=us-east-1a&AvailabilityZoneId=use1-az1", "InvalidParameterCombination")]
#[case::filter("Filter.1.Name=colour&Filter.1.Value.1=red", "InvalidParameterValue")]
#[case::time("StartTime=yesterday", "InvalidParameterValue")]
fn refused(#[case] form: &str, #[case] code: &str) {
    assert_eq!(World::new().call("DescribeSpotPriceHistory", form).code, Some(code));
}
