//! The notice of a page as it was measured in the browser, and what axe says of it.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::tab::Tab;
use super::watch::World;
use crate::audit::{Control, NoticeSeen};

/// What is known of well-known products: their roots and controls, as selectors.
pub(super) const PRODUCTS: &str = include_str!("../data/notices.json");

/// The script that looks, for the beginning of a question; asked twice of one frame it does nothing more.
pub(super) fn library() -> &'static str {
    static LIBRARY: LazyLock<String> =
        LazyLock::new(|| include_str!("notice.js").replace("__PRODUCTS__", PRODUCTS.trim_end()));
    &LIBRARY
}

/// A control as it was measured.
#[derive(Debug, Deserialize)]
pub(super) struct Measured {
    text: String,
    element: String,
    presses: u32,
    size: (u32, u32),
    contrast: u32,
    weight: u32,
}

impl From<Measured> for Control {
    fn from(measured: Measured) -> Self {
        let Measured { text, element, presses, size, contrast, weight } = measured;
        Self { text, element, presses, size, contrast, weight }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Look {
    product: Option<String>,
    found_by: String,
    accept: Option<Measured>,
    reject: Option<Measured>,
    withdraw: bool,
    ticked: u32,
    blocks: bool,
}

/// Looks for a notice, in the page first and then in its frames.
pub(super) async fn look(tab: &Tab) -> Result<Option<(World, NoticeSeen)>, String> {
    let worlds = tab.log().worlds();
    let main = tab.main_world();
    let mut way_back = None;
    for world in worlds {
        let found = tab.evaluate(&world, &format!("{}\nconsentgate.look()", library())).await;
        // A frame that is gone by now shows nothing.
        let found = match found {
            Ok(found) => found,
            Err(why) if main.as_ref() == Some(&world) => return Err(why),
            Err(_) => continue,
        };
        let Ok(look) = serde_json::from_value::<Look>(found) else { continue };
        let asks = look.accept.is_some();
        let mut notice = seen(look);
        match (&main, asks) {
            (Some(main), true) if *main != world => {
                notice.blocks_the_page |=
                    tab.evaluate(main, "consentgate.covers()").await.is_ok_and(|covers| covers == true);
                notice.withdraw |= way_back.is_some();
            }
            (_, true) => {}
            (_, false) => {
                way_back = way_back.or(Some((world, notice)));
                continue;
            }
        }
        return Ok(Some((world, notice)));
    }
    Ok(way_back)
}

fn seen(look: Look) -> NoticeSeen {
    NoticeSeen {
        product: look.product,
        found_by: if look.found_by.is_empty() { "a way back".to_owned() } else { look.found_by },
        accept: look.accept.map(Into::into),
        reject: look.reject.map(Into::into),
        withdraw: look.withdraw,
        ticked_beforehand: look.ticked,
        blocks_the_page: look.blocks,
        ..NoticeSeen::default()
    }
}

/// The rules of WCAG A and AA that the notice breaks, by axe's names for them.
pub(super) async fn accessibility(tab: &Tab, world: &World, axe: &str) -> Result<Vec<String>, String> {
    tab.evaluate(world, &format!("{axe}\n;0")).await?;
    let run = "axe.run(consentgate.root(), { iframes: false, resultTypes: ['violations'], runOnly: { type: 'tag', \
               values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] } })\
               .then(({ violations }) => violations.map(({ id }) => id).sort())";
    let found = tab.evaluate(world, run).await?;
    let Value::Array(found) = found else { return Err("axe gave no answer".into()) };
    Ok(found.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_about_products_are_whole() {
        let products: Vec<Value> = serde_json::from_str(PRODUCTS).unwrap();
        let names: Vec<_> = products.iter().map(|facts| facts["product"].as_str().unwrap()).collect();
        for name in [
            "Consentgate",
            "Cookiebot",
            "OneTrust",
            "Civic Cookie Control",
            "Silktide Consent Manager",
            "GOV.UK cookie banner",
        ] {
            assert!(names.contains(&name), "{name}");
        }
        for facts in &products {
            let known: Vec<_> = facts.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(known, ["product", "root", "accept", "reject", "path", "withdraw"]);
            assert!(facts["path"].as_array().unwrap().len() <= 2 && facts["withdraw"].as_array().unwrap().len() <= 2);
        }
    }
}
