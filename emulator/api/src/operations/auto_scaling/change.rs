//! UpdateAutoScalingGroup, SetDesiredCapacity and TerminateInstanceInAutoScalingGroup.

use jiff::SignedDuration;
use vpc_model::auto_scaling::{ActivityOutcome, GroupTemplate};
use vpc_model::{AutoScalingError, Context, InstanceId, Model, SubnetId};

use super::{activity, invalid, scale, template};
use crate::ApiError;
use crate::operations::{Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

/// What a group has in AWS, and not here.
const UNSUPPORTED: &[&str] = &[
    "AvailabilityZoneDistribution",
    "AvailabilityZoneIds",
    "AvailabilityZoneImpairmentPolicy",
    "AvailabilityZones",
    "CapacityRebalance",
    "CapacityReservationSpecification",
    "Context",
    "DefaultInstanceWarmup",
    "DeletionProtection",
    "DesiredCapacityType",
    "HealthCheckGracePeriod",
    "HealthCheckType",
    "InstanceLifecyclePolicy",
    "InstanceMaintenancePolicy",
    "LaunchConfigurationName",
    "MaxInstanceLifetime",
    "MixedInstancesPolicy",
    "PlacementGroup",
    "ServiceLinkedRoleARN",
    "SkipZonalShiftValidation",
    "TerminationPolicies",
];

/// The answer of actions that have nothing to say.
#[derive(Debug)]
pub(super) struct Nothing;

impl Output for Nothing {
    fn write(&self, _: &mut Xml) {}
}

#[derive(Debug)]
pub(super) struct UpdateAutoScalingGroup {
    name: String,
    min: Option<u32>,
    max: Option<u32>,
    desired: Option<u32>,
    template: Option<GroupTemplate>,
    subnets: Option<Vec<SubnetId>>,
    protects_new: Option<bool>,
    cooldown: Option<SignedDuration>,
}

impl Operation for UpdateAutoScalingGroup {
    const ACTION: &'static str = "UpdateAutoScalingGroup";
    type Output = Nothing;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(UNSUPPORTED)?;
        Ok(Self {
            name: query.required("AutoScalingGroupName")?,
            min: query.optional("MinSize")?,
            max: query.optional("MaxSize")?,
            desired: query.optional("DesiredCapacity")?,
            template: template(query)?,
            subnets: subnets(query)?,
            protects_new: query.optional("NewInstancesProtectedFromScaleIn")?,
            cooldown: cooldown(query)?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Nothing, ApiError> {
        if let Some(template) = &self.template {
            scale::reference(template).find(model)?;
        }
        let Self { name, min, max, desired, template, subnets, protects_new, cooldown } = self;
        let before = model.auto_scaling_group(&name)?.size.desired;
        model.change_auto_scaling_group(&name, |group| {
            group.cooldown = cooldown.unwrap_or(group.cooldown);
            let size = &mut group.size;
            (size.min, size.max) = (min.unwrap_or(size.min), max.unwrap_or(size.max));
            // What was desired before gives way to other bounds; what is desired now has to be within them.
            let usual = if size.min <= size.max { size.desired.clamp(size.min, size.max) } else { size.desired };
            size.desired = desired.unwrap_or(usual);
            if size.desired != before {
                group.rests_since = Some(cx.now);
            }
            group.template = template.or_else(|| group.template.take());
            group.protects_new = protects_new.unwrap_or(group.protects_new);
            if let Some(subnets) = subnets {
                group.subnets = subnets;
            }
        })?;
        scale::scale(model, cx, &name, "a user request updated the group");
        Ok(Nothing)
    }
}

/// Takes how long a group rests after a change, in seconds.
fn cooldown(query: &mut Query) -> Result<Option<SignedDuration>, ApiError> {
    Ok(query.optional::<u32>("DefaultCooldown")?.map(|seconds| SignedDuration::from_secs(seconds.into())))
}

/// Takes the subnets of a group, which are named with commas between.
fn subnets(query: &mut Query) -> Result<Option<Vec<SubnetId>>, ApiError> {
    let Some(text) = query.optional::<String>("VPCZoneIdentifier")? else { return Ok(None) };
    let unknown = |id: &str| invalid(format!("The subnet ID '{id}' does not exist"));
    let ids = text.split(',').map(str::trim).map(|id| id.parse().map_err(|_| unknown(id)));
    ids.collect::<Result<_, _>>().map(Some)
}

#[derive(Debug)]
pub(super) struct SetDesiredCapacity {
    name: String,
    desired: u32,
    waits: bool,
}

impl Operation for SetDesiredCapacity {
    const ACTION: &'static str = "SetDesiredCapacity";
    type Output = Nothing;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            name: query.required("AutoScalingGroupName")?,
            desired: query.required("DesiredCapacity")?,
            waits: query.flag("HonorCooldown")?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Nothing, ApiError> {
        let group = model.auto_scaling_group(&self.name)?;
        let (size, desired) = (group.size, self.desired);
        let beyond = |relation: &str, bound: u32| {
            let message = format!("New SetDesiredCapacity value {desired} is {relation} value {bound}");
            invalid(format!("{message} for the AutoScalingGroup."))
        };
        if desired > size.max {
            return Err(beyond("above max", size.max));
        }
        if desired < size.min {
            return Err(beyond("below min", size.min));
        }
        if self.waits {
            group.check_rested(cx.now)?;
        }
        model.change_auto_scaling_group(&self.name, |group| {
            if group.size.desired != desired {
                group.rests_since = Some(cx.now);
            }
            group.size.desired = desired;
        })?;
        scale::scale(model, cx, &self.name, "a user request set the desired capacity");
        Ok(Nothing)
    }
}

#[derive(Debug)]
pub(super) struct TerminateInstanceInAutoScalingGroup {
    id: InstanceId,
    decrements: bool,
}

impl Operation for TerminateInstanceInAutoScalingGroup {
    const ACTION: &'static str = "TerminateInstanceInAutoScalingGroup";
    type Output = Terminating;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["AutoScalingGroupName", "InstanceIds"])?;
        let id: String = query.required("InstanceId")?;
        let unknown = || invalid(format!("Instance Id not found - No managed instance found for instance ID: {id}"));
        Ok(Self {
            id: id.parse().map_err(|_| unknown())?,
            decrements: query.required("ShouldDecrementDesiredCapacity")?,
        })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Terminating, ApiError> {
        let group = model.group_of(&self.id).ok_or_else(|| AutoScalingError::NotManaged(self.id.clone()))?;
        let (name, size) = (group.name.clone(), group.size);
        if self.decrements && size.desired <= size.min {
            return Err(AutoScalingError::AtLeast(size.min).into());
        }
        model.end_member(cx.now, &self.id)?;
        if self.decrements {
            model.change_auto_scaling_group(&name, |group| group.size.desired -= 1)?;
        }
        let cause = format!("At {} instance {} was taken out of service", crate::xml::time(cx.now), self.id);
        let reason =
            if self.decrements { ", shrinking the capacity by one." } else { " in response to a user request." };
        let ended = model.note_activity(cx, &name, cause + reason, ActivityOutcome::Ended(self.id));
        let shown = activity::shown(model, &name, &ended);
        scale::scale(model, cx, &name, "an instance was taken out of service");
        Ok(Terminating(shown))
    }
}

#[derive(Debug)]
pub(super) struct Terminating(Vec<u8>);

impl Output for Terminating {
    fn write(&self, xml: &mut Xml) {
        xml.element("Activity", |xml| xml.raw(&self.0));
    }
}
