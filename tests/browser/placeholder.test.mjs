// What stands in for a held frame: seen, read, reached by keyboard, and gone when the visitor wants what it stands for
// (A18). Nothing is asked of the third party before.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';

import { elsewhere } from './support/elsewhere.mjs';
import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = `    tags:
      - { match: "||video.localhost^", purpose: marketing }
      - { match: "||maps.localhost^", purpose: preferences }
`;

let chromium, third, origin, guarded;

before(async () => {
  [chromium, third] = await Promise.all([browser(), elsewhere((path) => (path.endsWith('.html') ? '<!doctype html><title>f</title><body>framed' : undefined))]);
  origin = await site((request) => page(request.url));
  guarded = await gate(origin.address, RULES);
});
after(async () => {
  await Promise.all([chromium?.close(), third?.end(), origin?.end(), guarded?.end()]);
});

function page(path) {
  const film = `<iframe id="film" src="${third.at('video')}/film.html" width="560" height="315" title="How bins work" style="border: 0; display: block"></iframe>`;
  const map = `<iframe id="map" src="${third.at('maps')}/map.html" width="100%" height="300" title="Map" frameborder="0"></iframe>`;
  const shell = (body, lang = 'en') => `<!doctype html><html lang="${lang}"><head><title>Bins</title>
    <meta name="viewport" content="width=device-width"></head><body><main><h1>Bins</h1><input id="name" aria-label="Name">${body}<p id="below">below</p></main></body></html>`;
  if (path === '/cy') return shell(film, 'cy');
  if (path === '/two') return shell(film + map);
  if (path === '/ratio')
    return shell(`<style>iframe { display: block } .ratio { position: relative; height: 0; padding-bottom: 56.25%; overflow: hidden } .ratio iframe { position: absolute; inset: 0; width: 100%; height: 100% }</style>
      <div class="ratio">${film.replace(/ style="[^"]*"/, '')}</div>`);
  return path === '/' ? shell(film) : undefined;
}

const held = (visitor) => visitor.page.locator('consent-placeholder');
const visits = (options) => Visitor.to(guarded.address, chromium, options);
const shifts = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.hadRecentInput ? 0 : entry.value))).observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => done(sum), 300);
      }),
  );

describe('a placeholder', () => {
  it('says whose it is and what it would store, and nothing is asked of them', async () => {
    third.asked.length = 0;
    const visitor = await visits();
    await visitor.opens('/');
    const group = visitor.page.getByRole('group', { name: 'Content from video.localhost' });
    const text = await group.innerText();
    assert.match(text, /How bins work\s+This part of the page comes from video\.localhost\. If you load it, video\.localhost can store marketing cookies on your device\./);
    assert.equal(await visitor.page.locator('#film').isVisible(), false);
    assert.deepEqual(third.asked, []);
    assert.deepEqual(visitor.thirdParties, []);
    await visitor.leaves();
  });

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with' : 'without';

    it(`is gone through by keyboard ${how} JavaScript`, async () => {
      const visitor = await visits({ javaScriptEnabled });
      await visitor.opens('/');
      await visitor.page.locator('#name').focus();
      for (const wanted of ['Load this once', 'Always allow marketing cookies', 'View it on video.localhost']) {
        await visitor.page.keyboard.press('Tab');
        assert.equal(await held(visitor).locator(':focus').innerText(), wanted);
      }
      await visitor.leaves();
    });

    it(`loads this once ${how} JavaScript`, async () => {
      third.asked.length = 0;
      const visitor = await visits({ javaScriptEnabled });
      await visitor.opens('/two');
      await visitor.page.locator('#name').fill('Gwen');
      await visitor.page.getByRole('button', { name: 'Load this once' }).first().focus();
      const framed = visitor.page.waitForResponse((answer) => answer.url().includes('/film.html'));
      await visitor.page.keyboard.press('Enter');
      await framed;
      assert.deepEqual(third.asked, ['/film.html']);
      if (javaScriptEnabled) {
        assert.equal(await visitor.page.inputValue('#name'), 'Gwen');
        assert.equal(await visitor.page.locator('#film').isVisible(), true);
        assert.equal(await held(visitor).count(), 1, 'the other one stays');
        assert.equal(await visitor.page.evaluate(() => document.activeElement.id), 'film');
      } else {
        assert.equal(new URL(visitor.page.url()).pathname, '/.consent/embed');
        assert.equal(await visitor.page.frameLocator('iframe').locator('body').innerText(), 'framed');
        await visitor.page.getByRole('link', { name: /^Go back/ }).press('Enter');
        await visitor.page.waitForURL('**/two');
      }
      await visitor.opens('/two');
      assert.equal(await held(visitor).count(), 2, 'once is once');
      assert.ok(await visitor.sees(/^Accept/), 'and no choice');
      await visitor.leaves();
    });

    it(`always allows ${how} JavaScript, one purpose after the other`, async () => {
      const visitor = await visits({ javaScriptEnabled });
      await visitor.opens('/two');
      await visitor.page.getByRole('button', { name: 'Always allow marketing cookies' }).click();
      
      await visitor.page.locator('#film').waitFor({ state: 'visible' });
      assert.equal(await held(visitor).count(), 1, 'the map is for something else');
      await visitor.page.getByRole('button', { name: 'Always allow preference cookies' }).click();
      await held(visitor).waitFor({ state: 'detached' });
      await visitor.opens('/two');
      assert.equal(await held(visitor).count(), 0, 'the first was not taken back');
      // By keyboard: a click that has to scroll first may land in a frame that was there before.
      await visitor.page.getByRole('button', { name: /^Withdraw/ }).press('Enter');
      await visitor.page.getByRole('alert').waitFor();
      assert.equal(await held(visitor).count(), 2);
      await visitor.leaves();
    });
  }

  for (const [path, colorScheme, width] of [['/', 'light', 1280], ['/', 'dark', 320], ['/cy', 'dark', 1280], ['/cy', 'light', 320], ['/ratio', 'light', 320]]) {
    it(`is accessible and fits: ${path}, ${colorScheme}, ${width} px`, async () => {
      const visitor = await visits({ viewport: { width, height: 800 }, colorScheme });
      await visitor.opens(path);
      await visitor.page.evaluate(axe);
      const { violations } = await visitor.page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
      assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'no wider than the page');
      for (const button of await held(visitor).locator('button:visible, a:visible').all()) {
        const clipped = await button.evaluate((element) => {
          const { left, right, top, bottom } = element.getBoundingClientRect();
          const seen = (x, y) => element.getRootNode().elementFromPoint(x, y) === element;
          scrollTo(0, scrollY + top - 200);
          const now = element.getBoundingClientRect();
          return !seen((now.left + now.right) / 2, now.top + 4) || !seen((now.left + now.right) / 2, now.bottom - 4) || right - left < 24 || bottom - top < 24;
        });
        assert.equal(clipped, false, await button.innerText());
      }
      await visitor.leaves();
    });
  }

  it('keeps its place: nothing moves when it comes, and what is below stays when it goes', async () => {
    const visitor = await visits({ viewport: { width: 1280, height: 900 } });
    await visitor.opens('/');
    assert.equal(await shifts(visitor.page), 0);
    const below = () => visitor.page.locator('#below').evaluate((element) => element.getBoundingClientRect().top + scrollY);
    const before = await below();
    await visitor.page.getByRole('button', { name: 'Load this once' }).click();
    await visitor.page.locator('#film').waitFor({ state: 'visible' });
    const moved = Math.abs((await below()) - before);
    assert.ok(moved < 1, `${moved} px`);
    assert.equal(await shifts(visitor.page), 0);
    await visitor.leaves();
  });

  it('can be read in forced colours', async () => {
    const visitor = await visits({ forcedColors: 'active' });
    await visitor.opens('/');
    const border = await held(visitor).locator('button').first().evaluate((button) => getComputedStyle(button).borderTopColor);
    assert.notEqual(border, 'rgba(0, 0, 0, 0)');
    await visitor.leaves();
  });
});
