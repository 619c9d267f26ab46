//! From moments to a fit: admits, searches, and reads the estimates off the most likely model.

use super::admit;
use super::crossed::Crossed;
use super::dense;
use super::discovery::{self, Judgement};
use super::fit::{
    Attainment, Covariance, Effect, Fit, FixedEffect, GroupEffect, GroupingFit, Intraclass, Note, Outcome, Shown, Variance,
};
use super::groups::Groups;
use super::likelihood::Likelihood;
use super::model::{Arrangement, Centre, Grain, INTERCEPT, Model};
use super::moments::Moments;
use super::nested::Nested;
use super::normal::WIDTH_95;
use super::profile::{self, Best};
use super::refusal::Refusal;
use super::residuals::{self, Effects};
use super::search::{self, Found};
use super::structure::{Predictions, Structure};

/// With fewer groups a variance between them is hardly known.
const FEW_GROUPS: usize = 20;

impl Model {
    /// Fits the model to moments with the columns constant, covariates in the model's order, response.
    pub fn fit(&self, mut moments: Moments) -> Result<Fit, Refusal> {
        self.check()?;
        admit::pupils(self, &moments)?;
        admit::columns(self, &moments)?;
        let groups = Groups::new(&moments, self.arrangement);
        admit::groups(self, &moments, &groups)?;
        admit::residual(self, &moments)?;
        let total = moments.total();
        let y = moments.width - 1;
        let errors = self.error_variances(&moments, &total);
        let by: Vec<f64> = (0..=y).map(|column| moments.means[column] - self.zero(column, &moments)).collect();
        moments.shift(&by);
        let estimation = Estimation { model: self, groups: &groups, moments: &moments, centre: moments.means[y] };
        let mut likelihood = estimation.likelihood(&total)?;
        let found = search::find(&mut likelihood, &errors, total[y * moments.width + y], self.settings.iterations);
        let found = found.map_err(|refusal| self.name_priors(refusal))?;
        Ok(estimation.fit(&mut likelihood, &found))
    }

    /// The value of a column that counts as zero; the response is measured from its mean.
    fn zero(&self, column: usize, moments: &Moments) -> f64 {
        let covariate = column.checked_sub(1).and_then(|at| self.covariates.get(at));
        match covariate.map(|covariate| covariate.centre) {
            Some(Centre::At(value)) => value,
            Some(Centre::Mean) | None => moments.means[column],
        }
    }

    /// What the errors of measurement have of each column's variance.
    fn error_variances(&self, moments: &Moments, total: &[f64]) -> Vec<f64> {
        let m = moments.width;
        let reliability = |column: usize| self.covariates.get(column - 1).and_then(|covariate| covariate.reliability);
        let own = |column: usize| (1.0 - reliability(column).unwrap_or(1.0)) * total[column * m + column] / (moments.n() - 1.0);
        std::iter::once(0.0).chain((1..m - 1).map(own)).collect()
    }

    fn name_priors(&self, refusal: Refusal) -> Refusal {
        match refusal {
            Refusal::UnreliablePriors { .. } => Refusal::UnreliablePriors { columns: self.unreliable() },
            other => other,
        }
    }

    fn unreliable(&self) -> Vec<String> {
        let unreliable = self.covariates.iter().filter(|covariate| covariate.reliability.is_some_and(|r| r < 1.0));
        unreliable.map(|covariate| covariate.column.clone()).collect()
    }
}

/// A model with its data.
struct Estimation<'a> {
    model: &'a Model,
    groups: &'a Groups,
    moments: &'a Moments,
    /// The mean of the response, which the moments are measured from.
    centre: f64,
}

impl Estimation<'_> {
    fn likelihood(&self, total: &[f64]) -> Result<Likelihood, Refusal> {
        let (m, moments) = (self.moments.width, self.moments);
        let designs = self.model.designs();
        let deviation = |column: usize| (total[column * m + column] / moments.n()).sqrt();
        let scale = |column: usize| if column == 0 { 1.0 } else { 1.0 / deviation(column) };
        let scales = designs.iter().map(|design| design.iter().map(|column| scale(*column)).collect()).collect();
        let orders = designs.iter().map(|design| (0..design.len()).collect()).collect();
        let structure: Box<dyn Structure + Send> = match self.model.arrangement {
            Arrangement::Nested => Box::new(Nested::new(moments.products.clone(), m, designs, self.groups.parents.clone())),
            Arrangement::Crossed => Box::new(Crossed::new(moments, designs).ok_or(Refusal::NoResidual)?),
        };
        let (method, n) = (self.model.method, moments.n());
        Ok(Likelihood { structure, method, n, fixed: m - 1, width: m, scales, orders, known: None })
    }

    fn fit(&self, likelihood: &mut Likelihood, found: &Found) -> Fit {
        let (model, variance) = (self.model, found.solved.residual_variance);
        let relative: Vec<Vec<f64>> = found.lambdas.iter().map(|l| dense::square(l, l.len().isqrt())).collect();
        let conditional = likelihood.structure.predict(&found.lambdas, &likelihood.belief(&found.solved.beta, None));
        let belief = likelihood.belief(&found.solved.beta, Some(&found.errors));
        let whole = likelihood.structure.predict(&found.lambdas, &belief);
        let designs = model.designs();
        let effects = Effects { predictions: &conditional, designs: &designs };
        let heterogeneity = residuals::heterogeneity(self.moments, self.groups, &belief.weights, &effects);
        let grouping = |k: usize| self.grouping(k, &conditional[k], &whole[k], relative[k][0] * variance, variance);
        let groupings = (0..relative.len()).map(grouping).collect();
        Fit {
            method: model.method,
            arrangement: model.arrangement,
            response: model.response.clone(),
            coverage: self.moments.coverage,
            outcome: self.outcome(),
            fixed: self.fixed(found),
            covariances: self.covariances(&relative, variance),
            intraclass: self.intraclass(&relative),
            notes: self.notes(&relative),
            log_likelihood: -0.5 * found.solved.deviance,
            convergence: found.convergence.clone(),
            groupings,
            heterogeneity,
            variances: self.variances(likelihood, found, &relative),
        }
    }

    fn outcome(&self) -> Outcome {
        let (moments, m) = (self.moments, self.moments.width);
        let squares: f64 = moments.products.chunks_exact(m * m).map(|cell| cell[m * m - 1]).sum();
        Outcome { n: moments.coverage.complete, mean: self.centre, deviation: (squares / (moments.n() - 1.0)).sqrt() }
    }

    /// Of each group of a grouping. One pupil has the error of any.
    fn attainment(&self, k: usize) -> Vec<Attainment> {
        let (moments, m) = (self.moments, self.moments.width);
        let mut sums = vec![[0.0; 3]; self.groups.of[k].len()];
        for (cell, &group) in moments.products.chunks_exact(m * m).zip(&self.groups.of_cell[k]) {
            let own = [cell[0], cell[m - 1], cell[m * m - 1]];
            sums[group as usize].iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        }
        let overall = self.outcome().deviation;
        let of_group = |[n, sum, squares]: &[f64; 3]| {
            let variance = (squares - sum * sum / n).max(0.0) / (n - 1.0);
            let deviation = if *n > 1.0 { variance.sqrt() } else { overall };
            Attainment { mean: self.centre + sum / n, error: deviation / n.sqrt() }
        };
        sums.iter().map(of_group).collect()
    }

    fn fixed(&self, found: &Found) -> Vec<FixedEffect> {
        let p = found.solved.beta.len();
        let effect = |term: usize| {
            let estimate = found.solved.beta[term] + if term == 0 { self.centre } else { 0.0 };
            let error = (found.errors[term * p + term] * found.solved.residual_variance).sqrt();
            let (low, high) = (estimate - WIDTH_95 * error, estimate + WIDTH_95 * error);
            FixedEffect { term: self.model.term(term), estimate, error, low, high }
        };
        (0..p).map(effect).collect()
    }

    fn variances(&self, likelihood: &mut Likelihood, found: &Found, relative: &[Vec<f64>]) -> Vec<Variance> {
        let (model, residual) = (self.model, found.solved.residual_variance);
        let best = Best { covariances: relative, residual_variance: residual, deviance: found.solved.deviance };
        let profile = model.settings.profile;
        let interval = profile.then(|| profile::of_residual(likelihood, &best)).flatten();
        let term = INTERCEPT.to_owned();
        let mut all = vec![Variance { grouping: None, term, variance: residual, deviation: residual.sqrt(), interval }];
        for ((k, grouping), design) in model.groupings.iter().enumerate().zip(model.designs()) {
            let q = design.len();
            for (row, column) in design.into_iter().enumerate() {
                let variance = relative[k][row * q + row] * residual;
                let interval = profile.then(|| profile::of_effect(likelihood, &best, k, row)).flatten();
                let (grouping, term) = (Some(grouping.column.clone()), model.term(column));
                all.push(Variance { grouping, term, variance, deviation: variance.sqrt(), interval });
            }
        }
        all
    }

    fn covariances(&self, relative: &[Vec<f64>], residual: f64) -> Vec<Covariance> {
        let of_grouping = |(k, design): (usize, Vec<usize>)| {
            let q = design.len();
            let pairs = (0..q).flat_map(move |j| (0..j).map(move |i| (i, j)));
            let pair = move |(i, j): (usize, usize)| {
                let (covariance, product) = (relative[k][i * q + j], relative[k][i * q + i] * relative[k][j * q + j]);
                Covariance {
                    grouping: self.model.groupings[k].column.clone(),
                    terms: [self.model.term(design[i]), self.model.term(design[j])],
                    covariance: covariance * residual,
                    correlation: (product > 0.0).then(|| (covariance / product.sqrt()).clamp(-1.0, 1.0)),
                }
            };
            pairs.map(pair).collect::<Vec<_>>()
        };
        self.model.designs().into_iter().enumerate().flat_map(of_grouping).collect()
    }

    fn intraclass(&self, relative: &[Vec<f64>]) -> Vec<Intraclass> {
        let whole = 1.0 + relative.iter().map(|covariance| covariance[0]).sum::<f64>();
        let shares = relative.iter().map(|covariance| covariance[0] / whole);
        let named = self.model.groupings.iter().zip(shares);
        named.map(|(grouping, share)| Intraclass { grouping: grouping.column.clone(), share }).collect()
    }

    fn grouping(&self, k: usize, conditional: &Predictions, whole: &Predictions, variance: f64, residual: f64) -> GroupingFit {
        let (grouping, groups) = (&self.model.groupings[k], &self.groups.of[k]);
        let error = |group: usize| conditional.covariance(group)[0] * residual;
        let reliability = |group: usize| if variance > 0.0 { (1.0 - error(group) / variance).clamp(0.0, 1.0) } else { 0.0 };
        let mean = (0..groups.len()).map(reliability).sum::<f64>() / groups.len() as f64;
        let spread = |group: usize| (conditional.effect(group)[0], (variance - error(group)).max(0.0).sqrt());
        let enough = |group: &usize| groups[*group].n >= self.model.settings.minimum_n as f64;
        let shown: Vec<usize> = (0..groups.len()).filter(enough).collect();
        let effect = |group: usize, row: usize| effect(conditional, whole, group, row, residual);
        let judged: Vec<(f64, f64)> = shown.iter().map(|group| effect(*group, 0)).map(|e| (e.estimate, e.error)).collect();
        let attainment = self.attainment(k);
        let judgements = discovery::judge(&judged, self.model.settings.false_discovery_rate);
        let mut judgement = vec![None::<Judgement>; groups.len()];
        shown.iter().zip(judgements).for_each(|(group, own)| judgement[*group] = Some(own));
        let of_group = |group: usize| {
            let (name, within) = self.names(k, groups[group].cell as usize);
            let effects = (0..conditional.q).map(|row| effect(group, row));
            let (n, reliability) = (groups[group].n as u64, reliability(group));
            let attainment = attainment[group];
            let shown = |judgement| Shown { n, attainment, effects: effects.collect(), reliability, judgement };
            let shown = judgement[group].map(shown);
            GroupEffect { group: name, within, shown }
        };
        GroupingFit {
            grouping: grouping.column.clone(),
            grain: grouping.grain,
            terms: std::iter::once(INTERCEPT.to_owned()).chain(grouping.slopes.iter().cloned()).collect(),
            groups: groups.len(),
            hidden: groups.len() - shown.len(),
            reliability: mean,
            shape: residuals::shape((0..groups.len()).map(spread)),
            effects: (grouping.grain != Grain::Pupil).then(|| (0..groups.len()).map(of_group).collect()),
        }
    }

    /// The name of the group of a cell, and of those around it.
    fn names(&self, k: usize, cell: usize) -> (String, Vec<String>) {
        let name = |factor: &super::moments::Factor| factor.names[factor.of_cell[cell] as usize].clone();
        let around = match self.model.arrangement {
            Arrangement::Nested => &self.moments.factors[k + 1..],
            Arrangement::Crossed => &[],
        };
        (name(&self.moments.factors[k]), around.iter().map(name).collect())
    }

    fn notes(&self, relative: &[Vec<f64>]) -> Vec<Note> {
        let (coverage, model) = (self.moments.coverage, self.model);
        let share = |pupils: u64, of: u64| pupils as f64 / of as f64;
        let mut notes = vec![Note::NotCausal];
        if coverage.no_prior > 0 {
            let share = share(coverage.no_prior, coverage.pupils - coverage.no_response);
            notes.push(Note::WithoutPriors { pupils: coverage.no_prior, share });
        }
        notes.push(
            coverage
                .moved
                .map_or(Note::MobilityUnknown, |pupils| Note::Moved { pupils, share: share(pupils, coverage.complete) }),
        );
        for ((grouping, covariance), groups) in model.groupings.iter().zip(relative).zip(&self.groups.of) {
            let (grouping, q) = (grouping.column.clone(), covariance.len().isqrt());
            let mut factor = covariance.clone();
            dense::semi_cholesky(&mut factor, q);
            if (0..q).any(|i| factor[i * q + i] <= 1e-4 * covariance[i * q + i].sqrt()) {
                notes.push(Note::Singular { grouping: grouping.clone() });
            }
            if groups.len() < FEW_GROUPS {
                notes.push(Note::FewGroups { grouping, groups: groups.len() });
            }
        }
        let columns = model.unreliable();
        notes.extend((!columns.is_empty()).then_some(Note::ErrorInPriors { columns }));
        notes
    }
}

fn effect(conditional: &Predictions, whole: &Predictions, group: usize, row: usize, residual: f64) -> Effect {
    let at = row * conditional.q + row;
    let error = |predictions: &Predictions| (predictions.covariance(group)[at].max(0.0) * residual).sqrt();
    let (estimate, error, conditional_error) = (conditional.effect(group)[row], error(whole), error(conditional));
    Effect { estimate, conditional_error, error, low: estimate - WIDTH_95 * error, high: estimate + WIDTH_95 * error }
}
