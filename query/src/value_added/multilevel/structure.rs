//! What a model asks of an arrangement of groups, nested or crossed.

/// The data with the random effects integrated out.
pub(crate) struct Reduced {
    /// `W'V⁻¹W` of all columns.
    pub products: Vec<f64>,
    /// `ln |V|`, with `V` over the residual variance.
    pub log_det: f64,
}

/// What is believed of the coefficients on all columns: residual = `W · weights`.
#[derive(Clone, Debug)]
pub(crate) struct Belief {
    /// 1 on the response, minus the coefficients elsewhere.
    pub weights: Vec<f64>,
    /// Their covariance, over the residual variance.
    pub covariance: Vec<f64>,
}

/// The effects of all groups of a grouping, with `q` random columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Predictions {
    pub q: usize,
    /// `q` a group.
    pub effects: Vec<f64>,
    /// A `q`×`q` matrix a group: the covariance of its effects given the data, over the residual variance.
    pub covariances: Vec<f64>,
}

impl Predictions {
    pub fn with_capacity(q: usize, groups: usize) -> Self {
        Self { q, effects: Vec::with_capacity(groups * q), covariances: Vec::with_capacity(groups * q * q) }
    }

    pub fn groups(&self) -> usize {
        self.effects.len() / self.q
    }

    pub fn effect(&self, group: usize) -> &[f64] {
        &self.effects[group * self.q..(group + 1) * self.q]
    }

    pub fn covariance(&self, group: usize) -> &[f64] {
        let size = self.q * self.q;
        &self.covariances[group * size..(group + 1) * size]
    }
}

/// An arrangement of groups. `lambdas` holds one square Λ a grouping, with ΛΛ' the covariance of its effects over the
/// residual variance.
pub(crate) trait Structure {
    /// None when Λ is out of range.
    fn reduce(&mut self, lambdas: &[Vec<f64>]) -> Option<Reduced>;
    /// The derivative by each Λ of `ln |V| + residual sum of squares / residual_variance [+ ln |X'V⁻¹X|]` –
    /// the last when `belief` holds the errors of the fixed effects – after [`Structure::reduce`] at the same place.
    fn slopes(&self, lambdas: &[Vec<f64>], belief: &Belief, residual_variance: f64) -> Vec<Vec<f64>>;
    /// The effects of all groups of each grouping, after [`Structure::reduce`] at the same place.
    fn predict(&self, lambdas: &[Vec<f64>], belief: &Belief) -> Vec<Predictions>;
}
