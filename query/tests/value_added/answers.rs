//! lme4's answers, and how a fit is held against them.

use std::collections::HashMap;

use serde::Deserialize;
use xueqing_query::value_added::multilevel::{Fit, GroupEffect};

#[derive(Deserialize)]
pub struct Answer {
    pub fixed: Vec<f64>,
    pub error: Vec<f64>,
    pub variance: Vec<Component>,
    pub log_likelihood: f64,
    pub effects: Effects,
    /// Of deviations: groupings finest first, the residual last.
    pub profile: Option<Vec<[f64; 2]>>,
}

#[derive(Deserialize)]
pub struct Component {
    pub grp: String,
    pub var1: Option<String>,
    pub var2: Option<String>,
    pub vcov: f64,
}

#[derive(Deserialize)]
pub struct Effects {
    pub grouping: Vec<String>,
    pub term: Vec<String>,
    pub group: Vec<String>,
    pub estimate: Vec<f64>,
    pub error: Vec<f64>,
}

/// The farthest that a fit lies from an answer.
#[derive(Debug)]
pub struct Distance {
    /// Fixed effects and their errors, relative.
    pub fixed: f64,
    /// Variances and covariances, relative to the variances' size.
    pub variance: f64,
    pub log_likelihood: f64,
    /// Effects and conditional errors, absolute.
    pub effects: f64,
}

fn far(values: impl Iterator<Item = (f64, f64)>, by: impl Fn(f64) -> f64) -> f64 {
    values.map(|(own, other)| (own - other).abs() / by(other)).fold(0.0, f64::max)
}

impl Answer {
    /// `name` tells what lme4 calls a group, from its grouping and the group.
    pub fn distance(&self, fit: &Fit, name: impl Fn(&str, &GroupEffect) -> String) -> Distance {
        let estimates = fit.fixed.iter().map(|f| f.estimate).zip(self.fixed.iter().copied());
        let errors = fit.fixed.iter().map(|f| f.error).zip(self.error.iter().copied());
        Distance {
            fixed: far(estimates.chain(errors), f64::abs),
            variance: far(self.variance.iter().map(|component| (component.own(fit), component.vcov)), |v| v.abs().max(1e-2)),
            log_likelihood: fit.log_likelihood - self.log_likelihood,
            effects: self.effects(fit, name),
        }
    }

    fn effects(&self, fit: &Fit, name: impl Fn(&str, &GroupEffect) -> String) -> f64 {
        let all = &self.effects;
        let key = |i: usize| (all.grouping[i].as_str(), plain(&all.term[i]), all.group[i].clone());
        let known: HashMap<_, _> = (0..all.group.len()).map(|i| (key(i), (all.estimate[i], all.error[i]))).collect();
        let (mut most, mut compared) = (0.0f64, 0);
        for grouping in &fit.groupings {
            for (group, shown) in grouping.shown() {
                for (term, effect) in grouping.terms.iter().zip(&shown.effects) {
                    let (estimate, error) = known[&(grouping.grouping.as_str(), term.as_str(), name(&grouping.grouping, group))];
                    most = most.max((effect.estimate - estimate).abs()).max((effect.conditional_error - error).abs());
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, known.len());
        most
    }
}

impl Component {
    fn own(&self, fit: &Fit) -> f64 {
        let grouping = (self.grp != "Residual").then_some(&self.grp);
        let of = |term: &Option<String>| term.as_deref().map_or("intercept", plain).to_owned();
        match &self.var2 {
            None => {
                let own = fit.variances.iter().find(|v| v.grouping.as_ref() == grouping && v.term == of(&self.var1));
                own.expect("a variance").variance
            }
            Some(_) => {
                let terms = [of(&self.var1), of(&self.var2)];
                let own = fit.covariances.iter().find(|c| Some(&c.grouping) == grouping && c.terms == terms);
                own.expect("a covariance").covariance
            }
        }
    }
}

fn plain(term: &str) -> &str {
    if term == "(Intercept)" { "intercept" } else { term }
}
