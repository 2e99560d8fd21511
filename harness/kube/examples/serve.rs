//! Serves an empty cluster until interrupted: `cargo run -p kube-lite --example serve -- 127.0.0.1:6443 kubeconfig`.

use std::io;

use kube_lite::{Config, Server};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let listen = arguments.next().unwrap_or_else(|| "127.0.0.1:0".to_owned()).parse()?;
    let server = Server::start(Config { listen }).await?;
    match arguments.next() {
        Some(path) => std::fs::write(path, server.kubeconfig())?,
        None => io::Write::write_all(&mut io::stdout(), server.kubeconfig().as_bytes())?,
    }
    tokio::signal::ctrl_c().await?;
    server.shutdown().await;
    Ok(())
}
