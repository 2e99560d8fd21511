//! AttachNetworkInterface, DetachNetworkInterface.

use vpc_model::{AttachmentId, Context, Model, NewAttachment};

use crate::ApiError;
use crate::operations::{Done, Operation, Output};
use crate::query::Query;
use crate::xml::Xml;

#[derive(Debug)]
pub(super) struct AttachNetworkInterface(NewAttachment);

impl Operation for AttachNetworkInterface {
    const ACTION: &'static str = "AttachNetworkInterface";
    type Output = AttachNetworkInterfaceOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self(NewAttachment {
            network_interface_id: query.required("NetworkInterfaceId")?,
            instance_id: query.required("InstanceId")?,
            device_index: query.required("DeviceIndex")?,
            network_card_index: query.or("NetworkCardIndex", 0)?,
            // An interface attached later stays when the instance goes, until someone says otherwise.
            delete_on_termination: false,
        }))
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let card = self.0.network_card_index;
        Ok(AttachNetworkInterfaceOutput { id: model.attach_network_interface(cx, self.0)?, card })
    }
}

#[derive(Debug)]
pub(super) struct AttachNetworkInterfaceOutput {
    id: AttachmentId,
    card: u16,
}

impl Output for AttachNetworkInterfaceOutput {
    fn write(&self, xml: &mut Xml) {
        xml.text("attachmentId", &self.id);
        xml.text("networkCardIndex", self.card);
    }
}

#[derive(Debug)]
pub(super) struct DetachNetworkInterface {
    id: AttachmentId,
}

impl Operation for DetachNetworkInterface {
    const ACTION: &'static str = "DetachNetworkInterface";
    type Output = Done;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        // No guest can hold the link back here, so force makes no difference.
        let _force = query.flag("Force")?;
        Ok(Self { id: query.required("AttachmentId")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.detach_network_interface(cx, &self.id)?;
        Ok(Done)
    }
}
