//! The budget book: a small but real PDF, made here so that downloads in parts have something to be parts of.

use std::fmt::Write as _;

const PAGES: usize = 24;
const LINES: usize = 30;

/// The document; the same bytes every time.
pub(super) fn budget_book() -> Vec<u8> {
    let kids: Vec<String> = (0..PAGES).map(|page| format!("{} 0 R", page * 2 + 4)).collect();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        format!("<< /Type /Pages /Count {PAGES} /Kids [{}] >>", kids.join(" ")),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    for page in 0..PAGES {
        let text = text(page);
        let content = page * 2 + 5;
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> >>"
        ));
        objects.push(format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()));
    }
    assemble(&objects)
}

fn text(page: usize) -> String {
    let mut text =
        format!("BT /F1 20 Tf 60 770 Td (Ambleford Borough Council: budget book, page {}) Tj /F1 11 Tf", page + 1);
    for line in 0..LINES {
        let pounds = (page * 7919 + line * 104_729) % 400_000;
        let _ = write!(text, " 0 -22 Td (Cost centre {:04}: {pounds} pounds) Tj", page * LINES + line + 1);
    }
    text + " ET"
}

/// Objects, then the table of where each one starts (ISO 32000-1, 7.5.4).
fn assemble(objects: &[String]) -> Vec<u8> {
    let mut document = "%PDF-1.4\n".to_owned();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, object) in (1..).zip(objects) {
        let _ = writeln!(table, "{:010} 00000 n ", document.len());
        let _ = write!(document, "{number} 0 obj\n{object}\nendobj\n");
    }
    let start = document.len();
    let size = objects.len() + 1;
    let _ = write!(document, "{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    document.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_points_at_every_object() {
        let document = String::from_utf8(budget_book()).expect("plain text");
        let start: usize =
            document.rsplit("startxref\n").next().and_then(|end| end.lines().next()).unwrap().parse().unwrap();
        let entries = document[start..].lines().skip(3).take(PAGES * 2 + 3);
        for (number, entry) in (1..).zip(entries) {
            let offset: usize = entry[..10].parse().unwrap();
            assert!(document[offset..].starts_with(&format!("{number} 0 obj")), "object {number}");
        }
    }
}
