//! Names of instances, public addresses, endpoints and private hosted zones.

use serde_json::json;
use vpc_model::instance::options::DnsNameChoice;
use vpc_model::{
    AddressTarget, EndpointPlace, EndpointType, NewPeering, NewVpc, NewVpcEndpoint, PeeringOptionChange,
    PeeringOptions, SubnetId, Tags, VpcEndpointId,
};

use super::*;

/// The public name of an instance's Elastic IP address, in a VPC that gives such names.
fn with_public_name() -> (Place, String, String) {
    let mut place = place("us-east-1");
    let (vpc, instance) = (place.vpc.clone(), place.instance.clone());
    let address = place.world.with(|model, cx| {
        model.modify_vpc_attribute(&vpc, VpcAttribute::DnsHostnames(true)).expect("a VPC");
        let gateway = model.create_internet_gateway(cx, Tags::new()).expect("a gateway");
        model.attach_internet_gateway(&gateway, &vpc).expect("a VPC without one");
        let allocation = model.allocate_address(cx, Tags::new()).expect("an address");
        let target = AddressTarget::Instance(instance.clone());
        model.associate_address(cx, &allocation, &target, None, false).expect("an instance");
        model.elastic_ip(&allocation).expect("it was just made").public_ip
    });
    (place, format!("ec2-{}.compute-1.amazonaws.com", address.to_string().replace('.', "-")), address.to_string())
}

/// Another VPC, which asks from now on.
fn move_away(place: &mut Place) -> VpcId {
    let block = "10.1.0.0/16".parse().expect("a block");
    let other = place.world.with(|model, cx| model.create_vpc(cx, NewVpc::with_block(block))).expect("a VPC");
    std::mem::replace(&mut place.vpc, other)
}

#[test]
fn public_names_lead_to_private_addresses_inside() {
    let (mut place, name, public) = with_public_name();
    assert_eq!(place.ask(&name, TYPE::A), (RCODE::NoError, vec!["10.0.1.5".to_owned()]));
    assert_eq!(place.ask("ec2-1-2-3-4.compute-1.amazonaws.com", TYPE::A), (RCODE::NameError, vec![]));
    let home = move_away(&mut place);
    assert_eq!(place.ask(&name, TYPE::A), (RCODE::NoError, vec![public]), "as outside");
    place.world.with(|model, _| model.modify_vpc_attribute(&home, VpcAttribute::DnsHostnames(false))).expect("a VPC");
    assert_eq!(place.ask(&name, TYPE::A), (RCODE::NameError, vec![]), "the VPC gives no names");
}

#[test]
fn peers_may_resolve_to_private_addresses() {
    let (mut place, name, public) = with_public_name();
    let home = move_away(&mut place);
    let here = place.vpc.clone();
    let peering = place.world.with(|model, cx| {
        let new = NewPeering {
            vpc_id: here,
            peer_vpc_id: home,
            peer_owner: None,
            peer_region: None,
            options: PeeringOptions::default(),
            tags: Tags::new(),
        };
        model.create_peering(cx, new).expect("two VPCs")
    });
    place.world.with(|model, cx| model.accept_peering(cx, &peering)).expect("it waits");
    place.world.with(|_, _| ());
    let reverse = |place: &Place| place.ask("5.1.0.10.in-addr.arpa", TYPE::PTR).0;
    assert_eq!(place.ask(&name, TYPE::A), (RCODE::NoError, vec![public]));
    assert_eq!(reverse(&place), RCODE::NameError);
    let allow = |allowed| PeeringOptionChange { dns_resolution: Some(allowed), multipath: None };
    let change = |place: &mut Place, requester, accepter| {
        let sides = (Some(allow(requester)), Some(allow(accepter)));
        place.world.with(|model, _| model.modify_peering_options(&peering, sides.0, sides.1)).expect("it is active");
    };
    change(&mut place, true, false);
    assert_ne!(place.ask(&name, TYPE::A).1, ["10.0.1.5"], "that is for questions of the other side");
    change(&mut place, false, true);
    assert_eq!(place.ask(&name, TYPE::A).1, ["10.0.1.5"]);
    assert_eq!(reverse(&place), RCODE::NoError);
}

#[rstest]
#[case::neither(false, RCODE::NoError, None)]
#[case::a_record(true, RCODE::NoError, Some("10.0.1.5"))]
fn an_instance_has_a_name_by_its_id(#[case] a: bool, #[case] code: RCODE, #[case] record: Option<&str>) {
    let mut place = place("us-east-1");
    let instance = place.instance.clone();
    let choice = DnsNameChoice { hostname_type: None, resource_name_a_record: Some(a), ..DnsNameChoice::default() };
    place.world.with(|model, cx| model.modify_private_dns_names(cx.now, &instance, choice)).expect("an instance");
    let name = format!("{instance}.ec2.internal");
    assert_eq!(place.ask(&name, TYPE::A), (code, record.into_iter().map(str::to_owned).collect()));
    assert_eq!(place.ask("i-0123456789abcdef0.ec2.internal", TYPE::A).0, RCODE::NameError);
}

/// An endpoint for a service in the place's subnet.
fn endpoint(place: &mut Place, service: &str) -> (VpcEndpointId, String) {
    let vpc = place.vpc.clone();
    place.world.with(|model, cx| {
        model.modify_vpc_attribute(&vpc, VpcAttribute::DnsHostnames(true)).expect("a VPC");
        let subnet: SubnetId = model.subnets().find(|subnet| subnet.vpc_id == vpc).expect("a subnet").id.clone();
        let new = NewVpcEndpoint {
            vpc_id: vpc.clone(),
            service_name: format!("com.amazonaws.us-east-1.{service}"),
            kind: EndpointType::Interface,
            policy: None,
            route_tables: vec![],
            places: vec![EndpointPlace::in_subnet(subnet)],
            groups: vec![],
            ip_address_type: None,
            record_ip_type: None,
            only_for_inbound_resolver: None,
            private_dns: Some(true),
            tags: Tags::new(),
        };
        let id = model.create_vpc_endpoint(cx, new).expect("a service");
        let endpoint = model.vpc_endpoints().find(|endpoint| endpoint.id == id).expect("it was just made");
        let eni = model.network_interface(&endpoint.interfaces[0].1).expect("an ENI");
        (id, eni.primary_ip().expect("an address").to_string())
    })
}

#[rstest]
#[case::ec2("ec2", "ec2.us-east-1.amazonaws.com")]
#[case::registry("ecr.dkr", "123456789012.dkr.ecr.us-east-1.amazonaws.com")]
fn services_names_lead_to_endpoints_inside(#[case] service: &str, #[case] name: &str) {
    let mut place = place("us-east-1");
    let before = place.ask(name, TYPE::A);
    let (_, address) = endpoint(&mut place, service);
    assert_eq!(place.ask(name, TYPE::A), (RCODE::NoError, vec![address]));
    assert_eq!(place.ask(name, TYPE::AAAA), (RCODE::NoError, vec![]));
    move_away(&mut place);
    assert_eq!(place.ask(name, TYPE::A), before, "another VPC does not see the endpoint");
}

#[test]
fn endpoints_have_names_of_their_own() {
    let mut place = place("us-east-1");
    let (id, address) = endpoint(&mut place, "ec2");
    let model = &place.world.model;
    let endpoint = model.vpc_endpoints().find(|endpoint| endpoint.id == id).expect("the endpoint");
    let names: Vec<String> = model.dns_entries(endpoint).into_iter().map(|entry| entry.name).collect();
    let [regional, zonal, _private] = names.as_slice() else { panic!("{names:?}") };
    let elsewhere = zonal.replace("us-east-1a", "us-east-1b").replace("us-east-1c", "us-east-1b");
    move_away(&mut place);
    for name in [regional, zonal] {
        assert_eq!(place.ask(name, TYPE::A), (RCODE::NoError, vec![address.clone()]), "{name}");
    }
    assert_ne!(place.ask(&elsewhere, TYPE::A).0, RCODE::NoError, "{elsewhere}");
}

#[rstest]
#[case::s3("s3.us-east-1.amazonaws.com", "com.amazonaws.us-east-1.s3")]
#[case::bucket("a.bucket.s3.us-east-1.amazonaws.com", "com.amazonaws.us-east-1.s3")]
#[case::dynamodb("dynamodb.us-east-1.amazonaws.com", "com.amazonaws.us-east-1.dynamodb")]
fn gateway_services_are_in_their_prefix_lists(#[case] name: &str, #[case] list: &str) {
    let place = place("us-east-1");
    let (code, records) = place.ask(name, TYPE::A);
    assert_eq!((code, records.len()), (RCODE::NoError, 1));
    let address: std::net::IpAddr = records[0].parse().expect("an address");
    let list = place.world.model.prefix_lists().find(|known| known.name == list).expect("AWS's list");
    assert!(list.entries().keys().any(|block| block.contains(&address)), "{address}");
}

#[rstest]
#[case::address("db.corp.internal", TYPE::A, RCODE::NoError, &["10.0.9.9"])]
#[case::alias("www.corp.internal", TYPE::A, RCODE::NoError, &["db.corp.internal", "10.0.9.9"])]
#[case::alias_itself("www.corp.internal", TYPE::CNAME, RCODE::NoError, &["db.corp.internal"])]
#[case::alias_to_an_instance("node.corp.internal", TYPE::A, RCODE::NoError, &["ip-10-0-1-5.ec2.internal", "10.0.1.5"])]
#[case::alias_elsewhere("out.corp.internal", TYPE::A, RCODE::NoError, &["example.com"])]
#[case::loops("loop.corp.internal", TYPE::A, RCODE::ServerFailure, &["loop.corp.internal"; 8])]
#[case::wildcard("any.apps.corp.internal", TYPE::A, RCODE::NoError, &["10.0.9.8"])]
#[case::absent("nobody.corp.internal", TYPE::A, RCODE::NameError, &[])]
#[case::other_vpcs("secret.other.internal", TYPE::A, RCODE::Refused, &[])]
fn private_zones(#[case] name: &str, #[case] kind: TYPE, #[case] code: RCODE, #[case] records: &[&str]) {
    let record = |name: &str, kind: &str, value: &str| json!({"name": name, "type": kind, "values": [value]});
    let corp = json!({"name": "corp.internal", "records": [
        record("db.corp.internal", "A", "10.0.9.9"),
        record("www.corp.internal", "CNAME", "db.corp.internal"),
        record("node.corp.internal", "CNAME", "ip-10-0-1-5.ec2.internal."),
        record("out.corp.internal", "CNAME", "example.com"),
        record("loop.corp.internal", "CNAME", "loop.corp.internal"),
        record("*.apps.corp.internal", "A", "10.0.9.8"),
    ]});
    let records_of_other = [record("secret.other.internal", "A", "10.0.9.7")];
    let other = json!({"name": "other.internal", "vpcs": ["vpc-0123456789abcdef0"], "records": records_of_other});
    let hosted = serde_json::from_value(json!([corp, other])).expect("zones");
    let place = Place { hosted, ..place("us-east-1") };
    assert_eq!(place.ask(name, kind), (code, records.iter().map(|text| (*text).to_owned()).collect()));
}
