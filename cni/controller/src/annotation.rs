//! The annotation `vpc.amazonaws.com/pod-eni`: how the node learns of a pod's branch ENIs.

use serde::{Deserialize, Serialize};

/// The annotation's key, which is also the extended resource's name.
pub const POD_ENI: &str = "vpc.amazonaws.com/pod-eni";

/// One element of the annotation's array; keys and their order are production's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodEni {
    /// The branch ENI.
    pub eni_id: String,
    /// Its MAC.
    pub if_address: String,
    /// Its address.
    pub private_ip: String,
    /// Its IPv6 address, or nothing.
    #[serde(default)]
    pub ipv6_addr: String,
    /// Its VLAN on the trunk.
    pub vlan_id: u16,
    /// Its subnet's IPv4 block.
    #[serde(default)]
    pub subnet_cidr: String,
    /// Its subnet's IPv6 block, or nothing.
    #[serde(default)]
    pub subnet_v6_cidr: String,
    /// Its association with the trunk.
    #[serde(default, rename = "associationID")]
    pub association_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_order_are_productions() {
        let eni = PodEni {
            eni_id: "eni-1".into(),
            if_address: "02:00:00:00:00:01".into(),
            private_ip: "10.0.1.5".into(),
            ipv6_addr: String::new(),
            vlan_id: 3,
            subnet_cidr: "10.0.1.0/24".into(),
            subnet_v6_cidr: String::new(),
            association_id: "trunk-assoc-1".into(),
        };
        let text = serde_json::to_string(&[&eni]).expect("plain data");
        assert_eq!(
            text,
            r#"[{"eniId":"eni-1","ifAddress":"02:00:00:00:00:01","privateIp":"10.0.1.5","ipv6Addr":"","vlanId":3,"subnetCidr":"10.0.1.0/24","subnetV6Cidr":"","associationID":"trunk-assoc-1"}]"#
        );
        assert_eq!(serde_json::from_str::<Vec<PodEni>>(&text).expect("its own text"), [eni]);
    }
}
