//! What a visitor may want to know besides, and whom to turn to: the end of the cookies page.

use super::address::record_address;
use super::contact::contact_sentence;
use super::cookies_page::CookiesPage;
use super::html::{Html, fill};
use super::purpose;
use super::strings::Strings;

pub(super) fn rights(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    html.element("h2", &[], strings.third_party_heading).element("p", &[], strings.third_party_text);
    if !view.elsewhere.is_empty() {
        html.element("h2", &[], strings.elsewhere_heading).element("p", &[], strings.elsewhere_text);
        html.raw("<ul class=\"names\">");
        for host in view.elsewhere {
            html.element("li", &[], host);
        }
        html.raw("</ul>");
    }
    html.element("h2", &[], strings.gpc_heading).element("p", &[], strings.gpc_how);
    html.element("p", &[], if view.gpc { strings.gpc_on } else { strings.gpc_off });
    for section in view.purposes.iter().filter(|section| section.until_objected) {
        let cookies = purpose::cookies(strings, section.purpose, section.name);
        html.element("p", &[], &fill(strings.gpc_objects, &[&cookies]));
    }
    record(html, view, strings);
    responsible(html, view, strings);
    complaint(html, view, strings);
}

fn record(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    let address = format!("{}{}", view.origin, record_address(view.prefix, view.return_to, view.language));
    html.element("h2", &[], strings.record_heading).raw("<p>").linked(strings.record_text, &address).raw("</p>");
    if let Some(receipt) = view.receipt {
        html.element("p", &[], &fill(strings.record_number, &[receipt]));
    }
}

/// Who decides, and how to reach them.
fn responsible(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    let who = match &view.config.organisation {
        Some(organisation) => fill(strings.responsible, &[organisation]),
        None => fill(strings.responsible_service, &[&view.config.service]),
    };
    let controller = &view.config.controller;
    html.element("h2", &[], strings.responsible_heading).element("p", &[], &who);
    let ways = [
        (strings.contact, &view.config.contact),
        (strings.write_to, &controller.address),
        (strings.dpo, &controller.dpo),
    ];
    for (sentence, way) in ways {
        if let Some(way) = way {
            contact_sentence(html, sentence, way);
        }
    }
    if let Some(address) = &controller.privacy_notice {
        // One that starts with a slash is on this site.
        let origin = if address.starts_with('/') { view.origin } else { "" };
        html.raw("<p>").linked(strings.privacy_notice, &format!("{origin}{address}")).raw("</p>");
    }
}

/// To the organisation, which has to acknowledge it within 30 days, and to the regulator (A22).
fn complaint(html: &mut Html, view: &CookiesPage, strings: &Strings) {
    html.element("h2", &[], strings.complaint_heading).element("p", &[], strings.complain);
    if let Some(way) = view.config.controller.complaints.as_ref().or(view.config.contact.as_ref()) {
        contact_sentence(html, strings.complain_to, way);
    }
    html.raw("<p>").linked(strings.complain_ico, strings.ico).raw("</p>");
}
