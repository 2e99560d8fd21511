//! GetInstanceTypesFromInstanceRequirements.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use vpc_model::{LaunchParameters, Model, instance_requirements};

use super::launch_template::data::REQUIREMENTS;
use super::{Action, Output, ReadOperation, read};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, shape};

pub(crate) const ACTIONS: &[Action] = &[read::<GetInstanceTypesFromInstanceRequirements>()];

/// Refuses requirements that cannot be judged: the types' bandwidths are not known here.
pub(crate) fn check(requirements: &LaunchParameters) -> Result<(), ApiError> {
    for name in ["VCpuCount", "MemoryMiB"] {
        if requirements.get(name).and_then(|range| range.member("Min")).is_none() {
            return Err(ApiError::missing(&format!("InstanceRequirements.{name}.Min")));
        }
    }
    if requirements.contains_key("AllowedInstanceType") && requirements.contains_key("ExcludedInstanceType") {
        return Err(ApiError::combination("AllowedInstanceTypes and ExcludedInstanceTypes may not both be specified"));
    }
    let unknown = ["BaselineEbsBandwidthMbps", "BaselinePerformanceFactors", "NetworkBandwidthGbps"];
    match unknown.iter().find(|name| requirements.contains_key(**name)) {
        Some(name) => Err(ApiError::unsupported(&format!("InstanceRequirements.{name}"))),
        None => Ok(()),
    }
}

#[derive(Debug)]
struct GetInstanceTypesFromInstanceRequirements {
    architectures: Vec<String>,
    virtualization: Vec<String>,
    requirements: LaunchParameters,
    page: PageRequest,
}

impl ReadOperation for GetInstanceTypesFromInstanceRequirements {
    const ACTION: &'static str = "GetInstanceTypesFromInstanceRequirements";
    type Output = Types;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let _reserved: Option<String> = query.optional("Context")?;
        let requirements = query.structure("InstanceRequirements", |inside| shape::decode(inside, REQUIREMENTS))?;
        let requirements = requirements.ok_or_else(|| ApiError::missing("InstanceRequirements"))?;
        check(&requirements)?;
        Ok(Self {
            architectures: query.required_list("ArchitectureType")?,
            virtualization: query.required_list("VirtualizationType")?,
            requirements,
            page: PageRequest::decode(query, 1..=1000)?,
        })
    }

    fn run(self, _: &Model, _: Timestamp) -> Result<Types, ApiError> {
        let found = instance_requirements::matching(&self.requirements, &self.architectures);
        // All types run with hardware's help.
        let is_asked = self.virtualization.iter().any(|kind| kind == "hvm");
        let names = found.into_iter().filter(|_| is_asked).map(|known| known.name);
        Ok(Types(self.page.page(names, |name| (*name).to_owned())))
    }
}

#[derive(Debug)]
struct Types(Page<&'static str>);

impl Output for Types {
    fn write(&self, xml: &mut Xml) {
        xml.list("instanceTypeSet", &self.0.items, |xml, name| xml.text("instanceType", name));
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}
