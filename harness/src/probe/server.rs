//! The echo server: TCP, HTTP and UDP on the ports asked for.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;

use super::Answer;
use crate::scenario::Port;

/// What the server prints once every port is open.
pub const READY: &str = "ready";

/// A client that sends nothing is dropped after this.
const IDLE: Duration = Duration::from_secs(30);

/// A request longer than this is answered as it stands.
const REQUEST_BYTES: usize = 4096;

/// Serves until the process ends.
///
/// # Errors
/// A port cannot be opened.
pub async fn serve(ports: &[Port], name: &str) -> io::Result<()> {
    let mut servers = JoinSet::new();
    for port in ports {
        match *port {
            Port::Tcp { from, .. } => {
                let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, from)).await?;
                servers.spawn(serve_tcp(listener, name.to_owned()));
            }
            Port::Udp { from, .. } => {
                let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, from)).await?;
                servers.spawn(serve_udp(socket, name.to_owned()));
            }
            Port::Icmp | Port::All => {}
        }
    }
    println!("{READY}");
    while servers.join_next().await.is_some() {}
    std::future::pending().await
}

async fn serve_tcp(listener: TcpListener, name: String) {
    loop {
        // An error here is about one connection (ECONNABORTED) or passes (EMFILE); the server goes on.
        match listener.accept().await {
            Ok((stream, client)) => {
                let name = name.clone();
                tokio::spawn(async move { tokio::time::timeout(IDLE, answer_tcp(stream, client, name)).await });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn answer_tcp(mut stream: TcpStream, client: SocketAddr, name: String) -> io::Result<()> {
    let answer = Answer { client, server: stream.local_addr()?, name };
    let body = serde_json::to_string(&answer).map_err(io::Error::other)? + "\n";
    let request = read_request(&mut stream).await?;
    let reply = if request.windows(5).any(|it| it == b"HTTP/") {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    } else {
        body
    };
    stream.write_all(reply.as_bytes()).await?;
    stream.shutdown().await
}

/// Reads a line, or an HTTP head up to its empty line.
async fn read_request(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = Vec::new();
    let mut buffer = [0; 512];
    while request.len() < REQUEST_BYTES {
        let read = stream.read(&mut buffer).await?;
        request.extend_from_slice(&buffer[..read]);
        let is_http = request.windows(5).any(|it| it == b"HTTP/");
        let is_whole = if is_http { request.ends_with(b"\r\n\r\n") } else { request.contains(&b'\n') };
        if read == 0 || is_whole {
            break;
        }
    }
    Ok(request)
}

async fn serve_udp(socket: UdpSocket, name: String) {
    let mut buffer = [0; REQUEST_BYTES];
    let Ok(server) = socket.local_addr() else { return };
    loop {
        // An ICMP error for an earlier answer shows up here; the server goes on.
        let Ok((_, client)) = socket.recv_from(&mut buffer).await else { continue };
        let answer = Answer { client, server, name: name.clone() };
        if let Ok(body) = serde_json::to_vec(&answer) {
            // A client that is gone again needs no answer.
            let _ = socket.send_to(&body, client).await;
        }
    }
}
