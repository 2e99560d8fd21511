//! `vpcbox bench api`: what calls cost, measured over HTTP against a server in a process of its own.
//!
//! The same calls can be made to another server that speaks EC2, so that both are measured in one run on the
//! same machine.

mod client;
mod process;
mod report;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;

pub use self::report::ApiFigures;

use self::client::Client;
use self::process::{Process, Server};
use super::Samples;

/// What is measured, and how much of it.
#[derive(Debug, Clone)]
pub struct ApiBench {
    /// How many ENIs there are when they are looked up and listed.
    pub enis: usize,
    /// How often single resources are asked for.
    pub calls: usize,
    /// How often all are listed.
    pub lists: usize,
    /// How many clients call at once in the last part.
    pub clients: usize,
}

/// A server to measure.
#[derive(Debug, Clone)]
pub struct Peer {
    /// What the table calls it.
    pub name: String,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its process, for its CPU time and memory.
    pub pid: Option<u32>,
}

/// One row: the same call, again and again.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was called.
    pub what: &'static str,
    /// How long each took.
    pub times: Samples,
    /// The server's CPU time for one of them.
    pub cpu: Option<Duration>,
    /// The size of the last answer.
    pub bytes: usize,
}

/// One server's figures.
#[derive(Debug, Clone)]
pub struct ServerFigures {
    /// What the table calls it.
    pub name: String,
    /// From the start of the process to its first answer.
    pub start: Option<Duration>,
    /// Resident memory in KiB, idle and with all ENIs.
    pub memory_kib: Option<(u64, u64)>,
    /// How many ENIs there were.
    pub enis: usize,
    /// The calls.
    pub rows: Vec<Row>,
}

/// Starts a server of our own and measures it, then each peer.
///
/// # Errors
/// A server does not start, or answers a call with an error.
pub fn api(bench: &ApiBench, peers: &[Peer]) -> anyhow::Result<ApiFigures> {
    let server = Server::start()?;
    let own = Peer { name: "vpcbox".to_owned(), address: server.address, pid: Some(server.pid()) };
    let mut all = vec![ServerFigures { start: Some(server.first_answer), ..measure(bench, &own)? }];
    drop(server);
    for peer in peers {
        all.push(measure(bench, peer).with_context(|| format!("measure {} at {}", peer.name, peer.address))?);
    }
    Ok(ApiFigures(all))
}

fn measure(bench: &ApiBench, peer: &Peer) -> anyhow::Result<ServerFigures> {
    eprintln!("measuring {} with {} ENIs", peer.name, bench.enis);
    let mut session = Session::open(peer)?;
    let idle = session.process.memory_kib();
    session.prepare()?;
    let mut rows = vec![session.create(bench.enis)?];
    let full = session.process.memory_kib();
    rows.push(session.row("one ENI by its id", bench.calls, |it, n| {
        form("DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &it.enis[n * 7919 % it.enis.len()].id)])
    })?);
    for (what, name, value) in FILTERS {
        rows.push(session.row(what, bench.calls, |it, n| {
            let eni = &it.enis[n * 7919 % it.enis.len()];
            form("DescribeNetworkInterfaces", &[("Filter.1.Name", name), ("Filter.1.Value.1", value(eni))])
        })?);
    }
    rows.push(session.row("all ENIs", bench.lists, |_, _| form("DescribeNetworkInterfaces", &[]))?);
    rows.push(session.row("AuthorizeSecurityGroupIngress", bench.calls.min(50), |it, n| it.authorize(n))?);
    rows.push(session.beside_lists(bench)?);
    rows.push(session.at_once(bench)?);
    let memory_kib = idle.zip(full);
    Ok(ServerFigures { name: peer.name.clone(), start: None, memory_kib, enis: session.enis.len(), rows })
}

/// How a filter's value is taken from an ENI.
type ValueOf = fn(&Eni) -> &str;

/// Filters that find one ENI each.
const FILTERS: [(&str, &str, ValueOf); 2] = [
    ("… by its private address", "addresses.private-ip-address", |eni| &eni.address),
    ("… by its tag", "tag:number", |eni| &eni.tag),
];

/// An ENI that was made.
#[derive(Debug)]
struct Eni {
    id: String,
    address: String,
    tag: String,
}

/// A connection to a server, and what was made there.
#[derive(Debug)]
struct Session {
    client: Client,
    process: Process,
    subnet: String,
    group: String,
    enis: Vec<Eni>,
}

impl Session {
    fn open(peer: &Peer) -> anyhow::Result<Self> {
        let client = Client::connect(peer.address)?;
        let process = Process(peer.pid);
        Ok(Self { client, process, subnet: String::new(), group: String::new(), enis: Vec::new() })
    }

    /// A subnet that holds all ENIs, and a group.
    fn prepare(&mut self) -> anyhow::Result<()> {
        let vpc = self.client.call(&form("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]))?.text("vpcId")?;
        let subnet = form("CreateSubnet", &[("VpcId", &vpc), ("CidrBlock", "10.0.0.0/16")]);
        self.subnet = self.client.call(&subnet)?.text("subnetId")?;
        let named = [("VpcId", vpc.as_str()), ("GroupName", "bench"), ("GroupDescription", "bench")];
        self.group = self.client.call(&form("CreateSecurityGroup", &named))?.text("groupId")?;
        Ok(())
    }

    fn create(&mut self, count: usize) -> anyhow::Result<Row> {
        let subnet = self.subnet.clone();
        let mut row = self.row("CreateNetworkInterface", count, |it, _| {
            let number = it.enis.len().to_string();
            let tag = [
                ("SubnetId", subnet.as_str()),
                ("TagSpecification.1.ResourceType", "network-interface"),
                ("TagSpecification.1.Tag.1.Key", "number"),
                ("TagSpecification.1.Tag.1.Value", &number),
            ];
            form("CreateNetworkInterface", &tag)
        })?;
        // The last ones are what counts: with all the others there.
        row.times = row.times.last(1000);
        Ok(row)
    }

    fn authorize(&self, n: usize) -> String {
        let block = format!("192.168.{n}.0/24");
        form(
            "AuthorizeSecurityGroupIngress",
            &[
                ("GroupId", &self.group),
                ("IpPermissions.1.IpProtocol", "tcp"),
                ("IpPermissions.1.FromPort", "443"),
                ("IpPermissions.1.ToPort", "443"),
                ("IpPermissions.1.IpRanges.1.CidrIp", &block),
            ],
        )
    }

    /// Makes a call so many times.
    fn row(
        &mut self,
        what: &'static str,
        count: usize,
        mut call: impl FnMut(&Self, usize) -> String,
    ) -> anyhow::Result<Row> {
        let (mut times, mut bytes) = (Samples::default(), 0);
        let before = self.process.cpu();
        for n in 0..count {
            let form = call(self, n);
            let started = Instant::now();
            let answer = self.client.call(&form)?;
            times.add(started.elapsed());
            bytes = answer.len();
            if what == "CreateNetworkInterface" {
                let (id, address) = (answer.text("networkInterfaceId")?, answer.text("privateIpAddress")?);
                self.enis.push(Eni { id, address, tag: n.to_string() });
            }
        }
        let spent = before.zip(self.process.cpu()).map(|(before, after)| after.saturating_sub(before));
        let cpu = spent.map(|spent| spent / u32::try_from(count.max(1)).unwrap_or(u32::MAX));
        Ok(Row { what, times, cpu, bytes })
    }

    /// Single ENIs made while another client lists all of them without a pause: a reader must hold up nobody.
    fn beside_lists(&mut self, bench: &ApiBench) -> anyhow::Result<Row> {
        let (address, done) = (self.client.address(), AtomicBool::new(false));
        let subnet = self.subnet.clone();
        let made = form("CreateNetworkInterface", &[("SubnetId", &subnet)]);
        std::thread::scope(|scope| {
            let lists = scope.spawn(|| list_until(address, &done));
            let row = self.row("CreateNetworkInterface beside lists", bench.calls.div_ceil(4), |_, _| made.clone());
            done.store(true, Ordering::Relaxed);
            lists.join().expect("no client panics")?;
            // The server spends most of its time on the lists.
            row.map(|row| Row { cpu: None, ..row })
        })
    }

    /// Many clients at once, each asking for single ENIs and making one in ten calls.
    fn at_once(&mut self, bench: &ApiBench) -> anyhow::Result<Row> {
        let before = self.process.cpu();
        let (address, enis, subnet) = (self.client.address(), &self.enis, &self.subnet);
        let each = (bench.calls / bench.clients.max(1)).max(1);
        let times = std::thread::scope(|scope| {
            let run = |client: usize| move || many(address, client, each, enis, subnet);
            let clients: Vec<_> = (0..bench.clients).map(|client| scope.spawn(run(client))).collect();
            clients.into_iter().map(|client| client.join().expect("no client panics")).collect::<Result<Vec<_>, _>>()
        })?;
        let mut all = Samples::default();
        times.iter().for_each(|times| all.extend(times));
        let spent = before.zip(self.process.cpu()).map(|(before, after)| after.saturating_sub(before));
        let cpu = spent.map(|spent| spent / u32::try_from(all.count().max(1)).unwrap_or(u32::MAX));
        Ok(Row { what: "single ENIs, many clients at once", times: all, cpu, bytes: 0 })
    }
}

fn list_until(address: SocketAddr, done: &AtomicBool) -> anyhow::Result<()> {
    let mut connection = Client::connect(address)?;
    while !done.load(Ordering::Relaxed) {
        connection.call(&form("DescribeNetworkInterfaces", &[]))?;
    }
    Ok(())
}

fn many(address: SocketAddr, client: usize, calls: usize, enis: &[Eni], subnet: &str) -> anyhow::Result<Samples> {
    let (mut connection, mut times) = (Client::connect(address)?, Samples::default());
    for n in 0..calls {
        let eni = &enis[(client * 104_729 + n * 7919) % enis.len()];
        let form = if n % 10 == 9 {
            form("CreateNetworkInterface", &[("SubnetId", subnet)])
        } else {
            form("DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &eni.id)])
        };
        let started = Instant::now();
        connection.call(&form)?;
        times.add(started.elapsed());
    }
    Ok(times)
}

/// A request's body. Nothing in it needs escaping but what stands in addresses.
fn form(action: &str, parameters: &[(&str, &str)]) -> String {
    let mut form = format!("Action={action}&Version=2016-11-15");
    for (name, value) in parameters {
        form.push_str(&format!("&{name}={}", value.replace('/', "%2F").replace(':', "%3A")));
    }
    form
}
