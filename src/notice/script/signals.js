// Tells tags what is granted, in the ways their makers ask for. The tags themselves are held until then: this is what
// they find when they run, never what keeps them back (basic mode).

const GOOGLE = 1;
const MICROSOFT = 2;
const MATOMO = 4;

/** A queue that a tag will read, made if the page has none yet. */
const queue = (name) => (window[name] = window[name] || []);

/**
 * @param when 'default' before anything else on the page, then 'update'.
 * @param state `granted`, `decided`, `version`.
 * @param whom who is told: the sum of the numbers above.
 */
export function tell(when, { granted, decided, version }, whom) {
  const word = (purpose) => (granted.includes(purpose) ? 'granted' : 'denied');
  const [preferences, analytics, marketing] = [word('preferences'), word('analytics'), word('marketing')];
  if (whom & GOOGLE) {
    const layer = queue('dataLayer');
    // Google's tags take an `arguments` object for a command, and nothing else.
    const gtag = function () {
      layer.push(arguments);
    };
    const said = {
      ad_storage: marketing,
      ad_user_data: marketing,
      ad_personalization: marketing,
      analytics_storage: analytics,
      functionality_storage: preferences,
      personalization_storage: preferences,
      security_storage: 'granted',
    };
    gtag('consent', when, decided ? said : { ...said, wait_for_update: 500 });
    if (decided) {
      if (when == 'default') gtag('consent', 'update', said);
      layer.push({ event: 'consentgate', granted, decided, version });
    }
  }
  if (whom & MICROSOFT) {
    queue('uetq').push('consent', when, { ad_storage: marketing });
    // What Clarity's own snippet makes, if it has not run yet.
    window.clarity ||= function () {
      (window.clarity.q ||= []).push(arguments);
    };
    window.clarity('consentv2', { ad_Storage: marketing, analytics_Storage: analytics });
  }
  if (whom & MATOMO) {
    const matomo = queue('_paq');
    if (when == 'default') matomo.push(['requireCookieConsent']);
    if (decided) matomo.push([`${analytics == 'granted' ? 'set' : 'forget'}CookieConsentGiven`]);
  }
}
