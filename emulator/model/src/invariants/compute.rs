//! Instances and what they are launched by and into: templates, fleets, Spot requests, placement groups and
//! capacity reservations.

use super::Broken;
use crate::instance::InstanceState::{Pending, Running, Stopping};
use crate::{CapacityReservation, Fleet, Instance, LaunchTemplate, Model, PlacementStrategy};

pub(super) fn check(model: &Model, broken: &mut Broken) {
    for instance in model.instances.values() {
        check_instance(model, instance, broken);
    }
    for template in model.launch_templates.values() {
        check_template(model, template, broken);
    }
    for request in model.spot_requests.values() {
        if let Some(instance) = model.instances.get(&request.instance_id) {
            let market = instance.options.market.as_ref();
            let is_its = market.and_then(|it| it.request_id.as_ref()) == Some(&request.id);
            broken.unless(is_its, || format!("{} got {}, which knows another request", request.id, instance.id));
        }
    }
    for fleet in model.fleets.values() {
        check_fleet(model, fleet, broken);
    }
    let names: Vec<_> = model.placement_groups.values().map(|group| &group.name).collect();
    check_once("placement group", names, broken);
    check_once("launch template", model.launch_templates.values().map(|it| &it.name).collect(), broken);
    check_once("key pair", model.key_pairs.values().map(|it| &it.name).collect(), broken);
    for group in model.placement_groups.values() {
        let is_there = group.parent.as_ref().is_none_or(|parent| model.placement_groups.contains_key(parent));
        broken.unless(is_there, || format!("{}'s parent is gone", group.name));
    }
    for reservation in model.capacity_reservations.values() {
        check_reservation(model, reservation, broken);
    }
}

fn check_once(kind: &str, mut names: Vec<&String>, broken: &mut Broken) {
    names.sort_unstable();
    for pair in names.windows(2) {
        broken.unless(pair[0] != pair[1], || format!("there are two {kind}s {:?}", pair[0]));
    }
}

fn check_instance(model: &Model, instance: &Instance, broken: &mut Broken) {
    let id = &instance.id;
    if instance.is_terminated() {
        let left = model.interfaces_of(id).count();
        broken.unless(left == 0 && instance.terminated.is_some(), || format!("{id} is terminated and has {left} enis"));
        return;
    }
    broken.unless(instance.terminated.is_none(), || format!("{id} is {} and was terminated", instance.state));
    let primary = model.interfaces_of(id).find(|interface| {
        interface.live_attachment().is_some_and(|it| it.device_index == 0 && it.network_card_index == 0)
    });
    let fits = primary.is_some_and(|it| it.subnet_id == instance.subnet_id && it.zone == instance.zone);
    broken.unless(fits, || format!("{id} has no primary eni, or one elsewhere"));
    let placement = &instance.options.placement;
    let group = placement.group_name.as_ref().map(|name| model.placement_group_named(name));
    broken.unless(group != Some(None), || format!("{id}'s placement group is gone"));
    if let (Some(Some(group)), Some(number)) = (group, placement.partition_number) {
        let is_there = group.strategy.partitions().is_some_and(|count| (1..=count).contains(&number));
        broken.unless(is_there, || format!("{id} is in partition {number}, which {} does not have", group.name));
    }
    if let Some(Some(group)) = group.filter(|it| it.is_some_and(|it| it.strategy == PlacementStrategy::Spread)) {
        let others = model.instances.values().filter(|it| {
            !it.is_terminated()
                && it.zone == instance.zone
                && it.options.placement.group_name.as_ref() == Some(&group.name)
        });
        broken.unless(others.count() <= 7, || format!("{} has more than seven in {}", group.name, instance.zone.0));
    }
    let request = instance.options.market.as_ref().and_then(|it| it.request_id.as_ref());
    let is_kept = request.is_none_or(|it| model.spot_requests.get(it).is_some_and(|it| it.instance_id == *id));
    broken.unless(is_kept, || format!("{id}'s spot request is gone"));
    if let Some(reservation) = &instance.capacity_reservation
        && matches!(instance.state, Pending | Running | Stopping)
    {
        let found = model.capacity_reservations.get(reservation);
        let fits = found
            .is_some_and(|it| it.is_active() && it.instance_type == instance.instance_type && it.zone == instance.zone);
        broken.unless(fits, || format!("{id} has taken {reservation}, which does not fit"));
    }
}

fn check_reservation(model: &Model, reservation: &CapacityReservation, broken: &mut Broken) {
    let inside = model.instances.values().filter(|it| {
        let is_running = matches!(it.state, Pending | Running | Stopping);
        is_running && it.capacity_reservation.as_ref() == Some(&reservation.id)
    });
    let (used, id) = (inside.count() as u32, &reservation.id);
    broken.unless(used == model.capacity_used(id), || format!("{id} says that {} use it", model.capacity_used(id)));
    let is_room = used <= reservation.total && (used == 0 || reservation.is_active());
    broken
        .unless(is_room, || format!("{used} use {id}, which is {} and for {}", reservation.state(), reservation.total));
    let free = model.capacity_available(reservation);
    let expected = if reservation.is_active() { reservation.total - used.min(reservation.total) } else { 0 };
    broken.unless(free == expected, || format!("{id} has room for {free}"));
}

fn check_template(model: &Model, template: &LaunchTemplate, broken: &mut Broken) {
    let id = &template.id;
    let has_default = template.versions.contains_key(&template.default_version);
    broken.unless(has_default, || format!("{id} has no version {}", template.default_version));
    let newest = template.versions.keys().next_back().copied();
    broken.unless(newest == Some(template.latest_version()), || format!("{id}'s newest version is {newest:?}"));
    for (number, version) in &template.versions {
        broken.unless(*number == version.number && *number > 0, || format!("{id} has a wrong number {number}"));
    }
    let found = model.find_launch_template(&crate::launch_template::TemplateName::Name(template.name.clone()));
    broken.unless(found.is_ok_and(|it| it.id == *id), || format!("{id} is not found by its name"));
}

fn check_fleet(model: &Model, fleet: &Fleet, broken: &mut Broken) {
    for launch in &fleet.launches {
        for instance in launch.instances.iter().filter_map(|id| model.instances.get(id)) {
            let is_spot = instance.options.market.is_some();
            let fits = is_spot == launch.pool.is_spot;
            broken.unless(fits, || format!("{} has {} among the wrong ones", fleet.id, instance.id));
            let tagged = instance.tags.get("aws:ec2:fleet-id").map(String::as_str);
            let is_tagged = tagged == Some(fleet.id.as_str());
            broken.unless(is_tagged, || format!("{} has {}, which has the tag {tagged:?}", fleet.id, instance.id));
        }
    }
}
