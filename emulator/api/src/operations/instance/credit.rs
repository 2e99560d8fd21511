//! Credits of burstable instances: DescribeInstanceCreditSpecifications, ModifyInstanceCreditSpecification.

use jiff::Timestamp;
use vpc_model::{
    Context, Instance, InstanceError, InstanceId, LaunchParameter, LaunchParameters, Model, instance_type,
};

use crate::filter::{Fields, Filters};
use crate::operations::{Operation, Output, ReadOperation};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

fn is_burstable(instance: &Instance) -> bool {
    instance_type::find(&instance.instance_type).is_some_and(|known| known.is_burstable())
}

/// How an instance pays when its credits are used up. All but the oldest family go on unless told otherwise.
fn credits(instance: &Instance) -> &str {
    let default = if instance.instance_type.starts_with("t2.") { "standard" } else { "unlimited" };
    instance.options.text("CreditSpecification.CpuCredits").unwrap_or(default)
}

const FIELDS: Fields<Model, Instance> =
    Fields { by_name: &[("instance-id", |_, instance| vec![instance.id.to_string()])], tags: None };

#[derive(Debug)]
pub(super) struct DescribeInstanceCreditSpecifications {
    ids: Vec<InstanceId>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeInstanceCreditSpecifications {
    const ACTION: &'static str = "DescribeInstanceCreditSpecifications";
    type Output = Credits;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (ids, filters): (Vec<InstanceId>, _) = (query.list("InstanceId")?, Filters::decode(query)?);
        let page = PageRequest::decode(query, 5..=1000)?;
        page.not_with_ids("instanceIds", ids.len())?;
        Ok(Self { ids, filters, page })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Credits, ApiError> {
        let named = model.find_instances(now, &self.ids)?;
        if let Some(other) = named.iter().find(|instance| !is_burstable(instance)) {
            let message = format!("The instance '{}' is not of a burstable performance instance type", other.id);
            return Err(ApiError::new(Code::INVALID_PARAMETER_VALUE, message));
        }
        let asked: Vec<&Instance> = if self.ids.is_empty() {
            // Without ids EC2 shows those that can go beyond their credits.
            let all = model.instances().filter(|instance| !instance.is_terminated() && is_burstable(instance));
            all.filter(|instance| credits(instance) == "unlimited").collect()
        } else {
            named
        };
        let found = self.filters.select(&FIELDS, model, asked)?.into_iter();
        let shown = found.map(|instance| (instance.id.clone(), credits(instance).to_owned()));
        Ok(Credits(self.page.page(shown, |(id, _)| id.to_string())))
    }
}

#[derive(Debug)]
pub(super) struct Credits(Page<(InstanceId, String)>);

impl Output for Credits {
    fn write(&self, xml: &mut Xml) {
        xml.list("instanceCreditSpecificationSet", &self.0.items, |xml, (id, credits)| {
            xml.text("instanceId", id);
            xml.text("cpuCredits", credits);
        });
        xml.optional("nextToken", self.0.next_token.as_ref());
    }
}

/// What is wrong with one of the instances of a call; the others are changed.
type Failure = (&'static str, String);

#[derive(Debug)]
pub(super) struct ModifyInstanceCreditSpecification {
    all: Vec<(String, String)>,
}

impl Operation for ModifyInstanceCreditSpecification {
    const ACTION: &'static str = "ModifyInstanceCreditSpecification";
    const CLIENT_TOKEN: bool = true;
    type Output = Modified;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let all = query.structs("InstanceCreditSpecification", |one| {
            let credits: String = one.or("CpuCredits", "standard".to_owned())?;
            if !matches!(credits.as_str(), "standard" | "unlimited") {
                return Err(ApiError::invalid(
                    &one.full_name("CpuCredits"),
                    &credits,
                    "Expected standard or unlimited.",
                ));
            }
            Ok((one.required("InstanceId")?, credits))
        })?;
        if all.is_empty() { Err(ApiError::missing("InstanceCreditSpecification")) } else { Ok(Self { all }) }
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Modified, ApiError> {
        let mut modified = Modified::default();
        for (id, credits) in self.all {
            match modify(model, cx, &id, credits)? {
                Ok(()) => modified.done.push(id),
                Err(failure) => modified.failed.push((id, failure)),
            }
        }
        Ok(modified)
    }
}

fn modify(model: &mut Model, cx: &Context<'_>, id: &str, credits: String) -> Result<Result<(), Failure>, ApiError> {
    let Ok(id) = id.parse::<InstanceId>() else {
        return Ok(Err(("InvalidInstanceID.Malformed", format!("Invalid id: \"{id}\""))));
    };
    let instance = match model.find_instances(cx.now, std::slice::from_ref(&id)) {
        Ok(found) => found[0],
        Err(InstanceError::NotFound(_)) => {
            return Ok(Err(("InvalidInstanceID.NotFound", format!("The instance ID '{id}' does not exist"))));
        }
        Err(err) => return Err(err.into()),
    };
    if instance.is_terminated() {
        let message = format!("The instance '{id}' is terminated.");
        return Ok(Err(("IncorrectInstanceState", message)));
    }
    if !is_burstable(instance) {
        let message = format!("The instance '{id}' does not support CPU credits.");
        return Ok(Err(("InstanceCreditSpecification.NotSupported", message)));
    }
    let members = LaunchParameters::from([("CpuCredits".to_owned(), LaunchParameter::Text(credits))]);
    model.change_instance_option(cx.now, &id, "CreditSpecification", members, false)?;
    Ok(Ok(()))
}

#[derive(Debug, Default)]
pub(super) struct Modified {
    done: Vec<String>,
    failed: Vec<(String, Failure)>,
}

impl Output for Modified {
    fn write(&self, xml: &mut Xml) {
        xml.list("successfulInstanceCreditSpecificationSet", &self.done, |xml, id| xml.text("instanceId", id));
        xml.list("unsuccessfulInstanceCreditSpecificationSet", &self.failed, |xml, (id, (code, message))| {
            xml.text("instanceId", id);
            xml.element("error", |xml| {
                xml.text("code", code);
                xml.text("message", message);
            });
        });
    }
}
