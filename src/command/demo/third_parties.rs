//! Stand-ins for the other companies a council page calls on: one server that answers to all their names under
//! `.localhost`, does offline what the real ones do (scripts, cookies, pixels, reports), and shows what it received.

use http::{StatusCode, header};
use tokio::net::TcpListener;

use super::files::PIXEL;
use super::listen::{self, Answer, Visit};
use super::pages::fill;
use super::reply::Reply;
use super::third_party_log::{Entry, Log};

/// The name under which the server shows what it received.
pub const WATCH_HOST: &str = "third-parties.localhost";

/// Serves the stand-ins and the page that shows what they received until the task is dropped.
pub async fn serve_third_parties(listener: TcpListener) {
    let port = listener.local_addr().map_or(0, |address| address.port()).to_string();
    listen::serve(listener, ThirdParties { port, log: Log::default() }).await;
}

struct ThirdParties {
    port: String,
    log: Log,
}

impl Answer for ThirdParties {
    fn answer(&self, visit: &Visit) -> Reply {
        let host = visit.header(header::HOST).unwrap_or_default().split(':').next().unwrap_or_default();
        match host.strip_suffix(".localhost").filter(|_| host != WATCH_HOST) {
            None => self.watch(visit),
            Some(company) => {
                self.log.add(Entry::of(company, visit));
                self.stand_in(company, &visit.path)
            }
        }
    }
}

impl ThirdParties {
    fn watch(&self, visit: &Visit) -> Reply {
        let reply = match (visit.path.as_str(), visit.is_post()) {
            ("/", _) => Reply::html(fill(include_str!("site/third-parties/watch.html"), &[("log", &self.log.html())])),
            ("/log.html", _) => Reply::html(self.log.html()),
            ("/log.json", _) => Reply::new(StatusCode::OK, "application/json", self.log.json().to_string()),
            ("/clear", true) => {
                self.log.clear();
                Reply::empty(StatusCode::SEE_OTHER).with(header::LOCATION, "/")
            }
            _ => Reply::plain(StatusCode::NOT_FOUND, "Not found."),
        };
        reply.with(header::CACHE_CONTROL, "no-store")
    }

    fn stand_in(&self, company: &str, path: &str) -> Reply {
        let known = STAND_INS.iter().find(|known| known.company == company && path.starts_with(known.path));
        let reply = match known {
            None => Reply::plain(StatusCode::NOT_FOUND, "Not found."),
            Some(known) => known.cookies.iter().fold(self.content(known.content), |reply, cookie| {
                // Only a cookie marked so is kept by every browser that shows another site; localhost counts as secure.
                reply.set_cookie(&format!("{cookie}; Path=/; Max-Age=15552000; SameSite=None; Secure; Partitioned"))
            }),
        };
        reply.with(header::CACHE_CONTROL, "no-store").with(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
    }

    fn content(&self, content: Content) -> Reply {
        match content {
            Content::Script(text) => {
                let script = fill(text, &[("third", &self.port)]);
                Reply::new(StatusCode::OK, "application/javascript", script)
            }
            Content::Page(text) => Reply::html(text),
            Content::Style(text) => Reply::new(StatusCode::OK, "text/css", text),
            Content::Pixel => Reply::new(StatusCode::OK, "image/gif", PIXEL),
            Content::Nothing => Reply::empty(StatusCode::NO_CONTENT),
        }
    }
}

struct StandIn {
    company: &'static str,
    path: &'static str,
    content: Content,
    cookies: &'static [&'static str],
}

#[derive(Clone, Copy)]
enum Content {
    Script(&'static str),
    Page(&'static str),
    Style(&'static str),
    Pixel,
    Nothing,
}

const fn stand_in(company: &'static str, path: &'static str, content: Content) -> StandIn {
    StandIn { company, path, content, cookies: &[] }
}

impl StandIn {
    const fn with(self, cookies: &'static [&'static str]) -> Self {
        Self { cookies, ..self }
    }
}

const EMPTY_PAGE: &str = "<!DOCTYPE html><title>Tag manager</title>";

const STAND_INS: [StandIn; 20] = [
    stand_in("www.googletagmanager.com", "/gtag/js", Content::Script(include_str!("site/third-parties/gtag.js"))),
    stand_in("www.googletagmanager.com", "/gtm.js", Content::Script(include_str!("site/third-parties/gtm.js"))),
    stand_in("www.googletagmanager.com", "/ns.html", Content::Page(EMPTY_PAGE)),
    stand_in("www.google-analytics.com", "/ga.js", Content::Script(include_str!("site/third-parties/ga.js"))),
    stand_in("www.google-analytics.com", "/g/collect", Content::Nothing),
    stand_in("www.google-analytics.com", "/__utm.gif", Content::Pixel),
    stand_in("connect.facebook.net", "/en_GB/", Content::Script(include_str!("site/third-parties/fbevents.js"))),
    stand_in("www.facebook.com", "/tr", Content::Pixel).with(&["fr=0AmB1eF0rD.163296"]),
    stand_in("www.facebook.com", "/plugins/", Content::Page(include_str!("site/third-parties/page-plugin.html")))
        .with(&["datr=AmBlEfOrD163296"]),
    stand_in("static.hotjar.com", "/c/", Content::Script(include_str!("site/third-parties/hotjar.js"))),
    stand_in("in.hotjar.com", "/api/", Content::Nothing),
    stand_in("www.clarity.ms", "/tag/", Content::Script(include_str!("site/third-parties/clarity.js"))),
    stand_in("c.clarity.ms", "/collect", Content::Nothing).with(&["MUID=163296A0B1C2D3E4"]),
    stand_in("snap.licdn.com", "/", Content::Script(include_str!("site/third-parties/insight.js"))),
    stand_in("px.ads.linkedin.com", "/collect", Content::Pixel).with(&["bcookie=v=2&163296"]),
    stand_in("www.youtube.com", "/embed/", Content::Page(include_str!("site/third-parties/youtube.html")))
        .with(&["YSC=AmBlEfOrD01", "VISITOR_INFO1_LIVE=a1632960"]),
    stand_in("www.youtube.com", "/youtubei/", Content::Nothing),
    stand_in("www.google.com", "/maps/embed", Content::Page(include_str!("site/third-parties/map.html")))
        .with(&["NID=511=AmBlEfOrD"]),
    stand_in("fonts.googleapis.com", "/css", Content::Style("/* A stand-in: the font on this machine is used. */\n")),
    stand_in("api.postcode-finder", "/v1/", Content::Script(include_str!("site/third-parties/complete.js"))),
];
