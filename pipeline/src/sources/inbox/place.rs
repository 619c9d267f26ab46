//! The folders of the drop folder: made, explained, and ours alone.
//!
//! Invariant: while a [`Place`] exists, no other process of this machine watches the same folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use xueqing_schema::Standard;

use super::report::Language;
use super::shelf;

const LOCK: &str = ".xueqing.lock";
const README: &str = "README.txt";

/// Proof that the folders are there and that nobody else takes files from them.
#[derive(Debug)]
pub(super) struct Place {
    _lock: File,
}

impl Place {
    pub(super) fn open(folder: &Path, standard: &Standard, language: Language) -> std::io::Result<Self> {
        for part in ["inbox", "done", "failed"] {
            std::fs::create_dir_all(folder.join(part))?;
        }
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(std::io::Error::other("another process watches it: stop that one first"));
            }
            // Some network shares know no locks.
            Err(TryLockError::Error(error)) => {
                tracing::warn!(folder = %folder.display(), %error, "the folder cannot be locked: let only one server watch it");
            }
        }
        explain(folder, standard, language)?;
        Ok(Self { _lock: lock })
    }
}

fn explain(folder: &Path, standard: &Standard, language: Language) -> std::io::Result<()> {
    let text = readme(standard, language);
    let readme = folder.join(README);
    if std::fs::read_to_string(&readme).is_ok_and(|there| there == text) { Ok(()) } else { shelf::write(&readme, &text) }
}

fn readme(standard: &Standard, language: Language) -> String {
    let mappings = standard.mappings().map(|mapping| (&mapping.name, &mapping.title));
    let names = mappings.chain(standard.kinds().map(|kind| (&kind.name, &kind.title)));
    let names: String = names.map(|(name, title)| format!("  inbox/{name}/    {}\n", language.of(title))).collect();
    match language {
        Language::Zh => format!(
            "\u{feff}学情 · 投递文件夹\n\n\
             把文件放进 inbox/<厂商或数据类别>/，没有这个文件夹就新建一个。文件几秒内不再变化就会被导入，然后移到 done/（已收下）\n\
             或 failed/（没有收下），旁边的 .report.txt 用一句话说明结果和怎么办。同一个文件放两次也不会重复计数。\n\n\
             可用的文件夹名称：\n{names}"
        ),
        Language::En => format!(
            "\u{feff}xueqing · the drop folder\n\n\
             Put files into inbox/<vendor or kind of data>/; make that folder if it is not there. A file that has not changed for a few\n\
             seconds is taken in and moved to done/ or failed/, beside a .report.txt that says what became of it and what to do. Putting\n\
             a file in twice counts nothing twice.\n\n\
             The names of the folders:\n{names}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_watches_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let standard = Standard::builtin().unwrap();
        let first = Place::open(folder.path(), &standard, Language::Zh).unwrap();
        let second = Place::open(folder.path(), &standard, Language::Zh).unwrap_err();
        assert!(second.to_string().contains("another process"), "{second}");
        drop(first);
        Place::open(folder.path(), &standard, Language::En).unwrap();
        assert!(std::fs::read_to_string(folder.path().join(README)).unwrap().contains("inbox/demo_banpai/"));
    }
}
