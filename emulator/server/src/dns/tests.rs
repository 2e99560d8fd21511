//! Names, and what is said about them.

use rstest::rstest;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};
use vpc_model::{InstanceId, VpcAttribute, VpcId};

use super::{Transport, Zones, answer};
use crate::config::FabricService;
use crate::testing::{self, World};

struct Place {
    world: World,
    vpc: VpcId,
    instance: InstanceId,
    services: Vec<FabricService>,
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
    Place { world, vpc, instance, services }
}

impl Place {
    fn send(&self, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let vpc = self.world.model.vpc(&self.vpc).expect("the VPC");
        answer(&Zones { model: &self.world.model, vpc, services: &self.services }, query, transport)
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
        RData::PTR(name) => name.0.to_string(),
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
fn an_instance_has_a_name_by_its_id() {
    let place = place("us-east-1");
    let name = format!("{}.ec2.internal", place.instance);
    assert_eq!(place.ask(&name, TYPE::A), (RCODE::NoError, vec!["10.0.1.5".to_owned()]));
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
