//! DescribeImageAttribute.

use jiff::Timestamp;
use vpc_model::{Image, ImageId, Model};

use crate::operations::{Output, ReadOperation};
use crate::query::{Query, values};
use crate::xml::Xml;
use crate::{ApiError, Code};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    BlockDeviceMapping,
    BootMode,
    DeregistrationProtection,
    Description,
    ImdsSupport,
    Kernel,
    LastLaunchedTime,
    LaunchPermission,
    ProductCodes,
    Ramdisk,
    SriovNetSupport,
    TpmSupport,
    UefiData,
}

values! {
    Attribute {
        BlockDeviceMapping "blockDeviceMapping",
        BootMode "bootMode",
        DeregistrationProtection "deregistrationProtection",
        Description "description",
        ImdsSupport "imdsSupport",
        Kernel "kernel",
        LastLaunchedTime "lastLaunchedTime",
        LaunchPermission "launchPermission",
        ProductCodes "productCodes",
        Ramdisk "ramdisk",
        SriovNetSupport "sriovNetSupport",
        TpmSupport "tpmSupport",
        UefiData "uefiData",
    }
}

#[derive(Debug)]
pub(super) struct DescribeImageAttribute {
    image_id: ImageId,
    attribute: Attribute,
}

impl ReadOperation for DescribeImageAttribute {
    const ACTION: &'static str = "DescribeImageAttribute";
    type Output = ImageAttribute;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { image_id: query.required("ImageId")?, attribute: query.required("Attribute")? })
    }

    fn run(self, model: &Model, _: Timestamp) -> Result<Self::Output, ApiError> {
        let image = model.image(&self.image_id).ok_or_else(|| super::missing(&[&self.image_id]))?;
        if image.owner_id != *model.account() {
            let message = format!("Not authorized for image:{}", self.image_id);
            return Err(ApiError::new(Code::AUTH_FAILURE.answered_with(400), message));
        }
        Ok(ImageAttribute { image: image.clone(), attribute: self.attribute })
    }
}

#[derive(Debug)]
pub(super) struct ImageAttribute {
    image: Image,
    attribute: Attribute,
}

impl Output for ImageAttribute {
    fn write(&self, xml: &mut Xml) {
        let image = &self.image;
        xml.text("imageId", &image.id);
        match self.attribute {
            Attribute::BlockDeviceMapping => super::write_devices(xml, image),
            Attribute::BootMode => write_value(xml, "bootMode", image.boot_mode.map(|mode| mode.to_string())),
            Attribute::DeregistrationProtection => {
                write_value(xml, "deregistrationProtection", Some("disabled".to_owned()));
            }
            Attribute::Description => write_value(xml, "description", image.description.clone()),
            Attribute::ImdsSupport => {
                write_value(xml, "imdsSupport", image.requires_tokens.then(|| "v2.0".to_owned()));
            }
            Attribute::Kernel => write_value(xml, "kernel", None),
            Attribute::LastLaunchedTime => write_value(xml, "lastLaunchedTime", None),
            Attribute::LaunchPermission => {
                xml.list("launchPermission", image.is_public.then_some("all"), |xml, group| xml.text("group", group));
            }
            Attribute::ProductCodes => xml.list("productCodes", [(); 0], |_, ()| ()),
            Attribute::Ramdisk => write_value(xml, "ramdisk", None),
            Attribute::SriovNetSupport => write_value(xml, "sriovNetSupport", Some("simple".to_owned())),
            Attribute::TpmSupport => write_value(xml, "tpmSupport", None),
            Attribute::UefiData => write_value(xml, "uefiData", None),
        }
    }
}

fn write_value(xml: &mut Xml, name: &'static str, value: Option<String>) {
    xml.element(name, |xml| xml.optional("value", value));
}
