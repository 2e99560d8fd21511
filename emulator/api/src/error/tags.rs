//! Refusals about tags.

use vpc_model::TagError;

use crate::{ApiError, Code};

impl From<TagError> for ApiError {
    fn from(err: TagError) -> Self {
        let message = match &err {
            TagError::KeyLength(key) => format!("Tag key '{key}' must be between 1 and 128 characters long."),
            TagError::ValueLength(key) => {
                format!("The value of tag '{key}' exceeds the maximum length of 256 characters.")
            }
            TagError::Reserved(_) => "Tag keys starting with 'aws:' are reserved for internal use".to_owned(),
            TagError::Duplicate(key) => format!("Duplicate tag key '{key}' specified."),
            TagError::TooMany => "The maximum number of Tags for a resource has been reached.".to_owned(),
            TagError::NoResource(id) => match kind_of(id) {
                Some((_, noun)) => format!("The {noun} ID '{id}' does not exist"),
                None => format!("The ID '{id}' is not valid"),
            },
        };
        Self::new(code(&err), message)
    }
}

fn code(err: &TagError) -> Code {
    match err {
        TagError::KeyLength(_) | TagError::ValueLength(_) | TagError::Reserved(_) | TagError::Duplicate(_) => {
            Code::INVALID_PARAMETER_VALUE
        }
        TagError::TooMany => Code::TAG_LIMIT_EXCEEDED,
        TagError::NoResource(id) => kind_of(id).map_or(Code::INVALID_ID, |(code, _)| code),
    }
}

/// What is said about a resource that is not there, by the kind its id names.
fn kind_of(id: &str) -> Option<(Code, &'static str)> {
    Some(match id.rsplit_once('-')?.0 {
        "dopt" => (Code::INVALID_DHCP_OPTION_ID_NOT_FOUND, "dhcpOption"),
        "eni" => (Code::INVALID_NETWORK_INTERFACE_ID_NOT_FOUND, "networkInterface"),
        "i" => (Code::INVALID_INSTANCE_ID_NOT_FOUND, "instance"),
        "igw" => (Code::INVALID_INTERNET_GATEWAY_ID_NOT_FOUND, "internetGateway"),
        "rtb" => (Code::INVALID_ROUTE_TABLE_ID_NOT_FOUND, "routeTable"),
        "sg" => (Code::INVALID_GROUP_NOT_FOUND, "security group"),
        "subnet" => (Code::INVALID_SUBNET_ID_NOT_FOUND, "subnet"),
        "vpc" => (Code::INVALID_VPC_ID_NOT_FOUND, "vpc"),
        _ => return None,
    })
}
