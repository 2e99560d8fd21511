//! The parameters that a runtime passes in the environment.

use std::collections::HashMap;
use std::path::PathBuf;

use cni_rpc::Pod;

use crate::error::Failure;

/// What the runtime wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Connect an interface.
    Add,
    /// Disconnect it.
    Del,
    /// Is it as it should be?
    Check,
    /// Remove what belongs to no known interface.
    Gc,
    /// Would ADD work now?
    Status,
    /// Which versions are spoken?
    Version,
}

/// The `CNI_*` variables as they came.
#[derive(Debug, Default)]
pub struct Environment {
    variables: HashMap<String, String>,
}

/// Which interface is meant.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// The sandbox.
    pub container_id: String,
    /// Its network namespace; may be absent on DEL.
    pub netns: Option<PathBuf>,
    /// The interface's name in it.
    pub ifname: String,
    /// The pod, as far as `CNI_ARGS` tells.
    pub pod: Pod,
}

impl Environment {
    /// The process's.
    pub fn of_process() -> Self {
        let ours = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with("CNI_"))?;
            Some((name, value.into_string().ok()?))
        });
        Self { variables: ours.collect() }
    }

    /// A variable's value, unless it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &str) -> Result<&str, Failure> {
        self.get(name).ok_or_else(|| Failure::environment(format_args!("{name} is not set")))
    }

    /// `CNI_COMMAND`.
    pub fn command(&self) -> Result<Command, Failure> {
        match self.required("CNI_COMMAND")? {
            "ADD" => Ok(Command::Add),
            "DEL" => Ok(Command::Del),
            "CHECK" => Ok(Command::Check),
            "GC" => Ok(Command::Gc),
            "STATUS" => Ok(Command::Status),
            "VERSION" => Ok(Command::Version),
            other => Err(Failure::environment(format_args!("unknown CNI_COMMAND {other:?}"))),
        }
    }

    /// The interface that ADD, DEL and CHECK are about.
    pub fn attachment(&self) -> Result<Attachment, Failure> {
        let container_id = self.required("CNI_CONTAINERID")?;
        let first_is_alphanumeric = container_id.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !first_is_alphanumeric || !container_id.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
            return Err(Failure::environment(format_args!("CNI_CONTAINERID {container_id:?} is not a valid id")));
        }
        let ifname = self.required("CNI_IFNAME")?;
        let bad = |c: char| c == '/' || c == ':' || c.is_whitespace();
        if ifname.len() > 15 || ifname == "." || ifname == ".." || ifname.contains(bad) {
            return Err(Failure::environment(format_args!("CNI_IFNAME {ifname:?} is not a valid link name")));
        }
        let netns = match self.command()? {
            Command::Del => self.get("CNI_NETNS"),
            _ => Some(self.required("CNI_NETNS")?),
        };
        Ok(Attachment {
            container_id: container_id.to_owned(),
            netns: netns.map(PathBuf::from),
            ifname: ifname.to_owned(),
            pod: self.pod()?,
        })
    }

    fn pod(&self) -> Result<Pod, Failure> {
        let mut pod = Pod::default();
        for pair in self.get("CNI_ARGS").unwrap_or_default().split(';').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| Failure::environment(format_args!("CNI_ARGS has {pair:?}, which is no KEY=VALUE")))?;
            match key {
                "K8S_POD_NAME" => pod.name = value.to_owned(),
                "K8S_POD_NAMESPACE" => pod.namespace = value.to_owned(),
                "K8S_POD_UID" => pod.uid = value.to_owned(),
                _ => {}
            }
        }
        Ok(pod)
    }
}
