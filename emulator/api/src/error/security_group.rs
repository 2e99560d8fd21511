//! What EC2 says where the model refuses something about security groups.

use vpc_model::{SecurityGroupError, VpcError};

use crate::{ApiError, Code};

/// What names and descriptions are made of, as EC2 lists it.
const CHARACTERS: &str = "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";

impl From<SecurityGroupError> for ApiError {
    fn from(err: SecurityGroupError) -> Self {
        let invalid = |message: String| Self::new(Code::INVALID_PARAMETER_VALUE, message);
        match err {
            SecurityGroupError::NotFound(id) => {
                Self::new(Code::INVALID_GROUP_NOT_FOUND, format!("The security group '{id}' does not exist"))
            }
            SecurityGroupError::OtherNetwork(_) => Self::new(
                Code::INVALID_GROUP_NOT_FOUND,
                "You have specified two resources that belong to different networks.",
            ),
            SecurityGroupError::NotAssociable { group, vpc } => invalid(format!(
                "The security group '{group}' cannot be associated with VPC '{vpc}': neither may be a default one"
            )),
            SecurityGroupError::AlreadyAssociated { group, vpc } => {
                invalid(format!("The security group '{group}' is already associated with VPC '{vpc}'"))
            }
            SecurityGroupError::NotAssociated { group, vpc } => Self::new(
                Code::INVALID_SECURITY_GROUP_VPC_ASSOCIATION_NOT_FOUND,
                format!("The security group '{group}' is not associated with VPC '{vpc}'"),
            ),
            SecurityGroupError::VpcNotFound(id) => VpcError::NotFound(id).into(),
            SecurityGroupError::DuplicateName { name, vpc_id } => Self::new(
                Code::INVALID_GROUP_DUPLICATE,
                format!("The security group '{name}' already exists for VPC '{vpc_id}'"),
            ),
            SecurityGroupError::ReservedName(name) => {
                invalid(format!("Cannot use reserved security group name: {name}"))
            }
            SecurityGroupError::InvalidName(name) if name.to_ascii_lowercase().starts_with("sg-") => {
                invalid("Group names may not be in the format sg-*".to_owned())
            }
            SecurityGroupError::InvalidName(name) => Self::invalid(
                "groupName",
                &name,
                &format!("Valid names have up to 255 characters from the following set: {CHARACTERS}"),
            ),
            SecurityGroupError::InvalidDescription(text) => Self::invalid(
                "groupDescription",
                &text,
                &format!(
                    "Valid descriptions are strings less than 256 characters from the following set: {CHARACTERS}"
                ),
            ),
            SecurityGroupError::InvalidRuleDescription(_) => invalid(format!(
                "Invalid rule description. Valid descriptions are strings less than 256 characters from the following \
                 set: {CHARACTERS}"
            )),
            SecurityGroupError::HasDependents(id) => {
                Self::new(Code::DEPENDENCY_VIOLATION, format!("resource {id} has a dependent object"))
            }
            SecurityGroupError::IsDefault(id) => Self::new(
                Code::CANNOT_DELETE,
                format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user"),
            ),
            SecurityGroupError::DuplicateRule(rule) => {
                Self::new(Code::INVALID_PERMISSION_DUPLICATE, format!("the specified rule \"{rule}\" already exists"))
            }
            SecurityGroupError::RuleNotFound => Self::new(
                Code::INVALID_PERMISSION_NOT_FOUND,
                "The specified rule does not exist in this security group.",
            ),
            SecurityGroupError::RuleIdNotFound(id) => Self::new(
                Code::INVALID_SECURITY_GROUP_RULE_ID_NOT_FOUND,
                format!("The security group rule ID '{id}' does not exist"),
            ),
            SecurityGroupError::PrefixListNotFound(id) => {
                Self::not_found(Code::INVALID_PREFIX_LIST_ID_NOT_FOUND, "prefix list", id)
            }
            SecurityGroupError::MissingPorts(_) => {
                invalid("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.".to_owned())
            }
            SecurityGroupError::InvalidPorts { from, to } => {
                invalid(format!("Invalid TCP/UDP port range ({from}:{to})"))
            }
            SecurityGroupError::InvalidIcmp { icmp_type, icmp_code } => {
                invalid(format!("ICMP code ({icmp_code}) or type ({icmp_type}) out of range"))
            }
            SecurityGroupError::TooMany(_) => Self::new(
                Code::SECURITY_GROUP_LIMIT_EXCEEDED,
                "The maximum number of security groups has been reached.",
            ),
            SecurityGroupError::TooManyRules(_) => Self::new(
                Code::RULES_PER_SECURITY_GROUP_LIMIT_EXCEEDED,
                "The maximum number of rules per security group has been reached.",
            ),
        }
    }
}
