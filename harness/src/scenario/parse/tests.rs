use rstest::rstest;

use super::*;

const GOOD: &str = "\
scenario: small
vpc:
  cidr: 10.0.0.0/16
  subnets:
    - { name: a, cidr: 10.0.1.0/24, zone: us-east-1a }
  securityGroups:
    - name: node
      ingress:
        - { allow: all, from: node }
    - name: web
      ingress:
        - { allow: tcp/8080, from: node }
      egress: []
nodes:
  - { name: node-1, type: m5.large, subnet: a, securityGroups: [node] }
instances:
  - { name: db, type: t3.micro, subnet: a, securityGroups: [web], listen: [tcp/5432] }
steps:
  - apply:
      - apiVersion: apps/v1
        kind: Deployment
        metadata: { name: web, namespace: default }
        spec:
          replicas: 2
          selector: { matchLabels: { app: web } }
          template:
            metadata: { labels: { app: web } }
            spec:
              containers:
                - { name: web, image: vpcbox/probe, ports: [{ containerPort: 8080 }] }
      - apiVersion: vpcresources.k8s.aws/v1beta1
        kind: SecurityGroupPolicy
        metadata: { name: web, namespace: default }
        spec:
          podSelector: { matchLabels: { app: web } }
          securityGroups: { groupIds: [\"${securityGroup.web}\"] }
  - waitReady: { deployments: [default/web], within: 30s }
  - connect: { from: default/web, to: instance/db, port: tcp/5432, expect: denied }
";

#[test]
fn a_good_file_is_read() {
    let scenario = parse(GOOD).expect("no mistakes");
    assert_eq!(scenario.vpc.groups[1].egress, Some(vec![]));
    assert_eq!(scenario.vpc.groups[0].egress, None);
    assert_eq!(scenario.steps.len(), 3);
    assert_eq!(scenario.steps[2].name, "web does not reach db on tcp/5432");
    let Action::Apply(manifests) = &scenario.steps[0].action else { panic!("an apply") };
    let resolved = manifests[1].resolved(&|name| (name == "web").then(|| "sg-1".into()));
    assert_eq!(resolved["spec"]["securityGroups"]["groupIds"][0], "sg-1");
}

#[rstest]
#[case::misspelt_field(
    "    - name: web\n      ingress:",
    "    - name: web\n      ingres:",
    "line 11: the security group has no field \"ingres\"; did you mean \"ingress\"?"
)]
#[case::missing_field("scenario: small\n", "", "line 1: the scenario lacks the field \"scenario\"")]
#[case::unknown_group(
    "from: node }\n    - name: web",
    "from: nodes }\n    - name: web",
    "line 9: there is no security group \"nodes\"; known are node, web"
)]
#[case::subnet_outside("10.0.1.0/24", "10.1.1.0/24", "line 5: subnet a (10.1.1.0/24) is not within the VPC's block")]
#[case::host_bits(
    "10.0.1.0/24",
    "10.0.1.5/24",
    "line 5: cidr: 10.0.1.5/24 has host bits set; did you mean 10.0.1.0/24?"
)]
#[case::bad_port(
    "tcp/8080, from",
    "tcp/80800, from",
    "line 12: allow: \"tcp/80800\" must be tcp/PORT, udp/PORT, tcp/FROM-TO, udp/FROM-TO, icmp or all"
)]
#[case::unknown_instance("instance/db", "instance/dbx", "line 38: there is no instance \"dbx\"; known are db")]
#[case::other_image(
    "vpcbox/probe",
    "nginx:1",
    "line 30: image \"nginx:1\" cannot run here: worlds run vpcbox/probe, which answers on the declared ports (other images need a real cluster)"
)]
#[case::unmatched_selector(
    "labels: { app: web }",
    "labels: { app: wbe }",
    "line 25: the pod template's labels do not carry app, which the selector asks for"
)]
#[case::unknown_reference(
    "${securityGroup.web}",
    "${securityGroup.wbe}",
    "line 36: ${securityGroup.wbe} refers to nothing; known are ${securityGroup.node}, ${securityGroup.web}"
)]
#[case::misspelt_pod_field(
    "containers:",
    "container:",
    "line 29: PodSpec has no field \"container\"; did you mean \"containers\"?"
)]
#[case::unknown_action(
    "connect:",
    "conect:",
    "line 38: there is no action \"conect\"; did you mean \"connect\"? (known are apply, scale, waitReady, connect, podAddresses, podGroups, tagged, pending, released)"
)]
#[case::bad_time("30s", "30", "line 37: within: \"30\" must be a time such as 500ms, 30s or 2m")]
fn one_mistake(#[case] from: &str, #[case] to: &str, #[case] message: &str) {
    assert!(GOOD.contains(from), "the case changes something");
    let problems = parse(&GOOD.replacen(from, to, 1)).expect_err("a mistake");
    let shown: Vec<_> = problems.iter().map(Problem::to_string).collect();
    assert!(shown.iter().any(|it| it == message), "{shown:#?}");
}

#[test]
fn all_mistakes_are_listed_in_the_order_of_their_lines() {
    let text = GOOD
        .replace("m5.large, subnet: a", "m5.large, subnet: b")
        .replace("tcp/8080, from", "tcp, from")
        .replace("replicas", "replica");
    let lines: Vec<u64> = parse(&text).expect_err("mistakes").iter().map(|it| it.line).collect();
    assert_eq!(lines, [12, 15, 24]);
}
