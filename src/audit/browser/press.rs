//! Makes a choice as a visitor does: presses what leads there with a mouse, at most three times.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::effect::Standing;
use super::notice::{Measured, ask, open_closed_roots};
use super::tab::{Pace, Tab};
use super::watch::World;
use crate::audit::Control;

/// Further away nobody finds it.
const MOST_PRESSES: u32 = 3;
/// Rules know the way, also through a settings page.
const MOST_PRESSES_OF_A_RULE: u32 = 5;
/// What it may take in all, its pages' own time included.
const RULE: Duration = Duration::from_secs(20);
/// Notices come after the page, and their second layers after a press.
const APPEARS: Duration = Duration::from_secs(4);
const LOOK_AGAIN: Duration = Duration::from_millis(150);
/// A press is heard at once, or not at all.
const HEARD: Duration = Duration::from_millis(120);

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Accept,
    Reject,
    Withdraw,
}

impl Wish {
    fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Withdraw => "withdraw",
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::Accept => "agrees",
            Self::Reject => "refuses",
            Self::Withdraw => "takes back what was agreed to",
        }
    }
}

/// What the page says is to be done next.
#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    /// Something is to be pressed; `done` where that is the answer.
    Press { done: bool, way: Option<String>, control: Measured },
    /// A rule is to be followed.
    Rule { rule: String, way: String },
}

/// A rule's own next step.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ruled {
    Press { control: Measured },
    Wait { wait: u64 },
    Ended { ended: bool },
}

/// What came of one way to answer.
enum Outcome {
    /// Nothing there leads on.
    Nowhere(String),
    /// It was followed to its end; or left off on the way, and why.
    Pressed { control: Control, unfinished: Option<String> },
}

/// Presses its way there on the page that is open. The control is the last one, with how many presses it took. A way that
/// leads nowhere, or has no effect, is followed by the next best.
pub(super) async fn choose(tab: &Tab, wish: Wish) -> Result<Control, String> {
    let before = Standing::of(tab).await?;
    let mut tried = Vec::new();
    let mut failure = None;
    while let Some((way, outcome)) = attempt(tab, wish, &tried).await? {
        match outcome {
            Outcome::Nowhere(why) => failure = failure.or(Some(why)),
            Outcome::Pressed { control, unfinished } => {
                if wish == Wish::Withdraw || before.has_changed(tab, unfinished.is_none()).await? {
                    return Ok(control);
                }
                failure = Some(unfinished.unwrap_or_else(|| without_effect(&control)));
            }
        }
        let Some(way) = way.filter(|way| !tried.contains(way)) else { break };
        tried.push(way);
    }
    Err(failure.unwrap_or_else(|| format!("no control was found that {}", wish.says())))
}

fn without_effect(control: &Control) -> String {
    format!("\"{}\" was pressed and had no effect: the notice still stands, and nothing was stored", control.text)
}

/// The best way that was not tried before, to its end.
async fn attempt(tab: &Tab, wish: Wish, tried: &[String]) -> Result<Option<(Option<String>, Outcome)>, String> {
    let mut way = None;
    let mut last = None;
    for presses in 0..MOST_PRESSES {
        let Some((world, step)) = next(tab, wish, (presses, tried)).await? else {
            let Some(control) = last else { return Ok(None) };
            let why = format!("{presses} presses on, no control was found that {}", wish.says());
            return Ok(Some((way, unfinished(control, why, wish))));
        };
        let (done, control) = match step {
            Step::Rule { rule, way } => {
                let outcome = follow(tab, &world, (&rule, wish)).await?;
                return Ok(Some((Some(way), outcome)));
            }
            Step::Press { done, way: by, control } => {
                way = way.or(by);
                (done, Control { presses: presses + 1, ..control.into() })
            }
        };
        press(tab, &world).await?;
        tab.settle(if done { Pace::CHOICE } else { Pace::STEP }).await?;
        if done {
            return Ok(Some((way, Outcome::Pressed { control, unfinished: None })));
        }
        last = Some(control);
    }
    let why = format!("no control that {} within {MOST_PRESSES} presses", wish.says());
    Ok(last.map(|control| (way, unfinished(control, why, wish))))
}

/// Settings that were opened and not answered are no answer, unless the page shows that they were one.
fn unfinished(control: Control, why: String, wish: Wish) -> Outcome {
    if wish == Wish::Withdraw { Outcome::Nowhere(why) } else { Outcome::Pressed { control, unfinished: Some(why) } }
}

/// Does what a rule of autoconsent says, as long as the page that it began on is there.
async fn follow(tab: &Tab, world: &World, (rule, wish): (&str, Wish)) -> Result<Outcome, String> {
    let until = Instant::now() + RULE;
    let (mut last, mut presses, mut whole) = (None::<Control>, 0, false);
    while Instant::now() < until && presses < MOST_PRESSES_OF_A_RULE {
        let Ok(step) = tab.evaluate(world, "consentgate.step()").await else {
            whole = true;
            break;
        };
        match serde_json::from_value::<Ruled>(step) {
            Ok(Ruled::Press { control }) => {
                press(tab, world).await?;
                tab.settle(Pace::STEP).await?;
                presses += 1;
                // The last press of a rule may only put the answer out of sight.
                if last.is_none() || !closes(&control) {
                    last = Some(Control { presses, ..control.into() });
                }
            }
            Ok(Ruled::Wait { wait }) => tokio::time::sleep(Duration::from_millis(wait)).await,
            Ok(Ruled::Ended { ended }) => {
                whole = ended;
                break;
            }
            Err(fault) => return Err(format!("autoconsent's rule {rule}: {fault}")),
        }
    }
    let Some(control) = last else {
        return Ok(Outcome::Nowhere(format!("no control was found that {}", wish.says())));
    };
    tab.settle(Pace::CHOICE).await?;
    let unfinished = (!whole).then(|| format!("{presses} presses on, no control was found that {}", wish.says()));
    Ok(Outcome::Pressed { control, unfinished })
}

/// The control to press now, in whichever frame it is.
async fn next(tab: &Tab, wish: Wish, (presses, tried): (u32, &[String])) -> Result<Option<(World, Step)>, String> {
    // The first way waits for a notice that is late; where that led nowhere the notice is there. A way back is not late.
    let patience = match (presses, wish) {
        (0, _) if !tried.is_empty() => Duration::ZERO,
        (0, Wish::Withdraw) => APPEARS / 2,
        _ => APPEARS,
    };
    let until = Instant::now() + patience;
    let question = format!("consentgate.next('{}', {presses}, {})", wish.name(), json!(tried));
    loop {
        let worlds = tab.log().worlds();
        for world in worlds {
            // A frame that goes while it is asked has nothing to press.
            let Ok(found) = ask(tab, &world, &question).await else { continue };
            if let Ok(step) = serde_json::from_value::<Step>(found) {
                return Ok(Some((world, step)));
            }
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        tab.settle(Pace::STEP).await?;
        open_closed_roots(tab).await?;
    }
}

async fn press(tab: &Tab, world: &World) -> Result<(), String> {
    let free = tab.evaluate(world, "consentgate.aim()").await? == true;
    let params = json!({ "expression": "consentgate.target()", "contextId": world.context });
    let found = tab.call_in(world, "Runtime.evaluate", params).await.map_err(|fault| fault.to_string())?;
    let object = found["result"]["objectId"].clone();
    if free && with_the_mouse(tab, world, &object).await {
        tokio::time::sleep(HEARD).await;
        // A world that is gone: the press has led to another page.
        if tab.evaluate(world, "consentgate.reached()").await.map_or(true, |reached| reached == true) {
            return Ok(());
        }
    }
    let click =
        json!({ "objectId": object, "functionDeclaration": "function () { this.click(); }", "userGesture": true });
    match tab.call_in(world, "Runtime.callFunctionOn", click).await {
        Ok(_) => Ok(()),
        Err(fault) => Err(fault.to_string()),
    }
}

async fn with_the_mouse(tab: &Tab, world: &World, object: &Value) -> bool {
    let quads = tab.call_in(world, "DOM.getContentQuads", json!({ "objectId": object })).await;
    let Some((x, y)) = quads.ok().and_then(|quads| middle(&quads["quads"][0])) else { return false };
    for (kind, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let count = i32::from(kind != "mouseMoved");
        let event = json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": count });
        // The page may be gone before it has answered: that is what the press was for.
        if tab.call_in(world, "Input.dispatchMouseEvent", event).await.is_err() {
            return kind == "mouseReleased";
        }
    }
    true
}

/// "Hide this message", "Close".
fn closes(control: &Measured) -> bool {
    let text = control.text().trim().to_lowercase();
    ["hide", "close", "dismiss", "cuddio", "cau"].iter().any(|word| text.starts_with(word)) || text.chars().count() < 2
}

/// Four corners, x and y of each in turn.
fn middle(quad: &Value) -> Option<(f64, f64)> {
    let corners: Vec<f64> = quad.as_array()?.iter().filter_map(Value::as_f64).collect();
    let [x1, y1, x2, y2, x3, y3, x4, y4] = corners[..] else { return None };
    Some(((x1 + x2 + x3 + x4) / 4.0, (y1 + y2 + y3 + y4) / 4.0))
}
