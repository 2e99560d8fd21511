//! How many branch ENIs an instance type takes. EC2 does not tell; the figures are production's.

/// The table that the emulator enforces too: both must be the same, or pods would be promised ENIs they cannot get.
const TABLE: &str = include_str!("../../../emulator/model/src/instance_type/limits.csv");

/// How many branch ENIs a type takes: `None` for a type nobody knows or one that takes no trunk.
pub fn branch_interfaces(instance_type: &str) -> Option<u16> {
    let row = TABLE.lines().find(|row| row.split(',').next() == Some(instance_type))?;
    let mut fields = row.rsplit(',');
    let (branches, trunk_compatible) = (fields.next()?, fields.next()?);
    let count: u16 = branches.parse().ok()?;
    (trunk_compatible == "true" && count > 0).then_some(count)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::general("m5.large", Some(9))]
    #[case::larger("m5.4xlarge", Some(54))]
    #[case::burstable("t3.large", None)]
    #[case::exception("i4i.large", None)]
    #[case::unknown("m5.huge", None)]
    fn branches(#[case] instance_type: &str, #[case] count: Option<u16>) {
        assert_eq!(branch_interfaces(instance_type), count);
    }
}
