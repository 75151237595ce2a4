//! The data dictionary: every column and key that is written, with its type, its unit and its meaning. The columns come
//! from where the tables are made, the keys from the types that are written and the sentences beside them.

use std::collections::BTreeMap;

use minijinja::context;
use serde::Serialize;
use serde_json::Value;

use super::columns::{Column, LEAGUE, of_criterion};
use super::csv::{COLUMNS, Table};
use super::look;
use crate::audit::{Changes, Criteria, Report, criteria};

const TEMPLATE: &str = include_str!("dictionary.html");
/// A key's unit in the published schema.
const UNIT: &str = "x-unit";

#[derive(Serialize)]
struct Entry {
    file: &'static str,
    name: String,
    kind: String,
    unit: String,
    meaning: String,
}

/// `dictionary.csv`.
pub fn dictionary_csv() -> String {
    let mut table = Table::new();
    table.put(["file", "name", "type", "unit", "meaning"].map(str::to_owned));
    for entry in entries() {
        table.put([entry.file.into(), entry.name, entry.kind, entry.unit, entry.meaning]);
    }
    table.text()
}

/// `dictionary.html`.
pub fn dictionary_html() -> String {
    let mut files: Vec<(&str, Vec<Entry>)> = Vec::new();
    for entry in entries() {
        match files.last_mut() {
            Some((file, of_file)) if *file == entry.file => of_file.push(entry),
            _ => files.push((entry.file, vec![entry])),
        }
    }
    look::page(TEMPLATE, context! { files })
}

fn entries() -> Vec<Entry> {
    let mut entries: Vec<_> = LEAGUE.iter().map(|column| of_column("benchmark.csv", column)).collect();
    entries.extend(criteria().criteria.iter().map(|criterion| Entry {
        file: "benchmark.csv",
        name: of_criterion(&criterion.id),
        kind: "one of: met, not_met, not_applicable, not_seen".into(),
        unit: String::new(),
        meaning: format!("What came of the criterion: {}.", criterion.title),
    }));
    entries.extend(COLUMNS.iter().map(|column| of_column("report.csv", column)));
    entries.extend(keys("report.json", schemars::schema_for!(Report).as_value()));
    entries.extend(keys("changes.json", schemars::schema_for!(Vec<Changes>).as_value()));
    entries.extend(keys("criteria.json", schemars::schema_for!(Criteria).as_value()));
    entries
}

fn of_column<V>(file: &'static str, column: &Column<V>) -> Entry {
    Entry {
        file,
        name: column.name.into(),
        kind: column.kind.into(),
        unit: column.unit.into(),
        meaning: column.meaning.into(),
    }
}

// === Keys, from the schema ===

fn keys(file: &'static str, schema: &Value) -> Vec<Entry> {
    let mut walk = Walk { file, schema, places: BTreeMap::new(), entries: Vec::new() };
    walk.keys_of("", schema);
    walk.entries
}

struct Walk<'s> {
    file: &'static str,
    schema: &'s Value,
    /// Where the keys of each type are listed: once, and referred to after that.
    places: BTreeMap<String, String>,
    entries: Vec<Entry>,
}

impl<'s> Walk<'s> {
    /// Lists the keys of what stands at this place.
    fn keys_of(&mut self, place: &str, of: &'s Value) {
        if let Some(items) = of.get("items") {
            return self.keys_of(&format!("{place}[]"), self.meant(items));
        }
        let Some(keys) = of.get("properties").and_then(Value::as_object) else { return };
        let dot = if place.is_empty() { "" } else { "." };
        for (key, value) in keys {
            self.key(format!("{place}{dot}{key}"), value);
        }
    }

    fn key(&mut self, name: String, value: &'s Value) {
        let (meant, of) = (self.meant(value), named(value));
        let says = value.get("description").or_else(|| meant.get("description")).and_then(Value::as_str);
        let mut meaning = says.unwrap_or_default().replace('\n', " ");
        let listed = of.and_then(|of| self.places.get(of)).cloned();
        if let Some(place) = &listed {
            meaning = format!("{meaning} Its keys are those of {place}.");
        } else if let Some(of) = of.filter(|_| self.has_keys(meant)) {
            self.places.insert(of.to_owned(), name.clone());
        }
        if listed.is_none() {
            let at = self.entries.len();
            self.keys_of(&name, meant);
            self.entries.insert(at, self.entry(name, value, meaning));
        } else {
            self.entries.push(self.entry(name, value, meaning));
        }
    }

    fn entry(&self, name: String, value: &'s Value, meaning: String) -> Entry {
        let unit = value.get(UNIT).and_then(Value::as_str).unwrap_or_default().to_owned();
        Entry { file: self.file, name, kind: self.kind(value), unit, meaning }
    }

    /// It is an object with keys of its own, or a list of such.
    fn has_keys(&self, meant: &'s Value) -> bool {
        let item = meant.get("items").map_or(meant, |items| self.meant(items));
        item.get("properties").is_some()
    }

    /// What a value is, behind references and behind "or null".
    fn meant(&self, value: &'s Value) -> &'s Value {
        let one = value.get("anyOf").and_then(|any| any.get(0)).unwrap_or(value);
        one.get("$ref")
            .and_then(Value::as_str)
            .and_then(|to| self.schema.pointer(to.trim_start_matches('#')))
            .unwrap_or(one)
    }

    fn kind(&self, value: &'s Value) -> String {
        let meant = self.meant(value);
        let absent = if value.get("anyOf").is_some() || is_type(value, "null") { ", or null" } else { "" };
        let names = meant.get("oneOf").and_then(Value::as_array);
        let kind = if let Some(names) = names {
            let names: Vec<_> = names.iter().filter_map(|name| name.get("const")?.as_str()).collect();
            format!("one of: {}", names.join(", "))
        } else if let Some(items) = meant.get("items") {
            format!("list of {}", plural(&self.kind(items)))
        } else if meant.get("prefixItems").is_some() {
            "list of two numbers".into()
        } else {
            let words =
                [("string", "text"), ("integer", "whole number"), ("number", "number"), ("boolean", "true or false")];
            let found = words.iter().find(|(word, _)| is_type(meant, word));
            found.map_or("object", |(_, says)| says).into()
        };
        kind + absent
    }
}

/// The name of the type that a value, or an item of it, refers to.
fn named(value: &Value) -> Option<&str> {
    let one = value.get("items").unwrap_or(value);
    let one = one.get("anyOf").and_then(|any| any.get(0)).unwrap_or(one);
    one.get("$ref")?.as_str()
}

fn plural(kind: &str) -> String {
    match kind {
        "text" => "texts".into(),
        "object" => "objects".into(),
        kind => kind.to_owned(),
    }
}

fn is_type(value: &Value, word: &str) -> bool {
    match value.get("type") {
        Some(Value::String(one)) => one == word,
        Some(Value::Array(several)) => several.iter().any(|one| one == word),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{
        CookieFound, Declared, LifetimeDiffers, Method, NoticeSeen, Outcome, PageSeen, SiteReport, State, StorageFound,
        ThirdParty,
    };

    fn found(name: &str) -> Entry {
        entries().into_iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("{name}"))
    }

    #[test]
    fn every_column_and_key_has_a_type_and_a_meaning() {
        for entry in entries() {
            assert!(
                !entry.kind.is_empty() && entry.meaning.len() > 5,
                "{}: {} is not described",
                entry.file,
                entry.name
            );
        }
        let lifetime = found("sites[].states.untouched.cookies[].wire_lifetime");
        assert_eq!((&*lifetime.kind, &*lifetime.unit), ("whole number, or null", "seconds"));
        assert_eq!(found("sites[].criteria[].verdict").kind, "one of: met, not_met, not_applicable, not_seen");
        assert_eq!(found("sites[].pages").kind, "list of objects");
        assert!(found("sites[].states.rejected").meaning.ends_with("Its keys are those of sites[].states.untouched."));
    }

    /// Whatever a report can hold, each of its keys is in the dictionary.
    #[test]
    fn no_key_is_missing() {
        let state = State {
            cookies: vec![CookieFound::default()],
            storage: vec![StorageFound::default()],
            third_parties: vec![ThirdParty::default()],
            ..State::default()
        };
        let mut site = SiteReport {
            criteria: vec![Outcome::default()],
            pages: vec![PageSeen::default()],
            ..SiteReport::default()
        };
        site.notice = Some(NoticeSeen::default());
        site.declared = Some(Declared { lifetimes: vec![LifetimeDiffers::default()], ..Declared::default() });
        site.states.untouched = state;
        let report = Report { sites: vec![site], method: Some(Method::default()), ..Report::default() };
        let listed: Vec<_> =
            entries().into_iter().filter(|entry| entry.file == "report.json").map(|entry| entry.name).collect();
        let mut written = Vec::new();
        places("", &serde_json::to_value(&report).unwrap(), &mut written);
        assert!(written.len() > 60, "{}", written.len());
        for place in written {
            assert!(listed.contains(&place), "{place} is not in the dictionary");
        }
    }

    fn places(place: &str, value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(keys) => {
                for (key, value) in keys {
                    let name = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
                    into.push(name.clone());
                    places(&name, value, into);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| places(&format!("{place}[]"), item, into)),
            _ => {}
        }
    }
}
