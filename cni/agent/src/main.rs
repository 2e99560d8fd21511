//! `cni-agent`: the node agent as a program. It takes no arguments; see [`cni_agent::Settings`] for its environment.

use std::fs::OpenOptions;
use std::sync::Mutex;

use anyhow::Context;
use cni_agent::Settings;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    log()?;
    // Only https endpoints use it. A second provider in the process would be a mistake of ours, not the caller's.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = Settings::from_env()?;
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let on_signal = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        on_signal.cancel();
    });
    cni_agent::run(settings, stop).await
}

/// Logs to stderr, or where `AWS_VPC_K8S_CNI_LOG_FILE` says, at `AWS_VPC_K8S_CNI_LOGLEVEL`.
fn log() -> anyhow::Result<()> {
    let level = std::env::var("AWS_VPC_K8S_CNI_LOGLEVEL").unwrap_or_default().to_ascii_lowercase();
    let level = if level.is_empty() { "info" } else { level.as_str() };
    let filter = EnvFilter::try_new(format!("warn,cni_agent={level},ec2_client={level}")).context("log level")?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    match std::env::var("AWS_VPC_K8S_CNI_LOG_FILE").as_deref() {
        Ok("stdout") => builder.init(),
        Err(_) | Ok("" | "stderr") => builder.with_writer(std::io::stderr).init(),
        Ok(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            builder.with_writer(Mutex::new(file.with_context(|| format!("open log file {path}"))?)).init();
        }
    }
    Ok(())
}
