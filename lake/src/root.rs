//! Where a lake lies: its URL, the object store below it, and how scans name its files.
//!
//! Invariant: a local lake is scanned through `file://`, which every DataFusion runtime knows, so that plans over it
//! run anywhere on the machine without set-up.

use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreUrl;
use deltalake::logstore::{LogStoreRef, StorageConfig, logstore_for, logstore_with};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

use crate::error::{Error, Result};
use crate::store::{DurableStore, make_folders};

/// The folder inside a table that holds its log.
const LOG_FOLDER: &str = "_delta_log";

/// A lake's place.
#[derive(Debug)]
pub(crate) struct Root {
    /// Ends with `/`.
    pub url: Url,
    /// Set when the lake is a local folder.
    pub folder: Option<PathBuf>,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

/// A table's place as a scan needs it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub store_url: ObjectStoreUrl,
    pub prefix: Path,
    /// To be registered with the runtime before a scan; `None` for local lakes.
    pub store: Option<Arc<dyn ObjectStore>>,
}

impl Root {
    pub(crate) fn open(location: &str) -> Result<Root> {
        let refuse = |reason: String| Error::Location { location: location.to_owned(), reason };
        match Url::parse(location) {
            Ok(url) if url.scheme() == "file" => {
                let folder = url.to_file_path().map_err(|()| refuse("it is not a folder path".into()))?;
                Root::local(&folder).map_err(refuse)
            }
            Ok(url) if location.contains("://") => Root::remote(url).map_err(refuse),
            _ if location.trim().is_empty() => Err(refuse("it is empty".into())),
            _ => Root::local(FsPath::new(location)).map_err(refuse),
        }
    }

    fn local(folder: &FsPath) -> Result<Root, String> {
        let folder = std::path::absolute(folder).map_err(|e| e.to_string())?;
        make_folders(&folder).map_err(|e| e.to_string())?;
        let folder = folder.canonicalize().map_err(|e| e.to_string())?;
        let url = Url::from_directory_path(&folder).map_err(|()| "it is not a folder path".to_owned())?;
        let prefix = Path::from_absolute_path(&folder).map_err(|e| e.to_string())?;
        Ok(Root { url, folder: Some(folder), store: Arc::new(DurableStore::default()), prefix })
    }

    fn remote(mut url: Url) -> Result<Root, String> {
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let log = logstore_for(&url, StorageConfig::default()).map_err(|e| e.to_string())?;
        let prefix = Path::from_url_path(url.path()).map_err(|e| e.to_string())?;
        Ok(Root { url, folder: None, store: log.root_object_store(None), prefix })
    }

    pub(crate) fn log_store(&self, table: &str) -> Result<LogStoreRef> {
        let refuse = |reason: String| Error::Location { location: self.url.to_string(), reason };
        let url = self.url.join(&format!("{table}/")).map_err(|e| refuse(e.to_string()))?;
        logstore_with(Arc::clone(&self.store), &url, StorageConfig::default()).map_err(|e| refuse(e.to_string()))
    }

    pub(crate) fn place(&self, table: &str) -> Result<Place> {
        let refuse = |reason: String| Error::Location { location: self.url.to_string(), reason };
        let prefix = table.split('/').fold(self.prefix.clone(), |path, part| path.join(part));
        if self.folder.is_some() {
            return Ok(Place { store_url: ObjectStoreUrl::local_filesystem(), prefix, store: None });
        }
        let base = &self.url[..url::Position::BeforePath];
        let store_url = ObjectStoreUrl::parse(base).map_err(|e| refuse(e.to_string()))?;
        Ok(Place { store_url, prefix, store: Some(Arc::clone(&self.store)) })
    }

    /// The store and the path of a file beside the tables.
    pub(crate) fn file(&self, name: &str) -> (Arc<dyn ObjectStore>, Path) {
        (Arc::clone(&self.store), self.prefix.clone().join(name))
    }

    /// The names of all tables, in order.
    pub(crate) async fn tables(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        let mut folders = vec![self.prefix.clone()];
        while !folders.is_empty() {
            let listed: Vec<(Path, Vec<Path>)> =
                stream::iter(folders).map(|f| self.folders_in(f)).buffered(8).try_collect().await?;
            folders = Vec::new();
            for (folder, inside) in listed {
                if inside.iter().any(|f| f.filename() == Some(LOG_FOLDER)) {
                    names.extend(self.name_of(&folder));
                } else {
                    folders.extend(inside);
                }
            }
        }
        names.sort();
        Ok(names)
    }

    async fn folders_in(&self, folder: Path) -> Result<(Path, Vec<Path>)> {
        let doing = "listing the lake's tables".to_owned();
        let listed = self.store.list_with_delimiter(Some(&folder)).await;
        let listed = listed.map_err(|source| Error::Storage { doing, source })?;
        Ok((folder, listed.common_prefixes))
    }

    fn name_of(&self, folder: &Path) -> Option<String> {
        let parts = folder.prefix_match(&self.prefix)?;
        let parts: Vec<String> = parts.map(|p| p.as_ref().to_owned()).collect();
        (!parts.is_empty()).then(|| parts.join("/"))
    }
}
