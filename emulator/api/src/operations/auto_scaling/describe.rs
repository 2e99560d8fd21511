//! DescribeAutoScalingGroups.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vpc_model::auto_scaling::GroupMember;
use vpc_model::{AutoScalingGroup, Model};

use super::activity::Shown;
use super::instances::write_member;
use super::write_template;
use crate::ApiError;
use crate::filter::{Fields, Filters};
use crate::operations::ReadOperation;
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;

const FIELDS: Fields<Model, AutoScalingGroup> = Fields {
    by_name: &[("tag-value", |_, group| group.tags.values().cloned().collect())],
    tags: Some(|group| &group.tags),
};

#[derive(Debug)]
pub(super) struct DescribeAutoScalingGroups {
    names: Vec<String>,
    with_instances: bool,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeAutoScalingGroups {
    const ACTION: &'static str = "DescribeAutoScalingGroups";
    type Output = Shown;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.flag("IncludeManagedResources")?;
        Ok(Self {
            names: query.list("AutoScalingGroupNames.member")?,
            with_instances: query.or("IncludeInstances", true)?,
            filters: Filters::of_members(query)?,
            page: PageRequest::of_records(query, 1..=100)?.or_at_most(50),
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Shown, ApiError> {
        // Names of groups that are not there find nothing.
        let is_asked = |group: &&AutoScalingGroup| self.names.is_empty() || self.names.contains(&group.name);
        let found = self.filters.select(&FIELDS, model, model.auto_scaling_groups().filter(is_asked))?;
        let page = self.page.page(found, |group| group.name.clone());
        Ok(Shown(Xml::fragment(|xml| {
            xml.members("AutoScalingGroups", page.items, |xml, group| {
                write_group(xml, model, group, self.with_instances);
            });
            xml.optional("NextToken", page.next_token);
        })))
    }
}

fn write_group(xml: &mut Xml, model: &Model, group: &AutoScalingGroup, with_instances: bool) {
    let account = model.account();
    xml.text("AutoScalingGroupName", &group.name);
    xml.text("AutoScalingGroupARN", group.arn(model));
    if let Some(template) = &group.template {
        write_template(xml, model, template);
    }
    xml.text("MinSize", group.size.min);
    xml.text("MaxSize", group.size.max);
    xml.text("DesiredCapacity", group.size.desired);
    xml.text("DefaultCooldown", group.cooldown.as_secs());
    let subnets = group.subnets.iter().filter_map(|id| model.subnet(id));
    let of_subnets: BTreeSet<_> = subnets.map(|subnet| &subnet.zone).collect();
    let of_members = model.members_of(group).map(|(_, instance, _)| &instance.zone);
    let zones = if of_subnets.is_empty() { of_members.collect() } else { of_subnets };
    xml.member_texts("AvailabilityZones", zones);
    xml.member_texts("LoadBalancerNames", [""; 0]);
    xml.member_texts("TargetGroupARNs", [""; 0]);
    xml.text("HealthCheckType", "EC2");
    xml.text("HealthCheckGracePeriod", 0);
    let members = model.members_of(group).filter(|_| with_instances);
    xml.members("Instances", members, |xml, (member, instance, state)| {
        xml.text("HealthStatus", if GroupMember::is_healthy(instance) { "Healthy" } else { "Unhealthy" });
        write_member(xml, model, member, instance, state);
    });
    xml.timestamp("CreatedTime", group.created);
    xml.member_texts("SuspendedProcesses", [""; 0]);
    let subnets: Vec<&str> = group.subnets.iter().map(|id| id.as_str()).collect();
    xml.text("VPCZoneIdentifier", subnets.join(","));
    xml.member_texts("EnabledMetrics", [""; 0]);
    xml.members("Tags", &group.tags, |xml, (key, value)| {
        xml.text("ResourceId", &group.name);
        xml.text("ResourceType", "auto-scaling-group");
        xml.text("Key", key);
        xml.text("Value", value);
        xml.text("PropagateAtLaunch", group.propagated.contains(key));
    });
    xml.member_texts("TerminationPolicies", ["Default"]);
    xml.text("NewInstancesProtectedFromScaleIn", group.protects_new);
    let role = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    xml.text("ServiceLinkedRoleARN", format_args!("arn:aws:iam::{account}:role/{role}"));
    xml.text("CapacityRebalance", false);
}
