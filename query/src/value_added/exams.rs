//! The scores of a series of exams in one subject, read from the lake.
//!
//! Promise: one version of the lake; whole-subject scores only, none of the absent, exempt or cheating; pupils are numbered in the
//! order of their hashes, so that the same lake gives the same figures. What a caller names is bound, never SQL text.

use std::collections::BTreeMap;

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
    /// Of the last exam only this school's or grade's pupils.
    pub school: Option<String>,
    pub grade: Option<String>,
    /// What the figures are about: the class or the school at the last exam.
    pub level: Level,
}

impl ExamScores {
    /// Reads what `request` asks for.
    pub async fn read(engine: &Engine, request: &ExamRequest, scope: &Scope) -> Result<Self, Error> {
        let (sql, values) = statement(request);
        let batches = engine.records(sql, values, scope).await?;
        let mut found = Self { exams: request.exams.clone(), level: Some(request.level), ..Self::default() };
        let mut pupils = Pupils::default();
        for batch in &batches {
            found.add(batch, request, &mut pupils);
        }
        found.schools = pupils.schools.len();
        Ok(found)
    }

    fn add(&mut self, batch: &RecordBatch, request: &ExamRequest, pupils: &mut Pupils) {
        let text = |column: usize| batch.column(column).as_string::<i32>();
        let (student, exam, school, class) = (text(0), text(1), text(2), text(3));
        let score = batch.column(4).as_primitive::<Float64Type>();
        for row in (0..batch.num_rows()).filter(|&row| !score.is_null(row)) {
            let Some(place) = request.exams.iter().position(|code| code == exam.value(row)) else { continue };
            let key = pupils.number(student.value(row));
            self.scores.push(ExamScore { student: key, exam: place, score: score.value(row) });
            if place + 1 == request.exams.len() {
                let school = school.value(row);
                let class = if class.is_null(row) { "" } else { class.value(row) };
                let unit = if request.level == Level::Class { format!("{school}/{class}") } else { school.to_owned() };
                self.units.entry(unit).or_default().push(key);
                pupils.schools.insert(school.to_owned(), ());
            }
        }
    }
}

/// Pupils numbered as they come, which is in the order of their hashes.
#[derive(Default)]
struct Pupils {
    last: Option<String>,
    count: u64,
    schools: BTreeMap<String, ()>,
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
    let names: Vec<String> = (0..request.exams.len()).map(|place| format!("exam{place}")).collect();
    let placeholders: Vec<String> = names.iter().map(|name| format!("${name}")).collect();
    let sql = format!(
        "SELECT student, exam, school, class, CAST(score AS DOUBLE) AS score FROM assessment \
         WHERE COALESCE(item, '') = '' AND status = 'scored' AND subject = $subject AND exam IN ({}) \
         AND (exam <> $last OR (($school IS NULL OR school = $school) AND ($grade IS NULL OR grade = $grade))) \
         ORDER BY student, exam",
        placeholders.join(", ")
    );
    let text = |value: Option<&String>| ScalarValue::Utf8(value.cloned());
    let mut values: Vec<(String, ScalarValue)> =
        names.into_iter().zip(request.exams.iter().map(|exam| text(Some(exam)))).collect();
    values.push(("subject".to_owned(), text(Some(&request.subject))));
    values.push(("last".to_owned(), text(request.exams.last())));
    values.push(("school".to_owned(), text(request.school.as_ref())));
    values.push(("grade".to_owned(), text(request.grade.as_ref())));
    (sql, values)
}
