//! The `vpcbox` command.
//!
//! Results go to stdout, progress to stderr. Exit codes: 0 passed, 1 failed, 2 misused.

mod admin;
mod api;
mod bench;
mod coverage;
mod detach;
mod emulator;
mod explain;
mod inspect;
mod plan;
mod run;
mod trail;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::scenario::Port;

/// A real AWS VPC on one Linux machine.
#[derive(Debug, Parser)]
#[command(name = "vpcbox", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a scenario: make its world, do its steps, report its checks, remove everything
    Run(RunArgs),
    /// Make a scenario's world and leave it running in the background
    Up {
        /// The scenario file; its steps that apply manifests are done, its checks are not
        scenario: PathBuf,
    },
    /// Show what is running
    Status {
        #[command(flatten)]
        world: WorldArg,
        /// How results are printed
        #[arg(long, value_enum, default_value_t = Output::Text)]
        output: Output,
    },
    /// Run a program in the network of a pod, node or instance of a running world
    Exec {
        #[command(flatten)]
        world: WorldArg,
        /// A pod (NAME or NAMESPACE/NAME), or a node or instance as the scenario calls it
        target: String,
        /// The program and its arguments
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Say what becomes of a packet and of its answer, hop by hop, and which rule decides
    Explain(explain::ExplainArgs),
    /// Say what the kernel lacks or has too much, and what the next pass of the reconciler does about it
    Plan(plan::PlanArgs),
    /// Print the path of a running world's kubeconfig
    Kubeconfig {
        #[command(flatten)]
        world: WorldArg,
        /// Print the file itself
        #[arg(long)]
        raw: bool,
    },
    /// Print the shell settings that point AWS clients at a running world
    Env {
        #[command(flatten)]
        world: WorldArg,
    },
    /// End a running world and remove everything it made
    Down {
        #[command(flatten)]
        world: WorldArg,
        /// End all worlds of this user
        #[arg(long, conflicts_with = "world")]
        all: bool,
    },
    /// Serve the EC2 and STS APIs alone, in the foreground
    Emulator(emulator::EmulatorArgs),
    /// Show the calls that a running emulator answered, in CloudTrail's form
    Trail(trail::TrailArgs),
    /// Say which of EC2's and STS's actions are here, which are not, and what differs on purpose
    Coverage {
        /// How it is printed
        #[arg(long, value_enum, default_value_t)]
        output: coverage::Form,
    },
    /// Print the network limits of instance types
    InstanceTypes {
        /// Types such as m5.large; all if none is named
        types: Vec<String>,
    },
    /// Say what this kernel and user allow, and what is missing for what
    Doctor,
    /// Measure
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// The image vpcbox/probe: answer TCP, HTTP and UDP with the addresses seen
    #[command(hide = true)]
    Probe {
        /// The name to answer with
        #[arg(long)]
        name: String,
        /// Ports such as tcp/8080
        #[arg(long, value_parser = Port::parse_single)]
        listen: Vec<Port>,
    },
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// The scenario file
    scenario: PathBuf,
    /// How the report is printed
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Also write the report as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Keep the world afterwards and say how to look around
    #[arg(long)]
    retain: bool,
}

#[derive(Debug, clap::Args)]
struct WorldArg {
    /// Which world, if several are running
    #[arg(long, env = "VPCBOX_WORLD")]
    world: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// How a command ended: passed, or failed after it said why.
type Ended = anyhow::Result<bool>;

impl Cli {
    /// Runs the command.
    pub fn run(self) -> ExitCode {
        init_logging();
        match self.command.run() {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::from(1),
            Err(err) => {
                eprintln!("error: {err:#}");
                if err.is::<Misuse>() { ExitCode::from(2) } else { ExitCode::from(1) }
            }
        }
    }
}

impl Command {
    fn run(self) -> Ended {
        match self {
            Self::Run(args) => run::run(args),
            Self::Up { scenario } => run::up(&scenario),
            Self::Status { world, output } => block_on(inspect::status(world.world, output)),
            Self::Exec { world, target, command } => block_on(inspect::exec(world.world, target, command)),
            Self::Explain(args) => block_on(explain::explain(args)),
            Self::Plan(args) => block_on(plan::plan(args)),
            Self::Kubeconfig { world, raw } => inspect::kubeconfig(world.world.as_deref(), raw),
            Self::Env { world } => inspect::env(world.world.as_deref()),
            Self::Down { world, all } => inspect::down(world.world.as_deref(), all),
            Self::Emulator(args) => emulator::emulator(&args),
            Self::Trail(args) => block_on(trail::trail(args)),
            Self::Coverage { output } => coverage::coverage(output),
            Self::InstanceTypes { types } => api::instance_types(&types),
            Self::Doctor => run::doctor(),
            Self::Bench { what } => bench::run(what),
            Self::Probe { name, listen } => block_on(async move {
                crate::probe::server::serve(&listen, &name).await?;
                Ok(true)
            }),
        }
    }
}

/// A mistake in the input: nothing was made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misuse(pub String);

/// Runs a future on this thread's own runtime.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

fn init_logging() {
    use tracing_subscriber::EnvFilter;
    // The Kubernetes client complains when the API server goes before it, which is how worlds end.
    let filter = EnvFilter::try_from_env("VPCBOX_LOG").unwrap_or_else(|_| EnvFilter::new("error,kube_client=off"));
    let is_terminal = std::io::stderr().is_terminal();
    let logger = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(is_terminal);
    // A second call (in tests) keeps the first logger.
    let _ = logger.with_writer(std::io::stderr).try_init();
}
