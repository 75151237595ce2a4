//! A record in the shape of ISO/IEC TS 27560:2023, joined with what is kept once for many records (REQUIREMENTS E3).
//!
//! The names of the fields are the standard's as the W3C's DPV guide gives them; the form is fixed by our own JSON Schema
//! beside this file's docs. A refusal, an objection and a signal are records without a principal: there is nobody they
//! could be tied to (E5).

use serde_json::{Value, json};

use super::chain::hex;
use super::{Entry, Event, Record, rfc3339};

/// The form of the export.
pub const SCHEMA_27560: &str = include_str!("../../docs/consent-record-27560.schema.json");

/// One record; `rules` is the text it points to, `null` for a record of schema 1.
pub(super) fn record(entry: &Entry, rules: &Value) -> Value {
    let record = &entry.record;
    let controller = rules["controller"].as_str().unwrap_or(&record.site);
    json!({
        "schema_version": "ISO/IEC TS 27560:2023; consentgate 1",
        "record_id": hex(&record.id),
        "pii_principal_id": record.event.receipt().map(|receipt| receipt.to_string()),
        "pii_processing": {
            "privacy_notice": {
                "version": record.notice_version,
                "sha256": entry.notice.map(|hash| hex(&hash)),
                "page": address(record, record.page.as_str()),
            },
            "language": record.language,
            "purposes": purposes(entry, rules),
            "pii_information": [{ "pii_type": "cookies and similar storage on the visitor's device", "pii_optional": true }],
            "pii_controllers": ["controller"],
            "collection_method": record.method.name(),
            "storage_locations": ["the controller's own server; the visitor's browser"],
            "retention_period": { "choice_until": rfc3339(record.expires_at.saturating_mul(1000)) },
            "jurisdictions": [rules["jurisdiction"].as_str().unwrap_or("GB")],
            "recipient_third_parties": recipients(entry, rules),
            "withdrawal_method": rules["withdrawal"].as_str().map_or_else(
                || "the cookies page of the site".to_owned(),
                |page| address(record, page),
            ),
        },
        "party_identification": [{
            "party_id": "controller",
            "party_name": controller,
            "party_address": rules["address"].as_str().map_or_else(|| address(record, "/"), str::to_owned),
            "party_contact": rules["contact"],
            "party_type": "PII controller",
        }],
        "events": [{
            "event_time": rfc3339(record.time_ms),
            "validity_duration": { "until": rfc3339(record.expires_at.saturating_mul(1000)) },
            "entity_id": "controller",
            "event_type": record.event.name(),
            "event_state": state(record),
        }],
        "evidence": {
            "seq": entry.seq,
            "previous_record_id": entry.previous.map(|id| hex(&id)),
            "rules_sha256": entry.rules.map(|hash| hex(&hash)),
            "chain_sha256": hex(&entry.hash),
            "gpc": record.gpc,
            "product": entry.product,
        },
    })
}

/// Without a scheme (RFC 3986 section 4.2): a record does not say which one the visitor's page had.
fn address(record: &Record, path: &str) -> String {
    format!("//{}{path}", record.site)
}

fn purposes(entry: &Entry, rules: &Value) -> Vec<Value> {
    let asked = entry.record.decisions.iter().map(|(purpose, agreed)| {
        let terms = terms(rules, purpose);
        json!({
            "purpose": purpose,
            "purpose_version": terms["version"].as_str().filter(|version| !version.is_empty()),
            "lawful_basis": terms["basis"].as_str(),
            "consented": agreed,
            "recipients": rules["recipients"][purpose].as_array(),
        })
    });
    asked.collect()
}

/// Rules written before purposes had terms name them only.
fn terms<'r>(rules: &'r Value, purpose: &str) -> &'r Value {
    let all = rules["purposes"].as_array().into_iter().flatten();
    all.into_iter().find(|terms| terms["purpose"] == purpose).unwrap_or(&Value::Null)
}

/// Whoever receives something because of this decision.
fn recipients(entry: &Entry, rules: &Value) -> Vec<String> {
    let agreed = entry.record.decisions.iter().filter(|(_, agreed)| *agreed);
    let named = agreed.filter_map(|(purpose, _)| rules["recipients"][purpose].as_array()).flatten();
    let mut named: Vec<_> = named.filter_map(|name| name.as_str().map(str::to_owned)).collect();
    named.sort();
    named.dedup();
    named
}

/// The standard's states of consent: is it in force after this event?
fn state(record: &Record) -> &'static str {
    let agreed = record.decisions.iter().any(|(_, agreed)| *agreed);
    match record.event {
        Event::Given(_) | Event::Partial(_) | Event::Changed(_) | Event::ObjectionRemoved => "given",
        Event::Refused | Event::Objected | Event::Signal => "refused",
        Event::Withdrawn(_) => "withdrawn",
        // A choice that had lost its force was made anew, or only fell away.
        Event::Superseded(_) if agreed => "given",
        Event::Superseded(_) => "invalidated",
    }
}
