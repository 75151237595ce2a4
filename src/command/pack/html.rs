//! The pieces of the pack's page: paragraphs, lists of facts, tables that a screen reader can follow, one chart.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// More months than these stand in the table alone.
const MONTHS: usize = 12;
/// The width of the longest bar, in the units of the chart.
const LONGEST: u64 = 460;

pub(super) fn text(html: &mut String, text: &str) {
    let _ = write!(html, "<p>{}</p>", escaped(text));
}

/// What this program cannot know.
pub(super) fn elsewhere(html: &mut String, text: &str) {
    let _ = write!(html, "<p class=\"elsewhere\"><strong>From elsewhere:</strong> {}</p>", escaped(text));
}

pub(super) fn list(html: &mut String, facts: &[(&str, String)]) {
    html.push_str("<dl>");
    for (what, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(html, "<div><dt>{what}</dt><dd>{}</dd></div>", escaped(value));
    }
    html.push_str("</dl>");
}

/// A table whose first cell names its row; one without rows is a sentence.
pub(super) fn table(html: &mut String, caption: &str, headings: &[&str], rows: &[Vec<String>]) {
    let cell = |cell: &String| escaped(cell);
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(cell).collect()).collect();
    raw_table(html, caption, headings, &rows);
}

/// The same for cells that are HTML already.
pub(super) fn raw_table(html: &mut String, caption: &str, headings: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return text(html, &format!("{caption}: none."));
    }
    // On a small screen the table is moved to and fro: by keyboard too.
    let name = html.len();
    let _ = write!(
        html,
        "<div class=\"wide\" role=\"group\" aria-labelledby=\"t{name}\" tabindex=\"0\">\
        <table><caption id=\"t{name}\">{}</caption><thead><tr>",
        escaped(caption)
    );
    for heading in headings {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escaped(heading));
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let _ =
                if at == 0 { write!(html, "<th scope=\"row\">{cell}</th>") } else { write!(html, "<td>{cell}</td>") };
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>");
}

/// A row for each month, a column for each event there has been.
pub(super) fn months_table(html: &mut String, months: &[(String, String, u64)]) {
    let events: BTreeSet<&str> = months.iter().map(|(_, event, _)| &**event).collect();
    let mut counted: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for (month, event, count) in months {
        *counted.entry(month).or_default().entry(event).or_default() += count;
    }
    let row = |(month, counts): (&&str, &BTreeMap<&str, u64>)| {
        let counts = events.iter().map(|event| thousands(counts.get(event).copied().unwrap_or(0)));
        std::iter::once((*month).to_owned()).chain(counts).collect()
    };
    let rows: Vec<Vec<String>> = counted.iter().map(row).collect();
    let headings: Vec<_> = std::iter::once("Month").chain(events.iter().copied()).collect();
    table(html, "Events by month", &headings, &rows);
}

/// Agreed, refused and withdrawn in the latest months. Bars lie, so that no number is too long; each says in words what it
/// is, so that it needs no colour. The table behind it says the same.
pub(super) fn chart(html: &mut String, months: &[(String, String, u64)]) {
    let mut counted: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    for (month, event, count) in months {
        let place = match event.as_str() {
            "given" | "partial" | "changed" => 0,
            "refused" => 1,
            "withdrawn" => 2,
            _ => continue,
        };
        counted.entry(month).or_default()[place] += count;
    }
    let left_out = counted.len().saturating_sub(MONTHS);
    let shown: Vec<_> = counted.into_iter().skip(left_out).collect();
    if shown.is_empty() {
        return text(html, "There is no choice on file yet.");
    }
    let height = shown.len() * 64;
    let _ = write!(
        html,
        "<svg role=\"img\" aria-labelledby=\"chart\" viewBox=\"0 0 720 {height}\">\
        <title id=\"chart\">Agreed, refused and withdrawn in the latest months. The table has the numbers.</title>"
    );
    let most = shown.iter().flat_map(|(_, values)| values).max().copied().unwrap_or(0).max(1);
    for (at, (month, values)) in shown.iter().enumerate() {
        month_bars(html, at * 64, (month, *values), most);
    }
    html.push_str("</svg>");
    if left_out > 0 {
        text(html, &format!("The chart has the latest {MONTHS} months; {left_out} earlier ones are in the table."));
    }
}

fn month_bars(html: &mut String, top: usize, (month, values): (&str, [u64; 3]), most: u64) {
    let _ = write!(html, "<text x=\"0\" y=\"{}\" font-weight=\"bold\">{}</text>", top + 13, escaped(month));
    for (bar, (value, (word, fill))) in values.iter().zip(BARS).enumerate() {
        let width = u64::try_from(u128::from(*value) * u128::from(LONGEST) / u128::from(most)).unwrap_or(LONGEST);
        let (y, after) = (top + bar * 18, 86 + width + 6);
        let number = thousands(*value);
        let _ = write!(
            html,
            "<rect x=\"86\" y=\"{y}\" width=\"{width}\" height=\"15\" fill=\"{fill}\"/>\
            <text x=\"{after}\" y=\"{}\">{number} {word}</text>",
            y + 12
        );
    }
}

const BARS: [(&str, &str); 3] = [("agreed", "#0b3d91"), ("refused", "#595959"), ("withdrawn", "#b35900")];

/// 1234567 as 1,234,567.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut parts = vec![&digits[..first]];
    parts.extend((first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    parts.retain(|part| !part.is_empty());
    parts.join(",")
}

/// The day of a time.
pub(super) fn day(time_ms: u64) -> String {
    let time = crate::ledger::rfc3339(time_ms);
    time.split('T').next().unwrap_or_default().to_owned()
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, written) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), written);
        }
    }

    #[test]
    fn a_chart_shows_a_year_and_nothing_where_there_is_nothing() {
        let months: Vec<_> = (1..=30)
            .map(|n| (format!("20{:02}-{:02}", 20 + n / 12, n % 12 + 1), "given".into(), u64::MAX / n))
            .collect();
        let mut html = String::new();
        chart(&mut html, &months);
        assert_eq!((html.matches("font-weight").count(), html.matches("<rect").count()), (12, 36));
        assert!(html.contains("18 earlier ones"), "{html}");
        let mut html = String::new();
        chart(&mut html, &[]);
        assert_eq!(html, "<p>There is no choice on file yet.</p>");
    }
}
