//! DescribeLaunchTemplates.

use jiff::Timestamp;
use vpc_model::launch_template::TemplateName;
use vpc_model::{LaunchTemplate, LaunchTemplateId, Model};

use super::TemplateItem;
use crate::filter::{Fields, Filters};
use crate::operations::{Output, ReadOperation};
use crate::pagination::PageRequest;
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

const FIELDS: Fields<Model, LaunchTemplate> = Fields {
    by_name: &[
        ("create-time", |_, template| vec![crate::xml::time(template.created)]),
        ("launch-template-name", |_, template| vec![template.name.clone()]),
    ],
    tags: Some(|template| &template.tags),
};

#[derive(Debug)]
pub(super) struct DescribeLaunchTemplates {
    names: Vec<TemplateName>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeLaunchTemplates {
    const ACTION: &'static str = "DescribeLaunchTemplates";
    type Output = Templates;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // No service manages templates here, so this one changes nothing.
        let _managed_too = query.flag("IncludeManagedResources")?;
        let ids = query.list::<LaunchTemplateId>("LaunchTemplateId")?.into_iter().map(TemplateName::Id);
        let names = query.list::<String>("LaunchTemplateName")?.into_iter().map(TemplateName::Name);
        let names = ids.chain(names).collect();
        Ok(Self { names, filters: Filters::decode(query)?, page: PageRequest::decode(query, 1..=200)? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Templates, ApiError> {
        let mut asked = Vec::with_capacity(self.names.len());
        for name in &self.names {
            asked.push(model.find_launch_template(name).map_err(|_| missing(name))?);
        }
        if self.names.is_empty() {
            asked = model.launch_templates().collect();
        }
        asked.sort_by(|one, other| one.id.cmp(&other.id));
        asked.dedup_by(|one, other| one.id == other.id);
        let found = self.filters.select(&FIELDS, model, asked)?;
        let page = self.page.page(found, |template| template.id.to_string());
        let items = page.items.into_iter().map(|template| TemplateItem::of(model, template)).collect();
        Ok(Templates { items, next_token: page.next_token })
    }
}

/// This action does not say which of them is missing.
fn missing(name: &TemplateName) -> ApiError {
    let code = match name {
        TemplateName::Id(_) => Code::INVALID_LAUNCH_TEMPLATE_ID_NOT_FOUND,
        TemplateName::Name(_) => Code::INVALID_LAUNCH_TEMPLATE_NAME_NOT_FOUND,
    };
    ApiError::new(code, "At least one of the launch templates specified in the request does not exist.")
}

#[derive(Debug)]
pub(super) struct Templates {
    items: Vec<TemplateItem>,
    next_token: Option<String>,
}

impl Output for Templates {
    fn write(&self, xml: &mut Xml) {
        xml.list("launchTemplates", &self.items, |xml, item| item.write(xml));
        xml.optional("nextToken", self.next_token.as_ref());
    }
}
