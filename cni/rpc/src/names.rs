//! Names that plugin and agent both derive from a pod.

use sha1::{Digest, Sha1};

/// The host end of a pod's link: a prefix and 11 hex digits of a hash of namespace and name, as in production.
pub fn host_link(prefix: &str, namespace: &str, name: &str) -> String {
    let digest = Sha1::digest(format!("{namespace}.{name}").as_bytes());
    let hex: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}{}", &hex[..11])
}

#[cfg(test)]
mod tests {
    #[test]
    fn agrees_with_sha1sum_and_fits_a_link_name() {
        // printf default.web | sha1sum
        assert_eq!(super::host_link("eni", "default", "web"), "eni68caf03a5f4");
        assert_eq!(super::host_link("vlan", "default", "web").len(), 15);
    }
}
