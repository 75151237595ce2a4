//! The visitor's own record: what they chose, when, for which version of the notice, and the number to quote.

use crate::consent::{Purpose, UnixSeconds};

use super::address::{cookies_address, record_address};
use super::contact::contact_sentence;
use super::document::{Frame, document, others};
use super::html::{Html, capital, fill};
use super::purpose;
use super::strings::Strings;
use super::words;
use super::{Config, Language};

/// What the page of the visitor's own record says.
#[derive(Clone, Copy, Debug)]
pub struct ReceiptPage<'a> {
    /// The site's notice.
    pub config: &'a Config,
    /// The language to speak.
    pub language: Language,
    /// The reserved prefix, without a slash at its end.
    pub prefix: &'a str,
    /// The path and query the visitor came from.
    pub return_to: &'a str,
    /// Their choice, if they have made one that still holds.
    pub receipt: Option<Receipt<'a>>,
    /// It was deleted just now.
    pub deleted: bool,
}

/// A choice as its maker sees it.
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    /// The receipt id; a refusal has none.
    pub id: Option<&'a str>,
    /// When the choice was made.
    pub made_at: UnixSeconds,
    /// When the last of it lapses.
    pub kept_until: UnixSeconds,
    /// The notice version it was made for.
    pub notice_version: &'a str,
    /// Every purpose that was asked.
    pub purposes: &'a [ChosenPurpose<'a>],
}

/// What was chosen for one purpose.
#[derive(Clone, Copy, Debug)]
pub struct ChosenPurpose<'a> {
    /// Which one.
    pub purpose: Purpose,
    /// Its name on this site.
    pub name: &'a str,
    /// Accepted or rejected.
    pub granted: bool,
}

/// The whole page.
pub fn receipt_page(view: &ReceiptPage) -> String {
    let others = others(view.config, view.language, |language| record_address(view.prefix, view.return_to, language));
    let title = Strings::of(view.language).receipt_title;
    let frame = Frame {
        language: view.language,
        title,
        service: Some(&view.config.service),
        prefix: Some(view.prefix),
        style: Some(&view.config.style),
        listed: false,
        others: &others,
    };
    document(&frame, |html, strings| {
        html.element("h1", &[], title);
        if let Some(receipt) = &view.receipt {
            record(html, view, receipt);
        } else {
            if view.deleted {
                html.element("p", &[("role", "status")], strings.record_deleted);
            }
            html.element("p", &[], &fill(strings.nothing_chosen, &[&view.config.service]));
        }
        let cookies = cookies_address(view.prefix, view.return_to, Some(view.language));
        html.raw("<p>").linked(strings.back_to_cookies, &cookies).raw("</p>");
    })
}

fn record(html: &mut Html, view: &ReceiptPage, receipt: &Receipt) {
    let strings = Strings::of(view.language);
    let kept_until = receipt.kept_until;
    html.element("p", &[], &fill(strings.receipt_intro, &[&view.config.service])).raw("<dl>");
    if let Some(id) = receipt.id {
        fact(html, strings.receipt_number, id);
    }
    html.element("dt", &[], strings.chosen_on).raw("<dd>");
    html.element("time", &[("datetime", &words::machine(receipt.made_at))], &words::moment(strings, receipt.made_at));
    html.raw("</dd>");
    fact(html, strings.kept_until, &words::day(strings, kept_until));
    fact(html, strings.notice_version, receipt.notice_version);
    if let Some(organisation) = &view.config.organisation {
        fact(html, strings.organisation, organisation);
    }
    html.raw("</dl>");
    chosen(html, receipt, strings);
    if receipt.id.is_some() {
        whom_to_ask(html, view.config, strings);
        to_keep(html, view, strings);
        to_delete(html, view, strings);
    }
}

fn to_keep(html: &mut Html, view: &ReceiptPage, strings: &Strings) {
    let here = record_address(view.prefix, view.return_to, view.language);
    html.raw("<p>").linked(strings.record_as_json, &format!("{here}&as=json")).raw("</p>");
    html.raw("<p>").linked(strings.record_as_text, &format!("{here}&as=text")).raw("</p>");
}

fn to_delete(html: &mut Html, view: &ReceiptPage, strings: &Strings) {
    let here = record_address(view.prefix, view.return_to, view.language);
    html.element("h2", &[], strings.record_delete_heading).element("p", &[], strings.record_delete_text);
    html.open("form", &[("method", "post"), ("action", &here)]);
    let button = [("type", "submit"), ("name", "record"), ("value", "delete"), ("class", "button")];
    html.element("button", &button, strings.record_delete).raw("</form>");
}

/// The same in plain text, to keep; whoever has a receipt reads last that the ledger's own record follows.
pub fn receipt_text(view: &ReceiptPage) -> String {
    let strings = Strings::of(view.language);
    let mut lines = vec![strings.receipt_title.to_owned(), String::new()];
    let Some(receipt) = &view.receipt else {
        lines.push(fill(strings.nothing_chosen, &[&view.config.service]) + "\n");
        return lines.join("\n");
    };
    let mut fact = |what: &str, value: &str| lines.push(format!("{}: {value}", capital(what)));
    if let Some(id) = receipt.id {
        fact(strings.receipt_number, id);
    }
    fact(strings.chosen_on, &words::moment(strings, receipt.made_at));
    fact(strings.notice_version, receipt.notice_version);
    fact(strings.organisation, view.config.organisation.as_ref().unwrap_or(&view.config.service));
    fact(strings.essential_cookies, strings.always_on);
    for purpose in receipt.purposes.iter().filter(|chosen| chosen.purpose != Purpose::ESSENTIAL) {
        let word = if purpose.granted { strings.word_accepted } else { strings.word_refused };
        fact(&purpose::cookies(strings, purpose.purpose, purpose.name), word);
    }
    // The ledger's own lines come after it.
    if receipt.id.is_some() {
        lines.extend([String::new(), strings.record_as_kept.to_owned()]);
    }
    lines.join("\n") + "\n"
}

/// A site that names no contact is asked under its own name.
fn whom_to_ask(html: &mut Html, config: &Config, strings: &Strings) {
    let contact = config.contact.as_ref().or(config.organisation.as_ref()).unwrap_or(&config.service);
    contact_sentence(html, strings.receipt_use, contact);
}

fn fact(html: &mut Html, what: &str, value: &str) {
    html.element("dt", &[], what).element("dd", &[], value);
}

fn chosen(html: &mut Html, receipt: &Receipt, strings: &Strings) {
    html.raw("<table class=\"narrow\">").element("caption", &[], strings.what_you_chose).raw("<thead><tr>");
    html.element("th", &[("scope", "col")], strings.column_kind);
    html.element("th", &[("scope", "col")], strings.column_choice).raw("</tr></thead><tbody>");
    line(html, strings.essential_cookies, strings.always_on);
    for purpose in receipt.purposes.iter().filter(|chosen| chosen.purpose != Purpose::ESSENTIAL) {
        let word = if purpose.granted { strings.word_accepted } else { strings.word_refused };
        line(html, &purpose::cookies(strings, purpose.purpose, purpose.name), word);
    }
    html.raw("</tbody></table>");
}

fn line(html: &mut Html, cookies: &str, word: &str) {
    html.raw("<tr>").element("th", &[("scope", "row")], &capital(cookies)).element("td", &[], word).raw("</tr>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::testing::{config, text_in};

    #[test]
    fn a_record_says_what_when_and_for_which_notice() {
        let config = config();
        let purposes = [
            ChosenPurpose { purpose: Purpose::ANALYTICS, name: "analytics", granted: true },
            ChosenPurpose { purpose: Purpose::MARKETING, name: "marketing", granted: false },
        ];
        let id = "0123456789abcdef0123456789abcdef";
        let receipt = Receipt {
            id: Some(id),
            made_at: 1_795_449_900,
            kept_until: 1_826_985_900,
            notice_version: "2026-11",
            purposes: &purposes,
        };
        let view = ReceiptPage {
            config: &config,
            language: Language::English,
            prefix: "/.consent",
            return_to: "/",
            receipt: Some(receipt),
            deleted: false,
        };
        let html = receipt_page(&view);
        let facts = text_in(&html, "dd");
        assert_eq!(facts, format!("{id}23 November 2026, 16:05 UTC23 November 20272026-11Example County Council"));
        let chosen = text_in(&html, "td");
        assert_eq!(chosen, "Always usedAcceptedRejected");
        assert!(html.contains("noindex"));
        let ask = text_in(&html, "main > div > p");
        assert!(ask.contains("send the receipt number to dpo@example.gov.uk."), "{ask}");
        assert!(html.contains("<a href=\"mailto:dpo@example.gov.uk\">"));
        assert!(html.contains("&amp;as=json") && html.contains("&amp;as=text"));
        assert_eq!(text_in(&html, "form[method=post] button[name=record][value=delete]"), "Delete my record");
        let text = receipt_text(&view);
        assert!(text.contains(&format!("Receipt number: {id}\n")) && text.contains("ccepted\n"), "{text}");
        assert!(text.ends_with("\n\nWhat follows is the record word for word as it is kept, with names and values that are the same in every language:\n"));
        let refused = ReceiptPage { receipt: view.receipt.map(|receipt| Receipt { id: None, ..receipt }), ..view };
        assert!(!receipt_text(&refused).contains("What follows"), "nothing follows without a receipt");
    }

    #[test]
    fn whoever_has_not_chosen_is_told_so() {
        let config = config();
        let view = ReceiptPage {
            config: &config,
            language: Language::Welsh,
            prefix: "/.consent",
            return_to: "/",
            receipt: None,
            deleted: false,
        };
        let html = receipt_page(&view);
        assert!(text_in(&html, "main p").starts_with("Nid ydych wedi gwneud dewis am gwcis ar Example Council"));
        assert!(!html.contains("<dl>"));
    }
}
