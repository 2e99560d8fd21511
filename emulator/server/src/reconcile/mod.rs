//! The half that acts: it brings the kernel to what `vpc_fabric` makes of the model.
//!
//! One loop on a thread of its own, woken by the model's generation and, as long as something failed, by a
//! timer. Start, change and repair are the same pass: compile the model, find the difference to
//! what is applied, do the operations one after the other, and tell the model which attachments and instances
//! have come or gone. A failed operation is reported and done again on the next pass; those that need it wait.
//!
//! Everything is held by this process: when it ends, however that happens, the kernel takes back every
//! namespace with all that is in it.

mod advertise;
mod apply;
mod fabric;
mod gateway_endpoint;
mod instance_address;
mod internet;
mod life_cycle;
mod mend;
mod namespace;
mod nat_gateway;
mod observe;
mod shelf;
mod transit_gateway;
mod worker;

pub use apply::ApplyError;
pub use fabric::{Fabric, FailedBefore, Failure, PassReport, Plan};
pub use life_cycle::transitions;
pub use observe::{Observation, Stray};
pub(crate) use worker::start;

#[cfg(test)]
mod tests;
