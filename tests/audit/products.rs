//! The markup of other companies' notices, as far as it is needed to know and to answer them: each with buttons that do what
//! they say. A page that has its answer shows none.

/// A site, its notice, and what the audit has to say of it.
pub(crate) struct Product {
    pub(crate) name: &'static str,
    /// The notice is known by a rule of autoconsent.
    pub(crate) by_rule: bool,
    /// Presses to refuse.
    pub(crate) presses: u64,
    markup: &'static str,
}

// As its page is written, not by a script.
const CLOSED: &str = "<consent-box class=notice><template shadowrootmode=closed><div role=dialog style='position:fixed;bottom:0;background:#fff'>
  <p>We would like to set cookies that count visits.</p><button onclick=say(true)>Accept all cookies</button>
  <button onclick=say(false)>Reject all cookies</button></div></template></consent-box>";

const fn known(name: &'static str, presses: u64, markup: &'static str) -> Product {
    Product { name, by_rule: false, presses, markup }
}

const fn ruled(name: &'static str, presses: u64, markup: &'static str) -> Product {
    Product { name, by_rule: true, presses, markup }
}

/// Before and after: `say` keeps the answer, and a counter's cookie where there is consent; the notice goes.
const HEAD: &str = "<h1>Council</h1><style>.bar{position:fixed;bottom:0;left:0;right:0;background:#fff}</style><script>
  function say(yes) {
    document.cookie = `answer=${yes ? 'yes' : 'no'}; Path=/; Max-Age=15552000`;
    if (yes) document.cookie = '_ga=1; Path=/; Max-Age=63072000';
    document.querySelector('.notice').remove();
  }
  const any = (selector) => document.querySelector(selector) !== null;
  const show = (id) => { document.getElementById(id).hidden = false; };
</script>";

pub(crate) fn page(product: &Product, cookies: &str) -> String {
    if cookies.contains("answer=") { "<h1>Council</h1>".into() } else { format!("{HEAD}{}", product.markup) }
}

pub(crate) const PRODUCTS: [Product; 16] = [
    known(
        "Civic Cookie Control",
        1,
        r#"<div id=ccc class=notice><div id=ccc-notify class="bar ccc-content--dark"><p>We use cookies</p><div class=ccc-notify-buttons>
      <button id=ccc-notify-accept class="ccc-notify-button ccc-accept-button" onclick=say(true)>Accept</button>
      <button id=ccc-notify-reject class="ccc-notify-button ccc-reject-button" onclick=say(false)>Reject</button></div></div></div>"#,
    ),
    known(
        "Cookiebot",
        1,
        r#"<div id=CybotCookiebotDialog class="notice bar" role=dialog><h2>This website uses cookies</h2>
      <button id=CybotCookiebotDialogBodyButtonDecline onclick=say(false)>Deny</button>
      <button id=CybotCookiebotDialogBodyLevelButtonCustomize>Customize</button>
      <button id=CybotCookiebotDialogBodyLevelButtonLevelOptinAllowAll onclick=say(true)>Allow all</button></div>"#,
    ),
    known(
        "OneTrust",
        2,
        r#"<div id=onetrust-consent-sdk class=notice><div id=onetrust-banner-sdk class=bar><p>By clicking you agree to cookies.</p>
      <button id=onetrust-pc-btn-handler onclick="show('onetrust-pc-sdk')">Cookies Settings</button>
      <button id=onetrust-accept-btn-handler onclick=say(true)>Accept All Cookies</button></div>
      <div id=onetrust-pc-sdk role=dialog hidden><button class="ot-pc-refuse-all-handler" onclick=say(false)>Reject All</button>
      <button class="save-preference-btn-handler" onclick=say(true)>Confirm My Choices</button></div></div>"#,
    ),
    ruled(
        "CookieYes",
        2,
        r#"<div class="notice cky-consent-container bar cky-box-bottom-left"><p>We value your privacy</p>
      <button class="cky-btn cky-btn-customize" data-cky-tag=settings-button onclick="document.querySelector('.cky-modal').classList.add('cky-modal-open');document.querySelector('.cky-modal').hidden=false">Customise</button>
      <button class="cky-btn cky-btn-accept" data-cky-tag=accept-button onclick=say(true)>Accept All</button>
      <div class=cky-modal hidden><label><input type=checkbox checked> Analytics</label>
      <button data-cky-tag=detail-save-button onclick="say(any('.cky-modal input:checked'))">Save My Preferences</button></div></div>"#,
    ),
    known(
        "Silktide Consent Manager",
        1,
        r#"<div id=stcm-wrapper class=notice><div id=stcm-banner class=bar role=dialog><p>Cookies on our website</p>
      <button class="stcm-accept-all stcm-button" onclick=say(true)>Accept all</button>
      <button class="stcm-reject-all stcm-button" onclick=say(false)>Reject non-essential</button></div></div>"#,
    ),
    ruled(
        "Complianz",
        1,
        r#"<div id=cmplz-cookiebanner-container class=notice><div class="cmplz-cookiebanner bar cmplz-show" role=dialog>
      <p>Manage consent</p><button class="cmplz-btn cmplz-accept" onclick=say(true)>Accept cookies</button>
      <button class="cmplz-btn cmplz-deny" onclick=say(false)>Deny</button></div></div>"#,
    ),
    known(
        "Usercentrics",
        1,
        r#"<div id=usercentrics-root class=notice></div><script>
      const root = document.getElementById('usercentrics-root').attachShadow({ mode: 'open' });
      root.innerHTML = `<div data-testid=uc-container style="position:fixed;bottom:0;background:#fff"><p>Privacy settings: cookies</p>
        <button data-testid=uc-deny-all-button onclick=say(false)>Deny</button><button data-testid=uc-accept-all-button onclick=say(true)>Accept All</button></div>`;
      </script>"#,
    ),
    ruled(
        "Quantcast Choice",
        3,
        r#"<div id=qc-cmp2-container class=notice><div id=qc-cmp2-main><div id=qc-cmp2-ui class="qc-cmp2-main bar"><p>We value your privacy</p>
      <div class=qc-cmp2-summary-buttons><button mode=secondary onclick="show('more');this.parentElement.remove()">MORE OPTIONS</button>
      <button mode=primary onclick=say(true)>AGREE</button></div><div id=more class=qc-cmp2-consent-info hidden>
      <div class=qc-cmp2-toggle-switch><button aria-checked=true role=switch onclick="this.setAttribute('aria-checked','false')">Ads</button></div>
      <button class=no onclick="this.dataset.no=1">REJECT ALL</button><div class=qc-cmp2-buttons-desktop>
      <button mode=primary onclick="say(any('.qc-cmp2-toggle-switch [aria-checked=true]') || !any('[data-no]'))">SAVE &amp; EXIT</button></div></div></div></div></div>"#,
    ),
    known(
        "TrustArc",
        1,
        r#"<div id=truste-consent-track class="notice bar"><div id=truste-consent-content><p>This site uses cookies</p>
      <button id=truste-consent-button onclick=say(true)>Agree and Proceed</button>
      <button id=truste-consent-required onclick=say(false)>Required only</button></div></div>"#,
    ),
    // The same company's newer one, in a frame of the page's own.
    ruled(
        "TrustArc",
        1,
        r#"<div class=notice><iframe class="truste_popframe trustarc_newcm_container" style="position:fixed;top:99px;left:99px;width:500px;height:300px"
      srcdoc="<p>Your choices</p><a class=call href=# onclick='parent.say(true);return false'>Agree and proceed</a>
      <a class=required href=# onclick='parent.say(false);return false'>Required only</a>"></iframe></div>"#,
    ),
    ruled(
        "Moove",
        1,
        r#"<aside id=moove_gdpr_cookie_info_bar class="notice bar moove-gdpr-align-center"><p>We are using cookies</p>
      <button class="mgbutton moove-gdpr-infobar-allow-all" onclick=say(true)>Accept</button>
      <button class="mgbutton moove-gdpr-infobar-reject-btn" onclick=say(false)>Reject</button></aside>"#,
    ),
    // No word of it is English or Welsh.
    ruled(
        "borlabs",
        1,
        r#"<div id=BorlabsCookieBox class=notice><div class="_brlbs-box-wrap bar"><div class=_brlbs-block-content><p>Datenschutz</p>
      <a href=# role=button data-cookie-accept-all onclick="say(true);return false">Alle akzeptieren</a>
      <a href=# role=button data-cookie-refuse onclick="say(false);return false">Nur essenzielle</a></div></div></div>"#,
    ),
    // Its rule knows no button that refuses on its first layer, and a form of settings behind it.
    ruled(
        "iubenda",
        3,
        r#"<div id=iubenda-cs-banner class="notice bar"><p>Notice</p><button class=iubenda-cs-customize-btn onclick="show('iub')">Learn more</button>
      <button class=iubenda-cs-accept-btn onclick=say(true)>Accept</button><div id=iub hidden>
      <button class=iub-btn-reject onclick="this.dataset.no=1">Reject</button>
      <button id=iubFooterBtn onclick="say(!any('.iub-btn-reject[data-no]'))">Save and continue</button></div></div>"#,
    ),
    // The one it is known by is broken; its words lead to another that is not.
    ruled(
        "fides",
        1,
        r#"<div id=fides-overlay-wrapper class=notice><div id=fides-banner-container class=bar><div id=fides-banner><p>Cookies on this site</p>
      <button class="fides-banner-button fides-accept-all-button" onclick=say(true)>Accept all cookies</button>
      <button class="fides-banner-button fides-reject-all-button" onclick="this.title='nothing'">Reject all</button>
      <button onclick=say(false)>Decline optional cookies</button></div></div></div>"#,
    ),
    known(
        "",
        1,
        r#"<consent-box class=notice></consent-box><script>
      const hidden = document.querySelector('consent-box').attachShadow({ mode: 'closed' });
      hidden.innerHTML = `<div role=dialog style="position:fixed;bottom:0;background:#fff"><p>We would like to set cookies that count visits.</p>
        <button onclick=say(true)>Accept all cookies</button><button onclick=say(false)>Reject all cookies</button></div>`;
      </script>"#,
    ),
    known("", 1, CLOSED),
];

/// Its Reject does nothing at all.
pub(crate) const DEAD: &str = "<h1>Council</h1><div class=cookie-notice style='position:fixed;bottom:0;background:#fff'>
  <p>We would like to set cookies that count visits.</p><button onclick=\"document.cookie='answer=yes; Path=/';this.parentElement.remove()\">Accept all cookies</button>
  <button onclick=\"document.cookie='_ga=1; Path=/; Max-Age=63072000'\">Reject all cookies</button></div>";
