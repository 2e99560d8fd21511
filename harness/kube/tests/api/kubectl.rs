//! With the real kubectl, where there is one.

use std::path::PathBuf;
use std::process::Stdio;

use kube_lite::Server;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::{Kubelet, add_node, deployment, kubelet, start};

struct Kubectl {
    _server: Server,
    _kubelet: Kubelet,
    home: tempfile::TempDir,
}

impl Kubectl {
    /// A world with two nodes, or nothing without kubectl.
    async fn start() -> Option<Self> {
        if Command::new("kubectl").args(["version", "--client"]).output().await.is_err() {
            println!("skipped: kubectl");
            return None;
        }
        let (server, client) = start().await;
        add_node(&client, "node-a", json!({})).await;
        add_node(&client, "node-b", json!({})).await;
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("kubeconfig"), server.kubeconfig()).unwrap();
        Some(Self { _server: server, _kubelet: kubelet(&client), home })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs kubectl; the output of both streams, and whether it went well.
    async fn run(&self, arguments: &str, input: &str) -> (bool, String) {
        let mut command = Command::new("kubectl");
        command
            .args(arguments.split_whitespace())
            .env("KUBECONFIG", self.path("kubeconfig"))
            .env("HOME", self.home.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }

    /// Runs kubectl, which must succeed and say all of this.
    async fn says(&self, arguments: &str, input: &str, expected: &[&str]) -> String {
        let (fine, text) = self.run(arguments, input).await;
        assert!(fine, "kubectl {arguments}: {text}");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in expected {
            assert!(flat.contains(part), "kubectl {arguments}: no {part:?} in\n{text}");
        }
        text
    }

    /// Runs kubectl, which must fail and say this.
    async fn fails(&self, arguments: &str, input: &str, expected: &str) {
        let (fine, text) = self.run(arguments, input).await;
        assert!(!fine && text.contains(expected), "kubectl {arguments}: no {expected:?} in\n{text}");
    }
}

#[tokio::test]
async fn a_deployment_from_apply_to_delete() {
    let Some(kubectl) = Kubectl::start().await else { return };
    let mut web = deployment("web", 2);
    kubectl.says("apply -f -", &web.to_string(), &["deployment.apps/web created"]).await;
    kubectl.says("rollout status deployment/web --timeout=20s", "", &["successfully rolled out"]).await;
    kubectl.says("wait --for=condition=Available deployment/web --timeout=20s", "", &["condition met"]).await;
    kubectl.says("apply -f -", &web.to_string(), &["deployment.apps/web unchanged"]).await;
    web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("a:2");
    web["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "A", "value": "1"}]);
    kubectl.says("apply --dry-run=server -f -", &web.to_string(), &["configured (server dry run)"]).await;
    kubectl.says("apply -f -", &web.to_string(), &["deployment.apps/web configured"]).await;
    kubectl.says("rollout status deployment/web --timeout=20s", "", &["successfully rolled out"]).await;
    web["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "B", "value": "2"}]);
    kubectl.says("apply -f -", &web.to_string(), &["deployment.apps/web configured"]).await;
    let path = "jsonpath={.spec.template.spec.containers[0].env}";
    let env = kubectl.says(&format!("get deployment web -o {path}"), "", &[]).await;
    assert_eq!(env, r#"[{"name":"B","value":"2"}]"#);
    kubectl.says("delete -f - --timeout=20s", &web.to_string(), &["deployment.apps \"web\" deleted"]).await;
}

#[tokio::test]
async fn pods_are_shown_described_and_deleted() {
    let Some(kubectl) = Kubectl::start().await else { return };
    let web = deployment("web", 2).to_string();
    kubectl.says("apply -f -", &web, &["created"]).await;
    kubectl.says("rollout status deployment/web --timeout=20s", "", &["successfully rolled out"]).await;
    kubectl.says("get pods", "", &["NAME READY STATUS RESTARTS AGE", "1/1 Running 0"]).await;
    kubectl
        .says("get pods -o wide -l app=web", "", &["IP NODE NOMINATED NODE", "10.0.0.9 node-a", "10.0.0.9 node-b"])
        .await;
    kubectl.says("get deployments,replicasets -o wide", "", &["web 2/2 2 2", "main a:1 app=web"]).await;
    kubectl
        .says("describe pods -l app=web", "", &["Node: node-a/10.0.0.5", "Successfully assigned default/web-"])
        .await;
    kubectl
        .says("describe deployment web", "", &["2 desired | 2 updated | 2 total | 2 available", "ScalingReplicaSet"])
        .await;
    kubectl.says("describe node node-a", "", &["pods: 20", "Non-terminated Pods: (1 in total)"]).await;
    kubectl.says("get events", "", &["Normal Scheduled pod/web-", "Created pod: web-"]).await;
    kubectl.says("events --for deployment/web", "", &["Scaled up replica set web-"]).await;
    kubectl.says("get nodes", "", &["NAME STATUS ROLES AGE VERSION", "node-a Ready <none>"]).await;
    kubectl.says("delete pods -l app=web --timeout=20s", "", &["deleted"]).await;
    kubectl.says("rollout status deployment/web --timeout=20s", "", &["successfully rolled out"]).await;
    kubectl.says("delete deployment web --timeout=20s", "", &["deployment.apps \"web\" deleted"]).await;
    kubectl.says("wait --for=delete pods -l app=web --timeout=20s", "", &[]).await;
}

#[tokio::test]
async fn rollouts_change_scale_and_go_back() {
    let Some(kubectl) = Kubectl::start().await else { return };
    kubectl.says("create deployment web --image=a:1 --replicas=2", "", &["deployment.apps/web created"]).await;
    kubectl.says("rollout status deployment/web --timeout=20s", "", &["successfully rolled out"]).await;
    kubectl.says("scale deployment web --replicas=4", "", &["deployment.apps/web scaled"]).await;
    kubectl.says("rollout status deployment/web --timeout=20s", "", &["successfully rolled out"]).await;
    kubectl.says("set image deployment/web a=a:2", "", &["image updated"]).await;
    kubectl.says("rollout status deployment/web --timeout=20s", "", &["successfully rolled out"]).await;
    kubectl.says("get deployment web -o jsonpath={.spec.template.spec.containers[0].image}", "", &["a:2"]).await;
    kubectl.says("rollout history deployment/web", "", &["REVISION CHANGE-CAUSE 1 <none> 2 <none>"]).await;
    kubectl.says("rollout undo deployment/web", "", &["rolled back"]).await;
    kubectl.says("rollout status deployment/web --timeout=20s", "", &["successfully rolled out"]).await;
    kubectl.says("get deployment web -o jsonpath={.spec.template.spec.containers[0].image}", "", &["a:1"]).await;
    kubectl.says("rollout restart deployment/web", "", &["restarted"]).await;
    kubectl.says("rollout status deployment/web --timeout=20s", "", &["successfully rolled out"]).await;
    kubectl.says("rollout pause deployment/web", "", &["paused"]).await;
    kubectl.says("set image deployment/web a=a:3", "", &["image updated"]).await;
    kubectl.says("scale deployment web --replicas=3", "", &["deployment.apps/web scaled"]).await;
    let three = "wait --for=jsonpath={.status.availableReplicas}=3 deployment/web --timeout=20s";
    kubectl.says(three, "", &["condition met"]).await;
    kubectl.says("get replicasets", "", &["3 3 3"]).await;
    kubectl.says("rollout resume deployment/web", "", &["resumed"]).await;
    kubectl.says("rollout status deployment/web --timeout=20s", "", &["successfully rolled out"]).await;
    kubectl.says("delete deployment web --cascade=foreground --timeout=20s", "", &["deleted"]).await;
    kubectl.says("get pods", "", &["No resources found"]).await;
}

#[tokio::test]
async fn custom_resources() {
    let Some(kubectl) = Kubectl::start().await else { return };
    let definition = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: gadgets, singular: gadget, kind: Gadget, shortNames: [gd]}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, required: [size], properties: {size: {type: integer, description: How big it is}}}
";
    kubectl
        .says("apply -f -", definition, &["customresourcedefinition.apiextensions.k8s.io/gadgets.example.com created"])
        .await;
    kubectl.says("wait --for=condition=Established crd/gadgets.example.com --timeout=5s", "", &["condition met"]).await;
    let gadget = |size: &str| {
        format!("apiVersion: example.com/v1\nkind: Gadget\nmetadata: {{name: g}}\nspec: {{size: {size}}}\n")
    };
    kubectl.says("apply -f -", &gadget("3"), &["gadget.example.com/g created"]).await;
    kubectl.says("apply -f -", &gadget("4"), &["gadget.example.com/g configured"]).await;
    kubectl.says("apply --server-side -f -", &gadget("5"), &["serverside-applied"]).await;
    kubectl.says("get gd", "", &["NAME SIZE g 5"]).await;
    kubectl.fails("apply -f -", &gadget("big"), "spec.size in body must be of type integer").await;
    kubectl.says("explain gadget.spec", "", &["KIND: Gadget", "size <integer> -required- How big it is"]).await;
    let policy = "
apiVersion: vpcresources.k8s.aws/v1beta1
kind: SecurityGroupPolicy
metadata: {name: db}
spec: {podSelector: {matchLabels: {app: db}}, securityGroups: {groupIds: [sg-1, sg-2]}}
";
    kubectl.says("apply -f -", policy, &["securitygrouppolicy.vpcresources.k8s.aws/db created"]).await;
    kubectl.says("get sgp", "", &["NAME SECURITY-GROUP-IDS db [\"sg-1\",\"sg-2\"]"]).await;
    kubectl.says("delete crd gadgets.example.com --timeout=20s", "", &["deleted"]).await;
}

#[tokio::test]
async fn mistakes_get_kubectl_like_messages() {
    let Some(kubectl) = Kubectl::start().await else { return };
    let pod = |spec: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {spec}\n");
    kubectl.fails("get pod web", "", "Error from server (NotFound): pods \"web\" not found").await;
    kubectl.fails("get gadgets", "", "the server doesn't have a resource type \"gadgets\"").await;
    kubectl
        .fails("create -f -", &pod("{containers: []}"), "The Pod \"web\" is invalid: spec.containers: Required value")
        .await;
    let typo = pod("{containers: [{name: a, image: b, imag: c}]}");
    kubectl.fails("create -f -", &typo, "strict decoding error: unknown field \"spec.containers[0].imag\"").await;
    kubectl.fails("create configmap a -n nowhere", "", "namespaces \"nowhere\" not found").await;
    let fine = pod("{containers: [{name: a, image: b}]}");
    kubectl.says("create -f -", &fine, &["pod/web created"]).await;
    kubectl.fails("create -f -", &fine, "Error from server (AlreadyExists): error when creating").await;
    let changed = pod("{hostNetwork: true, containers: [{name: a, image: b}]}");
    kubectl.fails("apply -f -", &changed, "pod updates may not change fields other than").await;
}

#[tokio::test]
async fn everyday_verbs() {
    let Some(kubectl) = Kubectl::start().await else { return };
    kubectl.says("create namespace team", "", &["namespace/team created"]).await;
    kubectl.says("create configmap settings --from-literal=a=1 -n team", "", &["configmap/settings created"]).await;
    kubectl.says("create secret generic key --from-literal=a=1 -n team", "", &["secret/key created"]).await;
    kubectl.says("create serviceaccount robot -n team", "", &["serviceaccount/robot created"]).await;
    kubectl.says("label configmap settings tier=db -n team", "", &["labeled"]).await;
    kubectl.says("annotate configmap settings note=x -n team", "", &["annotated"]).await;
    kubectl.says("get configmaps -l tier=db -A", "", &["NAMESPACE NAME DATA AGE team settings 1"]).await;
    kubectl.says("get configmap settings -n team -o yaml", "", &["tier: db", "note: x"]).await;
    kubectl.says("run web --image=a:1 -n team", "", &["pod/web created"]).await;
    kubectl.says("wait --for=condition=Ready pod/web -n team --timeout=20s", "", &["condition met"]).await;
    kubectl.says("expose pod web --port=80 -n team", "", &["service/web exposed"]).await;
    kubectl.says("get services -n team", "", &["web ClusterIP 10.100.0.", "80/TCP"]).await;
    kubectl.says("cordon node-a", "", &["cordoned"]).await;
    kubectl.says("get node node-a", "", &["Ready,SchedulingDisabled"]).await;
    kubectl.says("uncordon node-a", "", &["uncordoned"]).await;
    kubectl.says("taint node node-a dedicated=x:NoSchedule", "", &["tainted"]).await;
    kubectl.says("drain node-b --force --timeout=20s", "", &["drained"]).await;
    kubectl.says("auth can-i delete nodes", "", &["yes"]).await;
    kubectl.says("explain pod.spec.containers", "", &["KIND: Pod", "ports <[]ContainerPort>"]).await;
    let update = "explain deployment.spec.strategy.rollingUpdate";
    kubectl.says(update, "", &["maxSurge <IntOrString>"]).await;
    kubectl.fails("delete namespace default", "", "this namespace may not be deleted").await;
    kubectl.says("cluster-info", "", &["is running at"]).await;
    kubectl.says("delete namespace team --timeout=20s", "", &["namespace \"team\" deleted"]).await;
    kubectl.fails("get namespace team", "", "not found").await;
}
