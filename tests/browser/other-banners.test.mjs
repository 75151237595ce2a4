// Real consent banners from npm on a site of their own: with `replace_banner` a visitor is asked once, by this gate;
// without it twice.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { gate } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const PACKAGES = fileURLToPath(new URL('./node_modules/', import.meta.url));
const TYPES = { css: 'text/css', js: 'text/javascript', mjs: 'text/javascript', html: 'text/html; charset=utf-8' };

/** For each: what its makers tell a site to write, and where its banner is. */
const BANNERS = {
  'vanilla-cookieconsent': {
    seen: '#cc-main .cm',
    head: '<link rel="stylesheet" href="/npm/vanilla-cookieconsent/dist/cookieconsent.css">',
    body: `<script src="/npm/vanilla-cookieconsent/dist/cookieconsent.umd.js"></script>
      <script>CookieConsent.run({ hideFromBots: false, categories: { necessary: { enabled: true, readOnly: true }, analytics: {} },
        language: { default: 'en', translations: { en: { consentModal: { title: 'Cookies', description: 'May we?',
          acceptAllBtn: 'Accept all', acceptNecessaryBtn: 'Reject all' }, preferencesModal: { sections: [] } } } } });</script>`,
  },
  cookieconsent: {
    seen: '.cc-window',
    head: '<link rel="stylesheet" href="/npm/cookieconsent/build/cookieconsent.min.css">',
    body: `<script src="/npm/cookieconsent/build/cookieconsent.min.js" data-cfasync="false"></script>
      <script>window.cookieconsent.initialise({ palette: { popup: { background: '#000' }, button: { background: '#f1d600' } }, type: 'opt-in' });</script>`,
  },
  tarteaucitronjs: {
    seen: '#tarteaucitronAlertBig',
    head: `<script src="/npm/tarteaucitronjs/tarteaucitron.js"></script>
      <script>tarteaucitron.init({ privacyUrl: '', bodyPosition: 'bottom', hashtag: '#tarteaucitron', cookieName: 'tarteaucitron',
        orientation: 'bottom', showAlertSmall: false, cookieslist: false, highPrivacy: true, AcceptAllCta: true, DenyAllCta: true });</script>`,
    body: "<script>tarteaucitron.user.gtagUa = 'G-XXXX'; (tarteaucitron.job = tarteaucitron.job || []).push('gtag');</script>",
  },
  'govuk-frontend': {
    seen: '.govuk-cookie-banner',
    head: '<link rel="stylesheet" href="/npm/govuk-frontend/dist/govuk/govuk-frontend.min.css">',
    body: `<div class="govuk-cookie-banner" data-nosnippet role="region" aria-label="Cookies on this service" id="their-banner">
      <div class="govuk-cookie-banner__message govuk-width-container"><h2 class="govuk-cookie-banner__heading">Cookies?</h2>
      <button type="button" class="govuk-button">Accept analytics cookies</button></div></div>
      <script>document.getElementById('their-banner').hidden = false;</script>`,
  },
};

let chromium, theirs;

before(async () => {
  [chromium, theirs] = await Promise.all([browser(), siteWithBanners()]);
});
after(async () => {
  await Promise.all([chromium?.close(), theirs?.end()]);
});

describe('a site with a banner of its own', () => {
  for (const replace of [true, false]) {
    describe(replace ? 'replaced' : 'not replaced', () => {
      let asking;
      before(async () => {
        asking = await gate(theirs.address, replace ? '    replace_banner: true\n' : '');
      });
      after(() => asking?.end());

      for (const [name, { seen }] of Object.entries(BANNERS)) {
        it(`${name}: ${replace ? 'one banner' : 'two banners'}`, async () => {
          const visitor = await Visitor.to(asking.address, chromium);
          await visitor.opens(`/${name}`);
          await visitor.page.locator('consent-notice').first().waitFor({ state: 'visible' });
          const other = visitor.page.locator(seen).first();
          if (replace) {
            // Long enough for a banner that comes late.
            await visitor.page.waitForTimeout(1000);
            assert.equal(await other.isVisible(), false);
          } else {
            await other.waitFor({ state: 'visible' });
          }
          await visitor.leaves();
        });
      }
    });
  }

  it('a refusal given to the old banner is not asked about again, an acceptance is', async () => {
    const asking = await gate(theirs.address, '    replace_banner: true\n');
    for (const [value, asks] of [['deny', false], ['allow', true]]) {
      const visitor = await Visitor.to(theirs.address, chromium);
      // As the old banner wrote it, on the site's own host.
      await visitor.context.addCookies([{ name: 'cookieconsent_status', value, url: asking.address }]);
      for (const visit of [1, 2]) {
        await visitor.page.goto(`${asking.address}/cookieconsent`, { waitUntil: 'networkidle' });
        const banner = visitor.page.getByRole('button', { name: /^Reject/ });
        assert.equal(await banner.first().isVisible(), asks, `${value}, visit ${visit}`);
      }
      await visitor.leaves();
    }
    await asking.end();
  });
});

/** A page for each banner, and the packages' files. */
async function siteWithBanners() {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://site').pathname;
    const found = path.startsWith('/npm/') ? file(path.slice('/npm/'.length)) : page(path.slice(1));
    const type = path.startsWith('/npm/') ? TYPES[path.split('.').at(-1)] : TYPES.html;
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': type ?? 'application/octet-stream' });
    response.end(found);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const end = () => new Promise((ended) => server.close(ended).closeAllConnections());
  return { address: `http://127.0.0.1:${server.address().port}`, end };
}

function file(path) {
  try {
    return readFileSync(PACKAGES + path);
  } catch {
    return undefined;
  }
}

function page(name) {
  const banner = BANNERS[name];
  if (banner === undefined) return undefined;
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Bins</title>${banner.head}</head>
    <body><main><h1>Bins</h1></main>${banner.body}</body></html>`;
}
