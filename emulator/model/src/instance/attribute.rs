//! Attributes of instances.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html>.

use jiff::Timestamp;

use super::{InstanceError, InstanceState, MetadataOptions, ShutdownBehavior};
use crate::{
    ImageId, InstanceId, InterfaceAttribute, LaunchParameter, Model, NetworkInterfaceId, SecurityGroupId, instance_type,
};

/// An attribute that ModifyInstanceAttribute sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstanceAttribute {
    /// Whether packets must have one of the interface's addresses as source or destination.
    SourceDestCheck(bool),
    /// The interface's security groups.
    Groups(Vec<SecurityGroupId>),
    /// Whether TerminateInstances is refused.
    DisableApiTermination(bool),
    /// Whether StopInstances is refused.
    DisableApiStop(bool),
    /// What a shutdown from within does.
    ShutdownBehavior(ShutdownBehavior),
    /// The type of a stopped instance.
    InstanceType(String),
    /// The user data of a stopped instance, decoded.
    UserData(Vec<u8>),
    /// Whether the volume of a device goes with the instance.
    DeleteVolume {
        /// The device's name.
        device: String,
        /// Whether it goes.
        on: bool,
    },
    /// An option of a stopped instance that is kept and shown, by RunInstances' name; without a value it goes.
    Kept(&'static str, Option<String>),
}

/// What ModifyInstanceMetadataOptions sets; the others stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetadataChange {
    /// Whether session tokens are required.
    pub tokens_required: Option<bool>,
    /// How many hops a token's reply may travel.
    pub hop_limit: Option<u8>,
    /// Whether the service answers at all.
    pub endpoint_enabled: Option<bool>,
    /// Whether it answers over IPv6.
    pub ipv6_enabled: Option<bool>,
    /// Whether it shows the instance's tags.
    pub tags_enabled: Option<bool>,
}

impl MetadataChange {
    /// The options with this change.
    pub fn apply(&self, options: &MetadataOptions) -> MetadataOptions {
        MetadataOptions {
            tokens_required: self.tokens_required.unwrap_or(options.tokens_required),
            hop_limit: self.hop_limit.unwrap_or(options.hop_limit),
            endpoint_enabled: self.endpoint_enabled.unwrap_or(options.endpoint_enabled),
            ipv6_enabled: self.ipv6_enabled.unwrap_or(options.ipv6_enabled),
            tags_enabled: self.tags_enabled.unwrap_or(options.tags_enabled),
        }
    }
}

impl Model {
    /// Changes one attribute of an instance.
    pub fn modify_instance_attribute(
        &mut self,
        now: Timestamp,
        id: &InstanceId,
        attribute: InstanceAttribute,
    ) -> Result<(), InstanceError> {
        let state = self.find_instances(now, std::slice::from_ref(id))?[0].state;
        if matches!(state, InstanceState::Terminated | InstanceState::ShuttingDown) {
            return Err(InstanceError::State { id: id.clone(), verb: "modified" });
        }
        match attribute {
            InstanceAttribute::SourceDestCheck(on) => {
                let interface = self.only_interface(id)?;
                self.modify_network_interface(&interface, InterfaceAttribute::SourceDestCheck(on))?;
            }
            InstanceAttribute::Groups(groups) => {
                let interface = self.only_interface(id)?;
                self.modify_network_interface(&interface, InterfaceAttribute::Groups(groups))?;
            }
            InstanceAttribute::DeleteVolume { device, on } => self.keep_or_delete_volume(id, &device, on)?,
            own => self.modify_own_attribute(id, state, own)?,
        }
        self.touch();
        Ok(())
    }

    /// What launches say about IMDS where they say nothing.
    pub fn metadata_defaults(&self) -> &MetadataChange {
        &self.metadata_defaults
    }

    /// Changes what launches say about IMDS where they say nothing.
    pub fn set_metadata_defaults(&mut self, defaults: MetadataChange) {
        self.metadata_defaults = defaults;
        self.touch();
    }

    /// How IMDS serves an instance of an image whose launch says nothing: as the account has it, or the image.
    pub fn default_metadata_options(&self, image: &ImageId) -> MetadataOptions {
        let by_image = match self.image(image) {
            Some(image) if image.requires_tokens => {
                MetadataChange { tokens_required: Some(true), hop_limit: Some(2), ..MetadataChange::default() }
            }
            _ => MetadataChange::default(),
        };
        self.metadata_defaults.apply(&by_image.apply(&MetadataOptions::default()))
    }

    /// Changes how IMDS serves an instance, and gives the options that now hold.
    pub fn modify_metadata_options(
        &mut self,
        now: Timestamp,
        id: &InstanceId,
        change: &MetadataChange,
    ) -> Result<MetadataOptions, InstanceError> {
        let options = change.apply(&self.find_instances(now, std::slice::from_ref(id))?[0].metadata_options);
        let instance = self.instances.get_mut(id).expect("it was just found");
        instance.metadata_options = options.clone();
        self.touch();
        Ok(options)
    }

    /// Changes an attribute that is the instance's own, not its interface's.
    fn modify_own_attribute(
        &mut self,
        id: &InstanceId,
        state: InstanceState,
        attribute: InstanceAttribute,
    ) -> Result<(), InstanceError> {
        let needs_stop = matches!(
            attribute,
            InstanceAttribute::InstanceType(_) | InstanceAttribute::UserData(_) | InstanceAttribute::Kept(..)
        );
        if needs_stop && state != InstanceState::Stopped {
            return Err(InstanceError::NotStopped(id.clone()));
        }
        let instance = self.instances.get_mut(id).expect("the caller has looked");
        match attribute {
            InstanceAttribute::DisableApiTermination(on) => instance.disable_api_termination = on,
            InstanceAttribute::DisableApiStop(on) => instance.disable_api_stop = on,
            InstanceAttribute::ShutdownBehavior(behavior) => instance.shutdown_behavior = behavior,
            InstanceAttribute::Kept(name, Some(value)) => {
                instance.options.kept.insert(name.to_owned(), LaunchParameter::Text(value));
            }
            InstanceAttribute::Kept(name, None) => {
                instance.options.kept.remove(name);
            }
            InstanceAttribute::UserData(data) => instance.user_data = Some(data).filter(|data| !data.is_empty()),
            InstanceAttribute::InstanceType(name) => {
                instance_type::find(&name).ok_or_else(|| InstanceError::NoTypeToChangeTo(name.clone()))?;
                instance.instance_type = name;
            }
            InstanceAttribute::SourceDestCheck(_)
            | InstanceAttribute::Groups(_)
            | InstanceAttribute::DeleteVolume { .. } => {
                unreachable!("these are the interface's and the volumes'")
            }
        }
        Ok(())
    }

    /// The interface of an instance that has one only.
    fn only_interface(&self, id: &InstanceId) -> Result<NetworkInterfaceId, InstanceError> {
        let mut interfaces = self.interfaces_of(id);
        match (interfaces.next(), interfaces.next()) {
            (Some(only), None) => Ok(only.id.clone()),
            _ => Err(InstanceError::SeveralInterfaces(id.clone())),
        }
    }
}
