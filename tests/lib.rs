//! Helpers shared by the suites across crates.
