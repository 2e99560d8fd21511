//! STATUS: would ADD work now?

use crate::config::NetConf;
use crate::error::Failure;

/// Asks the agent.
pub fn run(conf: &NetConf) -> Result<(), Failure> {
    super::agent(conf).status().map_err(|err| {
        let Failure { message, details, .. } = Failure::from(err);
        Failure::new(Failure::NOT_AVAILABLE, message).with_details(details)
    })
}
