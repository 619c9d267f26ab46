//! What came of the files, for people and for machines.
//!
//! Invariant: every file and every part of one is in exactly one list: taken, left out, or failed.

use serde::Serialize;
use xueqing_pipeline::{Delivery, Error, NotTaken, Taken, listed};

use super::jobs::Job;
use crate::failure::{self, Failure};
use crate::output;

/// What came of all.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub read: u64,
    pub accepted: u64,
    pub rejected: u64,
    /// Rows that an earlier call had taken.
    pub repeated: u64,
    pub version: i64,
    /// Until every row was committed and could be queried.
    pub committed_seconds: f64,
    /// Until the rollups were current, too.
    pub seconds: f64,
    pub files: Vec<File>,
    /// Sheets that do not fit beside ones that do, and parts of an archive that no mapping is named for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// Files that could not be read to their end, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Failed>,
}

/// What came of one file, entry or sheet.
#[derive(Debug, Clone, Serialize)]
pub struct File {
    pub source: String,
    pub mapping: String,
    pub read: u64,
    pub accepted: u64,
    pub rejected: u64,
    pub repeated: u64,
    /// The version of the kind's table in which it is visible.
    pub version: i64,
}

/// A part that was not meant.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    pub source: String,
    pub reason: String,
}

/// A file that was not taken in whole.
#[derive(Debug, Serialize)]
pub struct Failed {
    pub source: String,
    pub mapping: String,
    pub code: &'static str,
    pub error: String,
    #[serde(skip)]
    cause: anyhow::Error,
}

impl Report {
    /// All reports as one.
    pub fn of(reports: Vec<Self>, committed: f64, seconds: f64) -> Self {
        let rounded = |seconds: f64| (seconds * 1e3).round() / 1e3;
        let (committed_seconds, seconds) = (rounded(committed), rounded(seconds));
        let mut whole = Self { committed_seconds, seconds, ..Self::default() };
        for report in reports {
            whole.files.extend(report.files);
            whole.left_out.extend(report.left_out);
            whole.failed.extend(report.failed);
        }
        let sum = |of: fn(&File) -> u64| whole.files.iter().map(of).sum();
        (whole.read, whole.accepted) = (sum(|file| file.read), sum(|file| file.accepted));
        (whole.rejected, whole.repeated) = (sum(|file| file.rejected), sum(|file| file.repeated));
        whole.version = whole.files.iter().map(|file| file.version).max().unwrap_or(0);
        whole
    }

    /// What came of one file's parts. An archive of which no part is meant has failed.
    pub fn add(&mut self, job: &Job, delivery: Delivery) {
        let Delivery { taken, left_out, failed } = delivery;
        if taken.is_empty() && failed.is_empty() && left_out.iter().any(|part| part.error.is_none()) {
            let message = format!(
                "how to read {} is not told, and no folder in it is named after a mapping; add --vendor NAME or --kind NAME",
                job.path.display()
            );
            return self.fail(job, Failure::new("mapping_missing", message).into());
        }
        self.files.extend(taken.into_iter().map(File::from));
        self.left_out.extend(left_out.into_iter().map(LeftOut::from));
        self.failed.extend(failed.into_iter().map(|part| Failed::of(job, part)));
    }

    /// A file that could not even be opened.
    pub fn fail(&mut self, job: &Job, cause: anyhow::Error) {
        let cause = cause.context(format!("{} was not taken in whole", job.path.display()));
        self.failed.push(Failed::new(job.source.clone(), job.mapping.clone().unwrap_or_default(), cause));
    }

    /// The error, when all there is to tell is one.
    pub fn only_failure(&mut self) -> Option<anyhow::Error> {
        let alone = self.files.is_empty() && self.left_out.is_empty() && self.failed.len() == 1;
        if alone { self.failed.pop().map(|failed| failed.cause) } else { None }
    }

    /// For people.
    pub fn summary(&self) -> String {
        let Self { read, accepted, rejected, repeated, seconds, .. } = self;
        let head = ["file · 文件", "read · 读入", "accepted · 接收", "rejected · 隔离", ""].map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> = std::iter::once(head).chain(self.files.iter().map(File::row)).collect();
        let mut text = output::columns(&rows);
        text += &format!(
            "\n\n{read} rows read, {accepted} accepted, {rejected} rejected in {seconds:.1} s\n\
             读入 {read} 行，接收 {accepted} 行，隔离 {rejected} 行，用时 {seconds:.1} 秒"
        );
        if *repeated > 0 {
            text += &format!("\n{repeated} rows were already taken by an earlier call · 其中 {repeated} 行先前已导入过");
        }
        for LeftOut { source, reason } in &self.left_out {
            text += &format!("\nleft out · 已跳过: {source}: {reason}");
        }
        if *rejected > 0 {
            text += "\nwhy · 原因: xueqing quarantine list";
        }
        text
    }
}

/// An error that names every file that failed, when any did.
pub fn told(failed: &[Failed]) -> anyhow::Result<()> {
    let Some(first) = failed.first() else { return Ok(()) };
    let lines: Vec<&str> = failed.iter().map(|failed| failed.error.as_str()).collect();
    Err(Failure::new(first.code, format!("not taken in whole · 未能完整导入: {}\n  {}", failed.len(), lines.join("\n  "))).into())
}

impl From<Taken> for File {
    fn from(taken: Taken) -> Self {
        let Taken { source, mapping, receipt } = taken;
        let xueqing_pipeline::Receipt { read, accepted, rejected, repeated, version, .. } = receipt;
        Self { source, mapping, read, accepted, rejected, repeated, version }
    }
}

impl File {
    fn row(&self) -> Vec<String> {
        let note = match self.repeated {
            0 => String::new(),
            repeated if repeated >= self.read => "already taken · 已导入过".to_owned(),
            repeated => format!("{repeated} already taken · 其中 {repeated} 行已导入过"),
        };
        vec![self.source.clone(), self.read.to_string(), self.accepted.to_string(), self.rejected.to_string(), note]
    }
}

impl From<NotTaken> for LeftOut {
    fn from(part: NotTaken) -> Self {
        let reason = match part.error {
            None => "no mapping is named for it · 未指定映射".to_owned(),
            Some(Error::Columns { found, .. }) => format!("its header does not fit · 表头不符: [{}]", listed(&found)),
            Some(error) => error.to_string(),
        };
        Self { source: part.source, reason }
    }
}

impl Failed {
    fn new(source: String, mapping: String, cause: anyhow::Error) -> Self {
        let (code, error) = (failure::code(&cause), failure::describe(&cause));
        Self { source, mapping, code, error, cause }
    }

    /// The place of a part is the file's, and where in it the part lies.
    fn of(job: &Job, part: NotTaken) -> Self {
        let NotTaken { source, mapping, error } = part;
        let within = source.strip_prefix(&job.source).unwrap_or_default();
        let place = format!("{}{within} was not taken in whole", job.path.display());
        let cause = match error {
            Some(error) => {
                let message = format!("{place}: {error}{}", hint(&error));
                Failure::new(error.code(), message).into()
            }
            None => anyhow::anyhow!(place),
        };
        Self::new(source, mapping, cause)
    }
}

/// How to call again, when the header is another vendor's.
fn hint(error: &Error) -> String {
    match error {
        Error::Columns { fits, .. } if !fits.is_empty() => {
            let flags: Vec<String> = fits.iter().map(|name| format!("--vendor {name}")).collect();
            format!("\n    try · 表头属于另一映射，请试: {}", flags.join(" · "))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn job() -> Job {
        Job { path: PathBuf::from("in/x.zip"), mapping: None, source: "x.zip".to_owned(), encoding: None }
    }

    fn file(read: u64, repeated: u64) -> File {
        let (source, mapping) = ("a.csv".to_owned(), "homework".to_owned());
        File { source, mapping, read, accepted: read, rejected: 0, repeated, version: 3 }
    }

    #[test]
    fn what_an_earlier_call_took_is_said_in_plain_words() {
        let report = Report { files: vec![file(5, 5), file(7, 2), file(0, 0)], ..Report::default() };
        let text = Report::of(vec![report], 1.0, 1.0).summary();
        assert!(text.contains("already taken · 已导入过\n") && text.contains("2 already taken · 其中 2 行已导入过"), "{text}");
        assert!(text.contains("12 rows read") && text.contains("其中 7 行先前已导入过"), "{text}");
        assert!(
            !Report::of(vec![Report { files: vec![file(3, 0)], ..Report::default() }], 1.0, 1.0).summary().contains("已导入过")
        );
    }

    #[test]
    fn a_part_that_fails_is_placed_in_its_file_with_what_to_do() {
        let error = Error::Columns { missing: Vec::new(), found: Vec::new(), fits: vec!["demo_banpai".to_owned()] };
        let part = NotTaken { source: "x.zip/b.csv".to_owned(), mapping: "homework".to_owned(), error: Some(error) };
        let mut report = Report::default();
        report.add(&job(), Delivery { failed: vec![part], ..Delivery::default() });
        let told = &report.failed[0].error;
        assert!(told.starts_with("error[columns]: in/x.zip/b.csv was not") && told.ends_with("--vendor demo_banpai"), "{told}");
        assert!(report.only_failure().is_some());
    }

    #[test]
    fn an_archive_of_which_nothing_is_meant_asks_for_a_mapping() {
        let part = NotTaken { source: "x.zip/b.csv".to_owned(), mapping: String::new(), error: None };
        let mut report = Report::default();
        report.add(&job(), Delivery { left_out: vec![part], ..Delivery::default() });
        assert_eq!((report.failed[0].code, report.left_out.len()), ("mapping_missing", 0));
    }
}
