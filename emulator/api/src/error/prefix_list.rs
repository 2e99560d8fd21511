//! What EC2 says where the model refuses something about managed prefix lists.

use vpc_model::PrefixListError;

use crate::{ApiError, Code};

impl From<PrefixListError> for ApiError {
    fn from(err: PrefixListError) -> Self {
        let invalid = |message: String| Self::new(Code::INVALID_PARAMETER_VALUE, message);
        match err {
            PrefixListError::NotFound(id) => Self::not_found(Code::INVALID_PREFIX_LIST_ID_NOT_FOUND, "prefix list", id),
            PrefixListError::AwsOwned(id) => {
                Self::new(Code::OPERATION_NOT_PERMITTED, format!("The prefix list '{id}' is managed by AWS"))
            }
            PrefixListError::State { id, state } => Self::new(
                Code::INCORRECT_STATE,
                format!("The action cannot be performed for prefix list {id} in the current state ({state})."),
            ),
            PrefixListError::Name(name) => Self::invalid("PrefixListName", &name, ""),
            PrefixListError::Description(text) => Self::invalid("Description", &text, ""),
            PrefixListError::MaxEntries(max) => {
                Self::invalid("MaxEntries", &max.to_string(), "Expected an integer from 1 to 1000.")
            }
            PrefixListError::TooManyEntries { count, max } => Self::new(
                Code::PREFIX_LIST_MAX_ENTRIES_EXCEEDED,
                format!("The prefix list would have {count} entries, and its maximum is {max}."),
            ),
            PrefixListError::Family(block) => {
                invalid(format!("The CIDR {block} is not of the prefix list's address family"))
            }
            PrefixListError::Duplicate(block) => invalid(format!("The CIDR {block} is in the prefix list already")),
            PrefixListError::NoEntry(block) => invalid(format!("The CIDR {block} is not in the prefix list")),
            PrefixListError::VersionMissing => Self::missing("CurrentVersion"),
            PrefixListError::VersionMismatch { .. } => {
                Self::new(Code::PREFIX_LIST_VERSION_MISMATCH, "The prefix list has the incorrect version number.")
            }
            PrefixListError::VersionNotFound(version) => invalid(format!("The prefix list has no version {version}")),
            PrefixListError::EntriesAndSize => Self::combination(
                "The entries and the maximum number of entries of a prefix list cannot be changed at the same time",
            ),
            PrefixListError::InUse(id) => Self::dependency("prefix list", id),
        }
    }
}
