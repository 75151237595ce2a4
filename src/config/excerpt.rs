//! A line of the file made safe to print: passwords and keys masked, control and direction characters replaced.
//!
//! A fault is printed to terminals and logs, where a database password must not arrive (promise 18) and an escape
//! sequence must not act. What is masked is guessed on the safe side: too much rather than too little.

use std::ops::Range;

/// The longest line printed; a longer one is cut around the fault.
const LONGEST: usize = 120;
const MASK: &str = "***";
/// A key or setting with one of these in its name holds a secret.
const SECRET_WORDS: [&str; 9] =
    ["webho", "passw", "passphrase", "pwd", "secret", "token", "credential", "api_key", "signing_key:"];

/// A line as printed, and what to underline in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) text: String,
    /// Characters before the first caret.
    pub(super) start: usize,
    /// Carets, at least one.
    pub(super) width: usize,
}

impl Excerpt {
    /// `column` from 1 and `width` count the characters of the line as written.
    pub(super) fn new(line: &str, column: usize, width: usize) -> Self {
        let (shown, columns) = mask(line);
        let at = |column: usize| columns.get(column).copied().unwrap_or(shown.len());
        let start = at(column.saturating_sub(1));
        let end = at((column + width).saturating_sub(1)).max(start + 1);
        let from = if shown.len() > LONGEST { start.saturating_sub(LONGEST / 2) } else { 0 };
        let text: String = shown.iter().skip(from).take(LONGEST).collect();
        let width = (end - start).min(LONGEST - (start - from).min(LONGEST - 1));
        Self { text: text.trim_end().to_owned(), start: start - from, width }
    }
}

/// A value in quotes for a message: masked, cut at 60 characters.
pub(super) fn quoted(value: &str) -> String {
    let (shown, _) = mask(value);
    let cut: String = shown.iter().take(60).collect();
    format!("'{cut}{}'", if shown.len() > 60 { "…" } else { "" })
}

/// The line's characters as printed, and for each character written the place where it is printed.
fn mask(line: &str) -> (Vec<char>, Vec<usize>) {
    let secrets = secrets(line);
    let (mut shown, mut columns, mut inside) = (Vec::new(), Vec::new(), false);
    for (at, character) in line.char_indices() {
        columns.push(shown.len());
        let secret = secrets.iter().any(|range| range.contains(&at));
        if secret && !inside {
            shown.extend(MASK.chars());
        }
        if !secret {
            shown.push(printable(character));
        }
        inside = secret;
    }
    (shown, columns)
}

/// Direction marks and controls can make a terminal show, or do, something else than what is written.
fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{feff}' => {
            '\u{fffd}'
        }
        other if other.is_control() => '\u{fffd}',
        other => other,
    }
}

fn secrets(line: &str) -> Vec<Range<usize>> {
    let mut found: Vec<_> = user_part(line).into_iter().collect();
    found.extend(lone_passwords(line));
    found.extend(after_secret_words(line));
    found.extend(line.find("-----BEGIN").map(|start| start..line.len()));
    found.extend(long_runs(line));
    found
}

/// Whatever stands before an `@`, back to the scheme or the word's start: `user:password`, or a part of it.
fn user_part(line: &str) -> Option<Range<usize>> {
    let end = line.rfind('@')?;
    let scheme = line[..end].find("://").map(|at| at + 3);
    let word = line[..end].rfind([' ', '"', '\'', '[', '{']).map_or(0, |at| at + 1);
    Some(scheme.unwrap_or(word)..end)
}

/// What follows `scheme://name:` and is not a port: a password whose `@` was forgotten.
fn lone_passwords(line: &str) -> Vec<Range<usize>> {
    let starts = line.match_indices("://").map(|(at, found)| at + found.len());
    starts.filter(|start| !line[*start..].contains('@')).filter_map(|start| lone_password(line, start)).collect()
}

/// `start` is behind the `://`.
fn lone_password(line: &str, start: usize) -> Option<Range<usize>> {
    let host = if line[start..].starts_with('[') { start + line[start..].find(']')? } else { start };
    let colon = host + line[host..].find([':', ' ', '/', '"', '\''])?;
    let password = line[colon..].strip_prefix(':')?.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_port = password.is_empty() || password.starts_with(['/', ' ', '"', '\'', ',', ']', '}']);
    (!is_port).then_some(colon + 1..line.len())
}

fn after_secret_words(line: &str) -> Vec<Range<usize>> {
    let lower = line.to_ascii_lowercase();
    let words = SECRET_WORDS.iter().flat_map(|word| lower.match_indices(word));
    // A key such as `token_file` has the name of a file.
    let words = words.filter(|(at, word)| !lower[at + word.len()..].starts_with("_file"));
    words.filter_map(|(at, _)| Some(at + line[at..].find([':', '='])? + 1..line.len())).collect()
}

/// Unbroken runs that look like base64 or hex of 30 bytes or more: a key pasted where a file name belongs.
pub(super) fn long_runs(line: &str) -> Vec<Range<usize>> {
    let key_like = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let mut found = Vec::new();
    let mut start = 0;
    for part in line.split_inclusive(|c| !key_like(c)) {
        let run = part.trim_end_matches(|c| !key_like(c)).len();
        if run >= 40 && part.contains(|c: char| c.is_ascii_digit()) {
            found.push(start..start + run);
        }
        start += part.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        Excerpt::new(line, 1, 1).text
    }

    #[test]
    fn passwords_and_keys_are_masked_wherever_they_stand() {
        for (written, printed) in [
            ("ledger: { url: \"postgres://gate:hunter2@db/x\" }", "ledger: { url: \"postgres://***@db/x\" }"),
            ("  upstream: http://u:p@ss:w@10.0.0.5", "  upstream: http://***@10.0.0.5"),
            ("  upstream: u:hunter2@10.0.0.5", "  upstream: ***@10.0.0.5"),
            ("url: postgres://gate:hunter2db/x", "url: postgres://gate:***"),
            ("    hunter2@db.example", "    ***@db.example"),
            ("[http://10.0.0.5:80, http://[::1]:8080/x]", "[http://10.0.0.5:80, http://[::1]:8080/x]"),
            ("Database_Password: hunter2", "Database_Password:***"),
            ("admin: { token_file: admin.token }", "admin: { token_file: admin.token }"),
            ("admin: { token_file: 5f1d3c1e0a9b4c7d8e6f5a4b3c2d1e0f5f1d3c1e }", "admin: { token_file: *** }"),
            ("url: postgres://db/x?password=hunter2", "url: postgres://db/x?password=***"),
            ("key: \"-----BEGIN PRIVATE KEY-----\\nMII\"", "key: \"***"),
            ("  MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ", "  ***"),
        ] {
            assert_eq!(shown(written), printed);
        }
    }

    #[test]
    fn carets_follow_what_masking_moved() {
        let excerpt = Excerpt::new("a: http://user:secret@host/x", 23, 4);
        assert_eq!(excerpt.text, "a: http://***@host/x");
        assert_eq!(&excerpt.text[excerpt.start..excerpt.start + excerpt.width], "host");
    }

    #[test]
    fn escapes_and_direction_marks_do_not_reach_the_terminal() {
        assert_eq!(shown("a\u{1b}[31m\u{202e}b\tc"), "a\u{fffd}[31m\u{fffd}b c");
    }

    #[test]
    fn a_long_line_is_cut_around_the_fault() {
        let line = format!("{}!{}", "ab ".repeat(100), "cd ".repeat(100));
        let excerpt = Excerpt::new(&line, 301, 1);
        assert_eq!(excerpt.text.chars().nth(excerpt.start), Some('!'));
        assert!(excerpt.text.chars().count() <= LONGEST);
    }
}
