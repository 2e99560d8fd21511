//! Packets between two namespaces: how many bytes a second, how long there and back, and whether they are let in.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use linux_net::Netns;

use crate::bench::Samples;

/// Ports that the VPC's common group lets in.
const TCP_PORT: u16 = 5201;
const UDP_PORT: u16 = 5202;
/// How much is written at once.
const CHUNK: usize = 256 * 1024;
/// How often a packet goes there and back.
const ROUND_TRIPS: usize = 5_000;
const DEADLINE: Duration = Duration::from_secs(10);

/// Bytes a second that one TCP connection carries.
pub(super) fn throughput(from: &Netns, to: &Netns, address: IpAddr, time: Duration) -> anyhow::Result<f64> {
    let address = SocketAddr::new(address, TCP_PORT);
    let listener = to.run(|| TcpListener::bind(address))?.context("listen")?;
    let receiver = thread::spawn(move || -> std::io::Result<(u64, Duration)> {
        let (mut stream, _) = listener.accept()?;
        let (mut buffer, mut bytes, started) = (vec![0; CHUNK], 0, Instant::now());
        loop {
            match stream.read(&mut buffer)? {
                0 => return Ok((bytes, started.elapsed())),
                read => bytes += read as u64,
            }
        }
    });
    let mut stream = from.run(|| TcpStream::connect_timeout(&address, DEADLINE))?.context("connect")?;
    let (chunk, until) = (vec![0; CHUNK], Instant::now() + time);
    while Instant::now() < until {
        stream.write_all(&chunk).context("send")?;
    }
    drop(stream);
    let (bytes, took) = receiver.join().map_err(|_| anyhow!("the receiver panicked"))?.context("receive")?;
    Ok(bytes as f64 / took.as_secs_f64())
}

/// How long a small datagram takes there and back.
pub(super) fn round_trips(from: &Netns, to: &Netns, address: IpAddr) -> anyhow::Result<Samples> {
    let address = SocketAddr::new(address, UDP_PORT);
    let there = to.run(|| UdpSocket::bind(address))?.context("listen")?;
    there.set_read_timeout(Some(DEADLINE))?;
    let answering = thread::spawn(move || -> std::io::Result<()> {
        let mut buffer = [0; 16];
        for _ in 0..ROUND_TRIPS {
            let (length, asker) = there.recv_from(&mut buffer)?;
            there.send_to(&buffer[..length], asker)?;
        }
        Ok(())
    });
    let here = from.run(|| UdpSocket::bind((IpAddr::from([0; 4]), 0)))?.context("bind")?;
    here.set_read_timeout(Some(DEADLINE))?;
    here.connect(address)?;
    let mut samples = Samples::default();
    for _ in 0..ROUND_TRIPS {
        let started = Instant::now();
        here.send(b"there")?;
        here.recv(&mut [0; 16]).context("an answer")?;
        samples.add(started.elapsed());
    }
    answering.join().map_err(|_| anyhow!("the answering side panicked"))?.context("answer")?;
    Ok(samples)
}

/// Datagrams that ask to be let in.
pub(super) struct Knocking {
    here: UdpSocket,
    there: UdpSocket,
}

impl Knocking {
    pub(super) fn open(from: &Netns, to: &Netns, address: SocketAddr) -> anyhow::Result<Self> {
        let there = to.run(|| UdpSocket::bind(address))?.context("listen")?;
        there.set_nonblocking(true)?;
        let here = from.run(|| UdpSocket::bind((IpAddr::from([0; 4]), 0)))?.context("bind")?;
        here.connect(address)?;
        Ok(Self { here, there })
    }

    /// Sends one after the other until one arrives.
    pub(super) fn is_let_in(&mut self, patience: Duration) -> anyhow::Result<bool> {
        let until = Instant::now() + patience;
        while Instant::now() < until {
            self.here.send(b"knock")?;
            if self.there.recv(&mut [0; 16]).is_ok() {
                return Ok(true);
            }
            // The reconciler may need this processor.
            thread::yield_now();
        }
        Ok(false)
    }
}

/// The answer to a request of the emulator's own.
pub(super) fn post(endpoint: SocketAddr, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(endpoint).context("reach the emulator")?;
    let head = format!("POST {path} HTTP/1.1\r\nHost: {endpoint}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).context("read the answer")?;
    Ok(reply)
}
