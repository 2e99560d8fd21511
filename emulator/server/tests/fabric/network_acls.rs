//! Network ACLs at the subnets' edges: every packet is asked for, whatever is tracked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use vpc_fabric::testing::entry;
use vpc_model::{Direction, NetworkAclEntry, NetworkAclId, SubnetId};

use crate::world::World;
use crate::{all_packets, listen, shop};

const OUT: Direction = Direction::Egress;
const INTO: Direction = Direction::Ingress;

/// What entries are drawn from: protocols with ports or types, and blocks that name all, some or none of the hosts.
const WHATS: &[&str] = &[
    "-1",
    "6:0..65535",
    "6:80..80",
    "6:8000..8010",
    "6:1024..65535",
    "6:32768..60999",
    "17:53..53",
    "17:0..65535",
    "17:32768..60999",
    "1:-1..-1",
    "1:8..-1",
    "1:0..0",
    "1:13..0",
    "99",
];
const BLOCKS: &[&str] =
    &["0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.0.2.0/24", "10.0.1.4/32", "10.0.2.0/29", "169.254.0.0/16"];

/// The subnets of the shop.
fn subnets(world: &World) -> [SubnetId; 2] {
    let mut all: Vec<_> = world.account.model.subnets().collect();
    all.sort_by_key(|subnet| subnet.cidr_block);
    [0, 1].map(|at: usize| all[at].id.clone())
}

#[test]
fn kernel_and_oracle_agree_on_network_acls() {
    let Some((mut world, hosts)) = shop() else { return };
    let ears = listen(&hosts);
    let packets = all_packets(&hosts);
    let without = world.agree(&ears, &packets);
    let [one, two] = subnets(&world);
    let one_s = [
        entry(90, OUT, false, "6:5432..5432", "10.0.2.0/25"),
        entry(100, OUT, true, "-1", "0.0.0.0/0"),
        entry(100, INTO, true, "6:1024..65535", "10.0.0.0/16"),
        entry(110, INTO, true, "1:8..-1", "10.0.2.0/24"),
    ];
    let two_s = [
        entry(100, OUT, true, "6:0..65535", "10.0.0.0/16"),
        entry(100, INTO, true, "6:0..65535", "10.0.0.0/16"),
        entry(200, INTO, true, "17:53..53", "0.0.0.0/0"),
    ];
    world.account.network_acl(&one, one_s.into());
    world.account.network_acl(&two, two_s.into());
    world.settle();
    let with = world.agree(&ears, &packets);
    println!("{with} of {} packets arrived, {without} before", packets.len());
    assert!((10..without).contains(&with));
}

/// The seed is fixed; `VPCBOX_RANDOM_ROUNDS` asks for more rounds than the few that each run tries.
#[test]
fn kernel_and_oracle_agree_on_network_acls_at_random() {
    let Some((mut world, hosts)) = shop() else { return };
    let ears = listen(&hosts);
    let packets = all_packets(&hosts);
    let acls = subnets(&world).map(|subnet| world.account.network_acl(&subnet, Vec::new()));
    let rounds = std::env::var("VPCBOX_RANDOM_ROUNDS").map_or(5, |rounds| rounds.parse().expect("a number of rounds"));
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut arrived = 0;
    for _ in 0..rounds {
        acls.iter().for_each(|acl| redraw(&mut world, acl, &mut random));
        world.settle();
        arrived += world.agree(&ears, &packets);
    }
    println!("{arrived} of {} packets arrived", rounds * packets.len());
    assert!(arrived > 0);
}

/// Replaces all entries of an ACL by others; most let something pass, so that lower numbers matter.
pub fn redraw(world: &mut World, acl: &NetworkAclId, random: &mut ChaCha8Rng) {
    let mut draw = |choices: usize| random.next_u32() as usize % choices;
    let model = &mut world.account.model;
    let old: Vec<NetworkAclEntry> = model.network_acl(acl).expect("the acl").entries.clone();
    for one in old.iter().filter(|one| one.number < 32767) {
        model.delete_network_acl_entry(acl, one.number, one.egress).expect("an entry to delete");
    }
    for direction in [OUT, INTO] {
        for number in 1..=6 {
            let (what, block) = (WHATS[draw(WHATS.len())], BLOCKS[draw(BLOCKS.len())]);
            let new = entry(number, direction, draw(4) > 0, what, block);
            model.create_network_acl_entry(acl, new).expect("a new entry");
        }
    }
}

/// A tracked connection stalls with the entry that let its packets pass, and goes on with it.
#[test]
fn an_entry_that_goes_cuts_connections() {
    let Some((mut world, hosts)) = shop() else { return };
    let find = |name: &str| hosts.iter().find(|host| host.name == name).unwrap();
    let (from, to) = (find("web 2"), find("database"));
    let [_, two] = subnets(&world);
    let all = [OUT, INTO].map(|direction| entry(100, direction, true, "-1", "0.0.0.0/0"));
    let acl = world.account.network_acl(&two, all.to_vec());
    world.settle();
    let listener = to.netns.run(|| TcpListener::bind((to.address, 5432))).unwrap().unwrap();
    let address = SocketAddr::from((to.address, 5432));
    let mut here = from.netns.run(|| TcpStream::connect(address)).unwrap().unwrap();
    let (mut there, _) = listener.accept().unwrap();
    let mut hear = |wait: u64| {
        there.set_read_timeout(Some(Duration::from_millis(wait))).unwrap();
        there.read(&mut [0; 8]).ok()
    };
    here.write_all(b"one").unwrap();
    assert_eq!(hear(5000), Some(3));
    world.account.model.delete_network_acl_entry(&acl, 100, false).unwrap();
    world.settle();
    here.write_all(b"two").unwrap();
    assert_eq!(hear(300), None, "what no entry lets in is dropped, tracked or not");
    world.account.model.create_network_acl_entry(&acl, all[1].clone()).unwrap();
    world.settle();
    assert_eq!(hear(10_000), Some(3), "sent again by TCP, it arrives");
}
