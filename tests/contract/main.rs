//! AWS's own clients against the emulator: boto3 and the AWS CLI, as their users have them.
//!
//! The checks are written in Python, in `tests/clients`; each is a test here. They need `.venv` at the
//! workspace's top, which `.ci/test` makes.

mod cli;
mod clients;

use std::process::Command;

use clients::{Clients, Endpoint};

/// Makes a test of each check, and the list of all.
macro_rules! checks {
    ($($module:ident: $($check:ident)*;)*) => {
        $(mod $module { $(
            #[test]
            fn $check() {
                super::run(concat!(stringify!($module), ".", stringify!($check)));
            }
        )* })*

        const CHECKS: &[&str] = &[$($(concat!(stringify!($module), ".", stringify!($check)),)*)*];
    };
}

checks! {
    account: all_instance_types_page_by_page assumed_role caller_identity limits_of_instance_types regions
        regions_do_not_share unknown_instance_type zones_of_the_region;
    accounts: an_address_moves an_offer_taken_back peering_across_accounts peering_across_regions
        requests_that_cannot_be;
    auto_scaling: a_group_of_instances_made_elsewhere capacities_that_cannot_be instances_as_a_scaler_wants_them
        pages_of_groups;
    everything: every_action_succeeds;
    instance: an_idempotent_launch an_instances_life filters several_interfaces stopping_and_starting
        termination_protection what_does_not_exist;
    network_interface: an_address_twice an_idempotent_create an_interfaces_life attaching changing_groups
        delegated_prefixes pages_of_interfaces secondary_addresses too_many_for_the_instance trunk_and_branch;
    paging: every_paginator;
    placement: a_fleet_at_once a_fleet_that_is_kept capacity_reservations images_of_ones_own placement_groups
        spot_requests versions_of_a_template;
    security_group: a_group_in_use a_new_group pages_of_groups revoking rules_by_cidr_and_group the_same_rule_twice;
    tools: eksctl_builds_and_destroys questions_before_a_plan terraform_builds_and_destroys;
    vpc: a_subnets_life a_vpcs_life attributes_of_a_vpc default_vpc dhcp_options dry_run elastic_addresses
        malformed_and_unknown_ids network_acls overlapping_subnets routes tags_of_anything unknown_filter;
    vpc_parts: a_flow_logs_life a_prefix_list_in_a_rule a_prefix_lists_life blocks_of_ipv6 egress_only_gateways
        internet_access_blocked internet_gateways key_pairs permissions_of_interfaces reserved_blocks too_many_vpcs;
    waiting: every_waiter no_password_without_windows;
    ways_out: a_nat_gateway_that_cannot_be a_public_nat_gateway flow_logs_of_several what_insights_find;
}

/// Runs one of the checks against an emulator of its own.
fn run(check: &str) {
    let Some(clients) = Clients::find() else { return };
    let endpoint = Endpoint::start();
    finish(clients.python(&endpoint, check));
}

/// Runs a command that must pass.
#[track_caller]
fn finish(mut command: Command) {
    let output = command.output().expect("python runs");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn every_parameter_in_the_model_is_known() {
    let Some(clients) = Clients::find() else { return };
    finish(clients.walk(&Endpoint::start()));
}

#[test]
fn every_check_is_run() {
    let Some(clients) = Clients::find() else { return };
    let mut command: Command = clients.python(&Endpoint::start(), "--list");
    let listed = String::from_utf8(command.output().expect("python runs").stdout).expect("python prints UTF-8");
    assert_eq!(listed.lines().collect::<Vec<_>>(), CHECKS);
}
