//! Packets of a small shop, and what AWS's documentation says becomes of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rstest::rstest;
use vpc_model::{
    InterfaceAttribute, IpProtocol, NetworkAclId, NetworkInterfaceId, PeerGroup, RulePeer, SecurityGroupId,
    WantedAddresses,
};

use super::*;
use crate::Service;
use crate::testing::{Account, block, entry, everything, interface, rule, trunk};

/// ENIs by name: `web` (with a secondary address and a prefix), `data`, `pod` (a branch), `gate` (a route's
/// target), `idle` (not attached).
struct Shop {
    account: Account,
    enis: BTreeMap<&'static str, NetworkInterfaceId>,
    options: Options,
}

fn shop() -> Shop {
    let mut account = Account::with_vpc("10.0.0.0/16");
    let (one, two) = (account.subnet("10.0.1.0/24"), account.subnet("10.0.2.0/24"));
    let (web, data, pod) = (account.group("web"), account.closed_group("data"), account.closed_group("pod"));
    let of = |group: &SecurityGroupId| RulePeer::Group(group.clone());
    account.allow(&data, Direction::Ingress, rule(IpProtocol::Tcp, Some((5432, 5440)), of(&web)));
    account.allow(&data, Direction::Ingress, rule(IpProtocol::Icmp, Some((3, 4)), block("10.0.1.4/32")));
    account.allow(&data, Direction::Ingress, rule(IpProtocol::Icmp, Some((8, -1)), block("10.0.0.0/16")));
    account.allow(&web, Direction::Ingress, rule(IpProtocol::Udp, Some((53, 53)), of(&pod)));
    account.allow(&pod, Direction::Egress, rule(IpProtocol::All, None, block("10.0.1.0/24")));

    let mut rich = interface(&one, &[&web]);
    rich.primary_ip = Some([10, 0, 1, 4].into());
    let (node, web_eni) = account.instance(rich);
    let (_, data_eni) = account.instance(interface(&two, &[&data]));
    let (_, gate) = account.instance(interface(&two, &[&web]));
    account.model.settle(Timestamp::UNIX_EPOCH);
    let wanted = WantedAddresses { ipv4: vec![[10, 0, 1, 9].into()], ..WantedAddresses::default() };
    account.assign(&web_eni, WantedAddresses { ipv4_prefixes: vec!["10.0.1.32/28".parse().unwrap()], ..wanted });
    let carrier = account.eni(trunk(&one, &[&web]));
    account.attach(&carrier, &node, 1);
    let branch = account.eni(interface(&two, &[&pod]));
    account.associate(&carrier, &branch, 5);
    let idle = account.eni(interface(&one, &[&web]));
    account.route("192.168.0.0/16", RouteTarget::NetworkInterface(gate.clone()));
    let enis = [("web", web_eni), ("data", data_eni), ("pod", branch), ("gate", gate), ("idle", idle)];
    let options = Options { services: vec![Service::tcp([169, 254, 171, 1], 80)], ..Options::default() };
    Shop { account, enis: enis.into(), options }
}

impl Shop {
    /// An address, or the name of the ENI whose primary one it is.
    fn address(&self, text: &str) -> IpAddr {
        match self.enis.get(text) {
            Some(eni) => self.account.get(eni).primary_ip().unwrap().into(),
            None => text.parse().unwrap(),
        }
    }

    fn ask(&self, from: &str, source: &str, to: &str, payload: Payload) -> String {
        let packet = Packet {
            sender: self.enis[from].clone(),
            ethernet_source: None,
            source: self.address(source),
            destination: self.address(to),
            payload,
        };
        outline(&reachability(&self.account.model, &self.options, &packet))
    }
}

/// A verdict without ids.
fn outline(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Allowed { egress: Some(_), ingress: Some(_) } => "allowed".to_owned(),
        Verdict::Allowed { egress: Some(_), ingress: None } => "service".to_owned(),
        Verdict::Allowed { .. } => "exempt".to_owned(),
        Verdict::Denied { by } => {
            let name = format!("{by:?}");
            name.split('(').next().unwrap_or_default().to_owned()
        }
    }
}

const ECHO: Payload = Payload::Icmp { kind: 8, code: 0 };
const TOO_BIG: Payload = Payload::Icmp { kind: 3, code: 4 };

#[rstest]
#[case::group_member("web", "web", "data", Payload::Tcp(5432), "allowed")]
#[case::last_port("web", "web", "data", Payload::Tcp(5440), "allowed")]
#[case::port_above("web", "web", "data", Payload::Tcp(5441), "Ingress")]
#[case::other_protocol("web", "web", "data", Payload::Udp(5432), "Ingress")]
#[case::secondary_address("web", "10.0.1.9", "data", Payload::Tcp(5432), "allowed")]
#[case::delegated_prefix("web", "10.0.1.40", "data", Payload::Tcp(5432), "allowed")]
#[case::trunks_groups_are_not_the_branchs("pod", "pod", "data", Payload::Tcp(5432), "Egress")]
#[case::branch_into_group("pod", "pod", "web", Payload::Udp(53), "allowed")]
#[case::branch_to_other_port("pod", "pod", "web", Payload::Udp(54), "Ingress")]
#[case::icmp_type_and_code("web", "web", "data", TOO_BIG, "allowed")]
#[case::icmp_any_code("gate", "gate", "data", ECHO, "allowed")]
#[case::icmp_other_source("gate", "gate", "data", TOO_BIG, "Ingress")]
#[case::no_egress_rule("data", "data", "web", Payload::Udp(53), "Egress")]
#[case::not_its_address("web", "10.0.1.99", "data", Payload::Tcp(5432), "SpoofedSource")]
#[case::anothers_address("pod", "web", "web", Payload::Udp(53), "SpoofedSource")]
#[case::not_attached("idle", "idle", "data", Payload::Tcp(5432), "NotAttached")]
#[case::to_not_attached("pod", "pod", "idle", Payload::Udp(53), "NotAttached")]
#[case::nobody("web", "web", "10.0.2.200", Payload::Tcp(80), "NobodyThere")]
#[case::no_route("web", "web", "172.16.0.1", Payload::Tcp(80), "NoRoute")]
#[case::routed_to_a_checking_eni("web", "web", "192.168.0.1", Payload::Tcp(80), "DestinationCheck")]
#[case::metadata("data", "data", "169.254.169.254", Payload::Tcp(80), "exempt")]
#[case::metadata_other_port("data", "data", "169.254.169.254", Payload::Tcp(81), "Egress")]
#[case::resolver("data", "data", "10.0.0.2", Payload::Udp(53), "exempt")]
#[case::resolver_link_local("data", "data", "169.254.169.253", Payload::Tcp(53), "exempt")]
#[case::metadata_spoofed("data", "web", "169.254.169.254", Payload::Tcp(80), "SpoofedSource")]
#[case::ec2_endpoint("web", "web", "169.254.171.1", Payload::Tcp(80), "service")]
#[case::ec2_endpoint_closed("pod", "pod", "169.254.171.1", Payload::Tcp(80), "Egress")]
#[case::no_service("web", "web", "169.254.171.1", Payload::Tcp(81), "NoService")]
#[case::router("web", "web", "10.0.1.1", ECHO, "NoService")]
fn verdicts(
    #[case] from: &str,
    #[case] source: &str,
    #[case] to: &str,
    #[case] payload: Payload,
    #[case] expected: &str,
) {
    assert_eq!(shop().ask(from, source, to, payload), expected);
}

#[test]
fn without_the_check_an_eni_forwards() {
    let mut shop = shop();
    let attribute = InterfaceAttribute::SourceDestCheck(false);
    shop.account.model.modify_network_interface(&shop.enis["gate"], attribute).unwrap();
    assert_eq!(shop.ask("gate", "192.168.0.1", "data", ECHO), "Ingress");
    assert_eq!(shop.ask("gate", "10.0.77.7", "data", ECHO), "allowed");
    assert_eq!(shop.ask("web", "web", "192.168.0.1", Payload::Tcp(80)), "Ingress");
}

#[test]
fn another_ethernet_address_is_spoofed() {
    let shop = shop();
    let packet = |mac| Packet {
        sender: shop.enis["web"].clone(),
        ethernet_source: Some(mac),
        source: shop.address("web"),
        destination: shop.address("data"),
        payload: Payload::Tcp(5432),
    };
    let ask = |mac| reachability(&shop.account.model, &shop.options, &packet(mac));
    assert!(ask(shop.account.mac(&shop.enis["web"])).is_allowed());
    assert_eq!(ask(shop.account.mac(&shop.enis["pod"])), Verdict::Denied { by: Reason::SpoofedSource });
}

/// VPCs can have the same addresses: an address counts as a group's where it belongs to a member in the same VPC.
#[rstest]
#[case::member("member", true)]
#[case::member_s_address_elsewhere("stranger", false)]
fn a_shared_group_stands_for_its_members_in_the_vpc(#[case] from: &str, #[case] passes: bool) {
    let mut account = Account::with_vpc("10.0.0.0/16");
    let at = |host: u8, subnet: &vpc_model::SubnetId, group: &SecurityGroupId| {
        let mut new = interface(subnet, &[group]);
        new.primary_ip = Some([10, 0, 1, host].into());
        new
    };
    let (subnet, shared) = (account.subnet("10.0.1.0/24"), account.group("shared"));
    account.allow(&shared, Direction::Ingress, rule(IpProtocol::All, None, RulePeer::Group(shared.clone())));
    account.instance(at(4, &subnet, &shared));
    account.go_to_vpc("10.0.0.0/16");
    account.share(&shared);
    let (subnet, other) = (account.subnet("10.0.1.0/24"), account.group("other"));
    let (_, target) = account.instance(at(6, &subnet, &shared));
    let (_, member) = account.instance(at(5, &subnet, &shared));
    let (_, stranger) = account.instance(at(4, &subnet, &other));

    let sender = if from == "member" { member } else { stranger };
    let [source, destination] = [&sender, &target].map(|eni| account.get(eni).primary_ip().unwrap().into());
    let packet = Packet { sender, ethernet_source: None, source, destination, payload: Payload::Tcp(80) };
    let verdict = reachability(&account.model, &Options::default(), &packet);
    assert_eq!(verdict.is_allowed(), passes, "{verdict:?}");

    let desired = crate::compile(&account.model, &Options::default());
    let Some(crate::Object::Rules(table)) = desired.get(&crate::Key::Rules(account.vpc.clone())) else { panic!() };
    let set = table.sets.iter().find(|set| set.name == shared.to_string()).unwrap();
    let is_in = set.elements.iter().any(|element| element.key == [nft_ruleset::KeyPart::Address(source)]);
    assert_eq!(is_in, passes, "the kernel's set agrees");
}

/// Two subnets with an ACL of their own each, and groups that let everything pass.
fn fenced() -> Shop {
    let mut account = Account::with_vpc("10.0.0.0/16");
    let (one, two) = (account.subnet("10.0.1.0/24"), account.subnet("10.0.2.0/24"));
    let open = account.group("open");
    account.allow(&open, Direction::Ingress, everything());
    let mut launch = |subnet| account.instance(interface(subnet, &[&open])).1;
    let enis = [("client", launch(&one)), ("friend", launch(&one)), ("server", launch(&two))];
    let (out, into) = (Direction::Egress, Direction::Ingress);
    let one_s = [
        entry(90, out, false, "6:23..23", "0.0.0.0/0"),
        entry(100, out, true, "6:0..1023", "0.0.0.0/0"),
        entry(110, out, true, "17:53..53", "10.0.2.0/24"),
        entry(120, out, true, "1:8..-1", "10.0.0.0/16"),
        entry(130, out, true, "99", "10.0.0.0/16"),
        entry(100, into, true, "6:32768..60999", "0.0.0.0/0"),
        entry(110, into, true, "1:0..0", "10.0.2.0/24"),
    ];
    let two_s = [
        entry(100, into, false, "6:443..443", "10.0.1.0/24"),
        entry(200, into, true, "-1", "0.0.0.0/0"),
        entry(100, out, true, "-1", "10.0.0.0/8"),
    ];
    account.network_acl(&one, one_s.into());
    account.network_acl(&two, two_s.into());
    let options = Options { services: vec![Service::tcp([169, 254, 171, 1], 80)], ..Options::default() };
    Shop { account, enis: enis.into(), options }
}

/// What becomes of a question, and of its answer if it arrives.
#[rstest]
#[case::there_and_back("client", "server", Payload::Tcp(80), "allowed", "exempt")]
#[case::lower_number_denies("client", "server", Payload::Tcp(23), "one leaving 90", "")]
#[case::port_not_named("client", "server", Payload::Tcp(1024), "one leaving 32767", "")]
#[case::denied_at_the_other_subnet("client", "server", Payload::Tcp(443), "two entering 100", "")]
#[case::answers_are_asked_for_too("client", "server", Payload::Udp(53), "allowed", "one entering 32767")]
#[case::echo_and_its_reply("client", "server", ECHO, "allowed", "exempt")]
#[case::other_type("client", "server", TOO_BIG, "one leaving 32767", "")]
#[case::protocol_by_number("client", "server", Payload::Other(99), "allowed", "one entering 32767")]
#[case::other_direction("server", "client", Payload::Tcp(80), "one entering 32767", "")]
#[case::within_the_subnet_nothing_is_asked("client", "friend", Payload::Tcp(23), "allowed", "exempt")]
#[case::service("client", "169.254.171.1", Payload::Tcp(80), "service", "exempt")]
#[case::service_whose_subnet_lets_nothing_out("server", "169.254.171.1", Payload::Tcp(80), "two leaving 32767", "")]
#[case::metadata_is_exempt("server", "169.254.169.254", Payload::Tcp(80), "exempt", "exempt")]
#[case::resolver_is_exempt("client", "10.0.0.2", Payload::Udp(53), "exempt", "exempt")]
fn network_acls(
    #[case] from: &str,
    #[case] to: &str,
    #[case] payload: Payload,
    #[case] question: &str,
    #[case] answer: &str,
) {
    let shop = fenced();
    let model = &shop.account.model;
    let subnet_of = |acl: &NetworkAclId| {
        let client = shop.account.get(&shop.enis["client"]);
        if model.network_acl_of(&client.subnet_id).unwrap().id == *acl { "one" } else { "two" }
    };
    let outline = |verdict: Verdict| match &verdict {
        Verdict::Denied { by: Reason::NetworkAcl { acl, direction, entry } } => {
            let verb = if *direction == Direction::Egress { "leaving" } else { "entering" };
            format!("{} {verb} {entry}", subnet_of(acl))
        }
        other => outline(other),
    };
    let (source, destination) = (shop.address(from), shop.address(to));
    let packet = Packet { sender: shop.enis[from].clone(), ethernet_source: None, source, destination, payload };
    let first = reachability(model, &shop.options, &packet);
    assert_eq!(outline(first.clone()), question);
    if first.is_allowed() {
        assert_eq!(outline(reply(model, &shop.options, &packet, 40_000).verdict), answer);
    }
}

/// `client` in one VPC, peered with that of `server` (which names the client's group) and `open`, which is peered with
/// that of `third`.
fn peered() -> Shop {
    let mut account = Account::with_vpc("10.0.0.0/16");
    let (subnet, group) = (account.subnet("10.0.1.0/24"), account.group("clients"));
    account.allow(&group, Direction::Ingress, everything());
    let client = account.instance(interface(&subnet, &[&group])).1;
    let first = account.go_to_vpc("10.1.0.0/16");
    let subnet = account.subnet("10.1.1.0/24");
    let connection = account.peer(&first);
    let (servers, open) = (account.group("servers"), account.group("open"));
    let owner = vpc_model::AccountId::from("123456789012");
    let clients = PeerGroup { id: group, owner, vpc_id: first, peering_id: connection };
    account.allow(&servers, Direction::Ingress, rule(IpProtocol::Tcp, Some((80, 80)), RulePeer::PeerGroup(clients)));
    account.allow(&open, Direction::Ingress, everything());
    let server = account.instance(interface(&subnet, &[&servers])).1;
    let open = account.instance(interface(&subnet, &[&open])).1;
    let second = account.go_to_vpc("10.2.0.0/16");
    let (subnet, group) = (account.subnet("10.2.1.0/24"), account.group("third"));
    let connection = account.peer(&second);
    account.route("10.0.0.0/16", RouteTarget::Peering(connection));
    let third = account.instance(interface(&subnet, &[&group])).1;
    let enis = [("client", client), ("server", server), ("open", open), ("third", third)];
    Shop { account, enis: enis.into(), options: Options::default() }
}

#[rstest]
#[case::group_across("client", "server", Payload::Tcp(80), "allowed")]
#[case::group_across_other_port("client", "server", Payload::Tcp(81), "Ingress")]
#[case::the_group_is_not_everybody("third", "server", Payload::Tcp(80), "Ingress")]
#[case::open_to_all("client", "open", Payload::Udp(9), "allowed")]
#[case::and_back("open", "client", Payload::Udp(9), "allowed")]
#[case::not_transitive("third", "client", Payload::Udp(9), "NobodyThere")]
#[case::no_route_beyond("client", "third", Payload::Udp(9), "NoRoute")]
#[case::resolver_of_the_other("client", "10.1.0.2", Payload::Udp(53), "NobodyThere")]
fn peers(#[case] from: &str, #[case] to: &str, #[case] payload: Payload, #[case] expected: &str) {
    assert_eq!(peered().ask(from, from, to, payload), expected);
}

#[test]
fn a_connection_that_ended_leads_nowhere() {
    let mut shop = peered();
    let connections: Vec<_> = shop.account.model.peerings().map(|connection| connection.id.clone()).collect();
    connections.iter().for_each(|id| shop.account.end_peering(id));
    assert_eq!(shop.ask("client", "client", "open", Payload::Udp(9)), "NoRoute");
}

/// What each packet of a connection passes, and in which order.
#[test]
fn the_way_there_and_back() {
    let shop = fenced();
    let (source, destination) = (shop.address("client"), shop.address("server"));
    let sender = shop.enis["client"].clone();
    let packet = Packet { sender, ethernet_source: None, source, destination, payload: Payload::Tcp(80) };
    let there = path(&shop.account.model, &shop.options, &packet);
    let back = reply(&shop.account.model, &shop.options, &packet, 40_000);
    let lines = |path: &Path| path.hops.iter().map(|hop| format!("{hop}\n")).collect::<String>();
    insta::assert_snapshot!(format!("{}{}\n\n{}{}", lines(&there), there.verdict, lines(&back), back.verdict));
}

/// Behind gateways a packet has other addresses than its sender gave it.
#[test]
fn addresses_at_the_end() {
    let mut account = Account::with_vpc("10.0.0.0/16");
    let (outer, inner) = (account.subnet("10.0.1.0/24"), account.subnet("10.0.2.0/24"));
    account.internet_gateway();
    let nat = account.nat_gateway(&outer, 1);
    account.route_table(&inner, &[("0.0.0.0/0", RouteTarget::NatGateway(nat))]);
    let open = account.group("open");
    account.allow(&open, Direction::Ingress, everything());
    let [pier, quay, cell] = [&outer, &outer, &inner].map(|subnet| account.instance(interface(subnet, &[&open])).1);
    let (_, public) = account.publish(&pier, None);
    let (_, other) = account.publish(&quay, None);
    let end = |from: &NetworkInterfaceId| {
        let source = account.get(from).primary_ip().unwrap().into();
        let packet = Packet {
            sender: from.clone(),
            ethernet_source: None,
            source,
            destination: public.into(),
            payload: Payload::Tcp(80),
        };
        let path = path(&account.model, &Options::default(), &packet);
        assert!(path.verdict.is_allowed(), "{}", path.verdict);
        path.addresses_at_end(&packet)
    };
    let private = IpAddr::from(account.get(&pier).primary_ip().unwrap());
    assert_eq!(end(&quay), (Some(other.into()), private));
    assert_eq!(end(&cell), (None, private));
}
