//! Names of links and numbers of tables and rules: the same as the production CNI's, so that its tools work.

pub use cni_rpc::names::host_link;

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
    fn tables_lead_back_to_vlans() {
        assert_eq!(vlan_of_table(vlan_table(7)), Some(7));
        assert_eq!(vlan_of_table(2), None);
    }
}
