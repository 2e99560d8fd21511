//! What a launch asks for, by a call, a template or both.

use vpc_model::instance::{InstanceOptions, LaunchInterface, LaunchSource, MetadataChange, NewInstances};
use vpc_model::{
    Model, PlacementGroupError, PlacementGroupId, SecurityGroupId, ShutdownBehavior, SubnetId, Tags, ZoneId, ZoneName,
};

use super::options;
use crate::operations::instance::interface::{InterfaceDefaults, InterfaceRequest};
use crate::operations::instance::metadata;
use crate::query::{Base64, Query};
use crate::{ApiError, Code, tag_specification};

/// What EC2 launches where no type is named.
const DEFAULT_TYPE: &str = "m1.small";

/// What tags can be given to.
const TAGGED: &[&str] = &["elastic-gpu", "instance", "network-interface", "spot-instances-request", "volume"];

/// Parameters that would make another instance of it than what is launched here.
const UNSUPPORTED: &[&str] = &["ElasticGpuSpecification", "Operator", "SecondaryInterface"];

#[derive(Debug)]
pub(crate) struct LaunchRequest {
    image_id: Option<options::ImageChoice>,
    instance_type: String,
    min_count: u32,
    max_count: u32,
    /// What the call says of interfaces one by one.
    interfaces: Vec<InterfaceRequest>,
    /// What it says of the one interface where it does not list any.
    own: OwnInterface,
    zone: Option<ZoneName>,
    zone_id: Option<ZoneId>,
    group_id: Option<PlacementGroupId>,
    key_name: Option<String>,
    profile: Option<Profile>,
    user_data: Option<Vec<u8>>,
    metadata: MetadataChange,
    client_token: Option<String>,
    shutdown_behavior: ShutdownBehavior,
    disable_api_termination: bool,
    disable_api_stop: bool,
    options: InstanceOptions,
    tags: Tags,
    interface_tags: Tags,
    volume_tags: Tags,
}

/// What a launch says about its interface without listing it.
#[derive(Debug)]
struct OwnInterface {
    subnet_id: Option<SubnetId>,
    group_ids: Vec<SecurityGroupId>,
    group_names: Vec<String>,
    request: InterfaceRequest,
}

/// An instance profile, as a call names it.
#[derive(Debug)]
pub(crate) enum Profile {
    Arn(String),
    Name(String),
}

impl Profile {
    /// Its ARN. Profiles themselves are not kept, so each name is one.
    pub(crate) fn arn(self, model: &Model) -> String {
        match self {
            Self::Arn(arn) => arn,
            Self::Name(name) => format!("arn:aws:iam::{}:instance-profile/{name}", model.account()),
        }
    }
}

impl LaunchRequest {
    /// Takes the parameters of RunInstances, its template apart.
    pub(crate) fn decode(query: &mut Query) -> Result<Self, ApiError> {
        query.refuse_unsupported(UNSUPPORTED)?;
        let mut tags = tag_specification::decode(query, TAGGED)?;
        let placement = query.structure("Placement", options::placement)?.unwrap_or_default();
        let options = options::decode(query, placement.own, tags.remove("spot-instances-request"))?;
        let interfaces = query.structs("NetworkInterface", InterfaceRequest::decode)?;
        let own = OwnInterface::decode(query)?;
        own.check_alone(&interfaces)?;
        check_public_address(&interfaces)?;
        Ok(Self {
            image_id: query.optional("ImageId")?,
            instance_type: query.or("InstanceType", DEFAULT_TYPE.to_owned())?,
            min_count: query.required("MinCount")?,
            max_count: query.required("MaxCount")?,
            interfaces,
            own,
            zone: placement.zone,
            zone_id: placement.zone_id,
            group_id: placement.group_id,
            key_name: query.optional("KeyName")?,
            profile: query.structure("IamInstanceProfile", profile)?,
            user_data: user_data(query)?,
            metadata: query.structure("MetadataOptions", metadata::decode)?.unwrap_or_default(),
            client_token: query.client_token().map(str::to_owned),
            shutdown_behavior: query.or("InstanceInitiatedShutdownBehavior", ShutdownBehavior::Stop)?,
            disable_api_termination: query.flag("DisableApiTermination")?,
            disable_api_stop: query.flag("DisableApiStop")?,
            options,
            tags: tags.remove("instance").unwrap_or_default(),
            interface_tags: tags.remove("network-interface").unwrap_or_default(),
            volume_tags: tags.remove("volume").unwrap_or_default(),
        })
    }

    /// Refuses a launch without an image.
    pub(crate) fn check(self) -> Result<Self, ApiError> {
        if self.image_id.is_some() { Ok(self) } else { Err(ApiError::missing("ImageId")) }
    }

    /// Finds what the call names or leaves to defaults. What AWS itself adds comes to the tags.
    pub(crate) fn resolve(self, model: &Model, added: &[(&str, String)]) -> Result<NewInstances, ApiError> {
        let zone = self.zone_in(model)?;
        let profile = self.profile.map(|profile| profile.arn(model));
        let defaults = InterfaceDefaults {
            subnet_id: match self.own.subnet_id {
                Some(subnet_id) => Ok(subnet_id),
                None => model.default_subnet(zone.as_ref()),
            },
            groups: self.own.group_ids,
            tags: self.interface_tags,
        };
        let listed = if self.interfaces.is_empty() { vec![self.own.request] } else { self.interfaces };
        let mut interfaces = Vec::with_capacity(listed.len());
        for request in listed {
            interfaces.push(request.resolve(&defaults)?);
        }
        add_named_groups(model, &self.own.group_names, &mut interfaces)?;
        let mut options = self.options;
        if let Some(id) = self.group_id {
            let group = model.placement_group(&id);
            let group = group.ok_or_else(|| PlacementGroupError::NotFound(id.to_string()))?;
            options.placement.group_name = Some(group.name.clone());
        }
        let mut tags = self.tags;
        tags.extend(added.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        let image_id = self.image_id.ok_or_else(|| ApiError::missing("ImageId"))?.find(model)?;
        Ok(NewInstances {
            metadata_options: self.metadata.apply(&model.default_metadata_options(&image_id)),
            image_id,
            instance_type: self.instance_type,
            min_count: self.min_count,
            max_count: self.max_count,
            interfaces,
            zone,
            key_name: self.key_name,
            iam_instance_profile: profile,
            user_data: self.user_data,
            client_token: self.client_token,
            shutdown_behavior: self.shutdown_behavior,
            disable_api_termination: self.disable_api_termination,
            disable_api_stop: self.disable_api_stop,
            options,
            tags,
            volume_tags: self.volume_tags,
        })
    }

    fn zone_in(&self, model: &Model) -> Result<Option<ZoneName>, ApiError> {
        let invalid = |zone: &dyn std::fmt::Display| {
            ApiError::new(Code::INVALID_PARAMETER_VALUE, format!("Invalid availability zone: [{zone}]"))
        };
        match (&self.zone, &self.zone_id) {
            (Some(name), _) => Ok(Some(model.zone(name).ok_or_else(|| invalid(name))?.name)),
            (None, Some(id)) => Ok(Some(model.zone_by_id(id).ok_or_else(|| invalid(id))?.name)),
            (None, None) => Ok(None),
        }
    }
}

impl OwnInterface {
    fn decode(query: &mut Query) -> Result<Self, ApiError> {
        Ok(Self {
            subnet_id: query.optional("SubnetId")?,
            group_ids: query.list("SecurityGroupId")?,
            group_names: query.list("SecurityGroup")?,
            request: InterfaceRequest::of_launch(query)?,
        })
    }

    /// Where interfaces are listed, all that concerns them is said there.
    fn check_alone(&self, listed: &[InterfaceRequest]) -> Result<(), ApiError> {
        let conflict = match () {
            () if listed.is_empty() => return Ok(()),
            () if self.subnet_id.is_some() => "subnet ID",
            () if !self.group_ids.is_empty() || !self.group_names.is_empty() => "security groups",
            () if self.request.names_addresses() => "private IP address",
            () => return Ok(()),
        };
        Err(ApiError::combination(format!(
            "Network interfaces and an instance-level {conflict} may not be specified on the same request"
        )))
    }
}

/// Groups can be named rather than identified, in the VPC that the instance is launched into.
fn add_named_groups(model: &Model, names: &[String], interfaces: &mut [LaunchInterface]) -> Result<(), ApiError> {
    for launch in interfaces {
        let LaunchSource::New(new) = &mut launch.source else { continue };
        let Some(subnet) = model.subnet(&new.subnet_id) else { continue };
        for name in names {
            let mut all = model.security_groups();
            let named = all.find(|group| group.name == *name && group.vpc_id == subnet.vpc_id).ok_or_else(|| {
                let message = format!("The security group '{name}' does not exist in VPC '{}'", subnet.vpc_id);
                ApiError::new(Code::INVALID_GROUP_NOT_FOUND, message)
            })?;
            new.groups.push(named.id.clone());
        }
    }
    Ok(())
}

/// Of several interfaces none gets a public address at launch.
fn check_public_address(interfaces: &[InterfaceRequest]) -> Result<(), ApiError> {
    if interfaces.len() > 1 && interfaces.iter().any(InterfaceRequest::wants_public_address) {
        return Err(ApiError::combination(
            "The associatePublicIPAddress parameter cannot be specified when launching with multiple network \
             interfaces.",
        ));
    }
    Ok(())
}

/// Takes an instance profile, by its ARN or its name.
pub(crate) fn profile(query: &mut Query) -> Result<Profile, ApiError> {
    match (query.optional("Arn")?, query.optional("Name")?) {
        (Some(arn), None) => Ok(Profile::Arn(arn)),
        (None, Some(name)) => Ok(Profile::Name(name)),
        (Some(_), Some(_)) => Err(ApiError::combination("The parameter 'Name' may not be used with 'Arn'")),
        (None, None) => Err(ApiError::missing("IamInstanceProfile.Arn")),
    }
}

fn user_data(query: &mut Query) -> Result<Option<Vec<u8>>, ApiError> {
    let invalid = |_| ApiError::new(Code::INVALID_PARAMETER_VALUE, "Invalid BASE64 encoding of user data.");
    Ok(query.optional::<Base64>("UserData").map_err(invalid)?.map(|data| data.0))
}
