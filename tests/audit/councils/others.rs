//! Other companies' hosts, as far as the councils call on them: each sets and asks for what the real one is known for, under
//! the real names.

use crate::serving::{Ask, Say, empty, page, pixel, script};

pub(super) fn answer(ask: &Ask) -> Say {
    match (&*ask.host, ask.file()) {
        ("www.googletagmanager.com", "/gtag/js") => script(GTAG),
        ("www.google-analytics.com", "/analytics.js") => script(ANALYTICS),
        ("www.google-analytics.com" | "ssl.google-analytics.com", "/ga.js") => script(URCHIN),
        ("connect.facebook.net", "/en_US/fbevents.js") => script(FACEBOOK),
        ("www.facebook.com", "/tr/") => pixel().setting(
            "fr=1; Max-Age=7776000; Domain=.facebook.com; Path=/; Secure; HttpOnly; SameSite=None",
        ),
        ("static.hotjar.com", _) => script(HOTJAR),
        ("script.hotjar.com", _) => script("localStorage.setItem('_hjUserAttributes', '1')"),
        ("www.youtube.com", _) => page(
            "<script>localStorage.setItem('yt-remote-device-id', '1')</script><img src='https://i.ytimg.com/vi/1/hq.jpg' alt=''>",
        )
        .setting("YSC=1; Domain=.youtube.com; Path=/; Secure; HttpOnly; SameSite=None")
        .setting("VISITOR_INFO1_LIVE=1; Max-Age=15552000; Domain=.youtube.com; Path=/; Secure; HttpOnly; SameSite=None"),
        ("www.google.com", "/maps/embed") => page("<script src='https://maps.googleapis.com/maps/api/js'></script>")
            .setting("NID=1; Max-Age=15811200; Domain=.google.com; Path=/; Secure; HttpOnly; SameSite=None"),
        ("player.vimeo.com", _) => page("<p>A film.</p>")
            .setting("vuid=1; Max-Age=63072000; Domain=.vimeo.com; Path=/; Secure; SameSite=None"),
        ("bat.bing.com", _) => pixel()
            .setting("MUID=1; Max-Age=33696000; Domain=bing.com; Path=/; Secure; SameSite=None")
            .leading_to("https://c.clarity.ms/c.gif?CtsSyncId=1"),
        ("c.clarity.ms", _) => pixel()
            .setting("SM=C; Domain=c.clarity.ms; Path=/; Secure; HttpOnly; SameSite=None")
            .leading_to("https://c.bing.com/c.gif?CtsSyncId=1"),
        ("c.bing.com", _) => pixel().setting("SRM_B=1; Max-Age=33696000; Domain=c.bing.com; Path=/; Secure; SameSite=None"),
        (_, file) => empty(file).unwrap_or_else(|| Say { kind: "text/plain", ..script("") }),
    }
}

/// Google Analytics 4, for the stream that its own address names. By Google's consent mode it keeps nothing while consent is
/// denied, and tells of the visit all the same.
const GTAG: &str = "(() => {
  const id = new URL(document.currentScript.src).searchParams.get('id').replace('G-', '');
  const said = () => (window.dataLayer ?? []).map((call) => Array.from(call)).filter(([command]) => command === 'consent');
  const may = () => said().reduce((was, [, , what]) => what.analytics_storage ?? was, 'granted') === 'granted';
  const keep = () => {
    if (may()) for (const name of ['_ga', '_ga_' + id]) document.cookie = name + '=GS1.1; Path=/; Max-Age=63072000';
  };
  keep();
  navigator.sendBeacon('https://region1.google-analytics.com/g/collect?v=2&tid=G-' + id);
})();";

/// Universal Analytics: what was queued says for which domain.
const ANALYTICS: &str = "(() => {
  const [, , domain] = [...(window.ga?.q ?? [])].map((call) => [...call]).find(([command]) => command === 'create') ?? [];
  const of = domain && domain !== 'auto' ? '; Domain=' + domain : '';
  const set = (name, age) => { document.cookie = name + '=GA1.2; Path=/; Max-Age=' + age + of; };
  set('_ga', 63072000); set('_gid', 86400); set('_gat', 60);
  new Image().src = 'https://www.google-analytics.com/r/collect?v=1&t=pageview';
})();";

/// The Google Analytics of 2010.
const URCHIN: &str = "(() => {
  const set = (name, end) => { document.cookie = name + '=1.2.3; Path=/' + end; };
  set('__utma', '; Max-Age=63072000'); set('__utmb', '; Max-Age=1800'); set('__utmc', ''); set('__utmz', '; Max-Age=15768000');
  new Image().src = 'http://www.google-analytics.com/__utm.gif?utmwv=5';
})();";

const FACEBOOK: &str = "document.cookie = '_fbp=fb.1.1; Path=/; Max-Age=7776000';
  new Image().src = 'https://www.facebook.com/tr/?id=1&ev=PageView';";

const HOTJAR: &str = "document.cookie = '_hjSessionUser_123456=1; Path=/; Max-Age=31536000';
  document.cookie = '_hjSession_123456=1; Path=/; Max-Age=1800';
  const modules = document.createElement('script'); modules.src = 'https://script.hotjar.com/modules.1.js';
  document.head.append(modules); fetch('https://content.hotjar.io/?site_id=123456', { method: 'POST' });";
