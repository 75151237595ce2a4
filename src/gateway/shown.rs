//! What a choice was made on: the notice as the visitor read it, and the rules of the site, each as one text.
//!
//! Rendered for nobody in particular (no way back, no nonce, nothing chosen yet), so that the text is the same for all
//! who read the same, and its hash names what was said. It is made for every choice, since traffic may show something new at
//! any time that the cookies page names; while it stays the same, all records that wait share one.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use http::Request;
use http::header::HOST;
use serde_json::{Value, json};

use crate::consent::Purpose;
use crate::ledger::{Document, Shown};
use crate::notice::{self, Banner, BannerState, Language};
use crate::policy::rule_set;

use super::visit::Visit;
use super::{Config, Mode, Peer, Site, pages};

/// A site's newest texts, by language.
#[derive(Default)]
pub(super) struct Texts(Mutex<Vec<(Language, Arc<Shown>)>>);

/// What this visitor was shown.
pub(super) fn shown(visit: &Visit) -> Arc<Shown> {
    let (site, language) = (&visit.site, visit.language());
    let (notice, rules) = (text(site, language), rules(site));
    let mut texts = site.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |shown: &Shown| *shown.notice.text == *notice && *shown.rules.text == *rules;
    if let Some((_, shown)) = texts.iter().find(|(spoken, shown)| *spoken == language && same(shown)) {
        return Arc::clone(shown);
    }
    let shown = Arc::new(Shown { notice: Document::new(notice), rules: Document::new(rules) });
    texts.retain(|(spoken, _)| *spoken != language);
    texts.push((language, Arc::clone(&shown)));
    shown
}

/// The banner with its confirmations, and the cookies page behind it.
fn text(site: &Arc<Site>, language: Language) -> String {
    let target = format!("{}/cookies?lang={}", site.config.prefix, language.tag());
    let request = Request::builder().uri(target).header(HOST, site.name()).body(());
    let request = request.expect("a host and a prefix of the configuration make an address");
    let nobody = Peer { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), https: true };
    let visit = Visit::new(Arc::clone(site), &request, nobody);
    let third_parties = pages::third_parties(site);
    let asked = pages::asked(site, &third_parties, site.policy.purposes().by_consent());
    let place = notice::Place { return_to: "/", nonce: "", ..visit.place(Some(language.tag())) };
    let banner = notice::banner(&Banner { place, asked: &asked, state: BannerState::Ask });
    let page = pages::cookies_html(&visit);
    format!("<!-- the notice -->\n{}\n<!-- the cookies page -->\n{page}\n", String::from_utf8_lossy(&banner))
}

/// Who is responsible, what is asked, and every rule: ISO/IEC TS 27560 has these once, not in every record (E3).
fn rules(site: &Site) -> String {
    let config = &site.config;
    let purposes = site.policy.purposes();
    let seen = |purpose| {
        let hosts = site.inventory.tags.of(purpose);
        let companies = site.inventory.companies(purpose).into_iter().map(str::to_owned);
        companies.chain(hosts.iter().map(ToString::to_string)).collect::<Vec<_>>()
    };
    let recipients: serde_json::Map<_, _> =
        purposes.asked().map(|(purpose, name)| (name.to_owned(), json!(seen(purpose)))).collect();
    let rules = json!({
        "product": concat!("consentgate ", env!("CARGO_PKG_VERSION")),
        "site": site.name(),
        "hosts": config.hosts,
        "share": config.share,
        "mode": match config.mode { Mode::Observe => "observe", Mode::Enforce => "enforce", Mode::Off => "off" },
        "controller": config.notice.organisation.as_deref().unwrap_or(&config.notice.service),
        "contact": config.notice.contact,
        "address": config.notice.controller.address,
        "dpo": config.notice.controller.dpo,
        "complaints": config.notice.controller.complaints,
        "privacy_notice": config.notice.controller.privacy_notice,
        "service": config.notice.service,
        "jurisdiction": "GB",
        "notice_version": config.notice.version,
        "languages": config.notice.languages.iter().map(|language| language.tag()).collect::<Vec<_>>(),
        "choice_kept_days": config.notice.days,
        "refusal_kept_days": config.notice.refusal_days,
        "withdrawal": format!("{}/cookies", config.prefix),
        "receipts": config.receipts,
        "purposes": terms(config),
        "exceptions": exceptions(),
        "recipients": recipients,
        "rules": written(config, |purpose| purposes.name(purpose)),
        "filter_lists": format!("{:?}", config.policy.lists),
    });
    format!("{rules:#}\n")
}

/// On what terms each purpose is asked about, what allows it, and who vouched for that (A4, A7).
fn terms(config: &Config) -> Value {
    let purposes = &config.policy.purposes;
    let one = |(purpose, name): (Purpose, &str)| {
        let attested = config.policy.attested.iter().find(|attested| attested.purpose == purpose);
        let terms = purposes.terms(purpose);
        json!({
            "purpose": name,
            "version": terms.map(|terms| &*terms.version),
            "basis": terms.map(|terms| terms.basis.id()),
            "attested": attested.map(|by| json!({ "points": by.points, "who": by.who, "date": by.date })),
        })
    };
    purposes.asked().map(one).collect()
}

/// The law as the gate knew it when the choice was made (A5).
fn exceptions() -> Value {
    let rules = rule_set();
    json!({ "id": rules.id, "version": rules.version, "in_force_since": rules.in_force_since, "source": rules.source })
}

fn written<'s>(config: &Config, name: impl Fn(Purpose) -> &'s str) -> Value {
    let policy = &config.policy;
    let rule = |pattern: &str, purpose| json!({ "pattern": pattern, "purpose": name(purpose) });
    json!({
        "cookies": policy.cookies.iter().map(|known| rule(&known.pattern, known.purpose)).collect::<Vec<_>>(),
        "storage": policy.storage.iter().map(|known| rule(&known.pattern, known.purpose)).collect::<Vec<_>>(),
        "tags": policy.tags.iter().map(|known| rule(&known.pattern, known.purpose)).collect::<Vec<_>>(),
        "paths": policy.paths.iter().map(|path| json!({ "pattern": path.pattern, "bypass": path.bypass })).collect::<Vec<_>>(),
        "unclassified": format!("{:?}", policy.unclassified),
        "replace_banner": policy.replace_banner,
    })
}
