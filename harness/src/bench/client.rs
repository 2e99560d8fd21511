//! A blocking client that costs little itself: a connection that is kept as long as the server keeps it, and answers
//! that are searched, not parsed.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

/// How long an answer may take: other servers need tens of seconds for long lists.
const DEADLINE: Duration = Duration::from_secs(120);

/// Who calls a server.
#[derive(Debug)]
pub(super) struct Client {
    /// The connection, where the server left it open.
    stream: Option<TcpStream>,
    address: SocketAddr,
    buffer: Vec<u8>,
    calls: usize,
    connections: usize,
}

/// A status and a body.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    body: Vec<u8>,
}

/// What the head of an answer says about what follows.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    length: usize,
    /// Whether another request may follow on this connection.
    is_kept: bool,
}

impl Client {
    pub(super) fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        ensure!(address.ip().is_loopback(), "{address} is not on loopback");
        let mut client = Self { stream: None, address, buffer: vec![0; 1 << 20], calls: 0, connections: 0 };
        client.stream = Some(client.open()?);
        Ok(client)
    }

    fn open(&mut self) -> anyhow::Result<TcpStream> {
        let address = self.address;
        let stream = TcpStream::connect(address).with_context(|| format!("connect to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        self.connections += 1;
        Ok(stream)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many calls were made so far, and over how many connections.
    pub(super) fn calls_and_connections(&self) -> (usize, usize) {
        (self.calls, self.connections)
    }

    /// Sends a form and reads the answer, which has to be a success.
    pub(super) fn call(&mut self, form: &str) -> anyhow::Result<Answer> {
        let answer = self.ask(form)?;
        let (status, body) = (answer.status, String::from_utf8_lossy(&answer.body));
        ensure!(answer.is_success(), "{form} is answered with {status}: {body}");
        Ok(answer)
    }

    /// Sends a form and reads whatever is answered.
    pub(super) fn ask(&mut self, form: &str) -> anyhow::Result<Answer> {
        let authorization = "AWS4-HMAC-SHA256 Credential=AKIABENCH/20260101/us-east-1/ec2/aws4_request, \
                             SignedHeaders=host, Signature=0";
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\
             Authorization: {authorization}\r\nContent-Length: {}\r\n\r\n{form}",
            self.address,
            form.len()
        );
        let mut stream = match self.stream.take().filter(is_open) {
            Some(stream) => stream,
            None => self.open()?,
        };
        self.calls += 1;
        stream.write_all(request.as_bytes())?;
        let (head, body) = self.read(&mut stream).with_context(|| format!("read the answer to {form}"))?;
        // A server that announces the end may never look at what follows on this connection: werkzeug reads it
        // away and waits for the client to close.
        self.stream = head.is_kept.then_some(stream);
        Ok(Answer { status: head.status, body })
    }

    fn read(&mut self, stream: &mut TcpStream) -> anyhow::Result<(Head, Vec<u8>)> {
        let mut read = Vec::new();
        let end = loop {
            self.more(stream, &mut read)?;
            if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = Head::of(std::str::from_utf8(&read[..end]).context("a head that is text")?)?;
        let mut body = read.split_off(end);
        body.reserve(head.length.saturating_sub(body.len()));
        while body.len() < head.length {
            self.more(stream, &mut body)?;
        }
        Ok((head, body))
    }

    fn more(&mut self, stream: &mut TcpStream, into: &mut Vec<u8>) -> anyhow::Result<()> {
        let count = stream.read(&mut self.buffer)?;
        ensure!(count > 0, "the server closed the connection");
        into.extend_from_slice(&self.buffer[..count]);
        Ok(())
    }
}

/// Whether the server has not closed a connection on which nothing is expected.
fn is_open(stream: &TcpStream) -> bool {
    let is_quiet = || {
        stream.set_nonblocking(true)?;
        let quiet = stream.peek(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        stream.set_nonblocking(false)?;
        Ok::<_, std::io::Error>(quiet)
    };
    is_quiet().unwrap_or(false)
}

impl Head {
    fn of(text: &str) -> anyhow::Result<Self> {
        let head = text.to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).context("a status")?;
        let field =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
        let Some(length) = field("content-length").and_then(|length| length.parse().ok()) else {
            bail!("the answer has no Content-Length");
        };
        let is_kept = match field("connection") {
            Some(connection) => connection == "keep-alive",
            None => !head.starts_with("http/1.0"),
        };
        Ok(Self { status, length, is_kept })
    }
}

impl Answer {
    #[cfg(test)]
    pub(super) fn new(status: u16, body: &str) -> Self {
        Self { status, body: body.as_bytes().to_vec() }
    }

    pub(super) fn len(&self) -> usize {
        self.body.len()
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn is_success(&self) -> bool {
        self.status == 200
    }

    fn body(&self) -> anyhow::Result<&str> {
        std::str::from_utf8(&self.body).context("an answer that is text")
    }

    /// The text of the first element of a name.
    pub(super) fn text(&self, name: &str) -> anyhow::Result<String> {
        let body = self.body()?;
        let (_, rest) = body.split_once(&format!("<{name}>")).with_context(|| format!("no {name} in {body}"))?;
        Ok(rest.split('<').next().unwrap_or_default().to_owned())
    }

    /// The texts of all elements of a name.
    pub(super) fn texts(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let begin = format!("<{name}>");
        let parts = self.body()?.split(&begin).skip(1);
        Ok(parts.map(|rest| rest.split('<').next().unwrap_or_default().to_owned()).collect())
    }

    /// How many elements of a name there are.
    pub(super) fn count(&self, name: &str) -> anyhow::Result<usize> {
        Ok(self.body()?.matches(&format!("<{name}>")).count())
    }
}

/// A request's body. Nothing in it needs escaping but what stands in addresses.
pub(super) fn form(action: &str, parameters: &[(&str, &str)]) -> String {
    let mut form = format!("Action={action}&Version=2016-11-15");
    for (name, value) in parameters {
        form.push_str(&format!("&{name}={}", value.replace('/', "%2F").replace(':', "%3A")));
    }
    form
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::of_1_1("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true)]
    #[case::closed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n", false)]
    #[case::of_1_0("HTTP/1.0 200 OK\r\ncontent-length: 3\r\n\r\n", false)]
    #[case::of_1_0_kept("HTTP/1.0 200 OK\r\ncontent-length: 3\r\nconnection: Keep-Alive\r\n\r\n", true)]
    fn connections(#[case] head: &str, #[case] is_kept: bool) {
        assert_eq!(Head::of(head).expect("a head"), Head { status: 200, length: 3, is_kept });
    }

    #[test]
    fn an_answer_of_unknown_length_is_not_read() {
        assert!(Head::of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}
