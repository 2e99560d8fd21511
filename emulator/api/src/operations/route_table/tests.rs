//! Route tables over the wire.

use rstest::rstest;

use vpc_model::Quotas;

use crate::testing::World;

struct Net {
    world: World,
    vpc: String,
    subnet: String,
    table: String,
    gateway: String,
}

/// A VPC with a subnet, an attached internet gateway and a table of its own.
fn net() -> Net {
    let mut world = World::new();
    let vpc = world.call("CreateVpc", "CidrBlock=10.0.0.0/16").ok().text("vpcId").to_owned();
    let subnet = world.call("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.0/24")).ok();
    let gateway = world.call("CreateInternetGateway", "").ok().text("internetGatewayId").to_owned();
    world.call("AttachInternetGateway", &format!("InternetGatewayId={gateway}&VpcId={vpc}")).ok();
    let table = world.call("CreateRouteTable", &format!("VpcId={vpc}")).ok().text("routeTableId").to_owned();
    Net { world, vpc, subnet: subnet.text("subnetId").to_owned(), table, gateway }
}

impl Net {
    fn route(&mut self, action: &str, form: &str) -> Option<&'static str> {
        let form = form.replace("IGW", &self.gateway);
        self.world.call(action, &format!("RouteTableId={}&{form}", self.table)).code
    }
}

#[test]
fn a_table_with_everything() {
    let mut net = net();
    let eni = net.world.call("CreateNetworkInterface", &format!("SubnetId={}", net.subnet)).ok();
    let eni = eni.text("networkInterfaceId").to_owned();
    assert_eq!(net.route("CreateRoute", "DestinationCidrBlock=0.0.0.0/0&GatewayId=IGW"), None);
    let through = format!("DestinationCidrBlock=192.168.5.9/16&NetworkInterfaceId={eni}");
    assert_eq!(net.route("CreateRoute", &through), None);
    let form = format!("RouteTableId={}&SubnetId={}", net.table, net.subnet);
    net.world.call("AssociateRouteTable", &form).ok();
    let found = net.world.call("DescribeRouteTables", &format!("RouteTableId.1={}", net.table)).ok();
    insta::assert_snapshot!(found.lines());
}

#[rstest]
#[case::again("CreateRoute", "DestinationCidrBlock=0.0.0.0/0&GatewayId=IGW", "RouteAlreadyExists")]
#[case::within_vpc("CreateRoute", "DestinationCidrBlock=10.0.9.0/24&GatewayId=IGW", "InvalidParameterValue")]
#[case::no_gateway("CreateRoute", "DestinationCidrBlock=1.0.0.0/8&GatewayId=igw-01234567", "InvalidGatewayID.NotFound")]
#[case::vpn("CreateRoute", "DestinationCidrBlock=1.0.0.0/8&GatewayId=vgw-01234567", "InvalidGatewayID.NotFound")]
#[case::nat("CreateRoute", "DestinationCidrBlock=1.0.0.0/8&NatGatewayId=nat-01234567", "InvalidNatGatewayID.NotFound")]
#[case::peering(
    "CreateRoute",
    "DestinationCidrBlock=1.0.0.0/8&VpcPeeringConnectionId=pcx-01234567",
    "InvalidVpcPeeringConnectionID.NotFound"
)]
#[case::interface(
    "CreateRoute",
    "DestinationCidrBlock=1.0.0.0/8&NetworkInterfaceId=eni-01234567",
    "InvalidNetworkInterfaceID.NotFound"
)]
#[case::instance("CreateRoute", "DestinationCidrBlock=1.0.0.0/8&InstanceId=i-01234567", "InvalidInstanceID.NotFound")]
#[case::local("CreateRoute", "DestinationCidrBlock=1.0.0.0/8&GatewayId=local", "InvalidGatewayID.NotFound")]
#[case::transit_gateway(
    "CreateRoute",
    "DestinationCidrBlock=1.0.0.0/8&TransitGatewayId=tgw-01234567",
    "InvalidTransitGatewayID.NotFound"
)]
#[case::endpoint(
    "CreateRoute",
    "DestinationCidrBlock=1.0.0.0/8&VpcEndpointId=vpce-01234567",
    "InvalidVpcEndpointId.NotFound"
)]
#[case::gateway_endpoint(
    "CreateRoute",
    "DestinationCidrBlock=1.0.0.0/8&GatewayId=vpce-01234567",
    "InvalidVpcEndpointId.NotFound"
)]
#[case::carrier_gateway(
    "CreateRoute",
    "DestinationCidrBlock=1.0.0.0/8&CarrierGatewayId=cagw-01234567",
    "InvalidCarrierGatewayID.NotFound"
)]
#[case::unsupported(
    "CreateRoute",
    "DestinationCidrBlock=1.0.0.0/8&LocalGatewayId=lgw-01234567",
    "UnsupportedOperation"
)]
#[case::no_target("CreateRoute", "DestinationCidrBlock=1.0.0.0/8", "MissingParameter")]
#[case::no_destination("CreateRoute", "GatewayId=IGW", "MissingParameter")]
#[case::two_targets(
    "CreateRoute",
    "DestinationCidrBlock=1.0.0.0/8&GatewayId=IGW&NatGatewayId=nat-01234567",
    "InvalidParameterCombination"
)]
#[case::replace_nothing("ReplaceRoute", "DestinationCidrBlock=1.0.0.0/8&GatewayId=IGW", "InvalidParameterValue")]
#[case::delete_nothing("DeleteRoute", "DestinationCidrBlock=1.0.0.0/8", "InvalidRoute.NotFound")]
#[case::delete_local("DeleteRoute", "DestinationCidrBlock=10.0.0.0/16", "InvalidParameterValue")]
fn refused(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    let mut net = net();
    assert_eq!(net.route("CreateRoute", "DestinationCidrBlock=0.0.0.0/0&GatewayId=IGW"), None);
    assert_eq!(net.route(action, form), Some(code));
}

#[test]
fn a_detached_gateway_leaves_a_black_hole() {
    let mut net = net();
    assert_eq!(net.route("CreateRoute", "DestinationCidrBlock=0.0.0.0/0&GatewayId=IGW"), None);
    let both = format!("InternetGatewayId={}&VpcId={}", net.gateway, net.vpc);
    net.world.call("DetachInternetGateway", &both).ok();
    let form = "Filter.1.Name=route.state&Filter.1.Value.1=blackhole";
    assert_eq!(net.world.call("DescribeRouteTables", form).ok().texts("routeTableId")[0], net.table);
    assert_eq!(net.route("CreateRoute", "DestinationCidrBlock=1.0.0.0/8&GatewayId=IGW"), Some("InvalidParameterValue"));
    assert_eq!(net.route("DeleteRoute", "DestinationCidrBlock=0.0.0.0/0"), None);
}

#[test]
fn associations() {
    let mut net = net();
    let form = format!("RouteTableId={}&SubnetId={}", net.table, net.subnet);
    let id = net.world.call("AssociateRouteTable", &form).ok().text("associationId").to_owned();
    assert_eq!(net.world.call("AssociateRouteTable", &form).ok().text("associationId"), id);
    let other = net.world.call("CreateRouteTable", &format!("VpcId={}", net.vpc)).ok().text("routeTableId").to_owned();
    let conflict = format!("RouteTableId={other}&SubnetId={}", net.subnet);
    assert_eq!(net.world.call("AssociateRouteTable", &conflict).code, Some("Resource.AlreadyAssociated"));
    assert_eq!(net.route("DeleteRouteTable", ""), Some("DependencyViolation"));
    let replace = format!("AssociationId={id}&RouteTableId={other}");
    let new = net.world.call("ReplaceRouteTableAssociation", &replace).ok().text("newAssociationId").to_owned();
    assert_ne!(new, id);
    assert_eq!(net.route("DeleteRouteTable", ""), None);
    net.world.call("DisassociateRouteTable", &format!("AssociationId={new}")).ok();
    let gone = net.world.call("DisassociateRouteTable", &format!("AssociationId={new}"));
    assert_eq!(gone.code, Some("InvalidAssociationID.NotFound"));
    net.world.model.check_invariants().unwrap();
}

#[test]
fn the_main_table_can_be_another() {
    let mut net = net();
    let main = net.world.call("DescribeRouteTables", "Filter.1.Name=association.main&Filter.1.Value.1=true").ok();
    let (table, association) = (main.text("routeTableId").to_owned(), main.text("routeTableAssociationId").to_owned());
    let alone = net.world.call("DisassociateRouteTable", &format!("AssociationId={association}"));
    assert_eq!(alone.code, Some("InvalidParameterValue"));
    let form = format!("RouteTableId={table}");
    assert_eq!(net.world.call("DeleteRouteTable", &form).code, Some("DependencyViolation"));
    let replace = format!("AssociationId={association}&RouteTableId={}", net.table);
    net.world.call("ReplaceRouteTableAssociation", &replace).ok();
    net.world.call("DeleteRouteTable", &form).ok();
    let subnet = net.subnet.parse().expect("an id");
    assert_eq!(net.world.model.route_table_of(&subnet).map(|table| table.id.to_string()), Some(net.table.clone()));
    net.world.model.check_invariants().unwrap();
}

#[test]
fn a_route_to_a_prefix_list() {
    let mut net = net();
    let new = "PrefixListName=lan&AddressFamily=IPv4&MaxEntries=3&Entry.1.Cidr=192.168.0.0/16";
    let list = net.world.call("CreateManagedPrefixList", new).ok().text("prefixListId").to_owned();
    net.world.model.settle(net.world.now);
    let to = format!("DestinationPrefixListId={list}");
    assert_eq!(net.route("CreateRoute", &format!("{to}&GatewayId=IGW")), None);
    assert_eq!(net.route("CreateRoute", &format!("{to}&GatewayId=IGW")), Some("RouteAlreadyExists"));
    let by_list = format!("Filter.1.Name=route.destination-prefix-list-id&Filter.1.Value.1={list}");
    let found = net.world.call("DescribeRouteTables", &by_list).ok();
    assert_eq!(found.texts("destinationPrefixListId"), [list.as_str()]);
    assert_eq!(found.text("routeTableId"), net.table);
    let users = net.world.call("GetManagedPrefixListAssociations", &format!("PrefixListId={list}")).ok();
    assert_eq!(users.texts("resourceId"), [net.table.as_str()]);
    let delete = format!("PrefixListId={list}");
    assert_eq!(net.world.call("DeleteManagedPrefixList", &delete).code, Some("DependencyViolation"));
    assert_eq!(net.route("DeleteRoute", &to), None);
    assert_eq!(net.route("DeleteRoute", &to), Some("InvalidRoute.NotFound"));
    net.world.call("DeleteManagedPrefixList", &delete).ok();
    assert_eq!(
        net.route("CreateRoute", "DestinationPrefixListId=pl-01234567&GatewayId=IGW"),
        Some("InvalidPrefixListID.NotFound")
    );
}

#[test]
fn a_prefix_list_counts_with_all_it_can_have() {
    let mut net = net();
    net.world.model.set_quotas(Quotas { routes_per_table: 4, ..Quotas::default() });
    let new = "PrefixListName=lan&AddressFamily=IPv4&MaxEntries=3&Entry.1.Cidr=192.168.0.0/16";
    let list = net.world.call("CreateManagedPrefixList", new).ok().text("prefixListId").to_owned();
    net.world.model.settle(net.world.now);
    assert_eq!(net.route("CreateRoute", "DestinationCidrBlock=1.0.0.0/8&GatewayId=IGW"), None);
    assert_eq!(net.route("CreateRoute", &format!("DestinationPrefixListId={list}&GatewayId=IGW")), None);
    assert_eq!(net.route("CreateRoute", "DestinationCidrBlock=2.0.0.0/8&GatewayId=IGW"), Some("RouteLimitExceeded"));
    assert_eq!(net.route("CreateRoute", "DestinationIpv6CidrBlock=::/0&GatewayId=IGW"), None);
    net.world.call("ModifyManagedPrefixList", &format!("PrefixListId={list}&MaxEntries=4")).ok();
    net.world.model.settle(net.world.now);
    let failed = net.world.call("DescribeManagedPrefixLists", &format!("PrefixListId.1={list}")).ok();
    assert_eq!(failed.text("state"), "modify-failed");
}

#[test]
fn a_detour_to_a_subnet() {
    let mut net = net();
    let new = format!("SubnetId={}", net.subnet);
    let eni = net.world.call("CreateNetworkInterface", &new).ok().text("networkInterfaceId").to_owned();
    let by = |block: &str| format!("DestinationCidrBlock={block}&NetworkInterfaceId={eni}");
    assert_eq!(net.route("CreateRoute", &by("10.0.0.128/25")), Some("InvalidParameterValue"));
    let block = net.world.call("DescribeSubnets", &format!("SubnetId.1={}", net.subnet)).ok();
    assert_eq!(net.route("CreateRoute", &by(block.text("cidrBlock"))), None);
    assert_eq!(net.route("CreateRoute", &by("169.254.169.0/24")), Some("InvalidParameterValue"));
    assert_eq!(net.route("ReplaceRoute", &by("10.0.0.0/16")), None);
    assert_eq!(net.route("ReplaceRoute", "DestinationCidrBlock=10.0.0.0/16&LocalTarget=true"), None);
    let other = "DestinationCidrBlock=0.0.0.0/0&GatewayId=IGW";
    assert_eq!(net.route("CreateRoute", other), None);
    let no_local = "DestinationCidrBlock=0.0.0.0/0&LocalTarget=true";
    assert_eq!(net.route("ReplaceRoute", no_local), Some("InvalidParameterValue"));
}

/// The gateways of a VPC: an internet gateway that is there, and a VPN gateway that gets attached.
fn vpn_gateway(net: &mut Net) -> String {
    let gateway = net.world.call("CreateVpnGateway", "Type=ipsec.1").ok().text("vpnGatewayId").to_owned();
    net.world.call("AttachVpnGateway", &format!("VpnGatewayId={gateway}&VpcId={}", net.vpc)).ok();
    gateway
}

#[test]
fn a_gateway_has_a_table_of_its_own() {
    let mut net = net();
    let edge = format!("RouteTableId={}&GatewayId={}", net.table, net.gateway);
    let id = net.world.call("AssociateRouteTable", &edge).ok().text("associationId").to_owned();
    assert_eq!(net.world.call("AssociateRouteTable", &edge).ok().text("associationId"), id);
    let by_gateway = format!("Filter.1.Name=association.gateway-id&Filter.1.Value.1={}", net.gateway);
    insta::assert_snapshot!("edge", net.world.call("DescribeRouteTables", &by_gateway).ok().lines());
    for (form, code) in [
        ("DestinationCidrBlock=0.0.0.0/0&GatewayId=IGW", "InvalidParameterValue"),
        ("DestinationCidrBlock=192.168.0.0/16&NetworkInterfaceId=eni-01234567", "InvalidParameterValue"),
    ] {
        assert_eq!(net.route("CreateRoute", form), Some(code), "{form}");
    }
    let other = net.world.call("CreateRouteTable", &format!("VpcId={}", net.vpc)).ok().text("routeTableId").to_owned();
    let second = format!("RouteTableId={other}&GatewayId={}", net.gateway);
    assert_eq!(net.world.call("AssociateRouteTable", &second).code, Some("Resource.AlreadyAssociated"));
    let replace = format!("AssociationId={id}&RouteTableId={other}");
    let new = net.world.call("ReplaceRouteTableAssociation", &replace).ok().text("newAssociationId").to_owned();
    assert_eq!(net.world.call("DeleteRouteTable", &format!("RouteTableId={other}")).code, Some("DependencyViolation"));
    net.world.call("DisassociateRouteTable", &format!("AssociationId={new}")).ok();
    assert_eq!(net.route("CreateRoute", "DestinationCidrBlock=0.0.0.0/0&GatewayId=IGW"), None);
    assert_eq!(net.world.call("AssociateRouteTable", &edge).code, Some("InvalidParameterValue"));
    net.world.model.check_invariants().unwrap();
}

#[test]
fn a_gateway_that_leaves_gives_its_table_up() {
    let mut net = net();
    let edge = format!("RouteTableId={}&GatewayId={}", net.table, net.gateway);
    net.world.call("AssociateRouteTable", &edge).ok();
    let both = format!("InternetGatewayId={}&VpcId={}", net.gateway, net.vpc);
    net.world.call("DetachInternetGateway", &both).ok();
    assert_eq!(net.world.call("AssociateRouteTable", &edge).code, Some("InvalidParameterValue"));
    assert_eq!(net.route("DeleteRouteTable", ""), None);
}

#[rstest]
#[case::neither("RouteTableId=TABLE", "MissingParameter")]
#[case::both("RouteTableId=TABLE&GatewayId=IGW&SubnetId=subnet-01234567", "InvalidParameterCombination")]
#[case::nat("RouteTableId=TABLE&GatewayId=nat-01234567", "InvalidGatewayID.NotFound")]
#[case::missing("RouteTableId=TABLE&GatewayId=vgw-01234567", "InvalidGatewayID.NotFound")]
fn edges_are_refused(#[case] form: &str, #[case] code: &str) {
    let mut net = net();
    let form = form.replace("TABLE", &net.table).replace("IGW", &net.gateway);
    assert_eq!(net.world.call("AssociateRouteTable", &form).code, Some(code));
}

#[test]
fn routes_to_a_vpn_gateway() {
    let mut net = net();
    let gateway = vpn_gateway(&mut net);
    assert_eq!(net.route("CreateRoute", &format!("DestinationCidrBlock=1.0.0.0/8&GatewayId={gateway}")), None);
    let both = format!("GatewayId={gateway}");
    assert_eq!(net.route("EnableVgwRoutePropagation", &both), None);
    let shown = net.world.call("DescribeRouteTables", &format!("RouteTableId.1={}", net.table)).ok();
    insta::assert_snapshot!("vpn", shown.lines());
    assert_eq!(
        net.world.call("AssociateRouteTable", &format!("RouteTableId={}&{both}", net.table)).code,
        Some("InvalidParameterValue")
    );
    assert_eq!(net.route("DisableVgwRoutePropagation", &both), None);
    net.world.call("DetachVpnGateway", &format!("VpnGatewayId={gateway}&VpcId={}", net.vpc)).ok();
    assert_eq!(net.route("EnableVgwRoutePropagation", &both), Some("Gateway.NotAttached"));
    let by_state = "Filter.1.Name=route.state&Filter.1.Value.1=blackhole";
    assert_eq!(net.world.call("DescribeRouteTables", by_state).ok().texts("routeTableId")[0], net.table);
    for form in ["GatewayId=vgw-01234567", "GatewayId=igw-01234567"] {
        assert_eq!(net.route("EnableVgwRoutePropagation", form), Some("InvalidGatewayID.NotFound"));
    }
}
