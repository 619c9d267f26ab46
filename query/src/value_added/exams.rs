//! The scores of a series of exams in one subject, read from the lake.
//!
//! Promise: one version of the lake; whole-subject scores only, none of the absent, exempt or cheating; pupils are numbered in the
//! order of their hashes, so that the same lake gives the same figures. What a caller names is bound, never SQL text.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Float64Type;
use datafusion::scalar::ScalarValue;

use super::group::Level;
use super::report::{ExamScore, ExamScores};
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
    /// What the figures are about: the class or the school at the last exam.
    pub level: Level,
}

/// Reads what `request` asks for.
pub async fn read(engine: &Engine, request: &ExamRequest, scope: &Scope) -> Result<ExamScores, Error> {
    let (sql, values) = statement(request);
    let mut found = ExamScores { exams: request.exams.clone(), level: Some(request.level), ..ExamScores::default() };
    let mut pupils = Pupils::default();
    for batch in engine.records(sql, values, scope).await? {
        add(&mut found, &batch, request, &mut pupils);
    }
    (found.schools, found.grades) = (pupils.schools.len(), pupils.grades.len());
    Ok(found)
}

fn add(found: &mut ExamScores, batch: &RecordBatch, request: &ExamRequest, pupils: &mut Pupils) {
    let text = |column: usize| batch.column(column).as_string::<i32>();
    let (student, exam, school, class, grade) = (text(0), text(1), text(2), text(3), text(4));
    let score = batch.column(5).as_primitive::<Float64Type>();
    for row in (0..batch.num_rows()).filter(|&row| !score.is_null(row)) {
        let Some(place) = request.exams.iter().position(|code| code == exam.value(row)) else { continue };
        let key = pupils.number(student.value(row));
        found.scores.push(ExamScore { student: key, exam: place, score: score.value(row) });
        if place + 1 == request.exams.len() {
            let school = school.value(row);
            let class = if class.is_null(row) { "" } else { class.value(row) };
            let unit = if request.level == Level::Class { format!("{school}/{class}") } else { school.to_owned() };
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
    schools: BTreeSet<String>,
    grades: BTreeSet<String>,
}

impl Pupils {
    fn number(&mut self, student: &str) -> u64 {
        if self.last.as_deref() != Some(student) {
            self.last = Some(student.to_owned());
            self.count += 1;
        }
        self.count
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
