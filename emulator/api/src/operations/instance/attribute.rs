//! DescribeInstanceAttribute, ModifyInstanceAttribute, ResetInstanceAttribute.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use vpc_model::instance::InstanceAttribute;
use vpc_model::{Context, Instance, InstanceId, Model, SecurityGroupId, ShutdownBehavior};

use super::item;
use crate::ApiError;
use crate::operations::{Done, Operation, Output, ReadOperation, volume};
use crate::query::{Base64, Query, Value, values};
use crate::xml::Xml;

values! {
    ShutdownBehavior { Stop "stop", Terminate "terminate" }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    BlockDeviceMapping,
    DisableApiStop,
    DisableApiTermination,
    EbsOptimized,
    EnaSupport,
    EnclaveOptions,
    GroupSet,
    InstanceType,
    Kernel,
    ProductCodes,
    Ramdisk,
    RootDeviceName,
    ShutdownBehavior,
    SourceDestCheck,
    SriovNetSupport,
    UserData,
}

values! {
    Attribute {
        BlockDeviceMapping "blockDeviceMapping",
        DisableApiStop "disableApiStop",
        DisableApiTermination "disableApiTermination",
        EbsOptimized "ebsOptimized",
        EnaSupport "enaSupport",
        EnclaveOptions "enclaveOptions",
        GroupSet "groupSet",
        InstanceType "instanceType",
        Kernel "kernel",
        ProductCodes "productCodes",
        Ramdisk "ramdisk",
        RootDeviceName "rootDeviceName",
        ShutdownBehavior "instanceInitiatedShutdownBehavior",
        SourceDestCheck "sourceDestCheck",
        SriovNetSupport "sriovNetSupport",
        UserData "userData",
    }
}

#[derive(Debug)]
pub(super) struct DescribeInstanceAttribute {
    instance_id: InstanceId,
    attribute: Attribute,
}

impl ReadOperation for DescribeInstanceAttribute {
    const ACTION: &'static str = "DescribeInstanceAttribute";
    type Output = DescribeInstanceAttributeOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { instance_id: query.required("InstanceId")?, attribute: query.required("Attribute")? })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        let instance = model.find_instances(now, std::slice::from_ref(&self.instance_id))?[0];
        let content = Xml::fragment(|xml| write_attribute(xml, model, instance, self.attribute));
        Ok(DescribeInstanceAttributeOutput { instance_id: self.instance_id, content })
    }
}

fn write_attribute(xml: &mut Xml, model: &Model, instance: &Instance, attribute: Attribute) {
    match attribute {
        Attribute::BlockDeviceMapping => volume::write_devices(xml, model, instance),
        Attribute::DisableApiStop => write_value(xml, "disableApiStop", Some(instance.disable_api_stop)),
        Attribute::DisableApiTermination => {
            write_value(xml, "disableApiTermination", Some(instance.disable_api_termination));
        }
        Attribute::EbsOptimized => {
            write_value(xml, "ebsOptimized", Some(instance.options.is_on("EbsOptimized")));
        }
        Attribute::EnaSupport => write_value(xml, "enaSupport", Some(true)),
        Attribute::EnclaveOptions => {
            let is_on = instance.options.is_on("EnclaveOptions.Enabled");
            xml.element("enclaveOptions", |xml| xml.text("enabled", is_on));
        }
        Attribute::GroupSet => item::write_groups(xml, model, item::groups(model, instance)),
        Attribute::InstanceType => write_value(xml, "instanceType", Some(&instance.instance_type)),
        Attribute::Kernel => write_value(xml, "kernel", instance.options.text("KernelId")),
        Attribute::ProductCodes => xml.list("productCodes", [(); 0], |_, ()| ()),
        Attribute::Ramdisk => write_value(xml, "ramdisk", instance.options.text("RamdiskId")),
        Attribute::RootDeviceName => {
            write_value(xml, "rootDeviceName", Some(model.root_device(instance)));
        }
        Attribute::ShutdownBehavior => {
            write_value(xml, "instanceInitiatedShutdownBehavior", Some(instance.shutdown_behavior));
        }
        Attribute::SourceDestCheck => {
            let check = item::primary(model, instance).map(|interface| interface.source_dest_check);
            write_value(xml, "sourceDestCheck", check);
        }
        Attribute::SriovNetSupport => write_value(xml, "sriovNetSupport", Some("simple")),
        Attribute::UserData => {
            let data = instance.user_data.as_ref().map(|data| STANDARD.encode(data));
            write_value(xml, "userData", data);
        }
    }
}

fn write_value(xml: &mut Xml, name: &'static str, value: Option<impl std::fmt::Display>) {
    xml.element(name, |xml| xml.optional("value", value));
}

#[derive(Debug)]
pub(super) struct DescribeInstanceAttributeOutput {
    instance_id: InstanceId,
    content: Vec<u8>,
}

impl Output for DescribeInstanceAttributeOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("instanceId", &self.instance_id);
        xml.raw(&self.content);
    }
}

#[derive(Debug)]
pub(super) struct ModifyInstanceAttribute {
    instance_id: InstanceId,
    attribute: InstanceAttribute,
}

impl Operation for ModifyInstanceAttribute {
    const ACTION: &'static str = "ModifyInstanceAttribute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let instance_id = query.required("InstanceId")?;
        query.refuse_unsupported(&["EnclaveOptions"])?;
        let mut named = named_attributes(query)?;
        match named.len() {
            0 => Err(ApiError::missing("Attribute")),
            1 => Ok(Self { instance_id, attribute: named.remove(0) }),
            _ => Err(ApiError::combination("Fields for multiple attribute types specified")),
        }
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Done, ApiError> {
        model.modify_instance_attribute(cx.now, &self.instance_id, self.attribute)?;
        Ok(Done)
    }
}

/// Takes the attributes a call names, in either of the ways it can.
fn named_attributes(query: &mut Query) -> Result<Vec<InstanceAttribute>, ApiError> {
    let mut named = Vec::new();
    named.extend(value(query, "SourceDestCheck")?.map(InstanceAttribute::SourceDestCheck));
    named.extend(value(query, "DisableApiTermination")?.map(InstanceAttribute::DisableApiTermination));
    named.extend(value(query, "DisableApiStop")?.map(InstanceAttribute::DisableApiStop));
    named.extend(value(query, "InstanceInitiatedShutdownBehavior")?.map(InstanceAttribute::ShutdownBehavior));
    named.extend(value(query, "InstanceType")?.map(InstanceAttribute::InstanceType));
    named.extend(value(query, "UserData")?.map(|Base64(data)| InstanceAttribute::UserData(data)));
    named.extend(value(query, "EbsOptimized")?.map(|on: bool| kept("EbsOptimized", on)));
    named.extend(value(query, "Kernel")?.map(|id: String| kept("KernelId", id)));
    named.extend(value(query, "Ramdisk")?.map(|id: String| kept("RamdiskId", id)));
    named.extend(always(query, "EnaSupport", "true")?);
    named.extend(always(query, "SriovNetSupport", "simple")?);
    named.extend(query.structs("BlockDeviceMapping", device)?);
    let groups: Vec<SecurityGroupId> = query.list("GroupId")?;
    if !groups.is_empty() {
        named.push(InstanceAttribute::Groups(groups));
    }
    if let Some(attribute) = query.optional::<Attribute>("Attribute")?
        && query.has("Value")
    {
        named.push(by_name(query, attribute)?);
    }
    Ok(named)
}

/// Takes whether a device's volume goes with the instance; nothing else of it can be changed.
fn device(query: &mut Query) -> Result<InstanceAttribute, ApiError> {
    query.refuse_unsupported(&["NoDevice", "VirtualName"])?;
    let device = query.required("DeviceName")?;
    let on = query.structure("Ebs", |ebs| {
        ebs.refuse_unsupported(&["VolumeId"])?;
        ebs.required("DeleteOnTermination")
    })?;
    Ok(InstanceAttribute::DeleteVolume { device, on: on.ok_or_else(|| ApiError::missing("Ebs.DeleteOnTermination"))? })
}

/// An option that is kept by RunInstances' name.
fn kept(name: &'static str, value: impl ToString) -> InstanceAttribute {
    InstanceAttribute::Kept(name, Some(value.to_string()))
}

/// Takes `Name.Value` of what every instance has, and what no call can take away.
fn always(query: &mut Query, name: &'static str, only: &str) -> Result<Option<InstanceAttribute>, ApiError> {
    match value::<String>(query, name)? {
        Some(given) if given != only => {
            Err(ApiError::invalid(name, &given, &format!("This attribute can only be set to {only}.")))
        }
        given => Ok(given.map(|given| kept(name, given))),
    }
}

/// Takes `Name.Value`.
fn value<T: Value>(query: &mut Query, name: &str) -> Result<Option<T>, ApiError> {
    query.structure(name, |inside| inside.required("Value"))
}

/// Takes `Value` for the attribute that `Attribute` names.
fn by_name(query: &mut Query, attribute: Attribute) -> Result<InstanceAttribute, ApiError> {
    Ok(match attribute {
        Attribute::SourceDestCheck => InstanceAttribute::SourceDestCheck(query.required("Value")?),
        Attribute::DisableApiTermination => InstanceAttribute::DisableApiTermination(query.required("Value")?),
        Attribute::DisableApiStop => InstanceAttribute::DisableApiStop(query.required("Value")?),
        Attribute::ShutdownBehavior => InstanceAttribute::ShutdownBehavior(query.required("Value")?),
        Attribute::InstanceType => InstanceAttribute::InstanceType(query.required("Value")?),
        Attribute::UserData => InstanceAttribute::UserData(query.required::<Base64>("Value")?.0),
        Attribute::EbsOptimized => kept("EbsOptimized", query.required::<bool>("Value")?),
        Attribute::Kernel => kept("KernelId", query.required::<String>("Value")?),
        Attribute::Ramdisk => kept("RamdiskId", query.required::<String>("Value")?),
        other => return Err(ApiError::unsupported(&format!("Modifying the attribute {other:?}"))),
    })
}

#[derive(Debug)]
pub(super) struct ResetInstanceAttribute {
    instance_id: InstanceId,
    attribute: InstanceAttribute,
}

impl Operation for ResetInstanceAttribute {
    const ACTION: &'static str = "ResetInstanceAttribute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let text: String = query.required("Attribute")?;
        let attribute = match Attribute::from_text("Attribute", text.clone())? {
            Attribute::SourceDestCheck => InstanceAttribute::SourceDestCheck(true),
            Attribute::Kernel => InstanceAttribute::Kept("KernelId", None),
            Attribute::Ramdisk => InstanceAttribute::Kept("RamdiskId", None),
            _ => return Err(ApiError::invalid("Attribute", &text, "This attribute cannot be reset.")),
        };
        Ok(Self { instance_id: query.required("InstanceId")?, attribute })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Done, ApiError> {
        model.modify_instance_attribute(cx.now, &self.instance_id, self.attribute)?;
        Ok(Done)
    }
}
