//! What the configuration says that cookies and storage keys do, in the notice's languages.

use super::super::excerpt::quoted;
use super::super::written::{self, Found, Key};
use super::{Resolver, items};
use crate::notice::{Described, Language};

impl Resolver<'_, '_> {
    pub(super) fn descriptions(&mut self, written: &written::Site, languages: &[Language]) -> Vec<Described> {
        let cookies = items(&written.cookies).iter().map(|Found(_, rule)| (false, &rule.name, &rule.description));
        let storage = items(&written.storage).iter().map(|Found(_, rule)| (true, &rule.key, &rule.description));
        let mut described = Vec::new();
        for (storage, name, description) in cookies.chain(storage) {
            for found in items(description) {
                described.extend(self.description((name, storage), found, languages));
            }
        }
        described
    }

    fn description(
        &mut self,
        (name, storage): (&Key<String>, bool),
        Found(_, written): &Found<written::Description>,
        languages: &[Language],
    ) -> Option<Described> {
        let wanted = written.language.as_ref()?;
        let language = languages.iter().copied().find(|language| language.tag().eq_ignore_ascii_case(&wanted.1));
        if language.is_none() {
            let message = format!("the notice does not speak {}", quoted(&wanted.1));
            self.fault(wanted, message, "add it to 'languages:', or name one that is there");
        }
        let name = name.as_ref()?.1.clone();
        Some(Described { name, storage, language: language?, text: written.text.as_ref()?.1.clone() })
    }
}
