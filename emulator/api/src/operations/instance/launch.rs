//! RunInstances.

mod options;
mod request;
#[cfg(test)]
mod tests;

use vpc_model::launch_template::{TemplateName, VersionChoice, parameters};
use vpc_model::{Context, InstanceId, LaunchParameter, LaunchParameters, Model};

pub(crate) use self::options::{KEPT, dns_names, dns_names_given};
pub(crate) use self::request::LaunchRequest;
pub(super) use self::request::{Profile, profile};
use super::item::Reservation;
use crate::operations::{Operation, launch_template};
use crate::query::Query;
use crate::{ApiError, shape};

#[derive(Debug)]
pub(super) enum RunInstances {
    /// The call says everything.
    Alone(Box<LaunchRequest>),
    /// The call says what it would have otherwise than a template.
    From { template: TemplateRef, given: Query },
}

impl Operation for RunInstances {
    const ACTION: &'static str = "RunInstances";
    const CLIENT_TOKEN: bool = true;
    type Output = Reservation;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let template = query.structure("LaunchTemplate", TemplateRef::decode)?;
        let given = query.clone();
        let request = LaunchRequest::decode(query)?;
        match template {
            None => Ok(Self::Alone(Box::new(request.check()?))),
            Some(template) => Ok(Self::From { template, given }),
        }
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Reservation, ApiError> {
        let new = match self {
            Self::Alone(request) => request.resolve(model, &[])?,
            Self::From { template, given } => {
                let (data, tags) = template.find(model)?;
                let all = parameters::as_launch(data, shape::gather(given.parameters()));
                request_of(all, given.client_token())?.resolve(model, &tags)?
            }
        };
        let (_, ids) = model.run_instances(cx, &new)?;
        let instances: Vec<_> = ids.iter().filter_map(|id: &InstanceId| model.instance(id)).collect();
        Ok(Reservation::of(model, &instances))
    }
}

/// Tags that AWS adds.
pub(crate) type AddedTags = [(&'static str, String); 2];

/// A version of a launch template, as launches name it.
#[derive(Debug, Clone)]
pub(crate) struct TemplateRef {
    pub(crate) name: TemplateName,
    pub(crate) version: VersionChoice,
}

impl TemplateRef {
    /// Takes the template's id or name and its version.
    pub(crate) fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { name: launch_template::template(query)?, version: query.or("Version", VersionChoice::Default)? })
    }

    /// What the version launches with, and the tags by which its instances are known.
    pub(crate) fn find(&self, model: &Model) -> Result<(LaunchParameters, AddedTags), ApiError> {
        let template = model.find_launch_template(&self.name)?;
        let version = template.version(self.version)?;
        let tags = [
            ("aws:ec2launchtemplate:id", template.id.to_string()),
            ("aws:ec2launchtemplate:version", version.number.to_string()),
        ];
        Ok((version.data.clone(), tags))
    }
}

/// Reads the parameters of a launch that come from a template and what was said besides.
pub(crate) fn request_of(mut all: LaunchParameters, token: Option<&str>) -> Result<LaunchRequest, ApiError> {
    if all.contains_key("InstanceRequirements") {
        return Err(ApiError::combination(
            "Instances are launched by their type: InstanceRequirements of a launch template are for fleets",
        ));
    }
    // One parameter has two spellings.
    if let Some(ramdisk) = all.remove("RamDiskId") {
        all.entry("RamdiskId".to_owned()).or_insert(ramdisk);
    }
    let mut query = Query::of(shape::flatten(&all), token);
    let request = LaunchRequest::decode(&mut query)?;
    query.finish()?;
    request.check()
}

/// Puts a subnet in the place of the one that a launch names, in its interfaces where it lists them.
pub(crate) fn put_subnet(all: &mut LaunchParameters, subnet: &LaunchParameter) {
    let Some(LaunchParameter::List(interfaces)) = all.get_mut("NetworkInterface") else {
        all.insert("SubnetId".to_owned(), subnet.clone());
        return;
    };
    for interface in interfaces {
        if let LaunchParameter::Structure(interface) = interface
            && !interface.contains_key("NetworkInterfaceId")
        {
            interface.insert("SubnetId".to_owned(), subnet.clone());
        }
    }
}
