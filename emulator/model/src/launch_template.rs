//! Launch templates: named sets of launch parameters, with versions that never change.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-launch-templates.html>.

pub mod parameters;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use self::parameters::{LaunchParameter, LaunchParameters};
use crate::{Context, LaunchTemplateId, Model, Tags};

/// A launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchTemplate {
    /// Its id.
    pub id: LaunchTemplateId,
    /// Its name, unique in the region.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// The version launches use that name none.
    pub default_version: u64,
    /// Its versions by their numbers; the default one is always there.
    pub versions: BTreeMap<u64, LaunchTemplateVersion>,
    /// Its tags.
    pub tags: Tags,
    /// How many versions were ever made; a number is not given twice.
    last_number: u64,
}

/// A version of a launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchTemplateVersion {
    /// Its number, from 1.
    pub number: u64,
    /// Its description.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// What it launches with.
    pub data: LaunchParameters,
}

impl LaunchTemplate {
    /// The number of the newest version that is there.
    pub fn latest_version(&self) -> u64 {
        self.versions.keys().next_back().copied().unwrap_or(self.last_number)
    }

    /// The version that a choice means.
    pub fn version(&self, choice: VersionChoice) -> Result<&LaunchTemplateVersion, LaunchTemplateError> {
        let number = match choice {
            VersionChoice::Default => self.default_version,
            VersionChoice::Latest => self.latest_version(),
            VersionChoice::Number(number) => number,
        };
        let missing = || LaunchTemplateError::VersionNotFound { id: self.id.clone(), version: number };
        self.versions.get(&number).ok_or_else(missing)
    }

    fn add(&mut self, now: Timestamp, description: Option<String>, data: LaunchParameters) -> u64 {
        self.last_number += 1;
        let number = self.last_number;
        self.versions.insert(number, LaunchTemplateVersion { number, description, created: now, data });
        number
    }
}

/// How callers say which version they mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum VersionChoice {
    /// `$Default`, or nothing said.
    #[default]
    Default,
    /// `$Latest`.
    Latest,
    /// The one of a number.
    Number(u64),
}

/// How callers say which template they mean.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TemplateName {
    /// By its id.
    Id(LaunchTemplateId),
    /// By its name.
    Name(String),
}

/// What CreateLaunchTemplate asks for.
#[derive(Debug, Clone)]
pub struct NewLaunchTemplate {
    /// Its name.
    pub name: String,
    /// Its first version's description.
    pub description: Option<String>,
    /// What its first version launches with.
    pub data: LaunchParameters,
    /// Its tags.
    pub tags: Tags,
}

/// Why an operation on a launch template is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LaunchTemplateError {
    /// No template of this id.
    #[error("launch template {0} does not exist")]
    NotFound(LaunchTemplateId),
    /// No template of this name.
    #[error("launch template {0:?} does not exist")]
    NameNotFound(String),
    /// Too short, too long, or with characters that names do not have.
    #[error("{0:?} is not a launch template's name")]
    Name(String),
    /// The name is taken.
    #[error("launch template {0:?} exists already")]
    Duplicate(String),
    /// No such version.
    #[error("launch template {id} has no version {version}")]
    VersionNotFound {
        /// The template.
        id: LaunchTemplateId,
        /// The number asked for.
        version: u64,
    },
    /// The default version goes with the template only.
    #[error("version {0} is the default one")]
    DefaultVersion(u64),
    /// No parameter at all.
    #[error("there are no launch parameters")]
    NoData,
    /// There are as many templates as there can be.
    #[error("there are {0} launch templates already")]
    TooMany(usize),
    /// The template has as many versions as it can have.
    #[error("launch template {id} has {limit} versions already")]
    TooManyVersions {
        /// The template.
        id: LaunchTemplateId,
        /// How many there can be.
        limit: usize,
    },
    /// A description that is too long.
    #[error("the description {0:?} is too long")]
    Description(String),
}

impl Model {
    /// Makes a launch template with its first version.
    pub fn create_launch_template(
        &mut self,
        cx: &mut Context,
        new: NewLaunchTemplate,
    ) -> Result<LaunchTemplateId, LaunchTemplateError> {
        check_name(&new.name)?;
        check_version(new.description.as_ref(), &new.data)?;
        if self.launch_templates.values().any(|template| template.name == new.name) {
            return Err(LaunchTemplateError::Duplicate(new.name));
        }
        if self.launch_templates.len() >= self.quotas.launch_templates {
            return Err(LaunchTemplateError::TooMany(self.quotas.launch_templates));
        }
        let id: LaunchTemplateId = cx.ids.next();
        let mut template = LaunchTemplate {
            id: id.clone(),
            name: new.name,
            created: cx.now,
            default_version: 1,
            versions: BTreeMap::new(),
            tags: new.tags,
            last_number: 0,
        };
        template.add(cx.now, new.description, new.data);
        self.launch_templates.insert(id.clone(), template);
        self.touch();
        Ok(id)
    }

    /// Adds a version, with the parameters of another one where it names none itself. Gives its number.
    pub fn create_launch_template_version(
        &mut self,
        cx: &mut Context,
        name: &TemplateName,
        source: Option<VersionChoice>,
        description: Option<String>,
        data: LaunchParameters,
    ) -> Result<(LaunchTemplateId, u64), LaunchTemplateError> {
        let template = self.find_launch_template(name)?;
        let data = match source {
            Some(source) => parameters::as_version(template.version(source)?.data.clone(), data),
            None => data,
        };
        check_version(description.as_ref(), &data)?;
        let (id, limit) = (template.id.clone(), self.quotas.launch_template_versions);
        if template.versions.len() >= limit {
            return Err(LaunchTemplateError::TooManyVersions { id, limit });
        }
        let number = self.launch_template_mut(&id)?.add(cx.now, description, data);
        self.touch();
        Ok((id, number))
    }

    /// Says which version launches use that name none.
    pub fn set_default_version(
        &mut self,
        name: &TemplateName,
        number: u64,
    ) -> Result<LaunchTemplateId, LaunchTemplateError> {
        let template = self.find_launch_template(name)?;
        template.version(VersionChoice::Number(number))?;
        let id = template.id.clone();
        self.launch_template_mut(&id)?.default_version = number;
        self.touch();
        Ok(id)
    }

    /// Takes a template away with all its versions, and gives what it was.
    pub fn delete_launch_template(&mut self, name: &TemplateName) -> Result<LaunchTemplate, LaunchTemplateError> {
        let id = self.find_launch_template(name)?.id.clone();
        let gone = self.launch_templates.remove(&id).ok_or(LaunchTemplateError::NotFound(id))?;
        self.touch();
        Ok(gone)
    }

    /// Takes a version away that is not the default one.
    pub fn delete_launch_template_version(
        &mut self,
        name: &TemplateName,
        number: u64,
    ) -> Result<(), LaunchTemplateError> {
        let template = self.find_launch_template(name)?;
        template.version(VersionChoice::Number(number))?;
        if template.default_version == number {
            return Err(LaunchTemplateError::DefaultVersion(number));
        }
        let id = template.id.clone();
        self.launch_template_mut(&id)?.versions.remove(&number);
        self.touch();
        Ok(())
    }

    /// The template that a caller means.
    pub fn find_launch_template(&self, name: &TemplateName) -> Result<&LaunchTemplate, LaunchTemplateError> {
        match name {
            TemplateName::Id(id) => {
                self.launch_templates.get(id).ok_or_else(|| LaunchTemplateError::NotFound(id.clone()))
            }
            TemplateName::Name(name) => {
                let found = self.launch_templates.values().find(|template| template.name == *name);
                found.ok_or_else(|| LaunchTemplateError::NameNotFound(name.clone()))
            }
        }
    }

    fn launch_template_mut(&mut self, id: &LaunchTemplateId) -> Result<&mut LaunchTemplate, LaunchTemplateError> {
        self.launch_templates.get_mut(id).ok_or_else(|| LaunchTemplateError::NotFound(id.clone()))
    }
}

fn check_name(name: &str) -> Result<(), LaunchTemplateError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-()./_".contains(&byte);
    if (3..=128).contains(&name.len()) && name.bytes().all(is_allowed) {
        Ok(())
    } else {
        Err(LaunchTemplateError::Name(name.to_owned()))
    }
}

fn check_version(description: Option<&String>, data: &LaunchParameters) -> Result<(), LaunchTemplateError> {
    if data.is_empty() {
        return Err(LaunchTemplateError::NoData);
    }
    match description.filter(|text| text.len() > 255) {
        Some(text) => Err(LaunchTemplateError::Description(text.clone())),
        None => Ok(()),
    }
}
