//! How long one look-up in the catalogue takes: `cargo bench --bench catalogue`.
//!
//! No framework: the fastest of several rounds says what the code can do, and a shared machine cannot make that smaller.

use std::hint::black_box;
use std::time::Instant;

use consentgate::catalogue::pattern::{AddressPattern, NamePatterns};
use consentgate::catalogue::{address, cookie, counts, own_path, signatures};

const ROUNDS: u32 = 20;
const LOOKUPS: u32 = 20_000;

fn main() {
    let start = Instant::now();
    let counts = counts();
    println!("{counts:?}, read in {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    cookies();
    addresses();
    patterns();
    scripts();
}

fn cookies() {
    for (kind, name) in [
        ("known", "ASP.NET_SessionId"),
        ("known, last by hand", "_ga"),
        ("prefix", "_ga_G12345ABCD"),
        ("prefix", "visid_incap_2741853"),
        ("inner wildcard", "mp_0123456789abcdef_mixpanel"),
        ("unknown", "HousingApplicationState"),
        ("unknown, long", "a_very_long_cookie_name_that_nobody_has_ever_seen_before_on_any_site"),
    ] {
        time(&format!("cookie   {kind:<20} {name}"), || cookie(black_box(name.as_bytes())).is_some());
    }
}

fn addresses() {
    for (kind, host, path) in [
        ("known", "www.googletagmanager.com", "/gtag/js"),
        ("parent", "region1.google-analytics.com", "/g/collect"),
        ("unknown", "maps.example.gov.uk", "/tiles/1/2/3.png"),
        ("unknown, deep", "a.b.c.d.e.f.g.example.gov.uk", "/"),
    ] {
        time(&format!("address  {kind:<20} {host}{path}"), || address(black_box(host), black_box(path)).is_some());
    }
    for (kind, path) in [("known", "/stats/matomo.js"), ("unknown", "/scripts/jquery-1.4.2.min.js")] {
        time(&format!("own path {kind:<20} {path}"), || own_path(black_box(path)).is_some());
    }
}

fn patterns() {
    let names = NamePatterns::new((0..200).map(|number| (format!("site_{number}_*"), number)));
    time("200 name patterns, last", || names.find(black_box(b"site_199_x")).is_some());
    let pattern = AddressPattern::parse("||example.com^").expect("a good pattern");
    time("||example.com^", || pattern.matches(black_box("https://cdn.example.com/a/long/enough/path.js?v=1")));
    let pattern = AddressPattern::parse("||example.com/stats/*.js").expect("a good pattern");
    time("||example.com/stats/*.js", || pattern.matches(black_box("https://cdn.example.com/stats/a/path.js?v=1")));
}

fn scripts() {
    let plain =
        "var menu = document.getElementById('menu'); menu.onclick = function () { menu.className = 'open'; };\n";
    let script = plain.repeat(40);
    time(&format!("harmless inline script of {} bytes", script.len()), || {
        signatures(black_box(script.as_bytes())).next().is_some()
    });
}

/// Prints the fastest round's time for one look-up.
fn time(what: &str, mut look_up: impl FnMut() -> bool) {
    let fastest = (0..ROUNDS).map(|_| round(&mut look_up)).fold(f64::INFINITY, f64::min);
    println!("{fastest:10.1} ns  {what}");
}

fn round(look_up: &mut impl FnMut() -> bool) -> f64 {
    let start = Instant::now();
    for _ in 0..LOOKUPS {
        black_box(look_up());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(LOOKUPS)
}
