//! Prices of Spot Instances: one series for each instance type, zone and product, which changes now and then.
//!
//! Deviation: the prices are made up. They lie where AWS's usually do below a type's On-Demand price, are the same in
//! every run, and follow no demand. See
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances-history.html>.

use jiff::{SignedDuration, Timestamp};

use crate::{InstanceType, Zone, hash};

/// Each series changes once in a span of this many seconds.
const SPAN: i64 = 12 * 3600;
/// How far back the history goes.
pub const HISTORY: SignedDuration = SignedDuration::from_hours(24 * 90);

/// A product, and what a vCPU-hour of it costs beside the machine, in millionths of a dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    /// Its name.
    pub name: &'static str,
    surcharge: u64,
}

/// The products there are prices for.
pub const PRODUCTS: &[Product] = &[
    Product { name: "Linux/UNIX", surcharge: 0 },
    Product { name: "Red Hat Enterprise Linux", surcharge: 14_400 },
    Product { name: "SUSE Linux", surcharge: 12_500 },
    Product { name: "Windows", surcharge: 46_000 },
];

/// The price of a type in a zone for a product, over time.
#[derive(Debug, Clone)]
pub struct Series {
    /// The instance type.
    pub instance_type: &'static InstanceType,
    /// The zone.
    pub zone: Zone,
    /// The product.
    pub product: Product,
    seed: u64,
}

/// A change of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// When it was.
    pub time: Timestamp,
    /// The new price, in millionths of a dollar an hour.
    pub price: u64,
}

impl Series {
    /// The series of a type, zone and product.
    pub fn new(instance_type: &'static InstanceType, zone: &Zone, product: Product) -> Self {
        let seed = hash::of(&format!("{}/{}/{}", instance_type.name, zone.id, product.name));
        Self { instance_type, zone: zone.clone(), product, seed }
    }

    /// The one change in a span of time; spans are numbered.
    pub fn change_in(&self, span: i64) -> Change {
        let noise = hash::stir(self.seed ^ span as u64);
        let second = span * SPAN + (noise % SPAN as u64) as i64;
        // Between 25 and 55 percent of the On-Demand price, and of that most is the zone's own.
        let share = 250 + self.seed % 200 + (noise >> 32) % 100;
        let machine = on_demand(self.instance_type) * share / 1000;
        let vcpus = u64::from(self.instance_type.vcpus().unwrap_or(1));
        let price = machine + self.product.surcharge * vcpus;
        // Prices have a hundredth of a cent as their smallest part.
        Change { time: at(second), price: (price / 100).max(1) * 100 }
    }

    /// When the price of a span is followed by the next.
    pub fn until(&self, span: i64) -> Timestamp {
        self.change_in(span + 1).time
    }
}

/// The number of the span that a time is in.
pub fn span_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(SPAN)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// About what an hour costs On-Demand, in millionths of a dollar.
pub fn on_demand(known: &InstanceType) -> u64 {
    let family = known.family();
    let series = family.split(|c: char| c.is_ascii_digit()).next().unwrap_or(family);
    let attributes = family.trim_start_matches(series).trim_start_matches(|c: char| c.is_ascii_digit());
    let machine = match (series, known.memory_mib()) {
        ("t", Some(mib)) => 10_400 * mib / 1024,
        _ => per_vcpu(series) * u64::from(known.vcpus().unwrap_or(64)),
    };
    let percent = match attributes.chars().next() {
        Some('g') => 80,
        Some('a') => 90,
        _ => 100,
    };
    (machine * percent / 100).max(1000)
}

fn per_vcpu(series: &str) -> u64 {
    match series {
        "c" => 42_500,
        "m" => 48_000,
        "r" => 63_000,
        "i" | "im" | "is" => 78_000,
        "d" | "h" => 120_000,
        "g" | "gr" => 200_000,
        "inf" => 57_000,
        "p" => 400_000,
        "trn" | "dl" => 167_000,
        "f" | "vt" | "x" => 206_000,
        "z" => 93_000,
        _ => 50_000,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::{Region, instance_type};

    fn series(name: &str, zone: usize, product: usize) -> Series {
        let known = instance_type::find(name).expect("a type");
        Series::new(known, &Region::from("us-east-1").zones()[zone], PRODUCTS[product])
    }

    #[rstest]
    #[case::general("m5.large", 96_000)]
    #[case::graviton("m6g.large", 76_800)]
    #[case::burstable("t3.micro", 10_400)]
    #[case::amd("c5a.large", 76_500)]
    fn below_on_demand(#[case] name: &str, #[case] price: u64) {
        assert_eq!(on_demand(instance_type::find(name).expect("a type")), price);
        for span in 40_000..40_020 {
            let spot = series(name, 0, 0).change_in(span).price;
            assert!((price * 25 / 100 - 100..=price * 55 / 100).contains(&spot), "{spot}");
        }
    }

    #[test]
    fn a_change_lies_in_its_span() {
        let one = series("m5.large", 1, 0);
        for span in 40_000..40_020 {
            assert_eq!(span_of(one.change_in(span).time), span);
            assert!(one.change_in(span).time < one.until(span));
        }
        assert_ne!(one.change_in(40_000), series("m5.large", 2, 0).change_in(40_000));
        assert!(one.change_in(40_000).price < series("m5.large", 1, 3).change_in(40_000).price);
    }
}
