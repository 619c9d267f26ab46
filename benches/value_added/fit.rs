//! From Parquet to effects: a multilevel model of a city's or a province's pupils, in time and memory.
//!
//! ```text
//! cargo bench --profile dev -p xueqing-benches --bench value_added -- city FOLDER       1,000,000 pupils in 1,540 schools; writes city.csv for lme4.R
//! cargo bench --profile dev -p xueqing-benches --bench value_added -- province FOLDER   7,510,000 pupils × 3 subjects, classes in schools in counties
//! ```

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext, ident, lit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use xueqing_query::value_added::gather;
use xueqing_query::value_added::multilevel::{Fit, Model};

const CLASS: usize = 45;
/// Rows that are read by one core at a time.
const ROW_GROUP: usize = 128 * 1024;
const SUBJECTS: [&str; 3] = ["chinese", "math", "english"];

/// A place of pupils: so many, in schools of about `school` pupils, `schools` to a county.
struct Place {
    pupils: usize,
    school: usize,
    schools: usize,
    subjects: usize,
}

const CITY: Place = Place { pupils: 1_000_000, school: 650, schools: 140, subjects: 1 };
const PROVINCE: Place = Place { pupils: 7_510_000, school: 680, schools: 110, subjects: 3 };

fn normal(random: &mut StdRng) -> f64 {
    (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}

/// Marks are given by halves.
fn marks(score: f64) -> f64 {
    (2.0 * score).round() / 2.0
}

/// One row a pupil and subject; effects of counties, schools and classes with deviations 2, 4 and 2, of pupils 10.
fn write(place: &Place, file: &Path) {
    let mut random = StdRng::seed_from_u64(7);
    let mut writer: Option<ArrowWriter<std::fs::File>> = None;
    let (mut county, mut school, mut pupil, mut room) = (0, 0, 0, 0);
    let mut in_county = [0.0; 3];
    while pupil < place.pupils {
        if school % place.schools == 0 {
            county += 1;
            in_county = std::array::from_fn(|_| 2.0 * normal(&mut random));
        }
        school += 1;
        let size = ((place.school as f64 * (0.3 + 1.4 * random.random::<f64>())) as usize).min(place.pupils - pupil).max(1);
        let mut rows = Rows::default();
        let in_school: [f64; 3] = std::array::from_fn(|subject| in_county[subject] + 4.0 * normal(&mut random));
        let mut in_class = [0.0; 3];
        for seat in 0..size {
            if seat % CLASS == 0 {
                room += 1;
                in_class = std::array::from_fn(|_| 2.0 * normal(&mut random));
            }
            let able = normal(&mut random);
            for subject in 0..place.subjects {
                let prior = 500.0 + 80.0 * able + 40.0 * normal(&mut random);
                let score = 300.0 + 0.09 * prior + in_school[subject] + in_class[subject] + 10.0 * normal(&mut random);
                let names =
                    [SUBJECTS[subject].to_owned(), format!("32{county:04}"), format!("2132{school:06}"), format!("{room:07}")];
                rows.push(names, [marks(prior), marks(score)]);
            }
        }
        pupil += size;
        let batch = rows.batch();
        let writer = writer.get_or_insert_with(|| {
            let level = ZstdLevel::try_new(3).expect("a level");
            let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level));
            let properties = properties.set_max_row_group_row_count(Some(ROW_GROUP)).build();
            let file = std::fs::File::create(file).expect("a file");
            ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer")
        });
        writer.write(&batch).expect("written");
    }
    writer.expect("pupils").close().expect("closed");
}

#[derive(Default)]
struct Rows {
    names: [Vec<String>; 4],
    numbers: [Vec<f64>; 2],
}

impl Rows {
    fn push(&mut self, names: [String; 4], numbers: [f64; 2]) {
        self.names.iter_mut().zip(names).for_each(|(column, name)| column.push(name));
        self.numbers.iter_mut().zip(numbers).for_each(|(column, number)| column.push(number));
    }

    fn batch(self) -> RecordBatch {
        let text = |names: Vec<String>| Arc::new(StringArray::from(names)) as ArrayRef;
        let number = |numbers: Vec<f64>| Arc::new(Float64Array::from(numbers)) as ArrayRef;
        let columns = self.names.into_iter().map(text).chain(self.numbers.into_iter().map(number));
        let names = ["subject", "county", "school", "class", "prior", "score"];
        RecordBatch::try_from_iter(names.into_iter().zip(columns)).expect("columns of one length")
    }
}

fn context() -> SessionContext {
    let mut config = SessionConfig::new().with_target_partitions(2);
    config.options_mut().execution.parquet.schema_force_view_types = false;
    // A year's marks are a small file: both cores read it all the same.
    config.options_mut().optimizer.repartition_file_min_size = 0;
    SessionContext::new_with_config(config)
}

fn model(groupings: &str) -> Model {
    let text = format!(
        "response = \"score\"\ncovariates = [{{ column = \"prior\" }}]\ngroupings = [{groupings}]\nsettings = {{ profile = false }}"
    );
    toml::from_str(&text).expect("a model")
}

const SCHOOL: &str = r#"{ column = "school", grain = "school" }"#;

fn print(what: &str, seconds: f64, fit: &Fit) {
    let groups: Vec<String> = fit.groupings.iter().map(|g| format!("{} × {}", g.groups, g.grouping)).collect();
    let deviations: Vec<String> = fit.variances.iter().map(|v| format!("{:.6}", v.deviation)).collect();
    println!(
        "{what}: {} pupils, {}: {seconds:.3} s, peak {} MiB; deviations {}, log-likelihood {:.6}, {} evaluations",
        fit.coverage.complete,
        groups.join(", "),
        peak_mib(),
        deviations.join(" "),
        fit.log_likelihood,
        fit.convergence.evaluations,
    );
}

/// The most memory that the process has held, in MiB.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}

async fn city(folder: &Path) {
    let file = folder.join("city.parquet");
    if !file.exists() {
        write(&CITY, &file);
        csv(&file, &folder.join("city.csv")).await;
    }
    let model = model(SCHOOL);
    for round in 1..=5 {
        let started = Instant::now();
        let frame =
            context().read_parquet(file.to_string_lossy().into_owned(), ParquetReadOptions::default()).await.expect("a table");
        let moments = gather(frame, &model).await.expect("moments");
        let gathered = started.elapsed().as_secs_f64();
        let fit = model.fit(moments).expect("a fit");
        print(&format!("city, round {round} (gathered in {gathered:.3} s)"), started.elapsed().as_secs_f64(), &fit);
        let [intercept, prior] = [0, 1].map(|term| (fit.fixed[term].estimate, fit.fixed[term].error));
        println!(
            "  fixed {intercept:?} {prior:?}, first effect {:?}",
            fit.groupings[0].shown().next().map(|(_, s)| s.effects[0])
        );
    }
}

/// What lme4 reads: numbers in full, the prior about its mean as the model has it.
async fn csv(parquet: &Path, csv: &Path) {
    let frame =
        context().read_parquet(parquet.to_string_lossy().into_owned(), ParquetReadOptions::default()).await.expect("a table");
    let batches = frame.collect().await.expect("rows");
    let mut out = std::io::BufWriter::new(std::fs::File::create(csv).expect("a file"));
    writeln!(out, "school,prior,score").expect("written");
    for batch in &batches {
        let schools = batch.column(2).as_any().downcast_ref::<StringArray>().expect("text");
        let number = |column: usize| batch.column(column).as_any().downcast_ref::<Float64Array>().expect("numbers");
        for row in 0..batch.num_rows() {
            writeln!(out, "{},{:?},{:?}", schools.value(row), number(4).value(row), number(5).value(row)).expect("written");
        }
    }
}

async fn province(folder: &Path) {
    let file = folder.join("province.parquet");
    if !file.exists() {
        write(&PROVINCE, &file);
    }
    let class = r#"{ column = "class", grain = "class" }"#;
    let county = r#"{ column = "county", grain = "county" }"#;
    let model = model(&format!("{class}, {SCHOOL}, {county}"));
    for counties in ["320010", "320033", "329999"] {
        for subject in SUBJECTS {
            let started = Instant::now();
            let frame = context()
                .read_parquet(file.to_string_lossy().into_owned(), ParquetReadOptions::default())
                .await
                .expect("a table");
            let own = ident("subject").eq(lit(subject)).and(ident("county").lt_eq(lit(counties)));
            let moments = gather(frame.filter(own).expect("a filter"), &model).await.expect("moments");
            let gathered = started.elapsed().as_secs_f64();
            let fit = model.fit(moments).expect("a fit");
            print(&format!("{subject} (gathered in {gathered:.3} s)"), started.elapsed().as_secs_f64(), &fit);
        }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let folder = PathBuf::from(words.get(1).map_or("/tmp", String::as_str));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    match words.first().map(String::as_str) {
        Some("city") => runtime.block_on(city(&folder)),
        Some("province") => runtime.block_on(province(&folder)),
        _ => println!("usage: value_added city|province FOLDER"),
    }
}
