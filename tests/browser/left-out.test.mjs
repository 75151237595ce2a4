// What was left out of a page and has no place of its own there: the footer names it, until it is there.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';

import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SDK = '<script src="https://connect.facebook.net/en_GB/sdk.js" async></script>';
const FILM = '<iframe src="https://www.youtube.com/embed/abc" width="300" height="200" title="How bins work"></iframe>';
const TRANSLATE = '<script src="https://translate.google.com/translate_a/element.js" async></script>';
const COUNTER = '<script src="https://www.google-analytics.com/analytics.js" async></script>';
const PAGES = { '/': SDK + FILM + COUNTER, '/cy': SDK + FILM, '/two': SDK + TRANSLATE, '/three': SDK + FILM + TRANSLATE, '/none': FILM + COUNTER };

let chromium, origin, guarded;

before(async () => {
  chromium = await browser();
  origin = await site(({ url }) => {
    const body = PAGES[url];
    return body && `<!doctype html><html lang="${url === '/cy' ? 'cy' : 'en'}"><head><title>Bins</title>
      <meta name="viewport" content="width=device-width"></head><body><main><h1>Bins</h1>${body}</main></body></html>`;
  });
  guarded = await gate(origin.address);
});
after(async () => {
  await Promise.all([chromium?.close(), origin?.end(), guarded?.end()]);
});

const visits = (options) => Visitor.to(guarded.address, chromium, options);
const list = ({ page }) => page.locator('consent-notice details');
const lines = async (visitor) => (await list(visitor).count()) && (await list(visitor).locator('li').allTextContents());

describe('what was left out', () => {
  for (const [path, summary, line] of [
    ['/', 'Left out of this page until you agree', 'Facebook \u2013 marketing cookies'],
    ['/cy', 'Heb eu cynnwys ar y dudalen hon nes i chi gytuno', 'Facebook \u2013 cwcis marchnata'],
  ]) {
    for (const javaScriptEnabled of [true, false]) {
      it(`is named, save what has a placeholder and what nobody sees: ${path}, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
        const visitor = await visits({ javaScriptEnabled });
        await visitor.opens(path);
        assert.equal(await list(visitor).locator('summary').innerText(), summary);
        assert.deepEqual(await lines(visitor), [line]);
        assert.equal(await list(visitor).locator('li').isVisible(), false);
        await list(visitor).locator('summary').press('Enter');
        assert.equal(await list(visitor).locator('li').isVisible(), true);
        assert.deepEqual(visitor.thirdParties, []);
        await visitor.leaves();
      });
    }

    for (const [width, colorScheme] of [[320, 'light'], [320, 'dark'], [1280, 'light']]) {
      it(`is accessible and fits: ${path}, ${colorScheme}, ${width} px`, async () => {
        const visitor = await visits({ viewport: { width, height: 800 }, colorScheme });
        await visitor.opens(path);
        const opener = list(visitor).locator('summary');
        assert.ok((await opener.boundingBox()).height >= 24);
        await opener.click();
        await visitor.page.evaluate(axe);
        const { violations } = await visitor.page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
        assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, 'no wider than the page');
        await visitor.leaves();
      });
    }
  }

  it('is not spoken of where nothing was', async () => {
    const visitor = await visits();
    await visitor.opens('/none');
    assert.equal(await visitor.page.getByRole('link', { name: 'Cookie settings' }).count(), 1);
    assert.equal(await list(visitor).count(), 0);
    await visitor.leaves();
  });

  it('goes line by line with what is agreed to in place', async () => {
    const visitor = await visits();
    await visitor.opens('/two');
    assert.deepEqual(await lines(visitor), ['Facebook \u2013 marketing cookies', 'Google Translate \u2013 preference cookies']);
    await visitor.page.evaluate(() => (window.stayed = true));
    await visitor.page.getByRole('button', { name: /^Accept/ }).click();
    await list(visitor).waitFor({ state: 'detached' });
    assert.equal(await visitor.page.evaluate(() => window.stayed), true);
    await visitor.opens('/two');
    assert.equal(await list(visitor).count(), 0);
    await visitor.leaves();
  });

  it('loses only the lines of the purpose that is allowed', async () => {
    const visitor = await visits();
    await visitor.opens('/three');
    await visitor.page.getByRole('button', { name: 'Always allow marketing cookies' }).click();
    await list(visitor).locator('[data-purpose=marketing]').waitFor({ state: 'detached' });
    assert.deepEqual(await lines(visitor), ['Google Translate \u2013 preference cookies']);
    await visitor.leaves();
  });
});
