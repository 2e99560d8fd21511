//! Reads a scenario file and reports every mistake in it.

use std::collections::BTreeMap;
use std::time::Duration;

use ipnet::Ipv4Net;

use super::step::{Action, Connect, Expectation, Placement, Step};
use super::tree::{Fields, Node, Problem, Problems};
use super::types::{
    ClusterSpec, EnforcingMode, GroupSpec, InstanceSpec, NodeSpec, RulePeer, RuleSpec, Scenario, SubnetSpec, VpcSpec,
};
use super::{Endpoint, Manifest, Port, Workload, manifest};

/// Reads a scenario.
///
/// # Errors
/// Every mistake found, in the order of their lines.
pub fn parse(text: &str) -> Result<Scenario, Vec<Problem>> {
    let root = Node::parse(text).map_err(|problem| vec![problem])?;
    let mut problems = Problems::default();
    let scenario = scenario(&root, &mut problems);
    match (scenario, problems.into_sorted()) {
        (Some(scenario), problems) if problems.is_empty() => Ok(scenario),
        (_, problems) => Err(problems),
    }
}

const TOP: [&str; 7] = ["scenario", "description", "region", "vpc", "nodes", "instances", "cluster"];

fn scenario(root: &Node, problems: &mut Problems) -> Option<Scenario> {
    let mut fields = problems.mapping(root, "the scenario")?;
    let name = fields.required("scenario", problems).and_then(|it| problems.parsed(it, "scenario", dns_label));
    let description = fields.optional("description").and_then(|it| problems.text(it, "description"));
    let region = fields.optional("region").and_then(|it| problems.text(it, "region"));
    let vpc = fields.required("vpc", problems).and_then(|it| vpc(it, problems));
    let nodes = fields.required("nodes", problems).map(|it| list(it, "nodes", problems, node)).unwrap_or_default();
    let instances =
        fields.optional("instances").map(|it| list(it, "instances", problems, instance)).unwrap_or_default();
    let cluster = fields.optional("cluster").map_or(Some(ClusterSpec::default()), |it| cluster(it, problems));
    let groups: Vec<String> = vpc.iter().flat_map(|vpc| &vpc.groups).map(|group| group.name.clone()).collect();
    let steps_node = fields.required("steps", problems);
    let steps = steps_node.map(|it| list(it, "steps", problems, |item, p| step(item, &groups, p))).unwrap_or_default();
    fields.finish(&[&TOP[..], &["steps"]].concat(), problems);
    let scenario = Scenario {
        name: name?,
        description: description.unwrap_or_default(),
        region: region.unwrap_or_else(|| "us-east-1".into()),
        vpc: vpc?,
        nodes: nodes.into_iter().map(|(_, it)| it).collect(),
        instances: instances.into_iter().map(|(_, it)| it).collect(),
        cluster: cluster?,
        steps: steps.into_iter().map(|(_, it)| it).collect(),
    };
    References::of(root, &scenario).check(problems);
    Some(scenario)
}

/// Reads each entry of a list; those with mistakes are left out.
fn list<T>(
    node: &Node,
    what: &str,
    problems: &mut Problems,
    read: impl Fn(&Node, &mut Problems) -> Option<T>,
) -> Vec<(u64, T)> {
    let items = problems.list(node, what);
    items.iter().filter_map(|item| read(item, problems).map(|it| (item.line, it))).collect()
}

fn vpc(node: &Node, problems: &mut Problems) -> Option<VpcSpec> {
    let mut fields = problems.mapping(node, "vpc")?;
    let cidr = fields.required("cidr", problems).and_then(|it| problems.parsed(it, "cidr", network));
    let subnets = fields.required("subnets", problems).map(|it| list(it, "subnets", problems, subnet));
    let groups = fields.optional("securityGroups").map(|it| list(it, "securityGroups", problems, group));
    fields.finish(&["cidr", "subnets", "securityGroups"], problems);
    let subnets = subnets?;
    for (line, subnet) in &subnets {
        if cidr.is_some_and(|cidr| !cidr.contains(&subnet.cidr)) {
            problems.add(*line, format!("subnet {} ({}) is not within the VPC's block", subnet.name, subnet.cidr));
        }
        let overlap = subnets
            .iter()
            .find(|(other, it)| other < line && (it.cidr.contains(&subnet.cidr) || subnet.cidr.contains(&it.cidr)));
        if let Some((_, other)) = overlap {
            problems.add(*line, format!("subnet {} overlaps subnet {}", subnet.name, other.name));
        }
    }
    Some(VpcSpec {
        cidr: cidr?,
        subnets: subnets.into_iter().map(|(_, it)| it).collect(),
        groups: groups.unwrap_or_default().into_iter().map(|(_, it)| it).collect(),
    })
}

fn subnet(node: &Node, problems: &mut Problems) -> Option<SubnetSpec> {
    let mut fields = problems.mapping(node, "the subnet")?;
    let name = name(&mut fields, problems);
    let cidr = fields.required("cidr", problems).and_then(|it| problems.parsed(it, "cidr", network));
    let zone = fields.required("zone", problems).and_then(|it| problems.text(it, "zone"));
    fields.finish(&["name", "cidr", "zone"], problems);
    Some(SubnetSpec { name: name?, cidr: cidr?, zone: zone? })
}

fn group(node: &Node, problems: &mut Problems) -> Option<GroupSpec> {
    let mut fields = problems.mapping(node, "the security group")?;
    let name = name(&mut fields, problems);
    let description = fields.optional("description").and_then(|it| problems.text(it, "description"));
    let ingress = fields.optional("ingress").map(|it| list(it, "ingress", problems, |item, p| rule(item, "from", p)));
    let egress = fields.optional("egress").map(|it| list(it, "egress", problems, |item, p| rule(item, "to", p)));
    fields.finish(&["name", "description", "ingress", "egress"], problems);
    let name = name?;
    let strip = |rules: Vec<(u64, RuleSpec)>| rules.into_iter().map(|(_, rule)| rule).collect();
    Some(GroupSpec {
        description: description.unwrap_or_else(|| name.clone()),
        name,
        ingress: ingress.map(strip).unwrap_or_default(),
        egress: egress.map(strip),
    })
}

fn rule(node: &Node, end: &'static str, problems: &mut Problems) -> Option<RuleSpec> {
    let mut fields = problems.mapping(node, "the rule")?;
    let allow = fields.required("allow", problems).and_then(|it| problems.parsed(it, "allow", Port::parse));
    let peer = fields.required(end, problems).and_then(|it| problems.text(it, end)).map(|text| match text.parse() {
        Ok(cidr) => RulePeer::Cidr(cidr),
        Err(_) => RulePeer::Group(text),
    });
    fields.finish(&["allow", end], problems);
    Some(RuleSpec { allow: allow?, peer: peer? })
}

/// What nodes and other instances have in common: name, type, subnet and groups.
fn machine(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<NodeSpec> {
    let name = name(fields, problems);
    let instance_type = fields.required("type", problems).and_then(|it| problems.text(it, "type"));
    let subnet = fields.required("subnet", problems).and_then(|it| problems.text(it, "subnet"));
    let groups = fields.required("securityGroups", problems).map(|it| texts(it, "securityGroups", problems));
    Some(NodeSpec { name: name?, instance_type: instance_type?, subnet: subnet?, groups: groups? })
}

fn node(node: &Node, problems: &mut Problems) -> Option<NodeSpec> {
    let mut fields = problems.mapping(node, "the node")?;
    let machine = machine(&mut fields, problems);
    fields.finish(&["name", "type", "subnet", "securityGroups"], problems);
    machine
}

fn instance(node: &Node, problems: &mut Problems) -> Option<InstanceSpec> {
    let mut fields = problems.mapping(node, "the instance")?;
    let machine = machine(&mut fields, problems);
    let listen = fields
        .optional("listen")
        .map(|it| list(it, "listen", problems, |item, p| p.parsed(item, "listen", Port::parse_single)));
    fields.finish(&["name", "type", "subnet", "securityGroups", "listen"], problems);
    let NodeSpec { name, instance_type, subnet, groups } = machine?;
    let listen = listen.unwrap_or_default().into_iter().map(|(_, it)| it).collect();
    Some(InstanceSpec { name, instance_type, subnet, groups, listen })
}

fn cluster(node: &Node, problems: &mut Problems) -> Option<ClusterSpec> {
    const KNOWN: [&str; 5] =
        ["podSecurityGroups", "enforcingMode", "warmIpTarget", "minimumIpTarget", "branchEniCooldown"];
    let mut cluster = ClusterSpec::default();
    let mut fields = problems.mapping(node, "cluster")?;
    if let Some(it) = fields.optional(KNOWN[0]) {
        cluster.pod_eni = problems.boolean(it, KNOWN[0])?;
    }
    if let Some(it) = fields.optional(KNOWN[1]) {
        cluster.enforcing_mode = problems.parsed(it, KNOWN[1], |text| match text {
            "strict" => Ok(EnforcingMode::Strict),
            "standard" => Ok(EnforcingMode::Standard),
            _ => Err(format!("\"{text}\" must be strict or standard")),
        })?;
    }
    if let Some(it) = fields.optional(KNOWN[2]) {
        cluster.warm_ip_target = problems.number(it, KNOWN[2], 0..=1000)? as u32;
    }
    if let Some(it) = fields.optional(KNOWN[3]) {
        cluster.minimum_ip_target = problems.number(it, KNOWN[3], 0..=1000)? as u32;
    }
    if let Some(it) = fields.optional(KNOWN[4]) {
        cluster.branch_eni_cooldown = problems.parsed(it, KNOWN[4], duration)?;
        if cluster.branch_eni_cooldown < Duration::from_secs(30) {
            problems.add(it.line, "branchEniCooldown below 30s is raised to 30s by the controller; write 30s or more");
        }
    }
    fields.finish(&KNOWN, problems);
    Some(cluster)
}

const ACTIONS: [&str; 9] =
    ["apply", "scale", "waitReady", "connect", "podAddresses", "podGroups", "tagged", "pending", "released"];

fn step(node: &Node, groups: &[String], problems: &mut Problems) -> Option<Step> {
    let mut fields = problems.mapping(node, "the step")?;
    let name = fields.optional("name").and_then(|it| problems.text(it, "name"));
    let mut rest = fields.rest().into_iter();
    let (Some((key, body)), None) = (rest.next(), rest.next()) else {
        problems.add(node.line, format!("a step has one action; known are {}", ACTIONS.join(", ")));
        return None;
    };
    let action = action(key, body, groups, problems)?;
    Some(Step { line: node.line, name: name.unwrap_or_else(|| action.default_name()), action })
}

fn action(key: &str, body: &Node, groups: &[String], problems: &mut Problems) -> Option<Action> {
    match key {
        "apply" => {
            let manifests: Vec<(u64, Manifest)> =
                list(body, "apply", problems, |item, p| manifest::read(item, groups, p));
            Some(Action::Apply(manifests.into_iter().map(|(_, it)| it).collect()))
        }
        "scale" => scale(body, problems),
        "waitReady" => wait_ready(body, problems),
        "connect" => connect(body, problems).map(Action::Connect),
        "podAddresses" => workloads(body, "podAddresses", problems).map(Action::PodAddresses),
        "podGroups" => pod_groups(body, problems),
        "tagged" => tagged(body, problems),
        "pending" => pending(body, problems),
        "released" => released(body, problems),
        _ => {
            let hint =
                super::tree::closest(key, &ACTIONS).map_or(String::new(), |it| format!("; did you mean \"{it}\"?"));
            problems
                .add(body.key_line, format!("there is no action \"{key}\"{hint} (known are {})", ACTIONS.join(", ")));
            None
        }
    }
}

fn scale(body: &Node, problems: &mut Problems) -> Option<Action> {
    let mut fields = problems.mapping(body, "scale")?;
    let workload = workload(&mut fields, "deployment", problems);
    let replicas = fields.required("replicas", problems).and_then(|it| problems.number(it, "replicas", 0..=10_000));
    fields.finish(&["deployment", "replicas"], problems);
    Some(Action::Scale { workload: workload?, replicas: replicas? as u32 })
}

fn wait_ready(body: &Node, problems: &mut Problems) -> Option<Action> {
    let mut fields = problems.mapping(body, "waitReady")?;
    let workloads = fields.required("deployments", problems).and_then(|it| workloads(it, "deployments", problems));
    let within = within(&mut fields, problems);
    fields.finish(&["deployments", "within"], problems);
    Some(Action::WaitReady { workloads: workloads?, within: within? })
}

fn connect(body: &Node, problems: &mut Problems) -> Option<Connect> {
    const KNOWN: [&str; 5] = ["from", "to", "port", "expect", "placement"];
    let mut fields = problems.mapping(body, "connect")?;
    let [from, to] = ["from", "to"].map(|key| endpoint(&mut fields, key, problems));
    let port = single_port(&mut fields, problems);
    let expect = fields.required("expect", problems).and_then(|it| {
        problems.parsed(it, "expect", |text| match text {
            "allowed" => Ok(Expectation::Allowed),
            "denied" => Ok(Expectation::Denied),
            _ => Err(format!("\"{text}\" must be allowed or denied")),
        })
    });
    let placement = fields.optional("placement").map_or(Some(Placement::Any), |it| {
        problems.parsed(it, "placement", |text| match text {
            "any" => Ok(Placement::Any),
            "same-node" => Ok(Placement::SameNode),
            "across-nodes" => Ok(Placement::AcrossNodes),
            _ => Err(format!("\"{text}\" must be any, same-node or across-nodes")),
        })
    });
    fields.finish(&KNOWN, problems);
    Some(Connect { from: from?, to: to?, port: port?, expect: expect?, placement: placement? })
}

fn pod_groups(body: &Node, problems: &mut Problems) -> Option<Action> {
    let mut fields = problems.mapping(body, "podGroups")?;
    let workload = workload(&mut fields, "pods", problems);
    let mut count = |key: &str, problems: &mut Problems| {
        fields.optional(key).and_then(|it| problems.number(it, key, 1..=10_000)).map(|it| it as usize)
    };
    let (newest, oldest) = (count("newest", problems), count("oldest", problems));
    let groups = fields.required("are", problems).map(|it| texts(it, "are", problems));
    fields.finish(&["pods", "newest", "oldest", "are"], problems);
    Some(Action::PodGroups { workload: workload?, newest, oldest, groups: groups? })
}

fn tagged(body: &Node, problems: &mut Problems) -> Option<Action> {
    let mut fields = problems.mapping(body, "tagged")?;
    let from = workload(&mut fields, "from", problems);
    let to = endpoint(&mut fields, "to", problems);
    let port = single_port(&mut fields, problems);
    fields.finish(&["from", "to", "port"], problems);
    Some(Action::Tagged { from: from?, to: to?, port: port? })
}

fn pending(body: &Node, problems: &mut Problems) -> Option<Action> {
    let mut fields = problems.mapping(body, "pending")?;
    let workload = workload(&mut fields, "pods", problems);
    let count = fields.required("count", problems).and_then(|it| problems.number(it, "count", 1..=10_000));
    let because = fields.required("because", problems).and_then(|it| problems.text(it, "because"));
    fields.finish(&["pods", "count", "because"], problems);
    Some(Action::Pending { workload: workload?, count: count? as usize, because: because? })
}

fn released(body: &Node, problems: &mut Problems) -> Option<Action> {
    let mut fields = problems.mapping(body, "released")?;
    let workload = workload(&mut fields, "pods", problems);
    let after = fields.optional("after").map_or(Some(Duration::ZERO), |it| problems.parsed(it, "after", duration));
    let within = within(&mut fields, problems);
    fields.finish(&["pods", "after", "within"], problems);
    Some(Action::Released { workload: workload?, after: after?, within: within? })
}

fn name(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<String> {
    fields.required("name", problems).and_then(|it| problems.parsed(it, "name", dns_label))
}

fn within(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Duration> {
    fields.optional("within").map_or(Some(Duration::from_secs(60)), |it| problems.parsed(it, "within", duration))
}

fn workload(fields: &mut Fields<'_>, key: &str, problems: &mut Problems) -> Option<Workload> {
    fields.required(key, problems).and_then(|it| problems.parsed(it, key, Workload::parse))
}

fn endpoint(fields: &mut Fields<'_>, key: &str, problems: &mut Problems) -> Option<Endpoint> {
    fields.required(key, problems).and_then(|it| problems.parsed(it, key, Endpoint::parse))
}

fn single_port(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Port> {
    fields.required("port", problems).and_then(|it| problems.parsed(it, "port", Port::parse_single))
}

fn workloads(node: &Node, what: &str, problems: &mut Problems) -> Option<Vec<Workload>> {
    let items = problems.list(node, what);
    items.iter().map(|item| problems.parsed(item, what, Workload::parse)).collect()
}

fn texts(node: &Node, what: &str, problems: &mut Problems) -> Vec<String> {
    let items = problems.list(node, what);
    items.iter().filter_map(|item| problems.text(item, what)).collect()
}

fn network(text: &str) -> Result<Ipv4Net, String> {
    let net: Ipv4Net = text.parse().map_err(|_| format!("\"{text}\" is not an IPv4 block such as 10.0.0.0/16"))?;
    if net.trunc() == net { Ok(net) } else { Err(format!("{text} has host bits set; did you mean {}?", net.trunc())) }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" must be a time such as 500ms, 30s or 2m");
    let unit = text.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
    let number: u64 = text[..unit].parse().map_err(|_| wrong())?;
    match &text[unit..] {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(60 * number)),
        _ => Err(wrong()),
    }
}

fn dns_label(text: &str) -> Result<String, String> {
    let fine = text.len() <= 63
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if fine { Ok(text.to_owned()) } else { Err(format!("\"{text}\" must be lower-case letters, digits and hyphens")) }
}

/// Names that entries use for one another, with the lines they stand on.
struct References<'a> {
    uses: Vec<(u64, &'static str, String)>,
    known: BTreeMap<&'static str, Vec<&'a str>>,
}

impl<'a> References<'a> {
    fn of(root: &Node, scenario: &'a Scenario) -> Self {
        let known = BTreeMap::from([
            ("subnet", scenario.vpc.subnets.iter().map(|it| it.name.as_str()).collect()),
            ("security group", scenario.vpc.groups.iter().map(|it| it.name.as_str()).collect()),
            ("instance", scenario.instances.iter().map(|it| it.name.as_str()).collect()),
            ("node", scenario.nodes.iter().map(|it| it.name.as_str()).collect()),
        ]);
        let mut found = Self { uses: Vec::new(), known };
        for machine in ["nodes", "instances"].iter().filter_map(|key| root.get(key)).flat_map(Node::items) {
            found.note("subnet", machine.get("subnet"));
            machine.get("securityGroups").map_or(&[][..], Node::items).iter().for_each(|group| {
                found.note("security group", Some(group));
            });
        }
        for group in root.at(&["vpc", "securityGroups"]).map_or(&[][..], Node::items) {
            for (rules, end) in [("ingress", "from"), ("egress", "to")] {
                for rule in group.get(rules).map_or(&[][..], Node::items) {
                    let peer = rule.get(end).filter(|it| it.as_str().is_some_and(|it| it.parse::<Ipv4Net>().is_err()));
                    found.note("security group", peer);
                }
            }
        }
        for step in root.get("steps").map_or(&[][..], Node::items) {
            found.note_step(step);
        }
        found
    }

    fn note_step(&mut self, step: &Node) {
        for group in step.at(&["podGroups", "are"]).map_or(&[][..], Node::items) {
            self.note("security group", Some(group));
        }
        for end in [["connect", "from"], ["connect", "to"], ["tagged", "to"]].iter().filter_map(|path| step.at(path)) {
            match end.as_str().and_then(|text| text.split_once('/')) {
                Some(("instance", name)) => self.uses.push((end.line, "instance", name.into())),
                Some(("node", name)) => self.uses.push((end.line, "node", name.into())),
                _ => {}
            }
        }
    }

    fn note(&mut self, kind: &'static str, node: Option<&Node>) {
        if let Some((line, name)) = node.and_then(|node| Some((node.line, node.as_str()?))) {
            self.uses.push((line, kind, name.into()));
        }
    }

    fn check(&self, problems: &mut Problems) {
        for (line, kind, name) in &self.uses {
            let known = &self.known[kind];
            if !known.contains(&name.as_str()) {
                problems.add(*line, format!("there is no {kind} \"{name}\"; known are {}", known.join(", ")));
            }
        }
        for (kind, names) in &self.known {
            for (index, name) in names.iter().enumerate() {
                if names[..index].contains(name) {
                    problems.add(0, format!("two entries are called {kind} \"{name}\""));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
