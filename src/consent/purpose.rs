//! Purposes: why something is stored or read, and what allows it on a site.

use std::fmt;

/// Why something is stored or read: the place of a name in a site's [`Purposes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Purpose(u8);

impl Purpose {
    /// What the visitor asked for cannot be given without it; never asked, never refused.
    pub const ESSENTIAL: Self = Self(0);
    /// Remembers how the visitor likes the site to look or work.
    pub const PREFERENCES: Self = Self(1);
    /// Measures how the site is used.
    pub const ANALYTICS: Self = Self(2);
    /// Advertising, social networks, profiling, recordings for others.
    pub const MARKETING: Self = Self(3);
    /// The four purposes every site has, in the order they are shown.
    pub const BUILT_IN: [Self; 4] = [Self::ESSENTIAL, Self::PREFERENCES, Self::ANALYTICS, Self::MARKETING];

    const BUILT_IN_NAMES: [&'static str; 4] = ["essential", "preferences", "analytics", "marketing"];

    /// Its place: below [`Purposes::MOST`].
    pub(super) fn place(self) -> usize {
        self.0.into()
    }

    /// The built-in purpose of this name, as the catalogue's data writes it.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let place = Self::BUILT_IN_NAMES.iter().position(|known| *known == name)?;
        Some(Self::BUILT_IN[place])
    }
}

/// A set of purposes. `essential` is in every set: it cannot be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PurposeSet(u32);

impl PurposeSet {
    /// Only what needs no consent.
    pub const ESSENTIAL: Self = Self(1);

    /// This set and one purpose more.
    #[must_use]
    pub fn with(self, purpose: Purpose) -> Self {
        Self(self.0 | 1 << purpose.0)
    }

    /// This set without the purposes of the other; `essential` stays.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0 | 1)
    }

    /// What is in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        Self(self.0 & other.0 | 1)
    }

    /// Is the purpose in the set?
    #[must_use]
    pub fn contains(self, purpose: Purpose) -> bool {
        self.0 & 1 << purpose.0 != 0
    }

    /// The set as one byte, the first purpose lowest: [`Purposes::MOST`] fit.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0.to_le_bytes()[0]
    }

    /// The set that [`Self::bits`] gave.
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        Self(u32::from(bits) | 1)
    }

    /// Are all purposes of the other set in this one?
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl FromIterator<Purpose> for PurposeSet {
    fn from_iter<I: IntoIterator<Item = Purpose>>(purposes: I) -> Self {
        purposes.into_iter().fold(Self::ESSENTIAL, Self::with)
    }
}

/// What allows a purpose on one site.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Basis {
    /// The visitor agrees to it first.
    #[default]
    Consent,
    /// An exception that needs information and a way to object (PECR Schedule A1), by its name in the rule-set: the purpose
    /// is granted until the visitor objects.
    UntilObjected(Box<str>),
    /// The site does not use it: nobody is asked, and what is for it stays held.
    Unused,
}

impl Basis {
    /// Its name in the YAML and in reports.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Consent => "consent",
            Self::UntilObjected(exception) => exception,
            Self::Unused => "unused",
        }
    }
}

/// On what terms a visitor is asked about a purpose.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Terms {
    /// What the purpose means; a choice made for another version is made again. Empty where nobody has given it one.
    pub version: Box<str>,
    /// What allows it.
    pub basis: Basis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: Box<str>,
    terms: Terms,
}

/// The purposes of one site: the four built-in ones and the site's own, at most [`Purposes::MOST`] together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purposes {
    /// By place: the built-in ones, then the site's own as they were added.
    entries: Vec<Entry>,
    /// As they are shown, `essential` first.
    order: Vec<Purpose>,
}

/// Why a site's own purpose was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PurposeFault {
    /// The name is empty, too long, or has a character other than `a-z`, `0-9`, `-`.
    BadName(String),
    /// The name is there already.
    Twice(String),
    /// More than [`Purposes::MOST`] purposes.
    TooMany,
}

impl fmt::Display for PurposeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadName(name) => write!(f, "'{name}' is no purpose name: 1 to 20 of a-z, 0-9 and '-'"),
            Self::Twice(name) => write!(f, "the purpose '{name}' is there already"),
            Self::TooMany => write!(f, "a site has at most {} purposes", Purposes::MOST),
        }
    }
}

impl Default for Purposes {
    fn default() -> Self {
        let entry = |name: &&str| Entry { name: (*name).into(), terms: Terms::default() };
        Self { entries: Purpose::BUILT_IN_NAMES.iter().map(entry).collect(), order: Purpose::BUILT_IN.to_vec() }
    }
}

impl Purposes {
    /// Keeps the choice cookie under its 200 bytes with room for every one.
    pub const MOST: usize = 8;
    const LONGEST_NAME: usize = 20;

    /// The built-in purposes and a site's own.
    ///
    /// # Errors
    /// A name that cannot stand, stands twice, or is one too many.
    pub fn with_own<'n>(own: impl IntoIterator<Item = &'n str>) -> Result<Self, PurposeFault> {
        own.into_iter().try_fold(Self::default(), Self::add)
    }

    fn add(mut self, name: &str) -> Result<Self, PurposeFault> {
        let fits = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if name.is_empty() || name.len() > Self::LONGEST_NAME || !name.bytes().all(fits) {
            return Err(PurposeFault::BadName(name.into()));
        }
        if self.find(name).is_some() {
            return Err(PurposeFault::Twice(name.into()));
        }
        let place = u8::try_from(self.entries.len()).ok().filter(|_| self.entries.len() < Self::MOST);
        self.order.push(Purpose(place.ok_or(PurposeFault::TooMany)?));
        self.entries.push(Entry { name: name.into(), terms: Terms::default() });
        Ok(self)
    }

    /// These purposes with one on other terms. `essential` has none: it cannot be refused, nor asked about.
    #[must_use]
    pub fn on_terms(mut self, purpose: Purpose, terms: Terms) -> Self {
        if purpose != Purpose::ESSENTIAL
            && let Some(entry) = self.entries.get_mut(usize::from(purpose.0))
        {
            entry.terms = terms;
        }
        self
    }

    /// These purposes, shown in this order after those it does not name.
    #[must_use]
    pub fn shown_as(mut self, last: &[Purpose]) -> Self {
        self.order.retain(|purpose| *purpose == Purpose::ESSENTIAL || !last.contains(purpose));
        for purpose in last {
            if !self.order.contains(purpose) && usize::from(purpose.0) < self.entries.len() {
                self.order.push(*purpose);
            }
        }
        self
    }

    /// The purpose of this name, used here or not.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Purpose> {
        let place = self.entries.iter().position(|known| &*known.name == name)?;
        u8::try_from(place).ok().map(Purpose)
    }

    /// The purpose's name; `essential` for one that belongs to another site.
    #[must_use]
    pub fn name(&self, purpose: Purpose) -> &str {
        self.entries.get(usize::from(purpose.0)).map_or("essential", |entry| &entry.name)
    }

    /// On what terms the purpose is asked about; `None` for one that belongs to another site.
    #[must_use]
    pub fn terms(&self, purpose: Purpose) -> Option<&Terms> {
        self.entries.get(usize::from(purpose.0)).map(|entry| &entry.terms)
    }

    /// The purposes the site uses, in the order they are shown, `essential` first.
    pub fn iter(&self) -> impl Iterator<Item = (Purpose, &str)> {
        let used = |purpose: &&Purpose| self.terms(**purpose).is_some_and(|terms| terms.basis != Basis::Unused);
        self.order.iter().filter(used).map(|purpose| (*purpose, self.name(*purpose)))
    }

    /// The purposes a visitor has a say in: all the site uses but `essential`.
    pub fn asked(&self) -> impl Iterator<Item = (Purpose, &str)> {
        self.iter().skip(1)
    }

    /// Those that need consent.
    #[must_use]
    pub fn by_consent(&self) -> PurposeSet {
        self.with_basis(|basis| *basis == Basis::Consent)
    }

    /// Those that are granted until the visitor objects.
    #[must_use]
    pub fn until_objected(&self) -> PurposeSet {
        self.with_basis(|basis| matches!(basis, Basis::UntilObjected(_)))
    }

    fn with_basis(&self, fits: impl Fn(&Basis) -> bool) -> PurposeSet {
        let terms = |purpose: &Purpose| self.terms(*purpose).is_some_and(|terms| fits(&terms.basis));
        self.asked().map(|(purpose, _)| purpose).filter(terms).collect()
    }

    /// What `Sec-GPC: 1` refuses until the visitor says otherwise: advertising, and every exception that can be objected
    /// to (REQUIREMENTS S4).
    #[must_use]
    pub fn refused_by_gpc(&self) -> PurposeSet {
        self.until_objected().with(Purpose::MARKETING)
    }

    /// The purpose of what the catalogue knows to be for this one. An exception covers what the site's own rules name and
    /// has been vouched for, nothing that merely resembles it (REQUIREMENTS A7): the rest needs consent of the strictest
    /// kind there is.
    #[must_use]
    pub fn of_catalogue(&self, known: Purpose) -> Purpose {
        match self.terms(known).map(|terms| &terms.basis) {
            Some(Basis::UntilObjected(_)) => Purpose::MARKETING,
            _ => known,
        }
    }

    /// Do visitors decide about the same on both sites? The order they are shown in makes no difference.
    #[must_use]
    pub fn means_the_same(&self, other: &Self) -> bool {
        let has = |entry: &Entry| other.entries.contains(entry);
        self.entries.len() == other.entries.len() && self.entries.iter().all(has)
    }

    /// Every purpose of the site, used or not.
    #[must_use]
    pub fn all(&self) -> PurposeSet {
        self.order.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn essential_is_in_every_set_and_cannot_be_taken_out() {
        let none = PurposeSet::ESSENTIAL.without(PurposeSet::ESSENTIAL);
        assert!(none.contains(Purpose::ESSENTIAL));
        assert!(!none.contains(Purpose::ANALYTICS));
    }

    #[test]
    fn a_site_adds_its_own_purposes_after_the_built_in_ones() {
        let purposes = Purposes::with_own(["video"]).expect("a good name");
        let video = purposes.find("video").expect("it was added");
        assert_eq!(purposes.name(video), "video");
        assert!(purposes.all().contains(video));
        assert_eq!(purposes.asked().count(), 4);
    }

    #[test]
    fn bad_names_are_refused_by_reason() {
        assert_eq!(Purposes::with_own(["Video"]), Err(PurposeFault::BadName("Video".into())));
        assert_eq!(Purposes::with_own(["analytics"]), Err(PurposeFault::Twice("analytics".into())));
        assert_eq!(Purposes::with_own(["a", "b", "c", "d", "e"]), Err(PurposeFault::TooMany));
    }

    fn names(purposes: &Purposes) -> Vec<&str> {
        purposes.iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn purposes_are_shown_in_the_order_asked_for_and_stay_what_they_are() {
        let purposes = Purposes::with_own(["video"]).expect("a good name");
        let video = purposes.find("video").expect("just added");
        let other = purposes.clone().shown_as(&[video, Purpose::ANALYTICS]);
        assert_eq!(names(&other), ["essential", "preferences", "marketing", "video", "analytics"]);
        assert_eq!(other.find("video"), Some(video));
        assert_eq!(other.all(), purposes.all());
        assert_eq!(names(&purposes.shown_as(&[Purpose::ESSENTIAL]))[0], "essential");
    }

    #[test]
    fn only_consent_is_asked_for_and_what_is_not_used_is_not_shown() {
        let terms = |basis| Terms { basis, ..Terms::default() };
        let purposes = Purposes::default()
            .on_terms(Purpose::ANALYTICS, terms(Basis::UntilObjected("statistical".into())))
            .on_terms(Purpose::PREFERENCES, terms(Basis::Unused))
            .on_terms(Purpose::ESSENTIAL, terms(Basis::Unused));
        assert_eq!(names(&purposes), ["essential", "analytics", "marketing"]);
        assert_eq!(purposes.by_consent(), PurposeSet::ESSENTIAL.with(Purpose::MARKETING));
        assert_eq!(purposes.until_objected(), PurposeSet::ESSENTIAL.with(Purpose::ANALYTICS));
        assert!(purposes.all().contains(Purpose::PREFERENCES), "what nobody can grant is never all granted");
        assert_eq!(purposes.of_catalogue(Purpose::ANALYTICS), Purpose::MARKETING);
        assert_eq!(purposes.of_catalogue(Purpose::PREFERENCES), Purpose::PREFERENCES);
    }
}
