//! A local object store that returns from a write only when the bytes are on disk.
//!
//! Invariants:
//! - content is flushed before it gets its final name, so no crash shows a torn file under that name;
//! - the folder, and every folder made on the way, is flushed before the write returns;
//! - `PutMode::Create` lets exactly one of several writers win (a hard link never replaces).

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

const STORE: &str = "DurableStore";
/// Digits behind the process in a staged file's name.
pub(crate) const STAGED_DIGITS: usize = 12;
static STAGED: AtomicU64 = AtomicU64::new(0);

/// [`LocalFileSystem`] over the whole file system, with flushed writes.
#[derive(Debug, Default)]
pub(crate) struct DurableStore {
    inner: LocalFileSystem,
}

impl fmt::Display for DurableStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STORE)
    }
}

impl DurableStore {
    async fn flush(&self, location: &Path) -> Result<()> {
        let path = self.inner.path_to_filesystem(location)?;
        blocking(move || flush_file_and_folder(&path)).await
    }
}

#[async_trait]
impl ObjectStore for DurableStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        if matches!(opts.mode, PutMode::Update(_)) {
            return Err(Error::NotImplemented { operation: "put_opts with PutMode::Update".into(), implementer: STORE.into() });
        }
        let path = self.inner.path_to_filesystem(location)?;
        let create = matches!(opts.mode, PutMode::Create);
        blocking(move || write_durably(&path, &payload, create)).await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let path = self.inner.path_to_filesystem(location)?;
        if let Some(parent) = path.parent().map(FsPath::to_path_buf) {
            blocking(move || make_folders(&parent)).await?;
        }
        let inner = self.inner.put_multipart_opts(location, opts).await?;
        Ok(Box::new(DurableUpload { inner, path: self.inner.path_to_filesystem(location)? }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.flush(from).await?;
        self.inner.copy_opts(from, to, options).await?;
        self.flush(to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.flush(from).await?;
        self.inner.rename_opts(from, to, options).await?;
        self.flush(to).await
    }
}

/// A multipart upload whose completion flushes the finished file and its folder.
#[derive(Debug)]
struct DurableUpload {
    inner: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.inner.complete().await?;
        let path = self.path.clone();
        blocking(move || flush_file_and_folder(&path)).await?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|source| Error::JoinError { source })?.map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => Error::AlreadyExists { path: source.to_string(), source: Box::new(source) },
        ErrorKind::NotFound => Error::NotFound { path: source.to_string(), source: Box::new(source) },
        _ => Error::Generic { store: STORE, source: Box::new(source) },
    })
}

/// Writes beside the target, flushes, then names it: by hard link (`create`) or by rename.
fn write_durably(path: &FsPath, payload: &PutPayload, create: bool) -> io::Result<()> {
    let parent = path.parent().unwrap_or(FsPath::new("/"));
    let (mut file, staged) = match stage(path) {
        Err(e) if e.kind() == ErrorKind::NotFound => {
            make_folders(parent)?;
            stage(path)?
        }
        other => other?,
    };
    let named = payload
        .iter()
        .try_for_each(|part| file.write_all(part))
        .and_then(|()| file.sync_all())
        .and_then(|()| if create { std::fs::hard_link(&staged, path) } else { std::fs::rename(&staged, path) });
    if create || named.is_err() {
        // The data has its final name or the write failed: a staged leftover is only litter.
        let _ = std::fs::remove_file(&staged);
    }
    named?;
    flush_folder(parent)
}

/// A new file beside `path` whose `#<digits>` suffix keeps it out of every listing.
fn stage(path: &FsPath) -> io::Result<(File, PathBuf)> {
    loop {
        let number = STAGED.fetch_add(1, Ordering::Relaxed);
        let mut name = path.as_os_str().to_owned();
        name.push(format!("#{}{number:0STAGED_DIGITS$}", std::process::id()));
        let staged = PathBuf::from(name);
        match OpenOptions::new().write(true).create_new(true).open(&staged) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => continue,
            Err(e) => return Err(e),
            Ok(file) => return Ok((file, staged)),
        }
    }
}

/// Makes a folder with its parents and flushes the parent of every folder made.
pub(crate) fn make_folders(folder: &FsPath) -> io::Result<()> {
    let missing: Vec<&FsPath> = folder.ancestors().take_while(|a| !a.exists()).collect();
    std::fs::create_dir_all(folder)?;
    missing.iter().filter_map(|a| a.parent()).try_for_each(flush_folder)
}

fn flush_file_and_folder(path: &FsPath) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    path.parent().map_or(Ok(()), flush_folder)
}

fn flush_folder(folder: &FsPath) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { FsPath::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;

    use super::*;

    fn at(folder: &tempfile::TempDir, name: &str) -> Path {
        Path::from_absolute_path(folder.path()).unwrap().join(name)
    }

    #[tokio::test]
    async fn only_one_creator_wins() {
        let folder = tempfile::tempdir().unwrap();
        let store = DurableStore::default();
        let path = Path::from_absolute_path(folder.path()).unwrap().join("a").join("b");
        let put = |text: &'static str| {
            let opts = PutOptions { mode: PutMode::Create, ..Default::default() };
            store.put_opts(&path, PutPayload::from_static(text.as_bytes()), opts)
        };
        put("first").await.unwrap();
        assert!(matches!(put("second").await, Err(Error::AlreadyExists { .. })));
        assert_eq!(store.get(&path).await.unwrap().bytes().await.unwrap(), "first");
        assert_eq!(std::fs::read_dir(folder.path().join("a")).unwrap().count(), 1, "no staged file stays");
    }

    #[tokio::test]
    async fn overwrite_copy_rename_and_parts_keep_the_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let store = DurableStore::default();
        store.put(&at(&folder, "one"), "1".into()).await.unwrap();
        store.put(&at(&folder, "one"), "2".into()).await.unwrap();
        store.copy(&at(&folder, "one"), &at(&folder, "two")).await.unwrap();
        assert!(store.rename_if_not_exists(&at(&folder, "one"), &at(&folder, "two")).await.is_err());
        let mut upload = store.put_multipart(&at(&folder, "three")).await.unwrap();
        upload.put_part("34".into()).await.unwrap();
        upload.complete().await.unwrap();
        for (name, text) in [("one", "2"), ("two", "2"), ("three", "34")] {
            assert_eq!(store.get(&at(&folder, name)).await.unwrap().bytes().await.unwrap(), text);
        }
    }
}
