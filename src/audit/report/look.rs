//! What all pages of a report have in common: one file each, nothing from elsewhere, nothing that runs.

use minijinja::{AutoEscape, Environment, Value, context};

const STYLE: &str = include_str!("style.css");

/// A page of this template. `with` is what is in it; the template finds the style under `style`.
pub(super) fn page(template: &str, with: Value) -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("page", template).expect("the template is checked by a test");
    let template = environment.get_template("page").expect("it was added");
    let style = Value::from_safe_string(STYLE.to_owned());
    template.render(context! { style, ..with }).expect("every value of the template is a report's")
}
