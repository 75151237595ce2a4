//! Every sentence the notice can say, once per language: a missing one does not compile, or is a fault of the file that
//! brings a language (`added.rs`).
//!
//! `{}` is a place to fill in, `[…]` is a link. In Welsh a word may change its first letter after another word, so a
//! place stands only where nothing changes it (after a verb-noun, or at the beginning).

mod added;
mod english;
mod own;
mod plural;
mod welsh;

use super::Language;
use own::Said;
use plural::{Form, Plural};

pub use added::{Added, Misfit, Misfits, sentences};
pub use own::OwnWords;

/// A number of things: the forms Welsh needs, English has fewer. `{}` is the number.
pub(super) struct Counted {
    /// One.
    pub(super) one: &'static str,
    /// Two.
    pub(super) two: &'static str,
    /// Three, four and six.
    pub(super) few: &'static str,
    /// Any other number.
    pub(super) many: &'static str,
}

impl Counted {
    /// The form for this number, still with its place.
    pub(super) fn form(&self, strings: &Strings, number: u64) -> &'static str {
        match strings.plural.form(number) {
            Form::One => self.one,
            Form::Two => self.two,
            Form::Few => self.few,
            Form::Many => self.many,
        }
    }

    fn read(name: &str, text: &impl Fn(&str) -> &'static str) -> Self {
        let form = |form: &str| text(&format!("{name}.{form}"));
        Self { one: form("one"), two: form("two"), few: form("few"), many: form("many") }
    }

    fn every(&self, name: &str) -> [(String, &'static str); 4] {
        let forms = [("one", self.one), ("two", self.two), ("few", self.few), ("many", self.many)];
        forms.map(|(form, text)| (format!("{name}.{form}"), text))
    }
}

macro_rules! strings {
    ($($name:ident)+) => {
        /// The sentences of one language.
        pub(super) struct Strings {
            $(pub(super) $name: &'static str,)+
            pub(super) months: [&'static str; 12],
            pub(super) more: Counted,
            pub(super) minutes: Counted,
            pub(super) hours: Counted,
            pub(super) days: Counted,
            pub(super) years: Counted,
            /// How the language counts.
            pub(super) plural: Plural,
            /// Purposes in a site's own words.
            said: Vec<Said>,
        }

        impl Strings {
            /// A language's sentences by their names.
            fn read(tag: &str, text: impl Fn(&str) -> &'static str) -> Self {
                Self {
                    $($name: text(stringify!($name)),)+
                    months: std::array::from_fn(|month| text(&format!("months[{month}]"))),
                    more: Counted::read("more", &text),
                    minutes: Counted::read("minutes", &text),
                    hours: Counted::read("hours", &text),
                    days: Counted::read("days", &text),
                    years: Counted::read("years", &text),
                    plural: Plural::of(tag),
                    said: Vec::new(),
                }
            }

            /// Every plain sentence with its name.
            pub(super) fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),+]
            }

            /// All that is said, each by the name a translation gives it.
            fn every(&self) -> Vec<(String, &'static str)> {
                let plain = self.all().into_iter().map(|(name, text)| (name.to_owned(), text));
                let months = self.months.iter().enumerate().map(|(month, name)| (format!("months[{month}]"), *name));
                let counted = [
                    ("more", &self.more),
                    ("minutes", &self.minutes),
                    ("hours", &self.hours),
                    ("days", &self.days),
                    ("years", &self.years),
                ];
                plain.chain(months).chain(counted.into_iter().flat_map(|(name, forms)| forms.every(name))).collect()
            }
        }
    };
}

strings! {
    // Kinds of cookies, as they stand inside a sentence; then what each is for.
    essential_cookies preferences_cookies analytics_cookies marketing_cookies own_cookies additional_cookies
    use_preferences use_analytics use_marketing
    about_essential about_preferences about_analytics about_marketing about_own
    // The banner.
    cookies_on essential_use also_one also_several third_parties accept reject view_cookies
    accepted rejected saved withdrawn change_settings hide cookie_settings
    // What stands in for something held.
    held_name held_from held_stores held_from_unknown held_stores_unknown held_here load_once always_allow
    view_on loaded_once
    // What this page lacks.
    left_out
    // Every page.
    skip_link available success go_back
    // The cookies page.
    intro settings_heading question yes no save see_cookies withdraw_heading withdraw_text withdraw
    cookies_we_use column_name column_what column_set_by column_lifetime this_site none_seen not_described
    unclassified_heading unclassified_cookies unclassified_held unclassified_passed
    choice_cookie third_party_heading third_party_text other_organisations gpc_heading gpc_on gpc_off
    responsible_heading responsible responsible_service contact complain ico
    record_heading record_text record_number
    // Lifetimes.
    session until_deleted lifetime_unknown under_a_minute capped
    // The visitor's own record.
    receipt_title receipt_intro nothing_chosen receipt_number chosen_on kept_until notice_version organisation
    what_you_chose column_kind column_choice word_accepted word_refused always_on receipt_use
    back_to_cookies
    // Errors: what happened, what to do.
    bad_request bad_request_todo not_accepted not_accepted_todo no_site no_site_todo
    no_page no_page_todo too_large too_large_todo
    address_too_long address_too_long_todo head_too_large head_too_large_todo went_wrong went_wrong_todo
    bad_answer bad_answer_todo unavailable unavailable_todo too_slow too_slow_todo choice_not_saved
    // Proof: the visitor's own record, and what keeps it from being made or deleted.
    too_many too_many_todo record_held record_held_todo
    record_as_json record_as_text record_as_kept record_delete_heading record_delete_text record_delete record_deleted
    // Bases: what is used without consent until the visitor objects.
    exempt_use object objected exempt_hint gpc_objects
    // Words: what is seen on a site, and whom to turn to.
    serves column_seen not_seen browser_storage hosts gpc_how
    complaint_heading complain_to complain_ico write_to dpo privacy_notice unclassified_own
    elsewhere_heading elsewhere_text
}

impl Strings {
    /// The sentences of a language.
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &english::STRINGS,
            Language::Welsh => &welsh::STRINGS,
            Language::Added(added) => added.strings(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_places_and_links() {
        let pairs = english::STRINGS.all().into_iter().zip(welsh::STRINGS.all());
        for ((name, english), (_, welsh)) in pairs {
            for mark in ["{}", "[", "]"] {
                assert_eq!(english.matches(mark).count(), welsh.matches(mark).count(), "{name}: {mark}");
            }
            assert!(!english.trim().is_empty() && !welsh.trim().is_empty(), "{name} is empty");
        }
    }

    #[test]
    fn no_sentence_is_the_same_in_both_languages() {
        let pairs = english::STRINGS.all().into_iter().zip(welsh::STRINGS.all());
        for ((name, english), (_, welsh)) in pairs {
            // A name, kept as it is in both.
            if name != "gpc_heading" {
                assert_ne!(english, welsh, "{name} is not translated");
            }
        }
    }

    #[test]
    fn welsh_years_change_with_the_number() {
        let strings = &welsh::STRINGS;
        assert_eq!(
            [1, 2, 3, 5].map(|n| strings.years.form(strings, n)),
            ["{} flwyddyn", "{} flynedd", "{} blynedd", "{} mlynedd"]
        );
    }
}
