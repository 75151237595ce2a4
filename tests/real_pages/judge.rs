//! `EasyPrivacy` and `EasyList` as judges that nobody here appointed: would this reference be blocked on this page?

use std::sync::Once;

use adblock::Engine;
use adblock::lists::{FilterSet, ParseOptions, RuleTypes};
use adblock::request::Request;
use adblock::url_parser::{ResolvesDomain, set_domain_resolver};
use url::Url;

/// One filter list.
pub(crate) struct Judge(Engine);

impl Judge {
    pub(crate) fn new(list: &str) -> Self {
        static RESOLVER: Once = Once::new();
        RESOLVER.call_once(|| assert!(set_domain_resolver(Box::new(Registrable)).is_ok(), "set once"));
        let mut filters = FilterSet::new(false);
        let options = ParseOptions { rule_types: RuleTypes::NetworkOnly, ..ParseOptions::default() };
        filters.add_filter_list(list.to_owned(), options);
        Self(Engine::new_with_filter_set(filters))
    }

    /// Would it be blocked? `kind` in the words of the lists: `script`, `image`, `subdocument`, …
    pub(crate) fn blocks(&self, address: &Url, page: &Url, kind: &str) -> bool {
        let Ok(request) = Request::new(address.as_str(), page.as_str(), kind, "GET") else { return false };
        let result = self.0.check_network_request(&request);
        result.important || (result.filter.is_some() && result.exception.is_none())
    }
}

/// The registrable domain by the public suffix list.
struct Registrable;

impl ResolvesDomain for Registrable {
    fn get_host_domain(&self, host: &str) -> (usize, usize) {
        let length = psl::domain_str(host).map_or(host.len(), str::len);
        (host.len() - length, host.len())
    }
}
