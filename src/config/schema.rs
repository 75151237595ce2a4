//! The JSON Schema (2020-12) of the YAML: what editors complete and check with, and what the file is checked against.

use serde_json::{Map, Value};

use super::written::File;

/// The schema of the whole file.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(File).to_value();
    refuse_null(&mut schema);
    schema
}

/// A key that may be left out is an `Option`, which the derived schema also allows to be `null`. An empty value is a
/// slip, not a wish, so `null` is taken out again everywhere.
fn refuse_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(refuse_null),
        Value::Object(object) => {
            object.values_mut().for_each(refuse_null);
            refuse_null_type(object);
            refuse_null_alternative(object);
        }
        _ => {}
    }
}

fn refuse_null_type(object: &mut Map<String, Value>) {
    for key in ["type", "enum"] {
        if let Some(Value::Array(items)) = object.get_mut(key) {
            items.retain(|item| !item.is_null() && item != "null");
            if key == "type" && items.len() == 1 {
                let only = items.remove(0);
                object.insert(key.to_owned(), only);
            }
        }
    }
}

fn refuse_null_alternative(object: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = object.get_mut("anyOf") else { return };
    alternatives.retain(|alternative| alternative.get("type").is_none_or(|kind| kind != "null"));
    if let [Value::Object(only)] = &mut alternatives[..] {
        let only = std::mem::take(only);
        object.remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_description_and_none_may_be_null() {
        let schema = schema();
        assert!(!schema.to_string().contains("\"null\""), "{schema:#}");
        let mut maps = vec![&schema];
        maps.extend(schema["$defs"].as_object().expect("definitions").values());
        for properties in maps.iter().filter_map(|map| map["properties"].as_object()) {
            for (key, property) in properties {
                assert!(property["description"].is_string(), "{key} has no description");
            }
        }
    }
}
