// Where the notice is not, and what it never does: no notice in a frame, on the gate's own pages, after a choice or where there
// is nothing to ask; no wall, no window over the page, nothing that holds it or takes the focus.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const COOKIES = '    cookies: [{ name: "_ga", purpose: analytics }, { name: "_fbp", purpose: marketing }]\n';
const NOTHING = `    purposes: [{ name: preferences, used: false }, { name: analytics, used: false }, { name: marketing, used: false }]\n`;
const BODIES = {
  '/': '<h1>Bins</h1><p style="height: 200em">Text</p><form action="/sent"><label>Street <input name="street"></label><button>Find</button></form>',
  '/sent': '<h1>Found</h1>',
  '/frames': '<h1>Frames</h1><iframe src="/framed" title="Inside" width="300" height="200"></iframe>',
  '/framed': '<h1>Inside</h1>',
};

let chromium, origin, asking, silent;

before(async () => {
  [chromium, origin] = await Promise.all([browser(), site((request) => page(new URL(request.url, 'http://any').pathname))]);
  [asking, silent] = await Promise.all([gate(origin.address, COOKIES), gate(origin.address, NOTHING)]);
});
after(() => Promise.all([chromium?.close(), asking?.end(), silent?.end(), origin?.end()]));

function page(path) {
  return BODIES[path] && `<!DOCTYPE html><html lang="en"><head><title>Bins</title></head><body><main>${BODIES[path]}</main></body></html>`;
}

async function visits(path, { address } = asking, options) {
  const visitor = await Visitor.to(address, chromium, options);
  await visitor.opens(path);
  return visitor;
}

const regions = (page) => page.getByRole('region').evaluateAll((all) => all.map((region) => region.getAttribute('aria-label').split(' ').slice(0, 2).join(' ')));

for (const javaScriptEnabled of [true, false]) {
  describe(`${javaScriptEnabled ? 'with' : 'without'} JavaScript the notice is not`, () => {
    const options = { javaScriptEnabled };

    it('in a frame: the page around it asks, once', async () => {
      const visitor = await visits('/frames', asking, options);
      const [outer, inner] = visitor.page.frames();
      await inner.locator('h1').waitFor();
      assert.deepEqual([await outer.locator('consent-notice .banner').count(), await inner.locator('consent-notice').count()], [1, 0]);
      await visitor.leaves();
    });

    it("on the gate's own pages, and nothing on them is asked but by the cookies page itself", async () => {
      for (const path of ['/.consent/cookies', '/.consent/record', '/.consent/nothing']) {
        const visitor = await visits(path, asking, options);
        assert.equal(await visitor.page.locator('consent-notice').count(), 0, path);
        assert.equal(await visitor.page.getByRole('button', { name: /^Accept/ }).count(), 0, path);
        assert.equal(await visitor.page.locator('input[value=yes]:checked').count(), 0, `${path}: nothing is ticked beforehand`);
        await visitor.leaves();
      }
    });

    it('there once a choice is made, whichever it was: the way to change it is', async () => {
      for (const answer of [/^Accept/, /^Reject/]) {
        const visitor = await visits('/', asking, options);
        assert.deepEqual(await regions(visitor.page), ['Cookies on', 'Cookie settings']);
        await visitor.page.getByRole('button', { name: answer }).click();
        await visitor.page.getByRole('alert').waitFor();
        for (const path of ['/sent', '/frames']) {
          await visitor.opens(path);
          assert.deepEqual(await regions(visitor.page), ['Cookie settings'], path);
          assert.equal(await visitor.page.getByRole('link', { name: 'Cookie settings' }).count(), 1);
        }
        await visitor.leaves();
      }
    });

    it('there where nothing is asked: one link at the end of the page, no more', async () => {
      const visitor = await visits('/', silent, options);
      assert.deepEqual(await regions(visitor.page), ['Cookie settings']);
      const footer = visitor.page.getByRole('region');
      assert.deepEqual([await footer.getByRole('button').count(), await footer.getByRole('link').allInnerTexts()], [0, ['Cookie settings']]);
      await footer.getByRole('link').click();
      await visitor.page.getByRole('heading', { level: 1, name: /^Cookies on/ }).waitFor();
      assert.equal(await visitor.page.getByRole('radio').count(), 0);
      await visitor.leaves();
    });

    it('a wall: the page is read and used while nothing is decided and after a refusal', async () => {
      const visitor = await visits('/', asking, options);
      const { page } = visitor;
      for (const refused of [false, true]) {
        if (refused) {
          await visitor.opens('/');
          await page.getByRole('button', { name: /^Reject/ }).click();
          await page.getByRole('alert').waitFor();
        }
        const answer = await page.goto(visitor.site);
        assert.equal(answer.status(), 200);
        await page.getByLabel('Street').fill('High Street');
        await page.getByRole('button', { name: 'Find' }).click();
        await page.getByRole('heading', { name: 'Found' }).waitFor();
        assert.equal(new URL(page.url()).search, '?street=High+Street');
      }
      await visitor.leaves();
    });
  });
}

describe('while it asks, the notice', () => {
  it('holds nothing: no dialog, nothing fixed, no focus taken, the page scrolls', async () => {
    const visitor = await visits('/');
    const found = await visitor.page.evaluate(() => {
      const inside = [...document.querySelectorAll('consent-notice')].flatMap((host) => [host, ...host.shadowRoot.querySelectorAll('*')]);
      const placed = inside.filter((element) => !['static', 'relative'].includes(getComputedStyle(element).position));
      scrollTo(0, 5000);
      return {
        elements: inside.length,
        placed: placed.map((element) => element.outerHTML.slice(0, 60)),
        focus: document.activeElement === document.body,
        scrolled: scrollY > 1000,
        dialogs: inside.filter((element) => element.matches('dialog, [role=dialog], [aria-modal], [popover]')).length,
        inert: document.querySelectorAll('[inert], [aria-hidden=true]').length,
        overflow: [getComputedStyle(document.documentElement).overflowY, getComputedStyle(document.body).overflowY],
      };
    });
    assert.ok(found.elements > 15);
    delete found.elements;
    assert.deepEqual(found, { placed: [], focus: true, scrolled: true, dialogs: 0, inert: 0, overflow: ['visible', 'visible'] });
    await visitor.leaves();
  });

  it('takes no scrolling, walking on or closing for an answer', async () => {
    const visitor = await visits('/');
    await visitor.page.mouse.wheel(0, 3000);
    await visitor.page.keyboard.press('Escape');
    await visitor.opens('/sent');
    await visitor.opens('/');
    assert.deepEqual(await visitor.cookies(), []);
    assert.ok(await visitor.sees(/^Accept/));
    await visitor.leaves();
  });
});
