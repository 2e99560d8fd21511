//! Plans of a small fabric, with and without drift.

use std::collections::BTreeMap;

use rstest::rstest;

use super::{Cause, Drift, plan};
use crate::desired::{Desired, Key};
use crate::diff::{Op, diff};
use crate::testing::{Account, interface};
use crate::{NextHop, Object, Options, compile};

/// A VPC with an instance, and one more without.
fn account() -> Account {
    let mut account = Account::with_vpc("10.0.0.0/16");
    let subnet = account.subnet("10.0.1.0/24");
    account.instance(interface(&subnet, &[]));
    account
}

fn desired(account: &Account) -> Desired {
    compile(&account.model, &Options::default())
}

fn key(desired: &Desired, is_it: impl Fn(&Key) -> bool) -> Key {
    desired.objects().find(|(key, _)| is_it(key)).map(|(key, _)| key.clone()).expect("there is such an object")
}

fn drift(key: &Key, drift: Drift) -> BTreeMap<Key, Drift> {
    BTreeMap::from([(key.clone(), drift)])
}

#[test]
fn without_drift_a_plan_is_the_difference() {
    let it = desired(&account());
    assert_eq!(plan(&it, &it, &BTreeMap::new()), vec![]);
    let steps = plan(&Desired::default(), &it, &BTreeMap::new());
    assert!(steps.iter().all(|step| step.cause == Cause::New));
    assert_eq!(steps.into_iter().map(|step| step.op).collect::<Vec<_>>(), diff(&Desired::default(), &it));
    let steps = plan(&it, &Desired::default(), &BTreeMap::new());
    assert!(steps.iter().all(|step| step.cause == Cause::Gone && matches!(step.op, Op::Remove(..))));
}

/// Whatever is altered, only that is mended, rules included.
#[test]
fn altered_objects_are_mended_alone() {
    let it = desired(&account());
    for (key, object) in it.objects() {
        let steps = plan(&it, &it, &drift(key, Drift::Altered("other".into())));
        assert_eq!(steps.len(), 1, "{key}");
        assert_eq!(steps[0].op, Op::Mend(key.clone(), object.clone()));
        assert_eq!(steps[0].to_string(), format!("{} (altered in the kernel: other)", steps[0].op));
    }
}

#[test]
fn what_is_missing_comes_back_with_what_hung_on_it() {
    let it = desired(&account());
    let wire = key(&it, |key| matches!(key, Key::Wire(..)));
    let steps = plan(&it, &it, &drift(&wire, Drift::Missing));
    let reasons: Vec<&Cause> = steps.iter().map(|step| &step.cause).collect();
    assert_eq!(reasons, [&Cause::Missing, &Cause::Remade(wire)]);
    assert!(matches!(steps[1].op, Op::Add(Key::InstanceAddress(..), _)));
}

#[test]
fn what_is_missing_with_nothing_on_it_comes_back_alone() {
    let it = desired(&account());
    let bridge = key(&it, |key| matches!(key, Key::Bridge(..)));
    let steps = plan(&it, &it, &drift(&bridge, Drift::Missing));
    assert_eq!(steps.len(), 1);
    assert_eq!((&steps[0].cause, steps[0].op.action()), (&Cause::Missing, "add"));
}

/// Rules that somebody altered are not changed by a difference to what they were, but made anew.
#[test]
fn altered_rules_that_change_are_replaced() {
    let mut account = account();
    let before = desired(&account);
    let subnet = account.subnet("10.0.2.0/24");
    account.instance(interface(&subnet, &[]));
    let after = desired(&account);
    let rules = key(&after, |key| matches!(key, Key::Rules(_)));
    let steps = plan(&before, &after, &drift(&rules, Drift::Altered("generation 7".into())));
    let step = steps.iter().find(|step| *step.op.key() == rules).expect("the rules change");
    assert_eq!(step.op, Op::Mend(rules.clone(), after.get(&rules).unwrap().clone()));
    let first_add = steps.iter().position(|step| matches!(step.op, Op::Add(Key::Wire(..), _))).unwrap();
    assert!(steps.iter().position(|step| *step.op.key() == rules).unwrap() < first_add);
}

/// What the model takes away is not mended first.
#[rstest]
#[case::altered(Drift::Altered("other".into()))]
#[case::missing(Drift::Missing)]
fn what_is_gone_is_not_mended(#[case] found: Drift) {
    let it = desired(&account());
    let mut smaller = it.clone();
    let address = key(&it, |key| matches!(key, Key::InstanceAddress(..)));
    smaller.remove(&address);
    let steps = plan(&it, &smaller, &drift(&address, found));
    assert_eq!(steps.len(), 1);
    assert!(steps.iter().all(|step| step.cause == Cause::Gone));
}

#[test]
fn changes_say_so() {
    let mut it = desired(&account());
    let before = it.clone();
    let route = key(&it, |key| matches!(before.get(key), Some(Object::Route(NextHop::Blackhole))));
    it.insert(route, Object::Route(NextHop::Local));
    let changed: Vec<_> = plan(&before, &it, &BTreeMap::new());
    assert!(changed.iter().all(|step| step.cause == Cause::Changed), "{changed:?}");
    assert_eq!(changed.len(), 1);
}

/// Rules that somebody altered are written whole where they change too: what is there is not what they change from.
#[test]
fn altered_rules_are_not_changed_by_their_difference() {
    let mut account = account();
    account.internet_gateway();
    let subnet = account.model.subnets().next().expect("there is one").id.clone();
    let nat = account.nat_gateway(&subnet, 1);
    let before = desired(&account);
    account.grow_nat_gateway(&nat);
    let group = account.group("late");
    account.instance(interface(&subnet, &[&group]));
    let after = desired(&account);
    for altered in [Key::Rules(account.vpc.clone()), key(&before, |key| matches!(key, Key::NatGateway(_)))] {
        let op_for = |drift: &BTreeMap<Key, Drift>| {
            let steps = plan(&before, &after, drift);
            steps.into_iter().find(|step| *step.op.key() == altered).expect("it changes").op
        };
        assert!(matches!(op_for(&BTreeMap::new()), Op::Change { .. }), "{altered}");
        let whole = Op::Mend(altered.clone(), after.get(&altered).expect("it stays").clone());
        assert_eq!(op_for(&drift(&altered, Drift::Altered("other".into()))), whole);
    }
}
