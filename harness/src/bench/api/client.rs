//! A blocking client that costs little itself: one keep-alive connection, and answers that are searched, not parsed.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

/// How long an answer may take: other servers need tens of seconds for long lists.
const DEADLINE: Duration = Duration::from_secs(120);

/// A connection.
#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    address: SocketAddr,
    buffer: Vec<u8>,
}

/// An answer's body.
#[derive(Debug)]
pub(super) struct Answer(Vec<u8>);

impl Client {
    pub(super) fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        ensure!(address.ip().is_loopback(), "{address} is not on loopback");
        let stream = TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        Ok(Self { stream, address, buffer: vec![0; 1 << 20] })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends a form and reads the answer, which has to be a success.
    pub(super) fn call(&mut self, form: &str) -> anyhow::Result<Answer> {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIABENCH/20260101/us-east-1/ec2/aws4_request, \
                             SignedHeaders=host, Signature=0";
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\
             Authorization: {authorization}\r\nContent-Length: {}\r\n\r\n{form}",
            self.address,
            form.len()
        );
        self.stream.write_all(request.as_bytes())?;
        let (status, body) = self.read()?;
        ensure!(status == 200, "{form} is answered with {status}: {}", String::from_utf8_lossy(&body));
        Ok(Answer(body))
    }

    fn read(&mut self) -> anyhow::Result<(u16, Vec<u8>)> {
        let mut read = Vec::new();
        let end = loop {
            self.more(&mut read)?;
            if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = std::str::from_utf8(&read[..end]).context("a head that is text")?.to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("a status")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let Some(length) = length.and_then(|length| length.trim().parse::<usize>().ok()) else {
            bail!("the answer has no Content-Length");
        };
        let mut body = read.split_off(end);
        body.reserve(length.saturating_sub(body.len()));
        while body.len() < length {
            self.more(&mut body)?;
        }
        Ok((status, body))
    }

    fn more(&mut self, into: &mut Vec<u8>) -> anyhow::Result<()> {
        let count = self.stream.read(&mut self.buffer)?;
        ensure!(count > 0, "the server closed the connection");
        into.extend_from_slice(&self.buffer[..count]);
        Ok(())
    }
}

impl Answer {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The text of the first element of a name.
    pub(super) fn text(&self, name: &str) -> anyhow::Result<String> {
        let body = std::str::from_utf8(&self.0).context("an answer that is text")?;
        let (_, rest) = body.split_once(&format!("<{name}>")).with_context(|| format!("no {name} in {body}"))?;
        Ok(rest.split('<').next().unwrap_or_default().to_owned())
    }
}
