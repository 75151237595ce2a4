//! The council tax page: a page-wide ASP.NET form whose postback works out a charge.
//! Its view state is sealed like the real one, so a gate that changed a byte of it would be found out.

use std::fmt::Write as _;

use http::StatusCode;

use super::council::Council;
use super::listen::Visit;
use super::pages::Page;
use super::reply::Reply;
use super::seal::Seal;

/// Bands and their ninths of the band D charge (Local Government Finance Act 1992, section 5).
const BANDS: [(char, u64); 8] = [('A', 6), ('B', 7), ('C', 8), ('D', 9), ('E', 11), ('F', 13), ('G', 15), ('H', 18)];
const BAND_D_PENCE: u64 = 184_215;
/// Real view state is large; so is this one.
const BALLAST: usize = 4096;

/// GET shows the form, POST works out the charge or starts again.
pub(super) fn page(council: &Council, visit: &Visit) -> Reply {
    if !visit.is_post() {
        return form(council, 0, &Asked::default());
    }
    let Some(worked_out) = view_state(&council.seal, visit) else {
        return refused(council);
    };
    if visit.posted("__EVENTTARGET").ends_with("lnkReset") {
        return form(council, worked_out, &Asked::default());
    }
    form(council, worked_out + 1, &Asked::posted(visit))
}

/// What the visitor entered.
#[derive(Default)]
struct Asked {
    band: Option<(char, u64)>,
    alone: bool,
}

impl Asked {
    fn posted(visit: &Visit) -> Self {
        let band = visit.posted("ctl00$MainContent$ddlBand");
        Self {
            band: BANDS.into_iter().find(|(name, _)| band == name.to_string()),
            alone: !visit.posted("ctl00$MainContent$chkSingle").is_empty(),
        }
    }
}

fn form(council: &Council, worked_out: u32, asked: &Asked) -> Reply {
    let single = if asked.alone { " checked=\"checked\"" } else { "" };
    let content = council.pages.fill(
        include_str!("site/council-tax.html"),
        &[
            ("bands", &options(asked)),
            ("single", single),
            ("result", &result(worked_out, asked)),
            ("rows", &rows(asked)),
        ],
    );
    let fields = fields(&council.seal, worked_out);
    let page = Page { form: Some(&fields), ..Page::new("Work out your council tax", &content) };
    Reply::html(council.pages.page(page))
}

fn options(asked: &Asked) -> String {
    BANDS.iter().fold(String::new(), |mut options, band| {
        let selected = if asked.band == Some(*band) { " selected=\"selected\"" } else { "" };
        let _ = writeln!(options, "<option{selected} value=\"{0}\">{0}</option>", band.0);
        options
    })
}

fn result(worked_out: u32, asked: &Asked) -> String {
    let Some((band, ninths)) = asked.band else { return String::new() };
    let charge = charge(ninths, asked.alone);
    let months = charge.div_ceil(10);
    format!(
        "<div class=\"answer\" id=\"ctl00_MainContent_pnlResult\">Band {band}: <b>{}</b> for the year, \
         or ten payments of about {}.<br><small>You have worked out {worked_out} so far.</small></div>",
        pounds(charge),
        pounds(months),
    )
}

fn rows(asked: &Asked) -> String {
    BANDS.iter().fold(String::new(), |mut rows, (band, ninths)| {
        let chosen = if asked.band.is_some_and(|chosen| chosen.0 == *band) { " class=\"chosen\"" } else { "" };
        let _ = writeln!(rows, "<tr{chosen}><td>{band}<td>{ninths}/9<td>{}", pounds(charge(*ninths, false)));
        rows
    })
}

/// The year's charge in pence, rounded to the nearest penny.
fn charge(ninths: u64, alone: bool) -> u64 {
    let quarters = if alone { 3 } else { 4 };
    (BAND_D_PENCE * ninths * quarters + 18) / 36
}

/// Pence as pounds: `£1,842.15`.
fn pounds(pence: u64) -> String {
    let (pounds, pence) = (pence / 100, pence % 100);
    if pounds < 1000 {
        format!("£{pounds}.{pence:02}")
    } else {
        format!("£{},{:03}.{pence:02}", pounds / 1000, pounds % 1000)
    }
}

fn fields(seal: &Seal, worked_out: u32) -> String {
    let state = seal.close("viewstate", &format!("{worked_out};{}", "ctl00;".repeat(BALLAST / 6)));
    let mark = seal.mark("eventvalidation", &state);
    format!(
        "<input type=\"hidden\" name=\"__VIEWSTATE\" id=\"__VIEWSTATE\" value=\"{state}\" />\n\
         <input type=\"hidden\" name=\"__VIEWSTATEGENERATOR\" id=\"__VIEWSTATEGENERATOR\" value=\"C2EE9ABB\" />\n\
         <input type=\"hidden\" name=\"__EVENTVALIDATION\" id=\"__EVENTVALIDATION\" value=\"{mark}\" />"
    )
}

/// How many charges this page has worked out, as its view state tells; nothing if a byte of it was changed.
fn view_state(seal: &Seal, visit: &Visit) -> Option<u32> {
    let state = visit.posted("__VIEWSTATE");
    let fits = seal.verify("eventvalidation", &state, &visit.posted("__EVENTVALIDATION"));
    seal.open("viewstate", &state).filter(|_| fits)?.split(';').next()?.parse().ok()
}

fn refused(council: &Council) -> Reply {
    let page = "<div class=\"problem\"><p>Validation of viewstate MAC failed.</p></div>\
                <p><a href=\"/council-tax.aspx\">Start again</a></p>";
    council.plain("Server error", page).status(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charges_follow_the_ninths_of_band_d_and_round_to_the_penny() {
        assert_eq!(pounds(charge(9, false)), "£1,842.15");
        assert_eq!(pounds(charge(9, true)), "£1,381.61");
        assert_eq!(pounds(charge(6, false)), "£1,228.10");
        assert_eq!(pounds(charge(18, false)), "£3,684.30");
        assert_eq!(pounds(5), "£0.05");
    }
}
