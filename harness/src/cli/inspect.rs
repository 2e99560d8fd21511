//! Looking at running worlds: `status`, `exec`, `kubeconfig`, `env`, `down`.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use serde_json::json;

use super::{Ended, Misuse, Output};
use crate::world::ACCESS_KEY;
use crate::world::control::{self, Namespaces, PodEntry};
use crate::world::state::{self, Description};

/// How long a world may take to go.
const DOWN_DEADLINE: Duration = Duration::from_secs(60);

/// How long a world that does not answer may take to be gone.
const ENDING_DEADLINE: Duration = Duration::from_secs(5);

fn find(world: Option<&str>) -> anyhow::Result<Description> {
    state::find(world).map_err(|err| Misuse(format!("{err:#}")).into())
}

pub(super) async fn status(world: Option<String>, output: Output) -> Ended {
    let worlds = match &world {
        Some(name) => vec![find(Some(name))?],
        None => state::running(),
    };
    let mut all = Vec::new();
    for world in worlds {
        let Some(namespaces) = ask_unless_gone(&world).await? else { continue };
        if output == Output::Text {
            print_world(&world, &namespaces);
        }
        all.push(json!({ "world": world, "machines": namespaces.machines, "pods": namespaces.pods }));
    }
    match output {
        Output::Json => println!("{}", serde_json::to_string_pretty(&all)?),
        Output::Text if all.is_empty() => println!("no world is running; start one with `vpcbox up SCENARIO`"),
        Output::Text => {}
    }
    Ok(true)
}

/// Asks a world for its namespaces; nothing if it ends meanwhile.
///
/// The kernel closes a killed process's files one by one: for a moment its lock is held and its socket is dead.
///
/// # Errors
/// It runs and does not answer.
async fn ask_unless_gone(world: &Description) -> anyhow::Result<Option<Namespaces>> {
    let end = Instant::now() + ENDING_DEADLINE;
    loop {
        let failed = match control::ask(&world.name).await {
            Ok(namespaces) => return Ok(Some(namespaces)),
            Err(failed) => failed,
        };
        if !state::running().iter().any(|it| it.pid == world.pid) {
            return Ok(None);
        }
        if Instant::now() > end {
            return Err(failed);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn print_world(world: &Description, namespaces: &Namespaces) {
    println!("{}  process {}  {}  {}  {}", world.name, world.pid, world.region, world.vpc_id, world.endpoint);
    for machine in &namespaces.machines {
        println!(
            "  {:<14} {:<20} {:<10} {}",
            machine.name, machine.instance_id, machine.instance_type, machine.address
        );
    }
    for pod in &namespaces.pods {
        println!("  {}/{:<44} {}", pod.namespace, pod.name, pod.node);
    }
}

pub(super) fn kubeconfig(world: Option<&str>, raw: bool) -> Ended {
    let world = find(world)?;
    if raw {
        print!("{}", std::fs::read_to_string(&world.kubeconfig).context("read the kubeconfig")?);
    } else {
        println!("{}", world.kubeconfig.display());
    }
    Ok(true)
}

pub(super) fn env(world: Option<&str>) -> Ended {
    let world = find(world)?;
    println!("export AWS_ENDPOINT_URL={}", world.endpoint);
    println!("export AWS_REGION={}", world.region);
    println!("export AWS_DEFAULT_REGION={}", world.region);
    println!("export AWS_ACCESS_KEY_ID={}", ACCESS_KEY.0);
    println!("export AWS_SECRET_ACCESS_KEY={}", ACCESS_KEY.1);
    println!("export KUBECONFIG={}", world.kubeconfig.display());
    Ok(true)
}

pub(super) fn down(world: Option<&str>, all: bool) -> Ended {
    let worlds = if all { state::running() } else { vec![find(world)?] };
    for world in &worlds {
        let pid = Pid::from_raw(i32::try_from(world.pid).context("process id")?);
        signal::kill(pid, Signal::SIGTERM).with_context(|| format!("end process {pid}"))?;
        let end = Instant::now() + DOWN_DEADLINE;
        while state::running().iter().any(|it| it.name == world.name) {
            if Instant::now() > end {
                bail!("{} is still there after {DOWN_DEADLINE:?}; see {}", world.name, world.kubeconfig.display());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        println!("{} is gone", world.name);
    }
    Ok(true)
}

pub(super) async fn exec(world: Option<String>, target: String, command: Vec<String>) -> Ended {
    let world = find(world.as_deref())?;
    let namespaces = control::ask(&world.name).await?;
    let netns = namespace_of(&namespaces, &target)?;
    let (program, args) = command.split_first().context("a program is required")?;
    let mut process = Command::new(program);
    process.args(args);
    enter(&mut process, world.pid, &netns)?;
    // Only returns if the program cannot be started.
    Err(process.exec()).with_context(|| format!("run {program}"))
}

/// Finds a pod or machine by its name.
fn namespace_of(namespaces: &Namespaces, target: &str) -> anyhow::Result<PathBuf> {
    if let Some(machine) = namespaces.machines.iter().find(|it| it.name == target || it.instance_id == target) {
        return Ok(machine.netns.clone());
    }
    let pod = pod_of(namespaces, target)?;
    let nobody = || Misuse(format!("there is no pod, node or instance {target}; `vpcbox status` lists them"));
    Ok(pod.ok_or_else(nobody)?.netns.clone())
}

/// Finds a pod by its name, which has to be the only one.
pub(super) fn pod_of<'a>(namespaces: &'a Namespaces, target: &str) -> Result<Option<&'a PodEntry>, Misuse> {
    let (namespace, name) = target.split_once('/').map_or((None, target), |(namespace, name)| (Some(namespace), name));
    let is_meant = |it: &&PodEntry| it.name == name && namespace.is_none_or(|wanted| it.namespace == wanted);
    let found: Vec<_> = namespaces.pods.iter().filter(is_meant).collect();
    match found.as_slice() {
        [] => Ok(None),
        [pod] => Ok(Some(pod)),
        _ => Err(Misuse(format!("several namespaces have a pod {name}; say NAMESPACE/{name}"))),
    }
}

/// Has a process enter a network namespace, and the world's user namespace if that is another.
fn enter(process: &mut Command, pid: u32, netns: &PathBuf) -> anyhow::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let open = |path: &PathBuf| File::open(path).with_context(|| format!("open {}", path.display()));
    let user = open(&format!("/proc/{pid}/ns/user").into())?;
    let own = open(&"/proc/self/ns/user".into())?;
    let is_other = user.metadata()?.ino() != own.metadata()?.ino();
    let netns = open(netns)?;
    // SAFETY: setns is async-signal-safe, and nothing is allocated.
    unsafe {
        process.pre_exec(move || {
            if is_other {
                setns(&user, CloneFlags::CLONE_NEWUSER)?;
            }
            setns(&netns, CloneFlags::CLONE_NEWNET)?;
            Ok(())
        });
    }
    Ok(())
}
