//! The plugin's binary in namespaces of the tests' own: a node with two ENIs and a trunk, a fabric that routes, an agent.

mod add_del;
mod branch;
mod protocol;
mod wire;
mod world;
