//! EC2's Query protocol over the model: request bytes in, response bytes out.
//!
//! A request is parsed once ([`parse`]), then run on the model ([`dispatch`], [`dispatch_read`]). Nothing
//! here knows about HTTP beyond the status code, or about the kernel.
//!
//! See <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/making-api-requests.html>.

mod call;
mod error;
mod filter;
mod operations;
mod pagination;
mod query;
mod shape;
mod tag_specification;
mod xml;

pub use call::{Call, Caller, Response, Service, dispatch, dispatch_read, parse};
pub use error::{ApiError, Code};
pub use operations::auto_scaling::put_auto_scaling_group;
pub use operations::replace::{is_to_replace, replace_lost, replaces_at};
pub use operations::{Coverage, Family, coverage};
pub use query::MAX_BODY_BYTES;

#[cfg(test)]
mod testing;
