//! Questions to a running emulator's own paths, `/_vpcbox/…`.

use std::net::SocketAddr;

use anyhow::Context;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Misuse;
use crate::world::state;

/// What an emulator answers to a question by path.
///
/// # Errors
/// It cannot be reached, or it refuses the question, which is then misuse.
pub(super) async fn ask(endpoint: SocketAddr, path: &str) -> anyhow::Result<Value> {
    request(endpoint, "GET", path).await
}

/// Where a running world's emulator listens.
///
/// # Errors
/// There is no such world.
pub(super) fn endpoint_of_world(world: Option<&str>) -> anyhow::Result<SocketAddr> {
    let world = state::find(world).map_err(|err| Misuse(format!("{err:#}")))?;
    let address = world.endpoint.trim_start_matches("http://").trim_end_matches('/');
    address.parse().with_context(|| format!("understand {address}"))
}

/// The answer to a request without a body.
///
/// # Errors
/// As of [`ask`].
pub(super) async fn request(endpoint: SocketAddr, method: &str, path: &str) -> anyhow::Result<Value> {
    let connected = TcpStream::connect(endpoint).await;
    let mut stream = connected.with_context(|| format!("reach {endpoint}; start `vpcbox emulator`"))?;
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {endpoint}\r\nConnection: close");
    let request = format!("{head}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.context("ask the emulator")?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.context("read the emulator's answer")?;
    let (head, body) = reply.split_once("\r\n\r\n").context("the reply is cut off")?;
    if head.split(' ').nth(1) != Some("200") {
        let said: Option<Value> = serde_json::from_str(body).ok();
        let error = said.as_ref().and_then(|said| said["error"].as_str()).unwrap_or(body);
        return Err(Misuse(error.to_owned()).into());
    }
    serde_json::from_str(body).context("read the emulator's answer")
}
