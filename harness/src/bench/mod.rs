//! `vpcbox bench`: figures, measured on this machine.

mod api;
mod figures;
mod first_light;

pub use api::{ApiBench, ApiFigures, Peer, api};
pub use figures::Samples;
pub use first_light::{FirstLight, first_light};
