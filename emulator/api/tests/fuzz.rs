//! Odd requests, made at random: none may panic, take long, break a law of the model, or change it when refused.
//!
//! `VPCBOX_FUZZ_SECONDS` says for how long (3), `VPCBOX_FUZZ_SEED` where to begin. A failure prints its request.

use std::env;
use std::time::{Duration, Instant};

use ec2_api::{coverage, dispatch, parse};
use vpc_model::{AccountId, Context, Ids, Model, Region};

/// How long a single call may take, on a busy machine and without optimisation.
const LONGEST_CALL: Duration = Duration::from_secs(5);

/// After how many calls everything is recounted.
const CHECK_EVERY: u64 = 64;

/// How many calls an account lives for.
const LIFE: u64 = 4096;

/// Ends of parameters' names; messages about missing ones bring more.
const NAMES: &[&str] = &[
    "VpcId",
    "SubnetId",
    "GroupId",
    "GroupName",
    "CidrBlock",
    "NetworkInterfaceId",
    "InstanceId",
    "RouteTableId",
    "Filter.1.Name",
    "Filter.1.Value.1",
    "MaxResults",
    "NextToken",
    "DryRun",
    "ClientToken",
    "ResourceId.1",
    "Tag.1.Key",
    "Tag.1.Value",
    "TagSpecification.1.ResourceType",
    "TagSpecification.1.Tag.1.Key",
    "IpPermissions.1.IpProtocol",
    "IpPermissions.1.FromPort",
    "IpPermissions.1.ToPort",
    "PrivateIpAddress",
    "IpPermissions.1.IpRanges.1.CidrIp",
    "SecondaryPrivateIpAddressCount",
    "Ipv6AddressCount",
    "Ipv4PrefixCount",
    "ImageId",
    "InstanceType",
    "MinCount",
    "MaxCount",
    "DestinationCidrBlock",
    "GatewayId",
    "AllocationId",
];

/// Values that have gone wrong somewhere before.
const VALUES: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "5",
    "1000",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "-2147483649",
    "99999999999999999999",
    "1e9",
    "true",
    "false",
    "TRUE",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "10.0.0.0/0",
    "0.0.0.0/0",
    "10.0.0.1/16",
    "10.0.0.0/33",
    "255.255.255.255/32",
    "::/0",
    "2001:db8::/56",
    "2001:db8::/129",
    "10.0.1.10",
    "256.0.0.1",
    "tcp",
    "icmp",
    "-1",
    "vpc-",
    "vpc-0123456789abcdef0",
    "subnet-zzz",
    "i-1",
    "eni-%FF",
    "%00",
    "%C3%28",
    "%F0%9F%98%80",
    "*",
    "?*?*?*?*",
    "\\",
    "m5.large",
    "us-east-1a",
    "amazon",
    "vpc",
    "security-group",
    "tag:a",
    "vpc-id",
    "2026-01-02T03:04:05Z",
    "AAAA",
    "a%26b%3Dc",
    "trunk",
    "igw-0123456789abcdef0",
];

/// SplitMix64: all that is asked of it is that a seed says everything.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn one_of<'a, T: AsRef<str>>(&mut self, all: &'a [T]) -> &'a str {
        all[self.below(all.len())].as_ref()
    }
}

/// Makes requests, and learns from the answers which parameters and ids there are.
struct Maker {
    random: Random,
    actions: Vec<&'static str>,
    names: Vec<String>,
    ids: Vec<String>,
}

impl Maker {
    fn new(seed: u64) -> Self {
        Self {
            random: Random(seed),
            actions: coverage().families.into_iter().flat_map(|it| it.actions).collect(),
            names: NAMES.iter().map(ToString::to_string).collect(),
            ids: vec!["vpc-0".to_owned()],
        }
    }

    fn form(&mut self) -> Vec<u8> {
        let mut form = format!("Action={}&Version=2016-11-15", self.random.one_of(&self.actions));
        for _ in 0..self.random.below(6) {
            let (name, value) = (self.name(), self.value());
            form.push_str(&format!("&{name}={value}"));
        }
        if self.random.below(200) == 0 {
            let (name, value) = (self.random.one_of(&self.names).to_owned(), self.value());
            (1..2000).for_each(|at| form.push_str(&format!("&{name}.{at}={value}")));
        }
        let mut form = form.into_bytes();
        if self.random.below(20) == 0 {
            let at = self.random.below(form.len());
            form[at] = self.random.below(256) as u8;
        }
        form
    }

    fn name(&mut self) -> String {
        let name = self.random.one_of(&self.names).to_owned();
        match self.random.below(24) {
            0 => format!("{name}.1"),
            1 => format!("{name}.4294967295"),
            2 => format!("{name}.99999999999999999999.Value"),
            3 => format!("{name}.0"),
            4 => name.replace(".1", ".7"),
            5 => format!("{name}{}", ".1.Value".repeat(self.random.below(40))),
            6 => format!("{name}."),
            7 => format!(".{name}"),
            _ => name,
        }
    }

    fn value(&mut self) -> String {
        match self.random.below(40) {
            0 => "x".repeat(self.random.below(70_000)),
            1..20 => self.random.one_of(&self.ids).to_owned(),
            _ => self.random.one_of(VALUES).to_owned(),
        }
    }

    fn learn(&mut self, answer: &str) {
        let missing =
            answer.split("must contain the parameter ").nth(1).and_then(|rest| rest.split(['<', ' ', ',']).next());
        if let Some(name) = missing.map(capitalised).filter(|name| !self.names.contains(name) && self.names.len() < 400)
        {
            self.names.push(name);
        }
        for text in answer.split(['<', '>', '\'']).filter(|text| text.len() < 40 && is_id(text)) {
            if !self.ids.iter().any(|id| id == text) {
                self.ids.push(text.to_owned());
            }
        }
        if self.ids.len() > 600 {
            self.ids.drain(..300);
        }
    }
}

fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn is_id(text: &str) -> bool {
    text.rsplit_once('-').is_some_and(|(_, digits)| digits.len() == 17 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).ok().map_or(default, |text| text.parse().expect("a number"))
}

/// Sends a request, and gives the answer.
fn call(model: &mut Model, ids: &mut Ids, form: &[u8]) -> String {
    let now = "2026-01-02T03:04:05Z".parse().expect("a time");
    let (before, began) = (model.generation(), Instant::now());
    let response = match parse(form) {
        Ok(call) => dispatch(call, model, &mut Context { now, ids }, "request"),
        Err(err) => err.response("request"),
    };
    let shown = String::from_utf8_lossy(&form[..form.len().min(2000)]);
    assert!(began.elapsed() < LONGEST_CALL, "{:?} for {shown}", began.elapsed());
    let answer = String::from_utf8(response.body).expect("replies are UTF-8");
    if response.code.is_some() {
        assert_eq!(model.generation(), before, "refused, yet something changed: {shown}\n{answer}");
        assert_ne!(response.status, 500, "{shown}\n{answer}");
    }
    answer
}

#[test]
fn odd_requests() {
    let seed = number("VPCBOX_FUZZ_SEED", 1);
    let end = Instant::now() + Duration::from_secs(number("VPCBOX_FUZZ_SECONDS", 3));
    let mut maker = Maker::new(seed);
    let mut calls = 0;
    while Instant::now() < end {
        let mut ids = Ids::seeded(seed + calls);
        let now = "2026-01-02T03:04:05Z".parse().expect("a time");
        let (account, region) = (AccountId::from("111122223333"), Region::from("us-east-1"));
        let mut model = Model::with_defaults(account, region, &mut Context { now, ids: &mut ids });
        for _ in 0..LIFE {
            let form = maker.form();
            let answer = call(&mut model, &mut ids, &form);
            maker.learn(&answer);
            calls += 1;
            if calls % CHECK_EVERY == 0 {
                assert_eq!(model.check_invariants(), Ok(()), "after {}", String::from_utf8_lossy(&form));
            }
            if Instant::now() >= end {
                break;
            }
        }
    }
    println!("{calls} calls from seed {seed}, {} names, {} ids", maker.names.len(), maker.ids.len());
}
