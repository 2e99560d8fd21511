//! A small cluster: emulator, Kubernetes API, instances, and the CNI programs on them.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use ec2_client::{Client, Config, Credentials, Instance, Query};
use linux_net::{Netns, features, process, socket};
use serde_json::{Value, json};
use vpcbox_emulator::{Emulator, FabricService};

const EC2: &str = "http://169.254.171.1";
const KUBERNETES: Ipv4Addr = Ipv4Addr::new(169, 254, 171, 2);
const PORT: u16 = 8080;

/// A VPC 10.0.0.0/16 with the subnet 10.0.1.0/24, and a Kubernetes API.
pub struct Cluster {
    pub ec2: Client,
    pub subnet: String,
    emulator: Emulator,
    kubernetes: kube_lite::Server,
    http: reqwest::Client,
    dir: tempfile::TempDir,
}

/// An instance.
pub struct Node {
    pub id: String,
    pub address: Ipv4Addr,
    pub netns: Netns,
    dir: PathBuf,
}

/// A running agent; it ends with this.
pub struct Agent {
    process: Child,
    node: Netns,
    socket: PathBuf,
}

impl Cluster {
    /// `None` where this kernel, or our rights, do not allow a fabric.
    pub async fn start() -> Option<Self> {
        let features = features::probe();
        if let Some(missing) = features.obstacles().first() {
            println!("skipped: {missing}");
            return None;
        }
        if features.privilege != features::Privilege::Root {
            println!("skipped: needs root");
            return None;
        }
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let kubernetes = kube_lite::Server::start(kube_lite::Config { listen }).await.expect("Kubernetes API");
        let service = FabricService {
            name: "kubernetes".to_owned(),
            address: KUBERNETES,
            port: 6443,
            upstream: kubernetes.address(),
        };
        let config = vpcbox_emulator::Config { services: vec![service], ..vpcbox_emulator::Config::default() };
        let emulator = Emulator::start(config).await.expect("emulator");
        let ec2 = Client::new(Config {
            endpoint: format!("http://{}", emulator.endpoint()),
            region: "us-east-1".to_owned(),
            credentials: Credentials::from_keys("test", "test"),
        });
        let mut cluster = Self {
            ec2: ec2.expect("client"),
            subnet: String::new(),
            emulator,
            kubernetes,
            http: reqwest_client(),
            dir: tempfile::tempdir().expect("directory"),
        };
        let vpc = cluster.make("CreateVpc", &[("CidrBlock", "10.0.0.0/16")], "vpc/vpcId").await;
        let subnet = [("VpcId", vpc.as_str()), ("CidrBlock", "10.0.1.0/24")];
        cluster.subnet = cluster.make("CreateSubnet", &subnet, "subnet/subnetId").await;
        Some(cluster)
    }

    async fn make(&self, action: &str, params: &[(&str, &str)], id: &str) -> String {
        let params: Vec<_> = params.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let reply = self.ec2.call(action, &params).await.unwrap_or_else(|err| panic!("{action}: {err}"));
        reply.required(id).expect("an id").to_owned()
    }

    /// Launches an m5.large and waits until it is in the kernel.
    pub async fn launch(&self) -> Node {
        let params = [
            ("ImageId", "ami-0123456789abcdef0"),
            ("InstanceType", "m5.large"),
            ("MinCount", "1"),
            ("MaxCount", "1"),
            ("SubnetId", self.subnet.as_str()),
        ];
        let params: Vec<_> = params.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let reply = self.ec2.call("RunInstances", &params).await.expect("instance");
        let id = reply.items("instancesSet").next().and_then(|item| item.text("instanceId")).expect("an id").to_owned();
        self.emulator.converged(Duration::from_secs(20)).await.expect("converged");
        let instance = self.running(&id).await;
        let dir = self.dir.path().join(&id);
        std::fs::create_dir(&dir).expect("directory");
        let kubeconfig = kube_lite::kubeconfig(SocketAddr::from((KUBERNETES, 6443)), "kubernetes-admin");
        std::fs::write(dir.join("kubeconfig"), kubeconfig).expect("kubeconfig");
        Node {
            address: instance.private_ip_address.expect("an address"),
            netns: self.emulator.instance_netns(&id.parse().expect("an id")).expect("a namespace"),
            dir,
            id,
        }
    }

    async fn running(&self, id: &str) -> Instance {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let instances = self.ec2.describe_instances(&Query::id(id)).await.expect("instances");
            match instances.into_iter().next() {
                Some(instance) if instance.state == "running" => return instance,
                other => assert!(Instant::now() < until, "{id} does not run: {other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn kube(&self, method: reqwest::Method, path: &str, kind: &str, body: Value) {
        let url = format!("http://{}{path}", self.kubernetes.address());
        let request = self.http.request(method, url).header("content-type", kind).body(body.to_string());
        let response = request.send().await.expect("Kubernetes API");
        let status = response.status();
        assert!(status.is_success(), "{path}: {status} {}", response.text().await.unwrap_or_default());
    }

    /// Registers the instance as a node of its own id.
    pub async fn add_node(&self, node: &Node) {
        let body = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": node.id } });
        self.kube(reqwest::Method::POST, "/api/v1/nodes", "application/json", body).await;
    }

    /// Makes a pod that is bound to the node.
    pub async fn add_pod(&self, node: &Node, name: &str, own_groups: bool) {
        let limits = if own_groups { json!({ "vpc.amazonaws.com/pod-eni": "1" }) } else { json!({}) };
        let body = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": "default" },
            "spec": { "nodeName": node.id, "containers": [
                { "name": "c", "image": "i", "resources": { "limits": limits, "requests": limits } },
            ] },
        });
        self.kube(reqwest::Method::POST, "/api/v1/namespaces/default/pods", "application/json", body).await;
    }

    pub async fn annotate_pod(&self, name: &str, key: &str, value: &str) {
        let body = json!({ "metadata": { "annotations": { key: value } } });
        let path = format!("/api/v1/namespaces/default/pods/{name}");
        self.kube(reqwest::Method::PATCH, &path, "application/merge-patch+json", body).await;
    }
}

/// A client for plain HTTP: the process has no TLS provider.
fn reqwest_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("client")
}

impl Node {
    /// Starts the agent as a node would.
    pub fn start_agent(&self, settings: &[(&str, &str)]) -> Agent {
        let socket = self.dir.join("agent.sock");
        let mut command = Command::new(program("cni-agent"));
        command.env_clear().envs([("AWS_ENDPOINT_URL_EC2", EC2), ("AWS_ACCESS_KEY_ID", "test")]);
        command.envs([("AWS_SECRET_ACCESS_KEY", "test"), ("MY_NODE_NAME", &self.id)]);
        command.env("VPCBOX_CNI_SOCKET", &socket).env("AWS_VPC_K8S_CNI_BACKING_STORE", self.dir.join("ipam.json"));
        command.env("KUBECONFIG", self.dir.join("kubeconfig"));
        command.env("AWS_VPC_K8S_CNI_LOGLEVEL", "warn");
        // Nodes need no certificates, and small images have none.
        command.envs([("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")]);
        command.envs(settings.iter().copied()).stdin(Stdio::null());
        process::in_netns(&mut command, &self.netns);
        Agent { process: command.spawn().expect("agent"), node: self.netns.clone(), socket }
    }
}

impl Agent {
    /// Waits until the agent has an address to give.
    pub fn wait_ready(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let stdin = self.conf(Value::Null);
        loop {
            let (ok, output) = self.run("STATUS", None, "", &stdin);
            if ok {
                return;
            }
            assert!(Instant::now() < until, "the agent is not ready: {output}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs the plugin for a pod; gives its result.
    #[track_caller]
    pub fn plugin(&self, command: &str, pod: &Netns, name: &str, prev_result: Value) -> Value {
        let (ok, output) = self.run(command, Some(pod), name, &self.conf(prev_result));
        assert!(ok, "{command} {name}: {output}");
        if output.is_empty() { Value::Null } else { serde_json::from_str(&output).expect("JSON") }
    }

    fn conf(&self, prev_result: Value) -> Value {
        json!({
            "cniVersion": "1.1.0", "name": "aws-cni", "type": "vpcbox-cni", "socket": self.socket,
            "prevResult": prev_result,
        })
    }

    fn run(&self, command: &str, pod: Option<&Netns>, name: &str, stdin: &Value) -> (bool, String) {
        let mut plugin = Command::new(program("vpcbox-cni"));
        plugin.env_clear().env("CNI_COMMAND", command).env("CNI_CONTAINERID", format!("c-{name}"));
        plugin.env("CNI_IFNAME", "eth0").env("CNI_ARGS", format!("K8S_POD_NAMESPACE=default;K8S_POD_NAME={name}"));
        if let Some(pod) = pod {
            plugin.env("CNI_NETNS", pod.path());
        }
        plugin.stdin(Stdio::piped()).stdout(Stdio::piped());
        process::in_netns(&mut plugin, &self.node);
        let mut child = plugin.spawn().expect("plugin");
        child.stdin.take().expect("piped").write_all(stdin.to_string().as_bytes()).expect("stdin");
        let output = child.wait_with_output().expect("plugin");
        (output.status.success(), String::from_utf8(output.stdout).expect("UTF-8"))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The address in an ADD's result.
pub fn host_address(added: &Value) -> Ipv4Addr {
    let text = added["ips"][0]["address"].as_str().expect("an address");
    text.trim_end_matches("/32").parse().expect("an IPv4 address")
}

/// Asserts that a TCP connection from one namespace to an address in another works in time.
#[track_caller]
pub fn reaches(from: &Netns, to: &Netns, address: Ipv4Addr, patience: Duration) {
    let target = SocketAddr::new(IpAddr::V4(address), PORT);
    let _listener = socket::tcp_listener(to, target).expect("listener");
    let until = Instant::now() + patience;
    loop {
        match socket::tcp_connect(from, target, Duration::from_secs(1)) {
            Ok(_) => return,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
    }
}

/// A program of this workspace. Built if it is missing or older than its sources; not always, since cargo builds
/// dependencies with other features for programs than for these tests, and would do so to and fro.
fn program(name: &str) -> PathBuf {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    let dir = PROGRAMS.get_or_init(|| {
        // …/debug/deps/node_agent-… → …/debug
        let test = std::env::current_exe().expect("the test's own path");
        let dir = test.ancestors().nth(2).expect("a target directory").to_owned();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
        let newest = ["cni/agent", "cni/plugin", "cni/rpc", "cni/ipam", "cni/ec2", "emulator/linux", "emulator/nft"]
            .iter()
            .filter_map(|package| newest_change(&root.join(package).join("src")))
            .max();
        let built = ["cni-agent", "vpcbox-cni"].iter().map(|name| changed(&dir.join(name))).min().flatten();
        if built < newest {
            let packages = ["-p", "cni-agent", "-p", "vpcbox-cni"];
            let built = Command::new(env!("CARGO")).args(["build", "--quiet"]).args(packages).status().expect("cargo");
            assert!(built.success(), "the CNI programs do not build");
        }
        dir
    });
    dir.join(name)
}

fn newest_change(dir: &Path) -> Option<SystemTime> {
    let entries = std::fs::read_dir(dir).ok()?.map_while(Result::ok);
    entries
        .filter_map(|entry| if entry.path().is_dir() { newest_change(&entry.path()) } else { changed(&entry.path()) })
        .max()
}

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|metadata| metadata.modified()).ok()
}
