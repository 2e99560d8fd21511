//! `vpcbox bench`: figures, measured on this machine.

use std::path::Path;

/// Measures a scenario's world.
///
/// # Errors
/// The world cannot be made.
pub fn first_light(_scenario: &Path, _runs: u32, _pods: u32) -> anyhow::Result<bool> {
    anyhow::bail!("not measured yet")
}
