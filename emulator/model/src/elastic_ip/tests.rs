use std::net::Ipv4Addr;

use super::{AddressTarget, ElasticIpError};
use crate::testing::Account;
use crate::{Addresses, AllocationId, NetworkInterfaceId, Tags, WantedAddresses};

fn allocate(account: &mut Account) -> AllocationId {
    account.with(|model, cx| model.allocate_address(cx, Tags::new())).expect("there is room")
}

fn associate(account: &mut Account, id: &AllocationId, eni: &NetworkInterfaceId, private_ip: Option<Ipv4Addr>) {
    let target = AddressTarget::Interface(eni.clone());
    account.with(|model, cx| model.associate_address(cx, id, &target, private_ip, true)).expect("both are there");
}

fn mapped(account: &Account, id: &AllocationId) -> Option<(NetworkInterfaceId, Ipv4Addr)> {
    let found = account.model.elastic_ip(id).expect("it is there").association.clone();
    found.map(|association| (association.network_interface_id, association.private_ip))
}

#[test]
fn addresses_are_distinct_and_limited() {
    let mut account = Account::new();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..5 {
        let id = allocate(&mut account);
        assert!(seen.insert(account.model.elastic_ip(&id).expect("it is there").public_ip));
    }
    let sixth = account.with(|model, cx| model.allocate_address(cx, Tags::new()));
    assert_eq!(sixth, Err(ElasticIpError::TooMany));
    assert_eq!(account.model.check_invariants(), Ok(()));
}

#[test]
fn an_address_moves_and_the_one_in_its_place_goes() {
    let mut account = Account::new();
    let (first, second) = (allocate(&mut account), allocate(&mut account));
    let (one, other) = (account.interface(), account.interface());
    associate(&mut account, &first, &one, None);
    associate(&mut account, &second, &other, None);
    associate(&mut account, &first, &other, None);
    assert_eq!(mapped(&account, &first).map(|(eni, _)| eni), Some(other));
    assert_eq!(mapped(&account, &second), None);
    assert_eq!(account.model.check_invariants(), Ok(()));
}

#[test]
fn an_address_outlives_what_it_is_mapped_to() {
    let mut account = Account::new();
    let (first, second) = (allocate(&mut account), allocate(&mut account));
    let eni = account.interface();
    let wanted = WantedAddresses { ipv4_count: 1, ..WantedAddresses::default() };
    let added = account.with(|model, cx| model.assign_addresses(cx, &eni, wanted, false)).expect("there is room");
    associate(&mut account, &first, &eni, None);
    associate(&mut account, &second, &eni, Some(added.ipv4[0]));
    let gone = Addresses { ipv4: added.ipv4.clone(), ..Addresses::default() };
    account.model.unassign_addresses(&eni, &gone).expect("it has it");
    assert_eq!(mapped(&account, &second), None);
    account.model.delete_network_interface(&eni).expect("it is free");
    assert_eq!(mapped(&account, &first), None);
    assert_eq!(account.model.check_invariants(), Ok(()));
}

#[test]
fn an_instance_has_a_public_address_while_it_runs() {
    let mut account = Account::new();
    let id = account.instance("m5.large");
    let shown = |account: &Account| {
        let primary = account.model.interfaces_of(&id).next().expect("it has one");
        account.model.public_address_of(primary, primary.primary_ip().expect("it has one")).map(|found| found.address)
    };
    assert!(shown(&account).is_some());
    let now = account.now;
    account.model.stop_instances(now, std::slice::from_ref(&id)).expect("it runs");
    account.model.instance_stopped(&id);
    assert_eq!(shown(&account), None);
    account.model.start_instances(now, std::slice::from_ref(&id)).expect("it is stopped");
    assert!(shown(&account).is_some());
    assert_eq!(account.model.check_invariants(), Ok(()));
}

#[test]
fn an_elastic_ip_takes_the_place_of_amazons() {
    let mut account = Account::new();
    let id = account.instance("m5.large");
    let allocation = allocate(&mut account);
    let target = AddressTarget::Instance(id.clone());
    account.with(|model, cx| model.associate_address(cx, &allocation, &target, None, false)).expect("it runs");
    let primary = account.model.interfaces_of(&id).next().expect("it has one");
    assert_eq!(primary.public_ip, None);
    assert_eq!(account.model.instance_behind(account.model.elastic_ip(&allocation).expect("it is there")), Some(&id));
    assert_eq!(account.model.check_invariants(), Ok(()));
}
