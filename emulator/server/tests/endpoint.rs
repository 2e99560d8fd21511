//! The endpoint as clients on loopback meet it.

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use common::{send, signed};
use rstest::rstest;
use tokio::net::{TcpListener, TcpStream};
use vpcbox_emulator::trail::Wanted;
use vpcbox_emulator::{Config, Emulator};

async fn emulator() -> Emulator {
    let config = Config { fabric: false, seed: Some(1), ..Config::default() };
    Emulator::start(config).await.expect("a free port on loopback")
}

const REGIONS: &str = "Action=DescribeRegions&Version=2016-11-15";

#[tokio::test]
async fn head_and_body_arrive_together() {
    let emulator = emulator().await;
    let seen = send(emulator.endpoint(), "POST / HTTP/1.1", REGIONS).await;
    assert_eq!(seen.status(), "200");
    assert!(seen.body().contains("us-east-1"), "{}", seen.reply);
    assert_eq!(seen.first_read, seen.reply.len(), "one read gets all of it");
    assert_eq!(seen.header("content-length"), Some(seen.body().len().to_string().as_str()));
    assert_eq!(seen.header("content-type"), Some("text/xml;charset=UTF-8"));
    let id = seen.header("x-amzn-requestid").expect("a request id");
    assert!(seen.body().contains(&format!("<requestId>{id}</requestId>")), "{}", seen.reply);
}

#[rstest]
#[case::get("GET /?Action=DescribeRegions&Version=2016-11-15 HTTP/1.1", "", "200", "DescribeRegionsResponse")]
#[case::parameters_in_the_query("POST /?Action=DescribeRegions&Version=2016-11-15 HTTP/1.1", "", "200", "<regionName>")]
#[case::no_action("POST / HTTP/1.1", "Version=2016-11-15", "400", "<Code>MissingAction</Code>")]
#[case::unknown_action("POST / HTTP/1.1", "Action=X&Version=2016-11-15", "400", "<Code>InvalidAction</Code>")]
#[case::unreadable_signature(
    "POST / HTTP/1.1\r\nAuthorization: Basic dTpw",
    REGIONS,
    "400",
    "<Code>IncompleteSignature</Code>"
)]
#[case::other_path("POST /other HTTP/1.1", REGIONS, "404", "")]
#[tokio::test]
async fn requests(#[case] head: &str, #[case] body: &str, #[case] status: &str, #[case] contains: &str) {
    let emulator = emulator().await;
    let seen = send(emulator.endpoint(), head, body).await;
    assert_eq!(seen.status(), status, "{}", seen.reply);
    assert!(seen.body().contains(contains), "{}", seen.reply);
}

/// A call whose form has so many bytes.
fn form_of(bytes: usize) -> String {
    let form = format!("{REGIONS}&Filter.1.Name=region-name&Filter.1.Value.1=");
    let rest = bytes - form.len();
    form + &"x".repeat(rest)
}

#[rstest]
#[case::largest(1 << 20, "200", "<regionInfo/>")]
#[case::one_more((1 << 20) + 1, "413", "<Code>RequestEntityTooLargeException</Code>")]
#[case::far_more(32 << 20, "413", "<Code>RequestEntityTooLargeException</Code>")]
#[tokio::test]
async fn bodies_have_a_limit(#[case] bytes: usize, #[case] status: &str, #[case] contains: &str) {
    let emulator = emulator().await;
    let seen = send(emulator.endpoint(), "POST / HTTP/1.1", &form_of(bytes)).await;
    assert_eq!(seen.status(), status, "{}", seen.reply);
    assert!(seen.body().contains(contains), "{}", seen.reply);
}

#[rstest]
#[case::parameters((0..=10_000).map(|number| format!("&Value.{number}=x")).collect())]
#[case::nesting(format!("&Filter{}=x", ".1.Value".repeat(100)))]
#[case::index(format!("&RegionName.{}=x", u64::MAX))]
#[tokio::test]
async fn lists_and_nesting_have_a_limit(#[case] more: String) {
    let emulator = emulator().await;
    let seen = send(emulator.endpoint(), "POST / HTTP/1.1", &format!("{REGIONS}{more}")).await;
    assert_eq!(seen.status(), "400", "{}", seen.reply);
}

#[tokio::test]
async fn calls_leave_a_trail() {
    let emulator = emulator().await;
    send(emulator.endpoint(), &signed("eu-west-1", "ec2"), REGIONS).await;
    send(emulator.endpoint(), "POST / HTTP/1.1", "Action=X&Version=2016-11-15&Y=1").await;
    let records = emulator.shared().trail().records(&Wanted::default()).0;
    let seen: Vec<_> = records
        .iter()
        .map(|record| (record.name(), record.key.region.0.as_str(), record.error_code, record.read_only))
        .collect();
    let expected = [
        ("DescribeRegions".to_owned(), "eu-west-1", None, true),
        ("X".to_owned(), "us-east-1", Some("InvalidAction"), false),
    ];
    assert_eq!(seen, expected);
    assert_eq!(records[1].event()["requestParameters"]["y"], 1);
    let shown = send(emulator.endpoint(), "GET /_vpcbox/trail?name=X&wait=1 HTTP/1.1", "").await;
    assert!(shown.body().starts_with("{\"Records\":[{\"eventVersion\":"), "{}", shown.reply);
    assert!(shown.body().ends_with("],\"Next\":2}"), "{}", shown.reply);
    let mistaken = send(emulator.endpoint(), "GET /_vpcbox/trail?nam=X HTTP/1.1", "").await;
    assert_eq!(mistaken.status(), "400");
}

#[tokio::test]
async fn keys_stand_for_accounts() {
    let key = vpcbox_emulator::config::Key { account: "444455556666".into(), secret: None, user: None };
    let keys = std::collections::BTreeMap::from([("AKIATEST".to_owned(), key)]);
    let emulator = Emulator::start(Config { fabric: false, keys, ..Config::default() }).await.expect("a port");
    let account = async |key: &str| {
        let head = signed("us-east-1", "sts").replace("Credential=AK/", &format!("Credential={key}/"));
        let seen = send(emulator.endpoint(), &head, "Action=GetCallerIdentity&Version=2011-06-15").await;
        let rest = seen.body().split_once("<Account>").expect("an account").1.to_owned();
        rest[..12].to_owned()
    };
    assert_eq!(account("AKIAIOSFODNN7EXAMPLE").await, "123456789012");
    assert_eq!(account("AKIATEST").await, "444455556666");
    assert_eq!(account("111122223333").await, "111122223333");
    let assume = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::777788889999:role/me&RoleSessionName=me";
    let assumed = send(emulator.endpoint(), &signed("us-east-1", "sts"), assume).await;
    let key = assumed.body().split_once("<AccessKeyId>").expect("a key").1.split('<').next().unwrap_or_default();
    assert_eq!(account(key).await, "777788889999");
    let head = signed("us-east-1", "sts").replace("Credential=AK/", &format!("Credential={key}/"));
    let seen = send(emulator.endpoint(), &head, "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert!(seen.body().contains("<Arn>arn:aws:sts::777788889999:assumed-role/me/me</Arn>"), "{}", seen.reply);
    assert!(seen.body().contains(":me</UserId>"), "{}", seen.reply);
}

#[tokio::test]
async fn keys_belong_to_users() {
    let key = vpcbox_emulator::config::Key { account: "444455556666".into(), secret: None, user: Some("alice".into()) };
    let keys = std::collections::BTreeMap::from([("AKIATEST".to_owned(), key)]);
    let emulator = Emulator::start(Config { fabric: false, keys, ..Config::default() }).await.expect("a port");
    let head = signed("us-east-1", "sts").replace("Credential=AK/", "Credential=AKIATEST/");
    let seen = send(emulator.endpoint(), &head, "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert!(seen.body().contains("<Arn>arn:aws:iam::444455556666:user/alice</Arn>"), "{}", seen.reply);
    assert!(seen.body().contains("<UserId>AIDA"), "{}", seen.reply);
    let identity = &emulator.shared().trail().records(&Wanted::default()).0[0].event()["userIdentity"];
    assert_eq!((&identity["type"], &identity["userName"]), (&"IAMUser".into(), &"alice".into()));
}

#[tokio::test]
async fn only_verified_callers_are_answered_where_that_is_wanted() {
    let key =
        vpcbox_emulator::config::Key { account: "444455556666".into(), secret: Some("secret".into()), user: None };
    let keys = std::collections::BTreeMap::from([("AKIATEST".to_owned(), key)]);
    let config = Config { fabric: false, keys, verify_signatures: true, ..Config::default() };
    let emulator = Emulator::start(config).await.expect("a port");
    let identity = "Action=GetCallerIdentity&Version=2011-06-15";
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let dated = |service: &str, key: &str| {
        let head = signed("us-east-1", service).replace("Credential=AK/", &format!("Credential={key}/"));
        format!("{head}\r\nX-Amz-Date: {now}")
    };
    let refused = [
        ("POST / HTTP/1.1".to_owned(), REGIONS, "403", "<Code>MissingAuthenticationToken</Code>"),
        ("POST / HTTP/1.1".to_owned(), identity, "403", "<Type>Sender</Type><Code>MissingAuthenticationToken</Code>"),
        (signed("us-east-1", "ec2"), REGIONS, "400", "<Code>IncompleteSignature</Code>"),
        (dated("ec2", "AKIAOTHER"), REGIONS, "401", "<Code>AuthFailure</Code>"),
        (dated("sts", "AKIAOTHER"), identity, "403", "<Code>InvalidClientTokenId</Code>"),
        (dated("ec2", "AKIATEST"), REGIONS, "403", "<Code>SignatureDoesNotMatch</Code>"),
        (dated("sts", "AKIATEST"), identity, "403", "<Code>SignatureDoesNotMatch</Code>"),
    ];
    for (head, body, status, code) in refused {
        let seen = send(emulator.endpoint(), &head, body).await;
        assert_eq!(seen.status(), status, "{}", seen.reply);
        assert!(seen.body().contains(code), "{}", seen.reply);
    }
    let assume = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn:aws:iam::777788889999:role/me\
                  &RoleSessionName=me&WebIdentityToken=token";
    assert_eq!(send(emulator.endpoint(), "POST / HTTP/1.1", assume).await.status(), "200");
}

#[rstest]
#[case::headers("/", (0..200).map(|number| format!("\r\nX-Header-{number}: x")).collect(), "431")]
#[case::one_header("/", format!("\r\nX-Header: {}", "x".repeat(1 << 20)), "431")]
#[case::address(&format!("/?{}", "x".repeat(70_000)), String::new(), "414")]
#[tokio::test]
async fn heads_have_a_limit(#[case] address: &str, #[case] headers: String, #[case] status: &str) {
    let emulator = emulator().await;
    let seen = send(emulator.endpoint(), &format!("POST {address} HTTP/1.1{headers}"), REGIONS).await;
    assert_eq!(seen.status(), status, "{}", seen.reply);
}

#[tokio::test]
async fn health_and_status() {
    let emulator = emulator().await;
    assert_eq!(send(emulator.endpoint(), "GET /_vpcbox/health HTTP/1.1", "").await.body(), "{\"status\":\"ok\"}");
    let status = send(emulator.endpoint(), "GET /_vpcbox/status HTTP/1.1", "").await;
    assert!(status.body().contains("\"vpcs\":1"), "the default VPC is there: {}", status.reply);
}

#[tokio::test]
async fn metadata_can_be_read_without_a_fabric() {
    let emulator = emulator().await;
    let run = "Action=RunInstances&Version=2016-11-15&ImageId=ami-0123456789abcdef0&InstanceType=m5.large\
               &MinCount=1&MaxCount=1";
    let launched = send(emulator.endpoint(), "POST / HTTP/1.1", run).await;
    let (_, rest) = launched.body().split_once("<instanceId>").expect("an instance");
    let id = rest.split('<').next().expect("an id");
    let read = |path: &str| format!("GET /_vpcbox/imds/{id}{path} HTTP/1.1");
    assert_eq!(send(emulator.endpoint(), &read("/latest/meta-data/instance-id"), "").await.body(), id);
    assert_eq!(send(emulator.endpoint(), &read("/latest/meta-data/placement/"), "").await.status(), "200");
    assert!(send(emulator.endpoint(), &read(""), "").await.body().ends_with("\nlatest"));
    assert_eq!(send(emulator.endpoint(), &read("/latest/meta-data/nothing"), "").await.status(), "404");
    let token = format!("PUT /_vpcbox/imds/{id}/latest/api/token HTTP/1.1\r\nX-aws-ec2-metadata-token-ttl-seconds: 60");
    assert_eq!(send(emulator.endpoint(), &token, "").await.header("x-aws-ec2-metadata-token-ttl-seconds"), Some("60"));
    let nobody = "GET /_vpcbox/imds/i-0123456789abcdef0/latest HTTP/1.1";
    assert_eq!(send(emulator.endpoint(), nobody, "").await.status(), "404");

    // The SDK for Go drops the endpoint's path and keeps its user.
    let by_user = |user: &str| {
        let user = base64::engine::general_purpose::STANDARD.encode(user);
        format!("GET /latest/meta-data/instance-id HTTP/1.1\r\nAuthorization: Basic {user}")
    };
    assert_eq!(send(emulator.endpoint(), &by_user(&format!("{id}:")), "").await.body(), id);
    assert_eq!(send(emulator.endpoint(), &by_user("i-0123456789abcdef0:"), "").await.status(), "404");
    assert_eq!(send(emulator.endpoint(), &by_user("somebody:"), "").await.status(), "404");
    assert_eq!(send(emulator.endpoint(), "GET /latest/meta-data/ HTTP/1.1", "").await.status(), "404");
}

#[tokio::test]
async fn metadata_has_an_ipv6_endpoint() {
    let listen = SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 0));
    if TcpListener::bind(listen).await.is_err() {
        return println!("skipped: no IPv6 on loopback");
    }
    let config = Config { fabric: false, metadata_ipv6: Some(listen), ..Config::default() };
    let emulator = Emulator::start(config).await.expect("free ports on loopback");
    let ipv6 = emulator.metadata_ipv6().expect("an endpoint");
    let run = "Action=RunInstances&Version=2016-11-15&ImageId=ami-0123456789abcdef0&InstanceType=m5.large\
               &MinCount=1&MaxCount=1";
    for (wish, status) in [("", "403"), ("&MetadataOptions.HttpProtocolIpv6=enabled", "200")] {
        let launched = send(emulator.endpoint(), "POST / HTTP/1.1", &format!("{run}{wish}")).await;
        let (_, rest) = launched.body().split_once("<instanceId>").expect("an instance");
        let id = rest.split('<').next().expect("an id");
        let read = format!("GET /_vpcbox/imds/{id}/latest/meta-data/instance-id HTTP/1.1");
        assert_eq!(send(ipv6, &read, "").await.status(), status);
        assert_eq!(send(emulator.endpoint(), &read, "").await.body(), id);
    }
    assert_eq!(send(ipv6, "POST / HTTP/1.1", REGIONS).await.status(), "404", "only metadata is there");
}

#[tokio::test]
async fn it_stays_on_loopback() {
    let listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let error = Emulator::start(Config { listen, fabric: false, ..Config::default() }).await.expect_err("refused");
    assert_eq!(error.to_string(), "listen address 0.0.0.0:0 is not on loopback");
}

#[tokio::test]
async fn it_stops_although_a_client_stays_connected() {
    let emulator = emulator().await;
    let stream = TcpStream::connect(emulator.endpoint()).await.expect("the emulator listens");
    let stopped = tokio::time::timeout(Duration::from_secs(5), emulator.shutdown()).await;
    assert!(stopped.is_ok());
    drop(stream);
}

#[tokio::test]
async fn clusters_are_found() {
    let emulator = emulator().await;
    let to = emulator.endpoint();
    let subnet = emulator.shared().read(|model| model.subnets().next().expect("a default subnet").id.to_string());
    let told = format!(r#"{{"endpoint": "https://127.0.0.1:6443", "subnetIds": ["{subnet}"]}}"#);
    for name in ["a", "b", "c"] {
        let seen = send(to, &format!("PUT /_vpcbox/clusters/{name} HTTP/1.1"), &told).await;
        assert_eq!(seen.status(), "200", "{}", seen.reply);
    }
    let seen = send(to, "GET /clusters/b HTTP/1.1", "").await;
    assert!(seen.body().contains(r#""arn":"arn:aws:eks:us-east-1:123456789012:cluster/b""#), "{}", seen.reply);
    assert!(seen.body().contains(&subnet) && seen.body().contains(r#""vpcId":"vpc-"#), "{}", seen.reply);
    let first = send(to, "GET /clusters?maxResults=2 HTTP/1.1", "").await;
    assert_eq!(first.body(), r#"{"clusters":["a","b"],"nextToken":"b"}"#);
    let second = send(to, "GET /clusters?maxResults=2&nextToken=b HTTP/1.1", "").await;
    assert_eq!(second.body(), r#"{"clusters":["c"],"nextToken":null}"#);
    let elsewhere = signed("eu-west-1", "eks").replace("POST / ", "GET /clusters ");
    assert_eq!(send(to, &elsewhere, "").await.body(), r#"{"clusters":[],"nextToken":null}"#);
    assert_eq!(send(to, "DELETE /_vpcbox/clusters/b HTTP/1.1", "").await.status(), "204");
    let gone = send(to, "GET /clusters/b HTTP/1.1", "").await;
    assert_eq!((gone.status(), gone.header("x-amzn-errortype")), ("404", Some("ResourceNotFoundException")));
}

#[rstest]
#[case::unknown_subnet("a", r#"{"endpoint": "x", "subnetIds": ["subnet-01234567"]}"#, "subnet-01234567")]
#[case::no_subnet("a", r#"{"endpoint": "x", "subnetIds": []}"#, "names no subnet")]
#[case::unknown_member("a", r#"{"endpoint": "x", "subnetIds": [], "colour": "red"}"#, "colour")]
#[case::name("-a", r#"{"endpoint": "x", "subnetIds": []}"#, "name begins")]
#[tokio::test]
async fn clusters_that_cannot_be(#[case] name: &str, #[case] told: &str, #[case] says: &str) {
    let emulator = emulator().await;
    let seen = send(emulator.endpoint(), &format!("PUT /_vpcbox/clusters/{name} HTTP/1.1"), told).await;
    assert_eq!(seen.status(), "400", "{}", seen.reply);
    assert!(seen.body().contains(says), "{}", seen.reply);
}

#[tokio::test]
async fn auto_scaling_groups_are_told() {
    let emulator = emulator().await;
    let to = emulator.endpoint();
    let path = "/_vpcbox/auto-scaling-groups/one";
    let subnet = emulator.shared().read(|model| model.subnets().next().expect("a default subnet").id.to_string());
    let told = format!(r#"{{"maxSize": 3, "desiredCapacity": 2, "subnetIds": ["{subnet}"], "tags": {{"a": "b"}}}}"#);
    let seen = send(to, &format!("PUT {path} HTTP/1.1"), &told).await;
    assert_eq!(seen.status(), "200", "{}", seen.reply);
    let update = "Action=UpdateAutoScalingGroup&Version=2011-01-01&AutoScalingGroupName=one&DesiredCapacity=3";
    let seen = send(to, &signed("us-east-1", "autoscaling"), update).await;
    assert_eq!(seen.status(), "200", "{}", seen.reply);
    let seen = send(to, &format!("GET {path} HTTP/1.1"), "").await;
    assert!(seen.body().contains(r#""desiredCapacity":3"#) && seen.body().contains(&subnet), "{}", seen.reply);
    let seen = send(to, &format!("GET {path}?region=eu-west-1 HTTP/1.1"), "").await;
    assert_eq!(seen.status(), "404");
    assert_eq!(send(to, &format!("DELETE {path} HTTP/1.1"), "").await.status(), "204");
    assert_eq!(send(to, &format!("DELETE {path} HTTP/1.1"), "").await.status(), "404");
}

#[rstest]
#[case::unknown_member(r#"{"colour": "red"}"#, "colour")]
#[case::unknown_of_instance(r#"{"instances": [{"instanceId": "i-01234567", "colour": "red"}]}"#, "did not match")]
#[case::unknown_instance(r#"{"instances": ["i-01234567"]}"#, "i-01234567")]
#[case::no_id(r#"{"subnetIds": ["here"]}"#, "here")]
#[case::bounds(r#"{"minSize": 2, "maxSize": 1}"#, "Max bound, 1,")]
#[case::unknown_template(r#"{"launchTemplate": {"template": "lt-01234567"}}"#, "lt-01234567")]
#[tokio::test]
async fn auto_scaling_groups_that_cannot_be(#[case] told: &str, #[case] says: &str) {
    let emulator = emulator().await;
    let seen = send(emulator.endpoint(), "PUT /_vpcbox/auto-scaling-groups/one HTTP/1.1", told).await;
    assert_eq!(seen.status(), "400", "{}", seen.reply);
    assert!(seen.body().contains(says), "{}", seen.reply);
}
