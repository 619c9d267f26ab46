//! Which files are meant, and how each is read.
//!
//! Promise: a name that means no file is an error before anything is taken in; what a folder holds and is left out is named.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Arguments;
use crate::failure::Failure;
use crate::output;
use crate::wiring::House;

/// One file and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub path: PathBuf,
    /// None for an archive that is read by the names of the folders in it.
    pub mapping: Option<String>,
    pub source: String,
    pub encoding: Option<String>,
}

impl Job {
    /// Its length is not known.
    pub fn is_stream(&self) -> bool {
        self.path == Path::new("-")
    }
}

pub fn of(arguments: &Arguments, house: &House) -> anyhow::Result<Vec<Job>> {
    let named = arguments.vendor.as_deref().or(arguments.kind.as_deref());
    if let Some(kind) = &arguments.kind {
        house.standard.kind(kind)?;
    }
    let mut jobs = Vec::new();
    for path in &arguments.files {
        if path.is_dir() && named.is_none() {
            jobs.extend(folder(path, house)?);
            continue;
        }
        let files = if path.is_dir() { files(path)? } else { matching(path)? };
        for file in files {
            jobs.push(job(&file, named, house)?);
        }
    }
    for job in &mut jobs {
        job.encoding.clone_from(&arguments.encoding);
        job.source = arguments.source.clone().unwrap_or(std::mem::take(&mut job.source));
    }
    Ok(jobs)
}

/// The files that a pattern means, in order of their names; the path itself when it is none.
fn matching(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let pattern = path.to_string_lossy();
    if path.exists() || !pattern.contains(['*', '?', '[']) {
        return Ok(vec![path.to_owned()]);
    }
    let refused = |reason: String| Failure::new("no_match", reason);
    let found = glob::glob(&pattern).map_err(|error| refused(format!("{pattern} is no pattern: {error}")))?;
    let found = found.collect::<Result<Vec<_>, _>>().with_context(|| format!("{pattern} cannot be searched"))?;
    let files: Vec<PathBuf> = found.into_iter().filter(|path| path.is_file() && !is_hidden(path)).collect();
    if files.is_empty() {
        return Err(refused(format!("no file matches {pattern}; ** stands for any folders · 没有匹配的文件")).into());
    }
    Ok(files)
}

/// One file; without a name for its mapping, its folder's name is tried, and an archive may have folders of its own.
fn job(path: &Path, mapping: Option<&str>, house: &House) -> anyhow::Result<Job> {
    let known = |name: &String| house.standard.mapping(name).is_ok();
    let parent = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let mapping = mapping.map(str::to_owned).or_else(|| parent.filter(known));
    let archive = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    match &mapping {
        Some(mapping) => drop(house.standard.mapping(mapping)?),
        None if archive => {}
        None => {
            let message =
                format!("how to read {} is not told; add --vendor NAME or --kind NAME (xueqing schema list)", path.display());
            return Err(Failure::new("mapping_missing", message).into());
        }
    }
    let source = path.file_name().map_or_else(|| "-".into(), |name| name.to_string_lossy().into_owned());
    Ok(Job { path: path.to_owned(), mapping, source, encoding: None })
}

/// The files of a generated folder: those in subfolders that are named after a mapping. The rest is named and left.
pub fn folder(path: &Path, house: &House) -> anyhow::Result<Vec<Job>> {
    let mut jobs = Vec::new();
    for inner in entries(path)? {
        let name = inner.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if inner.is_dir() && house.standard.mapping(&name).is_ok() {
            for file in files(&inner)? {
                let source = format!("{name}/{}", file.file_name().unwrap_or_default().to_string_lossy());
                jobs.push(Job { path: file, mapping: Some(name.clone()), source, encoding: None });
            }
        } else if inner.extension().is_none_or(|extension| extension != "md") {
            output::note(&format!("left out, as no mapping has this name · 未找到同名映射，已跳过: {}", inner.display()));
        }
    }
    if jobs.is_empty() {
        let message = format!("{} has no folder that is named after a mapping; add --vendor NAME or --kind NAME", path.display());
        return Err(Failure::new("mapping_missing", message).into());
    }
    Ok(jobs)
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_file()).collect())
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("the folder {} cannot be read", folder.display());
    let entries = std::fs::read_dir(folder).with_context(unreadable)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>().with_context(unreadable)?;
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    Ok(paths)
}

/// Also what spreadsheet programs put beside an open file.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| [".", "~$"].iter().any(|mark| name.to_string_lossy().starts_with(mark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_files_and_not_what_lies_beside_them() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("a/b.xlsx")).expect("made");
        for name in ["a/2.xlsx", "a/1.xlsx", "a/~$1.xlsx", "a/3.csv", "[x].csv"] {
            std::fs::write(folder.path().join(name), "").expect("written");
        }
        let names = |pattern: &str| {
            let found = matching(&folder.path().join(pattern)).map_err(|error| error.to_string())?;
            Ok::<_, String>(
                found.iter().map(|path| path.strip_prefix(folder.path()).expect("below").display().to_string()).collect(),
            )
        };
        assert_eq!(names("**/*.xlsx"), Ok(vec!["a/1.xlsx".to_owned(), "a/2.xlsx".to_owned()]));
        assert_eq!(names("[x].csv"), Ok(vec!["[x].csv".to_owned()]), "a file of that very name");
        assert_eq!(names("none.csv"), Ok(vec!["none.csv".to_owned()]), "opening it tells that it is not there");
        assert!(names("*.ods").expect_err("nothing").contains("no file matches"));
        assert!(names("***").is_err());
    }
}
