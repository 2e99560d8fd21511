//! What the client puts on the wire and how it reads what comes back, against a scripted server.

mod stub;

use std::time::Duration;

use ec2_client::{
    AttachNetworkInterface, Client, Config, CreateNetworkInterface, Credentials, Error, Filter, Imds, NewAddresses,
    Query, RetryPolicy, Tags,
};
use rstest::rstest;
use stub::Stub;

fn client(stub: &Stub) -> Client {
    let credentials = Credentials::from_keys("AKIDEXAMPLE", "secret");
    let config = Config { endpoint: stub.endpoint.clone(), region: "us-west-2".to_owned(), credentials };
    let retry = RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() };
    Client::new(config).unwrap().with_retry(retry)
}

fn error(code: &str) -> String {
    format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors><RequestID>1</RequestID></Response>"
    )
}

const RETURN: &str = "<R><requestId>1</requestId><return>true</return></R>";
const ENI: &str = "<networkInterfaceId>eni-1</networkInterfaceId><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>\
    <description>d</description><status>in-use</status><macAddress>0A:58:0A:00:01:05</macAddress>\
    <privateIpAddress>10.0.1.5</privateIpAddress><groupSet><item><groupId>sg-1</groupId></item></groupSet>\
    <privateIpAddressesSet><item><privateIpAddress>10.0.1.5</privateIpAddress><primary>true</primary></item>\
    <item><privateIpAddress>10.0.1.6</privateIpAddress><primary>false</primary></item></privateIpAddressesSet>\
    <attachment><attachmentId>eni-attach-1</attachmentId><instanceId>i-1</instanceId><deviceIndex>1</deviceIndex>\
    <status>attached</status><deleteOnTermination>true</deleteOnTermination></attachment>\
    <tagSet><item><key>a</key><value>b &amp; c</value></item></tagSet><interfaceType>interface</interfaceType>";

#[tokio::test]
async fn a_call_is_a_signed_form() {
    let stub = Stub::start(&[(200, "<R><vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet></R>")]).await;
    let reply = client(&stub).call("DescribeVpcs", &[("Filter.1.Name", "a b".to_owned())]).await.unwrap();
    assert_eq!(reply.items("vpcSet").next().unwrap().text("vpcId"), Some("vpc-1"));
    let request = &stub.asked()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/"));
    assert_eq!(request.body, "Action=DescribeVpcs&Version=2016-11-15&Filter.1.Name=a+b");
    let authorization = request.header("authorization");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{authorization}");
    assert!(authorization.contains("/us-west-2/ec2/aws4_request, SignedHeaders="), "{authorization}");
    assert!(!request.header("x-amz-date").is_empty());
    assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded; charset=utf-8");
}

#[rstest]
#[case::throttled_then_served(&[(503, error("RequestLimitExceeded")), (200, RETURN.to_owned())], Ok(()), 2)]
#[case::gives_up_after_three(
    &[(503, error("RequestLimitExceeded")), (500, error("InternalError")), (503, error("RequestLimitExceeded"))],
    Err("RequestLimitExceeded"),
    3
)]
#[case::refusals_are_final(&[(400, error("InvalidVpcID.NotFound"))], Err("InvalidVpcID.NotFound"), 1)]
#[case::not_ec2(&[(404, "<html>".to_owned())], Err(Error::MALFORMED_REPLY), 1)]
#[tokio::test]
async fn retries(#[case] answers: &[(u16, String)], #[case] expected: Result<(), &str>, #[case] attempts: usize) {
    let answers: Vec<_> = answers.iter().map(|(status, body)| (*status, body.as_str())).collect();
    let stub = Stub::start(&answers).await;
    let outcome = client(&stub).call("DescribeVpcs", &[]).await;
    assert_eq!(outcome.map(drop).map_err(|error| error.code), expected.map_err(str::to_owned));
    assert_eq!(stub.asked().len(), attempts);
}

#[tokio::test]
async fn no_answer_is_an_error_of_its_own() {
    let config = Config {
        endpoint: "http://127.0.0.1:1".to_owned(),
        region: "r".to_owned(),
        credentials: Credentials::from_keys("a", "b"),
    };
    let client = Client::new(config).unwrap().with_retry(RetryPolicy { attempts: 1, ..RetryPolicy::default() });
    let error = client.call("DescribeVpcs", &[]).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.status), (Error::NO_ANSWER, 0));
}

#[tokio::test]
async fn creates_an_interface_with_all_its_parameters() {
    let stub = Stub::start(&[(200, &format!("<R><networkInterface>{ENI}</networkInterface></R>"))]).await;
    let new = CreateNetworkInterface {
        subnet_id: "subnet-1".to_owned(),
        description: "aws-K8S-i-1".to_owned(),
        interface_type: Some("trunk".to_owned()),
        groups: vec!["sg-1".to_owned(), "sg-2".to_owned()],
        tags: Tags::from([("k".to_owned(), "v".to_owned())]),
        secondary_private_ip_address_count: Some(3),
        client_token: Some("t".to_owned()),
        ..CreateNetworkInterface::default()
    };
    let made = client(&stub).create_network_interface(&new).await.unwrap();
    assert_eq!(
        stub.asked()[0].body,
        "Action=CreateNetworkInterface&Version=2016-11-15&SubnetId=subnet-1&Description=aws-K8S-i-1&InterfaceType=trunk\
         &SecurityGroupId.1=sg-1&SecurityGroupId.2=sg-2&SecondaryPrivateIpAddressCount=3\
         &TagSpecification.1.ResourceType=network-interface&TagSpecification.1.Tag.1.Key=k\
         &TagSpecification.1.Tag.1.Value=v&ClientToken=t"
    );
    assert_eq!(made.mac_address, "0a:58:0a:00:01:05");
    assert_eq!(made.private_ip_addresses.iter().filter(|address| !address.primary).count(), 1);
    assert_eq!(made.tags["a"], "b & c");
    assert_eq!(made.attachment.map(|a| (a.device_index, a.delete_on_termination)), Some((1, true)));
}

#[tokio::test]
async fn follows_pages_to_the_end() {
    let first =
        format!("<R><networkInterfaceSet><item>{ENI}</item></networkInterfaceSet><nextToken>more</nextToken></R>");
    let last = format!("<R><networkInterfaceSet><item>{ENI}</item></networkInterfaceSet></R>");
    let stub = Stub::start(&[(200, &first), (200, &last)]).await;
    let query = Query::filters([Filter::any("status", ["available", "in-use"]), Filter::tag("k", "v")]).page_size(1);
    assert_eq!(client(&stub).describe_network_interfaces(&query).await.unwrap().len(), 2);
    let asked = stub.asked();
    let filters = "Filter.1.Name=status&Filter.1.Value.1=available&Filter.1.Value.2=in-use&Filter.2.Name=tag%3Ak\
                   &Filter.2.Value.1=v&MaxResults=1";
    assert!(asked[0].body.ends_with(filters), "{}", asked[0].body);
    assert!(asked[1].body.ends_with("&MaxResults=1&NextToken=more"), "{}", asked[1].body);
}

#[tokio::test]
async fn simple_calls_send_what_ec2_expects() {
    let assigned = "<R><assignedPrivateIpAddressesSet><item><privateIpAddress>10.0.1.9</privateIpAddress></item>\
                    </assignedPrivateIpAddressesSet></R>";
    let associated = "<R><interfaceAssociation><associationId>trunk-assoc-1</associationId></interfaceAssociation></R>";
    let stub = Stub::start(&[
        (200, "<R><attachmentId>eni-attach-1</attachmentId></R>"),
        (200, RETURN),
        (200, assigned),
        (200, RETURN),
        (200, associated),
    ])
    .await;
    let client = client(&stub);
    let attach = AttachNetworkInterface {
        network_interface_id: "eni-1".to_owned(),
        instance_id: "i-1".to_owned(),
        device_index: 1,
        network_card_index: Some(0),
    };
    assert_eq!(client.attach_network_interface(&attach).await.unwrap(), "eni-attach-1");
    client.modify_network_interface_delete_on_termination("eni-1", "eni-attach-1", true).await.unwrap();
    let new = client.assign_private_ip_addresses("eni-1", NewAddresses::Secondary(1)).await.unwrap();
    client.unassign_private_ip_addresses("eni-1", &new.addresses, &["10.0.2.0/28".parse().unwrap()]).await.unwrap();
    let association = client.associate_trunk_interface("eni-2", "eni-3", 7).await.unwrap();
    assert_eq!((association.association_id.as_str(), association.vlan_id), ("trunk-assoc-1", Some(7)));
    let bodies: Vec<_> =
        stub.asked().into_iter().map(|request| request.body.replace("&Version=2016-11-15", "")).collect();
    assert_eq!(
        bodies[..4],
        [
            "Action=AttachNetworkInterface&NetworkInterfaceId=eni-1&InstanceId=i-1&DeviceIndex=1&NetworkCardIndex=0",
            "Action=ModifyNetworkInterfaceAttribute&NetworkInterfaceId=eni-1&Attachment.AttachmentId=eni-attach-1\
             &Attachment.DeleteOnTermination=true",
            "Action=AssignPrivateIpAddresses&NetworkInterfaceId=eni-1&SecondaryPrivateIpAddressCount=1",
            "Action=UnassignPrivateIpAddresses&NetworkInterfaceId=eni-1&PrivateIpAddress.1=10.0.1.9\
             &Ipv4Prefix.1=10.0.2.0%2F28",
        ]
    );
    let associate =
        "Action=AssociateTrunkInterface&BranchInterfaceId=eni-2&TrunkInterfaceId=eni-3&VlanId=7&ClientToken=";
    assert!(bodies[4].starts_with(associate), "{}", bodies[4]);
}

#[tokio::test]
async fn metadata_takes_a_token_once() {
    let stub = Stub::start(&[(200, "TOKEN"), (200, "i-1"), (404, ""), (200, "a\nb\n")]).await;
    let imds = Imds::new(&stub.endpoint).unwrap();
    assert_eq!(imds.required("instance-id").await.unwrap(), "i-1");
    assert_eq!(imds.get("ipv6").await.unwrap(), None);
    assert_eq!(imds.lines("x").await.unwrap(), ["a", "b"]);
    let asked = stub.asked();
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("PUT", "/latest/api/token"));
    assert_eq!(asked[0].header("x-aws-ec2-metadata-token-ttl-seconds"), "300");
    assert_eq!(asked[1].path, "/latest/meta-data/instance-id");
    assert!(asked[1..].iter().all(|request| request.header("x-aws-ec2-metadata-token") == "TOKEN"));
}

#[tokio::test]
async fn metadata_without_tokens_is_read_the_old_way() {
    let stub = Stub::start(&[(404, ""), (200, "i-1"), (200, "m5.large")]).await;
    let imds = Imds::new(&stub.endpoint).unwrap();
    assert_eq!(imds.required("instance-id").await.unwrap(), "i-1");
    assert_eq!(imds.required("instance-type").await.unwrap(), "m5.large");
    assert!(stub.asked().iter().all(|request| request.header("x-aws-ec2-metadata-token").is_empty()));
}

#[tokio::test]
async fn a_refused_token_is_renewed() {
    let stub = Stub::start(&[(200, "OLD"), (401, ""), (200, "NEW"), (200, "i-1")]).await;
    assert_eq!(Imds::new(&stub.endpoint).unwrap().required("instance-id").await.unwrap(), "i-1");
    assert_eq!(stub.asked()[3].header("x-aws-ec2-metadata-token"), "NEW");
}

#[tokio::test]
async fn a_role_signs_with_its_session_token() {
    let document = r#"{"Code":"Success","AccessKeyId":"ASIAROLE","SecretAccessKey":"s","Token":"session",
                       "Expiration":"2999-01-01T00:00:00Z","LastUpdated":"2020-01-01T00:00:00Z","Type":"AWS-HMAC"}"#;
    let metadata = Stub::start(&[(200, "TOKEN"), (200, "node-role"), (200, document)]).await;
    let stub = Stub::start(&[(200, RETURN), (200, RETURN)]).await;
    let config = Config {
        endpoint: stub.endpoint.clone(),
        region: "us-west-2".to_owned(),
        credentials: Credentials::InstanceRole(Imds::new(&metadata.endpoint).unwrap()),
    };
    let client = Client::new(config).unwrap();
    client.call("DescribeVpcs", &[]).await.unwrap();
    client.call("DescribeVpcs", &[]).await.unwrap();
    let request = &stub.asked()[1];
    assert!(request.header("authorization").contains("Credential=ASIAROLE/"));
    assert_eq!(request.header("x-amz-security-token"), "session");
    assert_eq!(metadata.asked().len(), 3);
}
