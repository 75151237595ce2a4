//! `filter_lists`: the files read and compiled, lists with one purpose together.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::written::{FilterList, Found, Key};
use super::{Resolver, binary};
use crate::consent::{Purpose, Purposes};
use crate::policy::{Compiled, FilterLists};

/// Ten times the longest list in common use.
const LONGEST: usize = 32 * 1024 * 1024;

/// The lists of one purpose: their files, in the order of the YAML.
type Group<'w> = (Purpose, Vec<&'w Found<String>>);

/// What has been compiled for one site serves every other that names the same files.
#[derive(Default)]
pub(super) struct Known(Vec<(Vec<PathBuf>, Arc<Compiled>)>);

impl Resolver<'_, '_> {
    pub(super) fn filter_lists(&mut self, written: &[Found<FilterList>], purposes: &Purposes) -> FilterLists {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for Found(_, list) in written {
            let purpose = self.list_purpose(&list.purpose, purposes);
            let (Some(purpose), Some(file)) = (purpose, &list.file) else { continue };
            match groups.iter_mut().find(|(known, _)| *known == purpose) {
                Some((_, files)) => files.push(file),
                None => groups.push((purpose, vec![file])),
            }
        }
        let compiled = groups.into_iter().map(|(purpose, files)| (purpose, self.compiled(&files)));
        FilterLists(compiled.collect())
    }

    fn list_purpose(&mut self, written: &Key<String>, purposes: &Purposes) -> Option<Purpose> {
        let found = written.as_ref()?;
        let purpose = self.purpose(found, purposes);
        if purpose == Some(Purpose::ESSENTIAL) {
            self.fault(found, "what a list blocks is never essential", "name the purpose it waits for");
        }
        self.refuse_list_as_exempt(found, purposes);
        purpose
    }

    fn compiled(&mut self, files: &[&Found<String>]) -> Arc<Compiled> {
        let paths: Vec<PathBuf> = files.iter().map(|file| self.folder.join(&file.1)).collect();
        if let Some((_, compiled)) = self.lists.0.iter().find(|(known, _)| *known == paths) {
            return Arc::clone(compiled);
        }
        let texts: Vec<String> = files.iter().map(|file| self.list(file)).collect();
        let named = files.iter().zip(&texts).map(|(file, text)| (name(&file.1), &**text));
        let compiled = Arc::new(Compiled::new(named, self.workers));
        for ((file, text), counted) in files.iter().zip(&texts).zip(compiled.counted()) {
            if counted.filters == 0 && !text.is_empty() {
                let hint = "a list is lines of adblock syntax, such as ||tracker.example^$third-party";
                self.fault(file, "no usable filter in this file", hint);
            }
        }
        self.lists.0.push((paths, Arc::clone(&compiled)));
        compiled
    }

    /// The list's text; empty after a fault has been reported.
    fn list(&mut self, file: &Found<String>) -> String {
        let path = self.folder.join(&file.1);
        self.report.watch(&path);
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let hint =
                    "the path is relative to the folder of the YAML file; the gate's user must be able to read it";
                self.fault(file, format!("cannot be read: {error}"), hint);
                return String::new();
            }
        };
        let problem = match () {
            () if bytes.len() > LONGEST => Some(format!("is longer than {}", binary(LONGEST as u64))),
            () if bytes.trim_ascii().is_empty() => Some("is empty".to_owned()),
            () if bytes.trim_ascii_start().starts_with(b"<") => Some("is a web page, not a list".to_owned()),
            () => None,
        };
        if let Some(problem) = problem {
            self.fault(file, problem, "fetch the list again");
            return String::new();
        }
        String::from_utf8(bytes).unwrap_or_else(|fault| {
            let line = 1 + memchr::memchr_iter(b'\n', &fault.as_bytes()[..fault.utf8_error().valid_up_to()]).count();
            self.fault(file, format!("is not UTF-8 (line {line} of the list)"), "save the list as UTF-8");
            String::new()
        })
    }
}

/// One byte more than allowed is enough to see that there is more: the file may be a device without an end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What verdicts quote: the file's name without its folder.
fn name(file: &str) -> String {
    Path::new(file).file_name().map_or_else(|| file.to_owned(), |name| name.to_string_lossy().into_owned())
}
