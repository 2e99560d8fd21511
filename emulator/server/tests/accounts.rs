//! What reaches from one account or region into another, over HTTP.

mod common;

use common::send;
use rstest::rstest;
use vpcbox_emulator::{Config, Emulator};

/// Who calls: an account's number, which is a key of its own, and the region.
type Caller = (&'static str, &'static str);

const HERE: Caller = ("111122223333", "us-east-1");
const OTHER_ACCOUNT: Caller = ("444455556666", "us-east-1");
const OTHER_REGION: Caller = ("111122223333", "eu-west-1");

async fn start() -> Emulator {
    let config = Config { fabric: false, seed: Some(1), ..Config::default() };
    Emulator::start(config).await.expect("a free port on loopback")
}

async fn call(emulator: &Emulator, (account, region): Caller, form: &str) -> String {
    let scope = format!("{account}/20261122/{region}/ec2/aws4_request");
    let head = format!(
        "POST / HTTP/1.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    );
    send(emulator.endpoint(), &head, &format!("Version=2016-11-15&{form}")).await.body().to_owned()
}

fn text(xml: &str, element: &str) -> String {
    let rest = xml.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("no <{element}> in {xml}")).1;
    rest.split('<').next().unwrap_or_default().to_owned()
}

async fn vpc(emulator: &Emulator, caller: Caller, block: &str) -> String {
    text(&call(emulator, caller, &format!("Action=CreateVpc&CidrBlock={block}")).await, "vpcId")
}

/// Asks for a connection from [`HERE`]; gives its id.
async fn ask(emulator: &Emulator, vpc: &str, peer: &str, (account, region): Caller) -> String {
    let form = format!(
        "Action=CreateVpcPeeringConnection&VpcId={vpc}&PeerVpcId={peer}&PeerOwnerId={account}&PeerRegion={region}"
    );
    text(&call(emulator, HERE, &form).await, "vpcPeeringConnectionId")
}

async fn peering(emulator: &Emulator, caller: Caller, id: &str) -> String {
    let form = format!("Action=DescribeVpcPeeringConnections&VpcPeeringConnectionId.1={id}");
    call(emulator, caller, &form).await
}

async fn route_over(emulator: &Emulator, caller: Caller, vpc: &str, block: &str, id: &str) -> String {
    let tables = format!("Action=DescribeRouteTables&Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let table = text(&call(emulator, caller, &tables).await, "routeTableId");
    let route =
        format!("Action=CreateRoute&RouteTableId={table}&DestinationCidrBlock={block}&VpcPeeringConnectionId={id}");
    assert_eq!(text(&call(emulator, caller, &route).await, "return"), "true");
    format!("Action=DescribeRouteTables&RouteTableId.1={table}")
}

#[rstest]
#[case::account(OTHER_ACCOUNT)]
#[case::region(OTHER_REGION)]
#[tokio::test]
async fn a_peering_connections_life(#[case] there: Caller) {
    let emulator = start().await;
    let mine = vpc(&emulator, HERE, "10.0.0.0/16").await;
    let theirs = vpc(&emulator, there, "10.1.0.0/16").await;
    let id = ask(&emulator, &mine, &theirs, there).await;
    for caller in [HERE, there] {
        let seen = peering(&emulator, caller, &id).await;
        assert_eq!(text(&seen, "code"), "pending-acceptance");
        let accepter = seen.split("</accepterVpcInfo>").next().expect("it comes first");
        assert_eq!([text(accepter, "ownerId"), text(accepter, "region")], [there.0, there.1]);
        assert!(!accepter.contains("cidrBlock"), "{accepter}");
    }
    let answer = |verb: &str| format!("Action={verb}VpcPeeringConnection&VpcPeeringConnectionId={id}");
    let early = call(&emulator, HERE, &answer("Accept")).await;
    assert_eq!(text(&early, "Code"), "OperationNotPermitted");
    call(&emulator, there, &answer("Accept")).await;
    let [here, across] = [peering(&emulator, HERE, &id).await, peering(&emulator, there, &id).await];
    let without_request = |xml: &str| xml.split_once("<vpcPeeringConnectionSet>").expect("the list").1.to_owned();
    assert_eq!(without_request(&here), without_request(&across), "both sides show the same");
    assert_eq!(text(&here, "code"), "active");
    assert_eq!(here.matches("<cidrBlock>10.1.0.0/16</cidrBlock>").count(), 2, "{here}");

    let routes = [
        (HERE, route_over(&emulator, HERE, &mine, "10.1.0.0/16", &id).await),
        (there, route_over(&emulator, there, &theirs, "10.0.0.0/16", &id).await),
    ];
    for (caller, describe) in &routes {
        assert!(!call(&emulator, *caller, describe).await.contains("blackhole"));
    }
    call(&emulator, there, &answer("Delete")).await;
    for (caller, describe) in &routes {
        assert!(call(&emulator, *caller, describe).await.contains("<state>blackhole</state>"));
    }
    let message = format!("Deleted by {}", there.0);
    for caller in [HERE, there] {
        assert_eq!(text(&peering(&emulator, caller, &id).await, "message"), message);
    }
}

#[tokio::test]
async fn a_request_that_cannot_be() {
    let emulator = start().await;
    let mine = vpc(&emulator, HERE, "10.0.0.0/16").await;
    let theirs = vpc(&emulator, OTHER_ACCOUNT, "10.0.0.0/20").await;
    for (peer, there) in [(theirs.as_str(), OTHER_ACCOUNT), ("vpc-01234567", OTHER_REGION)] {
        let id = ask(&emulator, &mine, peer, there).await;
        assert_eq!(text(&peering(&emulator, HERE, &id).await, "code"), "failed");
        let across = peering(&emulator, there, &id).await;
        assert_eq!(text(&across, "Code"), "InvalidVpcPeeringConnectionID.NotFound");
    }
}

#[tokio::test]
async fn an_address_moves_to_another_account() {
    let emulator = start().await;
    let allocated = call(&emulator, HERE, "Action=AllocateAddress").await;
    let (id, address) = (text(&allocated, "allocationId"), text(&allocated, "publicIp"));
    let enable = format!("Action=EnableAddressTransfer&AllocationId={id}&TransferAccountId={}", OTHER_ACCOUNT.0);
    assert_eq!(text(&call(&emulator, HERE, &enable).await, "addressTransferStatus"), "pending");
    let tag = "TagSpecification.1.ResourceType=elastic-ip&TagSpecification.1.Tag.1.Key=Name";
    let accept = format!("Action=AcceptAddressTransfer&Address={address}&{tag}");
    for elsewhere in [HERE, OTHER_REGION, (OTHER_ACCOUNT.0, OTHER_REGION.1)] {
        assert_eq!(text(&call(&emulator, elsewhere, &accept).await, "Code"), "InvalidAddress.NotFound");
    }
    let accepted = call(&emulator, OTHER_ACCOUNT, &accept).await;
    assert_eq!(text(&accepted, "addressTransferStatus"), "accepted");
    assert_ne!(text(&accepted, "allocationId"), id);

    let describe = format!("Action=DescribeAddresses&PublicIp.1={address}");
    let theirs = call(&emulator, OTHER_ACCOUNT, &describe).await;
    assert_eq!(text(&theirs, "allocationId"), text(&accepted, "allocationId"));
    assert_eq!(text(&theirs, "key"), "Name");
    assert_eq!(text(&call(&emulator, HERE, &describe).await, "Code"), "InvalidAddress.NotFound");
    let transfers = format!("Action=DescribeAddressTransfers&AllocationId.1={id}");
    let seen = call(&emulator, HERE, &transfers).await;
    assert_eq!([text(&seen, "addressTransferStatus"), text(&seen, "allocationId")], ["accepted".to_owned(), id]);
    assert_eq!(text(&seen, "transferOfferAcceptedTimestamp"), text(&accepted, "transferOfferAcceptedTimestamp"));
}

#[tokio::test]
async fn an_address_with_a_name_stays() {
    let emulator = start().await;
    let allocated = call(&emulator, HERE, "Action=AllocateAddress").await;
    let (id, address) = (text(&allocated, "allocationId"), text(&allocated, "publicIp"));
    let forms = [
        format!("Action=ModifyAddressAttribute&AllocationId={id}&DomainName=mail.example.com"),
        format!("Action=EnableAddressTransfer&AllocationId={id}&TransferAccountId={}", OTHER_ACCOUNT.0),
    ];
    for form in forms {
        call(&emulator, HERE, &form).await;
    }
    let refused = call(&emulator, OTHER_ACCOUNT, &format!("Action=AcceptAddressTransfer&Address={address}")).await;
    assert_eq!(text(&refused, "Code"), "InvalidTransfer.AddressCustomPtrSet");
}
