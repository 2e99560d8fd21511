//! What is remembered, and how it is shown.

use axum::body::Bytes;

use super::{Record, Trail, Wanted};
use crate::StateKey;

fn record(form: &str, error_code: Option<&'static str>, answer: Option<&str>) -> Record {
    Record {
        time: "2026-11-22T12:00:00Z".parse().expect("a time"),
        service: "ec2".into(),
        key: StateKey::new("123456789012".into(), "us-east-1".into()),
        source: Some([127, 0, 0, 1].into()),
        user_agent: Some("test".into()),
        caller: None,
        access_key_id: Some("AKIA".into()),
        read_only: form.contains("Action=Describe"),
        form: form.into(),
        error_code,
        faults: Vec::new(),
        request_id: "req".into(),
        answer: answer.map(|answer| Bytes::from(answer.to_owned())),
    }
}

#[test]
fn a_write() {
    let form = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0%2F16\
                &TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=7";
    let answer = "<?xml version=\"1.0\"?>\n<CreateVpcResponse xmlns=\"x\"><requestId>req</requestId><vpc>\
                  <ownerId>123456789012</ownerId><isDefault>false</isDefault><tagSet><item><key>Name</key>\
                  <value>7</value></item></tagSet><empty/></vpc></CreateVpcResponse>";
    let event = record(form, None, Some(answer)).event();
    insta::assert_snapshot!(serde_json::to_string_pretty(&event).expect("JSON"));
}

#[test]
fn a_failure() {
    let form = "Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-1";
    let answer = "<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>X</Code><Message>&apos;i-1&apos; is bad\
                  </Message></Error></Errors></Response>";
    let event = record(form, Some("InvalidInstanceID.NotFound"), Some(answer)).event();
    assert_eq!(event["errorCode"], "Client.InvalidInstanceID.NotFound");
    assert_eq!(event["errorMessage"], "'i-1' is bad");
    assert!(event["responseElements"].is_null());
    assert_eq!(event["requestParameters"]["instancesSet"]["items"][0]["instanceId"], "i-1");
}

#[test]
fn it_is_bounded_and_filtered() {
    let trail = Trail::default();
    for _ in 0..1500 {
        trail.push(record("Action=DescribeVpcs", None, None));
    }
    trail.push(record("Action=CreateVpc", Some("VpcLimitExceeded"), Some(&"x".repeat(200 * 1024))));
    let count = |wanted: &Wanted| trail.records(wanted).0.len();
    assert_eq!((count(&Wanted::default()), trail.records(&Wanted::default()).1), (1000, 1501));
    assert_eq!(count(&Wanted { name: Some("CreateVpc".into()), ..Wanted::default() }), 1);
    assert_eq!(count(&Wanted { errors: true, ..Wanted::default() }), 1);
    assert_eq!(count(&Wanted { after: 1499, ..Wanted::default() }), 2);
    assert_eq!(count(&Wanted { since: "2026-11-22T12:00:01Z".parse().ok(), ..Wanted::default() }), 0);
    assert!(trail.records(&Wanted { errors: true, ..Wanted::default() }).0[0].answer.is_none(), "too long");
}

#[test]
fn it_is_kept_in_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trail.jsonl");
    let trail = Trail::open(Some(&path)).expect("a file");
    trail.push(record("Action=DescribeVpcs", None, None));
    drop(trail);
    let text = std::fs::read_to_string(path).expect("a trail");
    let event: serde_json::Value = serde_json::from_str(&text).expect("one line");
    assert_eq!(event["eventName"], "DescribeVpcs");
}
