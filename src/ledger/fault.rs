//! What went wrong with the file, in words that name it and say what to do.

use std::path::Path;
use std::{fmt, io};

use rusqlite::{Error, ErrorCode};

/// Why the ledger could not be shown or exported.
#[derive(Debug)]
pub enum ReadFault {
    /// The ledger could not be read; names the file and what to do.
    Ledger(String),
    /// What was read could not be written out.
    Output(io::Error),
}

impl fmt::Display for ReadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger(reason) => f.write_str(reason),
            Self::Output(error) => write!(f, "cannot write the output: {error}"),
        }
    }
}

impl std::error::Error for ReadFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ledger(_) => None,
            Self::Output(error) => Some(error),
        }
    }
}

impl From<io::Error> for ReadFault {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Names the file, the error and the way out.
pub(super) fn explain(file: &Path, error: &Error) -> String {
    let advice = match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen) => "check that its directory is there and that this user may write in it",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "make the file and its directory writable",
        Some(ErrorCode::DiskFull) => "free space on its disk",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "end the process that holds its lock, or wait",
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "it is no ledger or it is damaged: move it away, keep it, and put a backup in its place"
        }
        _ => "check its disk",
    };
    format!("{}: {error}; {advice}", file.display())
}
