//! The cookies page: everything the site stores, by purpose, and the detailed choice.
//!
//! Settings come first, what they are about after them: withdrawing must not be harder than agreeing was (A13).

use crate::consent::Purpose;

use super::address::{cookies_address, local, record_address};
use super::document::{Frame, document};
use super::html::{Html, capital, fill};
use super::purpose;
use super::strings::Strings;
use super::table::table;
use super::words::Lifetime;
use super::{Config, Language};

const DAY: u64 = 86_400;

/// What the cookies page says.
#[derive(Clone, Copy, Debug)]
pub struct CookiesPage<'a> {
    /// The site's notice.
    pub config: &'a Config,
    /// The language to speak.
    pub language: Language,
    /// The reserved prefix, without a slash at its end.
    pub prefix: &'a str,
    /// The path and query the visitor came from.
    pub return_to: &'a str,
    /// Every purpose to be listed, `essential` among them.
    pub purposes: &'a [PurposeSection<'a>],
    /// What has just happened.
    pub state: PageState,
    /// The browser sends Global Privacy Control.
    pub gpc: bool,
    /// The visitor's receipt id.
    pub receipt: Option<&'a str>,
    /// The name of the choice cookie on this scheme.
    pub choice_cookie: &'a str,
}

/// One purpose with what is stored for it.
#[derive(Clone, Copy, Debug)]
pub struct PurposeSection<'a> {
    /// Which one.
    pub purpose: Purpose,
    /// Its name on this site: `analytics`.
    pub name: &'a str,
    /// The visitor has agreed to it.
    pub granted: bool,
    /// What is stored.
    pub rows: &'a [CookieRow<'a>],
}

/// One cookie (or storage key).
#[derive(Clone, Copy, Debug)]
pub struct CookieRow<'a> {
    /// Its name, perhaps with `*`.
    pub name: &'a str,
    /// The organisation that sets it; `None` is this site.
    pub set_by: Option<&'a str>,
    /// What it does, with the language that is written in.
    pub description: Option<(&'a str, Language)>,
    /// How long it is kept.
    pub lifetime: Lifetime,
}

/// What has just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// Nothing: the visitor has come to look.
    Looking,
    /// A choice was stored.
    Saved,
    /// The visitor's agreement was withdrawn.
    Withdrawn,
}

/// The whole page.
pub fn cookies_page(view: &CookiesPage) -> String {
    let title = fill(Strings::of(view.language).cookies_on, &[&view.config.service]);
    let other = view.config.languages.iter().copied().find(|language| *language != view.language);
    let other = other.map(|language| (language, cookies_address(view.prefix, view.return_to, Some(language))));
    let frame = Frame {
        language: view.language,
        title: &title,
        service: Some(&view.config.service),
        prefix: Some(view.prefix),
        listed: true,
        other: other.as_ref().map(|(language, href)| (*language, href.as_str())),
    };
    document(&frame, |html, strings| {
        success(html, view, strings);
        html.element("h1", &[], &title);
        html.element("p", &[], &fill(strings.intro, &[&view.config.service]));
        settings(html, view, strings);
        withdrawal(html, view, strings);
        essential(html, view, strings);
        asked(view).for_each(|section| listing(html, section, view.language));
        rights(html, view, strings);
    })
}

fn asked<'a>(view: &CookiesPage<'a>) -> impl Iterator<Item = &'a PurposeSection<'a>> {
    view.purposes.iter().filter(|section| section.purpose != Purpose::ESSENTIAL)
}

fn success(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    let done = match view.state {
        PageState::Looking => return,
        PageState::Saved => strings.saved,
        PageState::Withdrawn => strings.withdrawn,
    };
    html.raw("<div class=\"success\" role=\"alert\" aria-labelledby=\"success\"><h2 id=\"success\">");
    html.text(strings.success).raw("</h2><p>").text(done).raw(" ");
    html.linked(strings.go_back, &local(view.return_to)).raw("</p></div>");
}

// The settings.

fn settings(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    if asked(view).next().is_none() {
        return;
    }
    html.element("h2", &[], strings.settings_heading);
    open_form(html, view);
    asked(view).for_each(|section| setting(html, section, strings));
    html.raw("<button type=\"submit\" name=\"choice\" value=\"save\" class=\"button\">");
    html.text(strings.save).raw("</button></form>");
}

/// Stays on this page after saving, and keeps the way back.
fn open_form(html: &mut Html, view: &CookiesPage) {
    let here = cookies_address(view.prefix, view.return_to, Some(view.language));
    html.open("form", &[("method", "post"), ("action", &format!("{}/choice", view.prefix))]);
    html.open("input", &[("type", "hidden"), ("name", "return"), ("value", &here)]);
}

fn setting(html: &mut Html, section: &PurposeSection, strings: &Strings) {
    let cookies = purpose::cookies(strings, section.purpose, section.name);
    let hint = format!("about-{}", section.name);
    html.open("fieldset", &[("aria-describedby", &hint)]);
    html.element("legend", &[], &fill(strings.question, &[&cookies]));
    html.open("p", &[("id", &hint)]).text(&purpose::about(strings, section.purpose, section.name));
    html.raw(" ").open("a", &[("href", &format!("#list-{}", section.name))]).text(strings.see_cookies);
    html.element("span", &[("class", "unseen")], &format!(": {cookies}")).raw("</a></p><div class=\"radios\">");
    radio(html, section, ("yes", strings.yes), section.granted);
    radio(html, section, ("no", strings.no), !section.granted);
    html.raw("</div></fieldset>");
}

fn radio(html: &mut Html, section: &PurposeSection, (value, label): (&str, &str), checked: bool) {
    let id = format!("{}-{value}", section.name);
    let name = format!("purpose.{}", section.name);
    let mut attributes = vec![("type", "radio"), ("id", id.as_str()), ("name", name.as_str()), ("value", value)];
    if checked {
        attributes.push(("checked", ""));
    }
    html.raw("<div class=\"radio\">").open("input", &attributes);
    html.element("label", &[("for", &id)], label).raw("</div>");
}

fn withdrawal(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    if !asked(view).any(|section| section.granted) {
        return;
    }
    html.element("h2", &[], strings.withdraw_heading);
    html.element("p", &[], strings.withdraw_text);
    open_form(html, view);
    html.raw("<button type=\"submit\" name=\"choice\" value=\"withdraw\" class=\"button\">");
    html.text(strings.withdraw).raw("</button></form>");
}

// What is stored.

/// The choice cookie is the gate's own and stands first (A20).
fn essential(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    let own = CookieRow {
        name: view.choice_cookie,
        set_by: None,
        description: Some((strings.choice_cookie, view.language)),
        lifetime: Lifetime::Seconds(u64::from(view.config.days) * DAY),
    };
    let essential = view.purposes.iter().filter(|section| section.purpose == Purpose::ESSENTIAL);
    let rows: Vec<_> = [own].into_iter().chain(essential.flat_map(|section| section.rows.iter().copied())).collect();
    html.element("h2", &[], &capital(strings.essential_cookies));
    html.element("p", &[], strings.about_essential);
    table(html, &rows, view.language, strings.essential_cookies);
}

fn listing(html: &mut Html, section: &PurposeSection, language: Language) {
    let strings = Strings::of(language);
    let cookies = purpose::cookies(strings, section.purpose, section.name);
    html.element("h2", &[("id", &format!("list-{}", section.name))], &capital(&cookies));
    html.element("p", &[], &purpose::about(strings, section.purpose, section.name));
    if section.rows.is_empty() {
        html.element("p", &[], strings.none_seen);
    } else {
        table(html, section.rows, language, &cookies);
    }
}

// What the visitor may want to know, and whom to turn to.

fn rights(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    html.element("h2", &[], strings.third_party_heading).element("p", &[], strings.third_party_text);
    html.element("h2", &[], strings.gpc_heading);
    html.element("p", &[], if view.gpc { strings.gpc_on } else { strings.gpc_off });
    html.element("h2", &[], strings.record_heading).raw("<p>");
    html.linked(strings.record_text, &record_address(view.prefix, view.return_to, view.language)).raw("</p>");
    if let Some(receipt) = view.receipt {
        html.element("p", &[], &fill(strings.record_number, &[receipt]));
    }
    responsible(html, view, strings);
}

/// Who decides, how to reach them, and the right to complain (A22).
fn responsible(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    let who = match &view.config.organisation {
        Some(organisation) => fill(strings.responsible, &[organisation]),
        None => fill(strings.responsible_service, &[&view.config.service]),
    };
    html.element("h2", &[], strings.responsible_heading).element("p", &[], &who);
    if let Some(contact) = &view.config.contact {
        let (before, after) = strings.contact.split_once("{}").unwrap_or((strings.contact, ""));
        html.raw("<p>").text(before);
        contact_link(html, contact);
        html.text(after).raw("</p>");
    }
    html.raw("<p>").linked(strings.complain, strings.ico).raw("</p>");
}

/// A web address or an e-mail address becomes a link; a telephone number or a postal address is text.
fn contact_link(html: &mut Html, contact: &str) {
    let plain = !contact.contains(char::is_whitespace);
    if plain && (contact.starts_with("https://") || contact.starts_with("http://")) {
        html.element("a", &[("href", contact)], contact);
    } else if plain && contact.contains('@') {
        html.element("a", &[("href", &format!("mailto:{contact}"))], contact);
    } else {
        html.text(contact);
    }
}
