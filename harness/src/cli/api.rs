//! `instance-types`.

use vpc_model::instance_type;

use super::{Ended, Misuse};

pub(super) fn instance_types(types: &[String]) -> Ended {
    let all: Vec<_> = if types.is_empty() {
        instance_type::all().iter().collect()
    } else {
        let find = |name: &String| {
            instance_type::find(name).ok_or_else(|| Misuse(format!("there is no instance type {name}")))
        };
        types.iter().map(find).collect::<Result<_, _>>()?
    };
    println!("{:<20} {:>5} {:>14} {:>8} {:>6} {:>8}", "TYPE", "ENIS", "IPV4 PER ENI", "MAXPODS", "TRUNK", "BRANCHES");
    for it in all {
        println!(
            "{:<20} {:>5} {:>14} {:>8} {:>6} {:>8}",
            it.name,
            it.max_network_interfaces(),
            it.ipv4_per_interface,
            max_pods(it),
            if it.trunk_compatible { "yes" } else { "no" },
            it.branch_interfaces,
        );
    }
    Ok(true)
}

/// How many pods a node takes with secondary addresses on its default card.
fn max_pods(it: &instance_type::InstanceType) -> u32 {
    let interfaces = it.max_interfaces_on(it.default_card).unwrap_or(0);
    u32::from(interfaces) * u32::from(it.ipv4_per_interface.saturating_sub(1)) + 2
}
