//! Checks the tree against the schema: unknown keys, missing keys, wrong types, words that are no choice.
//!
//! All faults are found in one run: what is faulty is reported and left out, and the rest goes on to be typed and
//! resolved. What comes out is a value in which every part is a pair of its place's number and itself, ready for
//! `written::Found`.

use serde_json::Value as Schema;
use serde_yaml::{Mapping, Value};

use super::excerpt::quoted;
use super::fault::{Place, Report};
use super::tree::{Key, Kind, Node};

/// The number of a place in [`Shaped::places`].
pub(super) type PlaceId = usize;

/// The value without its faulty parts, and where each part was found.
pub(super) struct Shaped {
    pub(super) value: Option<Value>,
    pub(super) places: Vec<Place>,
}

/// Checks the whole file.
pub(super) fn check(root: Node, schema: &Schema, report: &mut Report) -> Shaped {
    let mut checker = Checker { schema, report, places: Vec::new() };
    let value = checker.value(root, schema);
    Shaped { value, places: checker.places }
}

static ANY: Schema = Schema::Bool(true);

struct Checker<'c, 's> {
    schema: &'c Schema,
    report: &'c mut Report<'s>,
    places: Vec<Place>,
}

impl<'c> Checker<'c, '_> {
    fn value(&mut self, node: Node, schema: &'c Schema) -> Option<Value> {
        let found = kind(&node);
        let alternatives = alternatives(self.schema, schema);
        let fitting = alternatives.iter().find(|schema| accepts(schema, found));
        let Some(fitting) = fitting else {
            self.wrong_type(&node, found, schema, &alternatives);
            return None;
        };
        // Taken apart as it is read: a large file is not held twice.
        let Node { place, kind, .. } = node;
        let value = match kind {
            Kind::Scalar { text, .. } => self.scalar(&place, text, found, fitting)?,
            Kind::List(items) => self.list(&place, items, schema, fitting)?,
            Kind::Map(entries) => Value::Mapping(self.map(&place, entries, fitting)),
        };
        let id = self.places.len();
        self.places.push(place);
        Some(Value::Sequence(vec![id.into(), value]))
    }

    fn wrong_type(&mut self, node: &Node, found: Found, schema: &Schema, alternatives: &[&Schema]) {
        let wanted = TYPES.iter().filter(|(kind, _)| alternatives.iter().any(|schema| has_type(schema, kind)));
        let wanted: Vec<&str> = wanted.map(|(_, words)| *words).collect();
        let message = format!("expected {}, found {}", wanted.join(" or "), shown(node, found));
        let hint = match (wanted.first(), example(schema)) {
            _ if node.place.path.is_empty() => {
                "start the file with 'sites:' and one site: its hosts and its upstream".into()
            }
            (Some(&"a list"), _) => "write a list: one entry per line that starts with '- ', or all in '[ ]'".into(),
            (Some(&"keys and values"), _) => "write keys and values on lines below it, further to the right".into(),
            (Some(&"true or false"), _) => "write true or false".into(),
            (Some(&"a whole number"), _) => "write a whole number without quotes".into(),
            (_, Some(example)) => format!("write text such as {example}, in quotes if it looks like something else"),
            _ if matches!(found, Found::List | Found::Map) => "write one value".into(),
            _ => "put it in quotes".to_owned(),
        };
        self.report.fault(&node.place, message, hint);
    }

    fn scalar(&mut self, place: &Place, text: String, found: Found, schema: &Schema) -> Option<Value> {
        let words = words(schema);
        if !words.is_empty() && !words.contains(&&*text) {
            let message = format!("{} is not one of {}", quoted(&text), words.join(", "));
            self.report.fault(place, message, did_you_mean(&text, &words));
            return None;
        }
        // Text stays as written: a version 1.10 does not become 1.1.
        if has_type(schema, "string") {
            return self.text(place, text, schema);
        }
        match found {
            Found::True => Some(Value::Bool(text.eq_ignore_ascii_case("true"))),
            _ => self.number(place, &text, schema),
        }
    }

    fn text(&mut self, place: &Place, text: String, schema: &Schema) -> Option<Value> {
        if text.is_empty() && schema.get("minLength").is_some() {
            self.report.fault(place, "is empty", "write a value, or take the key out");
            return None;
        }
        if text.contains(char::is_control) {
            self.report.fault(place, "holds a line break or a control character", "write plain text on one line");
            return None;
        }
        Some(Value::String(text))
    }

    fn number(&mut self, place: &Place, text: &str, schema: &Schema) -> Option<Value> {
        let bound = |name: &str, otherwise| schema.get(name).and_then(Schema::as_u64).unwrap_or(otherwise);
        let (least, most) = (bound("minimum", 0), bound("maximum", u64::MAX));
        match text.parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => Some(number.into()),
            _ => {
                let message = format!("{} is not between {least} and {most}", quoted(text));
                self.report.fault(place, message, format!("write a whole number from {least} to {most}"));
                None
            }
        }
    }

    fn list(&mut self, place: &Place, items: Vec<Node>, outer: &Schema, schema: &'c Schema) -> Option<Value> {
        if items.is_empty() && schema.get("minItems").is_some() {
            let example = example(outer).map(|example| format!(", such as {example}")).unwrap_or_default();
            self.report.fault(place, "is empty", format!("write at least one entry{example}"));
            return None;
        }
        let item_schema = schema.get("items").unwrap_or(&ANY);
        Some(Value::Sequence(items.into_iter().filter_map(|item| self.value(item, item_schema)).collect()))
    }

    fn map(&mut self, place: &Place, entries: Vec<(Key, Node)>, schema: &'c Schema) -> Mapping {
        let required = names(schema.get("required"));
        for required in required.filter(|name| !entries.iter().any(|(key, _)| key.name == *name)) {
            // A misspelt key is reported below, with this one as its hint.
            if !entries.iter().any(|(key, _)| misspelt(&key.name, schema) == Some(required)) {
                self.missing(place, required, schema);
            }
        }
        let mut map = Mapping::new();
        for (key, value) in entries {
            match schema["properties"].get(&key.name) {
                Some(known) => {
                    if let Some(value) = self.entry(&key, value, known, schema) {
                        map.insert(key.name.into(), value);
                    }
                }
                None => self.unknown(&key, schema),
            }
        }
        map
    }

    /// A list or map whose entries are all commented out is as good as not there; any other empty value is a slip.
    fn entry(&mut self, key: &Key, value: Node, known: &'c Schema, schema: &'c Schema) -> Option<Value> {
        if kind(&value) != Found::Nothing {
            return self.value(value, known);
        }
        let alternatives = alternatives(self.schema, known);
        if names(schema.get("required")).any(|required| required == key.name) {
            self.missing(&key.place, &key.name, schema);
        } else if !alternatives.iter().any(|schema| has_type(schema, "array") || has_type(schema, "object")) {
            self.report.fault(&key.place, "has no value", "write one after the ':', or take the key out");
        }
        None
    }

    fn missing(&mut self, place: &Place, name: &str, schema: &Schema) {
        let known = &schema["properties"][name];
        let hint = match (example(known), known["description"].as_str()) {
            (Some(example), _) => format!("add '{name}: {example}'"),
            (None, Some(description)) => format!("add '{name}:' — {}", first_sentence(description)),
            (None, None) => format!("add '{name}:'"),
        };
        self.report.fault(place, format!("'{name}' is missing"), hint);
    }

    fn unknown(&mut self, key: &Key, schema: &Schema) {
        let hint = self.elsewhere(&key.name, schema).unwrap_or_else(|| did_you_mean(&key.name, &properties(schema)));
        self.report.fault(&key.place, "unknown key", hint);
    }

    /// Lines that were pasted too far to the left, or to the right: a key of a site at the top of the file, or the reverse.
    fn elsewhere(&self, name: &str, schema: &Schema) -> Option<String> {
        let site = alternatives(self.schema, &self.schema["properties"]["sites"])
            .into_iter()
            .find_map(|list| alternatives(self.schema, list.get("items")?).first().copied())?;
        let knows = |schema: &Schema| schema["properties"].get(name).is_some();
        if std::ptr::eq(schema, self.schema) && knows(site) {
            return Some(format!("'{name}:' belongs to a site: put it below one, as far to the right as its 'hosts:'"));
        }
        let at_the_top = std::ptr::eq(schema, site) && knows(self.schema);
        at_the_top.then(|| format!("'{name}:' belongs to the whole gate: put it at the beginning of a line"))
    }
}

/// What may stand there: the word that was probably meant, or all of them.
pub(super) fn did_you_mean(written: &str, known: &[&str]) -> String {
    match nearest(written, known) {
        Some(word) => format!("did you mean '{word}'?"),
        None => format!("known here: {}", known.join(", ")),
    }
}

fn nearest<'w>(written: &str, known: &[&'w str]) -> Option<&'w str> {
    let written = written.to_lowercase();
    let distance = |word: &str| strsim::damerau_levenshtein(&written, word);
    let near = known.iter().copied().min_by_key(|word| distance(word));
    let near = near.filter(|word| distance(word) <= (word.len() / 3).max(1));
    let part = |word: &&str| written.len() > 2 && (word.contains(&*written) || written.contains(word));
    near.or_else(|| known.iter().copied().find(part))
}

/// What a node is, before anyone asks what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    True,
    Whole,
    Fraction,
    Text,
    List,
    Map,
}

/// JSON Schema's types and our words for them.
const TYPES: [(&str, &str); 6] = [
    ("string", "text"),
    ("boolean", "true or false"),
    ("integer", "a whole number"),
    ("number", "a number"),
    ("object", "keys and values"),
    ("array", "a list"),
];

fn kind(node: &Node) -> Found {
    match &node.kind {
        Kind::List(_) => Found::List,
        Kind::Map(_) => Found::Map,
        Kind::Scalar { plain: false, .. } => Found::Text,
        // Most values; asking the YAML library about each of them would take half of the time a large file takes.
        Kind::Scalar { text, .. } if text.starts_with(|c: char| c.is_alphabetic() && !"tTfFnN".contains(c)) => {
            Found::Text
        }
        // YAML's own rules for what plain text means.
        Kind::Scalar { text, .. } => match serde_yaml::from_str(text) {
            Ok(Value::Null) => Found::Nothing,
            Ok(Value::Bool(_)) => Found::True,
            Ok(Value::Number(number)) if number.is_f64() => Found::Fraction,
            Ok(Value::Number(_)) => Found::Whole,
            _ => Found::Text,
        },
    }
}

fn shown(node: &Node, found: Found) -> String {
    match (&node.kind, found) {
        (_, Found::Nothing) => "nothing".to_owned(),
        (_, Found::List) => "a list".to_owned(),
        (_, Found::Map) => "keys and values".to_owned(),
        (Kind::Scalar { text, .. }, Found::Text) => format!("the text {}", quoted(text)),
        (Kind::Scalar { text, .. }, _) => text.clone(),
        _ => String::new(),
    }
}

fn accepts(schema: &Schema, found: Found) -> bool {
    let kinds: &[&str] = match found {
        Found::Nothing => &[],
        Found::True => &["boolean"],
        Found::Whole => &["integer", "number"],
        Found::Fraction => &["number"],
        Found::Text => &["string"],
        Found::List => &["array"],
        Found::Map => &["object"],
    };
    kinds.iter().any(|kind| has_type(schema, kind))
}

fn has_type(schema: &Schema, kind: &str) -> bool {
    (kind == "string" && !words(schema).is_empty()) || names(schema.get("type")).any(|name| name == kind)
}

/// The schemas a value may fit, references followed.
fn alternatives<'c>(root: &'c Schema, schema: &'c Schema) -> Vec<&'c Schema> {
    if let Some(reference) = schema["$ref"].as_str() {
        return root
            .pointer(reference.trim_start_matches('#'))
            .map_or_else(Vec::new, |schema| alternatives(root, schema));
    }
    match schema["anyOf"].as_array() {
        Some(any) => any.iter().flat_map(|schema| alternatives(root, schema)).collect(),
        None => vec![schema],
    }
}

fn properties(schema: &Schema) -> Vec<&str> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| &**name).collect()
}

/// The key that an unknown one was probably meant to be.
fn misspelt<'c>(name: &str, schema: &'c Schema) -> Option<&'c str> {
    let known = properties(schema);
    if known.contains(&name) { None } else { nearest(name, &known) }
}

/// The words an enumeration knows.
fn words(schema: &Schema) -> Vec<&str> {
    let one_of = schema["oneOf"].as_array().into_iter().flatten();
    let own = names(schema.get("enum")).chain(schema["const"].as_str());
    own.chain(one_of.flat_map(|schema| words(schema))).collect()
}

/// One name or a list of names.
fn names(names: Option<&Schema>) -> impl Iterator<Item = &str> {
    let list = names.and_then(Schema::as_array).into_iter().flatten().filter_map(Schema::as_str);
    names.and_then(Schema::as_str).into_iter().chain(list)
}

/// The schema's example as it is written in YAML.
fn example(schema: &Schema) -> Option<String> {
    match &schema["examples"][0] {
        Schema::Array(items) => {
            Some(format!("[{}]", items.iter().filter_map(Schema::as_str).collect::<Vec<_>>().join(", ")))
        }
        Schema::String(text) if text.contains(['*', '|']) => Some(format!("\"{text}\"")),
        Schema::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ").map_or(text, |(first, _)| first).trim_end_matches('.')
}
