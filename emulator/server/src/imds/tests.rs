//! What instances read, by path.

use std::collections::BTreeSet;

use http::{HeaderName, Method, Request, StatusCode};
use rstest::rstest;
use vpc_model::instance::{MetadataChange, NewInstances};
use vpc_model::key_pair::NewKeyPair;
use vpc_model::{InstanceId, InterfaceType, KeyType, NewAttachment, NewInterface, Tags, VlanId, WantedAddresses};

use super::{Endpoint, Imds, Notice, PATHS, Reply, answer};
use crate::testing::{self, World};

struct Node {
    world: World,
    id: InstanceId,
    imds: Imds,
}

/// An instance with a secondary ENI that has a second address and a prefix, and with a trunk and its branch.
fn node() -> Node {
    let mut world = World::new("us-east-1");
    let subnet = world.with(testing::subnet);
    world.with(|model, cx| model.create_key_pair(cx, key_pair())).expect("a key pair");
    let id = world.with(|model, cx| testing::launch(model, cx, &subnet, identify));
    let mut interface = |last: u8, interface_type, addresses| {
        let primary_ip = Some([10, 0, 1, last].into());
        let new = NewInterface { interface_type, primary_ip, addresses, ..NewInterface::in_subnet(subnet.clone()) };
        world.with(|model, cx| model.create_network_interface(cx, new)).expect("an ENI")
    };
    let more = WantedAddresses {
        ipv4: vec![[10, 0, 1, 21].into()],
        ipv4_prefixes: vec!["10.0.1.64/28".parse().expect("a block")],
        ..WantedAddresses::default()
    };
    let secondary = interface(20, InterfaceType::Interface, more);
    let trunk = interface(30, InterfaceType::Trunk, WantedAddresses::default());
    let branch = interface(40, InterfaceType::Branch, WantedAddresses::default());
    for (device_index, network_interface_id) in [(1, secondary), (2, trunk.clone())] {
        let new = NewAttachment {
            network_interface_id,
            instance_id: id.clone(),
            device_index,
            network_card_index: 0,
            delete_on_termination: true,
        };
        world.with(|model, cx| model.attach_network_interface(cx, new)).expect("an attachment");
    }
    let vlan = VlanId::new(1).expect("a VLAN");
    world.with(|model, cx| model.associate_trunk_interface(cx, &trunk, &branch, vlan, Tags::new())).expect("a branch");
    Node { world, id, imds: Imds::new([7; 32]) }
}

fn key_pair() -> NewKeyPair {
    NewKeyPair {
        name: "ops".into(),
        key_type: KeyType::Ed25519,
        fingerprint: String::new(),
        public_key: "ssh-ed25519 AAAA ops".into(),
        tags: Tags::new(),
    }
}

fn identify(new: &mut NewInstances) {
    new.key_name = Some("ops".into());
    new.iam_instance_profile = Some("arn:aws:iam::123456789012:instance-profile/node".into());
    new.user_data = Some(b"#!/bin/sh".to_vec());
    new.tags.insert("Name".into(), "node-1".into());
    new.metadata_options.tags_enabled = true;
}

impl Node {
    fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.ask_at(Endpoint::Ipv4, method, path, headers)
    }

    fn ask_at(&self, endpoint: Endpoint, method: Method, path: &str, headers: &[(&str, &str)]) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(name.parse::<HeaderName>().expect("a header name"), *value);
        }
        let (head, ()) = request.body(()).expect("a request").into_parts();
        answer(&self.world.model, &self.id, endpoint, &head, &self.imds, self.world.now)
    }

    fn get(&self, path: &str) -> (u16, String) {
        let reply = self.ask(Method::GET, path, &[]);
        (reply.status.as_u16(), String::from_utf8(reply.body).expect("UTF-8"))
    }

    /// The MAC of the ENI with a device number, as the service itself tells.
    fn mac(&self, device: &str) -> String {
        let macs = "/latest/meta-data/network/interfaces/macs/";
        let listed = self.get(macs).1;
        let found = listed.lines().find(|mac| self.get(&format!("{macs}{mac}device-number")).1 == device);
        found.unwrap_or_else(|| panic!("no device {device} among {listed:?}")).trim_end_matches('/').to_owned()
    }

    fn change(&mut self, change: MetadataChange) {
        let id = self.id.clone();
        self.world.with(|model, cx| model.modify_metadata_options(cx.now, &id, &change)).expect("an instance");
    }
}

#[rstest]
#[case::root("/latest", "dynamic\nmeta-data\nuser-data")]
#[case::instance_type("/latest/meta-data/instance-type", "m5.large")]
#[case::older_version("/2021-03-23/meta-data/local-ipv4", "10.0.1.5")]
#[case::local_ipv4("/latest/meta-data/local-ipv4", "10.0.1.5")]
#[case::local_hostname("/latest/meta-data/local-hostname", "ip-10-0-1-5.ec2.internal")]
#[case::zone("/latest/meta-data/placement/availability-zone", "us-east-1a")]
#[case::region("/latest/meta-data/placement/region", "us-east-1")]
#[case::life_cycle("/latest/meta-data/instance-life-cycle", "on-demand")]
#[case::domain("/latest/meta-data/services/domain", "amazonaws.com")]
#[case::groups("/latest/meta-data/security-groups", "default")]
#[case::tags("/latest/meta-data/tags/instance/", "Name")]
#[case::tag("/latest/meta-data/tags/instance/Name", "node-1")]
#[case::user_data("/latest/user-data", "#!/bin/sh")]
#[case::keys("/latest/meta-data/public-keys/", "0=ops")]
#[case::key("/latest/meta-data/public-keys/0/", "openssh-key")]
#[case::key_itself("/latest/meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA ops")]
#[case::identity("/latest/dynamic/instance-identity/", "document\npkcs7\nrsa2048\nsignature")]
#[case::monitoring("/latest/dynamic/fws/instance-monitoring", "disabled")]
#[case::events("/latest/meta-data/events/", "maintenance/")]
#[case::maintenance("/latest/meta-data/events/maintenance/scheduled", "[]")]
#[case::root_volume("/latest/meta-data/block-device-mapping/root", "/dev/xvda")]
#[case::own_credentials("/latest/meta-data/identity-credentials/ec2/security-credentials/", "ec2-instance")]
#[case::metrics("/latest/meta-data/metrics/vhostmd", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")]
#[case::role("/latest/meta-data/iam/security-credentials/", "node")]
fn values(#[case] path: &str, #[case] expected: &str) {
    assert_eq!(node().get(path), (200, expected.to_owned()));
}

#[rstest]
#[case::nothing("/latest/meta-data/nothing")]
#[case::below_a_value("/latest/meta-data/instance-id/more")]
#[case::version("/1999-01-01/meta-data/")]
#[case::no_ipv6("/latest/meta-data/ipv6")]
#[case::autoscaling("/latest/meta-data/autoscaling/target-lifecycle-state")]
#[case::spot("/latest/meta-data/spot/instance-action")]
#[case::spot_termination("/latest/meta-data/spot/termination-time")]
#[case::rebalance("/latest/meta-data/events/recommendations/rebalance")]
#[case::kernel("/latest/meta-data/kernel-id")]
#[case::ramdisk("/latest/meta-data/ramdisk-id")]
#[case::products("/latest/meta-data/product-codes")]
#[case::public("/latest/meta-data/public-ipv4")]
#[case::group("/latest/meta-data/placement/group-name")]
#[case::host("/latest/meta-data/placement/host-id")]
fn absent(#[case] path: &str) {
    let (status, page) = node().get(path);
    assert_eq!(status, 404);
    assert!(page.contains("<title>404 - Not Found</title>"), "{page}");
}

#[rstest]
#[case::primary("0", "local-ipv4s", "10.0.1.5")]
#[case::primary_first("1", "local-ipv4s", "10.0.1.20\n10.0.1.21")]
#[case::prefix("1", "ipv4-prefix", "10.0.1.64/28")]
#[case::trunk("2", "local-ipv4s", "10.0.1.30")]
#[case::card("2", "network-card", "0")]
#[case::owner("1", "owner-id", "123456789012")]
#[case::subnet_block("1", "subnet-ipv4-cidr-block", "10.0.1.0/24")]
#[case::vpc_blocks("1", "vpc-ipv4-cidr-blocks", "10.0.0.0/16")]
fn per_interface(#[case] device: &str, #[case] leaf: &str, #[case] expected: &str) {
    let node = node();
    let path = format!("/latest/meta-data/network/interfaces/macs/{}/{leaf}", node.mac(device));
    assert_eq!(node.get(&path), (200, expected.to_owned()));
}

#[test]
fn listings_are_the_same_with_and_without_a_slash() {
    let node = node();
    for folder in ["/latest", "/latest/meta-data", "/latest/meta-data/network/interfaces/macs"] {
        assert_eq!(node.get(folder), node.get(&format!("{folder}/")));
    }
}

/// Walks everything that listings name.
fn walk(node: &Node, folder: &str, found: &mut Vec<String>) {
    let (status, listing) = node.get(folder);
    assert_eq!(status, 200, "{folder}");
    for name in listing.lines() {
        match name.split_once('=') {
            Some((number, _title)) => walk(node, &format!("{folder}{number}/"), found),
            None if name.ends_with('/') => walk(node, &format!("{folder}{name}"), found),
            None => found.push(format!("{folder}{name}")),
        }
    }
}

#[test]
fn listings_name_exactly_what_is_there() {
    let node = node();
    let mut found = Vec::new();
    walk(&node, "/latest/meta-data/", &mut found);
    for path in &found {
        let (status, value) = node.get(path);
        assert_eq!(status, 200, "{path}");
        assert!(!value.ends_with('\n'), "{path} ends with a newline, which clients do not cut off");
    }
    let mut found = found.join("\n");
    for device in ["0", "1", "2"] {
        found = found.replace(&node.mac(device), &format!("<mac of device {device}>"));
    }
    let mut found: Vec<_> = found.lines().collect();
    found.sort_unstable();
    insta::assert_snapshot!(found.join("\n"));
}

/// The paths that a node has, as they are written in documents.
fn documented(node: &Node) -> BTreeSet<String> {
    let mut found = Vec::new();
    walk(node, "/latest/meta-data/", &mut found);
    walk(node, "/latest/dynamic/", &mut found);
    let general = |path: &String| {
        let mut parts: Vec<_> = path.trim_start_matches("/latest/").split('/').collect();
        match parts[..] {
            [_, "network", _, _, ref mut mac, ..] => *mac = "{mac}",
            [_, "iam", "security-credentials", ref mut role] => *role = "{role}",
            [_, "tags", _, ref mut key] => *key = "{key}",
            [_, "block-device-mapping", ref mut device] => *device = "{device}",
            _ => {}
        }
        parts.join("/")
    };
    found.iter().map(general).collect()
}

#[test]
fn documents_have_every_path() {
    let mut node = node();
    let notice: Notice = serde_json::from_str(r#"{"spotInterruption": {}, "rebalance": {}}"#).expect("a notice");
    node.imds.notices.set(node.id.clone(), notice.filled(node.world.now));
    let id = node.id.clone();
    node.world.with(|model, _| {
        let group = [("aws:autoscaling:groupName".to_owned(), "nodes".to_owned())];
        model.create_tags(&[id.to_string()], &Tags::from_iter(group)).expect("an instance");
    });
    let found = documented(&node);
    let missing: Vec<_> = found.iter().filter(|path| !PATHS.contains(&path.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
    // These need addresses, placement or a body that the node does not have.
    let others = ["api/token", "ipv4-associations", "ipv6", "public-", "group-name", "partition-number", "user-data"];
    let unknown = PATHS.iter().filter(|path| !found.contains(**path));
    let unknown: Vec<_> = unknown.filter(|path| !others.iter().any(|part| path.contains(part))).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn identity_document() {
    let node = node();
    let document = node.get("/latest/dynamic/instance-identity/document").1;
    insta::assert_snapshot!(document.replace(node.id.as_str(), "<instance id>"));
}

#[test]
fn role_credentials() {
    let node = node();
    insta::assert_snapshot!(node.get("/latest/meta-data/iam/security-credentials/node").1);
}

#[rstest]
#[case::role("iam/security-credentials/node", "arn:aws:sts::123456789012:assumed-role/node/")]
#[case::own(
    "identity-credentials/ec2/security-credentials/ec2-instance",
    "arn:aws:sts::123456789012:assumed-role/aws:ec2-instance/"
)]
fn credentials_are_for_those_who_read_them(#[case] path: &str, #[case] arn: &str) {
    let mut node = node();
    let reply = node.ask(Method::GET, &format!("/latest/meta-data/{path}"), &[]);
    let session = reply.session.expect("credentials");
    let body = String::from_utf8(reply.body).expect("UTF-8");
    for text in [&session.access_key_id, &session.secret_access_key, &session.token] {
        assert!(body.contains(&format!("\"{text}\"")), "{text} is not in {body}");
    }
    assert_eq!(session.arn, format!("{arn}{}", node.id));
    assert_eq!((session.access_key_id.len(), session.secret_access_key.len()), (20, 40));
    node.world.now += jiff::SignedDuration::from_mins(59);
    assert_eq!(node.get(&format!("/latest/meta-data/{path}")).1, body, "the same for an hour");
    node.world.now += jiff::SignedDuration::from_mins(1);
    assert_ne!(node.get(&format!("/latest/meta-data/{path}")).1, body);
}

#[rstest]
#[case::terminate(
    r#"{"spotInterruption": {}}"#,
    "spot/instance-action",
    Some(r#"{"action": "terminate", "time": "2026-11-22T12:02:00Z"}"#)
)]
#[case::when(r#"{"spotInterruption": {}}"#, "spot/termination-time", Some("2026-11-22T12:02:00Z"))]
#[case::stop(
    r#"{"spotInterruption": {"action": "stop", "time": "2026-11-22T13:00:00Z"}}"#,
    "spot/instance-action",
    Some(r#"{"action": "stop", "time": "2026-11-22T13:00:00Z"}"#)
)]
#[case::stop_is_no_termination(r#"{"spotInterruption": {"action": "stop"}}"#, "spot/termination-time", None)]
#[case::rebalance(
    r#"{"rebalance": {}}"#,
    "events/recommendations/rebalance",
    Some(r#"{"noticeTime": "2026-11-22T12:00:00Z"}"#)
)]
fn notices(#[case] notice: &str, #[case] path: &str, #[case] expected: Option<&str>) {
    let node = node();
    let notice: Notice = serde_json::from_str(notice).expect("a notice");
    node.imds.notices.set(node.id.clone(), notice.filled(node.world.now));
    let (status, body) = node.get(&format!("/latest/meta-data/{path}"));
    assert_eq!((status == 200).then_some(body.as_str()), expected);
}

#[test]
fn maintenance() {
    let node = node();
    let event = |code: &str, state: &str| {
        serde_json::json!({
            "code": code,
            "description": "scheduled reboot",
            "state": state,
            "notBefore": "2026-12-01T09:00:43Z",
            "notAfter": "2026-12-01T09:17:23Z",
        })
    };
    let events = serde_json::json!({
        "maintenance": [event("system-reboot", "active"), event("instance-reboot", "completed")],
    });
    let notice: Notice = serde_json::from_value(events).expect("a notice");
    node.imds.notices.set(node.id.clone(), notice.filled(node.world.now));
    let [scheduled, history] =
        ["scheduled", "history"].map(|list| node.get(&format!("/latest/meta-data/events/maintenance/{list}")).1);
    insta::assert_snapshot!(format!("{scheduled}\n{history}"));
}

#[test]
fn public_addresses() {
    let mut node = node();
    let instance = node.id.clone();
    let address = node.world.with(|model, cx| {
        let primary = model.interfaces_of(&instance).next().expect("an ENI").clone();
        let gateway = model.create_internet_gateway(cx, Tags::new()).unwrap();
        model.attach_internet_gateway(&gateway, &primary.vpc_id).expect("a gateway");
        let id = model.allocate_address(cx, Tags::new()).expect("an address");
        let target = vpc_model::AddressTarget::Interface(primary.id);
        model.associate_address(cx, &id, &target, None, true).expect("an association");
        model.elastic_ip(&id).expect("an address").public_ip
    });
    let text = address.to_string();
    assert_eq!(node.get("/latest/meta-data/public-ipv4"), (200, text.clone()));
    let eni = format!("/latest/meta-data/network/interfaces/macs/{}", node.mac("0"));
    assert_eq!(node.get(&format!("{eni}/public-ipv4s")), (200, text.clone()));
    assert_eq!(node.get(&format!("{eni}/ipv4-associations/")), (200, text.clone()));
    assert_eq!(node.get(&format!("{eni}/ipv4-associations/{text}")), (200, "10.0.1.5".to_owned()));
    assert_eq!(node.get("/latest/meta-data/public-hostname").0, 404, "the VPC gives no names");
}

#[test]
fn replies_tell_how_long_the_token_is_good_for() {
    let mut node = node();
    let token = String::from_utf8(node.ask(Method::PUT, "/latest/api/token", &[(TTL, "60")]).body).expect("UTF-8");
    node.world.now += jiff::SignedDuration::from_secs(10);
    let reply = node.ask(Method::GET, "/latest/meta-data/mac", &[(TOKEN, &token)]);
    assert_eq!(reply.token_ttl_seconds, Some(50));
    node.world.now += jiff::SignedDuration::from_secs(50);
    let reply = node.ask(Method::GET, "/latest/meta-data/mac", &[(TOKEN, &token)]);
    assert_eq!((reply.status, reply.token_ttl_seconds), (StatusCode::UNAUTHORIZED, None));
}

#[test]
fn macs_are_those_of_the_enis_that_are_attached() {
    let node = node();
    let listed = node.get("/latest/meta-data/network/interfaces/macs").1;
    let attached = node.world.model.interfaces_of(&node.id);
    let expected: BTreeSet<_> = attached.map(|eni| format!("{}/", eni.mac)).collect();
    let listed: BTreeSet<_> = listed.lines().map(str::to_owned).collect();
    assert_eq!(listed, expected);
    assert_eq!(listed.len(), 3, "primary, secondary and trunk, without the branch");
}

const TTL: &str = "X-aws-ec2-metadata-token-ttl-seconds";
const TOKEN: &str = "X-aws-ec2-metadata-token";

#[rstest]
#[case::shortest(&[(TTL, "1")], 200)]
#[case::longest(&[(TTL, "21600")], 200)]
#[case::zero(&[(TTL, "0")], 400)]
#[case::too_long(&[(TTL, "21601")], 400)]
#[case::not_a_number(&[(TTL, "soon")], 400)]
#[case::none(&[], 400)]
#[case::through_a_proxy(&[(TTL, "60"), ("X-Forwarded-For", "10.0.1.9")], 403)]
fn sessions(#[case] headers: &[(&str, &str)], #[case] status: u16) {
    let reply = node().ask(Method::PUT, "/latest/api/token", headers);
    assert_eq!(reply.status.as_u16(), status);
    let echoed = reply.token_ttl_seconds.map(|seconds| seconds.to_string());
    assert_eq!(echoed.as_deref(), (status == 200).then(|| headers[0].1));
}

#[test]
fn a_token_is_asked_for_with_put() {
    assert_eq!(node().ask(Method::GET, "/latest/api/token", &[]).status, StatusCode::METHOD_NOT_ALLOWED);
}

fn tokens_required(required: bool) -> MetadataChange {
    MetadataChange { tokens_required: Some(required), ..MetadataChange::default() }
}

#[rstest]
#[case::optional_without(tokens_required(false), false, 200)]
#[case::optional_with(tokens_required(false), true, 200)]
#[case::required_without(tokens_required(true), false, 401)]
#[case::required_with(tokens_required(true), true, 200)]
#[case::disabled(MetadataChange { endpoint_enabled: Some(false), ..MetadataChange::default() }, true, 403)]
fn metadata_options(#[case] change: MetadataChange, #[case] with_token: bool, #[case] status: u16) {
    let mut node = node();
    let reply = node.ask(Method::PUT, "/latest/api/token", &[(TTL, "60")]);
    let token = String::from_utf8(reply.body).expect("UTF-8");
    node.change(change);
    let headers = if with_token { vec![(TOKEN, token.as_str())] } else { vec![] };
    assert_eq!(node.ask(Method::GET, "/latest/meta-data/mac", &headers).status.as_u16(), status);
}

#[rstest]
#[case::not_enabled(None, Endpoint::Ipv6, 403)]
#[case::enabled(Some(true), Endpoint::Ipv6, 200)]
#[case::disabled_again(Some(false), Endpoint::Ipv6, 403)]
#[case::the_other_endpoint(Some(true), Endpoint::Ipv4, 200)]
fn ipv6(#[case] ipv6_enabled: Option<bool>, #[case] endpoint: Endpoint, #[case] status: u16) {
    let mut node = node();
    node.change(MetadataChange { ipv6_enabled, ..MetadataChange::default() });
    let reply = node.ask_at(endpoint, Method::GET, "/latest/meta-data/mac", &[]);
    assert_eq!(reply.status.as_u16(), status);
}

#[rstest]
#[case::not_a_token("nonsense")]
#[case::empty("")]
fn bad_tokens_are_refused_even_where_none_is_needed(#[case] token: &str) {
    assert_eq!(node().ask(Method::GET, "/latest/meta-data/mac", &[(TOKEN, token)]).status, StatusCode::UNAUTHORIZED);
}

#[test]
fn only_answers_about_tokens_carry_the_hop_limit() {
    let mut node = node();
    node.change(MetadataChange { hop_limit: Some(2), ..MetadataChange::default() });
    assert_eq!(node.ask(Method::PUT, "/latest/api/token", &[(TTL, "60")]).hop_limit, 2);
    assert_eq!(node.ask(Method::GET, "/latest/meta-data/mac", &[]).hop_limit, 64);
}

#[test]
fn an_instance_that_is_gone_reads_nothing() {
    let mut node = node();
    let id = node.id.clone();
    node.world.with(|model, cx| model.terminate_instances(cx.now, &[id])).expect("an instance");
    assert_eq!(node.get("/latest/meta-data/").0, 404);
}
