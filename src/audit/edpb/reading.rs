//! JSON that another program wrote, read with its place: whatever is not what it should be is refused by its key. A key
//! that is not asked for may be anything.

use std::fmt::Display;

use serde_json::Value;

/// A value and where it stands: `cookies[3].name`.
#[derive(Clone)]
pub(super) struct At<'v> {
    value: &'v Value,
    place: String,
}

impl<'v> At<'v> {
    pub(super) fn whole(value: &'v Value) -> Self {
        Self { value, place: String::new() }
    }

    pub(super) fn value(&self) -> &'v Value {
        self.value
    }

    /// What is wrong here.
    pub(super) fn fault(&self, says: impl Display) -> String {
        if self.place.is_empty() { says.to_string() } else { format!("{}: {says}", self.place) }
    }

    fn is_not(&self, wanted: &str) -> String {
        let is = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.fault(format!("is {is}, and should be {wanted}"))
    }

    /// What stands under this key; nothing where it is absent or null.
    pub(super) fn key(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        let dot = if self.place.is_empty() { "" } else { "." };
        Some(Self { value, place: format!("{}{dot}{name}", self.place) })
    }

    pub(super) fn needed(&self, name: &str) -> Result<Self, String> {
        self.key(name).ok_or_else(|| self.fault(format!("has no \"{name}\"")))
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, String> {
        let items = self.value.as_array().ok_or_else(|| self.is_not("a list"))?;
        Ok(items.iter().zip(0..).map(|(value, at)| Self { value, place: format!("{}[{at}]", self.place) }).collect())
    }

    /// The list under this key; an absent one is empty.
    pub(super) fn list(&self, name: &str) -> Result<Vec<Self>, String> {
        self.key(name).map_or(Ok(Vec::new()), |list| list.items())
    }

    /// The keys and values of the object under this key; an absent one is empty.
    pub(super) fn entries(&self, name: &str) -> Result<Vec<(&'v str, Self)>, String> {
        self.key(name).map_or(Ok(Vec::new()), |found| found.fields())
    }

    pub(super) fn fields(&self) -> Result<Vec<(&'v str, Self)>, String> {
        let fields = self.value.as_object().ok_or_else(|| self.is_not("an object"))?;
        let at = |(key, value): (&'v String, &'v Value)| {
            (key.as_str(), Self { value, place: format!("{}[{key:?}]", self.place) })
        };
        Ok(fields.iter().map(at).collect())
    }

    pub(super) fn text(&self) -> Result<&'v str, String> {
        self.value.as_str().ok_or_else(|| self.is_not("text"))
    }

    pub(super) fn text_of(&self, name: &str) -> Result<Option<&'v str>, String> {
        self.key(name).map(|found| found.text()).transpose()
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        let read = |found: Self| found.value.as_bool().ok_or_else(|| found.is_not("true or false"));
        self.key(name).map(read).transpose()
    }

    pub(super) fn number(&self) -> Result<f64, String> {
        self.value.as_f64().filter(|number| number.is_finite()).ok_or_else(|| self.is_not("a number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        let value = json!({ "cookies": [{ "name": "a" }, { "name": 5 }], "hosts": { "a b": 1 }, "none": null });
        let whole = At::whole(&value);
        let cookies = whole.list("cookies").unwrap();
        let names: Result<Vec<_>, String> = cookies.iter().map(|cookie| cookie.needed("name")?.text()).collect();
        assert_eq!(names.unwrap_err(), "cookies[1].name: is a number, and should be text");
        assert_eq!(whole.list("hosts").err().unwrap(), "hosts: is an object, and should be a list");
        assert_eq!(
            whole.entries("hosts").unwrap()[0].1.text().unwrap_err(),
            "hosts[\"a b\"]: is a number, and should be text"
        );
        assert_eq!(whole.needed("gone").err().unwrap(), "has no \"gone\"");
        assert!(whole.list("none").unwrap().is_empty() && whole.flag("gone").unwrap().is_none());
    }
}
