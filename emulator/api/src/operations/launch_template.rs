//! Launch templates: CreateLaunchTemplate, CreateLaunchTemplateVersion, ModifyLaunchTemplate, DeleteLaunchTemplate,
//! DeleteLaunchTemplateVersions here; how they are read in the submodules.

pub(crate) mod data;
mod describe;
mod requirements;
#[cfg(test)]
mod tests;
mod versions;

use jiff::Timestamp;
use vpc_model::launch_template::{NewLaunchTemplate, TemplateName, VersionChoice};
use vpc_model::{
    AccountId, Context, LaunchParameters, LaunchTemplate, LaunchTemplateError, LaunchTemplateId, Model, Tags,
};

use super::{Action, Operation, Output, read, write};
use crate::query::{Query, Value};
use crate::xml::Xml;
use crate::{ApiError, Code, shape, tag_specification};

pub(crate) const ACTIONS: &[Action] = &[
    write::<CreateLaunchTemplate>(),
    write::<CreateLaunchTemplateVersion>(),
    write::<ModifyLaunchTemplate>(),
    write::<DeleteLaunchTemplate>(),
    write::<DeleteLaunchTemplateVersions>(),
    read::<describe::DescribeLaunchTemplates>(),
    read::<versions::DescribeLaunchTemplateVersions>(),
];

/// How many versions a call can delete.
const MAX_DELETED: usize = 200;

impl Value for VersionChoice {
    fn from_text(name: &str, text: String) -> Result<Self, ApiError> {
        match text.as_str() {
            "$Default" => Ok(Self::Default),
            "$Latest" => Ok(Self::Latest),
            number => number
                .parse()
                .map(Self::Number)
                .map_err(|_| ApiError::invalid(name, number, "Expected a version number, $Latest or $Default.")),
        }
    }
}

/// Takes which template is meant, by its id or its name; there may be neither.
pub(crate) fn optional_template(query: &mut Query) -> Result<Option<TemplateName>, ApiError> {
    match (query.optional("LaunchTemplateId")?, query.optional("LaunchTemplateName")?) {
        (Some(_), Some(_)) => Err(ApiError::combination(
            "Launch template ID and launch template name may not be specified on the same request",
        )),
        (Some(id), None) => Ok(Some(TemplateName::Id(id))),
        (None, name) => Ok(name.map(TemplateName::Name)),
    }
}

/// The same where one has to be meant.
pub(crate) fn template(query: &mut Query) -> Result<TemplateName, ApiError> {
    optional_template(query)?.ok_or_else(|| ApiError::missing("launch template ID or launch template name"))
}

fn launch_data(query: &mut Query) -> Result<LaunchParameters, ApiError> {
    // Only AWS's own services make templates of their own.
    query.refuse_unsupported(&["Operator"])?;
    let data = query.structure("LaunchTemplateData", |data| shape::decode(data, data::DATA))?;
    data.ok_or_else(|| ApiError::missing("LaunchTemplateData"))
}

/// A template as replies show it.
#[derive(Debug)]
pub(crate) struct TemplateItem {
    template: LaunchTemplate,
    account: AccountId,
}

impl TemplateItem {
    fn of(model: &Model, template: &LaunchTemplate) -> Self {
        Self { template: template.clone(), account: model.account().clone() }
    }
}

impl Output for TemplateItem {
    fn write(&self, xml: &mut Xml) {
        let template = &self.template;
        xml.text("launchTemplateId", &template.id);
        xml.text("launchTemplateName", &template.name);
        write_origin(xml, &self.account, template.created);
        xml.text("defaultVersionNumber", template.default_version);
        xml.text("latestVersionNumber", template.latest_version());
        xml.tags(&template.tags);
        xml.element("operator", |xml| xml.text("managed", false));
    }
}

/// When and by whom something was made. Deviation: whoever calls, it is the account itself.
fn write_origin(xml: &mut Xml, account: &AccountId, created: Timestamp) {
    xml.timestamp("createTime", created);
    xml.text("createdBy", format_args!("arn:aws:iam::{account}:root"));
}

/// `<launchTemplate>`.
#[derive(Debug)]
struct One(TemplateItem);

impl Output for One {
    fn write(&self, xml: &mut Xml) {
        xml.element("launchTemplate", |xml| self.0.write(xml));
    }
}

fn one(model: &Model, id: LaunchTemplateId) -> Result<One, ApiError> {
    Ok(One(TemplateItem::of(model, model.find_launch_template(&TemplateName::Id(id))?)))
}

#[derive(Debug)]
struct CreateLaunchTemplate(NewLaunchTemplate);

impl Operation for CreateLaunchTemplate {
    const ACTION: &'static str = "CreateLaunchTemplate";
    const CLIENT_TOKEN: bool = true;
    type Output = One;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let tags: Tags = tag_specification::decode_one(query, &["launch-template"])?;
        let (name, description) = (query.required("LaunchTemplateName")?, query.optional("VersionDescription")?);
        Ok(Self(NewLaunchTemplate { name, description, data: launch_data(query)?, tags }))
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<One, ApiError> {
        let id = model.create_launch_template(cx, self.0)?;
        one(model, id)
    }
}

#[derive(Debug)]
struct CreateLaunchTemplateVersion {
    name: TemplateName,
    source: Option<VersionChoice>,
    description: Option<String>,
    data: LaunchParameters,
    resolve_alias: bool,
}

impl Operation for CreateLaunchTemplateVersion {
    const ACTION: &'static str = "CreateLaunchTemplateVersion";
    const CLIENT_TOKEN: bool = true;
    type Output = versions::OneVersion;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let (source, description) = (query.optional("SourceVersion")?, query.optional("VersionDescription")?);
        let resolve_alias = query.flag("ResolveAlias")?;
        // With a source, nothing has to be said besides.
        let data = match source {
            Some(_) if !query.has("LaunchTemplateData") => LaunchParameters::new(),
            _ => launch_data(query)?,
        };
        Ok(Self { name: template(query)?, source, description, data, resolve_alias })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let (id, number) =
            model.create_launch_template_version(cx, &self.name, self.source, self.description, self.data)?;
        let template = model.find_launch_template(&TemplateName::Id(id))?;
        let version = template.version(VersionChoice::Number(number))?;
        Ok(versions::OneVersion(versions::VersionItem::of(model, template, version, self.resolve_alias)))
    }
}

#[derive(Debug)]
struct ModifyLaunchTemplate {
    name: TemplateName,
    default_version: Option<u64>,
}

impl Operation for ModifyLaunchTemplate {
    const ACTION: &'static str = "ModifyLaunchTemplate";
    const CLIENT_TOKEN: bool = true;
    type Output = One;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { name: template(query)?, default_version: query.optional("SetDefaultVersion")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<One, ApiError> {
        let id = match self.default_version {
            Some(number) => model.set_default_version(&self.name, number)?,
            None => model.find_launch_template(&self.name)?.id.clone(),
        };
        one(model, id)
    }
}

#[derive(Debug)]
struct DeleteLaunchTemplate {
    name: TemplateName,
}

impl Operation for DeleteLaunchTemplate {
    const ACTION: &'static str = "DeleteLaunchTemplate";
    type Output = One;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { name: template(query)? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<One, ApiError> {
        let gone = model.delete_launch_template(&self.name)?;
        Ok(One(TemplateItem::of(model, &gone)))
    }
}

/// Each version that cannot be deleted is told; the call as such succeeds.
#[derive(Debug)]
struct DeleteLaunchTemplateVersions {
    name: TemplateName,
    versions: Vec<u64>,
}

impl Operation for DeleteLaunchTemplateVersions {
    const ACTION: &'static str = "DeleteLaunchTemplateVersions";
    type Output = Deleted;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let versions: Vec<u64> = query.required_list("LaunchTemplateVersion")?;
        if versions.len() > MAX_DELETED {
            let message = format!("A request can delete at most {MAX_DELETED} launch template versions");
            return Err(ApiError::new(Code::INVALID_PARAMETER_VALUE, message));
        }
        Ok(Self { name: template(query)?, versions })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Deleted, ApiError> {
        let (id, name) = match (model.find_launch_template(&self.name), &self.name) {
            (Ok(template), _) => (Some(template.id.clone()), Some(template.name.clone())),
            (Err(_), TemplateName::Id(id)) => (Some(id.clone()), None),
            (Err(_), TemplateName::Name(name)) => (None, Some(name.clone())),
        };
        let delete = |number| (number, model.delete_launch_template_version(&self.name, number).err());
        Ok(Deleted { id, name, versions: self.versions.into_iter().map(delete).collect() })
    }
}

#[derive(Debug)]
struct Deleted {
    id: Option<LaunchTemplateId>,
    name: Option<String>,
    versions: Vec<(u64, Option<LaunchTemplateError>)>,
}

impl Output for Deleted {
    fn write(&self, xml: &mut Xml) {
        let write_version = |xml: &mut Xml, number: u64| {
            xml.optional("launchTemplateId", self.id.as_ref());
            xml.optional("launchTemplateName", self.name.as_ref());
            xml.text("versionNumber", number);
        };
        let done = self.versions.iter().filter(|(_, err)| err.is_none());
        xml.list("successfullyDeletedLaunchTemplateVersionSet", done, |xml, (number, _)| write_version(xml, *number));
        let failed = self.versions.iter().filter_map(|(number, err)| Some((*number, err.as_ref()?)));
        xml.list("unsuccessfullyDeletedLaunchTemplateVersionSet", failed, |xml, (number, err)| {
            write_version(xml, number);
            xml.element("responseError", |xml| {
                xml.text("code", code(err));
                xml.text("message", ApiError::from(err.clone()).message());
            });
        });
    }
}

/// The codes of this one action, which are none of EC2's general ones.
fn code(err: &LaunchTemplateError) -> &'static str {
    match err {
        LaunchTemplateError::NotFound(_) => "launchTemplateIdDoesNotExist",
        LaunchTemplateError::NameNotFound(_) => "launchTemplateNameDoesNotExist",
        LaunchTemplateError::VersionNotFound { .. } => "launchTemplateVersionDoesNotExist",
        _ => "unexpectedError",
    }
}
