//! Resource quantities: `100m`, `1.5Gi`, `3`, `1e3`.
//!
//! Form: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.

use serde_json::Value;

/// An amount in thousandths, so that `100m` of a CPU is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quantity {
    milli: i128,
}

impl Quantity {
    /// So many whole units.
    pub(crate) fn units(units: i64) -> Self {
        Self { milli: i128::from(units) * 1000 }
    }

    /// Reads a quantity given as text or number.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Self::parse(text),
            Value::Number(number) => Self::parse(&number.to_string()),
            _ => None,
        }
    }

    /// Parses the text form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c))).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        let (numerator, denominator) = scale(suffix)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.trim_start_matches(['+', '-']).is_empty() && fraction.is_empty() {
            return None;
        }
        let negative = whole.starts_with('-');
        let whole: i128 = match whole.trim_start_matches(['+', '-']) {
            "" => 0,
            digits => digits.parse().ok()?,
        };
        // Twelve digits behind the point are more than any suffix can make count.
        let fraction = &fraction[..fraction.len().min(12)];
        let parts = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        let fraction: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
        let scaled = whole.checked_mul(parts)?.checked_add(fraction)?.checked_mul(numerator)?.checked_mul(1000)?;
        let divisor = parts * denominator;
        // Fractions of a thousandth round up, as in Kubernetes.
        let milli = scaled.checked_add(divisor - 1)? / divisor;
        Some(Self { milli: if negative { -milli } else { milli } })
    }

    /// The sum.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { milli: self.milli.saturating_add(other.milli) }
    }

    /// True for nothing.
    pub(crate) fn is_zero(self) -> bool {
        self.milli == 0
    }

    /// True if there is no fraction.
    pub(crate) fn is_whole(self) -> bool {
        self.milli % 1000 == 0
    }
}

/// The factor of a suffix as a fraction.
fn scale(suffix: &str) -> Option<(i128, i128)> {
    let power = |base: i128, exponent: u32| Some((base.pow(exponent), 1));
    match suffix {
        "" => Some((1, 1)),
        "n" => Some((1, 1_000_000_000)),
        "u" => Some((1, 1_000_000)),
        "m" => Some((1, 1000)),
        "k" => power(1000, 1),
        "M" => power(1000, 2),
        "G" => power(1000, 3),
        "T" => power(1000, 4),
        "P" => power(1000, 5),
        "E" => power(1000, 6),
        "Ki" => power(1024, 1),
        "Mi" => power(1024, 2),
        "Gi" => power(1024, 3),
        "Ti" => power(1024, 4),
        "Pi" => power(1024, 5),
        "Ei" => power(1024, 6),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            let factor = 10_i128.checked_pow(exponent.unsigned_abs()).filter(|_| exponent.abs() <= 18)?;
            Some(if exponent < 0 { (1, factor) } else { (factor, 1) })
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("3", Some(3000))]
    #[case::milli("100m", Some(100))]
    #[case::point("1.5", Some(1500))]
    #[case::binary("1.5Ki", Some(1_536_000))]
    #[case::decimal("2k", Some(2_000_000))]
    #[case::exponent("1e3", Some(1_000_000))]
    #[case::rounds_up("1u", Some(1))]
    #[case::negative("-1", Some(-1000))]
    #[case::leading_point(".5", Some(500))]
    #[case::empty("", None)]
    #[case::words("much", None)]
    #[case::bad_suffix("1Kib", None)]
    fn quantity(#[case] text: &str, #[case] milli: Option<i128>) {
        assert_eq!(Quantity::parse(text).map(|quantity| quantity.milli), milli);
    }
}
