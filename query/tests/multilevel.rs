//! Multilevel models against lme4, number for number, on generated data and on Chem97.

#[path = "value_added/answers.rs"]
mod answers;
#[path = "value_added/generated.rs"]
mod generated;

use std::collections::BTreeMap;
use std::path::PathBuf;

use answers::{Answer, Distance};
use xueqing_query::value_added::multilevel::{Fit, FixedEffect, GroupEffect, Model, Moments, Note};

fn model(text: &str) -> Model {
    toml::from_str(text).expect("a model")
}

fn kept() -> BTreeMap<String, Answer> {
    serde_json::from_str(include_str!("value_added/lme4.json")).expect("answers")
}

const CROSSED: &str = r#"
response = "y"
arrangement = "crossed"
covariates = [{ column = "x", centre = { at = 0.0 } }]
settings = { minimum_n = 1 }
"#;
const NESTED: &str = r#"
response = "y"
covariates = [{ column = "z", centre = { at = 5.0 } }, { column = "boy", centre = { at = 0.0 } }]
settings = { minimum_n = 1 }
"#;

/// The likelihood as high as lme4's or higher, by no more than its search leaves; all else as near as its search goes.
fn close(name: &str, distance: &Distance) {
    assert!((-1e-7..1e-6).contains(&distance.log_likelihood), "{name}: {distance:?}");
    assert!(distance.fixed < 1e-6 && distance.variance < 1e-5 && distance.effects < 1e-5, "{name}: {distance:?}");
}

fn crossed(extra: &str) -> Fit {
    model(&format!("{extra}\n{CROSSED}")).fit(generated::crossed().moments(&[0, 1], &[0, 1])).expect("a fit")
}

#[test]
fn crossed_groups_are_as_in_lme4() {
    let kept = kept();
    let own_name = |_: &str, group: &GroupEffect| group.group.clone();
    let groupings = r#"groupings = [{ column = "primary", grain = "school" }, { column = "secondary", grain = "school" }]"#;
    close("reml", &kept["crossed_reml"].distance(&crossed(groupings), own_name));
    let fit = crossed(&format!("method = \"ml\"\n{groupings}"));
    close("ml", &kept["crossed_ml"].distance(&fit, own_name));
    profiles(&fit, &kept["crossed_ml"]);
    let slopes = groupings.replacen("\"school\"", "\"school\", slopes = [\"x\"]", 1);
    let fit = crossed(&slopes);
    close("slope", &kept["crossed_slope"].distance(&fit, own_name));
    assert!(fit.notes.contains(&Note::Singular { grouping: "primary".to_owned() }), "lme4 calls it singular, too");
}

/// The ends of intervals are interpolated in lme4, and so agree to about three digits.
fn profiles(fit: &Fit, answer: &Answer) {
    let own = fit.variances[1..].iter().chain(&fit.variances[..1]).map(|variance| variance.interval.expect("an interval"));
    let kept = answer.profile.as_ref().expect("a profile");
    assert_eq!(kept.len(), fit.variances.len());
    for (own, [low, high]) in own.zip(kept) {
        assert!((own.low / low - 1.0).abs() < 1e-3 && (own.high / high - 1.0).abs() < 1e-3, "{own:?} {low} {high}");
    }
}

#[test]
fn nested_groups_are_as_in_lme4() {
    let kept = kept();
    let name = |grouping: &str, group: &GroupEffect| {
        let path: Vec<usize> = group.within.iter().rev().chain([&group.group]).map(|n| n.parse().expect("a number")).collect();
        match grouping {
            "county" => path[0].to_string(),
            "school" => (path[0] * 100 + path[1]).to_string(),
            _ => ((path[0] * 100 + path[1]) * 10 + path[2]).to_string(),
        }
    };
    let fit = |extra: &str, keys: &[usize]| {
        model(&format!("{extra}\n{NESTED}")).fit(generated::nested().moments(keys, &[0, 1, 2])).expect("a fit")
    };
    let three = r#"groupings = [{ column = "class", grain = "class" }, { column = "school", grain = "school" }, { column = "county", grain = "county" }]"#;
    close("reml", &kept["nested_reml"].distance(&fit(three, &[0, 1, 2]), name));
    let slopes = three.replace("grain = \"school\"", "grain = \"school\", slopes = [\"z\"]");
    close("slope", &kept["nested_slope"].distance(&fit(&slopes, &[0, 1, 2]), name));
}

#[test]
fn nested_and_crossed_give_the_same_where_both_apply() {
    let mut table = generated::nested();
    let [class, school, county] = [0, 1, 2].map(|key| table.keys[key].clone());
    table.keys[1] = school.iter().zip(&county).map(|(school, county)| format!("{county}/{school}")).collect();
    table.keys[0] = class.iter().zip(&table.keys[1]).map(|(class, school)| format!("{school}/{class}")).collect();
    let groupings = r#"groupings = [{ column = "class", grain = "class" }, { column = "school", grain = "school", slopes = ["z"] }, { column = "county", grain = "county" }]"#;
    let text = format!("{groupings}\n{NESTED}");
    let fit = |text: &str| model(text).fit(table.moments(&[0, 1, 2], &[0, 1, 2])).expect("a fit");
    let (nested, crossed) = (fit(&text), fit(&format!("arrangement = \"crossed\"\n{text}")));
    assert!((nested.log_likelihood - crossed.log_likelihood).abs() < 1e-8);
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-7 * (1.0 + a.abs());
    assert!(nested.variances.iter().zip(&crossed.variances).all(|(a, b)| near(a.variance, b.variance)));
    for (a, b) in nested.groupings.iter().zip(&crossed.groupings) {
        for ((_, a), (_, b)) in a.shown().zip(b.shown()) {
            assert!(a.effects.iter().zip(&b.effects).all(|(a, b)| near(a.estimate, b.estimate) && near(a.error, b.error)));
        }
    }
}

#[test]
fn profile_intervals_are_as_in_lme4() {
    let mut table = generated::nested();
    table.keys[1] = table.keys[1].iter().zip(&table.keys[2]).map(|(school, county)| format!("{county}/{school}")).collect();
    let text = format!("method = \"ml\"\ngroupings = [{{ column = \"school\", grain = \"school\" }}]\n{NESTED}");
    let fit = model(&text).fit(table.moments(&[1], &[0, 1, 2])).expect("a fit");
    profiles(&fit, &kept()["nested_ml"]);
}

/// Chem97 lies beside the project; where it does not, there is nothing to hold against.
fn chem97() -> Option<(PathBuf, Vec<Vec<String>>)> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = here.ancestors().map(|above| above.join("shared/data/chem97")).find(|folder| folder.is_dir())?;
    let text = std::fs::read_to_string(folder.join("Chem97.csv")).expect("readable");
    let row = |line: &str| line.split(',').map(|field| field.trim_matches('"').to_owned()).collect();
    let rows: Vec<Vec<String>> = text.lines().skip(1).map(row).collect();
    Some((folder, rows))
}

/// `group, effect …, se` of lme4's files, by group.
fn published(folder: &std::path::Path, file: &str) -> BTreeMap<String, Vec<f64>> {
    let text = std::fs::read_to_string(folder.join(file)).expect("readable");
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[0].trim_matches('"').to_owned(), fields[1..].iter().map(|f| f.parse().unwrap_or(f64::NAN)).collect())
    };
    text.lines().skip(1).map(row).collect()
}

/// Name of the published answers, groupings, keys, log-likelihood; fixed effects, their errors and variances.
type Case<'a> = (&'a str, String, Vec<Vec<String>>, f64, &'a [f64]);

#[test]
fn chem97_is_as_published() {
    let Some((folder, rows)) = chem97() else { return eprintln!("skipped: shared/data/chem97 is not there") };
    let text = |column: usize| rows.iter().map(|row| row[column].clone()).collect::<Vec<_>>();
    let number = |column: usize| rows.iter().map(|row| row[column].parse().expect("a number")).collect::<Vec<f64>>();
    let columns = [number(7), number(3)];
    let start = "response = \"score\"\ncovariates = [{ column = \"gcsecnt\", centre = { at = 0.0 } }]\nsettings = { minimum_n = 1, profile = false }\n";
    let school = r#"{ column = "school", grain = "school" }"#;
    let cases: [Case; 3] = [
        (
            "two_level",
            format!("[{school}]"),
            vec![text(1)],
            -70_849.314_379_245,
            &[5.627_667_679, 2.472_282_357, 0.028_066_988_96, 0.016_894_394_35, 5.154_370_485, 1.179_756_899],
        ),
        (
            "three_level",
            format!("[{school}, {{ column = \"lea\", grain = \"county\" }}]"),
            vec![text(1), text(0)],
            -70_848.494_074_653_6,
            &[5.635_454_539, 2.472_556_925, 0.031_234_591_93, 0.016_904_093_73, 5.154_202_498, 1.166_197_633, 0.014_765_677_3],
        ),
        (
            "random_slope",
            format!("[{}]", school.replace("\" }", "\", slopes = [\"gcsecnt\"] }")),
            vec![text(1)],
            -70_748.614_175_445_9,
            &[5.617_363_213, 2.546_854_642, 0.027_676_624_92, 0.020_045_179_63, 5.048_045_506, 1.134_469_035, 0.172_163_414_2],
        ),
    ];
    // lme4's search by itself stops where variances have four to six digits; taken further, by lme4.R, it gives the fixed effects, errors
    // and variances above.
    for (name, groupings, keys, log_likelihood, further) in cases {
        let fit = model(&format!("{start}groupings = {groupings}\n")).fit(Moments::from_rows(&keys, &columns)).expect("a fit");
        assert!((fit.log_likelihood - log_likelihood).abs() < 1e-6, "{name}: {}", fit.log_likelihood);
        let own = fit.fixed.iter().map(|f| f.estimate).chain(fit.fixed.iter().map(|f| f.error));
        let own: Vec<f64> = own.chain(fit.variances.iter().map(|v| v.variance)).collect();
        assert_eq!(own.len(), further.len());
        assert!(own.iter().zip(further).all(|(own, kept)| (own / kept - 1.0f64).abs() < 5e-7), "{name}: {own:?} {further:?}");
        let kept = published(&folder, &format!("lme4_{name}_fixed.csv"));
        let near = |own: &FixedEffect, kept: &[f64]| {
            (own.estimate / kept[0] - 1.0).abs() < 1e-6 && (own.error / kept[1] - 1.0).abs() < 2e-5
        };
        assert!(fit.fixed.iter().zip(kept.values()).all(|(own, kept)| near(own, kept)), "{name}: {kept:?}");
        // The published search for slopes stopped where the variance was 5e-5 off, and the effects with it.
        let reach = if name == "random_slope" { 1e-4 } else { 1e-5 };
        for grouping in &fit.groupings {
            let kept = published(&folder, &format!("lme4_{name}_ranef_{}.csv", grouping.grouping));
            assert_eq!(grouping.shown().count(), kept.len());
            for (group, shown) in grouping.shown() {
                let kept = &kept[&group.group];
                let (error, effects) = kept.split_last().expect("a row");
                let near = shown.effects.iter().zip(effects).all(|(own, kept)| (own.estimate - kept).abs() < reach);
                assert!(near && (shown.effects[0].conditional_error - error).abs() < reach, "{name}: {shown:?} {kept:?}");
            }
        }
    }
}
