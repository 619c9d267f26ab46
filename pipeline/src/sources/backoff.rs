//! How long to wait before the next attempt: twice as long each time, up to a limit, and a little by chance.
//!
//! Invariant: a wait lies between half of what its turn says and all of it, so that many who failed together do not come back
//! together. Chance is an argument.

use std::sync::Arc;
use std::time::Duration;

/// Gives a number from 0 (inclusive) to 1 (exclusive), another one each time.
pub type Chance = Arc<dyn Fn() -> f64 + Send + Sync>;

/// The waits of one thing that fails again and again.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    next: Duration,
    first: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, first, longest }
    }

    /// The next wait.
    pub(crate) fn wait(&mut self, chance: &Chance) -> Duration {
        let turn = self.next;
        self.next = (turn * 2).min(self.longest);
        turn.mul_f64(0.5 + 0.5 * chance().clamp(0.0, 1.0))
    }

    /// It worked: the next failure starts anew.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_limit_and_start_anew() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        let full: Chance = Arc::new(|| 1.0);
        let waits: Vec<u64> = (0..4).map(|_| backoff.wait(&full).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 5]);
        backoff.reset();
        let least: Chance = Arc::new(|| 0.0);
        assert_eq!(backoff.wait(&least), Duration::from_millis(500));
    }
}
