//! A client that shows how replies arrive.
#![allow(dead_code, reason = "each suite uses some of it")]

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vpcbox_emulator::Emulator;

/// What a client saw: the whole reply, and how it arrived.
pub struct Seen {
    pub reply: String,
    pub first_read: usize,
}

impl Seen {
    pub fn status(&self) -> &str {
        self.reply.split(' ').nth(1).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.reply.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| line.split_once(": ").filter(|(found, _)| *found == name)).map(|(_, value)| value)
    }

    pub fn body(&self) -> &str {
        self.reply.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// Sends a request and reads until the server closes.
pub async fn send(to: SocketAddr, head: &str, body: &str) -> Seen {
    let mut stream = TcpStream::connect(to).await.expect("the emulator listens");
    let length = body.len();
    let request = format!("{head}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await.expect("the request is taken");
    let (mut reply, mut first_read) = (Vec::new(), 0);
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let length = stream.read(&mut buffer).await.expect("a reply");
        if length == 0 {
            break;
        }
        first_read = if reply.is_empty() { length } else { first_read };
        reply.extend_from_slice(&buffer[..length]);
    }
    Seen { reply: String::from_utf8(reply).expect("UTF-8"), first_read }
}

/// Calls EC2; gives the text of the first element of a name in the answer.
pub async fn call(emulator: &Emulator, form: &str, element: &str) -> String {
    let seen = send(emulator.endpoint(), "POST / HTTP/1.1", &format!("Version=2016-11-15&{form}")).await;
    let rest = seen.body().split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("{}", seen.reply)).1;
    rest.split('<').next().unwrap_or_default().to_owned()
}

/// The head of a request signed for a region's service.
pub fn signed(region: &str, service: &str) -> String {
    let scope = format!("AK/20261122/{region}/{service}/aws4_request");
    format!("POST / HTTP/1.1\r\nAuthorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
}
