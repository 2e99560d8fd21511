//! An optional log file: one line a command. Never stdout, which belongs to the result.

use std::fs::OpenOptions;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use crate::environment::Environment;
use crate::error::Failure;

/// How long the agent has taken in this process, in microseconds.
static AGENT_MICROS: AtomicU64 = AtomicU64::new(0);

/// Calls the agent and counts the time, so that the log can tell it from our own.
pub fn timed<T>(call: impl FnOnce() -> T) -> T {
    let since = Instant::now();
    let result = call();
    AGENT_MICROS.fetch_add(u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    result
}

/// Appends a line to the configuration's `pluginLogFile`. A log that cannot be written must not fail a pod.
pub fn note(input: &str, environment: &Environment, outcome: &Result<String, Failure>, took: Duration) {
    let conf: Value = serde_json::from_str(input).unwrap_or(Value::Null);
    let Some(path) = conf["pluginLogFile"].as_str().filter(|path| !path.is_empty() && *path != "stdout") else {
        return;
    };
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let mut line = json!({
        "time": since_epoch.as_secs_f64(),
        "command": environment.get("CNI_COMMAND"),
        "container": environment.get("CNI_CONTAINERID"),
        "args": environment.get("CNI_ARGS"),
        "ms": took.as_secs_f64() * 1000.0,
        "agentMs": Duration::from_micros(AGENT_MICROS.load(Ordering::Relaxed)).as_secs_f64() * 1000.0,
    });
    if let Err(failure) = outcome {
        line["error"] = json!({ "code": failure.code, "message": failure.message, "details": failure.details });
    }
    let line = format!("{line}\n");
    if path == "stderr" {
        let _ = std::io::stderr().write_all(line.as_bytes());
    } else if let Ok(mut file) = OpenOptions::new().create(true).append(true).open(path) {
        let _ = file.write_all(line.as_bytes());
    }
}
