//! ENIs: what is refused, and the way of an attachment.

use rstest::rstest;

use super::*;
use crate::testing::{Account, attachment};
use crate::{Connectivity, Model, NewNatAddresses, NewNatGateway, NewVpc, TrunkError, VlanId, WantedAddresses};

#[test]
fn a_new_interface_has_an_address_a_mac_and_the_default_group() {
    let mut account = Account::new();
    let id = account.interface();
    let interface = account.model.network_interface(&id).expect("it was just made");
    assert_eq!(interface.primary_ip(), Some("172.31.0.4".parse().unwrap()));
    assert_eq!(interface.mac.0[0], 0x02);
    let vpc = account.model.default_vpc().unwrap();
    assert_eq!(interface.groups, std::slice::from_ref(&vpc.default_security_group_id));
    assert_eq!(account.model.status_of(interface), InterfaceStatus::Available);
    assert_eq!(account.model.available_ip_address_count(&interface.subnet_id), 4090);
    let found = account.model.eni_by_address(&vpc.id, "172.31.0.4".parse().unwrap());
    assert_eq!(found.map(|found| &found.id), Some(&id));
    account.model.check_invariants().unwrap();
}

#[test]
fn an_attachment_comes_and_goes() {
    let mut account = Account::new();
    let instance = account.instance("m5.large");
    assert_eq!(account.model.instance(&instance).unwrap().state, crate::InstanceState::Running);
    let eni = account.interface();
    let status = |model: &Model| {
        let interface = model.network_interface(&eni).unwrap();
        (interface.attachment.as_ref().map(|attachment| attachment.status), model.status_of(interface))
    };
    let id = account.with(|model, cx| model.attach_network_interface(cx, attachment(&eni, &instance, 1))).unwrap();
    assert_eq!(status(&account.model), (Some(AttachmentStatus::Attaching), InterfaceStatus::InUse));
    account.model.attachment_ready(&eni);
    assert_eq!(status(&account.model), (Some(AttachmentStatus::Attached), InterfaceStatus::InUse));
    assert_eq!(account.model.delete_network_interface(&eni), Err(InterfaceError::InUse(eni.clone())));
    account.with(|model, cx| model.detach_network_interface(cx, &id)).unwrap();
    assert_eq!(status(&account.model), (Some(AttachmentStatus::Detaching), InterfaceStatus::Detaching));
    assert_eq!(account.model.delete_network_interface(&eni), Err(InterfaceError::InUse(eni.clone())));
    account.model.attachment_gone(&eni);
    assert_eq!(status(&account.model), (Some(AttachmentStatus::Detached), InterfaceStatus::Available));
    let interface = account.model.network_interface(&eni).unwrap();
    assert!(interface.shown_attachment(account.now).is_some(), "whoever polls sees that it ended");
    assert!(interface.shown_attachment(account.now + SignedDuration::from_mins(1)).is_none());
    account.model.check_invariants().unwrap();
    account.model.delete_network_interface(&eni).unwrap();
    account.model.check_invariants().unwrap();
}

#[test]
fn the_primary_interface_stays() {
    let mut account = Account::new();
    let instance = account.instance("m5.large");
    let id = account.model.interfaces_of(&instance).next().unwrap().attachment.clone().unwrap().id;
    let result = account.with(|model, cx| model.detach_network_interface(cx, &id));
    assert_eq!(result, Err(InterfaceError::PrimaryInterface));
}

#[rstest]
#[case::taken(0, |_: &mut NewAttachment| {}, "device_index: 0")]
#[case::limit(3, |_: &mut NewAttachment| {}, "TooManyAttachments")]
#[case::no_card(1, |new: &mut NewAttachment| new.network_card_index = 1, "NoSuchCard")]
fn attach_is_refused(#[case] index: u16, #[case] change: fn(&mut NewAttachment), #[case] expected: &str) {
    let mut account = Account::new();
    let instance = account.instance("m5.large");
    for index in 1..index {
        let eni = account.interface();
        account.with(|model, cx| model.attach_network_interface(cx, attachment(&eni, &instance, index))).unwrap();
    }
    let mut new = attachment(&account.interface(), &instance, index);
    change(&mut new);
    let error = account.with(|model, cx| model.attach_network_interface(cx, new)).unwrap_err();
    assert!(format!("{error:?}").contains(expected), "{error:?}");
    account.model.check_invariants().unwrap();
}

#[test]
fn attach_needs_the_same_zone_and_a_free_interface() {
    let mut account = Account::new();
    let instance = account.instance("m5.large");
    let elsewhere = NewInterface::in_subnet(account.subnet('b'));
    let elsewhere = account.with(|model, cx| model.create_network_interface(cx, elsewhere)).unwrap();
    let error = account.with(|model, cx| model.attach_network_interface(cx, attachment(&elsewhere, &instance, 1)));
    assert!(matches!(error, Err(InterfaceError::OtherZone { .. })));
    let eni = account.interface();
    account.with(|model, cx| model.attach_network_interface(cx, attachment(&eni, &instance, 1))).unwrap();
    let error = account.with(|model, cx| model.attach_network_interface(cx, attachment(&eni, &instance, 2)));
    assert_eq!(error, Err(InterfaceError::AlreadyAttached(eni)));
}

#[test]
fn trunks_need_a_type_that_can_have_them() {
    let mut account = Account::new();
    let new = NewInterface { interface_type: InterfaceType::Trunk, ..NewInterface::in_subnet(account.subnet('a')) };
    let trunk = account.with(|model, cx| model.create_network_interface(cx, new)).unwrap();
    let small = account.instance("t3.large");
    let error = account.with(|model, cx| model.attach_network_interface(cx, attachment(&trunk, &small, 1)));
    assert_eq!(error, Err(InterfaceError::TrunkUnsupported("t3.large".into())));
    let large = account.instance("m5.large");
    account.with(|model, cx| model.attach_network_interface(cx, attachment(&trunk, &large, 1))).unwrap();
}

#[test]
fn addresses_are_limited_by_the_instance_type() {
    let mut account = Account::new();
    let instance = account.instance("m5.large");
    let primary = account.model.interfaces_of(&instance).next().unwrap().id.clone();
    let count = |ipv4_count, ipv4_prefix_count| WantedAddresses { ipv4_count, ipv4_prefix_count, ..Default::default() };
    let mut assign = |wanted| account.with(|model, cx| model.assign_addresses(cx, &primary, wanted, false));
    assert_eq!(assign(count(8, 0)).unwrap().ipv4.len(), 8);
    let full = InterfaceError::TooManyAddresses { instance_type: "m5.large".into(), limit: 10 };
    assert_eq!(assign(count(0, 2)), Err(full.clone()));
    assert_eq!(assign(count(0, 1)).unwrap().ipv4_prefixes, ["172.31.0.16/28".parse().unwrap()]);
    assert_eq!(assign(count(1, 0)), Err(full));
    let found = account.model.eni_by_address(&account.vpc(), "172.31.0.20".parse().unwrap());
    assert_eq!(found.map(|found| &found.id), Some(&primary), "the prefix counts");
    account.model.check_invariants().unwrap();
}

#[test]
fn unassigning_spares_the_primary_and_foreign_addresses() {
    let mut account = Account::new();
    let eni = account.interface();
    let two = WantedAddresses { ipv4_count: 2, ..Default::default() };
    let added = account.with(|model, cx| model.assign_addresses(cx, &eni, two, false)).unwrap();
    let primary = Addresses { ipv4: vec!["172.31.0.4".parse().unwrap()], ..Default::default() };
    assert_eq!(account.model.unassign_addresses(&eni, &primary), Err(InterfaceError::PrimaryAddress(eni.clone())));
    let foreign = Addresses { ipv4: vec![added.ipv4[0], "172.31.0.99".parse().unwrap()], ..Default::default() };
    let error = InterfaceError::NotAssigned { id: eni.clone(), addresses: "172.31.0.99".into() };
    assert_eq!(account.model.unassign_addresses(&eni, &foreign), Err(error));
    account.model.unassign_addresses(&eni, &added).unwrap();
    assert_eq!(account.model.network_interface(&eni).unwrap().private_ips.len(), 1);
    account.model.check_invariants().unwrap();
}

#[test]
fn reassignment_moves_secondary_addresses_only() {
    let mut account = Account::new();
    let (one, other) = (account.interface(), account.interface());
    let named = |address: &str| WantedAddresses { ipv4: vec![address.parse().unwrap()], ..WantedAddresses::default() };
    account.with(|model, cx| model.assign_addresses(cx, &one, named("172.31.0.50"), false)).unwrap();
    let in_use = Err(InterfaceError::Address(crate::AddressError::InUse("172.31.0.50".parse().unwrap())));
    let moved = |account: &mut Account, address, allow| {
        account.with(|model, cx| model.assign_addresses(cx, &other, named(address), allow))
    };
    assert_eq!(moved(&mut account, "172.31.0.50", false), in_use);
    moved(&mut account, "172.31.0.50", true).unwrap();
    assert!(moved(&mut account, "172.31.0.4", true).is_err(), "a primary address does not move");
    let found = account.model.eni_by_address(&account.vpc(), "172.31.0.50".parse().unwrap());
    assert_eq!(found.map(|found| &found.id), Some(&other));
    account.model.check_invariants().unwrap();
}

#[test]
fn groups_must_be_the_vpcs_own_and_not_too_many() {
    let mut account = Account::new();
    let vpc = account.with(|model, cx| model.create_vpc(cx, NewVpc::with_block("10.0.0.0/16".parse().unwrap())));
    let foreign = account.model.vpc(&vpc.unwrap()).unwrap().default_security_group_id.clone();
    let eni = account.interface();
    let set = |account: &mut Account, groups| {
        account.model.modify_network_interface(&eni, InterfaceAttribute::Groups(groups))
    };
    assert_eq!(set(&mut account, vec![foreign.clone()]), Err(InterfaceError::GroupInOtherVpc(foreign)));
    let vpc = account.vpc();
    let groups: Vec<_> = (0..6)
        .map(|n| {
            let name = format!("group {n}");
            account.with(|model, cx| model.create_security_group(cx, &vpc, &name, "one", Tags::new())).unwrap()
        })
        .collect();
    assert_eq!(set(&mut account, groups.clone()), Err(InterfaceError::TooManyGroups(5)));
    set(&mut account, groups[1..].to_vec()).unwrap();
    set(&mut account, groups[..1].to_vec()).unwrap();
    account.model.check_invariants().unwrap();
    assert_eq!(account.model.interfaces_with_group(&groups[0]).count(), 1);
    assert_eq!(account.model.interfaces_with_group(&groups[1]).count(), 0);
}

#[test]
fn a_branch_is_in_use_until_its_trunk_goes() {
    let mut account = Account::new();
    let instance = account.instance("m5.large");
    let new = NewInterface { interface_type: InterfaceType::Trunk, ..NewInterface::in_subnet(account.subnet('a')) };
    let trunk = account.with(|model, cx| model.create_network_interface(cx, new)).unwrap();
    let mut at_trunk = attachment(&trunk, &instance, 1);
    at_trunk.delete_on_termination = true;
    account.with(|model, cx| model.attach_network_interface(cx, at_trunk)).unwrap();
    let branches: Vec<_> = (0..11).map(|_| account.interface()).collect();
    let associate = |account: &mut Account, at: usize, vlan| {
        let vlan = VlanId::new(vlan).unwrap();
        account.with(|model, cx| model.associate_trunk_interface(cx, &trunk, &branches[at], vlan, Tags::new()))
    };
    let first = associate(&mut account, 0, 1).unwrap();
    assert!(matches!(associate(&mut account, 1, 1), Err(TrunkError::VlanInUse { .. })));
    assert!(matches!(associate(&mut account, 0, 2), Err(TrunkError::BranchInUse(_))));
    for at in 1..9 {
        associate(&mut account, at, 1 + at as u16).unwrap();
    }
    assert!(matches!(associate(&mut account, 9, 10), Err(TrunkError::TooManyBranches { limit: 9, .. })));
    let state =
        |account: &Account, at: usize| account.model.status_of(account.model.network_interface(&branches[at]).unwrap());
    assert_eq!(state(&account, 0), InterfaceStatus::InUse);
    assert_eq!(account.model.interfaces_of(&instance).count(), 2, "branches are not the instance's interfaces");
    account.model.disassociate_trunk_interface(&first).unwrap();
    assert_eq!(state(&account, 0), InterfaceStatus::Available);
    // A branch that is associated can be deleted; that ends its association.
    account.model.delete_network_interface(&branches[1]).unwrap();
    assert_eq!(account.model.branches_of(&trunk).count(), 7);
    account.model.check_invariants().unwrap();
    account.model.terminate_instances(account.now, std::slice::from_ref(&instance)).unwrap();
    account.model.instance_gone(&instance, account.now);
    assert_eq!(account.model.network_interface(&trunk).map(|found| &found.id), None);
    assert_eq!(state(&account, 2), InterfaceStatus::Available);
    account.model.check_invariants().unwrap();
}

#[rstest]
#[case::tcp_short(ConnectionTracking { tcp_established_timeout_seconds: Some(59), ..Default::default() }, false)]
#[case::tcp_longest(ConnectionTracking { tcp_established_timeout_seconds: Some(432_000), ..Default::default() }, true)]
#[case::udp_long(ConnectionTracking { udp_timeout_seconds: Some(61), ..Default::default() }, false)]
#[case::stream(ConnectionTracking { udp_stream_timeout_seconds: Some(180), ..Default::default() }, true)]
fn timeout_ranges(#[case] timeouts: ConnectionTracking, #[case] accepted: bool) {
    let mut account = Account::new();
    let eni = account.interface();
    let result = account.model.modify_network_interface(&eni, InterfaceAttribute::ConnectionTracking(timeouts));
    assert_eq!(result.is_ok(), accepted);
}

#[test]
fn permissions_repeat_without_effect() {
    let mut account = Account::new();
    let eni = account.interface();
    let mut grant = || {
        let other = AccountId::from("999999999999");
        account
            .with(|model, cx| {
                model.create_interface_permission(cx, &eni, crate::Grantee::Account(other), "INSTANCE-ATTACH")
            })
            .unwrap()
    };
    let first = grant();
    assert_eq!(grant(), first);
    account.model.delete_interface_permission(&first.id, false).unwrap();
    let gone = account.model.delete_interface_permission(&first.id, false);
    assert_eq!(gone, Err(InterfaceError::PermissionNotFound(first.id)));
}

#[test]
fn what_a_service_made_only_the_service_changes() {
    let mut account = Account::new();
    let instance = account.instance("m5.large");
    let new = NewNatGateway {
        subnet_id: account.subnet('a'),
        connectivity: Connectivity::Private,
        allocation_id: None,
        private_ip: None,
        secondary: NewNatAddresses::default(),
        tags: Tags::new(),
    };
    let gateway = account.with(|model, cx| model.create_nat_gateway(cx, new)).unwrap();
    let id = account.model.nat_gateway(&gateway).and_then(|found| found.network_interface_id.clone()).unwrap();
    let interface = account.model.network_interface(&id).unwrap();
    assert_eq!(account.model.status_of(interface), InterfaceStatus::InUse);
    assert!(interface.groups.is_empty());
    let own = InterfaceError::ServiceOwned(id.clone());
    let text = InterfaceAttribute::Description("mine".to_owned());
    assert_eq!(account.model.modify_network_interface(&id, text), Err(own.clone()));
    assert_eq!(account.model.unassign_addresses(&id, &Addresses::default()), Err(own.clone()));
    let more = WantedAddresses { ipv4_count: 1, ..WantedAddresses::default() };
    assert_eq!(account.with(|model, cx| model.assign_addresses(cx, &id, more, false)), Err(own));
    assert_eq!(account.model.delete_network_interface(&id), Err(InterfaceError::InUse(id.clone())));
    let attached = account.with(|model, cx| model.attach_network_interface(cx, attachment(&id, &instance, 1)));
    assert_eq!(attached, Err(InterfaceError::AlreadyAttached(id.clone())));
    account.model.check_invariants().unwrap();
    account.with(|model, cx| model.delete_nat_gateway(cx, &gateway)).unwrap();
    account.model.advance(account.now);
    assert!(account.model.network_interface(&id).is_none());
    account.model.check_invariants().unwrap();
}
