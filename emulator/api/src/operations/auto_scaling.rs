//! Auto Scaling on the same endpoint: DescribeAutoScalingGroups, DescribeAutoScalingInstances,
//! DescribeScalingActivities, UpdateAutoScalingGroup, SetDesiredCapacity, TerminateInstanceInAutoScalingGroup.
//!
//! See <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/Welcome.html>. Deviation: groups are told by
//! `PUT /_vpcbox/auto-scaling-groups/NAME`. They have no hooks or warm
//! pools, and instances that end or stop are replaced at once, not at the next health check; Auto Scaling's other actions are refused by name.

mod activity;
mod change;
mod describe;
mod instances;
mod scale;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::auto_scaling::{ActivityOutcome, GroupMember, GroupTemplate, NewAutoScalingGroup};
use vpc_model::launch_template::VersionChoice;
use vpc_model::{AutoScalingGroup, Context, InstanceId, Model};

use super::{Action, launch_template, read, write};
use crate::call::Service;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[
    of(read::<describe::DescribeAutoScalingGroups>()),
    of(read::<instances::DescribeAutoScalingInstances>()),
    of(read::<activity::DescribeScalingActivities>()),
    of(write::<change::UpdateAutoScalingGroup>()),
    of(write::<change::SetDesiredCapacity>()),
    of(write::<change::TerminateInstanceInAutoScalingGroup>()),
];

/// The names of all of Auto Scaling's actions, a line each, in order.
pub(crate) const KNOWN: &str = include_str!("auto_scaling/known.txt");

const fn of(action: Action) -> Action {
    Action { service: Service::AutoScaling, ..action }
}

/// Keeps a group in place of the one that had its name, and launches what it lacks.
///
/// # Errors
/// It cannot be so; then what there was stays.
pub fn put_auto_scaling_group(
    model: &mut Model,
    cx: &mut Context<'_>,
    new: NewAutoScalingGroup,
) -> Result<(), ApiError> {
    if let Some(template) = &new.template {
        scale::reference(template).find(model)?;
    }
    let name = new.name.clone();
    model.put_auto_scaling_group(cx, new)?;
    scale::scale(model, cx, &name, "a group was told of");
    Ok(())
}

/// When the first group launches what it lacks, or looks again whether it can.
pub(crate) fn fills_at(model: &Model) -> Option<Timestamp> {
    model.auto_scaling_groups().filter_map(|group| group.fills_at(model)).min()
}

/// Launches instances in the place of those that groups have lost; those that were stopped end.
pub(crate) fn fill(model: &mut Model, cx: &mut Context<'_>) {
    let is_due = |group: &&AutoScalingGroup| group.fills_at(model).is_some_and(|at| at <= cx.now);
    let due: Vec<String> = model.auto_scaling_groups().filter(is_due).map(|group| group.name.clone()).collect();
    for name in due {
        let Ok(group) = model.auto_scaling_group(&name) else { continue };
        let lost = model.members_of(group).filter(|(_, instance, _)| GroupMember::is_lost(instance));
        let lost: Vec<InstanceId> = lost.map(|(_, instance, _)| instance.id.clone()).collect();
        for id in lost {
            if model.end_member(cx.now, &id).is_ok() {
                let time = crate::xml::time(cx.now);
                let cause = format!(
                    "At {time} an instance was taken out of service in response to an EC2 health check indicating \
                     it has been terminated or stopped."
                );
                model.note_activity(cx, &name, cause, ActivityOutcome::Ended(id));
            }
        }
        scale::scale(model, cx, &name, "an instance was found to be gone");
    }
}

/// Takes the launch template of a group.
fn template(query: &mut Query) -> Result<Option<GroupTemplate>, ApiError> {
    query.structure("LaunchTemplate", |inside| {
        let version = inside.optional("Version")?.unwrap_or(VersionChoice::Default);
        Ok(GroupTemplate { name: launch_template::template(inside)?, version })
    })
}

/// `<LaunchTemplate>` of a group.
fn write_template(xml: &mut Xml, model: &Model, template: &GroupTemplate) {
    let Ok(found) = model.find_launch_template(&template.name) else { return };
    xml.element("LaunchTemplate", |xml| {
        xml.text("LaunchTemplateId", &found.id);
        xml.text("LaunchTemplateName", &found.name);
        match template.version {
            VersionChoice::Default => xml.text("Version", "$Default"),
            VersionChoice::Latest => xml.text("Version", "$Latest"),
            VersionChoice::Number(number) => xml.text("Version", number),
        }
    });
}

/// A refusal of Auto Scaling's: nearly all have the same code.
fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(Code::VALIDATION_ERROR, message)
}
