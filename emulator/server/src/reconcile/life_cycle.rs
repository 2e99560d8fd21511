//! What the kernel's state completes in the model: attachments and instances come and go when their links
//! and namespaces really do.

use vpc_fabric::{Desired, Key, Object};
use vpc_model::{Attachment, AttachmentStatus, InstanceState, Model, NetworkInterface};

use crate::LifeCycle;

/// The transitions that the model waits for and that what is applied completes.
pub fn transitions(model: &Model, applied: &Desired) -> Vec<LifeCycle> {
    let attachments = model.network_interfaces().filter_map(|eni| of_attachment(model, applied, eni));
    let instances = model.instances().filter(|instance| !applied.contains(&Key::Instance(instance.id.clone())));
    let instances = instances.filter_map(|instance| match instance.state {
        InstanceState::ShuttingDown => Some(LifeCycle::InstanceGone(instance.id.clone())),
        InstanceState::Stopping => Some(LifeCycle::InstanceStopped(instance.id.clone())),
        _ => None,
    });
    attachments.chain(instances).collect()
}

fn of_attachment(model: &Model, applied: &Desired, eni: &NetworkInterface) -> Option<LifeCycle> {
    let attachment = eni.attachment.as_ref()?;
    let wire = applied.get(&Key::Wire(eni.vpc_id.clone(), eni.id.clone()));
    let is_starting = || {
        let instance = model.instance(&attachment.instance_id);
        attachment.device_index == 0 && instance.is_some_and(|instance| instance.state == InstanceState::Pending)
    };
    match attachment.status {
        AttachmentStatus::Attaching if is_connected(applied, eni, attachment) => {}
        AttachmentStatus::Attached if is_starting() && is_connected(applied, eni, attachment) => {}
        AttachmentStatus::Detaching if wire.is_none() => return Some(LifeCycle::AttachmentGone(eni.id.clone())),
        _ => return None,
    }
    Some(LifeCycle::AttachmentReady(eni.id.clone()))
}

/// Whether the ENI's wire is in the instance, with the address if it is the primary one.
fn is_connected(applied: &Desired, eni: &NetworkInterface, attachment: &Attachment) -> bool {
    let Some(Object::Wire(wire)) = applied.get(&Key::Wire(eni.vpc_id.clone(), eni.id.clone())) else { return false };
    let address = eni
        .primary_ip()
        .map(|address| Key::InstanceAddress(eni.vpc_id.clone(), attachment.instance_id.clone(), address.into()));
    let has_address = attachment.device_index != 0 || address.is_none_or(|address| applied.contains(&address));
    wire.instance == attachment.instance_id && has_address
}
