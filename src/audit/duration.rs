//! Lifetimes in the words that cookies pages use: `2 years`, `1 year and 24 days`, `When you close your browser`.

/// What a cookies page says of a lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Until the browser is closed.
    Session,
    /// So many seconds.
    Seconds(u64),
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The beginnings of the words for units, English and Welsh, the longest first where one begins another.
const UNITS: [(&str, u64); 24] = [
    ("second", 1),
    ("sec", 1),
    ("eiliad", 1),
    ("minute", MINUTE),
    ("min", MINUTE),
    ("munud", MINUTE),
    ("funud", MINUTE),
    ("hour", HOUR),
    ("hr", HOUR),
    ("awr", HOUR),
    ("day", DAY),
    ("diwrnod", DAY),
    ("ddiwrnod", DAY),
    ("niwrnod", DAY),
    ("week", 7 * DAY),
    ("wythnos", 7 * DAY),
    ("month", 30 * DAY),
    ("mis", 30 * DAY),
    ("fis", 30 * DAY),
    ("year", 365 * DAY),
    ("yr", 365 * DAY),
    ("blwyddyn", 365 * DAY),
    ("flwyddyn", 365 * DAY),
    ("mlynedd", 365 * DAY),
];
const SESSION: [&str; 8] = ["session", "sesiwn", "close", "closed", "closing", "gau", "cau", "exit"];
const NUMBERS: [&str; 13] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// Reads it; `None` where it says no lifetime that anybody could compare.
pub(super) fn said(text: &str) -> Option<Said> {
    let text = text.to_lowercase();
    let words: Vec<&str> = words(&text).collect();
    let mut seconds = None;
    for pair in words.windows(2) {
        if let (Some(count), Some(unit)) = (number(pair[0]), unit(pair[1])) {
            seconds = Some(seconds.unwrap_or(0_u64).saturating_add(thousandths(count, unit)));
        }
    }
    let session = || words.iter().any(|word| SESSION.contains(word)).then_some(Said::Session);
    seconds.map(Said::Seconds).or_else(session)
}

/// Words, and numbers apart from the unit that is written onto them: `30min`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let plain = text.split(|c: char| !(c.is_alphanumeric() || c == '.')).filter(|word| !word.is_empty());
    plain.flat_map(|word| {
        let end = word.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(word.len());
        let (number, unit) = word.split_at(end);
        [number, unit].into_iter().filter(|word| !word.is_empty())
    })
}

/// A number in thousandths: pages say `0.5 years`.
fn number(word: &str) -> Option<u64> {
    if let Some(count) = NUMBERS.iter().position(|name| *name == word) {
        return Some(count as u64 * 1_000);
    }
    if matches!(word, "a" | "an") {
        return Some(1_000);
    }
    let (whole, part) = word.trim_end_matches('.').split_once('.').unwrap_or((word.trim_end_matches('.'), ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    whole.parse::<u64>().ok()?.checked_mul(1_000)?.checked_add(part.parse().ok()?)
}

fn unit(word: &str) -> Option<u64> {
    UNITS.iter().find(|(begin, _)| word.strip_prefix(begin).is_some_and(|rest| rest.len() <= 2)).map(|(_, unit)| *unit)
}

fn thousandths(count: u64, unit: u64) -> u64 {
    u64::try_from(u128::from(count) * u128::from(unit) / 1_000).unwrap_or(u64::MAX)
}

/// Does what is said fit what was found? Months and years have no exact length, and pages round: a tenth is no lie.
pub(super) fn fits(said: Said, found: Option<u64>) -> bool {
    match (said, found) {
        (Said::Session, None) => true,
        (Said::Seconds(said), Some(found)) => said.abs_diff(found) <= said.max(found) / 10,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pages_say_is_read() {
        for (text, seconds) in [
            ("2 years", 2 * 365 * DAY),
            ("1 year and 24 days", 389 * DAY),
            ("Expires after 30 minutes.", 30 * MINUTE),
            ("24hrs", DAY),
            ("six months", 180 * DAY),
            ("0.5 years", 365 * DAY / 2),
            ("1 flwyddyn", 365 * DAY),
            ("2 flynedd / 2 mlynedd", 2 * 365 * DAY),
            ("A year", 365 * DAY),
        ] {
            assert_eq!(said(text), Some(Said::Seconds(seconds)), "{text}");
        }
        for text in ["Session", "When you close your browser", "Pan fyddwch yn cau eich porwr", "session cookie"] {
            assert_eq!(said(text), Some(Said::Session), "{text}");
        }
        for text in ["", "Persistent", "Never", "see their policy", "99999999999999999999 years", "Cookies 2024"] {
            assert_eq!(said(text), None, "{text}");
        }
        assert_eq!(said("9999999999999999 years"), Some(Said::Seconds(u64::MAX)), "no overflow");
    }

    #[test]
    fn rounding_is_no_lie() {
        assert!(fits(Said::Seconds(365 * DAY), Some(366 * DAY)) && fits(Said::Seconds(180 * DAY), Some(183 * DAY)));
        assert!(!fits(Said::Seconds(365 * DAY), Some(730 * DAY)) && !fits(Said::Session, Some(DAY)));
        assert!(!fits(Said::Seconds(DAY), None) && fits(Said::Session, None));
    }
}
