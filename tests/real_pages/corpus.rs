//! The saved pages and the filter lists, as `tests/tools/fetch-pages` leaves them in the test cache.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

/// Set where the pages must be there: then it is a failure and no reason to skip that they are not.
const REQUIRE: &str = "CONSENTGATE_REQUIRE_PAGES";

/// One real page as it was saved.
pub(crate) struct SavedPage {
    pub(crate) name: String,
    pub(crate) url: Url,
    pub(crate) html: Vec<u8>,
}

/// Everything the test needs that nobody in this project wrote.
pub(crate) struct Corpus {
    /// The folder of both.
    pub(crate) cache: PathBuf,
    pub(crate) pages: Vec<SavedPage>,
    pub(crate) easyprivacy: String,
    pub(crate) easylist: String,
}

#[derive(Deserialize)]
struct Entry {
    url: String,
}

impl Corpus {
    /// `None`, with a word on what to do, where they have not been fetched and nobody requires them.
    pub(crate) fn load() -> Option<Self> {
        let cache = cache();
        if cache.join("pages").exists() && cache.join("lists").exists() {
            return Some(Self::read(&cache));
        }
        let fetch = format!("{} has no pages: run tests/tools/fetch-pages", cache.display());
        assert!(std::env::var_os(REQUIRE).is_none_or(|value| value != "1"), "{fetch}");
        println!("SKIPPED: {fetch}");
        None
    }

    fn read(cache: &Path) -> Self {
        let text = |path: &str| fs::read_to_string(cache.join(path)).unwrap_or_else(|fault| panic!("{path}: {fault}"));
        let index: BTreeMap<String, Entry> = serde_json::from_str(&text("pages/index.json")).expect("the index");
        let page = |(name, entry): (String, Entry)| SavedPage {
            html: fs::read(cache.join("pages").join(&name)).expect("a page of the index"),
            url: entry.url.parse().expect("an address"),
            name,
        };
        Self {
            cache: cache.to_owned(),
            pages: index.into_iter().map(page).collect(),
            easyprivacy: text("lists/easyprivacy.txt"),
            easylist: text("lists/easylist.txt"),
        }
    }
}

fn cache() -> PathBuf {
    let named = std::env::var_os("CONSENTGATE_TEST_CACHE").map(PathBuf::from);
    named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.cache"))
}
