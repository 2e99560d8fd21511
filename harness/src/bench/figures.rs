//! Samples and their percentiles.

use std::time::Duration;

/// Times of the same thing, measured again and again.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Adds a time.
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// Adds all of others.
    pub fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// All of them together.
    pub fn sum(&self) -> Duration {
        self.0.iter().sum()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that so many of a hundred do not exceed (nearest rank); zero without samples.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100);
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// Median and 99th percentile in milliseconds, as a table shows them.
    pub fn shown(&self) -> String {
        let ms = |percent| self.percentile(percent).as_secs_f64() * 1000.0;
        format!("{:>9.2} {:>9.2} {:>7}", ms(50), ms(99), self.count())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::none(0, 50, 0)]
    #[case::one(1, 99, 1)]
    #[case::median_of_ten(10, 50, 5)]
    #[case::highest(10, 99, 10)]
    #[case::of_two_hundred(200, 99, 198)]
    fn nearest_rank(#[case] count: u64, #[case] percent: usize, #[case] ms: u64) {
        let mut samples = Samples::default();
        (1..=count).rev().for_each(|ms| samples.add(Duration::from_millis(ms)));
        assert_eq!(samples.percentile(percent), Duration::from_millis(ms));
    }
}
