//! All figures in force: those that come with the program, and a district's own.
//!
//! Invariant: a name is defined once. A district adds figures, it does not change what a published name means.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::common::{Common, Sum};
use crate::metric::Metric;
use crate::{Error, template};

#[derive(RustEmbed)]
#[folder = "metrics/"]
#[include = "*.sql"]
#[include = "common.toml"]
struct Files;

/// What methods of the house read of single pupils: written like figures, and never published.
#[derive(RustEmbed)]
#[folder = "studies/"]
#[include = "*.sql"]
struct Studies;

/// The figures by name.
#[derive(Debug)]
pub(crate) struct Library {
    metrics: Vec<Arc<Metric>>,
    studies: BTreeMap<String, Arc<Metric>>,
    sums: Vec<(String, Arc<Sum>)>,
}

impl Library {
    /// The built-in figures and `files` (`workload/x.sql`, text). `{{timezone}}` in their SQL is the district's.
    pub(crate) fn load(files: &[(String, String)], timezone: Tz) -> Result<Self, Error> {
        let common = Common::read(&embedded("common.toml")?, timezone)?;
        let mut metrics = BTreeMap::new();
        for path in Files::iter().filter(|path| path.ends_with(".sql")) {
            add(&mut metrics, &path, &embedded(&path)?, &common)?;
        }
        for (path, text) in files {
            add(&mut metrics, path, text, &common)?;
        }
        let mut studies = BTreeMap::new();
        for path in Studies::iter() {
            add(&mut studies, &path, &text(&path, Studies::get(&path))?, &common)?;
        }
        let sums = sums(metrics.values().chain(studies.values()))?;
        Ok(Self { metrics: metrics.into_values().collect(), studies, sums })
    }

    pub(crate) fn all(&self) -> &[Arc<Metric>] {
        &self.metrics
    }

    /// What is added up in memory for them, with the names of its tables, what most of them read first.
    pub(crate) fn sums(&self) -> &[(String, Arc<Sum>)] {
        &self.sums
    }

    /// What a method reads.
    pub(crate) fn study(&self, name: &str) -> Result<&Arc<Metric>, Error> {
        self.studies.get(name).ok_or_else(|| Error::internal(format!("there is no study {name}")))
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Arc<Metric>, Error> {
        let known = || self.metrics.iter().map(|metric| metric.name.clone()).collect();
        let place = self.metrics.binary_search_by(|metric| metric.name.as_str().cmp(name));
        place.map(|index| &self.metrics[index]).map_err(|_| Error::UnknownMetric { name: name.to_owned(), known: known() })
    }
}

fn sums<'a>(metrics: impl Iterator<Item = &'a Arc<Metric>>) -> Result<Vec<(String, Arc<Sum>)>, Error> {
    let mut sums: BTreeMap<String, (usize, Arc<Sum>)> = BTreeMap::new();
    for metric in metrics {
        for grain in metric.grains.values() {
            let (readers, sum) = sums.entry(grain.place()).or_insert_with(|| (0, Arc::clone(grain.sum())));
            if sum != grain.sum() {
                let reason = format!("the rows \"{}\" are another figure's: give them another name", grain.name());
                return Err(Error::bad_metric(&format!("metrics/{}.sql", metric.name), reason));
            }
            *readers += usize::from(template::names_grain(&metric.sql, grain.name()));
        }
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by_key(|(_, (readers, _))| Reverse(*readers));
    Ok(sums.into_iter().map(|(name, (_, sum))| (name, sum)).collect())
}

fn embedded(path: &str) -> Result<String, Error> {
    text(path, Files::get(path))
}

fn text(path: &str, file: Option<EmbeddedFile>) -> Result<String, Error> {
    let file = file.ok_or_else(|| Error::bad_metric(path, "the file is not in the program"))?;
    String::from_utf8(file.data.into_owned()).map_err(|e| Error::bad_metric(path, e))
}

fn add(metrics: &mut BTreeMap<String, Arc<Metric>>, path: &str, text: &str, common: &Common) -> Result<(), Error> {
    let name = path.strip_prefix("metrics/").unwrap_or(path).strip_suffix(".sql");
    let name = name.ok_or_else(|| Error::bad_metric(path, "a figure is a file that ends in .sql"))?;
    let metric = Metric::parse(name, text, common)?;
    match metrics.insert(name.to_owned(), Arc::new(metric)) {
        None => Ok(()),
        Some(_) => Err(Error::bad_metric(path, "the name is taken: one name has one definition; choose another")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_figures_leave_days_to_be_added_up() {
        let library = Library::load(&[], chrono_tz::Asia::Shanghai).expect("the built-in figures");
        let by_day: Vec<(&str, &str)> = library
            .all()
            .iter()
            .flat_map(|metric| metric.grains.keys().map(move |grain| (metric, grain)))
            .filter(|(metric, grain)| template::names_grain(&metric.sql, grain) && !metric.leaves_days.contains(*grain))
            .map(|(metric, grain)| (metric.name.as_str(), grain.as_str()))
            .collect();
        // On how many days a pupil is over the limit cannot be added up, and exams count whenever they were held.
        assert_eq!(by_day, [("workload/pupils_over", "pupil_load"), ("workload/quadrant", "results")]);
    }
}
