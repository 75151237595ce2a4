//! `schema`: the JSON Schema of the YAML, for editors; or the sentences of the notice, for translators.

use std::io::{self, Write as _};

use crate::config;

/// Prints the schema, or the sentences.
pub fn schema(strings: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if strings { write!(out, "{}", config::strings_template()) } else { writeln!(out, "{:#}", config::schema()) }
}
