//! `vpcbox bench`: figures, measured on this machine.

mod api;
mod client;
mod fabric;
mod figures;
mod first_light;

pub use api::{ApiBench, ApiFigures, Peer, api};
pub use fabric::{FabricBench, FabricFigures, fabric};
pub use figures::Samples;
pub use first_light::{FirstLight, first_light};
