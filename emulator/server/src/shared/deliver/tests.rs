//! Peering connections between accounts and regions, as everybody calls at once, and from the journal.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;

use rstest::rstest;
use vpc_model::{PeeringConnectionId, VpcId};

use super::*;
use crate::Config;

const KEYS: [(&str, &str); 3] =
    [("123456789012", "us-east-1"), ("444455556666", "us-east-1"), ("123456789012", "eu-west-1")];

fn keys() -> [StateKey; 3] {
    KEYS.map(|(account, region)| StateKey::new(account.into(), region.into()))
}

fn open(journal: Option<&Path>) -> Shared {
    let config = Config { fabric: false, seed: Some(1), journal: journal.map(Path::to_owned), ..Config::default() };
    Shared::open(config).expect("a usable journal")
}

fn call(shared: &Shared, key: &StateKey, form: &str) -> Option<&'static str> {
    let form = format!("Version=2016-11-15&{form}");
    shared.call(key, ec2_api::parse(form.as_bytes()).expect("a call"), &form, "req").code
}

/// A VPC of each place, at an own block.
fn vpcs(shared: &Shared) -> [VpcId; 3] {
    let mut block = 0;
    keys().map(|key| {
        let before: Vec<VpcId> = shared.state(&key).read(|model| model.vpcs().map(|vpc| vpc.id.clone()).collect());
        block += 1;
        assert_eq!(call(shared, &key, &format!("Action=CreateVpc&CidrBlock=10.{block}.0.0/16")), None);
        shared.state(&key).read(|model| {
            let mut all = model.vpcs().map(|vpc| vpc.id.clone());
            all.find(|id| !before.contains(id)).expect("it was made")
        })
    })
}

fn ask(shared: &Shared, vpcs: &[VpcId; 3], from: usize, to: usize) -> Option<&'static str> {
    let (account, region) = KEYS[to];
    let form = format!(
        "Action=CreateVpcPeeringConnection&VpcId={}&PeerVpcId={}&PeerOwnerId={account}&PeerRegion={region}",
        vpcs[from], vpcs[to]
    );
    call(shared, &keys()[from], &form)
}

/// The connections that a place shows, by id.
fn shown(shared: &Shared, key: &StateKey) -> BTreeMap<PeeringConnectionId, &'static str> {
    shared.state(key).read(|model| {
        let shown = model.peerings().filter(|peering| model.is_peering_shown(peering));
        shown.map(|peering| (peering.id.clone(), peering.status.code())).collect()
    })
}

fn whole(shared: &Shared) -> Vec<String> {
    shared.states().iter().map(|(_, state)| state.read(|model| format!("{model:?}"))).collect()
}

fn is_quiet(shared: &Shared) -> bool {
    shared.states().iter().all(|(_, state)| state.read(|model| model.messages().next().is_none()))
}

#[rstest]
#[case::account(1)]
#[case::region(2)]
fn both_sides_know_it_when_the_call_returns(#[case] other: usize) {
    let shared = open(None);
    let vpcs = vpcs(&shared);
    let [here, there] = [&keys()[0], &keys()[other]];
    assert_eq!(ask(&shared, &vpcs, 0, other), None);
    let asked = shown(&shared, there);
    let id = asked.keys().next().expect("the accepter sees the request").clone();
    for (action, key, code) in [("Accept", there, "active"), ("Delete", here, "deleted")] {
        let form = format!("Action={action}VpcPeeringConnection&VpcPeeringConnectionId={id}");
        assert_eq!(call(&shared, key, &form), None, "{action}");
        let both = [here, there].map(|key| shown(&shared, key)[&id]);
        assert_eq!(both, [code; 2], "{action}");
    }
}

#[test]
fn an_account_nobody_used_has_no_such_vpc() {
    let shared = open(None);
    let vpcs = vpcs(&shared);
    let form = format!(
        "Action=CreateVpcPeeringConnection&VpcId={}&PeerVpcId=vpc-01234567&PeerOwnerId=777788889999&PeerRegion=eu-west-1",
        vpcs[0]
    );
    assert_eq!(call(&shared, &keys()[0], &form), None);
    assert_eq!(shown(&shared, &keys()[0]).into_values().collect::<Vec<_>>(), ["failed"]);
}

#[test]
fn replay_leads_both_sides_to_the_same_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.jsonl");
    let shared = open(Some(&path));
    let vpcs = vpcs(&shared);
    ask(&shared, &vpcs, 0, 1);
    ask(&shared, &vpcs, 2, 0);
    let id = shown(&shared, &keys()[1]).into_keys().next().expect("it was asked");
    call(&shared, &keys()[1], &format!("Action=AcceptVpcPeeringConnection&VpcPeeringConnectionId={id}"));
    let (seen, journal) = (whole(&shared), shared.journal().expect("its file"));
    assert!(journal.contains(r#""entry":"deliver""#), "{journal}");
    drop(shared);
    let shared = open(Some(&path));
    assert_eq!(whole(&shared), seen);
    assert_eq!(shared.journal().expect("its file"), journal, "nothing was left to do");
    drop(shared);

    // What was written and not yet delivered when the emulator ended is delivered then.
    let mut lines: Vec<&str> = journal.lines().collect();
    let deliveries = lines.iter().rev().take_while(|line| line.contains(r#""entry":"deliver""#)).count();
    assert!(deliveries > 0, "{journal}");
    for _ in 0..deliveries {
        lines.pop();
        std::fs::write(&path, lines.join("\n") + "\n").expect("written");
        let cut = open(Some(&path));
        assert!(is_quiet(&cut));
        assert_eq!([&keys()[0], &keys()[1]].map(|key| shown(&cut, key)[&id]), ["active"; 2]);
    }
}

#[test]
fn a_reset_ends_it_everywhere() {
    let shared = open(None);
    let before = vpcs(&shared);
    ask(&shared, &before, 0, 1);
    shared.reset().expect("nothing fails");
    for key in keys() {
        assert_eq!(shown(&shared, &key), BTreeMap::new());
    }
    let vpcs = vpcs(&shared);
    ask(&shared, &vpcs, 1, 0);
    assert_eq!(shown(&shared, &keys()[0]).into_values().collect::<Vec<_>>(), ["pending-acceptance"]);
}

#[test]
fn everybody_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("journal.jsonl");
    let shared = open(Some(&path));
    let vpcs = vpcs(&shared);
    thread::scope(|scope| {
        for worker in 0..6 {
            let (shared, vpcs) = (&shared, &vpcs);
            scope.spawn(move || {
                let (mine, other) = (worker % 3, (worker + 1 + worker / 3) % 3);
                for round in 0..25 {
                    ask(shared, vpcs, mine, other);
                    let verb = ["Accept", "Delete", "Accept", "Reject", "Delete"][round % 5];
                    for id in shown(shared, &keys()[mine]).into_keys() {
                        // Whoever comes late is refused.
                        let form = format!("Action={verb}VpcPeeringConnection&VpcPeeringConnectionId={id}");
                        call(shared, &keys()[mine], &form);
                    }
                }
            });
        }
    });
    assert!(is_quiet(&shared));
    let seen = keys().map(|key| shown(&shared, &key));
    assert!(seen.iter().any(|shown| shown.len() > 2), "they made some: {seen:?}");
    for (key, mine) in keys().iter().zip(&seen) {
        shared.state(key).read(|model| {
            for peering in model.peerings().filter(|peering| model.is_peering_shown(peering)) {
                let across = [&peering.requester, &peering.accepter].map(|side| (&side.owner, &side.region));
                for at in keys().iter().zip(&seen).filter(|(key, _)| across.contains(&(&key.account, &key.region))) {
                    assert_eq!(at.1.get(&peering.id), mine.get(&peering.id), "{peering:?} at {:?}", at.0);
                }
            }
        });
    }
    let seen = whole(&shared);
    drop(shared);
    assert_eq!(whole(&open(Some(&path))), seen, "the journal leads there too");
}
