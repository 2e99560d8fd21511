//! Worlds, driven as users drive them: the `vpcbox` command, kubectl and AWS clients.
//!
//! Each test has a state folder and so a world of its own, in namespaces that go with its process.

mod killed;
mod vpcbox;

use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use vpcbox::{Vpcbox, scenario, within};
use workspace_tests::workspace_root;

/// What this machine offers decides whether branch ENIs can be tried.
fn skipped(what: &str) -> bool {
    let features = linux_net::features::probe();
    let missing = match features.obstacles().first() {
        Some(missing) => Some(missing.to_string()),
        None => linux_net::vlan::carrier(&features).err().map(|missing| missing.to_string()),
    };
    if let Some(missing) = &missing {
        println!("skipped: {what}: {missing}");
    }
    missing.is_some()
}

#[test]
fn security_groups_for_pods() {
    if skipped("security groups for pods") {
        return;
    }
    let vpcbox = Vpcbox::new();
    let junit = vpcbox.folder().join("junit.xml");
    let path = scenario("security-groups-for-pods");
    let output = vpcbox.run(&["run", &path, "--output", "json", "--junit", &junit.to_string_lossy()]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("a JSON report");
    let failed: Vec<_> = report["checks"].as_array().into_iter().flatten().filter(|it| it["passed"] != true).collect();
    assert!(output.status.success() && failed.is_empty(), "{failed:#?}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(report["checks"].as_array().map(Vec::len), Some(29));
    let xml = std::fs::read_to_string(junit).expect("the JUnit file");
    assert!(xml.contains("tests=\"29\" failures=\"0\""), "{xml}");
    vpcbox.assert_nothing_is_left();
}

#[test]
fn ordinary_pods() {
    let vpcbox = Vpcbox::new();
    let output = vpcbox.run(&["run", &scenario("ordinary-pods")]);
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.code() == Some(2) {
        return println!("skipped: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("ordinary-pods passed: 12 checks passed, 0 failed"), "{text}");
    vpcbox.assert_nothing_is_left();
}

#[test]
fn mistakes_are_listed_with_their_lines_and_nothing_is_made() {
    let vpcbox = Vpcbox::new();
    let good = std::fs::read_to_string(scenario("ordinary-pods")).expect("the scenario");
    let bad = good.replace("tcp/5432, from: node", "tcp/543210, from: nodes").replace("replicas: 4", "replica: 4");
    let path = vpcbox.folder().join("bad.yaml");
    std::fs::write(&path, bad).expect("a writable folder");
    let output = vpcbox.run(&["run", &path.to_string_lossy()]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for line in
        ["line 20: allow:", "line 20: there is no security group \"nodes\"", "Deployment.spec has no field \"replica\""]
    {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.contains("nothing was made"), "{text}");
}

#[test]
fn clients_of_a_running_world() {
    if skipped("a running world") {
        return;
    }
    let vpcbox = Vpcbox::new();
    let up = vpcbox.run(&["up", &scenario("security-groups-for-pods")]);
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    let kubeconfig = vpcbox.text(&["kubeconfig"]);
    kubectl_works(&vpcbox, kubeconfig.trim());
    aws_cli_works(&vpcbox);
    let payment = pod_name(&vpcbox, "payment-processor");
    let routes = vpcbox.text(&["exec", &payment, "--", "cat", "/proc/net/route"]);
    assert!(routes.contains("eth0"), "exec runs in the pod's network: {routes}");
    packets_are_explained(&vpcbox, &payment);
    assert!(vpcbox.text(&["env"]).contains("AWS_ENDPOINT_URL=http://127.0.0.1:"));
    let second = vpcbox.run(&["up", &scenario("security-groups-for-pods")]);
    assert!(String::from_utf8_lossy(&second.stderr).contains("vpcbox down"), "a second world of the name is refused");
    assert!(vpcbox.run(&["down"]).status.success());
    vpcbox.assert_nothing_is_left();
}

/// By names of the world: what lets a packet pass, and what does not.
fn packets_are_explained(vpcbox: &Vpcbox, payment: &str) {
    let frontend = pod_name(vpcbox, "frontend");
    let allowed = vpcbox.text(&["explain", &frontend, &format!("production/{payment}:8080"), "--probe"]);
    for part in ["let out by sgr-", "let in by sgr-", "the answer", "a real packet arrived after "] {
        assert!(allowed.contains(part), "{part} is not in\n{allowed}");
    }
    assert!(!allowed.contains('✗'), "{allowed}");
    for (from, to, expected) in [
        (frontend.as_str(), "database:5432", "✗ denied: no ingress rule of sg-"),
        (payment, "database:22", "✗ denied: no egress rule of sg-"),
        ("node-1", "10.0.1.250:80", "✗ denied: no network interface has the destination address"),
    ] {
        let denied = vpcbox.run(&["explain", from, to, "--probe"]);
        let text = String::from_utf8_lossy(&denied.stdout);
        assert_eq!((denied.status.code(), text.contains(expected)), (Some(1), true), "{from} → {to}: {text}");
        assert!(text.contains("a real packet ") && !text.contains("arrived after"), "{from} → {to}: {text}");
        assert!(!text.contains("not as it should be"), "{from} → {to}: {text}");
    }
    let unknown = vpcbox.run(&["explain", "nobody", "database:5432"]);
    let text = String::from_utf8_lossy(&unknown.stderr);
    assert_eq!((unknown.status.code(), text.contains("nobody is no")), (Some(2), true), "{text}");
}

/// The first pod of an app, by the world's own account.
fn pod_name(vpcbox: &Vpcbox, app: &str) -> String {
    let status: Value = serde_json::from_str(&vpcbox.text(&["status", "--output", "json"])).expect("a JSON status");
    let pods = status[0]["pods"].as_array().cloned().unwrap_or_default();
    let found = pods.iter().filter_map(|pod| pod["name"].as_str()).find(|name| name.starts_with(app));
    found.expect("a pod of the app").to_owned()
}

/// `get`, `apply`, `wait`, `describe` and `delete` with the real kubectl.
fn kubectl_works(vpcbox: &Vpcbox, kubeconfig: &str) {
    if Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        return println!("skipped: kubectl is not on PATH");
    }
    let kubectl = |args: &[&str]| {
        let output =
            Command::new("kubectl").args(["--kubeconfig", kubeconfig]).args(args).output().expect("kubectl runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "kubectl {args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        text
    };
    let pods = kubectl(&["get", "pods", "-n", "production", "-o", "wide"]);
    assert_eq!(pods.matches("Running").count(), 8, "{pods}");
    assert!(kubectl(&["get", "sgp", "-A"]).contains("payment-processor"));
    let manifest = vpcbox.folder().join("pod.yaml");
    let text = "apiVersion: v1\nkind: Pod\nmetadata: { name: web, labels: { app: payment-processor }, namespace: production }\n\
                spec: { terminationGracePeriodSeconds: 1, containers: [{ name: web, image: vpcbox/probe, ports: [{ containerPort: 80 }] }] }\n";
    std::fs::write(&manifest, text).expect("a writable folder");
    kubectl(&["apply", "-f", &manifest.to_string_lossy()]);
    kubectl(&["wait", "-n", "production", "--for=condition=Ready", "pod/web", "--timeout=30s"]);
    let described = kubectl(&["describe", "pod", "-n", "production", "web"]);
    for part in ["vpc.amazonaws.com/pod-eni:  1", "SecurityGroupRequested", "ResourceAllocated", "\"vlanId\":"] {
        assert!(described.contains(part), "{part} is not in\n{described}");
    }
    kubectl(&["delete", "pod", "-n", "production", "web", "--timeout=30s"]);
    assert!(!kubectl(&["get", "pods", "-n", "production"]).contains("web "));
}

/// The real AWS CLI sees the world's ENIs.
fn aws_cli_works(vpcbox: &Vpcbox) {
    let aws = workspace_root().join(".venv/bin/aws");
    if !aws.exists() {
        return println!("skipped: the AWS CLI (no .venv; `bash .ci/test` makes it)");
    }
    let mut command = Command::new(aws);
    for (key, value) in vpcbox.text(&["env"]).lines().filter_map(|it| it.strip_prefix("export ")?.split_once('=')) {
        command.env(key, value);
    }
    let filters = "Name=interface-type,Values=trunk";
    let output =
        command.args(["ec2", "describe-network-interfaces", "--output", "json", "--filters", filters]).output();
    let output = output.expect("the AWS CLI runs");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(
        found["NetworkInterfaces"].as_array().map(Vec::len),
        Some(2),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_killed_world_leaves_no_process_behind() {
    let world = Vpcbox::new();
    let up = world.run(&["up", &scenario("ordinary-pods")]);
    if up.status.code() == Some(2) {
        return println!("skipped: {}", String::from_utf8_lossy(&up.stderr));
    }
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    let status: Value = serde_json::from_str(&world.text(&["status", "--output", "json"])).expect("a JSON status");
    let pid = status[0]["world"]["pid"].as_i64().expect("the world's process");
    assert!(!world.processes().is_empty());
    vpcbox::kill(pid);
    within(Duration::from_secs(10), "all processes of the world end", || world.processes().is_empty());
    assert!(world.text(&["status"]).starts_with("no world is running"));
    world.assert_nothing_is_left();
}

#[test]
fn a_world_that_is_ending_is_no_mistake() {
    let vpcbox = Vpcbox::new();
    let dying = vpcbox.dying_world();
    std::thread::scope(|scope| {
        let status = scope.spawn(|| vpcbox.text(&["status"]));
        dying.refuse_one_and_end();
        assert!(status.join().expect("vpcbox status passes").starts_with("no world is running"));
    });
    vpcbox.assert_nothing_is_left();
}

/// A small VPC has all figures that a large one has.
#[test]
fn bench_fabric() {
    if let Some(missing) = linux_net::features::probe().obstacles().first() {
        println!("skipped: {missing}");
        return;
    }
    let small = ["--enis", "8", "--groups", "2", "--rules", "4", "--seconds", "1", "--rounds", "1", "--changes", "2"];
    let text = Vpcbox::new().text(&[&["bench", "fabric"][..], &small].concat());
    for row in
        ["veth pair, 8 ENIs", "across subnets, 8 ENIs", "one ENI more", "a rule in all", "a pass without", "memory"]
    {
        assert!(text.contains(row), "{row}: {text}");
    }
}
