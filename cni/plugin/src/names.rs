//! Names of links and numbers of tables and rules: the same as the production CNI's, so that its tools work.

use sha1::{Digest, Sha1};

/// `to <pod>` → main: above everything that routes by source.
pub const PRIORITY_TO_POD: u32 = 512;
/// `from <pod>` → its ENI's table.
pub const PRIORITY_FROM_POD: u32 = 1536;
/// `iif` a link of a pod with security groups of its own → its table; above even the local table.
pub const PRIORITY_BRANCH: u32 = 10;
/// Tables of VLANs are numbered from here.
const VLAN_TABLES: u32 = 100;

/// How host ends of pods with security groups of their own begin, in strict mode.
pub const BRANCH_PREFIX: &str = "vlan";

/// A pod's host end: the prefix and 11 hex digits of a hash of namespace and name.
pub fn host_link(prefix: &str, namespace: &str, name: &str) -> String {
    let digest = Sha1::digest(format!("{namespace}.{name}").as_bytes());
    let hex: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{prefix}{}", &hex[..11])
}

/// The link of a branch ENI.
pub fn vlan_link(vlan_id: u16) -> String {
    format!("vlan.eth.{vlan_id}")
}

/// The table of a branch ENI.
pub fn vlan_table(vlan_id: u16) -> u32 {
    VLAN_TABLES + u32::from(vlan_id)
}

/// The VLAN whose table this is.
pub fn vlan_of_table(table: u32) -> Option<u16> {
    let vlan_id = u16::try_from(table.checked_sub(VLAN_TABLES)?).ok()?;
    (1..=4094).contains(&vlan_id).then_some(vlan_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_and_agree_with_sha1() {
        // echo -n default.web | sha1sum
        assert_eq!(host_link("eni", "default", "web"), "eni68caf03a5f4");
        assert_eq!(host_link("vlan", "default", "web").len(), 15);
        assert_eq!(vlan_of_table(vlan_table(7)), Some(7));
        assert_eq!(vlan_of_table(2), None);
    }
}
