//! The pool against documented tables, and its laws.

mod node;
mod shrink;
mod state;
mod targets;
