//! What an operating system would say: GetConsoleOutput, GetPasswordData. There is none here.

use jiff::Timestamp;
use vpc_model::{InstanceId, Model};

use crate::ApiError;
use crate::operations::{Output, ReadOperation};
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct GetConsoleOutput {
    instance_id: InstanceId,
}

impl ReadOperation for GetConsoleOutput {
    const ACTION: &'static str = "GetConsoleOutput";
    type Output = Said;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Nothing is older than anything else.
        let _latest = query.flag("Latest")?;
        Ok(Self { instance_id: query.required("InstanceId")? })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Said, ApiError> {
        let time = model.find_instances(now, std::slice::from_ref(&self.instance_id))?[0].launch_time;
        Ok(Said { instance_id: self.instance_id, time, password: None })
    }
}

#[derive(Debug)]
pub(super) struct GetPasswordData {
    instance_id: InstanceId,
}

impl ReadOperation for GetPasswordData {
    const ACTION: &'static str = "GetPasswordData";
    type Output = Said;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { instance_id: query.required("InstanceId")? })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Said, ApiError> {
        let time = model.find_instances(now, std::slice::from_ref(&self.instance_id))?[0].launch_time;
        Ok(Said { instance_id: self.instance_id, time, password: Some("") })
    }
}

/// What was said and when. Without a system that is nothing, and a password is empty until one is set.
#[derive(Debug)]
pub(super) struct Said {
    instance_id: InstanceId,
    time: Timestamp,
    password: Option<&'static str>,
}

impl Output for Said {
    fn write(&self, xml: &mut Xml) {
        xml.text("instanceId", &self.instance_id);
        xml.timestamp("timestamp", self.time);
        xml.optional("passwordData", self.password);
    }
}
