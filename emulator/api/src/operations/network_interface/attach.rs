//! AttachNetworkInterface, DetachNetworkInterface.

use vpc_model::{
    AttachmentId, Context, EnaSrd, InterfaceAttribute, Model, NewAttachment, ResourceId, ServiceAttachmentId,
};

use crate::operations::{Done, Operation, Output};
use crate::query::{Query, Value};
use crate::xml::Xml;
use crate::{ApiError, Code};

#[derive(Debug)]
pub(super) struct AttachNetworkInterface {
    new: NewAttachment,
    ena_srd: Option<EnaSrd>,
    ena_queue_count: Option<u16>,
}

impl Operation for AttachNetworkInterface {
    const ACTION: &'static str = "AttachNetworkInterface";
    type Output = AttachNetworkInterfaceOutput;

    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        let new = NewAttachment {
            network_interface_id: query.required("NetworkInterfaceId")?,
            instance_id: query.required("InstanceId")?,
            device_index: query.required("DeviceIndex")?,
            network_card_index: query.or("NetworkCardIndex", 0)?,
            // An interface attached later stays when the instance goes, until someone says otherwise.
            delete_on_termination: false,
        };
        let ena_srd = query.structure("EnaSrdSpecification", decode_ena_srd)?;
        Ok(Self { new, ena_srd, ena_queue_count: query.optional("EnaQueueCount")? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        let (eni, card) = (self.new.network_interface_id.clone(), self.new.network_card_index);
        let id = model.attach_network_interface(cx, self.new)?;
        if let Some(ena_srd) = self.ena_srd {
            model.modify_network_interface(&eni, InterfaceAttribute::EnaSrd(ena_srd))?;
        }
        if self.ena_queue_count.is_some() {
            let (attachment_id, count) = (id.clone(), self.ena_queue_count);
            model.modify_network_interface(&eni, InterfaceAttribute::EnaQueueCount { attachment_id, count })?;
        }
        Ok(AttachNetworkInterfaceOutput { id, card })
    }
}

/// Takes the configuration of scalable reliable datagrams.
pub(crate) fn decode_ena_srd(query: &mut Query) -> Result<EnaSrd, ApiError> {
    let enabled = query.flag("EnaSrdEnabled")?;
    let udp = query.structure("EnaSrdUdpSpecification", |inside| inside.flag("EnaSrdUdpEnabled"))?;
    Ok(EnaSrd { enabled, udp_enabled: udp.unwrap_or(false) })
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
        let id: String = query.required("AttachmentId")?;
        if id.starts_with(ServiceAttachmentId::PREFIX) {
            let message = "You are not allowed to manage 'ela-attach' attachments.";
            return Err(ApiError::new(Code::OPERATION_NOT_PERMITTED, message));
        }
        Ok(Self { id: AttachmentId::from_text("AttachmentId", id)? })
    }

    fn run(self, model: &mut Model, cx: &mut Context<'_>) -> Result<Self::Output, ApiError> {
        model.detach_network_interface(cx, &self.id)?;
        Ok(Done)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::testing::World;

    /// A world with a running m5.large in zone a and a free interface beside it.
    struct Net {
        world: World,
        instance: String,
        subnet: String,
        eni: String,
    }

    fn net() -> Net {
        let mut world = World::with_default_vpc();
        let form = "ImageId=ami-01234567&MinCount=1&MaxCount=1&InstanceType=m5.large";
        let launched = world.call("RunInstances", form).ok();
        let (instance, subnet) = (launched.text("instanceId").to_owned(), launched.text("subnetId").to_owned());
        world.model.settle(world.now);
        let eni = world.call("CreateNetworkInterface", &format!("SubnetId={subnet}")).ok();
        Net { eni: eni.text("networkInterfaceId").to_owned(), world, instance, subnet }
    }

    impl Net {
        fn attach(&mut self, eni: &str, index: u16) -> crate::testing::Reply {
            let form = format!("NetworkInterfaceId={eni}&InstanceId={}&DeviceIndex={index}", self.instance);
            self.world.call("AttachNetworkInterface", &form)
        }

        fn create(&mut self, form: &str) -> String {
            let form = format!("SubnetId={}&{form}", self.subnet);
            self.world.call("CreateNetworkInterface", &form).ok().text("networkInterfaceId").to_owned()
        }

        /// The states of the interface and of its attachment.
        fn states(&mut self) -> Vec<String> {
            let form = format!("NetworkInterfaceId.1={}", self.eni);
            let found = self.world.call("DescribeNetworkInterfaces", &form).ok();
            found.texts("status").into_iter().map(str::to_owned).collect()
        }
    }

    #[test]
    fn from_attach_to_detach() {
        let mut net = net();
        let eni = net.eni.clone();
        let attachment = net.attach(&eni, 1).ok().text("attachmentId").to_owned();
        assert_eq!(net.states(), ["in-use", "attaching"]);
        net.world.model.settle(net.world.now);
        assert_eq!(net.states(), ["in-use", "attached"]);
        let delete = format!("NetworkInterfaceId={eni}");
        let refused = net.world.call("DeleteNetworkInterface", &delete);
        assert_eq!(refused.text("Message"), format!("Network interface '{eni}' is currently in use."));
        let attribute = format!("{delete}&Attachment.AttachmentId={attachment}&Attachment.DeleteOnTermination=true");
        net.world.call("ModifyNetworkInterfaceAttribute", &attribute).ok();
        let shown = net.world.call("DescribeNetworkInterfaceAttribute", &format!("{delete}&Attribute=attachment")).ok();
        assert_eq!(shown.text("deleteOnTermination"), "true");
        let detach = format!("AttachmentId={attachment}");
        net.world.call("DetachNetworkInterface", &detach).ok();
        assert_eq!(net.states(), ["detaching", "detaching"]);
        assert_eq!(net.world.call("DetachNetworkInterface", &detach).code, Some("IncorrectState"));
        net.world.model.settle(net.world.now);
        assert_eq!(net.states(), ["available", "detached"], "whoever waits for it sees the end");
        net.world.now += jiff::SignedDuration::from_mins(1);
        assert_eq!(net.states(), ["available"]);
        assert_eq!(net.world.call("DetachNetworkInterface", &detach).code, Some("InvalidAttachmentID.NotFound"));
        net.world.call("DeleteNetworkInterface", &delete).ok();
    }

    #[test]
    fn datagrams_and_queues() {
        let mut net = net();
        let form = format!(
            "NetworkInterfaceId={}&InstanceId={}&DeviceIndex=1&EnaQueueCount=4&EnaSrdSpecification.EnaSrdEnabled=true",
            net.eni, net.instance
        );
        let attachment = net.world.call("AttachNetworkInterface", &form).ok().text("attachmentId").to_owned();
        let eni = net.eni.clone();
        let shown = net.world.call("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={eni}")).ok();
        assert_eq!((shown.text("enaSrdEnabled"), shown.text("enaQueueCount")), ("true", "4"));
        let form = format!(
            "NetworkInterfaceId={eni}&Attachment.AttachmentId={attachment}&Attachment.DefaultEnaQueueCount=true"
        );
        net.world.call("ModifyNetworkInterfaceAttribute", &form).ok();
        let shown = net.world.call("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={eni}")).ok();
        assert_eq!(shown.texts("enaQueueCount"), [""; 0]);
    }

    #[rstest]
    #[case::index_taken(0, "", "InvalidParameterValue", "interface attached at device index '0'")]
    #[case::index_too_high(9, "", "InvalidParameterValue", "device index '9'")]
    #[case::addresses(1, "SecondaryPrivateIpAddressCount=10", "PrivateIpAddressLimitExceeded", "exceed limit")]
    fn refused(#[case] index: u16, #[case] form: &str, #[case] code: &str, #[case] text: &str) {
        let mut net = net();
        let eni = net.create(form);
        let reply = net.attach(&eni, index);
        assert_eq!(reply.code, Some(code));
        assert!(reply.text("Message").contains(text), "{}", reply.body);
    }

    #[test]
    fn the_instances_limits() {
        let mut net = net();
        let trunk = net.create("InterfaceType=trunk");
        net.attach(&trunk, 2).ok();
        let eni = net.eni.clone();
        net.attach(&eni, 1).ok();
        assert_eq!(net.attach(&eni, 1).code, Some("InvalidNetworkInterface.InUse"));
        let more = net.create("");
        let reply = net.attach(&more, 3);
        assert_eq!(reply.code, Some("AttachmentLimitExceeded"));
        assert_eq!(reply.text("Message"), "Interface count 4 exceeds the limit for m5.large");
        let assign = format!("NetworkInterfaceId={eni}&SecondaryPrivateIpAddressCount=10");
        let reply = net.world.call("AssignPrivateIpAddresses", &assign);
        assert_eq!(reply.code, Some("PrivateIpAddressLimitExceeded"));
        let form = format!("Filter.1.Name=attachment.instance-id&Filter.1.Value.1={}", net.instance);
        assert_eq!(net.world.call("DescribeNetworkInterfaces", &form).ok().texts("networkInterfaceId").len(), 3);
    }

    #[test]
    fn the_primary_interface_stays() {
        let mut net = net();
        let form = "Filter.1.Name=attachment.device-index&Filter.1.Value.1=0";
        let primary = net.world.call("DescribeNetworkInterfaces", form).ok().text("attachmentId").to_owned();
        let refused = net.world.call("DetachNetworkInterface", &format!("AttachmentId={primary}&Force=true"));
        assert_eq!(refused.code, Some("OperationNotPermitted"));
    }

    #[test]
    fn an_instance_that_does_not_run() {
        let mut net = net();
        net.world.call("TerminateInstances", &format!("InstanceId.1={}", net.instance)).ok();
        let eni = net.eni.clone();
        let refused = net.attach(&eni, 1);
        assert_eq!(refused.code, Some("IncorrectState"));
        assert!(refused.text("Message").ends_with("is not 'running'."), "{}", refused.body);
    }

    #[test]
    fn another_zone_and_a_type_without_trunks() {
        let mut net = net();
        let form = "Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1b";
        let elsewhere = net.world.call("DescribeSubnets", form).ok().text("subnetId").to_owned();
        let eni = net.world.call("CreateNetworkInterface", &format!("SubnetId={elsewhere}")).ok();
        let eni = eni.text("networkInterfaceId").to_owned();
        assert_eq!(net.attach(&eni, 1).code, Some("InvalidParameterCombination"));
        let form = "ImageId=ami-01234567&MinCount=1&MaxCount=1&InstanceType=t3.large";
        net.instance = net.world.call("RunInstances", form).ok().text("instanceId").to_owned();
        net.world.model.settle(net.world.now);
        let trunk = net.create("InterfaceType=trunk");
        assert_eq!(net.attach(&trunk, 1).code, Some("InvalidParameterCombination"));
    }
}
