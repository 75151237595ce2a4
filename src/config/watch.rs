//! Sees that the configuration has changed, in the YAML or in a file it names, without opening them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Remembers what files looked like. Links are followed, so the swap of a Kubernetes config map's `..data` folder is seen like an
/// edit in place or a rename. While there is no file nothing has changed: a rename leaves that gap.
#[derive(Debug)]
pub struct Watch {
    /// The YAML first.
    seen: Vec<(PathBuf, Option<Stamp>)>,
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
    /// Watches from the files' present state on: the YAML, and those it names.
    pub fn new(file: &Path, named: &[PathBuf]) -> Self {
        let mut watch = Self { seen: vec![(file.to_owned(), stamp(file))] };
        watch.follow(named);
        watch
    }

    /// The YAML names these files now. Those it named before are remembered as they were seen last.
    pub fn follow(&mut self, named: &[PathBuf]) {
        let mut before = self.seen.split_off(1);
        for file in named {
            let known = before.iter().position(|(known, _)| known == file).map(|at| before.swap_remove(at));
            self.seen.push(known.unwrap_or_else(|| (file.clone(), stamp(file))));
        }
    }

    /// Has one of the files changed since the last call (or since it is watched)?
    pub fn changed(&mut self) -> bool {
        let mut changed = false;
        for (file, seen) in &mut self.seen {
            let now = stamp(file);
            if now.is_some() && now != *seen {
                *seen = now;
                changed = true;
            }
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
        let watch = Watch::new(&file, &[]);
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
    fn a_file_the_yaml_names_is_watched_too_and_one_that_is_not_there_yet() {
        let (folder, _, mut watch) = watched();
        let (list, later) = (folder.path().join("list.txt"), folder.path().join("later.txt"));
        fs::write(&list, "||a.example^").expect("written");
        watch.follow(&[list.clone(), later.clone()]);
        assert!(!watch.changed());
        fs::write(&list, "||other.example^").expect("written");
        watch.follow(&[list, later.clone()]);
        assert!(watch.changed(), "following the same file again forgets no change");
        fs::write(&later, "||a.example^").expect("written");
        assert!(watch.changed());
        watch.follow(&[]);
        fs::write(&later, "||gone.example^").expect("written");
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
        let mut watch = Watch::new(&folder.path().join("gate.yaml"), &[]);
        symlink("v2", folder.path().join("..new")).expect("linked");
        fs::rename(folder.path().join("..new"), data).expect("swapped");
        assert!(watch.changed());
    }
}
