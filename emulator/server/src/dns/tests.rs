//! Names, and what is said about them.

mod aws;

use rstest::rstest;
use simple_dns::rdata::{OPT, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use vpc_model::{InstanceId, VpcAttribute, VpcId};

use super::hosted::HostedZone;
use super::{Outcome, Transport, Zones, answer};
use crate::config::FabricService;
use crate::testing::{self, World};

struct Place {
    world: World,
    vpc: VpcId,
    instance: InstanceId,
    services: Vec<FabricService>,
    hosted: Vec<HostedZone>,
    forwards: bool,
}

fn place(region: &str) -> Place {
    let mut world = World::new(region);
    let subnet = world.with(testing::subnet);
    let instance = world.with(|model, cx| testing::launch(model, cx, &subnet, |_| ()));
    let vpc = world.model.instance(&instance).expect("the instance").vpc_id.clone();
    let services = vec![FabricService {
        name: "kubernetes.default.svc".into(),
        address: [169, 254, 171, 2].into(),
        port: 6443,
        upstream: ([127, 0, 0, 1], 6443).into(),
    }];
    Place { world, vpc, instance, services, hosted: vec![], forwards: false }
}

impl Place {
    fn outcome(&self, query: &[u8], transport: Transport) -> Outcome {
        let vpc = self.world.model.vpc(&self.vpc).expect("the VPC");
        let (services, hosted, forwards) = (&self.services, &self.hosted, self.forwards);
        answer(&Zones { model: &self.world.model, vpc, services, hosted, forwards }, query, transport)
    }

    fn send(&self, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
        match self.outcome(query, transport) {
            Outcome::Reply(reply) => Some(reply),
            Outcome::Silence => None,
            Outcome::Forward => panic!("to be forwarded"),
        }
    }

    /// The answer to a question: the code and the records' data.
    fn ask(&self, name: &str, kind: TYPE) -> (RCODE, Vec<String>) {
        let reply = self.send(&query(name, kind), Transport::Udp).expect("a reply");
        let reply = Packet::parse(&reply).expect("a message");
        assert_eq!(reply.id(), 7);
        assert!(reply.has_flags(PacketFlag::RESPONSE | PacketFlag::RECURSION_DESIRED));
        (reply.rcode(), reply.answers.iter().map(|record| data(&record.rdata)).collect())
    }
}

fn query(name: &str, kind: TYPE) -> Vec<u8> {
    let mut query = Packet::new_query(7);
    query.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).expect("a name");
    query.questions.push(Question::new(name, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
    query.build_bytes_vec().expect("a message")
}

fn data(data: &RData<'_>) -> String {
    match data {
        RData::A(a) => std::net::Ipv4Addr::from(a.address).to_string(),
        RData::AAAA(a) => std::net::Ipv6Addr::from(a.address).to_string(),
        RData::PTR(name) => name.0.to_string(),
        RData::CNAME(name) => name.0.to_string(),
        other => format!("{other:?}"),
    }
}

#[rstest]
#[case::address("ip-10-0-1-5.ec2.internal", TYPE::A, RCODE::NoError, Some("10.0.1.5"))]
#[case::upper_case("IP-10-0-1-5.EC2.INTERNAL", TYPE::A, RCODE::NoError, Some("10.0.1.5"))]
#[case::no_ipv6("ip-10-0-1-5.ec2.internal", TYPE::AAAA, RCODE::NoError, None)]
#[case::free_address("ip-10-0-1-6.ec2.internal", TYPE::A, RCODE::NameError, None)]
#[case::other_vpc("ip-172-31-0-5.ec2.internal", TYPE::A, RCODE::NameError, None)]
#[case::other_name("db.ec2.internal", TYPE::A, RCODE::NameError, None)]
#[case::zone_itself("ec2.internal", TYPE::A, RCODE::NoError, None)]
#[case::almost_the_zone("notec2.internal", TYPE::A, RCODE::Refused, None)]
#[case::other_regions_zone("ip-10-0-1-5.us-west-2.compute.internal", TYPE::A, RCODE::Refused, None)]
#[case::reverse("5.1.0.10.in-addr.arpa", TYPE::PTR, RCODE::NoError, Some("ip-10-0-1-5.ec2.internal"))]
#[case::reverse_free("6.1.0.10.in-addr.arpa", TYPE::PTR, RCODE::NameError, None)]
#[case::reverse_private_elsewhere("1.0.168.192.in-addr.arpa", TYPE::PTR, RCODE::NameError, None)]
#[case::reverse_elsewhere("1.1.1.1.in-addr.arpa", TYPE::PTR, RCODE::Refused, None)]
#[case::reverse_partial("1.0.10.in-addr.arpa", TYPE::PTR, RCODE::Refused, None)]
#[case::ec2("ec2.us-east-1.amazonaws.com", TYPE::A, RCODE::NoError, Some("169.254.171.1"))]
#[case::sts("sts.us-east-1.amazonaws.com", TYPE::A, RCODE::NoError, Some("169.254.171.1"))]
#[case::global_sts("sts.amazonaws.com", TYPE::A, RCODE::NoError, Some("169.254.171.1"))]
#[case::other_region("ec2.us-west-2.amazonaws.com", TYPE::A, RCODE::Refused, None)]
#[case::service("kubernetes.default.svc", TYPE::A, RCODE::NoError, Some("169.254.171.2"))]
#[case::outside("example.com", TYPE::A, RCODE::Refused, None)]
fn names(#[case] name: &str, #[case] kind: TYPE, #[case] code: RCODE, #[case] record: Option<&str>) {
    assert_eq!(place("us-east-1").ask(name, kind), (code, record.into_iter().map(str::to_owned).collect()));
}

#[test]
fn other_regions_have_a_domain_of_their_own() {
    let place = place("eu-central-1");
    let (code, records) = place.ask("ip-10-0-1-5.eu-central-1.compute.internal", TYPE::A);
    assert_eq!((code, records), (RCODE::NoError, vec!["10.0.1.5".to_owned()]));
    assert_eq!(place.ask("ip-10-0-1-5.ec2.internal", TYPE::A).0, RCODE::Refused);
}

#[test]
fn absence_can_be_cached() {
    let place = place("us-east-1");
    let reply = place.send(&query("db.ec2.internal", TYPE::A), Transport::Udp).expect("a reply");
    let reply = Packet::parse(&reply).expect("a message");
    let [authority] = reply.name_servers.as_slice() else { panic!("{:?}", reply.name_servers) };
    assert_eq!(authority.name.to_string(), "ec2.internal");
    assert!(matches!(&authority.rdata, RData::SOA(soa) if soa.minimum == 60));
}

#[test]
fn the_vpc_decides_whether_there_is_a_resolver() {
    let mut place = place("us-east-1");
    let vpc = place.vpc.clone();
    place.world.with(|model, _| model.modify_vpc_attribute(&vpc, VpcAttribute::DnsSupport(false))).expect("a VPC");
    assert_eq!(place.send(&query("ip-10-0-1-5.ec2.internal", TYPE::A), Transport::Udp), None);
}

#[test]
fn what_is_not_ours_may_be_forwarded() {
    let place = Place { forwards: true, ..place("us-east-1") };
    assert_eq!(place.outcome(&query("example.com", TYPE::A), Transport::Udp), Outcome::Forward);
    assert_eq!(place.ask("db.ec2.internal", TYPE::A).0, RCODE::NameError);
}

/// Clients write letters large and small at random, and expect their question back as it was.
#[test]
fn questions_come_back_as_they_were_written() {
    let reply = place("us-east-1").send(&query("iP-10-0-1-5.eC2.inTERnal", TYPE::A), Transport::Udp).expect("a reply");
    let reply = Packet::parse(&reply).expect("a message");
    assert_eq!(reply.questions[0].qname.to_string(), "iP-10-0-1-5.eC2.inTERnal");
    assert_eq!(reply.answers[0].name.to_string(), "iP-10-0-1-5.eC2.inTERnal");
}

#[rstest]
#[case::plain(None, Transport::Udp, true)]
#[case::small(Some((1000, 0)), Transport::Udp, true)]
#[case::large(Some((4096, 0)), Transport::Udp, false)]
#[case::on_a_connection(None, Transport::Tcp, false)]
fn long_replies(#[case] opt: Option<(u16, u8)>, #[case] transport: Transport, #[case] is_cut: bool) {
    let addresses: Vec<String> = (0..100).map(|host| format!("10.0.2.{host}")).collect();
    let record = serde_json::json!({"name": "many.internal", "type": "A", "values": addresses});
    let zone = serde_json::json!({"name": "many.internal", "records": [record]});
    let zone = serde_json::from_value(zone).expect("a zone");
    let place = Place { hosted: vec![zone], ..place("us-east-1") };
    let reply = place.send(&with_opt("many.internal", opt), transport).expect("a reply");
    let reply = Packet::parse(&reply).expect("a message");
    assert_eq!((reply.has_flags(PacketFlag::TRUNCATION), reply.answers.is_empty()), (is_cut, is_cut));
    assert_eq!(reply.opt().map(|opt| opt.udp_packet_size), opt.map(|_| 4096));
}

#[test]
fn other_versions_of_edns_are_refused() {
    let reply = place("us-east-1").send(&with_opt("ip-10-0-1-5.ec2.internal", Some((4096, 1))), Transport::Udp);
    let reply = reply.expect("a reply");
    let reply = Packet::parse(&reply).expect("a message");
    assert_eq!((reply.rcode(), reply.answers.len()), (RCODE::BADVERS, 0));
}

/// A question by a client that can take so many bytes, in a version of EDNS.
fn with_opt(name: &str, opt: Option<(u16, u8)>) -> Vec<u8> {
    let bytes = query(name, TYPE::A);
    let mut query = Packet::parse(&bytes).expect("a message");
    *query.opt_mut() = opt.map(|(udp_packet_size, version)| OPT { opt_codes: vec![], udp_packet_size, version });
    query.build_bytes_vec().expect("a message")
}

#[rstest]
#[case::empty(&[], None)]
#[case::short(&[0, 7, 1, 0], None)]
#[case::reply(&[0, 7, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0], None)]
#[case::question_missing(&[0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], Some(RCODE::FormatError))]
#[case::no_question(&[0, 7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], Some(RCODE::FormatError))]
#[case::update(&[0, 7, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0], Some(RCODE::NotImplemented))]
fn odd_messages(#[case] query: &[u8], #[case] code: Option<RCODE>) {
    let reply = place("us-east-1").send(query, Transport::Tcp);
    assert_eq!(reply.map(|reply| Packet::parse(&reply).expect("a message").rcode()), code);
}
