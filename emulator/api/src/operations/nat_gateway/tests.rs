//! NAT gateways through the wire.

use jiff::SignedDuration;
use rstest::rstest;
use vpc_model::Delays;

use crate::testing::{Reply, World};

struct Net {
    world: World,
    vpc: String,
    subnet: String,
}

/// A world where NAT gateways take ten seconds, with its default VPC.
fn net() -> Net {
    let mut world = World::with_default_vpc();
    world.model.set_delays(Delays { nat_gateway: SignedDuration::from_secs(10), ..Delays::default() });
    let found = world.call("DescribeSubnets", "Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1a").ok();
    let (vpc, subnet) = (found.text("vpcId").to_owned(), found.text("subnetId").to_owned());
    Net { world, vpc, subnet }
}

impl Net {
    fn elastic_ip(&mut self) -> String {
        self.world.call("AllocateAddress", "Domain=vpc").ok().text("allocationId").to_owned()
    }

    fn create(&mut self, form: &str) -> Reply {
        let form = format!("SubnetId={}&{form}", self.subnet);
        self.world.call("CreateNatGateway", &form)
    }

    /// A public gateway that is available, and its address.
    fn public(&mut self) -> (String, String) {
        let address = self.elastic_ip();
        let id = self.create(&format!("AllocationId={address}")).ok().text("natGatewayId").to_owned();
        self.wait(10);
        (id, address)
    }

    fn wait(&mut self, seconds: i64) {
        self.world.now += SignedDuration::from_secs(seconds);
        self.world.model.advance(self.world.now);
        self.world.model.check_invariants().unwrap();
    }

    fn describe(&mut self, id: &str) -> Reply {
        self.world.call("DescribeNatGateways", &format!("NatGatewayId.1={id}"))
    }

    fn state(&mut self, id: &str) -> String {
        self.describe(id).ok().text("state").to_owned()
    }
}

#[test]
fn a_public_gateway_from_beginning_to_end() {
    let mut net = net();
    let address = net.elastic_ip();
    let made = net.create(&format!(
        "AllocationId={address}&ClientToken=once&TagSpecification.1.ResourceType=natgateway\
         &TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=out"
    ));
    insta::assert_snapshot!("created", made.lines());
    let id = made.text("natGatewayId").to_owned();
    net.wait(10);
    insta::assert_snapshot!("available", net.describe(&id).ok().lines());
    let interface = "Filter.1.Name=interface-type&Filter.1.Value.1=nat_gateway";
    insta::assert_snapshot!("interface", net.world.call("DescribeNetworkInterfaces", interface).ok().lines());
    for (action, form, code) in [
        ("ReleaseAddress", format!("AllocationId={address}"), "InvalidIPAddress.InUse"),
        ("DeleteSubnet", format!("SubnetId={}", net.subnet), "DependencyViolation"),
        ("DeleteVpc", format!("VpcId={}", net.vpc), "DependencyViolation"),
    ] {
        assert_eq!(net.world.call(action, &form).code, Some(code), "{action}");
    }
    net.world.call("DeleteNatGateway", &format!("NatGatewayId={id}")).ok();
    assert_eq!(net.state(&id), "deleting");
    net.wait(10);
    insta::assert_snapshot!("deleted", net.describe(&id).ok().lines());
    assert!(net.world.call("DescribeNetworkInterfaces", interface).ok().texts("networkInterfaceId").is_empty());
    net.world.call("ReleaseAddress", &format!("AllocationId={address}")).ok();
    let again = net.world.call("DeleteNatGateway", &format!("NatGatewayId={id}"));
    assert_eq!(again.code, Some("NatGatewayNotFound"));
    net.wait(3600);
    assert_eq!(net.describe(&id).code, Some("NatGatewayNotFound"));
}

#[test]
fn an_address_in_use_makes_the_gateway_fail() {
    let mut net = net();
    let (_, address) = net.public();
    let id = net.create(&format!("AllocationId={address}")).ok().text("natGatewayId").to_owned();
    assert_eq!(net.state(&id), "pending");
    net.wait(10);
    let failed = net.describe(&id).ok();
    assert_eq!((failed.text("state"), failed.text("failureCode")), ("failed", "Resource.AlreadyAssociated"));
    assert_eq!(failed.text("failureMessage"), format!("Elastic IP address [{address}] is already associated"));
    net.wait(3600);
    assert_eq!(net.describe(&id).code, Some("NatGatewayNotFound"));
}

#[test]
fn without_an_internet_gateway_it_fails() {
    let mut net = net();
    let gateway = net.world.call("DescribeInternetGateways", "").ok().text("internetGatewayId").to_owned();
    let both = format!("InternetGatewayId={gateway}&VpcId={}", net.vpc);
    net.world.call("DetachInternetGateway", &both).ok();
    let (id, _) = net.public();
    let failed = net.describe(&id).ok();
    assert_eq!((failed.text("state"), failed.text("failureCode")), ("failed", "Gateway.NotAttached"));
    net.world.call("DeleteNatGateway", &format!("NatGatewayId={id}")).ok();
    net.wait(10);
    assert_eq!(net.state(&id), "deleted");
}

#[test]
fn a_gateway_keeps_the_internet_gateway_and_its_routes() {
    let mut net = net();
    let (id, _) = net.public();
    let gateway = net.world.call("DescribeInternetGateways", "").ok().text("internetGatewayId").to_owned();
    let both = format!("InternetGatewayId={gateway}&VpcId={}", net.vpc);
    assert_eq!(net.world.call("DetachInternetGateway", &both).code, Some("DependencyViolation"));
    let table = net.world.call("CreateRouteTable", &format!("VpcId={}", net.vpc)).ok().text("routeTableId").to_owned();
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&NatGatewayId={id}");
    net.world.call("CreateRoute", &route).ok();
    let states = |net: &mut Net| -> Vec<String> {
        let found = net.world.call("DescribeRouteTables", &format!("RouteTableId.1={table}")).ok();
        found.texts("state").into_iter().map(str::to_owned).collect()
    };
    assert_eq!(states(&mut net), ["active", "active"]);
    net.world.call("DeleteNatGateway", &format!("NatGatewayId={id}")).ok();
    assert_eq!(states(&mut net), ["active", "blackhole"]);
    let again = format!("RouteTableId={table}&DestinationCidrBlock=1.0.0.0/8&NatGatewayId={id}");
    assert_eq!(net.world.call("CreateRoute", &again).code, Some("InvalidNatGatewayID.NotFound"));
}

#[test]
fn further_elastic_ips() {
    let mut net = net();
    let (id, _) = net.public();
    let (second, third) = (net.elastic_ip(), net.elastic_ip());
    let both = format!("NatGatewayId={id}&AllocationId.1={second}&AllocationId.2={third}");
    assert_eq!(net.world.call("AssociateNatGatewayAddress", &both).code, Some("AddressLimitExceeded"));
    let one = format!("NatGatewayId={id}&AllocationId.1={second}&PrivateIpAddress.1=172.31.0.200");
    let added = net.world.call("AssociateNatGatewayAddress", &one).ok();
    assert_eq!((added.texts("status"), added.text("isPrimary")), (vec!["associating"], "false"));
    let soon = format!("NatGatewayId={id}&AllocationId.1={third}");
    let busy = net.world.call("AssociateNatGatewayAddress", &soon);
    assert_eq!(busy.code, Some("OperationInProgress"), "{}", busy.body);
    net.wait(10);
    let shown = net.describe(&id).ok();
    assert_eq!(shown.texts("status"), ["succeeded", "succeeded"]);
    assert_eq!(shown.texts("privateIp")[1], "172.31.0.200");
    let associations: Vec<String> = shown.texts("associationId").into_iter().map(str::to_owned).collect();
    let primary = format!("NatGatewayId={id}&AssociationId.1={}", associations[0]);
    assert_eq!(net.world.call("DisassociateNatGatewayAddress", &primary).code, Some("InvalidParameterValue"));
    let end = format!("NatGatewayId={id}&AssociationId.1={}&MaxDrainDurationSeconds=5", associations[1]);
    let ending = net.world.call("DisassociateNatGatewayAddress", &end).ok();
    assert_eq!(ending.texts("status"), ["disassociating"]);
    net.wait(10);
    assert_eq!(net.describe(&id).ok().texts("associationId"), [&associations[0]]);
    net.world.call("ReleaseAddress", &format!("AllocationId={second}")).ok();
}

#[test]
fn a_private_gateway_and_its_addresses() {
    let mut net = net();
    let form = "ConnectivityType=private&PrivateIpAddress=172.31.0.100&SecondaryPrivateIpAddressCount=2";
    let id = net.create(form).ok().text("natGatewayId").to_owned();
    net.wait(10);
    let shown = net.describe(&id).ok();
    assert_eq!((shown.text("connectivityType"), shown.text("privateIp")), ("private", "172.31.0.100"));
    assert_eq!(shown.texts("isPrimary"), ["true", "false", "false"]);
    let six = format!("NatGatewayId={id}&PrivateIpAddressCount=6");
    assert_eq!(net.world.call("AssignPrivateNatGatewayAddress", &six).code, Some("PrivateIpAddressLimitExceeded"));
    let named = format!("NatGatewayId={id}&PrivateIpAddress.1=172.31.0.101");
    let added = net.world.call("AssignPrivateNatGatewayAddress", &named).ok();
    assert_eq!(added.texts("status"), ["assigning"]);
    net.wait(10);
    let ending = net.world.call("UnassignPrivateNatGatewayAddress", &named).ok();
    assert_eq!((ending.text("status"), ending.text("privateIp")), ("unassigning", "172.31.0.101"));
    net.wait(10);
    assert_eq!(net.describe(&id).ok().texts("privateIp").len(), 3);
    let gone = net.world.call("UnassignPrivateNatGatewayAddress", &named);
    assert_eq!(gone.code, Some("InvalidParameterValue"));
    let elastic = net.elastic_ip();
    let other = format!("NatGatewayId={id}&AllocationId.1={elastic}");
    assert_eq!(net.world.call("AssociateNatGatewayAddress", &other).code, Some("InvalidParameter"));
}

#[rstest]
#[case::no_subnet("SubnetId=subnet-01234567&AllocationId=EIP", "InvalidSubnetID.NotFound")]
#[case::subnet_missing("AllocationId=EIP", "MissingParameter")]
#[case::no_address("SubnetId=SUBNET", "MissingParameter")]
#[case::unknown_address("SubnetId=SUBNET&AllocationId=eipalloc-01234567", "InvalidElasticIpID.NotFound")]
#[case::malformed_address("SubnetId=SUBNET&AllocationId=eip-1", "InvalidElasticIpID.Malformed")]
#[case::address_twice("SubnetId=SUBNET&AllocationId=EIP&SecondaryAllocationId.1=EIP", "InvalidParameterValue")]
#[case::private("SubnetId=SUBNET&AllocationId=EIP&ConnectivityType=private", "InvalidParameterCombination")]
#[case::counted("SubnetId=SUBNET&AllocationId=EIP&SecondaryPrivateIpAddressCount=1", "InvalidParameterCombination")]
#[case::both(
    "SubnetId=SUBNET&ConnectivityType=private&SecondaryPrivateIpAddressCount=1&SecondaryPrivateIpAddress.1=172.31.0.9",
    "InvalidParameterCombination"
)]
#[case::connectivity("SubnetId=SUBNET&AllocationId=EIP&ConnectivityType=open", "InvalidParameterValue")]
#[case::outside("SubnetId=SUBNET&AllocationId=EIP&PrivateIpAddress=10.0.0.1", "InvalidParameterValue")]
#[case::regional("SubnetId=SUBNET&AvailabilityMode=regional", "UnsupportedOperation")]
fn refused(#[case] form: &str, #[case] code: &str) {
    let mut net = net();
    let address = net.elastic_ip();
    let form = form.replace("SUBNET", &net.subnet).replace("EIP", &address);
    assert_eq!(net.world.call("CreateNatGateway", &form).code, Some(code));
    net.world.model.check_invariants().unwrap();
}

#[rstest]
#[case::missing("nat-01234567", "NatGatewayNotFound")]
#[case::malformed("nat-1", "NatGatewayMalformed")]
fn none_of_that_id(#[case] id: &str, #[case] code: &str) {
    let mut net = net();
    assert_eq!(net.world.call("DeleteNatGateway", &format!("NatGatewayId={id}")).code, Some(code));
    assert_eq!(net.describe(id).code, Some(code));
}

#[test]
fn a_zone_has_five() {
    let mut net = net();
    for _ in 0..5 {
        net.create("ConnectivityType=private").ok();
    }
    assert_eq!(net.create("ConnectivityType=private").code, Some("NatGatewayLimitExceeded"));
    let found = net.world.call("DescribeNatGateways", "Filter.1.Name=state&Filter.1.Value.1=pending").ok();
    let first = found.text("natGatewayId").to_owned();
    net.world.call("DeleteNatGateway", &format!("NatGatewayId={first}")).ok();
    net.wait(10);
    net.create("ConnectivityType=private").ok();
}

#[test]
fn the_callers_cannot_take_a_gateways_address() {
    let mut net = net();
    let (id, address) = net.public();
    let shown = net.describe(&id).ok();
    let (interface, association) =
        (shown.text("networkInterfaceId").to_owned(), shown.text("associationId").to_owned());
    let other = net.elastic_ip();
    let onto = format!("AllocationId={other}&NetworkInterfaceId={interface}");
    assert_eq!(net.world.call("AssociateAddress", &onto).code, Some("AuthFailure"));
    let away = format!("AssociationId={association}");
    assert_eq!(net.world.call("DisassociateAddress", &away).code, Some("AuthFailure"));
    let found = net.world.call("DescribeAddresses", &format!("AllocationId.1={address}")).ok();
    assert_eq!(found.text("networkInterfaceId"), interface);
}

#[test]
fn one_that_failed_long_ago_is_gone_at_once() {
    let mut net = net();
    let gateway = net.world.call("DescribeInternetGateways", "").ok().text("internetGatewayId").to_owned();
    let form = format!("InternetGatewayId={gateway}&VpcId={}", net.vpc);
    net.world.call("DetachInternetGateway", &form).ok();
    let address = net.elastic_ip();
    net.create(&format!("AllocationId={address}")).ok();
    net.wait(100_000);
    assert_eq!((net.world.model.nat_gateways().count(), net.world.model.next_due()), (0, None));
}
