//! Host names that EC2 derives from addresses.
//!
//! See <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html>.

use std::net::Ipv4Addr;

use vpc_model::Region;

/// The domain of private names: `ec2.internal` in us-east-1, `<region>.compute.internal` elsewhere.
pub fn private_domain(region: &Region) -> String {
    match region.0.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        other => format!("{other}.compute.internal"),
    }
}

/// The private name of an address, such as `ip-10-0-1-5.ec2.internal`.
pub fn private_name(address: Ipv4Addr, region: &Region) -> String {
    let [a, b, c, d] = address.octets();
    format!("ip-{a}-{b}-{c}-{d}.{}", private_domain(region))
}

/// The address that the first label of a private name stands for.
pub fn address_of_label(label: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = label.strip_prefix("ip-")?.split('-');
    for octet in &mut octets {
        let part = parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::first_region("us-east-1", "ip-10-0-1-5.ec2.internal")]
    #[case::other_region("eu-central-1", "ip-10-0-1-5.eu-central-1.compute.internal")]
    fn name_of_an_address(#[case] region: &str, #[case] name: &str) {
        assert_eq!(private_name(Ipv4Addr::new(10, 0, 1, 5), &Region::from(region)), name);
    }

    #[rstest]
    #[case::plain("ip-10-0-1-5", Some([10, 0, 1, 5]))]
    #[case::too_big("ip-10-0-1-256", None)]
    #[case::too_short("ip-10-0-1", None)]
    #[case::too_long("ip-10-0-1-5-6", None)]
    #[case::sign("ip-10-0-1-+5", None)]
    #[case::other("db", None)]
    fn address_of_a_label(#[case] label: &str, #[case] octets: Option<[u8; 4]>) {
        assert_eq!(address_of_label(label), octets.map(Ipv4Addr::from));
    }
}
