//! Sees that a file has changed, without opening it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Remembers what a file looked like. Links are followed, so the swap of a Kubernetes config map's `..data` folder is seen like an
/// edit in place or a rename. While there is no file nothing has changed: a rename leaves that gap.
#[derive(Debug)]
pub struct Watch {
    file: PathBuf,
    seen: Option<Stamp>,
}

/// Times in nanoseconds. The status-change time catches a write that keeps the size within one tick of a coarse clock,
/// and one that sets the modification time back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    status_changed: (i64, i64),
}

impl Watch {
    /// Watches from the file's present state on.
    pub fn new(file: &Path) -> Self {
        Self { file: file.to_owned(), seen: stamp(file) }
    }

    /// Has the file changed since the last call (or since `new`)?
    pub fn changed(&mut self) -> bool {
        let now = stamp(&self.file);
        let changed = now.is_some() && now != self.seen;
        if changed {
            self.seen = now;
        }
        changed
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(file).ok()?;
    Some(Stamp {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        status_changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn watched() -> (tempfile::TempDir, PathBuf, Watch) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("consentgate.yaml");
        fs::write(&file, "one").expect("written");
        let watch = Watch::new(&file);
        (folder, file, watch)
    }

    #[test]
    fn an_edit_in_place_is_seen_once() {
        let (_folder, file, mut watch) = watched();
        assert!(!watch.changed());
        fs::write(&file, "three").expect("written");
        assert!(watch.changed());
        assert!(!watch.changed());
    }

    #[test]
    fn a_rename_over_the_file_is_seen_and_a_gap_is_no_change() {
        let (folder, file, mut watch) = watched();
        let new = folder.path().join("new");
        fs::write(&new, "two").expect("written");
        fs::remove_file(&file).expect("removed");
        assert!(!watch.changed());
        fs::rename(&new, &file).expect("renamed");
        assert!(watch.changed());
    }

    #[test]
    fn the_swap_of_a_linked_folder_is_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        for version in ["v1", "v2"] {
            fs::create_dir(folder.path().join(version)).expect("a folder");
            fs::write(folder.path().join(version).join("gate.yaml"), "same size").expect("written");
        }
        let data = folder.path().join("..data");
        symlink("v1", &data).expect("linked");
        symlink("..data/gate.yaml", folder.path().join("gate.yaml")).expect("linked");
        let mut watch = Watch::new(&folder.path().join("gate.yaml"));
        symlink("v2", folder.path().join("..new")).expect("linked");
        fs::rename(folder.path().join("..new"), data).expect("swapped");
        assert!(watch.changed());
    }
}
