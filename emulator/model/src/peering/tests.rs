//! Both sides of connections between accounts and regions.

use jiff::SignedDuration;
use rstest::rstest;

use super::*;
use crate::testing::{OTHER_ACCOUNT, OTHER_BOTH, OTHER_REGION, Pair};
use crate::{Direction, IpProtocol, NewRule};

fn ask_for(pair: &mut Pair, vpc_id: &VpcId, peer_vpc_id: &VpcId) -> PeeringConnectionId {
    let there = pair.sides[1].place();
    let new = NewPeering {
        vpc_id: vpc_id.clone(),
        peer_vpc_id: peer_vpc_id.clone(),
        peer_owner: Some(there.account),
        peer_region: Some(there.region),
        options: PeeringOptions::default(),
        tags: Tags::default(),
    };
    pair.on(0, |model, cx| model.create_peering(cx, new)).expect("both can be named")
}

/// A request from side 0 to side 1.
fn asked(there: (&str, &str)) -> (Pair, PeeringConnectionId) {
    let mut pair = Pair::new(there);
    let [one, other] = [pair.vpc(0, "10.0.0.0/16"), pair.vpc(1, "10.1.0.0/16")];
    let id = ask_for(&mut pair, &one, &other);
    (pair, id)
}

fn accepted(there: (&str, &str)) -> (Pair, PeeringConnectionId) {
    let (mut pair, id) = asked(there);
    pair.on(1, |model, cx| model.accept_peering(cx, &id)).expect("it waits");
    (pair, id)
}

/// The status code on both sides; none where the connection is not shown.
fn codes(pair: &Pair, id: &PeeringConnectionId) -> [Option<&'static str>; 2] {
    let code = |model: &Model| {
        let shown = model.peerings.get(id).filter(|peering| model.is_peering_shown(peering));
        shown.map(|peering| peering.status.code())
    };
    [code(&pair.sides[0]), code(&pair.sides[1])]
}

fn both(code: &'static str) -> [Option<&'static str>; 2] {
    [Some(code), Some(code)]
}

#[rstest]
#[case::account(OTHER_ACCOUNT)]
#[case::region(OTHER_REGION)]
#[case::both(OTHER_BOTH)]
fn from_request_to_end(#[case] there: (&str, &str)) {
    let (mut pair, id) = asked(there);
    assert_eq!(codes(&pair, &id), both("pending-acceptance"));
    let before = pair.sides.each_ref().map(|model| model.peerings[&id].accepter.ipv4_blocks.len());
    assert_eq!(before, [0, 0], "an accepter shows nothing yet");
    pair.on(1, |model, cx| model.accept_peering(cx, &id)).expect("it waits");
    assert_eq!(codes(&pair, &id), both("active"));
    let [one, other] = pair.sides.each_ref().map(|model| {
        let mut peering = model.peerings[&id].clone();
        // A side's groups are told to the other alone.
        [&mut peering.requester, &mut peering.accepter].into_iter().for_each(|side| side.groups.clear());
        peering
    });
    assert_eq!(one.accepter.ipv4_blocks, ["10.1.0.0/16".parse().expect("a block")]);
    assert_eq!(one, other, "both sides show the same");
    pair.on(0, |model, cx| model.delete_peering(cx, &id)).expect("it is in use");
    assert_eq!(codes(&pair, &id), both("deleted"));
}

#[rstest]
#[case::account(OTHER_ACCOUNT, [None, Some("deleted")])]
#[case::region(OTHER_REGION, [None, None])]
fn who_deleted_it_sees_it_for_less_time(#[case] there: (&str, &str), #[case] later: [Option<&str>; 2]) {
    let (mut pair, id) = accepted(there);
    pair.on(0, |model, cx| model.delete_peering(cx, &id)).expect("it is in use");
    pair.pass(SignedDuration::from_hours(3));
    assert_eq!(codes(&pair, &id), later);
    pair.pass(SignedDuration::from_hours(48));
    assert_eq!(codes(&pair, &id), [None, None]);
}

#[rstest]
#[case::unknown(None)]
#[case::same_block(Some("10.0.0.0/16"))]
#[case::within(Some("10.0.9.0/24"))]
fn what_cannot_be_fails_and_is_not_shown_there(#[case] block: Option<&str>) {
    let mut pair = Pair::new(OTHER_ACCOUNT);
    let one = pair.vpc(0, "10.0.0.0/16");
    let other = block.map_or_else(|| "vpc-01234567".parse().expect("an id"), |block| pair.vpc(1, block));
    let id = ask_for(&mut pair, &one, &other);
    assert_eq!(codes(&pair, &id), [Some("failed"), None]);
    let accepted = pair.on(1, |model, cx| model.accept_peering(cx, &id));
    assert_eq!(accepted, Err(PeeringError::NotFound(id.clone())));
    pair.pass(SignedDuration::from_hours(2));
    assert_eq!(codes(&pair, &id), [None, None]);
}

#[test]
fn a_rejected_request_is_rejected_on_both_sides() {
    let (mut pair, id) = asked(OTHER_ACCOUNT);
    pair.on(1, |model, cx| model.reject_peering(cx, &id)).expect("it waits");
    assert_eq!(codes(&pair, &id), both("rejected"));
    assert_eq!(pair.sides[0].peerings[&id].message(), "Rejected by 444455556666");
    pair.pass(SignedDuration::from_hours(2));
    assert_eq!(codes(&pair, &id), [Some("rejected"), None]);
}

#[test]
fn a_request_ends_on_both_sides() {
    let (mut pair, id) = asked(OTHER_BOTH);
    pair.pass(SignedDuration::from_hours(7 * 24));
    assert_eq!(codes(&pair, &id), both("expired"));
    pair.pass(SignedDuration::from_hours(47));
    assert_eq!(codes(&pair, &id), both("expired"));
    pair.pass(SignedDuration::from_hours(1));
    assert_eq!(codes(&pair, &id), [None, None]);
}

#[rstest]
#[case::requester_accepts(0, Model::accept_peering)]
#[case::requester_rejects(0, Model::reject_peering)]
#[case::accepter_deletes(1, Model::delete_peering)]
fn the_wrong_account(
    #[case] side: usize,
    #[case] change: fn(&mut Model, &mut Context<'_>, &PeeringConnectionId) -> Result<(), PeeringError>,
) {
    let (mut pair, id) = asked(OTHER_ACCOUNT);
    let refused = pair.on(side, |model, cx| change(model, cx, &id));
    assert!(matches!(refused, Err(PeeringError::NotYours { .. })), "{refused:?}");
    assert_eq!(codes(&pair, &id), both("pending-acceptance"));
}

#[test]
fn the_wrong_region() {
    let (mut pair, id) = asked(OTHER_REGION);
    let refused = pair.on(0, |model, cx| model.accept_peering(cx, &id));
    assert!(matches!(refused, Err(PeeringError::Elsewhere { .. })), "{refused:?}");
}

#[test]
fn blocks_that_come_later_are_told() {
    let (mut pair, id) = accepted(OTHER_ACCOUNT);
    let requester = pair.sides[0].peerings[&id].requester.vpc_id.clone();
    let block = "10.9.0.0/16".parse().expect("a block");
    pair.on(0, |model, cx| model.associate_vpc_cidr_block(cx, &requester, block)).expect("it is free");
    assert!(pair.sides[1].peerings[&id].requester.ipv4_blocks.contains(&block));
}

#[test]
fn a_block_that_came_before_the_answer_is_looked_at() {
    let (mut pair, id) = asked(OTHER_ACCOUNT);
    let accepter = pair.sides[1].peerings[&id].accepter.vpc_id.clone();
    let block = "10.0.9.0/24".parse().expect("a block of the requester's");
    pair.on(1, |model, cx| model.associate_vpc_cidr_block(cx, &accepter, block)).expect("it is free");
    pair.on(1, |model, cx| model.accept_peering(cx, &id)).expect("it waits");
    assert_eq!(codes(&pair, &id), both("failed"));
}

#[test]
fn options_are_told() {
    let (mut pair, id) = accepted(OTHER_BOTH);
    let change = PeeringOptionChange { dns_resolution: Some(true), multipath: None };
    pair.on(1, |model, _| model.modify_peering_options(&id, None, Some(change))).expect("it is in use");
    assert!(pair.sides[0].peerings[&id].accepter.options.dns_resolution);
    let refused = pair.on(1, |model, _| model.modify_peering_options(&id, Some(change), None));
    assert!(matches!(refused, Err(PeeringError::NotYours { .. })), "{refused:?}");
}

#[test]
fn a_vpc_takes_its_connections_along_on_both_sides() {
    let (mut pair, id) = accepted(OTHER_BOTH);
    let accepter = pair.sides[1].peerings[&id].accepter.vpc_id.clone();
    pair.on(1, |model, cx| model.delete_vpc(cx, &accepter)).expect("it is empty");
    assert_eq!(codes(&pair, &id), both("deleted"));
    assert_eq!(pair.sides[0].peerings[&id].message(), "Deleted by 444455556666");
}

#[test]
fn phases_take_their_time_on_both_sides() {
    let (mut pair, id) = accepted(OTHER_REGION);
    let delays = crate::Delays { other: SignedDuration::from_secs(5), ..crate::Delays::default() };
    pair.sides.iter_mut().for_each(|model| model.set_delays(delays));
    pair.on(1, |model, cx| model.delete_peering(cx, &id)).expect("it is in use");
    assert_eq!(codes(&pair, &id), both("deleting"));
    pair.pass(SignedDuration::from_secs(5));
    assert_eq!(codes(&pair, &id), both("deleted"));
}

#[test]
fn tags_are_each_sides_own() {
    let (mut pair, id) = asked(OTHER_ACCOUNT);
    pair.on(1, |model, _| {
        let tag = ("Name".to_owned(), "theirs".to_owned());
        model.peerings.get_mut(&id).expect("it is there").tags.extend([tag]);
        model.touch();
    });
    pair.on(1, |model, cx| model.accept_peering(cx, &id)).expect("it waits");
    let tags = pair.sides.each_ref().map(|model| model.peerings[&id].tags.iter().count());
    assert_eq!(tags, [0, 1]);
}

#[test]
fn what_has_been_forgotten_stays_so() {
    let (mut pair, id) = accepted(OTHER_ACCOUNT);
    let requester = pair.sides[0].peerings[&id].requester.vpc_id.clone();
    pair.on(1, |model, cx| model.delete_peering(cx, &id)).expect("it is in use");
    pair.pass(SignedDuration::from_hours(2));
    let block = "10.9.0.0/16".parse().expect("a block");
    pair.on(0, |model, cx| model.associate_vpc_cidr_block(cx, &requester, block)).expect("it is free");
    assert_eq!(codes(&pair, &id), [Some("deleted"), None]);
}

/// A group of each side's VPC.
fn groups(pair: &mut Pair, id: &PeeringConnectionId) -> [SecurityGroupId; 2] {
    [0, 1].map(|at| {
        let peering = &pair.sides[at].peerings[id];
        let vpc = [&peering.requester.vpc_id, &peering.accepter.vpc_id][at].clone();
        pair.on(at, |model, cx| model.create_security_group(cx, &vpc, "web", "for the web", Tags::default()))
            .expect("the name is free")
    })
}

#[rstest]
#[case::another_account(OTHER_ACCOUNT, true)]
#[case::another_region(OTHER_BOTH, false)]
fn groups_across_accounts(#[case] there: (&str, &str), #[case] can_be_named: bool) {
    let (mut pair, id) = accepted(there);
    let [mine, theirs] = groups(&mut pair, &id);
    let (vpc, owner) = (pair.sides[0].peerings[&id].requester.vpc_id.clone(), pair.sides[1].account().clone());
    let named = pair.sides[0].group_of_peer(&vpc, &theirs, &owner, None);
    assert_eq!(named.is_ok(), can_be_named, "{named:?}");
    let unknown = "sg-01234567".parse().expect("an id");
    assert!(pair.sides[0].group_of_peer(&vpc, &unknown, &owner, None).is_err());
    let Ok(peer) = named else { return };
    let rule = NewRule { protocol: IpProtocol::All, ports: None, peer, description: None };
    pair.on(0, |model, cx| model.authorize_security_group(cx, &mine, Direction::Ingress, vec![rule], &Tags::default()))
        .expect("it is in reach");
    let is_stale = |pair: &Pair| {
        let group = pair.sides[0].security_group(&mine).expect("it is there");
        group.rules_of(Direction::Ingress).any(|rule| pair.sides[0].is_stale(group, rule))
    };
    assert_eq!(pair.sides[1].references_to(&theirs), [(&vpc, &id)]);
    assert!(!is_stale(&pair));
    pair.on(1, |model, _| model.delete_security_group(&theirs)).expect("only another account names it");
    assert!(is_stale(&pair));
}
