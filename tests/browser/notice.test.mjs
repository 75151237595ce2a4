// The notice itself: with JavaScript and without, by keyboard alone, without moving the page, and whatever the page's own
// styles say.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { demo, gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

let chromium, council;

before(async () => {
  [chromium, council] = await Promise.all([browser(), demo()]);
});
after(async () => {
  await Promise.all([chromium?.close(), council?.end()]);
});

for (const javaScriptEnabled of [true, false]) {
  describe(`the notice ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, () => {
    it('asks, is answered, confirms once, and is gone', async () => {
      const visitor = await Visitor.to(council.gate, chromium, { javaScriptEnabled });
      const { page } = visitor;
      await visitor.opens('/council-tax.aspx');
      const posted = page.waitForResponse((answer) => answer.request().method() === 'POST');
      await page.getByRole('button', { name: /^Accept/ }).click();
      const answer = await posted;
      // With a script in place, without one by the page that follows.
      assert.equal(answer.status(), javaScriptEnabled ? 200 : 303);
      if (!javaScriptEnabled) assert.equal(await answer.headerValue('location'), '/council-tax.aspx');
      assert.equal(new URL(page.url()).pathname, '/council-tax.aspx');
      assert.match(await page.getByRole('alert').innerText(), /accepted/);
      await page.getByRole('link', { name: /^Hide/ }).click();
      await page.getByRole('alert').waitFor({ state: 'detached' });
      assert.equal(new URL(page.url()).pathname, '/council-tax.aspx');
      assert.equal(await visitor.sees(/^Accept/), false);
      await visitor.opens('/council-tax.aspx');
      assert.equal(await page.getByRole('alert').count(), 0);
      await visitor.leaves();
    });

    it('has Accept, Reject and View cookies first in the order of the keyboard, and shows where one is', async () => {
      const visitor = await Visitor.to(council.gate, chromium, { javaScriptEnabled });
      const { page } = visitor;
      await visitor.opens('/');
      for (const wanted of ['Accept additional cookies', 'Reject additional cookies', 'View cookies']) {
        await page.keyboard.press('Tab');
        const focused = page.locator('consent-notice').locator(':focus');
        assert.equal(await focused.innerText(), wanted);
        const outline = await focused.evaluate((element) => {
          const { outlineStyle, outlineWidth } = getComputedStyle(element);
          return { style: outlineStyle, width: parseFloat(outlineWidth) };
        });
        assert.ok(outline.style !== 'none' && outline.width >= 2, `${wanted}: ${JSON.stringify(outline)}`);
      }
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Enter');
      assert.match(await page.getByRole('alert').innerText(), /rejected/);
      await visitor.leaves();
    });
  });
}

describe('the buttons', () => {
  it('Accept and Reject are of the same size and look, at every width', async () => {
    for (const width of [320, 1280]) {
      const visitor = await Visitor.to(council.gate, chromium, { viewport: { width, height: 900 } });
      await visitor.opens('/');
      const look = (name) =>
        visitor.page.getByRole('button', { name }).evaluate((button) => {
          const { color, backgroundColor, borderColor, fontSize, fontWeight, height } = getComputedStyle(button);
          return { color, backgroundColor, borderColor, fontSize, fontWeight, height };
        });
      assert.deepEqual(await look(/^Accept/), await look(/^Reject/));
      const [accept, reject] = [await box(visitor, /^Accept/), await box(visitor, /^Reject/)];
      assert.ok(accept.height >= 44 && reject.height >= 44, `${accept.height} and ${reject.height}`);
      assert.ok(Math.abs(accept.width - reject.width) < 16, `${accept.width} and ${reject.width}`);
      assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, `${width} px`);
      await visitor.leaves();
    }
  });
});

function box(visitor, name) {
  return visitor.page.getByRole('button', { name }).boundingBox();
}

describe('a small phone', () => {
  it('shows both answers at once, before anything is scrolled', async () => {
    const visitor = await Visitor.to(council.gate, chromium, { viewport: { width: 375, height: 667 } });
    await visitor.opens('/');
    const { y, height } = await box(visitor, /^Reject/);
    assert.ok(y + height <= 667, `Reject ends at ${y + height} px`);
    await visitor.leaves();
  });
});

describe('the page around the notice', () => {
  /** What moved after it was first drawn, as browsers count it: `value` and what moved. */
  async function shifts(site) {
    const visitor = await Visitor.to(site, chromium);
    await visitor.page.addInitScript(() => {
      window.shifts = [];
      const note = (list) => list.getEntries().forEach((entry) => window.shifts.push(entry.value));
      new PerformanceObserver(note).observe({ type: 'layout-shift', buffered: true });
    });
    await visitor.opens('/');
    // Two frames, so that what has moved has been told.
    await visitor.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    const found = await visitor.page.evaluate(() => window.shifts);
    await visitor.leaves();
    return found.reduce((sum, value) => sum + value, 0);
  }

  it('does not move because of it', async () => {
    const [withNotice, without] = [await shifts(council.gate), await shifts(council.direct)];
    assert.ok(withNotice <= without, `${withNotice} with the notice, ${without} without the gate`);
  });

  it('would be seen to move', async (test) => {
    const moving = await site(() => '<!DOCTYPE html><title>Moving</title><div id="first"></div><p style="height:300px;background:teal">Moved<script>setTimeout(() => (first.style.height = "200px"), 100)</script>');
    test.after(moving.end);
    assert.ok((await shifts(moving.address)) > 0);
  });
});

describe('a page that would hide the notice', () => {
  const HOSTILE = {
    'resets and hides everything': 'body * { all: unset !important; display: none !important }',
    'hides what it does not know': 'consent-notice, consent-notice * { display: none !important; visibility: hidden !important }',
    'makes all text invisible': '* { color: transparent !important; font-size: 0 !important } body * { opacity: 0 !important }',
    'pushes its first child away': 'body > :first-child { position: absolute !important; left: -9999px !important; clip-path: inset(50%) !important }',
  };

  for (const [what, style] of Object.entries(HOSTILE)) {
    it(`${what}, and it is seen and posts all the same`, async (test) => {
      const hostile = await site(() => page(style));
      test.after(hostile.end);
      const consent = await gate(hostile.address, COOKIES);
      test.after(consent.end);
      const visitor = await Visitor.to(consent.address, chromium);
      await visitor.opens('/');
      const button = visitor.page.getByRole('button', { name: /^Reject/ });
      assert.ok(await button.isVisible());
      assert.ok((await button.boundingBox()).width > 60);
      assert.ok(await drawn(button), 'the button is what is drawn there');
      await visitor.presses(/^Reject/);
      assert.match(await visitor.page.getByRole('alert').innerText(), /rejected/);
      await visitor.leaves();
    });
  }

  const COOKIES = '    cookies: [{ name: "_ga", purpose: analytics }]\n';

  function page(style) {
    return `<!DOCTYPE html><html lang="en"><head><title>Hostile</title><style>${style}</style></head><body><p>Text</p></body></html>`;
  }

  /** Nothing lies over the middle of it, it is no less than opaque, and its text has size and colour. */
  async function drawn(button) {
    return button.evaluate((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const root = element.getRootNode();
      const there = root.elementFromPoint(left + width / 2, top + height / 2);
      const { color, fontSize } = getComputedStyle(element);
      const opaque = [element, ...ancestors(element)].every((each) => getComputedStyle(each).opacity === '1');
      return there === element && opaque && parseFloat(fontSize) > 10 && !color.endsWith(', 0)');

      function ancestors(from) {
        const parent = from.parentElement ?? from.getRootNode().host;
        return parent && parent !== document.body ? [parent, ...ancestors(parent)] : [];
      }
    });
  }
});
