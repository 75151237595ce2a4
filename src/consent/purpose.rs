//! Purposes: why something is stored or read.

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

/// The purposes of one site: the four built-in ones, then the site's own, at most [`Purposes::MOST`] together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purposes(Vec<Box<str>>);

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
        Self(Purpose::BUILT_IN_NAMES.iter().map(|name| (*name).into()).collect())
    }
}

impl Purposes {
    /// Keeps the choice cookie under its 200 bytes with room for every name.
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
        if self.0.len() == Self::MOST {
            return Err(PurposeFault::TooMany);
        }
        self.0.push(name.into());
        Ok(self)
    }

    /// The purpose of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Purpose> {
        let place = self.0.iter().position(|known| &**known == name)?;
        u8::try_from(place).ok().map(Purpose)
    }

    /// The purpose's name; `essential` for one that belongs to another site.
    #[must_use]
    pub fn name(&self, purpose: Purpose) -> &str {
        self.0.get(usize::from(purpose.0)).map_or("essential", |name| name)
    }

    /// All purposes, `essential` first.
    pub fn iter(&self) -> impl Iterator<Item = (Purpose, &str)> {
        (0u8..).zip(&self.0).map(|(place, name)| (Purpose(place), &**name))
    }

    /// The purposes a visitor is asked about: all but `essential`.
    pub fn asked(&self) -> impl Iterator<Item = (Purpose, &str)> {
        self.iter().skip(1)
    }

    /// Every purpose of the site.
    #[must_use]
    pub fn all(&self) -> PurposeSet {
        self.iter().map(|(purpose, _)| purpose).collect()
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
}
