//! `vpcbox bench api`: what calls cost, measured over HTTP against a server in a process of its own.
//!
//! The same calls can be made to another server that speaks EC2, so that both are measured in one run on the
//! same machine.

mod expected;
mod process;
mod report;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;

pub use self::report::ApiFigures;

use self::expected::{Expected, Question};
use self::process::{Process, Server};
use super::Samples;
use super::client::{Client, form};

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
    /// After how long a row ends, however many calls are still to be made.
    pub row: Duration,
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
    /// How many were answered a second.
    pub rate: f64,
    /// The server's CPU time for one of them.
    pub cpu: Option<Duration>,
    /// The size of the last answer.
    pub bytes: usize,
    /// What was wrong with the first wrong answer.
    pub wrong: Option<String>,
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
    /// How many calls one client made, and over how many connections.
    pub connections: (usize, usize),
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
    let mut session = Session::open(peer, bench.row)?;
    let idle = session.process.memory_kib();
    session.prepare()?;
    let mut rows = vec![session.create(bench.enis)?];
    let full = session.process.memory_kib();
    rows.push(session.row("one ENI by its id", bench.calls, |it, n| {
        let eni = it.nth(n);
        eni.found_by(form("DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &eni.id)]))
    })?);
    for (what, name, value) in FILTERS {
        rows.push(session.row(what, bench.calls, |it, n| {
            let eni = it.nth(n);
            let filter = [("Filter.1.Name", name), ("Filter.1.Value.1", value(eni))];
            eni.found_by(form("DescribeNetworkInterfaces", &filter))
        })?);
    }
    rows.push(session.row("all ENIs", bench.lists, |it, _| Question {
        form: form("DescribeNetworkInterfaces", &[]),
        expected: Expected::Enis(it.there_before + it.enis.len()),
    })?);
    rows.push(session.row("AuthorizeSecurityGroupIngress", bench.calls.min(50), |it, n| it.authorize(n))?);
    rows.push(session.beside_lists(bench)?);
    let connections = session.client.calls_and_connections();
    rows.push(session.at_once(bench)?);
    let memory_kib = idle.zip(full);
    let (name, enis) = (peer.name.clone(), session.enis.len());
    Ok(ServerFigures { name, start: None, memory_kib, enis, connections, rows })
}

/// How a filter's value is taken from an ENI.
type ValueOf = fn(&Eni) -> &str;

/// Filters that find one ENI each.
const FILTERS: [(&str, &str, ValueOf); 2] = [
    ("… by its private address", "addresses.private-ip-address", |eni| &eni.address),
    ("… by its tag", "tag:number", |eni| &eni.tag),
];

/// How many of the ENIs made count for the row.
const COUNTED: usize = 1000;

/// An ENI that was made.
#[derive(Debug)]
struct Eni {
    id: String,
    address: String,
    tag: String,
}

impl Eni {
    /// A question that this ENI alone answers.
    fn found_by(&self, form: String) -> Question {
        Question { form, expected: Expected::Eni(self.id.clone()) }
    }
}

/// A connection to a server, and what was made there.
#[derive(Debug)]
struct Session {
    client: Client,
    process: Process,
    /// After how long a row ends.
    longest: Duration,
    subnet: String,
    group: String,
    /// How many ENIs there were before any was made.
    there_before: usize,
    enis: Vec<Eni>,
}

impl Session {
    fn open(peer: &Peer, longest: Duration) -> anyhow::Result<Self> {
        let client = Client::connect(peer.address)?;
        let (subnet, group) = (String::new(), String::new());
        let process = Process(peer.pid);
        Ok(Self { client, process, longest, subnet, group, there_before: 0, enis: Vec::new() })
    }

    /// A subnet that holds all ENIs, and a group.
    fn prepare(&mut self) -> anyhow::Result<()> {
        let vpc = self.client.call(&form("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]))?.text("vpcId")?;
        let subnet = form("CreateSubnet", &[("VpcId", &vpc), ("CidrBlock", "10.0.0.0/16")]);
        self.subnet = self.client.call(&subnet)?.text("subnetId")?;
        let named = [("VpcId", vpc.as_str()), ("GroupName", "bench"), ("GroupDescription", "bench")];
        self.group = self.client.call(&form("CreateSecurityGroup", &named))?.text("groupId")?;
        let listed = self.client.call(&form("DescribeNetworkInterfaces", &[]))?;
        self.there_before = listed.count("networkInterfaceId")?;
        Ok(())
    }

    /// Any of the ENIs, another one each time.
    fn nth(&self, n: usize) -> &Eni {
        &self.enis[n * 7919 % self.enis.len()]
    }

    /// All the ENIs; the last thousand are what counts: with all the others there.
    fn create(&mut self, count: usize) -> anyhow::Result<Row> {
        for _ in 0..count.saturating_sub(COUNTED) {
            self.create_one()?;
        }
        let mut tally = Tally::begin(self.process);
        for _ in 0..count.min(COUNTED) {
            let (time, bytes) = self.create_one()?;
            tally.add(time, bytes, None);
        }
        Ok(tally.row("CreateNetworkInterface"))
    }

    fn create_one(&mut self) -> anyhow::Result<(Duration, usize)> {
        let tag = self.enis.len().to_string();
        let parameters = [
            ("SubnetId", self.subnet.as_str()),
            ("TagSpecification.1.ResourceType", "network-interface"),
            ("TagSpecification.1.Tag.1.Key", "number"),
            ("TagSpecification.1.Tag.1.Value", &tag),
        ];
        let form = form("CreateNetworkInterface", &parameters);
        let started = Instant::now();
        let answer = self.client.call(&form)?;
        let time = started.elapsed();
        let (id, address) = (answer.text("networkInterfaceId")?, answer.text("privateIpAddress")?);
        self.enis.push(Eni { id, address, tag });
        Ok((time, answer.len()))
    }

    fn authorize(&self, n: usize) -> Question {
        let block = format!("192.168.{n}.0/24");
        let parameters = [
            ("GroupId", self.group.as_str()),
            ("IpPermissions.1.IpProtocol", "tcp"),
            ("IpPermissions.1.FromPort", "443"),
            ("IpPermissions.1.ToPort", "443"),
            ("IpPermissions.1.IpRanges.1.CidrIp", &block),
        ];
        Question { form: form("AuthorizeSecurityGroupIngress", &parameters), expected: Expected::Done }
    }

    /// Makes a call so many times, or as often as the time for a row allows.
    fn row(
        &mut self,
        what: &'static str,
        count: usize,
        question: impl Fn(&Self, usize) -> Question,
    ) -> anyhow::Result<Row> {
        let mut tally = Tally::begin(self.process);
        for n in 0..count {
            let Question { form, expected } = question(self, n);
            if !tally.ask(&mut self.client, &form, &expected) || tally.began.elapsed() > self.longest {
                break;
            }
        }
        Ok(tally.row(what))
    }

    /// Single ENIs made while another client lists all of them without a pause: a reader must hold up nobody.
    fn beside_lists(&mut self, bench: &ApiBench) -> anyhow::Result<Row> {
        let (address, done) = (self.client.address(), AtomicBool::new(false));
        let made = form("CreateNetworkInterface", &[("SubnetId", &self.subnet)]);
        std::thread::scope(|scope| {
            let lists = scope.spawn(|| list_until(address, &done));
            let row = self.row("CreateNetworkInterface beside lists", bench.calls.div_ceil(4), |_, _| Question {
                form: made.clone(),
                expected: Expected::Enis(1),
            });
            done.store(true, Ordering::Relaxed);
            lists.join().expect("no client panics")?;
            // The server spends most of its time on the lists.
            row.map(|row| Row { cpu: None, ..row })
        })
    }

    /// Many clients at once, each asking for single ENIs and making one in ten calls.
    fn at_once(&mut self, bench: &ApiBench) -> anyhow::Result<Row> {
        let mut tally = Tally::begin(self.process);
        let (address, enis, subnet) = (self.client.address(), &self.enis, &self.subnet);
        let (longest, each) = (self.longest, (bench.calls / bench.clients.max(1)).max(1));
        let tallies = std::thread::scope(|scope| {
            let run = |client: usize| move || many(address, client, each, longest, enis, subnet);
            let clients: Vec<_> = (0..bench.clients).map(|client| scope.spawn(run(client))).collect();
            clients.into_iter().map(|client| client.join().expect("no client panics")).collect::<Result<Vec<_>, _>>()
        })?;
        let took = tally.began.elapsed();
        for other in tallies {
            tally.times.extend(&other.times);
            tally.wrong = tally.wrong.or(other.wrong);
        }
        let row = tally.row("single ENIs, many clients at once");
        Ok(Row { rate: row.times.count() as f64 / took.as_secs_f64().max(1e-9), ..row })
    }
}

/// What comes together for a row.
#[derive(Debug)]
struct Tally {
    process: Process,
    began: Instant,
    cpu_before: Option<Duration>,
    times: Samples,
    bytes: usize,
    wrong: Option<String>,
}

impl Tally {
    fn begin(process: Process) -> Self {
        let (began, cpu_before) = (Instant::now(), process.cpu());
        Self { process, began, cpu_before, times: Samples::default(), bytes: 0, wrong: None }
    }

    /// Makes a call. Whether it was answered at all: a server that does not is not asked again.
    fn ask(&mut self, client: &mut Client, form: &str, expected: &Expected) -> bool {
        let started = Instant::now();
        let answer = client.ask(form);
        let time = started.elapsed();
        match &answer {
            Ok(answer) => self.add(time, answer.len(), expected.wrong(answer)),
            Err(error) => self.add(time, 0, Some(format!("none, {}", error.root_cause()))),
        }
        answer.is_ok()
    }

    fn add(&mut self, time: Duration, bytes: usize, wrong: Option<String>) {
        self.times.add(time);
        self.bytes = bytes;
        self.wrong = self.wrong.take().or(wrong);
    }

    /// The row of one client, whose own work between two calls does not count.
    fn row(self, what: &'static str) -> Row {
        let spent = self.cpu_before.zip(self.process.cpu()).map(|(before, after)| after.saturating_sub(before));
        let count = self.times.count();
        let cpu = spent.map(|spent| spent / u32::try_from(count.max(1)).unwrap_or(u32::MAX));
        let rate = count as f64 / self.times.sum().as_secs_f64().max(1e-9);
        Row { what, times: self.times, rate, cpu, bytes: self.bytes, wrong: self.wrong }
    }
}

fn list_until(address: SocketAddr, done: &AtomicBool) -> anyhow::Result<()> {
    let mut connection = Client::connect(address)?;
    while !done.load(Ordering::Relaxed) {
        connection.call(&form("DescribeNetworkInterfaces", &[]))?;
    }
    Ok(())
}

fn many(
    address: SocketAddr,
    client: usize,
    calls: usize,
    longest: Duration,
    enis: &[Eni],
    subnet: &str,
) -> anyhow::Result<Tally> {
    let (mut connection, mut tally) = (Client::connect(address)?, Tally::begin(Process(None)));
    for n in 0..calls {
        let eni = &enis[(client * 104_729 + n * 7919) % enis.len()];
        let Question { form, expected } = if n % 10 == 9 {
            let form = form("CreateNetworkInterface", &[("SubnetId", subnet)]);
            Question { form, expected: Expected::Enis(1) }
        } else {
            eni.found_by(form("DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &eni.id)]))
        };
        if !tally.ask(&mut connection, &form, &expected) || tally.began.elapsed() > longest {
            break;
        }
    }
    Ok(tally)
}
