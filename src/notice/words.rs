//! Lifetimes and times in a person's words.

use cookie::time::OffsetDateTime;

use crate::consent::{MAX_AGE_DAYS, UnixSeconds};

use super::html::fill;
use super::strings::Strings;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// How long something is kept on the visitor's device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until the browser is closed: no `Max-Age`, no `Expires`.
    Session,
    /// This many seconds, as declared by whoever sets it.
    Seconds(u64),
    /// Until the visitor deletes it: local storage.
    UntilDeleted,
    /// Nobody knows.
    Unknown,
}

/// The lifetime in words. Browsers keep no cookie longer than 400 days: that is said, with what was declared (C8).
pub(super) fn lifetime(strings: &Strings, lifetime: Lifetime) -> String {
    let longest = u64::from(MAX_AGE_DAYS) * DAY;
    match lifetime {
        Lifetime::Session => strings.session.to_owned(),
        Lifetime::UntilDeleted => strings.until_deleted.to_owned(),
        Lifetime::Unknown => strings.lifetime_unknown.to_owned(),
        Lifetime::Seconds(seconds) if seconds > longest => {
            fill(strings.capped, &[&duration(strings, longest), &duration(strings, seconds)])
        }
        Lifetime::Seconds(seconds) => duration(strings, seconds),
    }
}

/// The largest unit that leaves a number people can picture, rounded.
fn duration(strings: &Strings, seconds: u64) -> String {
    let (unit, length) = match seconds {
        0..MINUTE => return strings.under_a_minute.to_owned(),
        MINUTE..HOUR => (&strings.minutes, MINUTE),
        HOUR..DAY => (&strings.hours, HOUR),
        _ if is_years(seconds) => (&strings.years, YEAR),
        _ => (&strings.days, DAY),
    };
    let number = (seconds + length / 2) / length;
    fill(unit.form(strings, number), &[&number.to_string()])
}

/// A year of 365 or 366 days, two years (leap day or not), or so long that days mean nothing.
fn is_years(seconds: u64) -> bool {
    let days = seconds / DAY;
    days >= 3 * 365 || (days >= 365 && days % 365 <= 1)
}

/// "23 November 2026, 16:05 UTC".
pub(super) fn moment(strings: &Strings, at: UnixSeconds) -> String {
    known(at).map_or_else(String::new, |time| {
        format!("{}, {:02}:{:02} UTC", date(strings, time), time.hour(), time.minute())
    })
}

/// "23 November 2026".
pub(super) fn day(strings: &Strings, at: UnixSeconds) -> String {
    known(at).map_or_else(String::new, |time| date(strings, time))
}

/// The moment for machines (`<time datetime>`).
pub(super) fn machine(at: UnixSeconds) -> String {
    known(at).map_or_else(String::new, |time| {
        let (hour, minute, second) = time.to_hms();
        format!("{}T{hour:02}:{minute:02}:{second:02}Z", time.date())
    })
}

fn known(at: UnixSeconds) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(i64::try_from(at).ok()?).ok()
}

fn date(strings: &Strings, time: OffsetDateTime) -> String {
    let month = strings.months[usize::from(u8::from(time.month())) - 1];
    format!("{} {month} {}", time.day(), time.year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Language;

    fn says(language: Language, seconds: u64) -> String {
        lifetime(Strings::of(language), Lifetime::Seconds(seconds))
    }

    #[test]
    fn lifetimes_in_the_unit_people_use() {
        let english = |seconds| says(Language::English, seconds);
        assert_eq!(english(0), "Less than a minute");
        assert_eq!(english(60), "1 minute");
        assert_eq!(english(1800), "30 minutes");
        assert_eq!(english(2 * HOUR), "2 hours");
        assert_eq!(english(DAY), "1 day");
        assert_eq!(english(90 * DAY), "90 days");
        assert_eq!(english(YEAR), "1 year");
        assert_eq!(english(400 * DAY), "400 days");
    }

    #[test]
    fn what_browsers_cut_is_said() {
        assert_eq!(says(Language::English, 2 * YEAR), "400 days, the longest a browser allows (set to 2 years)");
        assert_eq!(
            says(Language::Welsh, 2 * YEAR),
            "400 diwrnod, yr hiraf y mae porwr yn ei ganiatáu (wedi'i osod i 2 flynedd)"
        );
        assert!(says(Language::English, u64::MAX / 2).ends_with(" years)"));
    }

    #[test]
    fn a_moment_in_both_languages() {
        let at = 1_795_449_900;
        assert_eq!(moment(Strings::of(Language::English), at), "23 November 2026, 16:05 UTC");
        assert_eq!(day(Strings::of(Language::Welsh), at), "23 Tachwedd 2026");
        assert_eq!(machine(at), "2026-11-23T16:05:00Z");
    }

    #[test]
    fn a_time_no_calendar_knows_is_nothing() {
        assert_eq!(moment(Strings::of(Language::English), u64::MAX), "");
    }
}
