//! Durations as lognormal variables: products stay lognormal, sums nearly (Fenton–Wilkinson: the first two moments are kept).

use super::Expected;

/// The standard normal's 90th percentile: 80 % lie between minus and plus this.
const Z: f64 = 1.281_551_565_544_600_4;

/// A positive variable whose logarithm is normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LogNormal {
    pub mean_log: f64,
    pub variance_log: f64,
}

impl LogNormal {
    /// The sum of correlated terms: their log-means and the covariances of their logarithms. None for no terms.
    pub fn sum(mean_logs: &[f64], covariance: &[Vec<f64>]) -> Option<Self> {
        let means: Vec<f64> = mean_logs.iter().enumerate().map(|(i, log)| (log + covariance[i][i] / 2.0).exp()).collect();
        let mean: f64 = means.iter().sum();
        let product = |i: usize, j: usize| means[i] * means[j] * covariance[i][j].exp_m1();
        let variance: f64 = (0..means.len()).map(|i| (0..means.len()).map(|j| product(i, j)).sum::<f64>()).sum();
        let variance_log = (variance / (mean * mean)).ln_1p();
        (mean > 0.0 && mean.is_finite()).then(|| Self { mean_log: mean.ln() - variance_log / 2.0, variance_log })
    }

    /// The product with an independent factor.
    pub fn times(self, mean_log: f64, variance_log: f64) -> Self {
        Self { mean_log: self.mean_log + mean_log, variance_log: self.variance_log + variance_log }
    }

    pub fn mean(self) -> f64 {
        (self.mean_log + self.variance_log / 2.0).exp()
    }

    /// The probability of more than this.
    pub fn over(self, limit: f64) -> f64 {
        if limit <= 0.0 {
            return 1.0;
        }
        let deviation = self.variance_log.sqrt().max(f64::MIN_POSITIVE);
        libm::erfc((limit.ln() - self.mean_log) / deviation / std::f64::consts::SQRT_2) / 2.0
    }

    pub fn expected(self) -> Expected {
        let reach = Z * self.variance_log.sqrt();
        Expected { mean: self.mean(), interval: Some(((self.mean_log - reach).exp(), (self.mean_log + reach).exp())) }
    }
}

/// What a draw from one of these, each as likely, exceeds with this probability; by bisection.
pub(super) fn exceeded_with(probability: f64, of: &[LogNormal]) -> Option<f64> {
    let lowest = of.iter().map(|one| one.mean_log - 10.0 * one.variance_log.sqrt()).reduce(f64::min)?;
    let highest = of.iter().map(|one| one.mean_log + 10.0 * one.variance_log.sqrt()).reduce(f64::max)?;
    let over = |log: f64| of.iter().map(|one| one.over(log.exp())).sum::<f64>() / of.len() as f64;
    let (mut low, mut high) = (lowest, highest);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if over(middle) > probability { low = middle } else { high = middle }
    }
    Some(f64::midpoint(low, high).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found}, expected {expected}");
    }

    #[test]
    fn one_term_is_its_own_sum() {
        let one = LogNormal::sum(&[3.0], &[vec![0.25]]).unwrap();
        near(one.mean_log, 3.0);
        near(one.variance_log, 0.25);
        near(one.mean(), 3.125_f64.exp());
        near(one.over(3.0_f64.exp()), 0.5);
        let (low, high) = one.expected().interval.unwrap();
        near(1.0 - one.over(low), 0.1);
        near(one.over(high), 0.1);
        assert_eq!(LogNormal::sum(&[], &[]), None);
    }

    #[test]
    fn what_is_shared_does_not_average_out() {
        let both = |shared: f64| {
            let covariance = [vec![0.04, shared], vec![shared, 0.04]];
            LogNormal::sum(&[2.0, 2.0], &covariance).unwrap().variance_log
        };
        near(both(0.04), 0.04);
        assert!(both(0.0) < 0.021, "{}", both(0.0));
    }

    #[test]
    fn a_mixture_of_equals_is_each_of_them() {
        let one = LogNormal { mean_log: 4.0, variance_log: 0.09 };
        let (low, high) = one.expected().interval.unwrap();
        near(exceeded_with(0.9, &[one, one]).unwrap(), low);
        near(exceeded_with(0.1, &[one]).unwrap(), high);
        assert_eq!(exceeded_with(0.5, &[]), None);
    }

    #[test]
    fn nothing_varies_without_variance() {
        let sure = LogNormal { mean_log: 10.0_f64.ln(), variance_log: 0.0 };
        assert_eq!((sure.over(9.9), sure.over(10.1), sure.over(0.0)), (1.0, 0.0, 1.0));
    }
}
