//! The machine: QEMU without KVM and without any device but a console.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::kernel::Kernel;
use crate::{Step, guest};

/// How long all of it may take.
const DEADLINE: Duration = Duration::from_secs(30 * 60);
const HARDWARE: &str = "-M pc -accel tcg,thread=multi -cpu max -smp 2 -m 4096 -nodefaults -no-user-config -nic none \
                        -display none -serial stdio -no-reboot";
/// `mitigations` and `cryptomgr` only cost time here; `panic` ends QEMU if the first process does.
const KERNEL: &str = "console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests";

/// Part of why a test is skipped that asks for more than the kernel has; Debian's has it all.
const SKIPPED: &str = "this kernel offers no";

/// Boots, shows what the console says, and gives the names of the steps that did not pass.
pub fn run(kernel: &Kernel, image: &Path, steps: &[Step]) -> Vec<String> {
    let start = Instant::now();
    let mut qemu = Command::new("qemu-system-x86_64");
    qemu.args(HARDWARE.split(' ')).arg("-kernel").arg(&kernel.image).arg("-initrd").arg(image);
    qemu.arg("-append").arg(format!("{KERNEL} {}=1", guest::MARK)).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut qemu = Ended(qemu.spawn().expect("QEMU starts; on Debian it is in the package qemu-system-x86"));
    let console = BufReader::new(qemu.0.stdout.take().expect("stdout is piped"));
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || console.split(b'\n').map_while(Result::ok).try_for_each(|line| sender.send(line)));

    let (mut failed, mut said) = (steps.iter().map(|step| step.name.clone()).collect::<Vec<_>>(), String::new());
    loop {
        let line = match lines.recv_timeout(DEADLINE.saturating_sub(start.elapsed())) {
            Ok(line) => String::from_utf8_lossy(&line).trim_end().to_owned(),
            Err(RecvTimeoutError::Timeout) => panic!("the machine has not ended within {DEADLINE:?}"),
            Err(RecvTimeoutError::Disconnected) => return failed,
        };
        println!("{:7.1} {line}", start.elapsed().as_secs_f64());
        if let Some(name) = guest::passed(&line) {
            let step = steps.iter().find(|step| step.name == name && said.contains(step.says));
            failed.retain(|it| step.is_none_or(|step| step.name != *it || said.contains(SKIPPED)));
        }
        said = if line.starts_with(guest::SAYS) { String::new() } else { said + &line + "\n" };
    }
}

/// A process that does not outlive its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
