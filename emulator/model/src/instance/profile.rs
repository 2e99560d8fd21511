//! Instance profiles of instances that are there: associating, replacing, disassociating.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/attach-iam-role.html>.

use jiff::Timestamp;

use super::{Instance, InstanceError, InstanceState};
use crate::{InstanceId, Model, ProfileAssociationId, ResourceId, hash};

/// An instance's association with its profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileAssociation {
    /// Its id.
    pub id: ProfileAssociationId,
    /// The instance.
    pub instance_id: InstanceId,
    /// The profile's ARN.
    pub arn: String,
    /// Since when it is.
    pub since: Timestamp,
}

impl Instance {
    /// Its association with its profile, if it has one. The id is made of what is associated, and when.
    pub fn profile_association(&self) -> Option<ProfileAssociation> {
        let arn = self.iam_instance_profile.clone().filter(|_| !self.is_terminated())?;
        let since = self.profile_since.unwrap_or(self.launch_time);
        let number = hash::of(&format!("{}/{arn}/{}", self.id, since.as_nanosecond()));
        let id = ProfileAssociationId::from_digits(&format!("0{number:016x}"));
        Some(ProfileAssociation { id, instance_id: self.id.clone(), arn, since })
    }
}

impl Model {
    /// All associations of instances with profiles.
    pub fn profile_associations(&self) -> impl Iterator<Item = ProfileAssociation> {
        self.instances.values().filter_map(Instance::profile_association)
    }

    /// Gives an instance a profile that has none.
    pub fn associate_profile(
        &mut self,
        now: Timestamp,
        id: &InstanceId,
        arn: String,
    ) -> Result<ProfileAssociation, InstanceError> {
        let found = self.find_instances(now, std::slice::from_ref(id))?[0];
        if !matches!(found.state, InstanceState::Pending | InstanceState::Running | InstanceState::Stopped) {
            return Err(InstanceError::State { id: id.clone(), verb: "associated with an instance profile" });
        }
        if found.iam_instance_profile.is_some() {
            return Err(InstanceError::HasProfile(id.clone()));
        }
        self.set_profile(now, id, Some(arn));
        let made = self.instances.get(id).and_then(Instance::profile_association);
        Ok(made.expect("it was just made"))
    }

    /// Takes an instance's profile away, and gives the association that was.
    pub fn disassociate_profile(
        &mut self,
        now: Timestamp,
        id: &ProfileAssociationId,
    ) -> Result<ProfileAssociation, InstanceError> {
        let found = self.profile_association(id)?;
        self.set_profile(now, &found.instance_id, None);
        Ok(found)
    }

    /// Gives an instance another profile, as an association of its own.
    pub fn replace_profile(
        &mut self,
        now: Timestamp,
        id: &ProfileAssociationId,
        arn: String,
    ) -> Result<ProfileAssociation, InstanceError> {
        let found = self.profile_association(id)?;
        self.set_profile(now, &found.instance_id, Some(arn));
        let made = self.instances.get(&found.instance_id).and_then(Instance::profile_association);
        Ok(made.expect("it was just made"))
    }

    fn profile_association(&self, id: &ProfileAssociationId) -> Result<ProfileAssociation, InstanceError> {
        let mut all = self.profile_associations();
        all.find(|found| found.id == *id).ok_or_else(|| InstanceError::NoSuchProfileAssociation(id.clone()))
    }

    fn set_profile(&mut self, now: Timestamp, id: &InstanceId, arn: Option<String>) {
        if let Some(instance) = self.instances.get_mut(id) {
            instance.iam_instance_profile = arn;
            instance.profile_since = Some(now);
        }
        self.touch();
    }
}
