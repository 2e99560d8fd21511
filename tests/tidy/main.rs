//! Rules about the code itself that no compiler checks: `emulator/ARCHITECTURE.md` names them.
//!
//! Each test lists every place that breaks its rule.

mod coverage;
mod dependencies;
mod documents;
mod files;
mod lexer;
mod metadata;
mod modules;
mod purity;

/// Fails with the whole list if anything broke a rule.
#[track_caller]
fn assert_kept(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}; broken {} times:\n  {}", broken.len(), broken.join("\n  "));
}
