//! Repeatable chance: the same seed and the same name give the same numbers, on every machine and in every release.
//!
//! Each thing that is drawn (a student, an assignment, one piece of work) has dice of its own, named after it. A district
//! with one more day or one more school therefore keeps everything that it had before. The committed sample data depends
//! on these numbers, so the generator (xoshiro256++, seeded by SplitMix64) is written here and not taken from a library
//! whose streams may change between versions.

/// One stream of random numbers.
#[derive(Debug, Clone)]
pub struct Dice([u64; 4]);

impl Dice {
    /// The dice of the thing that `name` names, part by part.
    pub fn of(seed: u64, name: &[&str]) -> Self {
        let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
        for part in name {
            for byte in part.bytes().chain([0x1f]) {
                state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        Self(std::array::from_fn(|_| split_mix(&mut state)))
    }

    fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let out = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        out
    }

    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A whole number in `0..end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.unit() * end as f64) as u64
    }

    /// A whole number in `from..=to`.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from + 1).max(0) as u64) as i64
    }

    /// One of these, all alike.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// One of these, by weight; the last when the weights add up to less than 1.
    pub fn weighted<T: Copy>(&mut self, of: &[(T, f64)]) -> T {
        let mut left = self.unit();
        for (value, weight) in of {
            left -= weight;
            if left < 0.0 {
                return *value;
            }
        }
        of[of.len() - 1].0
    }

    /// A standard normal number (Box–Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A positive number whose median is 1 and whose logarithm has this standard deviation.
    pub fn log_normal(&mut self, sigma: f64) -> f64 {
        (self.normal() * sigma).exp()
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn the_same_name_gives_the_same_numbers_and_another_name_others() {
        let draw = |name: &[&str]| Dice::of(7, name).next();
        assert_eq!(draw(&["student", "1"]), draw(&["student", "1"]));
        assert_ne!(draw(&["student", "1"]), draw(&["student", "2"]));
        assert_ne!(draw(&["ab", "c"]), draw(&["a", "bc"]));
    }

    #[test]
    fn the_numbers_are_spread_as_promised() {
        let mut dice = Dice::of(1, &["spread"]);
        let n = 20_000;
        let mean = (0..n).map(|_| dice.normal()).sum::<f64>() / f64::from(n);
        assert!(mean.abs() < 0.03, "mean of normals {mean}");
        let hits = (0..n).filter(|_| dice.chance(0.25)).count();
        assert!((4_700..5_300).contains(&hits), "{hits} of {n} at 0.25");
        assert!((0..n).all(|_| (3..=5).contains(&dice.between(3, 5))));
    }
}
