//! Councils' sites and other companies', all on one port of this machine and told apart by their hosts: what they set,
//! store and ask for in each state is known, because it is written here.

use crate::products;
use crate::serving::{Ask, Say, missing, package, page, script, start};

/// Five years: browsers keep it for 400 days.
pub(crate) const LONG: u64 = 157_680_000;

/// All of them.
pub(crate) struct Stubs {
    pub(crate) port: u16,
}

impl Stubs {
    pub(crate) fn start() -> Self {
        Self { port: start(answer) }
    }

    /// The first page of the site at 127.0.0.`last`.
    pub(crate) fn site(&self, last: u8) -> String {
        format!("http://127.0.0.{last}:{}/", self.port)
    }
}

pub(crate) fn answer(ask: &Ask) -> Say {
    match (&*ask.host, ask.file()) {
        (_, "/robots.txt" | "/sitemap.xml" | "/favicon.ico") => missing(),
        ("127.0.0.2", path) => many(ask, path),
        (host, path) if host == "127.0.0.3" || host.starts_with("127.0.1.") => fair(ask, path),
        ("127.0.0.4", path) => hidden(ask, path),
        ("127.0.0.5", _) => wall(ask),
        ("127.0.0.6", _) => framed(ask),
        ("127.0.0.8", path) => with_a_page(ask, path),
        ("127.0.0.11" | "127.0.0.12" | "127.0.0.13" | "127.0.0.14" | "127.0.0.15", path)
            if path.starts_with("/npm/") =>
        {
            package(&path[5..])
        }
        ("127.0.0.11", _) => page(VANILLA),
        ("127.0.0.12", _) => page(OSANO),
        ("127.0.0.13", _) => page(TARTEAUCITRON),
        ("127.0.0.14", _) => page(VANILLA_2),
        ("127.0.0.15", _) => page(KLARO),
        ("127.0.2.99", _) => page(products::DEAD),
        (host, _) if host.starts_with("127.0.2.") => {
            match host[8..].parse().ok().and_then(|at: usize| products::PRODUCTS.get(at - 1)) {
                Some(product) => page(&products::page(product, &ask.cookies)),
                None => page(""),
            }
        }
        ("127.0.0.7", _) => page("<h1>Bins</h1><p>A clean site.</p>").setting("ASP.NET_SessionId=x; Path=/; HttpOnly"),
        ("stats.localhost", "/t.js") => script(&format!(
            "document.cookie='stats_id=1; Max-Age={LONG}; Path=/';fetch('http://beacon.localhost:{}/hit?page=1');",
            ask.port
        ))
        .setting("stats_third=1; Max-Age=86400; SameSite=None; Secure; Path=/"),
        ("stats.localhost", "/fingerprint.js") => script(FINGERPRINT),
        ("embed.localhost", "/map") => page(
            "<script>localStorage.setItem('map_zoom','3');document.cookie='map_seen=1; Max-Age=60; SameSite=None; Secure'</script>",
        ),
        ("notice.localhost", "/ask") => page(
            "<p>We use cookies to count visits, and would like to use cookies for adverts.</p>
             <button onclick=\"parent.postMessage('yes','*')\">Allow all cookies</button>
             <button onclick=\"parent.postMessage('no','*')\">Decline</button>",
        ),
        ("static.hotjar.com", _) => script(""),
        _ => Say { kind: "text/plain", ..page("") },
    }
}

/// Everything at once, and nobody is asked: headers, scripts, hops, storage, late tags, frames, fingerprints.
fn many(ask: &Ask, path: &str) -> Say {
    let port = ask.port;
    match path {
        "/" => page(&format!(
            "<a href=/hop>hop</a> <a href=/away>away</a> <a href=/file.pdf>pdf</a>
             <script src='http://stats.localhost:{port}/t.js'></script>
             <script>
               document.cookie='by_script=1; Path=/; Max-Age=3600';
               document.cookie='gone_again=1; Path=/; Max-Age=7';
               document.cookie='gone_again=; Path=/; Max-Age=0';
               document.cookie='refused=1; Domain=elsewhere.example';
               document.cookie='until=1; Path=/; Expires='+new Date(Date.now()+7200e3).toUTCString();
               cookieStore.set({{name:'by_store',value:'1',expires:Date.now()+1800e3}});
               localStorage.setItem('kept','1');sessionStorage.setItem('passing','1');
               indexedDB.open('base');caches.open('box');
               navigator.serviceWorker.register('/worker.js?v=1');
               setTimeout(()=>{{new Image().src='http://late.localhost:{port}/pixel.gif?id=1'}},1000);
               setTimeout(()=>setTimeout(()=>{{new Image().src='http://later.localhost:{port}/pixel.gif?id=1'}},1900),2100);
               new Worker('/w.js');
               new WebSocket('ws://socket.localhost:{port}/?id=1');
               addEventListener('pagehide',()=>navigator.sendBeacon('http://leaving.localhost:{port}/bye'));
             </script>
             <iframe src='http://embed.localhost:{port}/map'></iframe>"
        ))
        .setting("plain=1; Path=/")
        .setting(&format!("long=1; Path=/; Max-Age={LONG}; HttpOnly; SameSite=Lax"))
        .setting("foreign=1; Domain=elsewhere.example"),
        "/hop" => page("").setting("on_hop=1; Path=/; Max-Age=50").leading_to("/landed"),
        "/landed" => {
            page(&format!("<h1>Landed</h1><script src='http://stats.localhost:{port}/fingerprint.js'></script>"))
        }
        "/away" => page(
            "<script>localStorage.setItem('on_the_way','1');indexedDB.open('on_the_way_too');caches.open('thrown');document.cookie='leaving=1; Path=/';location.replace('/landed')</script>",
        ),
        "/w.js" => script(&format!("fetch('http://worker.localhost:{port}/told')")),
        "/worker.js" => script("self.addEventListener('install',()=>self.skipWaiting())"),
        _ => missing(),
    }
}

const FINGERPRINT: &str = "
  const canvas=document.createElement('canvas');canvas.width=200;canvas.height=50;
  const pen=canvas.getContext('2d');pen.fillText('Cwm fjordbank glyphs vext quiz',2,15);canvas.toDataURL();
  for(let i=0;i<60;i++){pen.font='12px font'+i;pen.measureText('mmm')}
  const audio=new OfflineAudioContext(1,100,44100);audio.createOscillator().connect(audio.destination);audio.startRendering();
  const small=document.createElement('canvas');small.getContext('2d').fillText('x',0,0);small.toDataURL();";

/// Counts visits with a cookie of its own and another company's script.
fn counting(port: u16) -> String {
    format!("<script src='http://static.hotjar.com:{port}/c/hotjar-1.js'></script>")
}

/// A fair notice in the page itself: both controls alike, and a place to come back to.
fn fair(ask: &Ask, path: &str) -> Say {
    let asks =
        "<div class='cookie-bar' style='position:fixed;bottom:0;background:#fff'><p>We would like to set cookies to
        count visits.</p><button onclick=\"pick('yes')\">Accept all cookies</button>
        <button onclick=\"pick('no')\">Reject all cookies</button></div>";
    let back = "<button onclick=\"document.querySelector('dialog').showModal()\">Cookie settings</button>
        <dialog><p>Cookies: you agreed to cookies that count visits.</p>
        <button onclick=\"document.cookie='_ga=; Path=/; Max-Age=0';pick('no')\">Reject all</button></dialog>";
    let pick =
        "<script>function pick(v){document.cookie='choice='+v+'; Path=/; Max-Age=15552000';location.reload()}</script>";
    let chosen = |what: &str| ask.cookies.contains(&format!("choice={what}"));
    let link = if path == "/" { "<a href=/two>Two</a>" } else { "" };
    if chosen("yes") {
        let say = page(&format!("<h1>Council</h1>{link}{back}{pick}{}", counting(ask.port)));
        return say.setting("_ga=1; Path=/; Max-Age=63072000");
    }
    page(&format!("<h1>Council</h1>{link}{}{pick}", if chosen("no") { "" } else { asks }))
}

/// Refusing takes a way through the settings, where a box is ticked.
fn hidden(ask: &Ask, path: &str) -> Say {
    let open = !ask.cookies.contains("set=");
    let shown = if open { "block" } else { "none" };
    let link = if path == "/" { "<a href=/two>Two</a>" } else { "" };
    let ga = "document.cookie='_gid=1; Path=/; Max-Age=86400';localStorage.setItem('_hjUserAttributes','1')";
    let run = if ask.cookies.contains("set=all") { format!("<script>{ga}</script>") } else { String::new() };
    page(&format!(
        "<h1>Council</h1>{link}<a href='#' onclick=\"bar.style.display='block';return false\">Manage cookies</a>
         <div id=bar role=region aria-label='Cookie notice' style='display:{shown};position:fixed;bottom:0;background:#fff;color:#000'>
         <p>This site uses cookies to count visits and for adverts.</p>
         <button style='padding:20px 60px;background:#006400;color:#fff' onclick=\"done('all')\">Accept all</button>
         <a href='#' style='color:#ccc' onclick=\"panel.style.display='block';return false\">Manage preferences</a>
         <div id=panel style='display:none'><label><input type=checkbox checked disabled> Necessary</label>
         <label><input type=checkbox id=stats name=statistics checked> Statistics cookies</label>
         <button onclick=\"done(stats.checked?'all':'none')\">Save choices</button></div></div>
         <script>function done(v){{document.cookie='set='+v+'; Path=/';
           if(v==='none'){{document.cookie='_gid=; Path=/; Max-Age=0';localStorage.removeItem('_hjUserAttributes')}}
           else {{{ga}}} bar.style.display='none'}}</script>{run}"
    ))
}

/// Nothing can be read until one agrees, and there is no way back.
fn wall(ask: &Ask) -> Say {
    if ask.cookies.contains("wall=yes") {
        return page("<h1>Council</h1>").setting("_fbp=1; Path=/; Max-Age=7776000");
    }
    page(
        "<style>body{overflow:hidden}</style><h1>Council</h1><div style='height:3000px'>Long</div>
         <div id=shade style='position:fixed;inset:0;background:#0008'>
         <div role=dialog aria-label='Cookies' style='margin:15% auto;width:400px;background:#fff'>
         <p>We and our partners use cookies for adverts. You can only go on when you agree.</p>
         <label><input type=checkbox checked> Adverts</label> <label><input type=checkbox checked> Statistics</label>
         <button onclick=\"document.cookie='wall=yes; Path=/';location.reload()\">I agree</button></div></div>",
    )
}

/// The notice is another company's page in a frame.
fn framed(ask: &Ask) -> Say {
    let port = ask.port;
    if ask.cookies.contains("framed=yes") {
        return page("<h1>Council</h1>").setting("_gat=1; Path=/; Max-Age=60");
    }
    if ask.cookies.contains("framed=no") {
        return page("<h1>Council</h1>");
    }
    page(&format!(
        "<h1>Council</h1><iframe title=Cookies style='position:fixed;bottom:0;left:200px;width:800px;height:200px' src='http://notice.localhost:{port}/ask'></iframe>
         <script>addEventListener('message',({{data}})=>{{document.cookie='framed='+data+'; Path=/';location.reload()}})</script>"
    ))
}

/// The way of the government's sites: a banner with forms, and a page with settings, in Welsh on one side.
fn with_a_page(ask: &Ask, path: &str) -> Say {
    let chosen = ask.cookies.contains("policy=");
    let banner = "<div class='govuk-cookie-banner' role=region aria-label=Cwcis><h2>Cwcis ar y gwasanaeth</h2><p>Hoffem osod
        cwcis ychwanegol.</p><form method=post action=/set><button name=cookies value=yes>Derbyn cwcis ychwanegol</button>
        <button name=cookies value=no>Gwrthod cwcis ychwanegol</button></form></div>";
    match path {
        "/set" => page("").setting(&format!("policy={}; Path=/; Max-Age=31536000", ask.field("cookies"))).leading_to("/"),
        "/cookies" => page(
            "<h1>Cookies</h1><form method=post action=/set><p>Do you want to accept analytics cookies?</p>
             <input type=radio name=cookies id=y value=yes checked><label for=y>Yes</label>
             <input type=radio name=cookies id=n value=no><label for=n>No</label><button>Save cookie settings</button></form>",
        ),
        _ => {
            let say = page(&format!("{}<h1>Gwasanaeth</h1><a href=/cookies>Cookies</a>", if chosen { "" } else { banner }));
            if ask.cookies.contains("policy=yes") { say.setting("_ga=1; Path=/; Max-Age=63072000") } else { say }
        }
    }
}

// === Real notices from npm, as their makers say they are put into a page ===

const VANILLA: &str = r#"<h1>Bins</h1><link rel="stylesheet" href="/npm/vanilla-cookieconsent/dist/cookieconsent.css">
  <button data-cc="show-preferencesModal">Cookies</button>
  <script src="/npm/vanilla-cookieconsent/dist/cookieconsent.umd.js"></script>
  <script>CookieConsent.run({ hideFromBots: true, categories: { necessary: { enabled: true, readOnly: true },
    analytics: { autoClear: { cookies: [{ name: '_ga' }] } } }, onConsent() { if (CookieConsent.acceptedCategory('analytics'))
    document.cookie = '_ga=1; Path=/; Max-Age=63072000'; }, language: { default: 'en', translations: { en: {
    consentModal: { title: 'We use cookies', description: 'May we?', acceptAllBtn: 'Accept all', showPreferencesBtn: 'Manage' },
    preferencesModal: { title: 'Cookies', acceptAllBtn: 'Accept all', acceptNecessaryBtn: 'Reject all', savePreferencesBtn: 'Save',
    sections: [{ title: 'Analytics', linkedCategory: 'analytics' }] } } } } });</script>"#;

const OSANO: &str = r#"<h1>Bins</h1><link rel="stylesheet" href="/npm/cookieconsent/build/cookieconsent.min.css">
  <script src="/npm/cookieconsent/build/cookieconsent.min.js"></script>
  <script>const seen = function () { document.cookie = this.hasConsented() ? '_ga=1; Path=/; Max-Age=63072000' : '_ga=; Path=/; Max-Age=0'; };
    window.cookieconsent.initialise({ type: 'opt-in', onInitialise: seen, onStatusChange: seen });</script>"#;

const TARTEAUCITRON: &str = r#"<h1>Bins</h1><script src="/npm/tarteaucitronjs/tarteaucitron.js"></script>
  <script>tarteaucitron.init({ privacyUrl: '', bodyPosition: 'bottom', hashtag: '#tarteaucitron', cookieName: 'tarteaucitron',
    orientation: 'bottom', showAlertSmall: false, showIcon: true, iconPosition: 'BottomRight', cookieslist: false, highPrivacy: true,
    AcceptAllCta: true, DenyAllCta: true });
    tarteaucitron.services.own = { key: 'own', type: 'analytic', name: 'Own', uri: '', needConsent: true, cookies: ['_ga'],
      js() { document.cookie = '_ga=1; Path=/; Max-Age=63072000'; } };
    (tarteaucitron.job = tarteaucitron.job || []).push('own');</script>"#;

const VANILLA_2: &str = r#"<h1>Bins</h1><link rel="stylesheet" href="/npm/vanilla-cookieconsent-2/dist/cookieconsent.css">
  <button data-cc="c-settings">Cookies</button><script src="/npm/vanilla-cookieconsent-2/dist/cookieconsent.js"></script>
  <script>const cc = initCookieConsent(); cc.run({ current_lang: 'en', autoclear_cookies: true, onAccept() {
    if (cc.allowedCategory('analytics')) document.cookie = '_ga=1; Path=/; Max-Age=63072000'; }, languages: { en: {
    consent_modal: { title: 'We use cookies', description: 'May we?', primary_btn: { text: 'Accept all', role: 'accept_all' },
      secondary_btn: { text: 'Settings', role: 'settings' } },
    settings_modal: { title: 'Cookies', save_settings_btn: 'Save', accept_all_btn: 'Accept all', reject_all_btn: 'Reject all', cookie_table_headers: [{ col1: 'Name' }],
      blocks: [{ title: 'Needed', toggle: { value: 'necessary', enabled: true, readonly: true } }, { title: 'Analytics',
        toggle: { value: 'analytics', enabled: false, readonly: false }, cookie_table: [{ col1: '_ga' }] }] } } } });</script>"#;

/// Not among the packages that `tests/run` installs, as it brings a compiler with it; put there by hand it is looked at too.
const KLARO: &str = r#"<h1>Bins</h1><a href='#' onclick='klaro.show();return false'>Cookie settings</a>
  <script>window.klaroConfig = { acceptAll: true, mustConsent: false, hideDeclineAll: false, lang: 'en', translations: { en: {
    consentNotice: { description: 'We use cookies.' } } }, services: [{ name: 'ga', purposes: ['analytics'], cookies: ['_ga'],
    callback(yes) { document.cookie = yes ? '_ga=1; Path=/; Max-Age=63072000' : '_ga=; Path=/; Max-Age=0'; } }] };</script>
  <script src="/npm/klaro/dist/klaro.js"></script>"#;
