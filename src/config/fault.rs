//! A fault and how it is shown: file, line and column, the key, the line itself, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::excerpt::Excerpt;

/// Where something stands in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The key path, such as `sites[0].cookies[2].purpose`; empty for the file as a whole.
    pub path: Arc<str>,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// In characters; what the carets underline.
    pub width: usize,
}

/// One fault or warning. Its `Display` is a block of lines that ends with a line break.
#[derive(Clone, Debug)]
pub struct Fault {
    file: Arc<Path>,
    place: Option<Place>,
    excerpt: Option<Excerpt>,
    warning: bool,
    message: String,
    hint: String,
}

impl Fault {
    /// A fault of the file as a whole: it could not be read.
    pub(super) fn of_file(file: &Path, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            place: None,
            excerpt: None,
            warning: false,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// The key path, empty for a fault of the file as a whole.
    pub fn path(&self) -> &str {
        self.place.as_ref().map_or("", |place| &place.path)
    }

    /// One line without the source and the hint: for logs.
    pub fn summary(&self) -> String {
        let at = self.place.as_ref().map(|place| format!(":{}:{}", place.line, place.column)).unwrap_or_default();
        let path = if self.path().is_empty() { String::new() } else { format!(": {}", self.path()) };
        let warning = if self.warning { ": warning" } else { "" };
        format!("{}{at}{path}{warning}: {}", self.file.display(), self.message)
    }

    fn order(&self) -> (usize, usize) {
        self.place.as_ref().map_or((0, 0), |place| (place.line, place.column))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        if let (Some(place), Some(excerpt)) = (&self.place, &self.excerpt) {
            writeln!(f, "{:>5} | {}", place.line, excerpt.text)?;
            writeln!(f, "      | {}{}", " ".repeat(excerpt.start), "^".repeat(excerpt.width))?;
        }
        writeln!(f, "  hint: {}", self.hint)
    }
}

/// A file with more faults than this is another kind of file.
const MOST: usize = 100;

/// The faults of one file, in the file's order; never empty.
#[derive(Clone, Debug)]
pub struct Faults {
    /// At most a hundred.
    pub faults: Vec<Fault>,
    /// How many more there are.
    pub more: usize,
    /// The other files that were read, or could not be: a change in one of them may mend it.
    pub files: Vec<PathBuf>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.faults.iter().try_for_each(|fault| write!(f, "{fault}"))?;
        if self.more > 0 {
            writeln!(f, "and {} more faults", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self { faults: vec![fault], more: 0, files: Vec::new() }
    }
}

/// Collects faults and warnings while a file is read.
pub(super) struct Report<'s> {
    file: Arc<Path>,
    lines: Vec<&'s str>,
    faults: Vec<Fault>,
    /// Faults beyond [`MOST`]: counted, not kept.
    more: usize,
    warnings: Vec<Fault>,
    files: Vec<PathBuf>,
}

impl<'s> Report<'s> {
    pub(super) fn new(file: &Path, text: &'s str) -> Self {
        let (faults, warnings, files) = (Vec::new(), Vec::new(), Vec::new());
        Self { file: file.into(), lines: text.lines().collect(), faults, more: 0, warnings, files }
    }

    /// Another file is read: a change in it is a change of the configuration.
    pub(super) fn watch(&mut self, file: &Path) {
        self.files.push(file.to_owned());
    }

    pub(super) fn fault(&mut self, place: &Place, message: impl Into<String>, hint: impl Into<String>) {
        if self.faults.len() == MOST {
            self.more += 1;
            return;
        }
        let fault = self.entry(place, message.into(), hint.into());
        self.faults.push(fault);
    }

    pub(super) fn warn(&mut self, place: &Place, message: impl Into<String>, hint: impl Into<String>) {
        let fault = Fault { warning: true, ..self.entry(place, message.into(), hint.into()) };
        self.warnings.push(fault);
    }

    fn entry(&self, place: &Place, message: String, hint: String) -> Fault {
        let line = self.lines.get(place.line.saturating_sub(1));
        let excerpt = line.map(|line| Excerpt::new(line, place.column, place.width));
        Fault { file: Arc::clone(&self.file), place: Some(place.clone()), excerpt, warning: false, message, hint }
    }

    /// What was found in another file counts as found here; it keeps that file's name and lines.
    pub(super) fn adopt(&mut self, other: Report<'_>) {
        let room = MOST - self.faults.len();
        self.more += other.more + other.faults.len().saturating_sub(room);
        self.faults.extend(other.faults.into_iter().take(room));
    }

    /// Is there a fault at something inside of this place already?
    pub(super) fn has_fault_in(&self, place: &Place) -> bool {
        let inside = |fault: &Fault| fault.path().strip_prefix(&*place.path).is_some_and(|rest| rest.starts_with('.'));
        self.faults.iter().any(inside)
    }

    /// Faults so far.
    pub(super) fn len(&self) -> usize {
        self.faults.len()
    }

    /// The warnings and the other files read, or every fault in the file's order.
    pub(super) fn close(mut self) -> Result<(Vec<Fault>, Vec<PathBuf>), Faults> {
        if self.faults.is_empty() {
            return Ok((self.warnings, self.files));
        }
        // Those of another file come behind those of this one.
        self.faults
            .sort_by(|a, b| (a.file != self.file, &a.file, a.order()).cmp(&(b.file != self.file, &b.file, b.order())));
        Err(Faults { faults: self.faults, more: self.more, files: self.files })
    }
}
