//! Trackers from npm, bundled with a council's own scripts as its web team would, and reporting to the hosts they are made for.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use super::plain::site;
use super::{Council, Facts, Truth};
use crate::serving::{Ask, Say, missing, packages, script};

pub(super) fn councils() -> Vec<Council> {
    vec![norwell(), quernford()]
}

const MIXPANEL: &str = "import mixpanel from 'mixpanel-browser';
  mixpanel.init('0123456789', { api_host: 'https://api-js.mixpanel.com', batch_requests: false, track_pageview: true, persistence: 'cookie' });";
const AMPLITUDE: &str = "import * as amplitude from '@amplitude/analytics-browser';
  amplitude.init('0123456789abcdef0123456789abcdef', 'somebody', { serverUrl: 'https://api2.amplitude.com/2/httpapi', flushIntervalMillis: 100, autocapture: false, fetchRemoteConfig: false });
  amplitude.track('opened');";
const PLAUSIBLE: &str = "import Plausible from 'plausible-tracker';
  Plausible({ domain: 'www.norwell.gov.uk', trackLocalhost: true }).trackPageview();";
const POSTHOG: &str = "import posthog from 'posthog-js';
  posthog.init('phc_0123456789', { api_host: 'https://eu.i.posthog.com', request_batching: false, opt_out_useragent_filter: true, advanced_disable_flags: true, disable_external_dependency_loading: true, autocapture: false });";
const CLARITY: &str = "import { clarity } from 'clarity-js';
  clarity.start({ projectId: 'abcdef', upload: 'https://www.clarity.ms/collect', track: true, content: true, lean: false, delay: 100 });";
const COUNTLY: &str = "import Countly from 'countly-sdk-web';
  Countly.init({ app_key: '0123456789', url: 'https://quernford.count.ly', interval: 100, use_session_cookie: true });
  Countly.track_sessions(); Countly.track_pageview();";

/// Bundled and minified, as `site.js` would be.
fn bundle(code: &str) -> Say {
    let mut built = Command::new(packages().join("esbuild/bin/esbuild"))
        .args(["--bundle", "--minify", "--format=iife", "--platform=browser", "--log-level=error"])
        .current_dir(packages().join(".."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("esbuild starts");
    built.stdin.take().expect("it is piped").write_all(code.as_bytes()).expect("it reads");
    let built = built.wait_with_output().expect("it ends");
    assert!(built.status.success(), "{built:?}");
    script(&String::from_utf8(built.stdout).expect("a script"))
}

/// Two bundles, each with a page: built once.
static BUNDLES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [[MIXPANEL, AMPLITUDE, PLAUSIBLE], [POSTHOG, CLARITY, COUNTLY]].map(|codes| bundle(&codes.join("\n")).body)
});

/// Everything that measures is called on, and nobody is asked.
const NOT_MET: [&str; 7] = [
    "cookies_before_choice",
    "trackers_before_choice",
    "reject_as_easy",
    "kept_after_reject",
    "withdraw",
    "kept_after_withdraw",
    "declared",
];

/// What each keeps is read from its source; names that are made up anew each time are written with a `*`.
fn norwell() -> Council {
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(&[], "<script src=/site.js></script>"),
        "/site.js" => Say { body: BUNDLES[0].clone(), ..script("") },
        _ => missing(),
    };
    let untouched = Facts {
        cookies: &[
            "mp_0123456789_mixpanel script 31536000",
            "AMP_0123456789 script 31536000",
            // Whether cookies can be set, and on which domain.
            "AMP_TEST script session",
            "AMP_TLDTEST script session",
        ],
        storage: &[
            "session mp_tab_id_mixpanel_0123456789",
            "session mp_gen_new_tab_id_mixpanel_0123456789",
            "indexed_db mixpanelBrowserDb",
            "indexed_db mixpanelFlagsDb",
            "local __mplss_*",
            "session __mplss_*",
            "local AMP_TEST",
            "local AMP_unsent_0123456789",
            "indexed_db AMP_diagnostics_0123456789",
        ],
        hosts: &["api-js.mixpanel.com", "api2.amplitude.com", "plausible.io"],
    };
    // The catalogue knows what Amplitude stores, which no criterion but that of storage asks for.
    let not_met: &[&str] =
        &[NOT_MET[0], NOT_MET[1], "storage_before_choice", NOT_MET[2], NOT_MET[3], NOT_MET[4], NOT_MET[5], NOT_MET[6]];
    let truth = Truth { untouched, chosen: None, declared: None, not_met, score: 15, essential: &[] };
    Council { name: "Norwell, Mixpanel, Amplitude, Plausible", last: 33, answer, truth, deeds: &[], limits: &[] }
}

fn quernford() -> Council {
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(&[], "<script src=/site.js></script>"),
        "/site.js" => Say { body: BUNDLES[1].clone(), ..script("") },
        _ => missing(),
    };
    let untouched = Facts {
        cookies: &[
            "ph_phc_0123456789_posthog script 31536000",
            "dmn_chk_* script 3",
            "_clck script 31536000",
            "_clsk script 86400",
        ],
        storage: &[
            "local __mplssupport__",
            "local test",
            "session __support__",
            "local ph_phc_0123456789_posthog",
            "session ph_phc_0123456789_posthog",
            "session ph_phc_0123456789_primary_window_exists",
            "session ph_phc_0123456789_session_registered_properties",
            "session ph_phc_0123456789_window_id",
            "session _cltk",
            "local cly_testLocal",
            "local 0123456789/cly_config",
            "local 0123456789/cly_event",
            "local 0123456789/cly_hc_error_message",
            "local 0123456789/cly_hc_status_code",
            "local 0123456789/cly_id",
            "local 0123456789/cly_id_type",
            "local 0123456789/cly_queue",
            "local 0123456789/cly_session",
        ],
        hosts: &["eu.i.posthog.com", "www.clarity.ms", "quernford.count.ly"],
    };
    let truth = Truth { untouched, chosen: None, declared: None, not_met: &NOT_MET, score: 20, essential: &[] };
    Council { name: "Quernford, PostHog, Clarity, Countly", last: 36, answer, truth, deeds: &[], limits: &[] }
}
