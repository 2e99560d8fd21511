//! Calls a CNI plugin as a container runtime does: environment, JSON on stdin, JSON on stdout.
//!
//! See <https://www.cni.dev/docs/spec/>.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use ipnet::IpNet;
use linux_net::Netns;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How a node's plugin is called.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// The binary.
    pub program: PathBuf,
    /// The network configuration, without `prevResult`.
    pub config: Value,
}

/// Whom the plugin is called for.
#[derive(Debug, Clone)]
pub struct Target {
    /// The sandbox's id.
    pub container_id: String,
    /// The sandbox's network namespace.
    pub netns: PathBuf,
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub name: String,
    /// The pod's uid.
    pub uid: String,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plugin could not be run.
    #[error("cannot run the CNI plugin {program:?}")]
    Run {
        /// The binary.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The plugin refused.
    #[error("plugin type=\"{plugin}\" failed ({command}): {message}")]
    Refused {
        /// The plugin's type.
        plugin: String,
        /// What was asked.
        command: &'static str,
        /// What it said.
        message: String,
    },
    /// The plugin's answer is not what the specification asks for.
    #[error("the CNI plugin's answer to {command} is not valid: {answer}")]
    Answer {
        /// What was asked.
        command: &'static str,
        /// What it said.
        answer: String,
    },
}

#[derive(Deserialize)]
struct AddResult {
    ips: Vec<ResultIp>,
}

#[derive(Deserialize)]
struct ResultIp {
    address: IpNet,
}

#[derive(Deserialize)]
struct ErrorResult {
    msg: String,
    #[serde(default)]
    details: String,
}

impl Plugin {
    /// ADD: the pod's addresses, and the whole result for the DEL to come.
    ///
    /// # Errors
    /// The plugin cannot be run, refuses, or answers nonsense.
    pub async fn add(&self, node: &Netns, target: &Target) -> Result<(Vec<IpAddr>, Value), Error> {
        let answer = self.call("ADD", node, Some(target), None).await?;
        let invalid = || Error::Answer { command: "ADD", answer: String::from_utf8_lossy(&answer).into_owned() };
        let result: Value = serde_json::from_slice(&answer).map_err(|_| invalid())?;
        let parsed = AddResult::deserialize(&result).map_err(|_| invalid())?;
        if parsed.ips.is_empty() {
            return Err(invalid());
        }
        Ok((parsed.ips.iter().map(|ip| ip.address.addr()).collect(), result))
    }

    /// DEL: undoes an ADD.
    ///
    /// # Errors
    /// The plugin cannot be run or refuses.
    pub async fn del(&self, node: &Netns, target: &Target, previous: Option<Value>) -> Result<(), Error> {
        self.call("DEL", node, Some(target), previous).await.map(drop)
    }

    /// STATUS: whether the plugin can take an ADD.
    ///
    /// # Errors
    /// It cannot, or cannot be run.
    pub async fn status(&self, node: &Netns) -> Result<(), Error> {
        self.call("STATUS", node, None, None).await.map(drop)
    }

    async fn call(
        &self,
        command: &'static str,
        node: &Netns,
        target: Option<&Target>,
        previous: Option<Value>,
    ) -> Result<Vec<u8>, Error> {
        let run_error = |source| Error::Run { program: self.program.clone(), source };
        let mut config = self.config.clone();
        if let Some(previous) = previous {
            config["prevResult"] = previous;
        }
        let mut child = self.command(command, node, target).spawn().map_err(run_error)?;
        if let Some(mut stdin) = child.stdin.take() {
            // A plugin that ends early closes its stdin; its exit code tells.
            let _ = stdin.write_all(config.to_string().as_bytes()).await;
        }
        let output = child.wait_with_output().await.map_err(run_error)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let message = match serde_json::from_slice::<ErrorResult>(&output.stdout) {
            Ok(ErrorResult { msg, details }) if details.is_empty() => msg,
            Ok(ErrorResult { msg, details }) => format!("{msg}: {details}"),
            Err(_) => format!("{}; {}", output.status, String::from_utf8_lossy(&output.stderr).trim()),
        };
        let plugin = self.config["type"].as_str().unwrap_or_default().to_owned();
        Err(Error::Refused { plugin, command, message })
    }

    fn command(&self, command: &'static str, node: &Netns, target: Option<&Target>) -> Command {
        let mut process = std::process::Command::new(&self.program);
        linux_net::process::in_netns(&mut process, node);
        process.env_clear().env("CNI_COMMAND", command).env("CNI_PATH", self.program.parent().unwrap_or(&self.program));
        if let Some(target) = target {
            process.env("CNI_CONTAINERID", &target.container_id).env("CNI_NETNS", &target.netns);
            process.env("CNI_IFNAME", "eth0").env("CNI_ARGS", args(target));
        }
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Command::from(process);
        process.kill_on_drop(true);
        process
    }
}

fn args(target: &Target) -> String {
    format!(
        "IgnoreUnknown=1;K8S_POD_NAMESPACE={};K8S_POD_NAME={};K8S_POD_INFRA_CONTAINER_ID={};K8S_POD_UID={}",
        target.namespace, target.name, target.container_id, target.uid
    )
}

/// The network configuration of the vpcbox plugin.
pub fn network_config(socket: &Path, log: &Path, enforcing_mode: &str) -> Value {
    json!({
        "cniVersion": "1.1.0",
        "name": "aws-cni",
        "type": "vpcbox-cni",
        "vethPrefix": "eni",
        "mtu": "9001",
        "podSGEnforcingMode": enforcing_mode,
        "socket": socket,
        "pluginLogFile": log,
    })
}
