//! Attaching ENIs to instances and detaching them.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachNetworkInterface.html>.

use super::addresses::check_slots;
use super::{Attachment, AttachmentStatus, InterfaceError, InterfaceType, NetworkInterface};
use crate::{
    AttachmentId, Context, Instance, InstanceId, InstanceState, Model, NetworkInterfaceId, WantedAddresses, index,
    instance_type,
};

/// What AttachNetworkInterface asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// The ENI.
    pub network_interface_id: NetworkInterfaceId,
    /// The instance.
    pub instance_id: InstanceId,
    /// Where; 0 is the primary ENI's place.
    pub device_index: u16,
    /// On which network card.
    pub network_card_index: u16,
    /// Whether the ENI goes when the instance does.
    pub delete_on_termination: bool,
}

impl Model {
    /// Attaches an ENI to a running or stopped instance.
    pub fn attach_network_interface(
        &mut self,
        cx: &mut Context,
        new: NewAttachment,
    ) -> Result<AttachmentId, InterfaceError> {
        let instance = self.instances.get(&new.instance_id);
        let instance = instance.filter(|instance| instance.state != InstanceState::Terminated);
        let instance = instance.ok_or_else(|| InterfaceError::InstanceNotFound(new.instance_id.clone()))?;
        if !matches!(instance.state, InstanceState::Running | InstanceState::Stopped) {
            return Err(InterfaceError::InstanceState(new.instance_id));
        }
        self.attach(cx, new)
    }

    /// Attaches an ENI of a launch: the instance is still pending.
    pub(crate) fn attach(&mut self, cx: &mut Context, new: NewAttachment) -> Result<AttachmentId, InterfaceError> {
        let interface = self.network_interfaces.get(&new.network_interface_id);
        let interface = interface.ok_or_else(|| InterfaceError::NotFound(new.network_interface_id.clone()))?;
        let instance = self.instances.get(&new.instance_id);
        let instance = instance.ok_or_else(|| InterfaceError::InstanceNotFound(new.instance_id.clone()))?;
        let is_branch = self.index.association_by_branch.contains_key(&interface.id);
        if is_branch || interface.live_attachment().is_some() || interface.is_requester_managed() {
            return Err(InterfaceError::AlreadyAttached(new.network_interface_id));
        }
        if instance.zone != interface.zone {
            return Err(InterfaceError::OtherZone { instance: new.instance_id, interface: new.network_interface_id });
        }
        self.check_place(instance, interface, &new)?;
        // A stopped instance has no links: there is nothing to wait for.
        let is_stopped = instance.state == InstanceState::Stopped;
        let status = if is_stopped { AttachmentStatus::Attached } else { AttachmentStatus::Attaching };
        let attachment = Attachment {
            id: cx.ids.next(),
            instance_id: new.instance_id,
            device_index: new.device_index,
            network_card_index: new.network_card_index,
            status,
            delete_on_termination: new.delete_on_termination,
            attach_time: cx.now,
            detach_time: None,
            ena_srd: None,
            ena_queue_count: None,
        };
        Ok(self.insert_attachment(&new.network_interface_id, attachment))
    }

    /// Begins to detach an ENI; [`Self::attachment_gone`] ends it.
    pub fn detach_network_interface(&mut self, cx: &mut Context, id: &AttachmentId) -> Result<(), InterfaceError> {
        let not_found = || InterfaceError::AttachmentNotFound(id.clone());
        let interface_id = self.index.eni_by_attachment.get(id).ok_or_else(not_found)?.clone();
        let interface = self.network_interfaces.get_mut(&interface_id).ok_or_else(not_found)?;
        let attachment = interface.attachment.as_mut().ok_or_else(not_found)?;
        match attachment.status {
            AttachmentStatus::Detached => return Err(not_found()),
            AttachmentStatus::Detaching => return Err(InterfaceError::AttachmentEnding(id.clone())),
            AttachmentStatus::Attaching | AttachmentStatus::Attached => {}
        }
        if attachment.device_index == 0 && attachment.network_card_index == 0 {
            return Err(InterfaceError::PrimaryInterface);
        }
        let instance_id = attachment.instance_id.clone();
        attachment.status = AttachmentStatus::Detaching;
        attachment.detach_time = Some(cx.now);
        self.note_under_way(&instance_id);
        self.touch();
        // A stopped instance has no link that would have to go first.
        if self.instances.get(&instance_id).is_none_or(|instance| instance.state == InstanceState::Stopped) {
            self.attachment_gone(&interface_id);
        }
        Ok(())
    }

    /// The link of an attachment is there: `attaching` becomes `attached`, and with the primary one the
    /// instance runs.
    pub fn attachment_ready(&mut self, id: &NetworkInterfaceId) {
        let Some(attachment) = self.network_interfaces.get_mut(id).and_then(|found| found.attachment.as_mut()) else {
            return;
        };
        let mut changed = attachment.status == AttachmentStatus::Attaching;
        if changed {
            attachment.status = AttachmentStatus::Attached;
        }
        let is_primary = attachment.device_index == 0 && attachment.network_card_index == 0;
        if let Some(instance) = self.instances.get_mut(&attachment.instance_id)
            && is_primary
            && instance.state == InstanceState::Pending
        {
            instance.state = InstanceState::Running;
            changed = true;
        }
        if changed {
            let instance_id = attachment.instance_id.clone();
            self.note_under_way(&instance_id);
            self.touch();
        }
    }

    /// The link of an ending attachment is gone: its place is free, and it shows as `detached` for a moment.
    pub fn attachment_gone(&mut self, id: &NetworkInterfaceId) {
        let Some(attachment) = self.network_interfaces.get_mut(id).and_then(|found| found.attachment.as_mut()) else {
            return;
        };
        if attachment.status != AttachmentStatus::Detaching {
            return;
        }
        attachment.status = AttachmentStatus::Detached;
        let slot = (attachment.network_card_index, attachment.device_index);
        let instance_id = attachment.instance_id.clone();
        self.index.eni_by_attachment.remove(&attachment.id);
        index::remove_entry(&mut self.index.interfaces_by_instance, &instance_id, &slot);
        self.note_under_way(&instance_id);
        self.touch();
    }

    /// The ENIs attached to an instance in the order of cards and device indexes; those being attached
    /// or detached are among them, branches are not.
    pub fn interfaces_of(&self, instance_id: &InstanceId) -> impl Iterator<Item = &NetworkInterface> {
        let ids = self.index.interfaces_by_instance.get(instance_id);
        ids.into_iter().flat_map(|slots| slots.values()).filter_map(|id| self.network_interfaces.get(id))
    }

    /// The instance is gone: its ENIs go with it or become available.
    pub(crate) fn release_interfaces(&mut self, instance_id: &InstanceId) {
        let ids: Vec<NetworkInterfaceId> = self.interfaces_of(instance_id).map(|found| found.id.clone()).collect();
        for id in ids {
            let attachment = self.network_interfaces.get_mut(&id).and_then(|found| found.attachment.as_mut());
            let Some(attachment) = attachment else { continue };
            if attachment.delete_on_termination {
                self.remove_interface(&id);
            } else {
                attachment.status = AttachmentStatus::Detaching;
                self.attachment_gone(&id);
                self.release_public_ip(&id);
                // Nobody waits for this one to be seen as detached.
                if let Some(interface) = self.network_interfaces.get_mut(&id) {
                    interface.attachment = None;
                    interface.wants_public_ip = false;
                }
            }
        }
        self.note_under_way(instance_id);
    }

    /// Completes every attachment and detachment of an instance that is under way.
    pub(crate) fn settle_attachments(&mut self, instance_id: &InstanceId) {
        let ids: Vec<_> = self.interfaces_of(instance_id).map(|found| found.id.clone()).collect();
        for id in ids {
            self.attachment_ready(&id);
            self.attachment_gone(&id);
        }
    }

    fn check_place(
        &self,
        instance: &Instance,
        interface: &NetworkInterface,
        new: &NewAttachment,
    ) -> Result<(), InterfaceError> {
        let slots = self.index.interfaces_by_instance.get(&instance.id);
        let slot = (new.network_card_index, new.device_index);
        if slots.is_some_and(|slots| slots.contains_key(&slot)) {
            let device_index = new.device_index;
            return Err(InterfaceError::DeviceIndexTaken { instance: instance.id.clone(), device_index });
        }
        let Some(known) = instance_type::find(&instance.instance_type) else { return Ok(()) };
        let instance_type = instance.instance_type.clone();
        let Some(limit) = known.max_interfaces_on(new.network_card_index) else {
            return Err(InterfaceError::NoSuchCard { instance_type, index: new.network_card_index });
        };
        let on_card = slots.map_or(0, |slots| slots.keys().filter(|(card, _)| *card == slot.0).count());
        if on_card >= usize::from(limit) {
            return Err(InterfaceError::TooManyAttachments { instance_type, count: on_card + 1 });
        }
        if new.device_index >= known.max_network_interfaces() {
            return Err(InterfaceError::DeviceIndexRange(new.device_index));
        }
        if interface.interface_type == InterfaceType::Trunk && !known.trunk_compatible {
            return Err(InterfaceError::TrunkUnsupported(instance_type));
        }
        check_slots(&instance_type, interface, &WantedAddresses::default())
    }

    fn insert_attachment(&mut self, id: &NetworkInterfaceId, attachment: Attachment) -> AttachmentId {
        let attachment_id = attachment.id.clone();
        let slot = (attachment.network_card_index, attachment.device_index);
        self.index.eni_by_attachment.insert(attachment_id.clone(), id.clone());
        let slots = self.index.interfaces_by_instance.or_default(attachment.instance_id.clone());
        slots.insert(slot, id.clone());
        let interface = self.network_interfaces.get_mut(id).expect("the caller has looked");
        let instance_id = attachment.instance_id.clone();
        interface.attachment = Some(attachment);
        self.note_under_way(&instance_id);
        self.touch();
        attachment_id
    }
}
