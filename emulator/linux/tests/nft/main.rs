//! nf_tables in namespaces that each test makes: what the kernel takes, what it does to packets, what it refuses.

mod accepted;
mod behaviour;
mod support;
mod transactions;
