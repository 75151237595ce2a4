//! The date of an `Expires` attribute: RFC 6265bis section 5.1.1, the tolerant, token-based reading of browsers.

use ::cookie::time::{Date, Month, Time};

/// Reads a cookie-date as seconds since 1970, negative before; `None` where a browser ignores the attribute (C8).
pub fn cookie_date(text: &[u8]) -> Option<i64> {
    let mut found = Found::default();
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        found.take(token);
    }
    found.seconds()
}

/// What was found so far: each part is taken from the first token that fits it.
#[derive(Default)]
struct Found {
    time: Option<(u8, u8, u8)>,
    day: Option<u8>,
    month: Option<Month>,
    year: Option<u16>,
}

impl Found {
    /// The order of the four tests is the algorithm's: "31" is a day before it can be a year.
    fn take(&mut self, token: &[u8]) {
        if self.time.is_none()
            && let Some(time) = time(token)
        {
            self.time = Some(time);
        } else if self.day.is_none()
            && let Some(day) = number(token, 1, 2)
        {
            self.day = u8::try_from(day).ok();
        } else if self.month.is_none()
            && let Some(month) = month(token)
        {
            self.month = Some(month);
        } else if self.year.is_none()
            && let Some(year) = number(token, 2, 4)
        {
            self.year = Some(year);
        }
    }

    fn seconds(&self) -> Option<i64> {
        let year = match self.year? {
            short @ 0..=69 => short + 2000,
            short @ 70..=99 => short + 1900,
            1601.. => self.year?,
            _ => return None,
        };
        let (hour, minute, second) = self.time?;
        let date = Date::from_calendar_date(i32::from(year), self.month?, self.day?).ok()?;
        let time = Time::from_hms(hour, minute, second).ok()?;
        Some(date.with_time(time).assume_utc().unix_timestamp())
    }
}

/// `hms-time [ non-digit *OCTET ]`.
fn time(token: &[u8]) -> Option<(u8, u8, u8)> {
    let mut parts = token.splitn(3, |byte| *byte == b':');
    let mut exact =
        || parts.next().filter(|part| part.iter().all(u8::is_ascii_digit)).and_then(|part| number(part, 1, 2));
    let (hour, minute) = (exact()?, exact()?);
    let second = number(parts.next()?, 1, 2)?;
    Some((u8::try_from(hour).ok()?, u8::try_from(minute).ok()?, u8::try_from(second).ok()?))
}

/// `least*mostDIGIT [ non-digit *OCTET ]`: the number a token starts with.
fn number(token: &[u8], least: usize, most: usize) -> Option<u16> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits < least || digits > most {
        return None;
    }
    Some(token[..digits].iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
}

fn month(token: &[u8]) -> Option<Month> {
    const NAMES: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let start = token.first_chunk::<3>()?.to_ascii_lowercase();
    let place = NAMES.iter().position(|name| **name == *start)?;
    Month::try_from(u8::try_from(place + 1).ok()?).ok()
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2F | 0x3B..=0x40 | 0x5B..=0x60 | 0x7B..=0x7E)
}

#[cfg(test)]
mod tests {
    use super::cookie_date;

    const EPOCH: &str = "Thu, 01 Jan 1970 00:00:00 GMT";
    const BILLION: i64 = 1_000_000_000; // 2001-09-09 01:46:40

    #[test]
    fn dates_are_read_as_browsers_read_them() {
        for (text, seconds) in [
            (EPOCH, 0),
            ("Thu, 01-Jan-1970 00:00:01 GMT", 1),
            ("Sun, 09 Sep 2001 01:46:40 GMT", BILLION),
            ("Sunday, 09-Sep-01 01:46:40 GMT", BILLION),
            ("Sun Sep  9 01:46:40 2001", BILLION),
            ("9 september 2001 1:46:40", BILLION),
            ("1:46:40 9 sEpX 2001", BILLION),
            ("2001 9 Sep 01:46:40", BILLION),
            ("9th Sep 2001AD 01:46:40Z", BILLION),
            ("01:46:40 09/Sep/2001 +0100", BILLION),
            ("xx;;09,Sep,2001_01:46:40", BILLION),
            ("Sun, 09 Sep 2001 01:46:40 08 Dec 1999", BILLION),
            ("1 Jan 70 0:0:0", 0),
            ("31 Dec 69 23:59:59", 3_155_759_999),
            ("31 Dec 99 23:59:59", 946_684_799),
            ("1 Jan 00 00:00:00", 946_684_800),
            ("1 Jan 1601 00:00:00", -11_644_473_600),
            ("31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("29 Feb 2000 00:00:00", 951_782_400),
        ] {
            assert_eq!(cookie_date(text.as_bytes()), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_browsers_ignore_is_no_date() {
        for text in [
            "",
            "0",
            "-1",
            "GMT",
            "Thu, 01 Jan 1970",
            "01 Jan 1970 00:00",
            "00 Jan 1970 00:00:00",
            "32 Jan 1970 00:00:00",
            "30 Feb 2000 00:00:00",
            "29 Feb 2001 00:00:00",
            "1 Jan 1600 23:59:59",
            "1 Jan 100 00:00:00",
            "1 Jan 12345 00:00:00",
            "1 Jan 1 00:00:00",
            "1 Foo 1970 00:00:00",
            "1 Ja 1970 00:00:00",
            "1 Jan 1970 24:00:00",
            "1 Jan 1970 00:60:00",
            "1 Jan 1970 00:00:60",
            "1 Jan 1970 00:00:000",
            "1 Jan 1970 0x:00:00",
            "1970-01-01T00:00:00Z",
            "001 Jan 1970 00:00:00",
        ] {
            assert_eq!(cookie_date(text.as_bytes()), None, "{text}");
        }
    }
}
