//! Which form of a word a number takes, by language: the cardinal rules of the Unicode CLDR, as far as whole numbers go.
//!
//! Four forms are written down. A language with more (Arabic has one for nothing at all, and another for round hundreds)
//! says `many` for what is left.

/// How a language counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::notice) enum Plural {
    /// The word never changes: Chinese, Vietnamese.
    Same,
    /// One, and the rest: English, Italian, Somali.
    One,
    /// One and nothing, and the rest: French, Portuguese, Punjabi.
    OneOrNone,
    /// Polish.
    Polish,
    /// Ukrainian, Russian.
    EastSlavic,
    /// Czech, Slovak.
    WestSlavic,
    /// Romanian.
    Romanian,
    /// Lithuanian.
    Lithuanian,
    /// Arabic.
    Arabic,
    /// Irish.
    Irish,
    /// Scottish Gaelic.
    Gaelic,
    /// Welsh.
    Welsh,
}

/// The forms that are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::notice) enum Form {
    One,
    Two,
    Few,
    Many,
}

impl Plural {
    /// How the language of this tag counts.
    pub(super) fn of(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        match &*primary {
            "zh" | "yue" | "ja" | "ko" | "th" | "vi" | "id" | "ms" | "my" => Self::Same,
            "fr" | "pt" | "pa" | "hi" | "bn" | "gu" | "fa" | "am" => Self::OneOrNone,
            "pl" => Self::Polish,
            "uk" | "ru" | "be" => Self::EastSlavic,
            "cs" | "sk" => Self::WestSlavic,
            "ro" => Self::Romanian,
            "lt" => Self::Lithuanian,
            "ar" => Self::Arabic,
            "ga" => Self::Irish,
            "gd" => Self::Gaelic,
            "cy" => Self::Welsh,
            _ => Self::One,
        }
    }

    /// The form for a number.
    pub(super) fn form(self, number: u64) -> Form {
        use Form::{Few, Many, One, Two};
        let (last, last_two) = (number % 10, number % 100);
        let teens = (11..=19).contains(&last_two);
        match self {
            Self::Same => Many,
            Self::One => One.where_it_is(number == 1),
            Self::OneOrNone => One.where_it_is(number <= 1),
            Self::Polish | Self::WestSlavic | Self::Romanian if number == 1 => One,
            Self::EastSlavic if last == 1 && last_two != 11 => One,
            Self::Polish | Self::EastSlavic => {
                Few.where_it_is((2..=4).contains(&last) && !(12..=14).contains(&last_two))
            }
            Self::WestSlavic => Few.where_it_is((2..=4).contains(&number)),
            Self::Romanian => Few.where_it_is(number == 0 || (1..=19).contains(&last_two)),
            Self::Lithuanian => match last {
                1 if !teens => One,
                2..=9 if !teens => Few,
                _ => Many,
            },
            Self::Arabic => match number {
                1 => One,
                2 => Two,
                _ if (3..=10).contains(&last_two) => Few,
                _ => Many,
            },
            Self::Irish => match number {
                1 => One,
                2 => Two,
                3..=6 => Few,
                _ => Many,
            },
            Self::Gaelic => match number {
                1 | 11 => One,
                2 | 12 => Two,
                3..=19 => Few,
                _ => Many,
            },
            Self::Welsh => match number {
                1 => One,
                2 => Two,
                // "Tair", "pedair" and "chwe" change a word in the same way.
                3 | 4 | 6 => Few,
                _ => Many,
            },
        }
    }
}

impl Form {
    /// This one, or the form of all other numbers.
    fn where_it_is(self, so: bool) -> Self {
        if so { self } else { Self::Many }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(tag: &str, numbers: [u64; 8]) -> String {
        let letter = |number| match Plural::of(tag).form(number) {
            Form::One => '1',
            Form::Two => '2',
            Form::Few => 'f',
            Form::Many => 'm',
        };
        numbers.map(letter).iter().collect()
    }

    #[test]
    fn numbers_take_the_form_their_language_gives_them() {
        let numbers = [0, 1, 2, 5, 11, 12, 22, 101];
        for (tag, expected) in [
            ("en", "m1mmmmmm"),
            ("so", "m1mmmmmm"),
            ("zh-Hans", "mmmmmmmm"),
            ("fr", "11mmmmmm"),
            ("pl", "m1fmmmfm"),
            ("uk", "m1fmmmf1"),
            ("sk", "m1fmmmmm"),
            ("ro", "f1ffffmf"),
            ("lt", "m1ffmmf1"),
            ("ar", "m12fmmmm"),
            ("ga", "m12fmmmm"),
            ("gd", "m12f12mm"),
            ("cy", "m12mmmmm"),
        ] {
            assert_eq!(forms(tag, numbers), expected, "{tag}");
        }
        assert_eq!(forms("ar", [3, 10, 11, 99, 100, 103, 110, 111]), "ffmmmffm");
        assert_eq!(forms("cy", [3, 4, 5, 6, 7, 8, 9, 10]), "ffmfmmmm");
    }
}
