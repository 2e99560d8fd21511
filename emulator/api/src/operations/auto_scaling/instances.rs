//! DescribeAutoScalingInstances, and how instances of groups are shown.

use jiff::Timestamp;
use vpc_model::auto_scaling::{GroupMember, MemberState};
use vpc_model::{Instance, InstanceId, Model};

use super::activity::Shown;
use crate::ApiError;
use crate::operations::ReadOperation;
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;

/// A member as replies show it.
pub(super) fn write_member(
    xml: &mut Xml,
    model: &Model,
    member: &GroupMember,
    instance: &Instance,
    state: MemberState,
) {
    xml.text("InstanceId", &instance.id);
    xml.text("InstanceType", &instance.instance_type);
    xml.text("AvailabilityZone", &instance.zone);
    xml.optional("AvailabilityZoneId", model.zone(&instance.zone).map(|zone| zone.id));
    xml.text("LifecycleState", state.as_str());
    xml.text("ProtectedFromScaleIn", member.is_protected);
    xml.text("ImageId", &instance.image_id);
    // What it was launched from is known by its tags.
    let tag = |name: &str| instance.tags.get(&format!("aws:ec2launchtemplate:{name}"));
    if let (Some(id), Some(version)) = (tag("id"), tag("version")) {
        let template = id.parse().ok().and_then(|id| model.launch_template(&id));
        xml.element("LaunchTemplate", |xml| {
            xml.text("LaunchTemplateId", id);
            xml.optional("LaunchTemplateName", template.map(|template| &template.name));
            xml.text("Version", version);
        });
    }
}

#[derive(Debug)]
pub(super) struct DescribeAutoScalingInstances {
    ids: Vec<String>,
    page: PageRequest,
}

impl ReadOperation for DescribeAutoScalingInstances {
    const ACTION: &'static str = "DescribeAutoScalingInstances";
    type Output = Shown;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.flag("IncludeManagedResources")?;
        Ok(Self {
            ids: query.list("InstanceIds.member")?,
            page: PageRequest::of_records(query, 1..=50)?.or_at_most(50),
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Shown, ApiError> {
        let is_asked = |id: &InstanceId| self.ids.is_empty() || self.ids.iter().any(|asked| asked == id.as_str());
        let groups = model.auto_scaling_groups();
        let members = groups.flat_map(|group| model.members_of(group).map(move |member| (&group.name, member)));
        let found = members.filter(|(_, (_, instance, _))| is_asked(&instance.id));
        let page = self.page.page(found, |(_, (_, instance, _))| instance.id.to_string());
        Ok(Shown(Xml::fragment(|xml| {
            xml.members("AutoScalingInstances", page.items, |xml, (name, (member, instance, state))| {
                xml.text("AutoScalingGroupName", name);
                // Only here it is in capitals.
                xml.text("HealthStatus", if GroupMember::is_healthy(instance) { "HEALTHY" } else { "UNHEALTHY" });
                write_member(xml, model, member, instance, state);
            });
            xml.optional("NextToken", page.next_token);
        })))
    }
}
