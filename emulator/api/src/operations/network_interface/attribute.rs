//! ModifyNetworkInterfaceAttribute, ResetNetworkInterfaceAttribute, DescribeNetworkInterfaceAttribute.

use jiff::Timestamp;
use vpc_model::{
    AccountId, Attachment, Context, InterfaceAttribute, InterfaceError, Model, NetworkInterfaceId, PublicNameType,
    SecurityGroupId,
};

use super::attach::decode_ena_srd;
use super::create::decode_connection_tracking;
use super::item;
use crate::ApiError;
use crate::operations::{Done, Operation, Output, ReadOperation};
use crate::query::{Query, values};
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct ModifyNetworkInterfaceAttribute {
    id: NetworkInterfaceId,
    attribute: InterfaceAttribute,
}

impl Operation for ModifyNetworkInterfaceAttribute {
    const ACTION: &'static str = "ModifyNetworkInterfaceAttribute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let id = query.required("NetworkInterfaceId")?;
        let mut given = decode_attributes(query)?;
        query.refuse_unsupported(&["AssociatedSubnetId", "AssociatePublicIpAddress"])?;
        let attribute = given.pop().ok_or_else(|| ApiError::missing("Attachment, Description, SecurityGroupId …"))?;
        if !given.is_empty() {
            return Err(ApiError::combination("Only one attribute can be modified at a time"));
        }
        Ok(Self { id, attribute })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_network_interface(&self.id, self.attribute)?;
        Ok(Done)
    }
}

#[derive(Debug)]
pub(super) struct ModifyPublicIpDnsNameOptions {
    id: NetworkInterfaceId,
    kind: PublicNameType,
}

values! {
    PublicNameType {
        DualStack "public-dual-stack-dns-name",
        Ipv4 "public-ipv4-dns-name",
        Ipv6 "public-ipv6-dns-name",
    }
}

impl Operation for ModifyPublicIpDnsNameOptions {
    const ACTION: &'static str = "ModifyPublicIpDnsNameOptions";
    type Output = Successful;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("NetworkInterfaceId")?, kind: query.required("HostnameType")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_network_interface(&self.id, InterfaceAttribute::PublicName(self.kind))?;
        Ok(Successful)
    }
}

/// `<successful>true</successful>`.
#[derive(Debug)]
pub(super) struct Successful;

impl Output for Successful {
    fn write(&self, xml: &mut Xml) {
        xml.text("successful", true);
    }
}

fn decode_attributes(query: &mut Query) -> Result<Vec<InterfaceAttribute>, ApiError> {
    let mut given = Vec::new();
    let description = query.structure("Description", |inside| inside.required("Value"))?;
    given.extend(description.map(InterfaceAttribute::Description));
    let check = query.structure("SourceDestCheck", |inside| inside.required("Value"))?;
    given.extend(check.map(InterfaceAttribute::SourceDestCheck));
    let groups: Vec<SecurityGroupId> = query.list("SecurityGroupId")?;
    given.extend((!groups.is_empty()).then_some(InterfaceAttribute::Groups(groups)));
    given.extend(query.structure("Attachment", decode_attachment)?);
    given.extend(query.optional("EnablePrimaryIpv6")?.map(InterfaceAttribute::PrimaryIpv6));
    given.extend(query.structure("EnaSrdSpecification", decode_ena_srd)?.map(InterfaceAttribute::EnaSrd));
    let timeouts = query.structure("ConnectionTrackingSpecification", decode_connection_tracking)?;
    given.extend(timeouts.map(InterfaceAttribute::ConnectionTracking));
    Ok(given)
}

/// Takes the one thing about an attachment that shall change.
fn decode_attachment(query: &mut Query) -> Result<InterfaceAttribute, ApiError> {
    let attachment_id = query.required("AttachmentId")?;
    let (count, default) = (query.optional("EnaQueueCount")?, query.flag("DefaultEnaQueueCount")?);
    match (count, default, query.optional("DeleteOnTermination")?) {
        (None, false, Some(on)) => Ok(InterfaceAttribute::DeleteOnTermination { attachment_id, on }),
        (None, false, None) => Err(ApiError::missing("Attachment.DeleteOnTermination")),
        (Some(_), true, _) | (_, _, Some(_)) => {
            Err(ApiError::combination("Only one attribute of an attachment can be modified at a time"))
        }
        (count, _, None) => Ok(InterfaceAttribute::EnaQueueCount { attachment_id, count }),
    }
}

#[derive(Debug)]
pub(super) struct ResetNetworkInterfaceAttribute {
    id: NetworkInterfaceId,
}

impl Operation for ResetNetworkInterfaceAttribute {
    const ACTION: &'static str = "ResetNetworkInterfaceAttribute";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // Its presence says what to reset; any text will do.
        let _named: String = query.required("SourceDestCheck")?;
        Ok(Self { id: query.required("NetworkInterfaceId")? })
    }

    fn run(self, model: &mut Model, _: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.modify_network_interface(&self.id, InterfaceAttribute::SourceDestCheck(true))?;
        Ok(Done)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Description,
    Groups,
    SourceDestCheck,
    Attachment,
    PublicIp,
}

values! {
    Attribute {
        Description "description", Groups "groupSet", SourceDestCheck "sourceDestCheck", Attachment "attachment",
        PublicIp "associatePublicIpAddress",
    }
}

#[derive(Debug)]
pub(super) struct DescribeNetworkInterfaceAttribute {
    id: NetworkInterfaceId,
    attribute: Attribute,
}

impl ReadOperation for DescribeNetworkInterfaceAttribute {
    const ACTION: &'static str = "DescribeNetworkInterfaceAttribute";
    type Output = DescribeNetworkInterfaceAttributeOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self { id: query.required("NetworkInterfaceId")?, attribute: query.required("Attribute")? })
    }

    fn run(self, model: &Model, now: Timestamp) -> Result<Self::Output, ApiError> {
        let interface = model.network_interface(&self.id).ok_or_else(|| InterfaceError::NotFound(self.id.clone()))?;
        let shown = match self.attribute {
            Attribute::Description => Shown::Description(interface.description.clone()),
            Attribute::Groups => Shown::Groups(item::groups(interface, model)),
            Attribute::SourceDestCheck => Shown::SourceDestCheck(interface.source_dest_check),
            Attribute::Attachment => {
                Shown::Attachment(interface.shown_attachment(now).cloned(), model.account().clone())
            }
            Attribute::PublicIp => Shown::PublicIp,
        };
        Ok(DescribeNetworkInterfaceAttributeOutput { id: self.id, shown })
    }
}

#[derive(Debug)]
enum Shown {
    Description(String),
    Groups(Vec<(SecurityGroupId, String)>),
    SourceDestCheck(bool),
    Attachment(Option<Attachment>, AccountId),
    PublicIp,
}

#[derive(Debug)]
pub(super) struct DescribeNetworkInterfaceAttributeOutput {
    id: NetworkInterfaceId,
    shown: Shown,
}

impl Output for DescribeNetworkInterfaceAttributeOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("networkInterfaceId", &self.id);
        match &self.shown {
            Shown::Description(text) => xml.element("description", |xml| xml.text("value", text)),
            Shown::Groups(groups) => item::write_groups(xml, groups),
            Shown::SourceDestCheck(on) => xml.element("sourceDestCheck", |xml| xml.text("value", on)),
            Shown::Attachment(attachment, owner) => {
                if let Some(attachment) = attachment {
                    xml.element("attachment", |xml| item::write_attachment(xml, attachment, owner));
                }
            }
            Shown::PublicIp => xml.text("associatePublicIpAddress", false),
        }
    }
}
