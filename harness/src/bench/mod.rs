//! `vpcbox bench`: figures, measured on this machine.

mod figures;
mod first_light;

pub use figures::Samples;
pub use first_light::{FirstLight, first_light};
