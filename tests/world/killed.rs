//! An emulator that is killed at any point, begun again with its journal.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::vpcbox::{Vpcbox, program, within};

const SOON: Duration = Duration::from_secs(30);
/// After how many accepted calls each run ends; the kernel is then somewhere between the calls before.
const KILLED_AFTER: &[usize] = &[2, 1, 3, 5, 1, 2, 8];

/// A running emulator, which is killed at the end.
struct Emulator {
    process: Child,
    address: SocketAddr,
}

impl Emulator {
    fn start(journal: &Path) -> Self {
        let mut command = Command::new(program());
        command.args(["emulator", "--listen", "127.0.0.1:0", "--quota", "vpcs=50", "--journal"]).arg(journal);
        let mut process = command.stdout(Stdio::piped()).spawn().expect("vpcbox runs");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("its first line");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split(';').next());
        let address = address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("{line}"));
        Self { process, address }
    }

    fn send(&self, head: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("the emulator listens");
        let length = body.len();
        let request =
            format!("{head} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("a reply");
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
        reply.split_once("\r\n\r\n").expect("a body").1.to_owned()
    }

    fn call(&self, form: &str, element: &str) -> String {
        let reply = self.send("POST /", &format!("Version=2016-11-15&{form}"));
        let rest = reply.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("{reply}")).1;
        rest.split('<').next().unwrap_or_default().to_owned()
    }

    fn admin(&self, path: &str) -> Value {
        serde_json::from_str(&self.send(&format!("GET /_vpcbox/{path}"), "")).expect("JSON")
    }

    /// The kernel shows the model, all instances run, and there is nothing to do.
    fn is_converged(&self, instances: usize) -> bool {
        let status = self.admin("status");
        let running = status["instances"].as_object().expect("instances").values();
        let running = running.filter(|it| it["state"] == "running" && it["netns"].is_string()).count();
        running == instances
            && status["generation"] == status["convergedGeneration"]
            && status["failedOps"].as_array().is_some_and(Vec::is_empty)
            && self.admin("plan")["steps"].as_array().is_some_and(Vec::is_empty)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn killed_at_any_point_it_comes_back() {
    if let Some(missing) = linux_net::features::probe().obstacles().first() {
        println!("skipped: {missing}");
        return;
    }
    let shell = Vpcbox::new();
    let journal = shell.folder().join("journal");
    let mut subnets = Vec::new();
    let mut instances = 0;
    for (round, calls) in KILLED_AFTER.iter().enumerate() {
        let emulator = Emulator::start(&journal);
        for call in 0..*calls {
            let vpc = emulator.call(&format!("Action=CreateVpc&CidrBlock=10.{round}.0.0/16"), "vpcId");
            let block = format!("10.{round}.{call}.0/24");
            subnets.push(emulator.call(&format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock={block}"), "subnetId"));
            let subnet = &subnets[(round * 7 + call * 3) % subnets.len()];
            let image = "ImageId=ami-0123456789abcdef0&InstanceType=m5.large&MinCount=1&MaxCount=1";
            emulator.call(&format!("Action=RunInstances&{image}&SubnetId={subnet}"), "instanceId");
            instances += 1;
        }
    }
    let emulator = Emulator::start(&journal);
    within(SOON, "all of it is in the kernel", || emulator.is_converged(instances));
    // In the user's own terms.
    let endpoint = emulator.address.to_string();
    assert!(shell.text(&["plan", "--endpoint", &endpoint]).starts_with("nothing to do: "));
    assert!(shell.text(&["plan", "--endpoint", &endpoint, "--apply"]).contains("0 done, 0 failed, 0 wait"));
}
