//! The server over loopback, as kube-rs, kubectl and plain HTTP see it.

mod admission;
mod kube_rs;
mod kubectl;
mod nodes;
mod support;
mod wire;
