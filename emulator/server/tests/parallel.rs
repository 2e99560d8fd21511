//! Many clients at once over HTTP: nothing is handed out twice, of what several want one gets it, and a restart from
//! the journal leads to the same account.

mod common;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use common::send;
use tokio::task::JoinSet;
use vpc_model::{Model, Quotas};
use vpcbox_emulator::{Config, Emulator, Shared};

const CLIENTS: usize = 16;

/// What the clients contend for.
struct Net {
    to: SocketAddr,
    subnet: String,
    instance: String,
    trunk: String,
    gateways: Vec<String>,
    elastic: Vec<String>,
    interfaces: Vec<String>,
}

/// An answer: the form it is to, and its body.
type Answer = (String, String);

async fn call(to: SocketAddr, form: &str) -> String {
    let seen = send(to, "POST / HTTP/1.1", &format!("Version=2016-11-15&{form}")).await;
    seen.body().to_owned()
}

/// The texts of all elements of a name.
fn texts<'a>(body: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}>");
    body.split(open.as_str()).skip(1).filter_map(|rest| rest.split('<').next()).collect()
}

/// Makes something that has to be there before, and gives the text of an element.
async fn make(to: SocketAddr, form: &str, name: &str) -> String {
    let body = call(to, form).await;
    (*texts(&body, name).first().unwrap_or_else(|| panic!("{form}: {body}"))).to_owned()
}

impl Net {
    async fn new(to: SocketAddr) -> Self {
        let vpc = make(to, "Action=CreateVpc&CidrBlock=10.0.0.0/16", "vpcId").await;
        let form = format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.0.0/20&AvailabilityZone=us-east-1a");
        let subnet = make(to, &form, "subnetId").await;
        let gateway = make(to, "Action=CreateInternetGateway", "internetGatewayId").await;
        call(to, &format!("Action=AttachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}")).await;
        let run = "Action=RunInstances&ImageId=ami-0123456789abcdef0&InstanceType=m5.4xlarge&MinCount=1&MaxCount=1";
        let instance = make(to, &format!("{run}&SubnetId={subnet}"), "instanceId").await;
        let interface = format!("Action=CreateNetworkInterface&SubnetId={subnet}");
        let trunk = make(to, &format!("{interface}&InterfaceType=trunk"), "networkInterfaceId").await;
        let form = format!("NetworkInterfaceId={trunk}&InstanceId={instance}&DeviceIndex=1");
        make(to, &format!("Action=AttachNetworkInterface&{form}"), "attachmentId").await;
        let (mut gateways, mut elastic, mut interfaces) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..20 {
            let form = format!("Action=CreateNatGateway&SubnetId={subnet}&ConnectivityType=private");
            gateways.push(make(to, &form, "natGatewayId").await);
        }
        for _ in 0..40 {
            elastic.push(make(to, "Action=AllocateAddress&Domain=vpc", "allocationId").await);
        }
        for _ in 0..100 {
            interfaces.push(make(to, &interface, "networkInterfaceId").await);
        }
        Self { to, subnet, instance, trunk, gateways, elastic, interfaces }
    }

    /// All that is asked for at once.
    fn forms(&self, vpc: &str) -> Vec<String> {
        let mut forms = Vec::new();
        let Self { subnet, instance, trunk, interfaces, .. } = self;
        for id in &self.gateways {
            let form = format!("Action=AssignPrivateNatGatewayAddress&NatGatewayId={id}&PrivateIpAddressCount=1");
            forms.extend(std::iter::repeat_n(form, 10));
        }
        let endpoint = "ServiceName=com.amazonaws.us-east-1.sts&VpcEndpointType=Interface&PrivateDnsEnabled=false";
        let endpoint = format!("Action=CreateVpcEndpoint&VpcId={vpc}&{endpoint}&SubnetId.1={subnet}");
        forms.extend(std::iter::repeat_n(endpoint, 60));
        forms.extend(std::iter::repeat_n("Action=AllocateAddress&Domain=vpc".to_owned(), 1000));
        let interface = format!("Action=CreateNetworkInterface&SubnetId={subnet}&SecondaryPrivateIpAddressCount=2");
        forms.extend(std::iter::repeat_n(interface, 1000));
        for (at, id) in interfaces[..40].iter().enumerate() {
            let index = 2 + at % 6;
            let form = format!("NetworkInterfaceId={id}&InstanceId={instance}&DeviceIndex={index}");
            forms.push(format!("Action=AttachNetworkInterface&{form}"));
        }
        for (at, id) in interfaces[40..].iter().enumerate() {
            let form = format!("TrunkInterfaceId={trunk}&BranchInterfaceId={id}&VlanId={}", 1 + at % 20);
            forms.push(format!("Action=AssociateTrunkInterface&{form}"));
        }
        for (id, pair) in self.elastic.iter().zip(interfaces.chunks(2)) {
            let form = |eni| format!("AllocationId={id}&NetworkInterfaceId={eni}&AllowReassociation=false");
            forms.extend(pair.iter().map(|eni| format!("Action=AssociateAddress&{}", form(eni))));
        }
        // Calls of all kinds meet each other.
        (0..forms.len()).map(|at| forms[at * 1009 % forms.len()].clone()).collect()
    }

    async fn all_at_once(&self, forms: &[String]) -> Vec<Answer> {
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let (to, own) = (self.to, forms.iter().skip(client).step_by(CLIENTS).cloned().collect::<Vec<_>>());
            clients.spawn(async move {
                let mut answers = Vec::with_capacity(own.len());
                for form in own {
                    let body = call(to, &form).await;
                    answers.push((form, body));
                }
                answers
            });
        }
        clients.join_all().await.concat()
    }
}

/// The texts of an element in all answers to an action, and how many answers have it.
fn given<'a>(answers: &'a [Answer], action: &str, name: &str) -> (Vec<&'a str>, usize) {
    let named = format!("Action={action}&");
    let of_action = answers.iter().filter(|(form, _)| form.starts_with(&named));
    let found: Vec<Vec<&str>> = of_action.map(|(_, body)| texts(body, name)).filter(|it| !it.is_empty()).collect();
    let count = found.len();
    (found.concat(), count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_handed_out_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let quotas = Quotas {
        elastic_ips: 5000,
        interface_endpoints_per_vpc: 1000,
        nat_gateways_per_zone: 100,
        ..Quotas::default()
    };
    let journal = Some(folder.path().join("journal.jsonl"));
    let config = Config { fabric: false, seed: Some(1), quotas, journal, ..Config::default() };
    let emulator = Emulator::start(config.clone()).await.expect("a free port on loopback");
    let net = Net::new(emulator.endpoint()).await;
    let vpc = emulator.shared().read(|model| model.vpcs().find(|it| !it.is_default).map(|it| it.id.to_string()));
    let forms = net.forms(&vpc.expect("it was just made"));
    assert_eq!(forms.iter().collect::<BTreeSet<_>>().len() + 180 + 59 + 999 + 999, forms.len(), "all are asked for");
    let answers = net.all_at_once(&forms).await;

    // The action, an element of its answers that is never the same, and how many of the calls can succeed.
    let unique = [
        ("CreateVpcEndpoint", "vpcEndpointId", 60),
        ("AllocateAddress", "publicIp", 1000),
        ("AllocateAddress", "allocationId", 1000),
        ("CreateNetworkInterface", "macAddress", 1000),
        ("AttachNetworkInterface", "attachmentId", 6),
        ("AssociateTrunkInterface", "associationId", 20),
        ("AssociateAddress", "associationId", 40),
    ];
    for (action, name, expected) in unique {
        let (texts, count) = given(&answers, action, name);
        let distinct: BTreeSet<&str> = texts.iter().copied().collect();
        assert_eq!(count, expected, "{action}");
        assert!(distinct.len() >= count, "{action} gave the same {name} twice");
    }
    // A gateway takes no more while one is under way, so how many of these calls succeed is up to chance.
    let (_, added) = given(&answers, "AssignPrivateNatGatewayAddress", "natGatewayId");
    let shown = call(emulator.endpoint(), "Action=DescribeNatGateways").await;
    let addresses: BTreeSet<&str> = texts(&shown, "privateIp").into_iter().collect();
    assert_eq!(addresses.len(), net.gateways.len() + added);
    assert!((net.gateways.len()..=net.gateways.len() * 7).contains(&added), "{added} were added");
    let internal = answers.iter().find(|(_, body)| body.contains("<Code>InternalError</Code>"));
    assert_eq!(internal, None);
    let text = |model: &Model| {
        assert_eq!(model.check_invariants(), Ok(()));
        format!("{model:?}")
    };
    let seen = emulator.shared().read(text);
    emulator.shutdown().await;
    let again = Shared::open(config).expect("its journal");
    assert!(again.read(text) == seen, "the journal leads to another account");
}
