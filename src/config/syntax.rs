//! What cannot be read as YAML at all, said in the words of someone who edits a file rather than a parser.

use saphyr_parser::ScanError;

use super::fault::{Place, Report};

const TAB: (&str, &str) = ("a tab is used for indentation", "use spaces: YAML does not allow tabs there");
const UNPRINTABLE: (&str, &str) = ("a character that cannot be printed", "take it out, and save the file as UTF-8");

/// What the parser says, what we say, and what to do. The first entry whose words are in the parser's message counts.
const KNOWN: [(&str, &str, &str); 16] = [
    ("unprintable", UNPRINTABLE.0, UNPRINTABLE.1),
    ("tab", TAB.0, TAB.1),
    ("unexpected end of stream", "a quote is opened and never closed", "close it on the same line"),
    ("document indicator", "a quote is opened and never closed", "close it on the same line"),
    ("in quoted scalar", "a quoted text goes on at the wrong indentation", "close the quote on the line it starts on"),
    ("trailing content", "something follows a closing quote", "put the whole value in quotes"),
    ("escape", "an unknown escape in a quoted text", "write '\\\\' for a backslash, or use single quotes"),
    ("unknown anchor", "an alias to nothing", "put text that starts with '*' in quotes"),
    ("anchor or alias", "an alias without a name", "put text that starts with '*' or '&' in quotes"),
    (
        "mapping values are not allowed",
        "a ':' that cannot stand here",
        "put a value that holds ': ' in quotes, and start keys below each other",
    ),
    ("recursion limit", "nested deeper than 32 levels", "no key needs more than six levels"),
    ("illegal placement", "a ':' where none can stand", "close the '[', '{' or quote before it"),
    ("block collection", "the indentation fits no line above", "indent it like the other entries beside it"),
    ("block mapping", "the indentation fits no line above", "indent it like the other keys beside it"),
    ("flow", "a '[' or '{' is not closed", "close it before the next key"),
    ("indentation", "the indentation fits no line above", "indent it like the other keys beside it"),
];

/// Reports the place where the parser gave up.
pub(super) fn report(text: &str, error: &ScanError, report: &mut Report) {
    let marker = error.marker();
    let last = text.lines().count().max(1);
    let place = Place { line: marker.line().clamp(1, last), column: marker.col() + 1, width: 1, ..Place::default() };
    let known = KNOWN.iter().find(|(theirs, ..)| error.info().contains(theirs));
    match known {
        Some((_, message, hint)) => report.fault(&place, *message, *hint),
        None => report.fault(
            &place,
            format!("this is not YAML ({})", error.info()),
            "look at the indentation, quotes and brackets here and in the line above",
        ),
    }
}

/// Tabs in front of a line's text, of which the parser finds only some, and characters that YAML does not allow at all.
pub(super) fn report_characters(text: &str, report: &mut Report) -> bool {
    let before = report.len();
    for (number, line) in (1..).zip(text.lines()) {
        let indentation = line.chars().take_while(|c| c.is_whitespace());
        let tab = indentation.enumerate().find(|(_, c)| *c == '\t' && !line.trim().is_empty());
        let control = line.chars().enumerate().find(|(_, c)| c.is_control() && *c != '\t');
        for (found, (message, hint)) in [(tab, TAB), (control, UNPRINTABLE)] {
            if let Some((at, _)) = found {
                let place = Place { line: number, column: at + 1, width: 1, ..Place::default() };
                report.fault(&place, message, hint);
            }
        }
    }
    report.len() > before
}
