//! Schools whose effects are known: intervals cover them, shrinkage beats raw means, calls are rarely wrong, priors' errors are taken out.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use xueqing_query::value_added::multilevel::{Judgement, Model, Moments};

const MODEL: &str = r#"
response = "score"
covariates = [{ column = "prior", centre = { at = 0.0 } }]
groupings = [{ column = "school", grain = "school" }]
settings = { minimum_n = 2, profile = false }
"#;
const RUNS: u64 = 500;

fn normal(random: &mut StdRng) -> f64 {
    (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}

/// Schools of 5 to 60 pupils: score = 0.8 · prior + effect + noise of deviation 1; the prior is seen with an error of deviation `blur`.
struct Schools {
    effects: Vec<f64>,
    keys: Vec<String>,
    priors: Vec<f64>,
    scores: Vec<f64>,
}

impl Schools {
    fn moments(&self) -> Moments {
        Moments::from_rows(std::slice::from_ref(&self.keys), &[self.priors.clone(), self.scores.clone()])
    }
}

fn schools(random: &mut StdRng, schools: usize, between: f64, blur: f64) -> Schools {
    let mut made = Schools { effects: Vec::new(), keys: Vec::new(), priors: Vec::new(), scores: Vec::new() };
    for school in 0..schools {
        let effect = between * normal(random);
        let intake = 0.5 * normal(random);
        for _ in 0..random.random_range(5..=60) {
            let prior = intake + normal(random);
            made.keys.push(school.to_string());
            made.scores.push(0.8 * prior + effect + normal(random));
            made.priors.push(prior + blur * normal(random));
        }
        made.effects.push(effect);
    }
    made
}

#[test]
fn intervals_cover_shrinkage_pays_and_calls_are_rarely_wrong() {
    let model: Model = toml::from_str(MODEL).expect("a model");
    let (mut covered, mut all, mut shrunken, mut raw) = (0u32, 0u32, 0.0, 0.0);
    let (mut wrong_shares, mut called) = (0.0, 0);
    for seed in 0..RUNS {
        let made = schools(&mut StdRng::seed_from_u64(seed), 60, 0.3, 0.0);
        let fit = model.fit(made.moments()).expect("a fit");
        let mut sums = vec![(0.0, 0.0); made.effects.len()];
        for ((key, prior), score) in made.keys.iter().zip(&made.priors).zip(&made.scores) {
            let (sum, n) = &mut sums[key.parse::<usize>().expect("a number")];
            *sum += score - fit.fixed[0].estimate - fit.fixed[1].estimate * prior;
            *n += 1.0;
        }
        let (mut wrong, mut of_run) = (0, 0);
        for (group, shown) in fit.groupings[0].shown() {
            let school: usize = group.group.parse().expect("a number");
            let (own, truth) = (shown.effects[0], made.effects[school]);
            covered += u32::from(own.low <= truth && truth <= own.high);
            all += 1;
            shrunken += (own.estimate - truth).powi(2);
            raw += (sums[school].0 / sums[school].1 - truth).powi(2);
            of_run += u32::from(shown.judgement != Judgement::NotDistinguished);
            wrong += u32::from(match shown.judgement {
                Judgement::Above => truth <= 0.0,
                Judgement::Below => truth >= 0.0,
                Judgement::NotDistinguished => false,
            });
        }
        called += of_run;
        wrong_shares += f64::from(wrong) / f64::from(of_run.max(1));
    }
    let (coverage, gain, wrong) = (f64::from(covered) / f64::from(all), shrunken / raw, wrong_shares / RUNS as f64);
    println!("coverage {coverage:.4} of {all}, squared error {gain:.3} of raw means', {called} called, {wrong:.5} wrong");
    assert!((0.93..0.97).contains(&coverage), "{coverage}");
    assert!(gain < 0.9, "{gain}");
    assert!(wrong < 0.05 && called > 1000, "{wrong} {called}");
}

#[test]
fn the_error_of_priors_is_taken_out() {
    let made = schools(&mut StdRng::seed_from_u64(9), 600, 0.3, 0.6);
    // The prior's deviation: 0.5 between and 1 within schools.
    let reliability = 1.25 / (1.25 + 0.36);
    let fit = |text: &str| {
        let model: Model = toml::from_str(text).expect("a model");
        model.fit(made.moments()).expect("a fit")
    };
    let plain = fit(MODEL);
    let corrected = fit(&MODEL.replace("column = \"prior\"", &format!("column = \"prior\", reliability = {reliability}")));
    println!("slope {:?} corrected {:?}", plain.fixed[1], corrected.fixed[1]);
    println!("between {} corrected {}", plain.variances[1].deviation, corrected.variances[1].deviation);
    assert!(plain.fixed[1].high < 0.75, "it is pulled to zero");
    assert!((corrected.fixed[1].estimate - 0.8).abs() < 3.0 * corrected.fixed[1].error, "{:?}", corrected.fixed[1]);
    let error = |deviation: f64| (deviation - 0.3).abs();
    assert!(error(corrected.variances[1].deviation) < error(plain.variances[1].deviation));
}
