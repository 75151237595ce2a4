// Real trackers from npm as a site would bundle them with its own scripts. `host` is where each reports to, on a host of the
// company that made it; `names` is what it keeps in the site's name.

export default [
  {
    name: 'Mixpanel', tracker: 'api-js.mixpanel.com', names: /mixpanel|__mp|_mp_/i,
    code: `import mixpanel from 'mixpanel-browser';
      mixpanel.init('0123456789', { api_host: 'https://' + host, batch_requests: false, track_pageview: true, persistence: 'cookie' });
      mixpanel.track('opened', { page: 1 });`,
  },
  {
    name: 'Amplitude', tracker: 'api2.amplitude.com', names: /AMP_|amplitude/i,
    code: `import * as amplitude from '@amplitude/analytics-browser';
      amplitude.init('0123456789abcdef0123456789abcdef', 'somebody', { serverUrl: 'https://' + host + '/2/httpapi', flushIntervalMillis: 100, autocapture: false, fetchRemoteConfig: false });
      amplitude.track('opened');`,
  },
  {
    name: 'PostHog', tracker: 'i.posthog.com', names: /posthog|ph_/i,
    code: `import posthog from 'posthog-js';
      posthog.init('phc_0123456789', { api_host: 'https://' + host, request_batching: false, opt_out_useragent_filter: true });
      posthog.capture('opened');`,
  },
  {
    name: 'Clarity', tracker: 'clarity.ms', names: /_cl(ck|sk|tk)/,
    code: `import { clarity } from 'clarity-js';
      clarity.start({ projectId: 'abcdef', upload: 'https://' + host + '/collect', track: true, content: true, lean: false, delay: 100 });`,
  },
  {
    name: 'Countly', tracker: 'count.ly', names: /cly_/,
    code: `import Countly from 'countly-sdk-web';
      Countly.init({ app_key: '0123456789', url: 'https://' + host, interval: 100, use_session_cookie: true });
      Countly.track_sessions(); Countly.track_pageview();`,
  },
  {
    name: 'Plausible', tracker: 'plausible.io', names: /plausible/, keepsNothing: true,
    code: `import Plausible from 'plausible-tracker';
      Plausible({ domain: 'www.ambleford.test', apiHost: 'https://' + host, trackLocalhost: true }).trackPageview();`,
  },
];
