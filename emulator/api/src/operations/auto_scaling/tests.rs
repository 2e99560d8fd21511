use std::collections::BTreeSet;

use jiff::SignedDuration;
use rstest::rstest;
use vpc_model::auto_scaling::{DEFAULT_COOLDOWN, GroupSize, GroupTemplate, NewAutoScalingGroup};
use vpc_model::launch_template::{TemplateName, VersionChoice};
use vpc_model::{Context, Quotas, SubnetId, Tags};

use super::put_auto_scaling_group;
use crate::testing::{Reply, World};

/// The group `workers`, and what its instances are launched from.
struct Grown(World);

impl Grown {
    /// With a template, subnets in two zones, and as many instances as are desired.
    fn with_template(size: [u32; 3]) -> Self {
        let mut world = World::with_default_vpc();
        let data = "LaunchTemplateData.ImageId=ami-0123456789abcdef0&LaunchTemplateData.InstanceType=m5.large\
                    &LaunchTemplateData.TagSpecification.1.ResourceType=instance\
                    &LaunchTemplateData.TagSpecification.1.Tag.1.Key=from\
                    &LaunchTemplateData.TagSpecification.1.Tag.1.Value=template";
        world.call("CreateLaunchTemplate", &format!("LaunchTemplateName=worker&{data}")).ok();
        let template = GroupTemplate { name: TemplateName::Name("worker".to_owned()), version: VersionChoice::Latest };
        Self(world).put(size, Some(template))
    }

    /// Without one.
    fn of_others(size: [u32; 3]) -> Self {
        Self(World::with_default_vpc()).put(size, None)
    }

    fn put(mut self, [min, max, desired]: [u32; 3], template: Option<GroupTemplate>) -> Self {
        let world = &mut self.0;
        let mut zones: Vec<_> = world.model.subnets().map(|it| (it.zone.clone(), it.id.clone())).collect();
        zones.sort();
        let subnets: Vec<SubnetId> = zones.into_iter().take(2).map(|(_, id)| id).collect();
        let tags = Tags::from([("team".to_owned(), "a".to_owned()), ("own".to_owned(), "b".to_owned())]);
        let new = NewAutoScalingGroup {
            name: "workers".to_owned(),
            size: GroupSize { min, max, desired },
            template,
            subnets,
            tags,
            propagated: BTreeSet::from(["team".to_owned()]),
            protects_new: false,
            cooldown: DEFAULT_COOLDOWN,
            members: Vec::new(),
        };
        let mut cx = Context { now: world.now, ids: &mut world.ids };
        put_auto_scaling_group(&mut world.model, &mut cx, new).expect("a good group");
        world.model.settle(world.now);
        self
    }

    fn call(&mut self, action: &str, form: &str) -> Reply {
        let reply = self.0.send(&format!("Action={action}&Version=2011-01-01&{form}"));
        self.0.model.settle(self.0.now);
        reply
    }

    /// Calls with the group's name.
    fn change(&mut self, action: &str, form: &str) -> Reply {
        self.call(action, &format!("AutoScalingGroupName=workers&{form}"))
    }

    fn texts(&mut self, name: &str) -> Vec<String> {
        let reply = self.call("DescribeAutoScalingGroups", "").ok();
        reply.texts(name).into_iter().map(str::to_owned).collect()
    }

    fn members(&mut self) -> Vec<String> {
        self.texts("InstanceId")
    }
}

#[test]
fn a_group_is_shown() {
    let mut grown = Grown::with_template([1, 3, 1]);
    let shown = grown.call("DescribeAutoScalingGroups", "AutoScalingGroupNames.member.1=workers").ok();
    insta::assert_snapshot!(shown.lines());
    assert!(
        grown.call("DescribeAutoScalingGroups", "AutoScalingGroupNames.member.1=other").texts("MinSize").is_empty()
    );
    let without = grown.call("DescribeAutoScalingGroups", "IncludeInstances=false").ok();
    assert!(without.texts("InstanceId").is_empty());
}

#[test]
fn instances_follow_the_desired_capacity() {
    let mut grown = Grown::with_template([0, 4, 2]);
    let first = grown.members();
    assert_eq!(first.len(), 2);
    grown.change("UpdateAutoScalingGroup", "DesiredCapacity=4").ok();
    let all = grown.members();
    assert!(all.len() == 4 && first.iter().all(|id| all.contains(id)), "{all:?}");
    let zones = grown.call("DescribeAutoScalingInstances", "").ok();
    assert_eq!(zones.texts("AvailabilityZone").iter().collect::<BTreeSet<_>>().len(), 2, "{}", zones.body);
    let instances = grown.0.call("DescribeInstances", &format!("InstanceId.1={}", all[3])).ok();
    let tags: Vec<_> = instances.texts("key").into_iter().zip(instances.texts("value")).collect();
    assert!(tags.contains(&("team", "a")) && tags.contains(&("from", "template")), "{tags:?}");
    assert!(tags.contains(&("aws:autoscaling:groupName", "workers")), "{tags:?}");
    assert!(!tags.iter().any(|(key, _)| *key == "own"), "{tags:?}");

    grown.change("SetDesiredCapacity", "DesiredCapacity=1&HonorCooldown=false").ok();
    assert_eq!(grown.members().len(), 1);
    let gone = grown.0.call("DescribeInstances", "Filter.1.Name=instance-state-name&Filter.1.Value.1=terminated").ok();
    assert_eq!(gone.texts("instanceId").len(), 3);
}

#[test]
fn bounds_move_the_desired_capacity() {
    let mut grown = Grown::with_template([0, 4, 2]);
    grown.change("UpdateAutoScalingGroup", "MaxSize=1").ok();
    assert_eq!(grown.members().len(), 1);
    grown.change("UpdateAutoScalingGroup", "MinSize=3&MaxSize=5").ok();
    assert_eq!((grown.members().len(), grown.texts("DesiredCapacity")), (3, vec!["3".to_owned()]));
}

#[test]
fn without_a_template_only_figures_change() {
    let mut grown = Grown::of_others([0, 4, 2]);
    grown.change("UpdateAutoScalingGroup", "DesiredCapacity=4").ok();
    assert_eq!((grown.members().len(), grown.texts("DesiredCapacity")), (0, vec!["4".to_owned()]));
}

#[rstest]
#[case::with_one_less(true, 1, "1")]
#[case::replaced(false, 2, "2")]
fn ending_an_instance(#[case] decrement: bool, #[case] count: usize, #[case] desired: &str) {
    let mut grown = Grown::with_template([1, 4, 2]);
    let id = grown.members().remove(0);
    let form = format!("InstanceId={id}&ShouldDecrementDesiredCapacity={decrement}");
    let activity = grown.call("TerminateInstanceInAutoScalingGroup", &form).ok();
    assert_eq!(activity.text("Description"), format!("Terminating EC2 instance: {id}"));
    let members = grown.members();
    assert!(members.len() == count && !members.contains(&id), "{members:?}");
    assert_eq!(grown.texts("DesiredCapacity"), [desired]);
    let again = grown.call("TerminateInstanceInAutoScalingGroup", &form);
    assert_eq!(again.code, Some("ValidationError"), "{}", again.body);
}

#[test]
fn what_cannot_be_launched_is_told() {
    let mut grown = Grown::with_template([0, 2, 0]);
    grown.0.call("DeleteLaunchTemplate", "LaunchTemplateName=worker").ok();
    grown.change("SetDesiredCapacity", "DesiredCapacity=2").ok();
    let activities = grown.change("DescribeScalingActivities", "").ok();
    assert_eq!(activities.texts("StatusCode"), ["Failed"]);
    assert!(activities.text("StatusMessage").contains("worker"), "{}", activities.body);
}

#[test]
fn activities_come_newest_first_and_page_by_page() {
    let mut grown = Grown::with_template([0, 3, 3]);
    grown.0.pass("PT1M");
    grown.change("SetDesiredCapacity", "DesiredCapacity=2").ok();
    let all = grown.call("DescribeScalingActivities", "").ok();
    let ids: Vec<String> = all.texts("ActivityId").into_iter().map(str::to_owned).collect();
    assert_eq!(ids.len(), 4);
    assert!(all.text("Description").starts_with("Terminating"), "{}", all.body);
    let first = grown.call("DescribeScalingActivities", "MaxRecords=3").ok();
    let form = format!("MaxRecords=3&NextToken={}", first.text("NextToken"));
    let second = grown.call("DescribeScalingActivities", &form).ok();
    assert_eq!([first.texts("ActivityId"), second.texts("ActivityId")].concat(), ids);
    let one = grown.call("DescribeScalingActivities", &format!("ActivityIds.member.1={}", ids[2])).ok();
    assert_eq!(one.texts("ActivityId"), [&ids[2]]);
}

#[rstest]
#[case::key("tag-key", "team", true)]
#[case::other_key("tag-key", "colour", false)]
#[case::value("tag-value", "b", true)]
#[case::other_value("tag-value", "c", false)]
#[case::tag("tag:team", "a", true)]
#[case::other_tag("tag:team", "b", false)]
#[case::no_wildcards("tag:team", "*", false)]
fn filters(#[case] name: &str, #[case] value: &str, #[case] found: bool) {
    let mut grown = Grown::of_others([0, 1, 0]);
    let form = format!("Filters.member.1.Name={name}&Filters.member.1.Values.member.1={value}");
    let reply = grown.call("DescribeAutoScalingGroups", &form).ok();
    assert_eq!(!reply.texts("AutoScalingGroupName").is_empty(), found);
}

#[rstest]
#[case::above("SetDesiredCapacity", "DesiredCapacity=4", "value 4 is above max value 3")]
#[case::below("SetDesiredCapacity", "DesiredCapacity=0", "value 0 is below min value 1")]
#[case::outside("UpdateAutoScalingGroup", "DesiredCapacity=4", "between the specified min size:1 and max size:3")]
#[case::bounds("UpdateAutoScalingGroup", "MinSize=5&MaxSize=4", "Max bound, 4, must be greater than")]
#[case::subnet("UpdateAutoScalingGroup", "VPCZoneIdentifier=subnet-0123456789abcdef0", "does not exist")]
#[case::nowhere("UpdateAutoScalingGroup", "VPCZoneIdentifier=", "does not exist")]
fn refusals(#[case] action: &str, #[case] form: &str, #[case] says: &str) {
    let mut grown = Grown::with_template([1, 3, 2]);
    let before = grown.texts("DesiredCapacity");
    let reply = grown.change(action, form);
    assert_eq!(reply.code, Some("ValidationError"), "{}", reply.body);
    assert!(reply.text("Message").contains(says), "{}", reply.body);
    assert_eq!((grown.texts("DesiredCapacity"), grown.members().len()), (before, 2));
}

#[rstest]
#[case::no_group("SetDesiredCapacity", "AutoScalingGroupName=other&DesiredCapacity=1", "ValidationError")]
#[case::no_instance(
    "TerminateInstanceInAutoScalingGroup",
    "InstanceId=i-0123456789abcdef0&ShouldDecrementDesiredCapacity=true",
    "ValidationError"
)]
#[case::not_built("CreateAutoScalingGroup", "AutoScalingGroupName=other", "UnsupportedOperation")]
#[case::made_up("CreateAutoScalingHerd", "", "InvalidAction")]
#[case::of_ec2("DescribeInstances", "", "InvalidAction")]
#[case::missing("SetDesiredCapacity", "DesiredCapacity=1", "MissingParameter")]
#[case::unknown("DescribeAutoScalingGroups", "Colour=red", "UnknownParameter")]
#[case::too_many("DescribeAutoScalingGroups", "MaxRecords=101", "InvalidParameterValue")]
#[case::unsupported(
    "UpdateAutoScalingGroup",
    "AutoScalingGroupName=workers&MaxInstanceLifetime=100",
    "UnsupportedOperation"
)]
#[case::no_filter(
    "DescribeAutoScalingGroups",
    "Filters.member.1.Name=colour&Filters.member.1.Values.member.1=red",
    "InvalidParameterValue"
)]
fn codes(#[case] action: &str, #[case] form: &str, #[case] code: &str) {
    let reply = Grown::of_others([0, 1, 0]).call(action, form);
    assert_eq!(reply.code, Some(code), "{}", reply.body);
    assert_eq!(reply.text("Type"), "Sender");
    assert!(reply.body.contains("http://autoscaling.amazonaws.com/doc/2011-01-01/"), "{}", reply.body);
}

#[test]
fn an_action_without_an_answer_has_no_result() {
    let mut grown = Grown::of_others([0, 1, 0]);
    insta::assert_snapshot!(grown.change("SetDesiredCapacity", "DesiredCapacity=1").ok().lines());
}

/// Lets the group launch what it lost, as the server does after calls and after a while.
fn replace(grown: &mut Grown) {
    let world = &mut grown.0;
    let now = world.now;
    assert!(crate::is_to_replace(&world.model, now));
    crate::replace_lost(&mut world.model, &mut Context { now, ids: &mut world.ids });
    world.model.settle(now);
    assert!(!crate::is_to_replace(&world.model, now));
}

#[rstest]
#[case::ended("TerminateInstances")]
#[case::stopped("StopInstances")]
fn what_is_lost_is_replaced(#[case] action: &str) {
    let mut grown = Grown::with_template([0, 4, 2]);
    let before = grown.members();
    grown.0.call(action, &format!("InstanceId.1={}", before[0])).ok();
    grown.0.model.settle(grown.0.now);
    replace(&mut grown);
    let after = grown.members();
    assert!(after.len() == 2 && after.contains(&before[1]) && !after.contains(&before[0]), "{after:?}");
    let state = grown.0.call("DescribeInstances", &format!("InstanceId.1={}", before[0])).ok();
    assert!(state.texts("name").contains(&"terminated"), "{}", state.body);
}

#[test]
fn a_group_that_cannot_launch_tries_again_after_a_minute() {
    let mut grown = Grown::with_template([0, 4, 1]);
    let id = grown.members().remove(0);
    grown.0.model.set_quotas(Quotas { on_demand_vcpus: 0, ..Quotas::default() });
    grown.0.call("TerminateInstances", &format!("InstanceId.1={id}")).ok();
    grown.0.model.settle(grown.0.now);
    replace(&mut grown);
    assert!(grown.members().is_empty());
    let activities = grown.change("DescribeScalingActivities", "").ok();
    assert_eq!(activities.texts("StatusCode")[0], "Failed");
    assert_eq!(crate::replaces_at(&grown.0.model), Some(grown.0.now + SignedDuration::from_mins(1)));
    grown.0.model.set_quotas(Quotas::default());
    grown.0.pass("1m");
    replace(&mut grown);
    assert_eq!(grown.members().len(), 1);
}

#[test]
fn a_group_that_rests_is_left_alone_by_those_who_ask() {
    let mut grown = Grown::with_template([0, 4, 1]);
    grown.change("SetDesiredCapacity", "DesiredCapacity=2&HonorCooldown=true").ok();
    let again = grown.change("SetDesiredCapacity", "DesiredCapacity=3&HonorCooldown=true");
    assert_eq!(again.code, Some("ScalingActivityInProgress"));
    grown.change("SetDesiredCapacity", "DesiredCapacity=3&HonorCooldown=false").ok();
    grown.change("UpdateAutoScalingGroup", "DefaultCooldown=10").ok();
    assert_eq!(grown.texts("DefaultCooldown"), ["10"]);
    grown.0.pass("10s");
    grown.change("SetDesiredCapacity", "DesiredCapacity=4&HonorCooldown=true").ok();
    assert_eq!(grown.members().len(), 4);
}
