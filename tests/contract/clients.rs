//! The clients and what they call.

use std::path::PathBuf;
use std::process::Command;

use tokio::runtime::Runtime;
use vpcbox_emulator::{Config, Emulator};
use workspace_tests::workspace_root;

/// The environment with AWS's clients in it.
pub struct Clients {
    programs: PathBuf,
}

impl Clients {
    /// The clients; says so if there are none.
    pub fn find() -> Option<Self> {
        let programs = workspace_root().join(".venv/bin");
        if programs.join("python").exists() && programs.join("aws").exists() {
            return Some(Self { programs });
        }
        println!("skipped: boto3 and the AWS CLI (no .venv; `bash .ci/test` makes it)");
        None
    }

    /// A command that runs `tests/clients/check.py`.
    pub fn python(&self, endpoint: &Endpoint, check: &str) -> Command {
        let mut command = self.command("python", endpoint);
        command.arg("-B").arg(workspace_root().join("tests/clients/check.py")).arg(check);
        command
    }

    /// A command that walks through the model of EC2.
    pub fn walk(&self, endpoint: &Endpoint) -> Command {
        let mut command = self.command("python", endpoint);
        command.arg("-B").arg(workspace_root().join("tests/clients/walk.py"));
        command.arg("--endpoint").arg(endpoint.url());
        command
    }

    /// A command of the AWS CLI.
    pub fn aws(&self, endpoint: &Endpoint, arguments: &[&str]) -> Command {
        let mut command = self.command("aws", endpoint);
        command.args(arguments);
        command
    }

    /// Only what the check needs is in the environment, and no user's settings.
    fn command(&self, program: &str, endpoint: &Endpoint) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.env_clear().current_dir(workspace_root());
        command.env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent").env("LANG", "C.UTF-8");
        command.env("AWS_ENDPOINT_URL", endpoint.url());
        command.env("AWS_REGION", "us-east-1").env("AWS_DEFAULT_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").env("AWS_SECRET_ACCESS_KEY", "secret");
        command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_PAGER", "");
        command
    }
}

/// An emulator that only answers its API.
pub struct Endpoint {
    emulator: Emulator,
    /// Runs the emulator until this is dropped.
    _runtime: Runtime,
}

impl Endpoint {
    /// Starts one on a free port.
    pub fn start() -> Self {
        let runtime = Runtime::new().expect("threads can be started");
        let config = Config { fabric: false, seed: Some(1), ..Config::default() };
        let emulator = runtime.block_on(Emulator::start(config)).expect("loopback has a free port");
        Self { emulator, _runtime: runtime }
    }

    fn url(&self) -> String {
        format!("http://{}", self.emulator.endpoint())
    }
}
