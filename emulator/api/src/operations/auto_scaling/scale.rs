//! Launching and ending a group's instances until it has as many as it is to have.

use vpc_model::auto_scaling::{ActivityOutcome, AutoScalingGroup, GroupTemplate};
use vpc_model::launch_template::parameters;
use vpc_model::{Context, InstanceId, LaunchParameter, LaunchParameters, Model, SubnetId};

use crate::ApiError;
use crate::operations::instance::launch::{TemplateRef, put_subnet, request_of};

/// The reference to a group's template as launches have it.
pub(super) fn reference(template: &GroupTemplate) -> TemplateRef {
    TemplateRef { name: template.name.clone(), version: template.version }
}

/// Launches and ends instances until a group has as many as it is to have, or no more can be launched; that is
/// told by its activities. A group without a template is left as it is.
pub(super) fn scale(model: &mut Model, cx: &mut Context<'_>, name: &str, why: &str) {
    while let Some((group, template)) = launching(model, name) {
        let (desired, there) = (group.size.desired as usize, model.count_members(&group));
        let cause = format!(
            "At {} {why}, changing the desired capacity to {desired}, where there were {there} instances.",
            crate::xml::time(cx.now)
        );
        if there < desired {
            let outcome = match launch(model, cx, &group, &template) {
                Ok(id) => {
                    model.join_group(name, &id, group.protects_new);
                    ActivityOutcome::Launched(id)
                }
                Err(err) => ActivityOutcome::Failed(err.message().to_owned()),
            };
            let has_failed = matches!(outcome, ActivityOutcome::Failed(_));
            model.note_activity(cx, name, cause, outcome);
            if has_failed {
                return;
            }
        } else {
            let surplus = (there > desired).then(|| model.next_to_end(&group)).flatten();
            let Some(id) = surplus.filter(|id| model.end_member(cx.now, id).is_ok()) else { return };
            model.note_activity(cx, name, cause, ActivityOutcome::Ended(id));
        }
    }
}

/// A group that launches, and what.
fn launching(model: &Model, name: &str) -> Option<(AutoScalingGroup, GroupTemplate)> {
    let group = model.auto_scaling_group(name).ok()?;
    Some((group.clone(), group.template.clone()?))
}

fn launch(
    model: &mut Model,
    cx: &mut Context<'_>,
    group: &AutoScalingGroup,
    template: &GroupTemplate,
) -> Result<InstanceId, ApiError> {
    let (data, tags) = reference(template).find(model)?;
    let mut all = parameters::as_launch(data, LaunchParameters::new());
    for count in ["MinCount", "MaxCount"] {
        all.insert(count.to_owned(), LaunchParameter::text(1));
    }
    if let Some(subnet) = model.next_subnet(group) {
        in_subnet(&mut all, &subnet);
    }
    let propagated = group.tags.iter().filter(|(key, _)| group.propagated.contains(*key));
    let mut added: Vec<(&str, String)> = tags.to_vec();
    added.extend(propagated.map(|(key, value)| (key.as_str(), value.clone())));
    let new = request_of(all, None)?.resolve(model, &added)?;
    let (_, mut launched) = model.run_instances(cx, &new)?;
    launched.pop().ok_or_else(|| super::invalid("no instance was launched"))
}

/// Puts the group's subnet in the place of the template's.
fn in_subnet(all: &mut LaunchParameters, subnet: &SubnetId) {
    if let Some(LaunchParameter::Structure(placement)) = all.get_mut("Placement") {
        placement.remove("AvailabilityZone");
        placement.remove("AvailabilityZoneId");
    }
    put_subnet(all, &LaunchParameter::text(subnet));
}
