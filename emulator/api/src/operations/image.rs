//! Machine images: DescribeImages.

use jiff::Timestamp;
use vpc_model::image::{self, IMAGES, Image};
use vpc_model::{ImageId, Model};

use super::{Action, Output, ReadOperation, read};
use crate::filter::{Fields, Filters};
use crate::pagination::{Page, PageRequest};
use crate::query::Query;
use crate::xml::Xml;
use crate::{ApiError, Code};

pub(crate) const ACTIONS: &[Action] = &[read::<DescribeImages>()];

const FIELDS: Fields<Model, Image> = Fields {
    by_name: &[
        ("architecture", |_, image| vec![image.architecture.to_string()]),
        ("creation-date", |_, image| vec![image.creation_date.to_owned()]),
        ("description", |_, image| vec![image.description.to_owned()]),
        ("ena-support", |_, _| vec!["true".to_owned()]),
        ("hypervisor", |_, _| vec!["xen".to_owned()]),
        ("image-id", |_, image| vec![image.id.to_owned()]),
        ("image-type", |_, _| vec!["machine".to_owned()]),
        ("is-public", |_, _| vec!["true".to_owned()]),
        ("name", |_, image| vec![image.name.to_owned()]),
        ("owner-alias", |_, image| image.owner_alias.iter().map(ToString::to_string).collect()),
        ("owner-id", |_, image| vec![image.owner_id.to_owned()]),
        ("platform", |_, _| Vec::new()),
        ("root-device-name", |_, image| vec![image.root_device.to_owned()]),
        ("root-device-type", |_, _| vec!["ebs".to_owned()]),
        ("state", |_, _| vec!["available".to_owned()]),
        ("tag-key", |_, _| Vec::new()),
        ("virtualization-type", |_, _| vec!["hvm".to_owned()]),
    ],
    tags: None,
};

#[derive(Debug)]
struct DescribeImages {
    ids: Vec<ImageId>,
    owners: Vec<String>,
    executable_by: Vec<String>,
    filters: Filters,
    page: PageRequest,
}

impl ReadOperation for DescribeImages {
    const ACTION: &'static str = "DescribeImages";
    type Output = DescribeImagesOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // No image of the catalogue is deprecated or disabled, so these change nothing.
        let _also = (query.flag("IncludeDeprecated")?, query.flag("IncludeDisabled")?);
        Ok(Self {
            ids: query.list("ImageId")?,
            owners: query.list("Owner")?,
            executable_by: query.list("ExecutableBy")?,
            filters: Filters::decode(query)?,
            page: PageRequest::decode(query, 1..=1000)?,
        })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        if let Some(unknown) = self.ids.iter().find(|id| image::find(id.as_str()).is_none()) {
            return Err(ApiError::new(
                Code::INVALID_AMI_ID_NOT_FOUND,
                format!("The image id '[{unknown}]' does not exist"),
            ));
        }
        let asked = IMAGES.iter().filter(|image| self.asks_for(image, &model.account().0));
        let found = self.filters.select(&FIELDS, model, asked)?;
        Ok(DescribeImagesOutput { page: self.page.page(found, |image| image.id.to_owned()) })
    }
}

impl DescribeImages {
    fn asks_for(&self, image: &Image, own_account: &str) -> bool {
        let is_owner = |owner: &String| match owner.as_str() {
            "self" => image.owner_id == own_account,
            alias if Some(alias) == image.owner_alias => true,
            id => image.owner_id == id,
        };
        // Public images are for `all`, but not for an account in particular.
        let is_executable = |by: &String| by == "all";
        (self.ids.is_empty() || self.ids.iter().any(|id| id.as_str() == image.id))
            && (self.owners.is_empty() || self.owners.iter().any(is_owner))
            && (self.executable_by.is_empty() || self.executable_by.iter().any(is_executable))
    }
}

#[derive(Debug)]
struct DescribeImagesOutput {
    page: Page<&'static Image>,
}

impl Output for DescribeImagesOutput {
    fn write(&self, xml: &mut Xml) {
        xml.list("imagesSet", &self.page.items, |xml, image| {
            xml.text("imageId", image.id);
            xml.text("imageLocation", format_args!("{}/{}", image.owner_alias.unwrap_or(image.owner_id), image.name));
            xml.text("imageState", "available");
            xml.text("imageOwnerId", image.owner_id);
            xml.text("creationDate", image.creation_date);
            xml.text("isPublic", true);
            xml.text("architecture", image.architecture);
            xml.text("imageType", "machine");
            xml.optional("imageOwnerAlias", image.owner_alias);
            xml.text("name", image.name);
            xml.text("description", image.description);
            xml.text("rootDeviceType", "ebs");
            xml.text("rootDeviceName", image.root_device);
            xml.text("virtualizationType", "hvm");
            xml.text("hypervisor", "xen");
            xml.text("enaSupport", true);
            xml.text("platformDetails", "Linux/UNIX");
            xml.text("usageOperation", "RunInstances");
        });
        xml.optional("nextToken", self.page.next_token.as_ref());
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    #[rstest]
    #[case::name("Owner.1=amazon&Filter.1.Name=name&Filter.1.Value.1=amazon-eks-node-al2023-x86_64-*",
        &["ami-0e450000000000001"])]
    #[case::architecture("Owner.1=137112412989&Filter.1.Name=architecture&Filter.1.Value.1=arm64",
        &["ami-0a120000000000002"])]
    #[case::own("Owner.1=self", &[])]
    #[case::id("ImageId.1=ami-0c0de000000000001", &["ami-0c0de000000000001"])]
    fn found(#[case] form: &str, #[case] expected: &[&str]) {
        assert_eq!(World::new().call("DescribeImages", form).ok().texts("imageId"), expected);
    }

    #[rstest]
    #[case::unknown("ImageId.1=ami-01234567", "InvalidAMIID.NotFound")]
    #[case::malformed("ImageId.1=ami-x", "InvalidAMIID.Malformed")]
    fn refused(#[case] form: &str, #[case] code: &str) {
        assert_eq!(World::new().call("DescribeImages", form).code, Some(code));
    }
}
