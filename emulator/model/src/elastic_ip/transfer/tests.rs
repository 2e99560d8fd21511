//! Addresses on their way from one account to another.

use rstest::rstest;

use super::*;
use crate::testing::{OTHER_ACCOUNT, Pair};

/// An address that side 0 offers to side 1.
fn offered() -> (Pair, AllocationId, Ipv4Addr) {
    let mut pair = Pair::new(OTHER_ACCOUNT);
    let id = pair.on(0, |model, cx| model.allocate_address(cx, Tags::default())).expect("there is room");
    let transfer = offer(&mut pair, 0, &id).expect("it can be offered");
    (pair, id, transfer.public_ip)
}

fn offer(pair: &mut Pair, side: usize, id: &AllocationId) -> Result<AddressTransfer, ElasticIpError> {
    let account = pair.sides[1 - side].account().clone();
    pair.on(side, |model, cx| model.enable_address_transfer(cx, id, account))
}

fn accept(pair: &mut Pair, side: usize, address: Ipv4Addr) -> Result<AddressTransfer, ElasticIpError> {
    pair.on(side, |model, cx| model.accept_address_transfer(cx, address, Tags::default()))
}

fn check(pair: &Pair) {
    for model in &pair.sides {
        assert_eq!(model.check_invariants(), Ok(()));
    }
}

#[test]
fn an_accepted_address_is_the_other_accounts() {
    let (mut pair, id, address) = offered();
    pair.pass(SignedDuration::from_hours(1));
    let accepted = accept(&mut pair, 1, address).expect("it is offered");
    assert_ne!(accepted.allocation_id, id);
    assert_eq!(pair.sides[1].elastic_ip_by_address(address).map(|found| &found.id), Ok(&accepted.allocation_id));
    assert_eq!(pair.sides[0].elastic_ip_by_address(address), Err(ElasticIpError::AddressNotFound(address)));
    let former = AddressTransfer { allocation_id: id, ..accepted };
    assert_eq!((former.account.0.as_str(), former.accepted), (OTHER_ACCOUNT.0, Some(pair.now)));
    assert_eq!(pair.sides[0].address_transfers(), [&former]);
    assert!(pair.sides[1].address_transfers().is_empty());
    check(&pair);
    pair.pass(SignedDuration::from_hours(14 * 24));
    assert!(pair.sides[0].address_transfers().is_empty());
}

#[test]
fn an_address_goes_back_and_forth() {
    let (mut pair, _, address) = offered();
    for round in 0..4 {
        let (owner, other) = (round % 2, 1 - round % 2);
        let accepted = accept(&mut pair, other, address).expect("it is offered");
        assert_eq!(accept(&mut pair, other, address), Err(ElasticIpError::AddressNotFound(address)), "once");
        check(&pair);
        assert!(pair.sides[owner].elastic_ips().next().is_none());
        offer(&mut pair, other, &accepted.allocation_id).expect("it is there");
    }
}

#[rstest]
#[case::taken_back(|model: &mut Model, id: &AllocationId| drop(model.disable_address_transfer(id)))]
#[case::released(|model: &mut Model, id: &AllocationId| drop(model.release_address(id)))]
fn an_offer_that_is_no_more(#[case] end: fn(&mut Model, &AllocationId)) {
    let (mut pair, id, address) = offered();
    pair.on(0, |model, _| end(model, &id));
    assert_eq!(accept(&mut pair, 1, address), Err(ElasticIpError::AddressNotFound(address)));
}

#[test]
fn an_offer_ends() {
    let (mut pair, _, address) = offered();
    pair.now += OPEN_FOR;
    assert_eq!(accept(&mut pair, 1, address), Err(ElasticIpError::AddressNotFound(address)));
    pair.pass(SignedDuration::ZERO);
    assert!(pair.sides[0].address_transfers().is_empty());
    assert!(pair.sides[1].address_offers.is_empty());
}

#[test]
fn a_name_holds_it_up() {
    let (mut pair, id, address) = offered();
    pair.on(0, |model, _| model.set_address_name(&id, Some("mail.example.com".into()))).expect("it is there");
    assert_eq!(accept(&mut pair, 1, address), Err(ElasticIpError::TransferNamed(address)));
    pair.on(0, |model, _| model.set_address_name(&id, None)).expect("it is there");
    accept(&mut pair, 1, address).expect("nothing holds it up");
}

#[test]
fn an_association_holds_it_up() {
    let (mut pair, id, address) = offered();
    let interface = pair.on(0, |model, cx| {
        model.create_default_vpc(cx).expect("there is none");
        let subnet = model.subnets().next().expect("it has some").id.clone();
        let id = model.create_network_interface(cx, crate::NewInterface::in_subnet(subnet)).expect("there is room");
        crate::AddressTarget::Interface(id)
    });
    let association = pair.on(0, |model, cx| model.associate_address(cx, &id, &interface, None, false));
    assert_eq!(accept(&mut pair, 1, address), Err(ElasticIpError::TransferAssociated(address)));
    pair.on(0, |model, _| model.disassociate_address(&association.expect("it is free"))).expect("it is mapped");
    accept(&mut pair, 1, address).expect("nothing holds it up");
    check(&pair);
}

#[test]
fn the_other_accounts_quota_counts() {
    let (mut pair, _, address) = offered();
    for _ in 0..5 {
        pair.on(1, |model, cx| model.allocate_address(cx, Tags::default())).expect("there is room");
    }
    assert_eq!(accept(&mut pair, 1, address), Err(ElasticIpError::TooMany));
}
