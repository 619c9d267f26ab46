//! The key of the pseudonyms: from the environment, from a file, or made on first use.
//!
//! Promises: a key file is readable by its owner only; an existing key is never replaced; a lake that holds data but has lost its
//! key is refused, because new rows would no longer meet the old ones. The key is never printed.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rand::TryRngCore;

use crate::config::Config;
use crate::failure::Failure;

const BYTES: usize = 32;

/// The district's key.
pub struct Key {
    pub bytes: Vec<u8>,
    /// The file that was made for it just now.
    pub made: Option<PathBuf>,
}

/// Finds the key, or makes one when the lake is new.
pub fn of(config: &Config) -> anyhow::Result<Key> {
    if let Some(text) = &config.key {
        return Ok(Key { bytes: parse(text, "XUEQING_KEY")?, made: None });
    }
    let file = config.key_file.clone().unwrap_or_else(|| beside(&config.lake));
    match std::fs::read_to_string(&file) {
        Ok(text) => Ok(Key { bytes: parse(&text, &file.display().to_string())?, made: None }),
        Err(error) if error.kind() == ErrorKind::NotFound => make(&file, &config.lake),
        Err(error) => {
            Err(Failure::new("key_unreadable", format!("the key file {} cannot be read: {error}", file.display())).into())
        }
    }
}

/// `xueqing-lake` has its key in `xueqing-lake.key`; a lake elsewhere has it in the working folder.
fn beside(lake: &str) -> PathBuf {
    if lake.contains("://") {
        return PathBuf::from("xueqing-lake.key");
    }
    let mut name = Path::new(lake).components().as_path().as_os_str().to_owned();
    name.push(".key");
    PathBuf::from(name)
}

fn make(file: &Path, lake: &str) -> anyhow::Result<Key> {
    if holds_data(lake) {
        let message = format!(
            "the lake {lake} holds data but its key {} is missing; put the key file back, or name it with XUEQING_KEY_FILE",
            file.display()
        );
        return Err(Failure::new("key_missing", message).into());
    }
    let mut bytes = vec![0; BYTES];
    rand::rngs::OsRng.try_fill_bytes(&mut bytes)?;
    write(file, &hex(&bytes))?;
    Ok(Key { bytes, made: Some(file.to_owned()) })
}

fn holds_data(lake: &str) -> bool {
    ["events", "reference"].iter().any(|folder| Path::new(lake).join(folder).is_dir())
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let failed = |error: std::io::Error| {
        Failure::new("key_unwritable", format!("the key file {} cannot be made: {error}", file.display()))
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(file).map_err(failed)?;
    opened.write_all(format!("{text}\n").as_bytes()).map_err(failed)?;
    opened.sync_all().map_err(failed)?;
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(text: &str, place: &str) -> anyhow::Result<Vec<u8>> {
    let text = text.trim();
    let digits = text.is_ascii() && text.len().is_multiple_of(2) && text.len() >= 32;
    let bytes = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    match bytes.collect::<Option<Vec<u8>>>().filter(|_| digits) {
        Some(bytes) => Ok(bytes),
        None => {
            let message =
                format!("{place} is no key: expected at least 32 hexadecimal digits, such as 64 from `openssl rand -hex 32`");
            Err(Failure::new("key_invalid", message).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(lake: &Path) -> Config {
        Config { lake: lake.display().to_string(), ..Config::default() }
    }

    #[test]
    fn a_new_lake_gets_a_key_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = config(&folder.path().join("lake"));
        let key = of(&config).expect("made");
        let file = key.made.expect("a new file");
        assert_eq!(file, folder.path().join("lake.key"));
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&file).expect("there"));
            assert_eq!(mode & 0o777, 0o600);
        }
        let again = of(&config).expect("read");
        assert_eq!((again.bytes, again.made), (key.bytes, None));
    }

    #[test]
    fn a_lake_that_lost_its_key_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("lake/events/homework")).expect("made");
        let error = of(&config(&folder.path().join("lake"))).err().expect("refused").to_string();
        assert!(error.contains("put the key file back"), "{error}");
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        for text in ["", "abc", "zz", "0123456789abcdef", "学情学情学情学情学情学情学情学情学情学情学情"] {
            let error = parse(text, "XUEQING_KEY").expect_err("refused").to_string();
            assert!(error.starts_with("XUEQING_KEY is no key"), "{error}");
        }
        assert_eq!(parse(&"0a".repeat(16), "x").expect("a key"), [10; 16]);
    }
}
