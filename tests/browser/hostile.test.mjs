// Pages that would, without meaning to, hide the notice, bend it or break it: it is seen, read and answered on all of
// them, with JavaScript and without, and what the page shows below it looks as it did.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { violations } from './support/accessibility.mjs';
import { LAYOUTS, PAGES, html } from './support/hostile.mjs';
import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const COOKIES = '    cookies: [{ name: "_ga", purpose: analytics }, { name: "_fbp", purpose: marketing }]\n';
const VIEWPORT = { width: 1000, height: 700 };

let chromium, hostile, consent;

before(async () => {
  hostile = await site((request) => html(...new URL(request.url, 'http://any').pathname.slice(1).split('/')));
  [chromium, consent] = await Promise.all([browser(), gate(hostile.address, COOKIES)]);
});
after(() => Promise.all([chromium?.close(), consent?.end(), hostile?.end()]));

async function visits(path, options, address = consent.address) {
  const visitor = await Visitor.to(address, chromium, { viewport: VIEWPORT, ...options });
  await loads(visitor, path);
  return visitor;
}

/** Nothing here goes on loading: waiting for silence would take most of the time of these tests. */
function loads(visitor, path) {
  return visitor.page.goto(new URL(path, visitor.site).href, { waitUntil: 'load' });
}

for (const [name, page] of Object.entries(PAGES)) {
  describe(`on a page that ${page.what}`, () => {
    for (const javaScriptEnabled of [true, false]) {
      it(`the notice is seen, is fair and is answered ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
        const visitor = await visits(`/${name}`, { javaScriptEnabled });
        const [accept, reject] = await Promise.all([/^Accept/, /^Reject/].map((text) => seen(visitor.page, text)));
        assert.deepEqual(accept, reject, 'Accept and Reject look the same');
        await visitor.page.getByRole('button', { name: /^Accept/ }).click();
        await visitor.page.getByRole('alert').waitFor();
        assert.match(await visitor.page.getByRole('alert').innerText(), /accepted/);
        await loads(visitor, `/${name}`);
        assert.equal(await visitor.sees(/^Accept/), false, 'nobody is asked twice');
        await visitor.leaves();
      });
    }

    it('the notice breaks no rule of accessibility', async () => {
      for (const language of ['en', 'cy']) {
        const visitor = await visits(`/${name}/${language}`);
        for (const seenIn of [{ colorScheme: 'light' }, { colorScheme: 'dark' }, { forcedColors: 'active' }]) {
          await visitor.page.emulateMedia(seenIn);
          assert.deepEqual(await violations(visitor.page, 'consent-notice'), [], `${language}, ${JSON.stringify(seenIn)}`);
        }
        await visitor.leaves();
      }
    });

    it('the rest looks as it did, further down', { skip: page.restless }, async () => {
      const [direct, gated] = await Promise.all([
        visits(`/${name}`, {}, hostile.address),
        visits(`/${name}`),
      ]);
      const [was, is] = await Promise.all([look(direct.page), look(gated.page)]);
      await Promise.all([direct.leaves(), gated.leaves()]);
      assert.ok(was.length >= 4, `${was.length} elements`);
      assert.deepEqual(is.map(({ style }) => style), was.map(({ style }) => style));
      // What runs on in one line begins a new one behind the notice.
      for (const part of page.inline ? ['height'] : ['left', 'width', 'height']) {
        assert.deepEqual(is.map((each) => each[part]), was.map((each) => each[part]), part);
      }
      // One and the same way down for all: what is fixed to the window stays where it is.
      const moved = is.map(({ top }, at) => Math.round(top - was[at].top)).filter((by, at) => was[at].flows && was[at].width > 0);
      assert.ok(new Set(moved).size <= 1, `moved by ${moved.join(', ')}`);
    });
  });
}

/** Scrolls to the button and sees that it is drawn, large enough and legible. @returns its whole computed style. */
async function seen(page, name) {
  const button = page.getByRole('button', { name });
  await button.scrollIntoViewIfNeeded();
  const found = await button.evaluate((element) => {
    const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
    const on = element.getRootNode().elementFromPoint(left + width / 2, top + height / 2);
    const style = getComputedStyle(element);
    // Words of another length make another width, and these follow from it.
    const follows = /^(width|inline-size|perspective-origin|transform-origin)$/;
    const whole = [...style].filter((property) => !follows.test(property)).map((property) => [property, style.getPropertyValue(property)]);
    const text = parseFloat(style.fontSize) * (element.currentCSSZoom ?? 1);
    const inside = left >= 0 && top >= 0 && right <= innerWidth + 1 && bottom <= innerHeight + 1;
    return { width, height, drawn: on === element, inside, text, whole };
  });
  assert.ok(found.drawn, `${name} is what is drawn there`);
  assert.ok(found.inside, `${name} can be brought into the window`);
  assert.ok(found.width >= 24 && found.height >= 24, `${name} is ${found.width} by ${found.height} px`);
  assert.ok(found.text >= 16, `${name} has text of ${found.text} px`);
  return found.whole;
}

/** The page's own elements: where they are, and the whole of their style. */
function look(page) {
  return page.locator('[data-own]').evaluateAll((all) => all.map((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const words = [...style].filter((name) => !/origin|inset|^(top|bottom|left|right)$/.test(name)).map((name) => `${name}: ${style.getPropertyValue(name)}`).join('; ');
    const flows = !element.closest('[data-own=fixed]');
    return { style: words, flows, left: Math.round(left), top, width: Math.round(width), height: Math.round(height) };
  }));
}

for (const [name, layout] of Object.entries(LAYOUTS)) {
  describe(`in a body that ${layout.what}`, () => {
    it('the notice is seen and answered, and nothing lies over anything', async () => {
      const visitor = await visits(`/${name}`);
      const { page } = visitor;
      assert.deepEqual(await seen(page, /^Accept/), await seen(page, /^Reject/));
      const notice = await page.locator('consent-notice').first().boundingBox();
      assert.ok(notice.width >= 280, `${notice.width} px wide`);
      for (const own of await page.locator('[data-own]').all()) {
        const box = await own.boundingBox();
        const beside = box.x >= notice.x + notice.width - 1 || box.x + box.width <= notice.x + 1;
        const below = box.y >= notice.y + notice.height - 1;
        assert.ok(below || (layout.beside && beside), `${JSON.stringify(box)} and the notice ${JSON.stringify(notice)}`);
      }
      await page.getByRole('button', { name: /^Reject/ }).click();
      await page.getByRole('alert').waitFor();
      await visitor.leaves();
    });
  });
}

describe('what covers the whole window', () => {
  it('covers the notice as well: the keyboard reaches it, and it is there when the cover goes', async () => {
    const visitor = await visits('/overlay');
    const { page } = visitor;
    const accept = page.getByRole('button', { name: /^Accept/ });
    const box = await accept.boundingBox();
    assert.ok(box.width >= 24 && box.y + box.height < VIEWPORT.height);
    await page.keyboard.press('Tab');
    assert.match(await page.locator('consent-notice').locator(':focus').innerText(), /^Accept/);
    await page.locator('#close').click();
    await seen(page, /^Reject/);
    await visitor.presses(/^Reject/);
    await visitor.leaves();
  });
});

describe('a page that replaces what scripts rely on', () => {
  it('has its notice answered all the same, with JavaScript and without', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const visitor = await visits('/replaced', { javaScriptEnabled });
      const { page } = visitor;
      // Nothing is evaluated in this page: what a test would run there is broken as well.
      await page.getByRole('button', { name: /^Accept/ }).click();
      await page.getByRole('alert').waitFor();
      await loads(visitor, '/replaced');
      assert.equal(await page.getByRole('button', { name: /^Accept/ }).count(), 0);
      await visitor.leaves();
    }
  });
});

describe('a frameset', () => {
  it('has no body to ask in: it is left alone, and its frames are not asked in either', async () => {
    const visitor = await visits('/frameset');
    assert.equal(await visitor.page.locator('frameset').count(), 1);
    assert.equal(visitor.page.frames().length, 3);
    for (const frame of visitor.page.frames()) assert.equal(await frame.locator('consent-notice').count(), 0);
    await visitor.leaves();
  });
});
