//! The website of Ambleford Borough Council: fictional, of the years 2009 to 2016, and left as its web team left it.
//! It sets cookies on nearly everything it sends and knows nothing of consent: that is the gate's work.

use http::{StatusCode, header};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::listen::{self, Answer, Visit};
use super::pages::{Page, Pages, escape};
use super::reply::{Pieces, Reply, gzip};
use super::seal::Seal;
use super::{account, bins, council_tax, files, minutes, planning, tracking};

/// Serves the council's site until the task is dropped. Its pages refer to third parties at
/// `http://<real host>.localhost:<third_party_port>/`.
pub async fn serve_council(listener: TcpListener, third_party_port: u16) {
    listen::serve(listener, Council { pages: Pages::new(third_party_port), seal: Seal::random() }).await;
}

pub(super) struct Council {
    pub(super) pages: Pages,
    pub(super) seal: Seal,
}

impl Answer for Council {
    fn answer(&self, visit: &Visit) -> Reply {
        if let Some(file) = files::find(visit) {
            return file;
        }
        let reply = tracking::add(visit, self.route(visit));
        reply.with(header::SERVER, "Microsoft-IIS/8.5").with(header::CACHE_CONTROL, "private")
    }
}

impl Council {
    fn route(&self, visit: &Visit) -> Reply {
        match visit.path.to_ascii_lowercase().as_str() {
            "/" | "/default.aspx" => self.home(),
            "/council-tax.aspx" => council_tax::page(self, visit),
            "/bins/default.aspx" | "/bins/" => bins::page(self, visit),
            "/bins/next.aspx" => bins::next_cell(visit),
            "/api/bins.json" => bins::json(visit),
            "/planning/search.aspx" => planning::page(self, visit),
            "/news/default.aspx" | "/news/" => self.news(),
            "/your-council/minutes.aspx" => self.minutes(),
            "/your-council/video.aspx" => self.plain("Watch the budget explained", include_str!("site/video.html")),
            "/jobs/default.aspx" | "/jobs/" => self.plain("Jobs", include_str!("site/jobs.html")),
            "/contact-us.aspx" => self.plain("Contact us", include_str!("site/contact.html")),
            "/privacy.aspx" => self.plain("Privacy and cookies", include_str!("site/privacy.html")),
            "/accessibility.aspx" => self.plain("Accessibility", include_str!("site/accessibility.html")),
            "/a-z.aspx" => self.plain("A to Z of services", include_str!("site/a-z.html")),
            "/search.aspx" => self.search(visit),
            "/account/default.aspx" | "/account/" => account::page(self, visit),
            "/account/login.aspx" => account::login(self, visit),
            "/account/logout.aspx" => account::logout(visit),
            "/go.aspx" => campaign(visit),
            "/trace.axd" => self.trace(visit),
            path => self.older(path).unwrap_or_else(|| self.not_found()),
        }
    }

    /// What the move to ASP.NET left behind: frames, and pages with no head, no body and no charset to speak of.
    fn older(&self, path: &str) -> Option<Reply> {
        let template = match path {
            "/mayor/default.asp" | "/mayor/" => include_str!("site/mayor.html"),
            "/mayor/menu.asp" => include_str!("site/mayor-menu.html"),
            "/mayor/welcome.asp" => include_str!("site/mayor-welcome.html"),
            "/mayor/history.asp" => include_str!("site/mayor-history.html"),
            "/old/recycling-centre.htm" => include_str!("site/old-recycling.html"),
            _ => return None,
        };
        let page = self.pages.fill(template, &[]);
        let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&page);
        let media_type = if path == "/mayor/welcome.asp" { "text/html; charset=iso-8859-1" } else { "text/html" };
        Some(Reply::new(StatusCode::OK, media_type, bytes.into_owned()))
    }

    pub(super) fn plain(&self, title: &str, template: &str) -> Reply {
        let content = self.pages.fill(template, &[]);
        Reply::html(self.pages.page(Page::new(title, &content)))
    }

    /// The front page also asks for a script in its head lines, before any HTML.
    fn home(&self) -> Reply {
        let hint = "<http://www.googletagmanager.com.localhost:{{third}}/gtm.js?id=GTM-AMBL3D>; rel=preload; as=script";
        self.plain("Welcome to Ambleford", include_str!("site/home.html"))
            .with(header::LINK, &self.pages.fill(hint, &[]))
    }

    fn news(&self) -> Reply {
        let content = self.pages.fill(include_str!("site/news.html"), &[]);
        let page = self.pages.page(Page::new("News", &content));
        Reply::html(gzip(page.as_bytes())).with(header::CONTENT_ENCODING, "gzip")
    }

    /// The page whose database is slow: gzip, chunked, one minute of the meeting at a time.
    fn minutes(&self) -> Reply {
        let page = self.pages.page(Page::new("Council minutes", include_str!("site/minutes.html")));
        let (sender, pieces) = mpsc::channel(1);
        drop(tokio::spawn(minutes::send(page, sender)));
        Reply::pieces("text/html; charset=utf-8", Pieces(pieces)).with(header::CONTENT_ENCODING, "gzip")
    }

    fn search(&self, visit: &Visit) -> Reply {
        let words = visit.asked("q");
        let results = found(&words);
        let template = include_str!("site/search.html");
        let content = self.pages.fill(template, &[("q", &escape(&words)), ("results", &results)]);
        Reply::html(self.pages.page(Page::new("Search", &content)))
    }

    /// ASP.NET's trace page, left switched on: what this server was sent, which is what the gate let through.
    fn trace(&self, visit: &Visit) -> Reply {
        let rows: Vec<String> = visit
            .cookies()
            .map(|(name, value)| format!("<tr><td>{}</td><td>{} characters</td></tr>\n", escape(name), value.len()))
            .collect();
        let rows = rows.concat();
        let content = format!(
            "<p>Cookies this server was sent with this request:</p><table class=\"data\" id=\"cookies\">\
             <tr><th>Name</th><th>Size</th></tr>\n{rows}</table>"
        );
        Reply::html(self.pages.page(Page::new("Application trace", &content)))
    }

    fn not_found(&self) -> Reply {
        self.plain("Page not found", include_str!("site/not-found.html")).status(StatusCode::NOT_FOUND)
    }
}

/// A short address for a campaign: counts the visitor, then sends them on.
fn campaign(visit: &Visit) -> Reply {
    let to = if visit.asked("to") == "jobs" { "/jobs/default.aspx" } else { "/default.aspx" };
    let campaign: String = visit.asked("campaign").chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    Reply::redirect(to)
        .set_cookie(&format!("CampaignRef={campaign}; expires=Fri, 31-Dec-2038 23:59:59 GMT; path=/"))
        .set_cookie("_fbc=fb.0.1632960000.AMB; max-age=7776000; path=/")
}

const INDEX: [(&str, &str, &str); 9] = [
    ("Council tax", "/council-tax.aspx", "council tax band charge discount pay bill"),
    ("Bins", "/bins/default.aspx", "bin bins rubbish recycling waste collection day postcode"),
    ("Planning applications", "/planning/search.aspx", "planning application extension building shop"),
    ("News", "/news/default.aspx", "news christmas lights weir bridge swimming pool"),
    ("Jobs", "/jobs/default.aspx", "jobs vacancies work salary apply"),
    ("Contact us", "/contact-us.aspx", "contact telephone email town hall map address"),
    ("Council minutes", "/your-council/minutes.aspx", "minutes meeting council members budget"),
    ("Watch the budget explained", "/your-council/video.aspx", "video watch budget council tax money"),
    ("Privacy and cookies", "/privacy.aspx", "privacy cookies data protection"),
];

/// The pages that have every word looked for.
fn found(words: &str) -> String {
    let wanted: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let fits = |text: &str| wanted.iter().all(|word| text.contains(word.as_str()));
    let links: Vec<String> = INDEX
        .iter()
        .filter(|(title, _, text)| !wanted.is_empty() && (fits(text) || fits(&title.to_lowercase())))
        .map(|(title, address, _)| format!("<li><a href=\"{address}\">{title}</a></li>\n"))
        .collect();
    match (wanted.is_empty(), links.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!("<p>Nothing found for <b>{}</b>.</p>", escape(words)),
        (false, false) => format!("<ol class=\"links\">\n{}</ol>", links.concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_finds_pages_that_have_every_word() {
        assert!(found("council tax").contains("/council-tax.aspx"));
        assert!(!found("council tax").contains("/bins/"));
        assert!(found("<b>").contains("Nothing found for <b>&lt;b&gt;</b>"));
        assert_eq!(found(" "), "");
    }
}
