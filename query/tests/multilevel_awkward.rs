//! Data that cannot carry a model are refused with the reason, and no NaN reaches anyone.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use xueqing_query::value_added::multilevel::{Fit, Model, Moments, Note, Refusal};

const PLAIN: &str = r#"
response = "score"
covariates = [{ column = "prior" }]
groupings = [{ column = "school", grain = "school" }]
"#;

fn model(text: &str) -> Model {
    toml::from_str(text).expect("a model")
}

/// Rows of (school, prior, score).
fn moments(rows: &[(usize, f64, f64)]) -> Moments {
    let keys = vec![rows.iter().map(|row| row.0.to_string()).collect()];
    Moments::from_rows(&keys, &[rows.iter().map(|row| row.1).collect(), rows.iter().map(|row| row.2).collect()])
}

fn noise(random: &mut StdRng) -> f64 {
    (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}

/// `size` pupils in each school, whose effects have the deviation `between`.
fn schools(sizes: &[usize], between: f64) -> Vec<(usize, f64, f64)> {
    let mut random = StdRng::seed_from_u64(3);
    let mut rows = Vec::new();
    for (school, size) in sizes.iter().enumerate() {
        let effect = between * noise(&mut random);
        for _ in 0..*size {
            let prior = noise(&mut random);
            rows.push((school, prior, 0.7 * prior + effect + noise(&mut random)));
        }
    }
    rows
}

fn refusal(rows: &[(usize, f64, f64)]) -> Refusal {
    model(PLAIN).fit(moments(rows)).expect_err("a refusal")
}

/// Every number of a fit is one.
fn all_finite(fit: &Fit) -> bool {
    let fixed = fit.fixed.iter().flat_map(|f| [f.estimate, f.error, f.low, f.high]);
    let variances =
        fit.variances.iter().flat_map(|v| [v.variance, v.deviation].into_iter().chain(v.interval.map(|i| i.low + i.high)));
    let covariances = fit.covariances.iter().flat_map(|c| [c.covariance, c.correlation.unwrap_or(0.0)]);
    let shown = fit.groupings.iter().flat_map(|grouping| grouping.shown());
    let effects = shown.flat_map(|(_, shown)| {
        let own = shown.effects.iter().flat_map(|e| [e.estimate, e.conditional_error, e.error, e.low, e.high]);
        own.chain([shown.reliability]).collect::<Vec<_>>()
    });
    let shapes = fit.groupings.iter().filter_map(|g| g.shape).flat_map(|s| [s.skewness, s.excess_kurtosis, s.largest]);
    let rest = [fit.log_likelihood, fit.heterogeneity.map_or(0.0, |h| h.statistic + h.probability)];
    fixed.chain(variances).chain(covariances).chain(effects).chain(shapes).chain(rest).all(f64::is_finite)
}

#[test]
fn each_want_is_named() {
    assert_eq!(refusal(&schools(&[60], 1.0)), Refusal::OneGroup { grouping: "school".to_owned() });
    assert_eq!(refusal(&schools(&[1; 40], 1.0)), Refusal::NoRepetition { grouping: "school".to_owned(), effects: 40, n: 40 });
    assert_eq!(refusal(&schools(&[10, 9], 1.0)), Refusal::TooFewPupils { n: 19, minimum: 20 });
    assert_eq!(refusal(&[]), Refusal::NothingComplete { pupils: 0, no_response: 0, no_prior: 0 });
    let missing: Vec<_> = schools(&[20, 20], 1.0).into_iter().map(|(school, _, score)| (school, f64::NAN, score)).collect();
    assert_eq!(refusal(&missing), Refusal::NothingComplete { pupils: 40, no_response: 0, no_prior: 40 });
    let constant: Vec<_> = schools(&[20, 20], 1.0).into_iter().map(|(school, prior, _)| (school, prior, 0.1)).collect();
    assert_eq!(refusal(&constant), Refusal::ConstantResponse { column: "score".to_owned() });
    let same: Vec<_> = schools(&[20, 20], 1.0).into_iter().map(|(school, _, score)| (school, 1e-3, score)).collect();
    assert_eq!(refusal(&same), Refusal::ConstantCovariate { column: "prior".to_owned() });
    let exact: Vec<_> =
        schools(&[20; 5], 1.0).into_iter().map(|(school, prior, _)| (school, prior, prior + school as f64)).collect();
    assert_eq!(refusal(&exact), Refusal::NoResidual);
    let thin: Vec<_> = schools(&[50, 50], 1.0);
    let thin: Vec<_> =
        thin.into_iter().enumerate().map(|(i, row)| if i % 3 == 0 { row } else { (row.0, f64::NAN, row.2) }).collect();
    assert_eq!(refusal(&thin), Refusal::LinkingTooThin { share: 0.34, minimum: 0.5 });
    for refusal in [refusal(&thin), refusal(&exact), refusal(&schools(&[60], 1.0))] {
        let text = refusal.to_string();
        assert!(text.chars().next().is_some_and(|c| !c.is_uppercase()) && !text.ends_with('.'), "{text}");
    }
}

#[test]
fn a_model_that_contradicts_itself_is_refused() {
    let refused = |from: &str, to: &str| model(&PLAIN.replace(from, to)).check().expect_err("a refusal").to_string();
    assert!(refused("\"score\"", "\"prior\"").contains("named twice"));
    assert!(refused("grain = \"school\"", "grain = \"school\", slopes = [\"age\"]").contains("\"age\""));
    assert!(refused("\"prior\" }", "\"prior\", reliability = 0.0 }").contains("reliability"));
    let class = "groupings = [{ column = \"class\", grain = \"class\" }]";
    let matrix = format!("response = \"score\"\nsampling = \"matrix\"\n{class}");
    assert_eq!(model(&matrix).check(), Err(Refusal::MatrixSampled { grouping: "class".to_owned() }));
    assert!(model(&format!("response = \"score\"\n{class}")).check().is_ok());
}

#[test]
fn collinear_columns_and_twin_groups_are_named() {
    let rows = schools(&[20; 6], 1.0);
    let column = |pick: fn(&(usize, f64, f64)) -> f64| rows.iter().map(pick).collect::<Vec<_>>();
    let school: Vec<String> = rows.iter().map(|row| row.0.to_string()).collect();
    let columns = [column(|r| r.1), column(|r| r.2 * r.2), column(|r| 3.0 - 2.0 * r.1), column(|r| r.2)];
    let text = PLAIN.replace("{ column = \"prior\" }", "{ column = \"a\" }, { column = \"b\" }, { column = \"c\" }");
    let refusal = model(&text).fit(Moments::from_rows(std::slice::from_ref(&school), &columns)).expect_err("a refusal");
    assert_eq!(refusal, Refusal::Collinear { column: "c".to_owned(), with: vec!["\"a\"".to_owned()] });
    for arrangement in ["nested", "crossed"] {
        let twins = "groupings = [{ column = \"class\", grain = \"class\" }, { column = \"school\", grain = \"school\" }]";
        let text =
            format!("response = \"score\"\narrangement = \"{arrangement}\"\ncovariates = [{{ column = \"prior\" }}]\n{twins}");
        let keys = [school.iter().map(|s| format!("c{s}")).collect(), school.clone()];
        let refusal = model(&text).fit(Moments::from_rows(&keys, &[column(|r| r.1), column(|r| r.2)])).expect_err("a refusal");
        assert_eq!(refusal, Refusal::SameGroups { fine: "class".to_owned(), coarse: "school".to_owned() });
    }
}

#[test]
fn schools_that_do_not_differ_have_no_effects() {
    // The same pupils in each school.
    let one = schools(&[30], 0.0);
    let rows: Vec<_> = (0..8).flat_map(|school| one.iter().map(move |row| (school, row.1, row.2))).collect();
    let fit = model(PLAIN).fit(moments(&rows)).expect("a fit");
    assert!(all_finite(&fit));
    assert_eq!(fit.variances[1].variance, 0.0);
    assert!(fit.notes.contains(&Note::Singular { grouping: "school".to_owned() }));
    assert!(fit.variances[1].interval.is_some_and(|interval| interval.low == 0.0 && interval.high > 0.0));
    assert!(fit.groupings[0].shown().all(|(_, shown)| shown.effects[0].estimate == 0.0 && shown.reliability == 0.0));
}

#[test]
fn groups_below_twenty_count_and_do_not_show() {
    let fit = model(PLAIN).fit(moments(&schools(&[19, 20, 40, 30, 1], 1.0))).expect("a fit");
    let shown: Vec<_> = fit.groupings[0].shown().map(|(group, shown)| (group.group.as_str(), shown.n)).collect();
    assert_eq!(shown, [("1", 20), ("2", 40), ("3", 30)]);
    assert_eq!((fit.groupings[0].groups, fit.groupings[0].hidden), (5, 2));
    assert!(fit.notes.contains(&Note::FewGroups { grouping: "school".to_owned(), groups: 5 }));
}

/// A year of a small school cannot be shown; its years together can, and how much of its effect stays is known.
#[test]
fn years_pool_what_one_year_cannot_show() {
    let mut random = StdRng::seed_from_u64(11);
    let (mut keys, mut columns) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for school in 0..400 {
        let stays = 0.5 * noise(&mut random);
        for year in 2024..=2026 {
            let of_year = 0.3 * noise(&mut random);
            for _ in 0..9 {
                let prior = noise(&mut random);
                keys[0].push(year.to_string());
                keys[1].push(school.to_string());
                columns[0].push(prior);
                columns[1].push(0.7 * prior + stays + of_year + noise(&mut random));
            }
        }
    }
    let cohorts = "groupings = [{ column = \"year\", grain = \"cohort\" }, { column = \"school\", grain = \"school\" }]";
    let text = format!("response = \"score\"\ncovariates = [{{ column = \"prior\" }}]\n{cohorts}");
    let fit = model(&text).fit(Moments::from_rows(&keys, &columns)).expect("a fit");
    assert_eq!((fit.groupings[0].groups, fit.groupings[0].hidden, fit.groupings[1].hidden), (1200, 1200, 0));
    let within = |variance: usize, truth: f64| {
        let interval = fit.variances[variance].interval.expect("an interval");
        interval.low < truth && truth < interval.high
    };
    assert!(within(0, 1.0) && within(1, 0.3) && within(2, 0.5), "{:?}", fit.variances);
    assert!(fit.groupings[1].shown().all(|(_, shown)| shown.n == 27 && shown.reliability > 0.7));
}

#[test]
fn large_scores_lose_no_digits() {
    let rows = schools(&[25; 12], 1.0);
    let far: Vec<_> = rows.iter().map(|row| (row.0, row.1 + 1e6, row.2 + 1e7)).collect();
    let (near, far) = (model(PLAIN).fit(moments(&rows)).expect("a fit"), model(PLAIN).fit(moments(&far)).expect("a fit"));
    assert!((near.variances[1].variance / far.variances[1].variance - 1.0).abs() < 1e-6);
    assert!((far.fixed[0].estimate - near.fixed[0].estimate - 1e7).abs() < 1e-6);
}

/// Small tables of every kind: groups of any size, priors that miss, few distinct values, slopes, both arrangements.
#[test]
fn whatever_comes_gives_numbers_or_a_reason() {
    let mut fits = 0;
    for seed in 0..150 {
        let mut random = StdRng::seed_from_u64(seed);
        let n = random.random_range(0..120);
        let (groups, coarse, values) = (random.random_range(1..15), random.random_range(1..4), random.random_range(1..6));
        let key = |random: &mut StdRng, of: usize| (0..n).map(|_| random.random_range(0..of).to_string()).collect::<Vec<_>>();
        let keys = [key(&mut random, groups), key(&mut random, coarse)];
        let column = |random: &mut StdRng| {
            let cell = |_| if random.random_bool(0.05) { f64::NAN } else { random.random_range(0..values) as f64 };
            (0..n).map(cell).collect::<Vec<_>>()
        };
        let columns = [column(&mut random), column(&mut random), column(&mut random)];
        let arrangement = if random.random_bool(0.5) { "nested" } else { "crossed" };
        let slopes = if random.random_bool(0.5) { ", slopes = [\"a\"]" } else { "" };
        let text = format!(
            "response = \"y\"\narrangement = \"{arrangement}\"\ncovariates = [{{ column = \"a\" }}, {{ column = \"b\" }}]\n\
             groupings = [{{ column = \"g\", grain = \"school\"{slopes} }}, {{ column = \"h\", grain = \"county\" }}]\n\
             settings = {{ minimum_n = 5 }}"
        );
        match model(&text).fit(Moments::from_rows(&keys, &columns)) {
            Ok(fit) => {
                fits += 1;
                assert!(all_finite(&fit), "{seed}: {fit:?}");
            }
            Err(refusal) => assert!(!refusal.to_string().contains("NaN"), "{seed}: {refusal}"),
        }
    }
    assert!(fits > 40, "{fits}");
}
