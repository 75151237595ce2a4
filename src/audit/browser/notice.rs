//! The notice of a page as it was measured in the browser, and what axe says of it.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Value, json};

use super::tab::Tab;
use super::watch::World;
use crate::audit::{Control, NoticeSeen};

/// What is known of well-known products: their roots and controls, as selectors.
pub(super) const PRODUCTS: &str = include_str!("../data/notices.json");
/// The rules of autoconsent: a file of others', under a licence of its own.
const RULES: &str = include_str!("../data/autoconsent.json");
/// What a frame says that has not been given the script that looks.
const NEW_HERE: &str = "consentgate: new here";

/// Asks the script that looks, which a frame is given when it is first asked.
pub(super) async fn ask(tab: &Tab, world: &World, question: &str) -> Result<Value, String> {
    let answer = tab.evaluate(world, &format!("globalThis.consentgate ? {question} : '{NEW_HERE}'")).await?;
    if answer != NEW_HERE {
        return Ok(answer);
    }
    let of_the_page = tab.main_world().as_ref() == Some(world);
    tab.evaluate(world, &format!("{}\n{question}", library(of_the_page))).await
}

/// The script that looks; in a frame with the rules for frames alone.
fn library(of_the_page: bool) -> &'static str {
    static PAGE: LazyLock<String> = LazyLock::new(|| written("main", true));
    static FRAME: LazyLock<String> = LazyLock::new(|| written("frame", false));
    if of_the_page { &PAGE } else { &FRAME }
}

fn written(place: &str, usual: bool) -> String {
    let mut rules = rules();
    rules.retain(|rule| rule["runContext"][place].as_bool().unwrap_or(usual));
    let parts =
        [include_str!("reach.js"), include_str!("measure.js"), include_str!("rules.js"), include_str!("notice.js")];
    let rules = Value::Array(rules);
    format!("(() => {{\nconst PRODUCTS = {PRODUCTS};\nconst RULES = {rules};\n{}}})();", parts.concat())
}

fn rules() -> Vec<Value> {
    let file = serde_json::from_str::<Value>(RULES).map(|mut file| file["rules"].take());
    match file {
        Ok(Value::Array(rules)) => rules,
        _ => Vec::new(),
    }
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

impl Measured {
    pub(super) fn text(&self) -> &str {
        &self.text
    }
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

/// Looks for a notice, in the page first and then in its frames; below shadow roots that scripts cannot reach when there is
/// none elsewhere.
pub(super) async fn look(tab: &Tab, thorough: bool) -> Result<Option<(World, NoticeSeen)>, String> {
    let found = look_once(tab).await?;
    if found.as_ref().is_some_and(|(_, notice)| notice.accept.is_some()) || !(thorough || tab.log().closed_roots) {
        return Ok(found);
    }
    if open_closed_roots(tab).await? == 0 { Ok(found) } else { look_once(tab).await }
}

async fn look_once(tab: &Tab) -> Result<Option<(World, NoticeSeen)>, String> {
    let worlds = tab.log().worlds();
    let main = tab.main_world();
    let mut way_back = None;
    for world in worlds {
        // A frame that is gone by now shows nothing.
        let found = match ask(tab, &world, "consentgate.look()").await {
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
                    ask(tab, main, "consentgate.covers()").await.is_ok_and(|covers| covers == true);
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

/// Hands the closed shadow roots of every frame to the script that looks there; how many there are.
pub(super) async fn open_closed_roots(tab: &Tab) -> Result<usize, String> {
    let whole = tab.call("DOM.getDocument", json!({ "depth": -1, "pierce": true })).await;
    tab.post("DOM.disable");
    let whole = whole.map_err(|fault| fault.to_string())?;
    let worlds = tab.log().worlds();
    let mut found = Vec::new();
    closed_roots(&whole["root"], &tab.log().frame.clone(), &mut found);
    for (node, frame) in &found {
        let Some(world) = worlds.iter().find(|world| world.frame == *frame) else { continue };
        ask(tab, world, "0").await?;
        let asked = json!({ "backendNodeId": node, "executionContextId": world.context });
        // One that is gone by now shows nothing.
        let Ok(object) = tab.call_in(world, "DOM.resolveNode", asked).await else { continue };
        let open = json!({
            "objectId": object["object"]["objectId"], "functionDeclaration": "function () { consentgate.open(this); }",
        });
        let _ = tab.call_in(world, "Runtime.callFunctionOn", open).await;
    }
    tab.log().closed_roots |= !found.is_empty();
    Ok(found.len())
}

fn closed_roots(node: &Value, frame: &str, found: &mut Vec<(i64, String)>) {
    let below = |list: &str| node[list].as_array().into_iter().flatten();
    for root in below("shadowRoots") {
        if let (Some("closed"), Some(id)) = (root["shadowRootType"].as_str(), root["backendNodeId"].as_i64()) {
            found.push((id, frame.to_owned()));
        }
    }
    for child in below("shadowRoots").chain(below("children")) {
        closed_roots(child, frame, found);
    }
    if node["contentDocument"].is_object() {
        closed_roots(&node["contentDocument"], node["frameId"].as_str().unwrap_or(frame), found);
    }
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
    if tab.evaluate(world, "consentgate.root() === null").await? == true {
        return Err("it is below a closed shadow root".into());
    }
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
        let rules = rules();
        assert_eq!(rules.len(), 331);
        for facts in &products {
            let keys: Vec<_> = facts.as_object().unwrap().keys().map(String::as_str).collect();
            let own: Vec<_> = keys.iter().copied().filter(|key| *key != "rules").collect();
            let by_rules = facts["rules"].as_array();
            match own[..] {
                ["product", "root", "accept", "reject", "path", "withdraw"] => {
                    assert!(facts["path"].as_array().unwrap().len() <= 2);
                }
                ["product", "withdraw"] => assert!(by_rules.is_some_and(|rules| !rules.is_empty()), "{keys:?}"),
                _ => panic!("{keys:?}"),
            }
            assert!(facts["withdraw"].as_array().unwrap().len() <= 2);
            let there = |name: &Value| rules.iter().any(|rule| rule["name"] == *name);
            assert!(by_rules.into_iter().flatten().all(there), "{by_rules:?}");
        }
    }

    /// A word that autoconsent adds to its rules one day would be passed over in silence.
    #[test]
    fn every_step_of_the_rules_is_one_that_is_carried_out() {
        const STEPS: [&str; 24] = [
            "exists",
            "visible",
            "waitFor",
            "waitForVisible",
            "click",
            "waitForThenClick",
            "wait",
            "hide",
            "eval",
            "cookieContains",
            "any",
            "if",
            "then",
            "else",
            "negated",
            "optional",
            "all",
            "check",
            "timeout",
            "removeClass",
            "setStyle",
            "addStyle",
            "selector",
            "method",
        ];
        fn check(step: &Value, rule: &str) {
            for (name, inner) in step.as_object().unwrap() {
                assert!(STEPS.contains(&&**name), "{rule}: {name}");
                match &**name {
                    "if" => check(inner, rule),
                    "then" | "else" | "any" => inner.as_array().unwrap().iter().for_each(|step| check(step, rule)),
                    _ => {}
                }
            }
        }
        for rule in rules() {
            let name = rule["name"].as_str().unwrap();
            for list in ["detectCmp", "detectPopup", "optIn", "optOut"] {
                rule[list].as_array().unwrap().iter().for_each(|step| check(step, name));
            }
        }
    }
}
