//! The scores of a series of exams in one subject, read from the lake.
//!
//! Promise: one version of the lake; whole-subject scores only, none of the absent, exempt or cheating; pupils are numbered in the
//! order of their hashes, so that the same lake gives the same figures. What a caller names is bound, never SQL text.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use datafusion::scalar::ScalarValue;

use super::group::Level;
use super::series::{ExamScore, ExamScores};
use crate::run::Seen;
use crate::{Engine, Error, Scope};

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct ExamRequest {
    pub subject: String,
    /// Codes of the exams, oldest first; the last is the one whose growth or gain is asked for.
    pub exams: Vec<String>,
    /// Of the last exam only this school's, this grade's or these classes' pupils; no classes are all.
    pub school: Option<String>,
    pub grade: Option<String>,
    pub classes: Vec<String>,
    /// A pupil whose number is to be told: its pseudonym.
    pub student: Option<String>,
    /// What the figures are about: the class or the school at the last exam.
    pub level: Level,
}

/// Reads what `request` asks for, and says which versions it read; `at` reads the records at the versions that it names.
pub async fn read(
    engine: &Engine,
    request: &ExamRequest,
    at: Option<&BTreeMap<String, i64>>,
    scope: &Scope,
) -> Result<(ExamScores, BTreeMap<String, i64>), Error> {
    let (sql, values) = statement(request);
    let mut pupils = Pupils { target: request.exams.len().saturating_sub(1), ..Pupils::default() };
    let mut found = ExamScores { exams: request.exams.clone(), level: Some(request.level), ..ExamScores::default() };
    pupils.wanted.clone_from(&request.student);
    let (batches, as_of) = engine.records(sql, values, Seen::at(at), scope).await?;
    for batch in batches {
        add(&mut found, &batch, request, &mut pupils);
    }
    pupils.finish();
    (found.schools, found.grades) = (pupils.schools.len(), pupils.grades.len());
    found.student = pupils.found;
    (found.changed_school, found.changed_class) = (pupils.changed_school, pupils.changed_class);
    Ok((found, as_of))
}

fn add(found: &mut ExamScores, batch: &RecordBatch, request: &ExamRequest, pupils: &mut Pupils) {
    let text = |column: usize| batch.column(column).as_string::<i32>();
    let (student, exam, school, class, grade) = (text(0), text(1), text(2), text(3), text(4));
    let score = batch.column(5).as_primitive::<Float64Type>();
    for row in (0..batch.num_rows()).filter(|&row| !score.is_null(row)) {
        let Some(place) = request.exams.iter().position(|code| code == exam.value(row)) else { continue };
        let key = pupils.number(student.value(row));
        let own_class = if class.is_null(row) { "" } else { class.value(row) };
        pupils.seen(place, school.value(row), own_class);
        found.scores.push(ExamScore { student: key, exam: place, score: score.value(row) });
        if place + 1 == request.exams.len() {
            let school = school.value(row);
            let unit = if request.level == Level::Class { format!("{school}/{own_class}") } else { school.to_owned() };
            found.units.entry(unit).or_default().push(key);
            pupils.schools.insert(school.to_owned());
            pupils.grades.extend((!grade.is_null(row)).then(|| grade.value(row).to_owned()));
        }
    }
}

/// Pupils numbered as they come, which is in the order of their hashes.
#[derive(Default)]
struct Pupils {
    last: Option<String>,
    count: u64,
    wanted: Option<String>,
    found: Option<u64>,
    schools: BTreeSet<String>,
    grades: BTreeSet<String>,
    /// Where the pupil was at the latest two of the exams that have been read, the latest last: place in the series, school, class.
    places: Vec<(usize, String, String)>,
    /// The place of the last exam of the series.
    target: usize,
    changed_school: HashSet<u64>,
    changed_class: HashSet<u64>,
}

impl Pupils {
    fn number(&mut self, student: &str) -> u64 {
        if self.last.as_deref() != Some(student) {
            self.finish();
            self.last = Some(student.to_owned());
            self.count += 1;
            if self.wanted.as_deref() == Some(student) {
                self.found = Some(self.count);
            }
        }
        self.count
    }

    fn seen(&mut self, place: usize, school: &str, class: &str) {
        self.places.push((place, school.to_owned(), class.to_owned()));
    }

    /// Looks at where the pupil was, now that all of its exams are known.
    fn finish(&mut self) {
        self.places.sort_unstable();
        if let [.., (_, school, class), (last, new_school, new_class)] = &self.places[..]
            && *last == self.target
        {
            self.changed_school.extend((school != new_school).then_some(self.count));
            let known = !class.is_empty() && !new_class.is_empty();
            self.changed_class.extend((school != new_school || (known && class != new_class)).then_some(self.count));
        }
        self.places.clear();
    }
}

fn statement(request: &ExamRequest) -> (String, Vec<(String, ScalarValue)>) {
    let mut values = Vec::new();
    let mut bind = |name: &str, given: &[String]| {
        let names = given.iter().enumerate().map(|(place, value)| {
            values.push((format!("{name}{place}"), ScalarValue::Utf8(Some(value.clone()))));
            format!("${name}{place}")
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let subject = bind("subject", std::slice::from_ref(&request.subject));
    let exams = bind("exam", &request.exams);
    let last = bind("last", request.exams.last().map_or(&[], std::slice::from_ref));
    let mut narrow = |column: &str, given: &[String]| {
        let list = bind(column, given);
        if given.is_empty() { String::new() } else { format!(" AND {column} IN ({list})") }
    };
    let only = narrow("school", request.school.as_slice())
        + &narrow("grade", request.grade.as_slice())
        + &narrow("class", &request.classes);
    let sql = format!(
        "SELECT student, exam, school, class, grade, CAST(score AS DOUBLE) AS score FROM assessment \
         WHERE COALESCE(item, '') = '' AND status = 'scored' AND subject = {subject} AND exam IN ({exams}) \
         AND (exam <> {last} OR (TRUE{only})) ORDER BY student, exam"
    );
    (sql, values)
}
