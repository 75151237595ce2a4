//! Bin days: a search form, the table cell its script fetches, and a JSON interface for the app nobody installed.

use http::StatusCode;

use super::council::Council;
use super::listen::Visit;
use super::pages::{Page, escape};
use super::reply::Reply;
use super::tracking::now;

/// Postcodes without their space, streets, and the day of the week from Sunday 0.
const ROUNDS: [(&str, &str, u64); 6] = [
    ("AM11AA", "Market Place", 1),
    ("AM12QT", "Weir Road", 2),
    ("AM23DE", "Corn Exchange Yard", 2),
    ("AM24JJ", "Long Meadow Lane", 3),
    ("AM35RW", "Mill Bank", 4),
    ("AM46LB", "Station Approach", 5),
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// The search form, with the answer under it once something was asked.
pub(super) fn page(council: &Council, visit: &Visit) -> Reply {
    let postcode = visit.asked("postcode");
    let result = match (postcode.is_empty(), round(&postcode)) {
        (true, _) => String::new(),
        (false, None) => format!("<div class=\"problem\">We do not collect from <b>{}</b>.</div>", escape(&postcode)),
        (false, Some(round)) => answer(round),
    };
    let template = include_str!("site/bins.html");
    let content = council.pages.fill(template, &[("postcode", &escape(&postcode)), ("result", &result)]);
    Reply::html(council.pages.page(Page::new("Bins and recycling", &content)))
}

fn answer(round: Round) -> String {
    let Round { postcode, street, day } = round;
    format!(
        "<div class=\"answer\"><p>Your bin day in <b>{street}</b> is <b>{day}</b>.</p>\
         <table class=\"data\"><tr><th>Next collection<td data-postcode=\"{postcode}\">\
         <a href=\"/bins/next.aspx?postcode={postcode}\">Show</a></table></div>",
        day = DAYS[usize::try_from(day).unwrap_or(0)],
    )
}

/// One cell of a table: no page, so nothing may be put into it.
pub(super) fn next_cell(visit: &Visit) -> Reply {
    let Some(round) = round(&visit.asked("postcode")) else {
        return Reply::html("<td>Not known</td>").status(StatusCode::NOT_FOUND);
    };
    Reply::html(format!("<td><b>{}</b></td>", next(&round, now())))
}

/// The same as JSON.
pub(super) fn json(visit: &Visit) -> Reply {
    let round = round(&visit.asked("postcode"));
    let known = round.map(|round| {
        serde_json::json!({
            "postcode": round.postcode, "street": round.street, "days_until_next": days_until(&round, now()),
        })
    });
    let status = if known.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let body = known.unwrap_or_else(|| serde_json::json!({ "error": "unknown postcode" }));
    Reply::new(status, "application/json; charset=utf-8", body.to_string())
}

#[derive(Clone, Copy)]
struct Round {
    postcode: &'static str,
    street: &'static str,
    day: u64,
}

fn round(postcode: &str) -> Option<Round> {
    let plain: String = postcode.chars().filter(char::is_ascii_alphanumeric).collect();
    let (postcode, street, day) = ROUNDS.into_iter().find(|(known, ..)| plain.eq_ignore_ascii_case(known))?;
    Some(Round { postcode, street, day })
}

/// 1 January 1970 was a Thursday, day 4.
fn days_until(round: &Round, seconds: u64) -> u64 {
    let today = (seconds / 86_400 + 4) % 7;
    (round.day + 7 - today) % 7
}

fn next(round: &Round, seconds: u64) -> String {
    let day = DAYS[usize::try_from(round.day).unwrap_or(0)];
    match days_until(round, seconds) {
        0 => format!("Today, {day}"),
        1 => format!("Tomorrow, {day}"),
        days => format!("{day}, in {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_collection_counts_from_today() {
        let friday = round("am4 6lb").expect("a postcode on the list");
        let thursday = 0;
        assert_eq!(next(&friday, thursday), "Tomorrow, Friday");
        assert_eq!(next(&friday, thursday + 86_400), "Today, Friday");
        assert_eq!(next(&friday, thursday + 2 * 86_400), "Friday, in 6 days");
        assert!(round("SW1A 1AA").is_none());
    }
}
