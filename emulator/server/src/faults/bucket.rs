//! Request throttling: a token bucket for each region and action, of the size EC2 gives its category.
//!
//! See <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::config::{Limit, Throttling};

/// Actions with a smaller bucket when they ask for everything at once.
const EXPENSIVE_UNFILTERED: &[&str] = &[
    "DescribeInstanceStatus",
    "DescribeInstances",
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroups",
    "DescribeSpotInstanceRequests",
    "DescribeVolumes",
];

/// Actions with limits of their own.
const OWN_LIMITS: &[(&str, Limit)] = &[
    ("AssignIpv6Addresses", Limit { capacity: 100.0, per_second: 5.0 }),
    ("AssignPrivateIpAddresses", Limit { capacity: 100.0, per_second: 5.0 }),
    ("UnassignIpv6Addresses", Limit { capacity: 100.0, per_second: 5.0 }),
    ("UnassignPrivateIpAddresses", Limit { capacity: 100.0, per_second: 5.0 }),
    ("CreateVpcEndpoint", Limit { capacity: 4.0, per_second: 0.3 }),
];

/// The buckets that calls have drawn from so far.
#[derive(Debug, Default)]
pub(super) struct Buckets(HashMap<(String, String), Bucket>);

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Timestamp,
}

impl Buckets {
    /// Takes a token for a call; `false` when there is none.
    pub(super) fn take(
        &mut self,
        config: &Throttling,
        region: &str,
        action: &str,
        read_only: bool,
        parameters: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> bool {
        let unfiltered = EXPENSIVE_UNFILTERED.contains(&action) && parameters.keys().all(|name| name == "DryRun");
        let limit = limit(config, action, read_only, unfiltered);
        let name = if unfiltered { format!("{action} unfiltered") } else { action.to_owned() };
        let bucket = self.0.entry((region.to_owned(), name));
        bucket.or_insert(Bucket { tokens: limit.capacity, filled: now }).take(limit, now)
    }
}

impl Bucket {
    fn take(&mut self, limit: Limit, now: Timestamp) -> bool {
        // A clock that steps back adds nothing.
        let seconds = now.duration_since(self.filled).as_secs_f64().max(0.0);
        self.tokens = seconds.mul_add(limit.per_second, self.tokens).min(limit.capacity);
        self.filled = self.filled.max(now);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

fn limit(config: &Throttling, action: &str, read_only: bool, unfiltered: bool) -> Limit {
    if let Some(limit) = config.actions.get(action) {
        return *limit;
    }
    if let Some((_, limit)) = OWN_LIMITS.iter().find(|(name, _)| *name == action) {
        return *limit;
    }
    match (read_only, unfiltered) {
        (true, true) => config.unfiltered,
        (true, false) => config.non_mutating,
        (false, _) => config.mutating,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use rstest::rstest;

    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_millis(milliseconds)
    }

    fn taken(buckets: &mut Buckets, action: &str, form: &[(&str, &str)], count: usize, now: Timestamp) -> usize {
        let parameters = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let config = Throttling::default();
        let read_only = action.starts_with("Describe");
        (0..count).filter(|_| buckets.take(&config, "us-east-1", action, read_only, &parameters, now)).count()
    }

    #[rstest]
    #[case::non_mutating("DescribeSubnets", &[], 100, 20)]
    #[case::filtered("DescribeInstances", &[("MaxResults", "5")], 100, 20)]
    #[case::unfiltered("DescribeInstances", &[], 50, 10)]
    #[case::mutating("CreateVpc", &[], 50, 5)]
    #[case::own("AssignPrivateIpAddresses", &[], 100, 5)]
    fn a_burst_and_a_rate(
        #[case] action: &str,
        #[case] form: &[(&str, &str)],
        #[case] burst: usize,
        #[case] per_second: usize,
    ) {
        let mut buckets = Buckets::default();
        assert_eq!(taken(&mut buckets, action, form, 300, at(0)), burst);
        assert_eq!(taken(&mut buckets, action, form, 300, at(1000)), per_second);
        assert_eq!(taken(&mut buckets, action, form, 300, at(1_000_000)), burst, "a bucket does not overflow");
        assert_eq!(taken(&mut buckets, action, form, 1, at(0)), 0, "nor does a step back fill it");
    }

    #[test]
    fn actions_have_buckets_of_their_own() {
        let mut buckets = Buckets::default();
        assert_eq!(taken(&mut buckets, "CreateVpc", &[], 300, at(0)), 50);
        assert_eq!(taken(&mut buckets, "CreateSubnet", &[], 300, at(0)), 50);
    }
}
