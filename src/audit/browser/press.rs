//! Makes a choice as a visitor does: presses what leads there with a mouse, at most three times.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::notice::{Measured, library};
use super::tab::{Pace, Tab};
use super::watch::World;
use crate::audit::Control;

/// Further away nobody finds it.
const MOST_PRESSES: u32 = 3;
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

#[derive(Deserialize)]
struct Step {
    done: bool,
    control: Measured,
}

/// Presses its way there on the page that is open. The control is the last one, with how many presses it took.
pub(super) async fn choose(tab: &Tab, wish: Wish) -> Result<Control, String> {
    for presses in 0..MOST_PRESSES {
        let Some((world, step)) = next(tab, wish, presses).await? else {
            return Err(match presses {
                0 => format!("no control was found that {}", wish.says()),
                _ => format!("{presses} presses on, no control was found that {}", wish.says()),
            });
        };
        press(tab, &world).await?;
        if step.done {
            tab.settle(Pace::CHOICE).await?;
            return Ok(Control { presses: presses + 1, ..step.control.into() });
        }
        tab.settle(Pace::STEP).await?;
    }
    Err(format!("no control that {} within {MOST_PRESSES} presses", wish.says()))
}

/// The control to press now, in whichever frame it is.
async fn next(tab: &Tab, wish: Wish, presses: u32) -> Result<Option<(World, Step)>, String> {
    let until = Instant::now() + APPEARS;
    loop {
        let worlds = tab.log().worlds();
        for world in worlds {
            let ask = format!("{}\nconsentgate.next('{}', {presses})", library(), wish.name());
            // A frame that goes while it is asked has nothing to press.
            let Ok(found) = tab.evaluate(&world, &ask).await else { continue };
            if let Ok(step) = serde_json::from_value::<Step>(found) {
                return Ok(Some((world, step)));
            }
        }
        if Instant::now() >= until {
            return Ok(None);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
        tab.settle(Pace::STEP).await?;
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

/// Four corners, x and y of each in turn.
fn middle(quad: &Value) -> Option<(f64, f64)> {
    let corners: Vec<f64> = quad.as_array()?.iter().filter_map(Value::as_f64).collect();
    let [x1, y1, x2, y2, x3, y3, x4, y4] = corners[..] else { return None };
    Some(((x1 + x2 + x3 + x4) / 4.0, (y1 + y2 + y3 + y4) / 4.0))
}
