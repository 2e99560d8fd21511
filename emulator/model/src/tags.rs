//! Tags: at most 50 key/value pairs a resource, in the order of their keys.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html>.

use std::collections::BTreeMap;

/// The tags of one resource.
pub type Tags = BTreeMap<String, String>;
