//! A pod's containers: processes in its namespaces. The only image is the built-in probe.

use std::process::Stdio;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, Pod};
use kube::ResourceExt;
use linux_net::Netns;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::Config;
use crate::probe::server::READY;

/// How long a container may take to open its ports.
const START_DEADLINE: Duration = Duration::from_secs(10);

/// Why a container does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not the built-in image.
    #[error(
        "image {image:?} cannot run here: only vpcbox/probe is built in; use a real cluster (kind, k3d, EKS) for other images"
    )]
    Image {
        /// What the pod asks for.
        image: String,
    },
    /// The process could not be started.
    #[error("cannot start container {name}")]
    Start {
        /// The container's name.
        name: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The process ended, or its ports did not open in time.
    #[error("container {name} did not open its ports: {message}")]
    NotReady {
        /// The container's name.
        name: String,
        /// What it said.
        message: String,
    },
}

/// A running container.
#[derive(Debug)]
pub struct Running {
    /// Its name.
    pub name: String,
    child: Child,
}

/// Starts a container and waits until its ports are open.
pub async fn start(config: &Config, pod: &Pod, container: &Container, netns: &Netns) -> Result<Running, Error> {
    let image = container.image.clone().unwrap_or_default();
    if image != "vpcbox/probe" {
        return Err(Error::Image { image });
    }
    let name = container.name.clone();
    let start_error = |source| Error::Start { name: name.clone(), source };
    let mut process = std::process::Command::new(&config.probe);
    linux_net::process::in_netns(&mut process, netns);
    process.arg("probe").arg("--name").arg(pod.name_any());
    for port in container.ports.iter().flatten() {
        let protocol = port.protocol.as_deref().unwrap_or("TCP").to_lowercase();
        process.arg("--listen").arg(format!("{protocol}/{}", port.container_port));
    }
    process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Command::from(process).kill_on_drop(true).spawn().map_err(start_error)?;
    let stdout = child.stdout.take().expect("stdout is piped above");
    let mut lines = BufReader::new(stdout).lines();
    match tokio::time::timeout(START_DEADLINE, lines.next_line()).await {
        Ok(Ok(Some(line))) if line == READY => Ok(Running { name, child }),
        Ok(_) => {
            let output = child.wait_with_output().await.map_err(start_error)?;
            Err(Error::NotReady { name, message: String::from_utf8_lossy(&output.stderr).trim().to_owned() })
        }
        Err(_) => Err(Error::NotReady { name, message: format!("nothing within {START_DEADLINE:?}") }),
    }
}

impl Running {
    /// Waits until the process ends by itself.
    pub async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(err) => err.to_string(),
        }
    }

    /// Asks the process to end and kills it when the grace period is over.
    pub async fn stop(mut self, grace: Duration) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // The child is ours and not reaped yet, so the number is still its own.
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM);
        }
        if tokio::time::timeout(grace, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}
