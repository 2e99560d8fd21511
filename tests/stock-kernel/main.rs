//! The data plane under the kernel that Debian ships, in QEMU. CI kernels can be minimal, and there branch ENIs are
//! carried by the tag shim; here VLAN devices carry them, and modules are loaded when they are first asked for.
//!
//! It takes minutes, and Debian with the package `qemu-system-x86`, so it runs only when asked to:
//!
//! ```text
//! VPCBOX_STOCK_KERNEL=1 cargo test -p workspace-tests --test stock-kernel [-- PART_OF_A_STEPS_NAME]
//! ```
//!
//! Another kernel's package can stand for `1`. KVM is not needed, and the machine has no network device. Its first
//! process is this program too, see [`guest`].

mod guest;
mod image;
mod kernel;
mod machine;
mod programs;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use workspace_tests::workspace_root;

const NAME: &str = "everything_works_on_debians_kernel";
const SWITCH: &str = "VPCBOX_STOCK_KERNEL";
const SCENARIO: &str = "scenarios/security-groups-for-pods.yaml";
/// Who takes part.
const USERS: [(&str, u32); 2] = [("without root", 1000), ("as root", 0)];

/// Something to do in the machine.
struct Step {
    name: String,
    uid: u32,
    command: Vec<String>,
    /// What it has to print, apart from ending well.
    says: &'static str,
}

fn main() -> ExitCode {
    guest::take_over_if_inside();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|it| it == name);
    let package = std::env::var(SWITCH);
    let failed = match (has("--list"), package.as_deref()) {
        (true, _) if has("--ignored") => return ExitCode::SUCCESS,
        (true, _) => return say("test", ExitCode::SUCCESS),
        (_, Err(_)) => return say(&format!("skipped: takes minutes and QEMU; {SWITCH}=1 runs it"), ExitCode::SUCCESS),
        (_, Ok("1")) => run("linux-image-cloud-amd64", &arguments),
        (_, Ok(package)) => run(package, &arguments),
    };
    match failed.as_slice() {
        [] => say("ok", ExitCode::SUCCESS),
        _ => say(&format!("FAILED: {}", failed.join(", ")), ExitCode::FAILURE),
    }
}

fn say(outcome: &str, code: ExitCode) -> ExitCode {
    println!("{NAME}: {outcome}");
    code
}

/// Makes the machine, has it do the steps, and gives the names of those that failed.
fn run(package: &str, arguments: &[String]) -> Vec<String> {
    let own = std::env::current_exe().expect("a running program has a path");
    let target = own.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    let folder = target.expect("cargo marks its target folder").join("stock-kernel");
    std::fs::create_dir_all(&folder).expect("cargo can write there, so we can");
    let kernel = kernel::fetch(&folder, package);
    let programs = programs::build();
    let wanted = arguments.iter().find(|it| !it.starts_with('-') && *it != NAME).map_or("", String::as_str);
    let steps: Vec<_> = steps(&programs).into_iter().filter(|step| step.name.contains(wanted)).collect();
    assert!(!steps.is_empty(), "no step's name contains {wanted:?}");
    let image = image::write(&folder, &kernel, &programs, &steps);
    machine::run(&kernel, &image, &steps)
}

/// The probe comes first, so that it meets a kernel that has loaded nothing yet, as a user's first command does.
fn steps(programs: &[programs::Program]) -> Vec<Step> {
    let vpcbox = &programs.iter().find(|it| it.name == "vpcbox").expect("a program of that name").path;
    let scenario = workspace_root().join(SCENARIO);
    let mut steps = Vec::new();
    let mut step = |name: String, uid, says, command: &[&PathBuf]| {
        let command = command.iter().map(|word| word.display().to_string()).collect();
        steps.push(Step { name, uid, command, says });
    };
    for (who, uid) in USERS {
        let says = "Branch network interfaces use the 802.1Q device.";
        step(format!("doctor {who}"), uid, says, &[vpcbox, &"doctor".into()]);
    }
    for test in programs.iter().filter(|it| it.is_test) {
        step(test.name.clone(), 0, "", &[&test.path, &"--show-output".into()]);
    }
    for (who, uid) in USERS {
        step(format!("scenario {who}"), uid, "0 failed", &[vpcbox, &"run".into(), &scenario]);
    }
    steps
}

/// Runs a program of this machine and gives what it prints.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|err| panic!("{command:?}: {err}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("this program prints text")
}
