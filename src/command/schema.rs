//! `schema`: the JSON Schema of the YAML, for editors.

use std::io::{self, Write as _};

use crate::config;

/// Prints the schema.
pub fn schema() -> io::Result<()> {
    writeln!(io::stdout().lock(), "{:#}", config::schema())
}
