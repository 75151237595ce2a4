//! Columns by the day or by the audit, one part on top of the other. Their numbers are in the table behind; no colour says anything that
//! their order does not say too.

use serde::Serialize;

use super::table::{date, thousands};

/// Days in a chart.
pub(super) const DAYS: u64 = 28;
/// Units from one column to the next, and the units of the whole height.
const STEP: usize = 10;
const WIDTH: usize = 8;
const HEIGHT: f64 = 100.0;

/// A chart as the template draws it.
#[derive(Serialize)]
pub(super) struct Chart {
    id: String,
    /// What tells it from another one beside it.
    pub(super) of: String,
    title: String,
    names: Vec<Name>,
    width: usize,
    columns: Vec<Column>,
    most: String,
    first: String,
    last: String,
}

/// What a part of a column is, and how it is drawn.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Name {
    pub(super) text: &'static str,
    pub(super) class: &'static str,
}

#[derive(Serialize)]
struct Column {
    x: usize,
    width: usize,
    says: String,
    parts: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    class: &'static str,
    y: f64,
    height: f64,
}

/// The days up to this one, of each the values of the names, in their order. `None` where there is nothing to see.
pub(super) fn columns<const N: usize>(
    (id, title): (&'static str, &str),
    names: [Name; N],
    today: u64,
    of: impl Fn(u64) -> [u64; N],
) -> Option<Chart> {
    let days: Vec<_> = (today.saturating_sub(DAYS - 1)..=today).map(|day| (date(day), of(day))).collect();
    drawn(id, &format!("{title}, by day"), names, &days)
}

/// One column for each of these, which have a name and values of the names, in their order. `None` where there is nothing
/// to see.
pub(super) fn drawn<const N: usize>(
    id: &str,
    title: &str,
    names: [Name; N],
    all: &[(String, [u64; N])],
) -> Option<Chart> {
    let most = all.iter().map(|(_, values)| values.iter().sum::<u64>()).max().filter(|most| *most > 0)?;
    let (first, last) = (all.first()?.0.clone(), all.last()?.0.clone());
    let column = |(at, (name, values)): (usize, &(String, [u64; N]))| Column {
        x: at * STEP + (STEP - WIDTH) / 2,
        width: WIDTH,
        says: says(name, &names, values),
        parts: parts(&names, values, most),
    };
    Some(Chart {
        id: id.to_owned(),
        of: String::new(),
        title: format!("{title}, {first} to {last}. The table has the numbers."),
        names: names.to_vec(),
        width: all.len() * STEP,
        columns: all.iter().enumerate().map(column).collect(),
        most: thousands(most),
        first,
        last,
    })
}

fn says(column: &str, names: &[Name], values: &[u64]) -> String {
    let part = |(name, value): (&Name, &u64)| format!("{} {}", thousands(*value), name.text);
    let parts: Vec<_> = names.iter().zip(values).map(part).collect();
    format!("{column}: {}", parts.join(", "))
}

/// From the bottom up.
#[expect(clippy::cast_precision_loss, reason = "a screen has fewer points")]
fn parts(names: &[Name], values: &[u64], most: u64) -> Vec<Part> {
    let mut top = HEIGHT;
    let mut part = |(name, value): (&Name, &u64)| {
        let height = *value as f64 * HEIGHT / most as f64;
        top -= height;
        (*value > 0).then(|| Part { class: name.class, y: round(top), height: round(height) })
    };
    names.iter().zip(values).filter_map(&mut part).collect()
}

fn round(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGREED: Name = Name { text: "agreed", class: "agreed" };
    const REFUSED: Name = Name { text: "refused", class: "refused" };

    #[test]
    fn every_day_has_its_column_and_the_fullest_fills_the_height() {
        let of = |day| {
            if day == 20_000 {
                [6, 2]
            } else if day == 19_999 {
                [0, 4]
            } else {
                [0, 0]
            }
        };
        let chart = columns(("c", "Choices"), [AGREED, REFUSED], 20_000, of).unwrap();
        assert_eq!((chart.columns.len(), chart.width, &*chart.most), (28, 280, "8"));
        let [.., before, last] = &chart.columns[..] else { panic!("28 columns") };
        let shape = |column: &Column| -> Vec<_> {
            column.parts.iter().map(|part| (part.class, part.y.to_string(), part.height.to_string())).collect()
        };
        assert_eq!(shape(last), [("agreed", "25".into(), "75".into()), ("refused", "0".into(), "25".into())]);
        assert_eq!(shape(before), [("refused", "50".into(), "50".into())]);
        assert_eq!(last.says, "2024-10-04: 6 agreed, 2 refused");
    }

    #[test]
    fn nothing_is_no_chart() {
        assert!(columns(("c", "Choices"), [AGREED], 20_000, |_| [0]).is_none());
    }
}
