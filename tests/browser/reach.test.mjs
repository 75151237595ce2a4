// Whoever reads the notice otherwise: by keyboard alone, at 400 % zoom, with more space between the letters; the page that
// moves, and the look a site chose for itself.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';

import { violations } from './support/accessibility.mjs';
import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const COOKIES = '    cookies: [{ name: "_ga", purpose: analytics }, { name: "_fbp", purpose: marketing }]\n';
const LOGO = fileURLToPath(new URL('../fixtures/config/logo.svg', import.meta.url));
const STYLE = `service: "Example Council", style: { colours: { background: "#fff8e7", text: "#201000", link: "#5a1a00", button: "#6b1d00", button_text: "#fff8e7", focus: "#201000" },
      dark: { background: "#201000", text: "#fff8e7", link: "#ffd9a0", button: "#ffd9a0", button_text: "#201000", focus: "#fff8e7" },
      logo: "${LOGO}", corners: square, footer: centre }`;
const PAGE = `<!DOCTYPE html><html lang="en"><head><title>Bins</title><meta name="viewport" content="width=device-width"></head>
  <body style="margin: 0"><main><h1>Bins</h1><a href="#a">First link</a><p style="height: 40em; background: teal">Text</p></main></body></html>`;
/** The text spacing that WCAG 1.4.12 asks for. */
const SPACING = '* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }';

let chromium, origin, usual, styled;

before(async () => {
  [chromium, origin] = await Promise.all([browser(), site(() => PAGE)]);
  [usual, styled] = await Promise.all([gate(origin.address, COOKIES), gate(origin.address, COOKIES, undefined, STYLE)]);
});
after(() => Promise.all([chromium?.close(), usual?.end(), styled?.end(), origin?.end()]));

async function visits(options, { address } = usual, path = '/') {
  const visitor = await Visitor.to(address, chromium, options);
  await visitor.page.addInitScript(() => {
    window.shifts = [];
    const note = (list) => list.getEntries().forEach(({ value, hadRecentInput }) => window.shifts.push({ value, hadRecentInput }));
    new PerformanceObserver(note).observe({ type: 'layout-shift', buffered: true });
  });
  await visitor.opens(path);
  return visitor;
}

describe('by keyboard alone', () => {
  for (const javaScriptEnabled of [true, false]) {
    it(`one gets through the notice, past it and back, and Escape changes nothing, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
      const visitor = await visits({ javaScriptEnabled });
      const { page } = visitor;
      const focused = async () => (await page.locator(':focus').last().innerText()).trim();
      const walk = async (key, steps) => {
        const seen = [];
        for (let step = 0; step < steps; step++) {
          await page.keyboard.press(key);
          seen.push(await focused());
        }
        return seen;
      };
      const [accept, reject, view] = ['Accept additional cookies', 'Reject additional cookies', 'View cookies'];
      assert.deepEqual(await walk('Tab', 5), [accept, reject, view, 'First link', 'Cookie settings']);
      assert.deepEqual(await walk('Shift+Tab', 4), ['First link', view, reject, accept]);
      await page.keyboard.press('Escape');
      assert.ok(await visitor.sees(/^Accept/));
      assert.equal(await focused(), accept);
      assert.deepEqual(await visitor.cookies(), []);
      await page.keyboard.press('Space');
      await page.getByRole('alert').waitFor();
      await page.keyboard.press('Escape');
      assert.match(await page.getByRole('alert').innerText(), /accepted/);
      await page.getByRole('link', { name: /^Hide/ }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor({ state: 'detached' });
      await page.keyboard.press('Tab');
      assert.equal(await focused(), 'First link');
      await visitor.leaves();
    });
  }
});

describe('at 400 % zoom', () => {
  // 1280 by 1024 px at 400 %: what the page sees of the window.
  const ZOOMED = { viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 };
  for (const path of ['/', '/.consent/cookies', '/.consent/record', '/.consent/nothing']) {
    it(`${path} is read by scrolling down alone`, async () => {
      const visitor = await visits(ZOOMED, usual, path);
      assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth), 320);
      for (const control of await visitor.page.locator('button:visible, a:visible, input:visible, summary:visible').all()) {
        if (await control.evaluate((element) => element.className === 'skip')) continue;
        await control.scrollIntoViewIfNeeded();
        const { x, width } = await control.boundingBox();
        assert.ok(x >= 0 && x + width <= 320, `${await control.innerText()}: ${x} to ${x + width}`);
      }
      await visitor.leaves();
    });
  }
});

describe('with more space in the text', () => {
  for (const [what, path, language] of [['the notice', '/', 'en'], ['the cookies page', '/.consent/cookies?lang=cy', 'cy']]) {
    it(`${what} loses nothing (WCAG 1.4.12)`, async () => {
      for (const width of [320, 1280]) {
        const visitor = await visits({ viewport: { width, height: 800 }, locale: language }, usual, path);
        const lost = await visitor.page.evaluate((spacing) => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(spacing);
          const roots = [document, ...[...document.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean)];
          for (const root of roots) root.adoptedStyleSheets = [sheet];
          const all = roots.flatMap((root) => [...root.querySelectorAll('p, li, a, button, h1, h2, h3, td, th, label, legend, summary')]);
          const shown = all.filter((element) => element.getBoundingClientRect().width > 1 && !element.closest('.unseen, thead'));
          const cut = ({ scrollWidth, clientWidth, scrollHeight, clientHeight }) => clientWidth && (scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 1);
          return { seen: shown.length, spaced: getComputedStyle(shown[0]).letterSpacing, cut: shown.filter(cut).map((element) => element.outerHTML.slice(0, 80)), wide: document.documentElement.scrollWidth - innerWidth };
        }, SPACING);
        assert.ok(lost.seen > 5 && lost.spaced !== 'normal', JSON.stringify(lost));
        assert.deepEqual([lost.cut, lost.wide <= 0], [[], true]);
        await visitor.leaves();
      }
    });
  }
});

describe('what moves', () => {
  const settled = (page) => page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn, 100)))));
  const shifts = async (page) => {
    await settled(page);
    return page.evaluate(() => window.shifts);
  };
  const sum = (found) => found.reduce((all, { value }) => all + value, 0);

  for (const [name, which] of [['the built-in look', () => usual], ['a look of its own and a logo', () => styled]]) {
    it(`is nothing with ${name}, before a choice and once it is made`, async () => {
      const visitor = await visits({}, which());
      assert.deepEqual(await shifts(visitor.page), []);
      await visitor.page.getByRole('button', { name: /^Accept/ }).click();
      await visitor.page.getByRole('alert').waitFor();
      const after = await shifts(visitor.page);
      // The answer takes less room than the question: the page moves up, right after what the visitor did.
      assert.ok(sum(after) > 0);
      assert.equal(sum(after.filter(({ hadRecentInput }) => !hadRecentInput)), 0);
      await visitor.opens('/');
      assert.deepEqual(await shifts(visitor.page), []);
      await visitor.leaves();
    });
  }
});

describe('a look of its own', () => {
  const of = (locator, ...names) => locator.evaluate((element, names) => names.map((name) => getComputedStyle(element)[name]), names);

  it('has the colours, the corners, the logo and the footer of the YAML, light and dark', async () => {
    const visitor = await visits({ javaScriptEnabled: false }, styled);
    const { page } = visitor;
    const accept = page.getByRole('button', { name: /^Accept/ });
    const inner = page.locator('consent-notice .footer .inner');
    assert.deepEqual(await of(accept, 'backgroundColor', 'color', 'borderTopLeftRadius'), ['rgb(107, 29, 0)', 'rgb(255, 248, 231)', '0px']);
    assert.deepEqual(await of(page.locator('.banner'), 'backgroundColor', 'color'), ['rgb(255, 248, 231)', 'rgb(32, 16, 0)']);
    assert.deepEqual(await of(inner, 'justifyContent'), ['center']);
    const logo = page.getByRole('img');
    assert.equal(await logo.getAttribute('alt'), 'Example Council');
    assert.ok((await logo.evaluate((image) => image.naturalWidth)) > 0, 'the logo is there');
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await of(accept, 'backgroundColor', 'color'), ['rgb(255, 217, 160)', 'rgb(32, 16, 0)']);
    await visitor.leaves();
  });

  it('breaks no rule of accessibility, on every page of the gate', async () => {
    for (const path of ['/', '/.consent/cookies', '/.consent/record', '/.consent/nothing']) {
      const visitor = await visits({}, styled, path);
      for (const colorScheme of ['light', 'dark']) {
        await visitor.page.emulateMedia({ colorScheme });
        // The site's own page is not what is judged.
        assert.deepEqual(await violations(visitor.page, path === '/' ? 'consent-notice' : undefined), [], `${path}, ${colorScheme}`);
      }
      await visitor.leaves();
    }
  });

  it('serves the logo so that nothing could run in it', async () => {
    const visitor = await visits({}, styled);
    const address = await visitor.page.getByRole('img').evaluate((image) => image.src);
    const answer = await fetch(address);
    assert.match(address, /\/\.consent\/logo-[0-9a-f]{16}\.svg$/);
    assert.match(answer.headers.get('content-security-policy'), /default-src 'none';.*sandbox/);
    assert.match(answer.headers.get('cache-control'), /immutable/);
    await visitor.leaves();
  });
});
