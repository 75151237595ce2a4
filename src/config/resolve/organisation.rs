//! What the cookies page says of the organisation.

use super::super::excerpt::quoted;
use super::super::written::{Key, Organisation};
use super::{Resolver, text};
use crate::notice::Controller;

impl Resolver<'_, '_> {
    pub(super) fn controller(&mut self, organisation: Option<&Organisation>) -> Controller {
        let Some(organisation) = organisation else { return Controller::default() };
        self.privacy_notice(&organisation.privacy_notice);
        Controller {
            address: text(&organisation.address),
            dpo: text(&organisation.dpo),
            complaints: text(&organisation.complaints),
            privacy_notice: text(&organisation.privacy_notice),
        }
    }

    /// It becomes a link: anything but a web address or a path would run, or lead nowhere.
    fn privacy_notice(&mut self, key: &Key<String>) {
        let Some(found) = key else { return };
        let path = found.1.starts_with('/') && !found.1.starts_with("//");
        let web = url::Url::parse(&found.1).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !(path || web) {
            let hint = "write a web address such as https://www.example.gov.uk/privacy, or a path such as /privacy";
            self.fault(found, format!("{} is not the address of a page", quoted(&found.1)), hint);
        }
    }
}
