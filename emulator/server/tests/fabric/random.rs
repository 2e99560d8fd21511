//! Random VPCs, changed at random: after each change random packets fare in the kernel as the oracle says.
//!
//! The seeds are fixed; `VPCBOX_RANDOM_SEEDS` and `VPCBOX_RANDOM_ROUNDS` ask for more of them, and for more changes of each
//! VPC, than every run tries.

use linux_net::conntrack;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use vpc_fabric::testing::{block, interface, rule};
use vpc_fabric::{Options, Payload};
use vpc_model::{
    Direction, InterfaceAttribute, IpProtocol, NetworkAclId, NewRule, RulePeer, SecurityGroupId, SubnetId,
    WantedAddresses,
};

use crate::network_acls::redraw;
use crate::probe::OTHER;
use crate::world::{Host, World};
use crate::{all_packets, listen};

/// How many VPCs, and how many changes of each, every run tries.
const SEEDS: u64 = 2;
const ROUNDS: u64 = 4;
/// Hosts of a VPC, of which each third has a second address and a prefix.
const HOSTS: [&str; 6] = ["one", "two", "three", "four", "five", "six"];
/// What peers of rules are drawn from, besides groups and a prefix list: all, some or none of the hosts.
const BLOCKS: &[&str] = &["0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.0.2.0/25", "10.0.1.4/32", "172.16.0.0/12"];
/// What rules are about.
const PROTOCOLS: &[(IpProtocol, Option<(i32, i32)>)] = &[
    (IpProtocol::All, None),
    (IpProtocol::Tcp, Some((0, 65535))),
    (IpProtocol::Tcp, Some((80, 80))),
    (IpProtocol::Tcp, Some((5000, 8010))),
    (IpProtocol::Udp, Some((53, 53))),
    (IpProtocol::Udp, Some((54, 65535))),
    (IpProtocol::Icmp, Some((-1, -1))),
    (IpProtocol::Icmp, Some((8, -1))),
    (IpProtocol::Icmp, Some((13, 0))),
    (IpProtocol::Number(OTHER), None),
];

type Drawn = (SecurityGroupId, Direction, NewRule);

/// A VPC that is changed at random.
struct Estate {
    world: World,
    random: ChaCha8Rng,
    hosts: Vec<Host>,
    groups: Vec<SecurityGroupId>,
    acls: Vec<NetworkAclId>,
    rules: Vec<Drawn>,
    list: RulePeer,
}

fn draw(random: &mut ChaCha8Rng, choices: usize) -> usize {
    random.next_u32() as usize % choices
}

impl Estate {
    fn start(seed: u64) -> Option<Self> {
        let mut world = World::start(Options::default())?;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let account = &mut world.account;
        let subnets = ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/28"].map(|block| account.subnet(block));
        let list = RulePeer::PrefixList(account.prefix_list(&["10.0.1.0/25", "10.0.3.0/28"]));
        let names = ["a", "b", "c", "d", "e"].into_iter();
        let groups: Vec<_> = names
            .map(|name| if draw(&mut random, 2) == 0 { account.closed_group(name) } else { account.group(name) })
            .collect();
        let mut started = Vec::new();
        for (number, name) in HOSTS.into_iter().enumerate() {
            let subnet = &subnets[draw(&mut random, subnets.len())];
            let mut new = interface(subnet, &[]);
            new.groups = some_groups(&mut random, &groups);
            if number % 3 == 0 && *subnet != subnets[2] {
                new.addresses = WantedAddresses { ipv4_count: 1, ipv4_prefix_count: 1, ..WantedAddresses::default() };
            }
            started.push((name, account.instance(new)));
        }
        let mut estate = Self { world, random, hosts: Vec::new(), groups, acls: Vec::new(), rules: Vec::new(), list };
        (0..12).for_each(|_| estate.add_rule());
        estate.world.settle();
        for (name, (instance, eni)) in &started {
            let host = estate.world.primary(name, instance, eni);
            let own = estate.world.account.get(eni);
            let more = own.private_ips.get(1).map(|second| second.address);
            let prefixed = own.ipv4_prefixes.first().and_then(|prefix| prefix.hosts().nth(3));
            let more = more.into_iter().chain(prefixed);
            let further = more.map(|address| estate.world.further(name, &host, "eth0", eni, address));
            let further: Vec<Host> = further.collect();
            estate.hosts.extend([host].into_iter().chain(further));
        }
        estate.fence(&subnets[..2]);
        Some(estate)
    }

    /// ACLs of some subnets, which let all pass at first.
    fn fence(&mut self, subnets: &[SubnetId]) {
        for subnet in subnets {
            let both = [Direction::Egress, Direction::Ingress];
            let all = both.map(|direction| vpc_fabric::testing::entry(100, direction, true, "-1", "0.0.0.0/0"));
            self.acls.push(self.world.account.network_acl(subnet, all.into()));
        }
    }

    fn add_rule(&mut self) {
        let random = &mut self.random;
        let group = self.groups[draw(random, self.groups.len())].clone();
        let direction = if draw(random, 3) == 0 { Direction::Egress } else { Direction::Ingress };
        let peer = match draw(random, 5) {
            0 | 1 => RulePeer::Group(self.groups[draw(random, self.groups.len())].clone()),
            2 => self.list.clone(),
            _ => block(BLOCKS[draw(random, BLOCKS.len())]),
        };
        let (protocol, ports) = PROTOCOLS[draw(random, PROTOCOLS.len())];
        let drawn = (group, direction, rule(protocol, ports, peer));
        // A rule that is there already is refused, and so are all of a group that lets everything out.
        let is_open = drawn.2 == vpc_fabric::testing::everything() && direction == Direction::Egress;
        if !is_open && !self.rules.contains(&drawn) {
            self.world.account.allow(&drawn.0, drawn.1, drawn.2.clone());
            self.rules.push(drawn);
        }
    }

    /// One to three changes.
    fn change(&mut self) {
        for _ in 0..=draw(&mut self.random, 3) {
            match draw(&mut self.random, 5) {
                0 | 1 => self.add_rule(),
                2 if !self.rules.is_empty() => {
                    let at = draw(&mut self.random, self.rules.len());
                    let (group, direction, rule) = self.rules.swap_remove(at);
                    self.world.account.revoke(&group, direction, rule);
                }
                3 => {
                    let at = draw(&mut self.random, self.acls.len());
                    redraw(&mut self.world, &self.acls[at], &mut self.random);
                }
                _ => {
                    let eni = self.hosts[draw(&mut self.random, self.hosts.len())].eni.clone();
                    let groups = InterfaceAttribute::Groups(some_groups(&mut self.random, &self.groups));
                    self.world.account.model.modify_network_interface(&eni, groups).unwrap();
                }
            }
        }
        self.world.settle();
        // That tracked connections outlive their rules is another test's matter.
        let netns = self.world.fabric.vpc_netns(&self.world.account.vpc).unwrap();
        conntrack::forget(netns, &["0.0.0.0/0".parse().unwrap()]).unwrap();
    }

    /// Gives how many packets were sent and how many arrived.
    fn compare(&mut self) -> (usize, usize) {
        let mut packets = all_packets(&self.hosts);
        packets.retain(|_| draw(&mut self.random, 2) == 0);
        let ports = [0, 79, 81, 5000, 7999, 8011, 65535];
        for packet in &mut packets {
            if let Payload::Tcp(port) = &mut packet.3
                && draw(&mut self.random, 3) == 0
            {
                *port = ports[1 + draw(&mut self.random, ports.len() - 1)];
            }
        }
        let ears = listen(&self.hosts);
        (packets.len(), self.world.agree(&ears, &packets))
    }
}

/// One to three groups.
fn some_groups(random: &mut ChaCha8Rng, groups: &[SecurityGroupId]) -> Vec<SecurityGroupId> {
    let first = draw(random, groups.len());
    (0..=draw(random, 3)).map(|more| groups[(first + more) % groups.len()].clone()).collect()
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}: a number is meant")))
}

#[test]
fn random_vpcs_and_changes() {
    let (mut sent, mut arrived) = (0, 0);
    for seed in 0..number("VPCBOX_RANDOM_SEEDS", SEEDS) {
        let Some(mut estate) = Estate::start(seed) else { return };
        println!("seed {seed}");
        for _ in 0..number("VPCBOX_RANDOM_ROUNDS", ROUNDS) {
            estate.change();
            let (more, through) = estate.compare();
            (sent, arrived) = (sent + more, arrived + through);
        }
    }
    println!("{arrived} of {sent} packets arrived");
    assert!((sent / 50..sent).contains(&arrived), "{arrived} of {sent}");
}
