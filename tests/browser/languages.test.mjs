// The notice and the gate's own pages in their languages: one written from right to left, on pages of either direction; and
// Welsh, in which nothing English is left.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { violations } from './support/accessibility.mjs';
import { freePort, gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const PICTURES = fileURLToPath(new URL('../../target/screenshots/', import.meta.url));
const HEBREW = fileURLToPath(new URL('../fixtures/config/strings/he.yaml', import.meta.url));
const LINES = `    tags:
      - { match: "||video.localhost^", purpose: marketing }
    cookies:
      - { name: "sid", purpose: essential }
      - { name: "_ga", purpose: analytics }
      - { name: "own", purpose: preferences }
    storage:
      - { key: "size", purpose: preferences }
`;
const NOTICE = `service: "Cyngor", languages: [en, cy, he], strings: ["${HEBREW}"], language_rules: [ { path: "/rule/*", language: he } ]`;
const COOKIES = [{ name: 'unknown', value: '1' }];

let chromium, council, consent, gone;

before(async () => {
  mkdirSync(PICTURES, { recursive: true });
  council = await site(({ url }) => page(...url.slice(1).split('/').reverse()));
  const nobody = `http://127.0.0.1:${await freePort()}`;
  [chromium, consent, gone] = await Promise.all([browser(), gate(council.address, LINES, undefined, NOTICE), gate(nobody, LINES, undefined, NOTICE)]);
});
after(() => Promise.all([chromium?.close(), consent?.end(), gone?.end(), council?.end()]));

/** A page of the site in this language; its own words are numbers, so that they are of no language. */
function page(language, what) {
  if (!['en', 'cy', 'he'].includes(language)) return undefined;
  const dir = language === 'he' ? ' dir="rtl"' : '';
  const inside = what === 'place' ? '<div id="consentgate-cookies"></div>' : '';
  const film = what === 'film' ? '<iframe src="http://video.localhost:1/film" width="560" height="315" title="2026"></iframe>' : '';
  return `<!DOCTYPE html><html lang="${language}"${dir}><head><title>2026</title><meta name="viewport" content="width=device-width"></head>
    <body><main><h1>2026</h1><p>2026</p>${film}${inside}</main></body></html>`;
}

const accept = (visitor) => visitor.page.locator('button[value=accept]').click();
const confirmed = (visitor) => visitor.page.getByRole('alert').first().waitFor();

/** Everything a visitor can meet, in the language of the page. */
const SHOWN = {
  banner: (visitor, language) => visitor.opens(`/${language}`),
  confirmation: async (visitor, language) => {
    await visitor.opens(`/${language}`);
    await accept(visitor);
    await confirmed(visitor);
  },
  footer: async (visitor, language) => {
    await visitor.opens(`/${language}`);
    await accept(visitor);
    await confirmed(visitor);
    await visitor.opens(`/${language}`);
  },
  placeholder: async (visitor, language) => {
    await visitor.opens(`/film/${language}`);
    await visitor.page.getByRole('group').first().waitFor();
  },
  embedded: (visitor, language) => visitor.opens(`/place/${language}`),
  cookies: async (visitor, language) => {
    await visitor.context.addCookies(COOKIES.map((cookie) => ({ ...cookie, url: consent.address })));
    await visitor.opens(`/.consent/cookies?return=/${language}&lang=${language}`);
  },
  saved: async (visitor, language) => {
    await visitor.opens(`/.consent/cookies?lang=${language}`);
    await visitor.page.locator('#analytics-yes').check();
    await visitor.page.locator('button[value=save]').click();
    await confirmed(visitor);
  },
  record: async (visitor, language) => {
    await visitor.opens(`/${language}`);
    await accept(visitor);
    await confirmed(visitor);
    await visitor.opens(`/.consent/record?lang=${language}`);
  },
  'no record': (visitor, language) => visitor.opens(`/.consent/record?lang=${language}`),
  'no page': (visitor, language) => visitor.opens(`/.consent/nothing?lang=${language}`),
  'no site': (visitor) => visitor.opens(`${gone.address}/`),
};

describe('from right to left', () => {
  for (const width of [320, 1280]) {
    for (const [what, show] of Object.entries(SHOWN)) {
      it(`${what}, ${width} px wide`, async () => {
        const visitor = await Visitor.to(consent.address, chromium, { locale: 'he', viewport: { width, height: 800 } });
        await show(visitor, 'he');
        const { page } = visitor;
        assert.deepEqual(await violations(page), []);
        assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, 'nothing has to be scrolled to');
        assert.deepEqual(await page.evaluate(SPOKEN), ['he rtl rtl']);
        await page.screenshot({ path: `${PICTURES}rtl-${what.replace(' ', '-')}-${width}.png`, fullPage: true });
        await visitor.leaves();
      });
    }
  }

  it('Accept stands to the right of Reject, and both in their place on a page that runs the other way', async () => {
    for (const path of ['/he', '/rule/en']) {
      const visitor = await Visitor.to(consent.address, chromium, { viewport: { width: 1280, height: 800 } });
      await visitor.opens(path);
      const { page } = visitor;
      const box = (value) => page.locator(`button[value=${value}]`).boundingBox();
      const [yes, no] = [await box('accept'), await box('reject')];
      assert.ok(yes.x > no.x && yes.y === no.y, path);
      assert.deepEqual(await page.evaluate(SPOKEN), ['he rtl rtl'], path);
      if (path === '/rule/en') assert.equal(await page.evaluate(() => getComputedStyle(document.body).direction), 'ltr');
      await page.screenshot({ path: `${PICTURES}rtl${path.replaceAll('/', '-')}.png` });
      await visitor.leaves();
    }
  });

  it('a notice that runs from left to right does so on a page from right to left', async () => {
    const other = await gate(council.address, LINES, undefined, 'languages: [en]');
    const visitor = await Visitor.to(other.address, chromium);
    await visitor.opens('/he');
    assert.deepEqual(await visitor.page.evaluate(SPOKEN), ['en ltr ltr']);
    assert.deepEqual(await violations(visitor.page), []);
    await Promise.all([visitor.leaves(), other.end()]);
  });
});

/** The language, the direction and what has become of it, of everything that the gate says: each once. */
const SPOKEN = `(() => {
  const regions = [...document.querySelectorAll('consent-notice, cookies-page, consent-placeholder')].map((host) => host.shadowRoot.querySelector('[dir]'));
  const said = (regions.length ? regions : [document.documentElement]).map((region) => {
    const spoken = region.closest('[lang]') ?? region.getRootNode().host?.closest('[lang]');
    return [spoken.lang, region.dir, getComputedStyle(region).direction].join(' ');
  });
  return [...new Set(said)];
})()`;

describe('in Welsh', () => {
  for (const [what, show] of Object.entries(SHOWN)) {
    it(`${what} has no English words`, async () => {
      const [english, welsh] = await Promise.all(['en', 'cy'].map((language) => texts(show, language)));
      assert.ok(english.size > 2 && welsh.size > 2, 'there is something to compare');
      // A name is the same in both, and so is the word 'data'.
      const same = [...welsh].filter((text) => english.has(text) && !/^(Global Privacy Control|Google Analytics|Cyngor|data \(JSON\))$/.test(text));
      assert.deepEqual(same, []);
    });
  }

  it('the English pages lead to the Welsh ones and those back, each in its own words', async () => {
    const visitor = await Visitor.to(consent.address, chromium);
    for (const path of ['/.consent/cookies?return=/en', '/.consent/record?return=/en']) {
      await visitor.opens(path);
      const { page } = visitor;
      const before = new URL(page.url());
      const link = page.getByRole('link', { name: 'Mae\'r dudalen hon ar gael yn Gymraeg' });
      assert.deepEqual([await link.getAttribute('lang'), await link.getAttribute('hreflang')], ['cy', 'cy']);
      await link.click();
      await page.waitForLoadState('networkidle');
      assert.equal(new URL(page.url()).pathname, before.pathname);
      assert.equal(new URL(page.url()).searchParams.get('return'), '/en');
      assert.equal(await page.locator('html').getAttribute('lang'), 'cy');
      await page.getByRole('link', { name: 'This page is available in English' }).click();
      await page.waitForLoadState('networkidle');
      assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    }
    await visitor.leaves();
  });
});

/** Every text with a word in it that the gate says there, but for what is marked as another language's. */
async function texts(show, language) {
  const visitor = await Visitor.to(consent.address, chromium, { locale: language });
  await show(visitor, language);
  const found = await visitor.page.evaluate((spoken) => {
    const texts = new Set();
    const read = (node) => {
      if (node.nodeType === Node.TEXT_NODE) texts.add(node.data.trim());
      if (node.nodeType !== Node.ELEMENT_NODE && node.nodeType !== Node.DOCUMENT_FRAGMENT_NODE) return;
      if (node.lang && node.lang !== spoken) return;
      for (const name of ['aria-label', 'title', 'alt', 'data-label', 'placeholder']) {
        const value = node.getAttribute?.(name);
        if (value) texts.add(value.trim());
      }
      if (node.shadowRoot) read(node.shadowRoot);
      node.childNodes.forEach(read);
    };
    const own = document.querySelectorAll('consent-notice, cookies-page, consent-placeholder');
    if (own.length) own.forEach(read);
    else read(document.documentElement);
    return [...texts];
  }, language);
  await visitor.leaves();
  // Names of cookies and hosts, dates and numbers, are of no language.
  const NAMES = /^(consentgate|sid|_ga|own|size|unknown|video\.localhost|\(|\)|[\d\W]*)$/;
  return new Set(found.filter((text) => /\p{L}{2}/u.test(text) && !NAMES.test(text)));
}
