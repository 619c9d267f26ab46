//! Looking for a text in every file of a lake: the proof that it is gone.
//!
//! Promises: every file below the lake's folder is looked into, half-written and forgotten ones too; Parquet files are decoded
//! (what is compressed cannot be searched), everything else is searched byte by byte. A file that cannot be decoded is
//! searched as it is and named as not looked into. Works on a local lake only.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayData};
use memchr::memmem::Finder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::lake::Lake;

const MAGIC: &[u8; 4] = b"PAR1";

/// What came of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Search {
    /// Files that were looked into.
    pub files: usize,
    /// Files that hold one of the texts, below the lake's folder.
    pub found: Vec<String>,
    /// Files that could not be decoded.
    pub unreadable: Vec<String>,
}

impl Lake {
    /// Looks for any of `texts` in every file; `None` when the lake is not a local folder.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn search(&self, texts: &[String]) -> Result<Option<Search>> {
        let Some(folder) = self.folder().map(Path::to_owned) else { return Ok(None) };
        let texts: Vec<String> = texts.to_vec();
        let searching = tokio::task::spawn_blocking(move || {
            let finders: Vec<Finder<'_>> = texts.iter().map(|text| Finder::new(text.as_bytes())).collect();
            let mut search = Search::default();
            for file in files(&folder)? {
                look(&folder, &file, &finders, &mut search)?;
            }
            Ok(search)
        });
        let done: std::io::Result<Search> =
            searching.await.map_err(|_| Error::Cancelled { table: "of the lake".into(), doing: "searching" })?;
        let failed = |source| object_store::Error::Generic { store: "disk", source: Box::new(source) };
        done.map(Some).map_err(|error| Error::Storage { doing: "searching the lake".into(), source: failed(error) })
    }
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() { folders.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    files.sort();
    Ok(files)
}

fn look(folder: &Path, path: &Path, finders: &[Finder<'_>], search: &mut Search) -> std::io::Result<()> {
    let mut file = match File::open(path) {
        // Others go on working; what has vanished is gone.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    search.files += 1;
    let name = || path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
    let mut head = [0; 4];
    let is_parquet = file.read_exact(&mut head).is_ok() && head == *MAGIC;
    let decoded = is_parquet.then(|| in_parquet(path, finders));
    if let Some(Err(_)) = &decoded {
        search.unreadable.push(name());
    }
    let found = match decoded {
        Some(Ok(found)) => found,
        _ => finders.iter().any(|finder| std::fs::read(path).is_ok_and(|bytes| finder.find(&bytes).is_some())),
    };
    if found {
        search.found.push(name());
    }
    Ok(())
}

fn in_parquet(path: &Path, finders: &[Finder<'_>]) -> std::result::Result<bool, parquet::errors::ParquetError> {
    for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.build()? {
        if batch?.columns().iter().any(|column| in_data(&column.to_data(), finders)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Texts lie in the buffers of their arrays, whatever they are nested in.
fn in_data(data: &ArrayData, finders: &[Finder<'_>]) -> bool {
    let inside = |bytes: &[u8]| finders.iter().any(|finder| finder.find(bytes).is_some());
    data.buffers().iter().any(|buffer| inside(buffer.as_slice())) || data.child_data().iter().any(|child| in_data(child, finders))
}
