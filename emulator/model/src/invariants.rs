//! The laws of the model: what holds after any changes in any order. For tests.
//!
//! A resource that has ended and is merely still shown may name what is gone; one that has not may not. Routes and
//! security groups' rules may: they are black holes and stale then, as with AWS.

mod compute;
mod gateways;
mod networks;
mod recount;
mod services;
mod sets;
mod transit;

use crate::Model;

/// Sentences about what does not hold.
#[derive(Debug, Default)]
struct Broken(Vec<String>);

impl Broken {
    /// Notes a law that does not hold.
    fn unless(&mut self, holds: bool, law: impl FnOnce() -> String) {
        if !holds {
            self.0.push(law());
        }
    }
}

impl Model {
    /// Recounts every index from the resources, and checks that what resources name is there and names them.
    ///
    /// # Errors
    /// A sentence for each law that does not hold.
    pub fn check_invariants(&self) -> Result<(), Vec<String>> {
        let mut broken = Broken::default();
        let recounted = self.recount(&mut broken.0);
        broken.unless(recounted == self.index, || {
            format!("the indexes are {:#?}\nbut a recount gives {recounted:#?}", self.index)
        });
        // One line a module of laws.
        networks::check(self, &mut broken);
        gateways::check(self, &mut broken);
        transit::check(self, &mut broken);
        services::check(self, &mut broken);
        compute::check(self, &mut broken);
        sets::check(self, &mut broken);
        if broken.0.is_empty() { Ok(()) } else { Err(broken.0) }
    }
}
