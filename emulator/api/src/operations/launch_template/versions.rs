//! DescribeLaunchTemplateVersions.

use jiff::Timestamp;
use vpc_model::launch_template::{LaunchTemplateVersion, TemplateName, VersionChoice, parameters};
use vpc_model::{AccountId, LaunchParameter, LaunchParameters, LaunchTemplate, LaunchTemplateId, Model};

use super::{data, optional_template, write_origin};
use crate::filter::{Fields, Filters};
use crate::operations::{Output, ReadOperation};
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code, shape};

/// The text of a parameter, as filters look at it.
fn texts(item: &VersionItem, path: &str) -> Vec<String> {
    parameters::text(&item.version.data, path).into_iter().map(str::to_owned).collect()
}

/// The same of a member of each entry in a list.
fn each(item: &VersionItem, list: &str, member: &str) -> Vec<String> {
    let entries = item.version.data.get(list).map_or(&[][..], LaunchParameter::entries);
    entries.iter().filter_map(|entry| Some(entry.member(member)?.as_text()?.to_owned())).collect()
}

const FIELDS: Fields<Model, VersionItem> = Fields {
    by_name: &[
        ("create-time", |_, item| vec![crate::xml::time(item.version.created)]),
        ("ebs-optimized", |_, item| texts(item, "EbsOptimized")),
        ("http-endpoint", |_, item| texts(item, "MetadataOptions.HttpEndpoint")),
        // IMDS has no switch for IPv4 alone.
        ("http-protocol-ipv4", |_, item| texts(item, "MetadataOptions.HttpEndpoint")),
        ("http-tokens", |_, item| texts(item, "MetadataOptions.HttpTokens")),
        ("host-resource-group-arn", |_, item| texts(item, "Placement.HostResourceGroupArn")),
        ("iam-instance-profile", |_, item| texts(item, "IamInstanceProfile.Arn")),
        ("image-id", |_, item| texts(item, "ImageId")),
        ("instance-type", |_, item| texts(item, "InstanceType")),
        ("is-default-version", |_, item| vec![item.is_default.to_string()]),
        ("kernel-id", |_, item| texts(item, "KernelId")),
        ("license-configuration-arn", |_, item| each(item, "LicenseSpecification", "LicenseConfigurationArn")),
        ("network-card-index", |_, item| each(item, "NetworkInterface", "NetworkCardIndex")),
        ("ram-disk-id", |_, item| texts(item, "RamDiskId")),
    ],
    tags: None,
};

#[derive(Debug)]
pub(super) struct DescribeLaunchTemplateVersions {
    name: Option<TemplateName>,
    versions: Vec<VersionChoice>,
    min: Option<u64>,
    max: Option<u64>,
    resolve_alias: bool,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeLaunchTemplateVersions {
    const ACTION: &'static str = "DescribeLaunchTemplateVersions";
    type Output = Versions;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // No service manages templates here, so this one changes nothing.
        let _managed_too = query.flag("IncludeManagedResources")?;
        let asked = Self {
            name: optional_template(query)?,
            versions: query.list("LaunchTemplateVersion")?,
            min: query.optional("MinVersion")?,
            max: query.optional("MaxVersion")?,
            resolve_alias: query.flag("ResolveAlias")?,
            filters: Filters::decode(query)?,
            page: PageRequest::decode(query, 1..=200)?,
        };
        asked.check()?;
        Ok(asked)
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Versions, ApiError> {
        let mut found = Vec::new();
        match &self.name {
            Some(name) => self.of_one(model, model.find_launch_template(name)?, &mut found)?,
            None => {
                for template in model.launch_templates() {
                    self.of_one(model, template, &mut found)?;
                }
            }
        }
        let found = self.filters.select(&FIELDS, model, &found)?.into_iter().cloned();
        // The newest first.
        let page = self.page.page(found, |item| format!("{} {:020}", item.id, u64::MAX - item.version.number));
        Ok(Versions { items: page.items, next_token: page.next_token })
    }
}

impl DescribeLaunchTemplateVersions {
    /// Versions are those of one template, or each template's latest or default one.
    fn check(&self) -> Result<(), ApiError> {
        const HELP: &str = "To describe the launch template data for all your launch templates, for '--versions' \
            specify '$Latest', '$Default', or both, and omit '--launch-template-id', '--launch-template-name', and \
            version numbers. To describe the launch template data for a specific launch template, specify \
            '--launch-template-id' or '--launch-template-name', and for '--versions' specify one or more of the \
            following values: '$Latest', '$Default', or one or more version numbers.";
        let has_range = self.min.is_some() || self.max.is_some();
        let has_numbers = self.versions.iter().any(|choice| matches!(choice, VersionChoice::Number(_)));
        match &self.name {
            None if self.versions.is_empty() => Err(ApiError::new(Code::MISSING_PARAMETER, HELP)),
            None if has_numbers || has_range => Err(ApiError::new(Code::INVALID_PARAMETER_VALUE, HELP)),
            _ if has_range && !self.versions.is_empty() => {
                Err(ApiError::combination("Versions and a range of versions may not be specified on the same request"))
            }
            _ => Ok(()),
        }
    }

    /// The versions of a template that are asked for, each once.
    fn of_one(&self, model: &Model, template: &LaunchTemplate, found: &mut Vec<VersionItem>) -> Result<(), ApiError> {
        let range = self.min.unwrap_or(0)..=self.max.unwrap_or(u64::MAX);
        let mut numbers: Vec<u64> = template
            .versions
            .keys()
            .copied()
            .filter(|number| self.versions.is_empty() && range.contains(number))
            .collect();
        for choice in &self.versions {
            numbers.push(template.version(*choice)?.number);
        }
        numbers.sort_unstable();
        numbers.dedup();
        let versions = numbers.iter().filter_map(|number| template.versions.get(number));
        found.extend(versions.map(|version| VersionItem::of(model, template, version, self.resolve_alias)));
        Ok(())
    }
}

#[derive(Debug)]
pub(super) struct Versions {
    items: Vec<VersionItem>,
    next_token: Option<String>,
}

impl Output for Versions {
    fn write(&self, xml: &mut Xml) {
        xml.list("launchTemplateVersionSet", &self.items, |xml, item| item.write(xml));
        xml.optional("nextToken", self.next_token.as_ref());
    }
}

/// A version as replies show it.
#[derive(Debug, Clone)]
pub(super) struct VersionItem {
    id: LaunchTemplateId,
    name: String,
    is_default: bool,
    version: LaunchTemplateVersion,
    account: AccountId,
}

impl VersionItem {
    pub(super) fn of(
        model: &Model,
        template: &LaunchTemplate,
        version: &LaunchTemplateVersion,
        resolve_alias: bool,
    ) -> Self {
        let mut version = version.clone();
        if resolve_alias {
            resolve(model, &mut version.data);
        }
        let (id, name) = (template.id.clone(), template.name.clone());
        let is_default = template.default_version == version.number;
        Self { id, name, is_default, version, account: model.account().clone() }
    }
}

impl Output for VersionItem {
    fn write(&self, xml: &mut Xml) {
        let version = &self.version;
        xml.text("launchTemplateId", &self.id);
        xml.text("launchTemplateName", &self.name);
        xml.text("versionNumber", version.number);
        xml.optional("versionDescription", version.description.as_ref());
        write_origin(xml, &self.account, version.created);
        xml.text("defaultVersion", self.is_default);
        xml.element("launchTemplateData", |xml| shape::write(xml, data::DATA, &version.data));
        xml.element("operator", |xml| xml.text("managed", false));
    }
}

/// `<launchTemplateVersion>`.
#[derive(Debug)]
pub(super) struct OneVersion(pub(super) VersionItem);

impl Output for OneVersion {
    fn write(&self, xml: &mut Xml) {
        xml.element("launchTemplateVersion", |xml| self.0.write(xml));
    }
}

/// Puts an image's id in the place of the Systems Manager parameter that names it, where it is a known one.
fn resolve(model: &Model, data: &mut LaunchParameters) {
    if let Some(LaunchParameter::Text(image)) = data.get_mut("ImageId")
        && let Some(id) = data::image_behind(model, image)
    {
        *image = id.to_string();
    }
}
