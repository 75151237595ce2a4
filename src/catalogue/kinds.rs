//! Kinds of companies: whose tags bring something that a visitor sees or uses.
//!
//! A name can have rows of several kinds (a player and its measuring). One row of a kind that is seen is enough: an
//! inline script is known by its company only. What merely advertises goes by a name of its own (`LinkedIn Ads`).

use std::collections::HashSet;
use std::sync::LazyLock;

use super::data::{self, COMPANIES, HOSTS};

/// What a visitor sees or uses.
const SEEN: [&str; 16] = [
    "accessibility",
    "address look-up",
    "chat",
    "content",
    "customer-success",
    "forms",
    "library",
    "map",
    "payment",
    "reviews",
    "seal",
    "search",
    "sign-in",
    "social",
    "translation",
    "video",
];
/// A company's own site, which brings whatever the company does.
const PRESENCE: &str = "presence";
const UNSEEN: [&str; 3] = ["ad", "analytics", "tag-manager"];

static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    // What has no purpose is never held, and says nothing of what is.
    let rows = || data::rows::<4>(COMPANIES).chain(data::rows::<4>(HOSTS)).filter(|row| row[2] != "-");
    let of = |kinds: &[&str]| rows().filter(|row| kinds.contains(&row[3])).map(|row| row[1]).collect::<HashSet<_>>();
    let unseen = of(&UNSEEN);
    let present = of(&[PRESENCE]).into_iter().filter(|name| !unseen.contains(name));
    present.chain(of(&SEEN)).collect()
});

/// Would a visitor have seen or used what this company's tags bring? A map and a chat, not a counter.
pub fn is_seen(company: &str) -> bool {
    NAMES.contains(company)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{address, signatures};

    #[test]
    fn what_stands_on_a_page_is_seen() {
        for (host, path) in [
            ("connect.facebook.net", "/en_GB/sdk.js"),
            ("platform.twitter.com", "/widgets.js"),
            ("pbs.twimg.com", "/media/x.jpg"),
            ("assets.pinterest.com", "/js/pinit.js"),
            ("vk.com", "/js/api/openapi.js"),
            ("platform.linkedin.com", "/in.js"),
            ("static.addtoany.com", "/menu/page.js"),
            ("s.gravatar.com", "/js/gprofiles.js"),
            ("platform.tumblr.com", "/v1/share.js"),
            ("maps.googleapis.com", "/maps/api/js"),
            ("translate.google.com", "/translate_a/element.js"),
            ("ecn.dev.virtualearth.net", "/mapcontrol/mapcontrol.ashx"),
            ("i.ytimg.com", "/vi/x/0.jpg"),
            ("fast.wistia.com", "/assets/external/E-v1.js"),
            ("v2.zopim.com", "/"),
            ("static.zdassets.com", "/ekr/snippet.js"),
            ("server.lon.liveperson.net", "/hc/1/x.js"),
            ("vms.boldchat.com", "/aid/1/bc.vms4/vms.js"),
            ("app.purechat.com", "/VisitorWidget/WidgetScript"),
            ("code.jivosite.com", "/script/widget/1"),
            ("snapengage.com", "/cdn/js/1.js"),
            ("image.providesupport.com", "/js/1/safe-standard.js"),
            ("c.la1.salesforceliveagent.com", "/content/g/js/1/deployment.js"),
            ("forms.aweber.com", "/form/1.js"),
            ("example.us1.list-manage.com", "/subscribe/post-json"),
            ("staticw2.yotpo.com", "/1/widget.js"),
            ("ui.powerreviews.com", "/stable/4.0/ui.js"),
            ("medals.bizrate.com", "/medals/dynamic/1.gif"),
            ("static.polldaddy.com", "/p/1.js"),
            ("poll.fm", "/1"),
            ("f1.eu.readspeaker.com", "/script/1/rs_embhl.js"),
            ("www.jscache.com", "/wejs"),
            ("dsms0mj1bbhn4.cloudfront.net", "/assets/pub/shareaholic.js"),
            ("my.hellobar.com", "/1.js"),
            ("content.jwplatform.com", "/players/1.js"),
            ("seal.verisign.com", "/getseal"),
            ("seal-example.bbb.org", "/seals/1.png"),
            ("widget.trustpilot.com", "/bootstrap/v5/tp.widget.bootstrap.min.js"),
            ("static.elfsight.com", "/platform/platform.js"),
        ] {
            let company = address(host, path).unwrap_or_else(|| panic!("{host} is not known"));
            assert!(company.purpose.is_some(), "{host} is not held");
            assert!(is_seen(company.name), "{host}: {company:?}");
        }
    }

    #[test]
    fn what_only_measures_or_advertises_is_not() {
        for (host, path) in [
            ("www.google-analytics.com", "/analytics.js"),
            ("www.googletagmanager.com", "/gtm.js"),
            ("connect.facebook.net", "/en_US/fbevents.js"),
            ("www.facebook.com", "/tr"),
            ("snap.licdn.com", "/li.lms-analytics/insight.min.js"),
            ("static.ads-twitter.com", "/uwt.js"),
            ("analytics.tiktok.com", "/i18n/pixel/events.js"),
            ("ct.pinterest.com", "/v3/"),
            ("siteimproveanalytics.com", "/js/1.js"),
            ("browser.sentry-cdn.com", "/bundle.min.js"),
            ("p.typekit.net", "/p.gif"),
            ("js-agent.newrelic.com", "/nr.js"),
            ("static.hotjar.com", "/c/hotjar-1.js"),
            ("bat.bing.com", "/bat.js"),
        ] {
            let company = address(host, path).unwrap_or_else(|| panic!("{host} is not known"));
            assert!(!is_seen(company.name), "{host}: {company:?}");
        }
        let pixel = b"fbq('init', '1'); lintrk('track'); twq('init'); pintrk('load'); ttq.load('1')";
        for sign in signatures(pixel) {
            assert!(!is_seen(sign.company), "{sign:?}");
        }
        // The vendor's snippet names the host of the SDK before it calls the pixel: the first sign decides.
        for pixel in [
            "!function(f,b){if(f.fbq)return;n=f.fbq=g}(window,'//connect.facebook.net/en_US/fbevents.js');fbq('init','1')",
            "var _fbq = window._fbq || (window._fbq = []); s.src = '//connect.facebook.net/en_US/fbds.js'",
        ] {
            let first = signatures(pixel.as_bytes()).next().map(|sign| sign.company);
            assert_eq!(first, Some("Meta Pixel"), "{pixel}");
        }
        assert!(!is_seen("") && !is_seen("nobody"));
    }

    #[test]
    fn an_inline_script_is_known_by_its_company() {
        for text in
            ["window.fbAsyncInit = f", "new google.translate.TranslateElement({})", "$zopim(f)", "Tawk_API = {}"]
        {
            let sign = signatures(text.as_bytes()).next().unwrap_or_else(|| panic!("{text} is not known"));
            assert!(is_seen(sign.company), "{sign:?}");
        }
    }
}
