//! DescribeScalingActivities: what groups did.
//!
//! See <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Activity.html>.

use jiff::Timestamp;
use vpc_model::auto_scaling::{Activity, ActivityOutcome};
use vpc_model::{InstanceState, Model};

use crate::ApiError;
use crate::operations::{Output, ReadOperation};
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct DescribeScalingActivities {
    ids: Vec<String>,
    group: Option<String>,
    page: PageRequest,
}

impl ReadOperation for DescribeScalingActivities {
    const ACTION: &'static str = "DescribeScalingActivities";
    type Output = Shown;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(&["Filters"])?;
        // Nothing is known of groups that are gone, and AWS's services have none here.
        query.flag("IncludeDeletedGroups")?;
        query.flag("IncludeManagedResources")?;
        Ok(Self {
            ids: query.list("ActivityIds.member")?,
            group: query.optional("AutoScalingGroupName")?,
            page: PageRequest::of_records(query, 1..=100)?.or_at_most(100),
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Shown, ApiError> {
        if let Some(name) = &self.group {
            model.auto_scaling_group(name)?;
        }
        let is_asked = |name: &String| self.group.as_ref().is_none_or(|asked| asked == name);
        let groups = model.auto_scaling_groups().filter(|group| is_asked(&group.name));
        let all = groups.flat_map(|group| group.activities.iter().rev().map(|activity| (&group.name, activity)));
        let found = all.filter(|(_, activity)| self.ids.is_empty() || self.ids.contains(&activity.id));
        // The newest come first.
        let numbered: Vec<_> = found.enumerate().collect();
        let page = self
            .page
            .page(numbered, |(at, (_, activity))| format!("{:020}/{at:06}", i64::MAX - activity.time.as_microsecond()));
        Ok(Shown(Xml::fragment(|xml| {
            xml.members("Activities", page.items, |xml, (_, (name, activity))| xml.raw(&shown(model, name, activity)));
            xml.optional("NextToken", page.next_token);
        })))
    }
}

#[derive(Debug)]
pub(super) struct Shown(pub(super) Vec<u8>);

impl Output for Shown {
    fn write(&self, xml: &mut Xml) {
        xml.raw(&self.0);
    }
}

/// An activity as replies show it.
pub(super) fn shown(model: &Model, group: &str, activity: &Activity) -> Vec<u8> {
    let arn = model.auto_scaling_group(group).map(|group| group.arn(model)).ok();
    let (description, is_over) = match &activity.outcome {
        ActivityOutcome::Launched(id) => {
            let starts = model.instance(id).is_some_and(|instance| instance.state == InstanceState::Pending);
            (format!("Launching a new EC2 instance: {id}"), !starts)
        }
        ActivityOutcome::Ended(id) => {
            let ends = model.instance(id).is_some_and(|instance| instance.state == InstanceState::ShuttingDown);
            (format!("Terminating EC2 instance: {id}"), !ends)
        }
        ActivityOutcome::Failed(_) => {
            ("Launching a new EC2 instance.  Status Reason: ".to_owned() + message(activity), true)
        }
    };
    let status = match &activity.outcome {
        ActivityOutcome::Failed(_) => "Failed",
        _ if is_over => "Successful",
        _ => "InProgress",
    };
    Xml::fragment(|xml| {
        xml.text("ActivityId", &activity.id);
        xml.text("AutoScalingGroupName", group);
        xml.optional("AutoScalingGroupARN", arn);
        xml.text("Description", description);
        xml.text("Cause", &activity.cause);
        xml.timestamp("StartTime", activity.time);
        // Deviation: when it was over is not kept, so that is when it began.
        xml.optional("EndTime", is_over.then(|| crate::xml::time(activity.time)));
        xml.text("StatusCode", status);
        xml.optional("StatusMessage", (status == "Failed").then(|| message(activity)));
        xml.text("Progress", if is_over { 100 } else { 50 });
    })
}

fn message(activity: &Activity) -> &str {
    match &activity.outcome {
        ActivityOutcome::Failed(message) => message,
        ActivityOutcome::Launched(_) | ActivityOutcome::Ended(_) => "",
    }
}
