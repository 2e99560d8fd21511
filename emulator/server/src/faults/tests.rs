//! Decisions, from configurations as people write them.

use rstest::rstest;

use super::*;

fn faults(json: &str) -> Faults {
    Faults::new(serde_json::from_str(json).expect("a configuration")).expect("valid values")
}

fn decide(faults: &Faults, form: &str) -> Verdict {
    let mut parameters: BTreeMap<String, String> = form_urlencoded::parse(form.as_bytes()).into_owned().collect();
    let action = parameters.remove("Action").expect("an action");
    let facts = Facts {
        account: "123456789012",
        region: "eu-west-1",
        access_key_id: Some("AK"),
        action: &action,
        read_only: action.starts_with("Describe"),
        service: ec2_api::Service::Ec2,
        parameters: &parameters,
    };
    let places = Places { subnets: parameters.get("SubnetId").cloned().into_iter().collect() };
    faults.decide(facts, Timestamp::UNIX_EPOCH, || places)
}

fn codes(faults: &Faults, form: &str, calls: usize) -> Vec<&'static str> {
    let code = |verdict: Verdict| verdict.refusal.map_or("", |error| error.code().name());
    (0..calls).map(|_| code(decide(faults, form))).collect()
}

#[rstest]
#[case::none("{}", "Action=CreateVpc", "")]
#[case::error(r#"{"errors": [{"action": "Create*", "code": "InternalError"}]}"#, "Action=CreateVpc", "InternalError")]
#[case::other_action(r#"{"errors": [{"action": "Create*", "code": "InternalError"}]}"#, "Action=DeleteVpc", "")]
#[case::resource(
    r#"{"errors": [{"action": "*", "resource": "eni-1*", "code": "Unavailable"}]}"#,
    "Action=AttachNetworkInterface&NetworkInterfaceId=eni-12",
    "Unavailable"
)]
#[case::other_resource(
    r#"{"errors": [{"action": "*", "resource": "eni-1*", "code": "Unavailable"}]}"#,
    "Action=AttachNetworkInterface&NetworkInterfaceId=eni-2",
    ""
)]
#[case::deny(r#"{"denies": [{"action": "DescribeSubnets"}]}"#, "Action=DescribeSubnets", "UnauthorizedOperation")]
#[case::other_key(r#"{"denies": [{"action": "*", "accessKeyId": "BK"}]}"#, "Action=DescribeSubnets", "")]
#[case::no_addresses(
    r#"{"addresses": [{"subnet": "subnet-1"}]}"#,
    "Action=CreateNetworkInterface&SubnetId=subnet-1",
    "InsufficientFreeAddressesInSubnet"
)]
#[case::no_prefixes(
    r#"{"addresses": [{"subnet": "subnet-1"}]}"#,
    "Action=CreateNetworkInterface&SubnetId=subnet-1&Ipv4PrefixCount=1",
    "InsufficientCidrBlocks"
)]
#[case::looking_is_free(r#"{"addresses": [{"subnet": "*"}]}"#, "Action=DescribeSubnets&SubnetId=subnet-1", "")]
fn refusals(#[case] config: &str, #[case] form: &str, #[case] expected: &str) {
    assert_eq!(codes(&faults(config), form, 1), [expected]);
}

#[test]
fn sold_out_launches_are_counted() {
    let faults = faults(r#"{"capacity": [{"instanceType": "m5.*", "count": 3}, {"instanceType": "c5.*"}]}"#);
    let mut sold_out = faults.sold_out();
    let left = |rules: &[SoldOut]| rules.iter().map(|rule| rule.left).collect::<Vec<_>>();
    assert_eq!(left(&sold_out), [Some(3), None]);
    sold_out[0].hits = 2;
    assert_eq!(faults.meet(&sold_out), ["capacity[0]"]);
    assert_eq!(left(&faults.sold_out()), [Some(1), None]);
}

#[test]
fn errors_are_counted() {
    let faults = faults(r#"{"errors": [{"action": "*", "code": "Unavailable", "skip": 1, "count": 2}]}"#);
    assert_eq!(codes(&faults, "Action=CreateVpc", 4), ["", "Unavailable", "Unavailable", ""]);
    faults.restore();
    assert_eq!(codes(&faults, "Action=CreateVpc", 2), ["", "Unavailable"], "counting begins anew");
}

#[test]
fn the_seed_decides_which_calls_fail() {
    let config = |seed| {
        let rule = r#"{"action": "*", "code": "Unavailable", "probability": 0.3}"#;
        faults(&format!(r#"{{"seed": {seed}, "errors": [{rule}]}}"#))
    };
    let one = codes(&config(1), "Action=CreateVpc", 1000);
    assert_eq!(one, codes(&config(1), "Action=CreateVpc", 1000));
    assert_ne!(one, codes(&config(2), "Action=CreateVpc", 1000));
    let failed = one.iter().filter(|code| !code.is_empty()).count();
    assert!((250..350).contains(&failed), "{failed} of 1000 with probability 0.3");
}

#[rstest]
#[case::constant(r#"{"constantMs": 5}"#, 5.0, 5.0, 5.0)]
#[case::uniform(r#"{"uniformMs": [10, 20]}"#, 10.0, 15.0, 20.0)]
#[case::exponential(r#"{"exponentialMs": 10}"#, 0.0, 6.9, 100.0)]
#[case::log_normal(r#"{"medianAndP99Ms": [10, 100]}"#, 0.0, 10.0, 1000.0)]
fn delays(#[case] distribution: &str, #[case] least: f64, #[case] median: f64, #[case] most: f64) {
    let faults = faults(&format!(r#"{{"latency": [{{"distribution": {distribution}}}]}}"#));
    let mut drawn: Vec<f64> =
        (0..1001).map(|_| decide(&faults, "Action=CreateVpc").delay.as_secs_f64() * 1000.0).collect();
    drawn.sort_by(f64::total_cmp);
    let near = |value: f64, expected: f64| (value - expected).abs() <= 0.15 * expected;
    assert!(drawn[0] >= least - 1e-6 && drawn[1000] <= most + 1e-6, "{} to {}", drawn[0], drawn[1000]);
    assert!(near(drawn[500], median), "median {}", drawn[500]);
}

#[test]
fn refusals_have_ec2s_words() {
    let denies = faults(r#"{"denies": [{"action": "*", "explicit": true}]}"#);
    let verdict = decide(&denies, "Action=DeleteNetworkInterface&NetworkInterfaceId=eni-1");
    let denied = verdict.refusal.expect("a refusal");
    let (told, encoded) = denied.message().split_once("message: ").expect("an encoded message");
    insta::assert_snapshot!(told, @"You are not authorized to perform this operation. User: arn:aws:iam::123456789012:root is not authorized to perform: ec2:DeleteNetworkInterface on resource: arn:aws:ec2:eu-west-1:123456789012:network-interface/eni-1 with an explicit deny in an identity-based policy. Encoded authorization failure ");
    assert!(!encoded.contains([' ', '{']), "{encoded}");
    assert_eq!(verdict.names, ["denies[0]"]);
    let throttled = faults(r#"{"throttling": {"mutating": {"capacity": 0, "perSecond": 0}}}"#);
    let refusal = decide(&throttled, "Action=CreateVpc").refusal.expect("a refusal");
    insta::assert_snapshot!(refusal, @"RequestLimitExceeded: Request limit exceeded. Account 123456789012 has been throttled on ec2:CreateVpc because it exceeded its request rate limit.");
}

#[rstest]
#[case::unknown(r#"{"latencies": []}"#, "unknown field `latencies`")]
#[case::unknown_inside(r#"{"errors": [{"action": "*", "code": "Unavailable", "often": 1}]}"#, "unknown field `often`")]
#[case::missing(r#"{"errors": [{"action": "*"}]}"#, "missing field `code`")]
#[case::no_code(r#"{"errors": [{"action": "*", "code": "Oops"}]}"#, "there is no error code Oops")]
#[case::probability(
    r#"{"errors": [{"action": "*", "code": "Unavailable", "probability": 2}]}"#,
    "errors[0].probability is not between 0 and 1"
)]
#[case::order(r#"{"latency": [{"distribution": {"uniformMs": [2, 1]}}]}"#, "latency[0] is not a distribution")]
#[case::rate(
    r#"{"throttling": {"actions": {"CreateVpc": {"capacity": -1, "perSecond": 1}}}}"#,
    "throttling.CreateVpc.capacity is not a number from 0"
)]
fn mistakes_are_named(#[case] json: &str, #[case] expected: &str) {
    let error = match serde_json::from_str::<FaultConfig>(json) {
        Ok(config) => config.check().expect_err("a mistake").to_string(),
        Err(error) => error.to_string(),
    };
    assert!(error.starts_with(expected), "{error}");
}

#[rstest]
#[case::all("*", "eni-1", true)]
#[case::start("eni-*", "eni-1", true)]
#[case::middle("a*c*e", "abcde", true)]
#[case::overlap("ab*ba", "aba", false)]
#[case::exact("eni-1", "eni-12", false)]
fn patterns(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
    assert_eq!(fits(pattern, text), expected);
}
