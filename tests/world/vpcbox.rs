//! The `vpcbox` command with a state folder, and so worlds, of its own.

use std::fs::File;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde_json::json;
use tempfile::TempDir;
use workspace_tests::workspace_root;

/// Tells this command's processes from those of other tests: children inherit it.
const STATE_DIR: &str = "VPCBOX_STATE_DIR";

/// A user's shell, so to speak. What it has left running ends with it.
pub struct Vpcbox {
    folder: TempDir,
}

impl Vpcbox {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A folder for files of the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the command to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.args(args).env(STATE_DIR, self.state()).env_remove("VPCBOX_WORLD");
        // Worlds need none of the machine's certificates, which small images do not have.
        command.envs([("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")]);
        command.output().expect("vpcbox runs; `bash .ci/test` builds it")
    }

    /// What a command prints that has to pass.
    pub fn text(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "vpcbox {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("vpcbox prints UTF-8")
    }

    /// The processes of this command's worlds: all that carry the state folder's name in their arguments,
    /// environment or open files.
    pub fn processes(&self) -> Vec<u32> {
        let state = self.state();
        let wanted = state.to_string_lossy().into_owned();
        let all = std::fs::read_dir("/proc").expect("/proc is there").flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid| *pid != std::process::id() && mentions(*pid, &wanted)).collect()
    }

    /// Worlds that are gone leave neither processes nor files.
    pub fn assert_nothing_is_left(&self) {
        assert_eq!(self.processes(), Vec::<u32>::new(), "processes are left");
        assert!(!self.state().exists(), "{} is left", self.state().display());
    }

    /// A world, of a process that cannot exist, as it is while the kernel takes its killed process apart.
    pub fn dying_world(&self) -> DyingWorld {
        let folder = self.state().join("dying");
        std::fs::create_dir_all(&folder).expect("a folder");
        let lock = File::create(folder.join("lock")).expect("a lock file");
        let lock = Flock::lock(lock, FlockArg::LockExclusiveNonblock).expect("nobody else holds it");
        let socket = UnixListener::bind(folder.join("control.sock")).expect("a socket");
        let description = json!({
            "pid": i32::MAX, "name": "dying", "region": "us-east-1", "endpoint": "http://127.0.0.1:1", "kubeconfig": "", "vpc_id": "vpc-1"
        });
        std::fs::write(folder.join("world.json"), description.to_string()).expect("a description");
        DyingWorld { lock, socket }
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }
}

/// A world's lock and socket, without a world.
pub struct DyingWorld {
    lock: Flock<File>,
    socket: UnixListener,
}

impl DyingWorld {
    /// Takes one question and answers nothing; only then is the lock free.
    pub fn refuse_one_and_end(self) {
        self.socket.set_nonblocking(true).expect("a socket that can be asked without waiting");
        within(Duration::from_secs(10), "somebody asks the world", || self.socket.accept().is_ok());
        drop(self.socket);
        drop(self.lock);
    }
}

impl Drop for Vpcbox {
    fn drop(&mut self) {
        // Only a test that failed half-way has a world left.
        let _ = self.run(&["down", "--all"]);
    }
}

/// The built program: test binaries lie one folder below it.
pub fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a test has a path");
    own.parent().and_then(Path::parent).expect("target/<profile>/deps").join("vpcbox")
}

fn mentions(pid: u32, text: &str) -> bool {
    ["environ", "cmdline"].iter().any(|file| {
        let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

/// A scenario that comes with vpcbox.
pub fn scenario(name: &str) -> String {
    workspace_root().join(format!("scenarios/{name}.yaml")).to_string_lossy().into_owned()
}

/// Ends a process this test has started, without giving it a chance to clean up.
pub fn kill(pid: i64) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("a process id"));
    signal::kill(pid, Signal::SIGKILL).expect("the world's process exists");
}

/// Waits for a condition.
pub fn within(deadline: Duration, what: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + deadline;
    while !done() {
        assert!(Instant::now() < end, "not within {deadline:?}: {what}");
        std::thread::yield_now();
    }
}
