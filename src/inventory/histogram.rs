//! How long things took, counted in fixed steps: no lock, no allocation, a size that never grows.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A histogram with Prometheus' usual steps, from a millisecond to ten seconds. Shared by all workers.
pub struct Histogram {
    /// One more than there are steps: what took longer than all of them.
    counts: [AtomicU64; Histogram::STEPS.len() + 1],
    micros: AtomicU64,
}

/// A histogram as it was at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many took at most this many microseconds and longer than the step before; the last one has no limit.
    pub counts: Vec<(u64, u64)>,
    /// All of them.
    pub count: u64,
    /// The time of all of them together, in microseconds.
    pub micros: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: array::from_fn(|_| AtomicU64::new(0)), micros: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// The steps, in microseconds.
    pub const STEPS: [u64; 13] = [
        1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
        10_000_000,
    ];

    /// One more that took so long.
    pub fn took(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let step = Self::STEPS.iter().position(|step| micros <= *step).unwrap_or(Self::STEPS.len());
        self.counts[step].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// As it is now. The parts are read one after another: while requests come in they may differ by those.
    pub fn taken(&self) -> Taken {
        let steps = Self::STEPS.into_iter().chain([u64::MAX]);
        let counts: Vec<_> =
            steps.zip(&self.counts).map(|(step, count)| (step, count.load(Ordering::Relaxed))).collect();
        Taken {
            count: counts.iter().map(|(_, count)| count).sum(),
            counts,
            micros: self.micros.load(Ordering::Relaxed),
        }
    }
}

impl Taken {
    /// The step within which so many of a hundred stayed, in microseconds; nothing where there was nothing, `u64::MAX`
    /// where they took longer than every step.
    pub fn percent_within(&self, percent: u64) -> Option<u64> {
        let wanted = (u128::from(self.count) * u128::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        self.counts.iter().find_map(|(step, count)| {
            seen += u128::from(*count);
            (seen >= wanted).then_some(*step)
        })
    }

    /// What one took on average, in microseconds.
    pub fn mean(&self) -> Option<u64> {
        self.micros.checked_div(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_counted_in_its_own_step() {
        let histogram = Histogram::default();
        for micros in [0, 1_000, 1_001, 10_000_000, 10_000_001] {
            histogram.took(Duration::from_micros(micros));
        }
        let taken = histogram.taken();
        let counted: Vec<_> = taken.counts.iter().filter(|(_, count)| *count > 0).copied().collect();
        assert_eq!(counted, [(1_000, 2), (2_500, 1), (10_000_000, 1), (u64::MAX, 1)]);
        assert_eq!((taken.count, taken.micros), (5, 20_002_002));
    }

    #[test]
    fn percentiles_are_steps_and_nothing_has_none() {
        assert_eq!((Taken::default().percent_within(50), Taken::default().mean()), (None, None));
        let histogram = Histogram::default();
        (0..95).for_each(|_| histogram.took(Duration::from_millis(4)));
        (0..5).for_each(|_| histogram.took(Duration::from_mins(1)));
        let taken = histogram.taken();
        assert_eq!(
            [50, 95, 96, 100].map(|percent| taken.percent_within(percent)),
            [Some(5_000), Some(5_000), Some(u64::MAX), Some(u64::MAX)]
        );
        assert_eq!(taken.mean(), Some(3_003_800));
    }
}
