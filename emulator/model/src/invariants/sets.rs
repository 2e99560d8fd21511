//! Prefix lists and who refers to them, flow logs and network insights.

use ipnet::IpNet;

use super::Broken;
use crate::{Model, PrefixList, RulePeer};

pub(super) fn check(model: &Model, broken: &mut Broken) {
    for list in model.prefix_lists.values() {
        check_list(list, broken);
    }
    for group in model.security_groups.values() {
        for rule in &group.rules {
            if let RulePeer::PrefixList(list) = &rule.peer {
                let is_there = model.prefix_lists.contains_key(list);
                broken.unless(is_there, || format!("{} names {list}, which is gone", rule.id));
                let is_listed = model.prefix_list_users(list).contains(&&group.id);
                broken.unless(is_listed, || format!("{list} does not know that {} names it", group.id));
            }
        }
    }
    let mut logged: Vec<_> =
        model.flow_logs.values().map(|log| (&log.resource_id, &log.settings.destination.arn)).collect();
    logged.sort_unstable();
    for pair in logged.windows(2) {
        broken.unless(pair[0] != pair[1], || format!("{:?} has two flow logs", pair[0]));
    }
    for analysis in model.insights_analyses.values() {
        let is_there = model.insights_paths.contains_key(&analysis.path_id);
        broken.unless(is_there, || format!("{}'s path is gone", analysis.id));
    }
}

fn check_list(list: &PrefixList, broken: &mut Broken) {
    let id = &list.id;
    let newest = list.versions.keys().next_back().copied();
    broken.unless(newest == Some(list.version), || format!("{id} is at {}, not {newest:?}", list.version));
    let is_complete = list.versions.keys().copied().eq(1..=list.version);
    broken.unless(is_complete, || format!("{id} lacks a version of 1 to {}", list.version));
    let count = list.versions.get(&list.version).map_or(0, |entries| entries.len());
    broken.unless(list.is_aws || count <= list.max_entries as usize, || format!("{id} has {count} entries"));
    for block in list.versions.values().flat_map(|entries| entries.keys()) {
        let fits = matches!(block, IpNet::V6(_)) == list.is_ipv6 && *block == block.trunc();
        broken.unless(fits, || format!("{id} has {block}"));
    }
}
