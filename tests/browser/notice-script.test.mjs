// The notice with JavaScript: the choice is made without a reload (B5), confirmed where the question stood (B6), and
// whatever fails, the form does what it does without a script (B4).

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const PAGE = `<!doctype html><html lang="en"><head><title>x</title></head><body><form><input id="name"></form>
  <a href="/next">next</a></body></html>`;

let chromium, origin, guarded;

before(async () => {
  [chromium, origin] = await Promise.all([browser(), site((request) => (/^\/(next|cy)?$/.test(request.url) ? (request.url === '/cy' ? PAGE.replace('"en"', '"cy"') : PAGE) : undefined))]);
  guarded = await gate(origin.address);
});
after(async () => {
  await Promise.all([chromium?.close(), origin?.end(), guarded?.end()]);
});

async function visits(path = '/', options) {
  const visitor = await Visitor.to(guarded.address, chromium, options);
  await visitor.opens(path);
  await visitor.page.fill('#name', 'Gwen');
  const { page } = visitor;
  return { visitor, page, written: () => page.inputValue('#name'), posts: count(page) };
}

function count(page) {
  const posted = [];
  page.on('request', (request) => request.method() === 'POST' && request.url().endsWith('/choice') && posted.push(request));
  return posted;
}

const button = (page, name) => page.getByRole('button', { name });

describe('the notice', () => {
  for (const [name, said, words] of [[/^Accept/, 'accept', /^You've accepted additional cookies\. You can change/], [/^Reject/, 'reject', /^You've rejected additional cookies\./]]) {
    it(`is answered in place: ${said}`, async () => {
      const { visitor, page, written, posts } = await visits();
      await button(page, name).focus();
      await page.keyboard.press('Enter');
      const alert = page.getByRole('alert');
      await alert.waitFor();
      assert.match(await alert.innerText(), words);
      assert.equal(await written(), 'Gwen');
      const has = () => alert.evaluate((element) => [element.getRootNode().activeElement === element, element.getAttribute('tabindex')]);
      assert.deepEqual(await has(), [true, '-1']);
      await page.keyboard.press('Tab');
      assert.deepEqual(await has(), [false, null]);
      assert.equal(await button(page, /^Withdraw/).count(), said === 'accept' ? 1 : 0);
      await page.getByRole('link', { name: 'Hide cookie message' }).click();
      await alert.waitFor({ state: 'detached' });
      assert.equal(await written(), 'Gwen');
      assert.equal(posts.length, 1);
      await visitor.opens('/');
      assert.deepEqual([await visitor.sees(/^Accept/), await alert.count()], [false, 0]);
      await visitor.leaves();
    });
  }

  it("confirms in the page's language", async () => {
    const { visitor, page } = await visits('/cy');
    await button(page, /^Derbyn/).click();
    assert.match(await page.getByRole('alert').innerText(), /^Rydych wedi derbyn cwcis ychwanegol/);
    await visitor.leaves();
  });

  it('takes two presses for one', async () => {
    const { visitor, page, posts } = await visits();
    await button(page, /^Accept/).dblclick();
    await page.getByRole('alert').waitFor();
    assert.equal(posts.length, 1);
    await visitor.leaves();
  });

  it('withdraws by its form, with the page that follows', async () => {
    const { visitor, page } = await visits();
    await button(page, /^Accept/).click();
    await page.getByRole('alert').waitFor();
    await button(page, /^Withdraw/).click();
    await page.waitForFunction(() => document.querySelector('#name').value === '');
    assert.deepEqual(await page.evaluate(() => consentgate.granted), ['essential']);
    await visitor.leaves();
  });

  it('leaves it to the form where the script cannot be had or the choice not be recorded', async () => {
    for (const fails of [/\/release-/, /\/choice$/]) {
      const { visitor, page } = await visits();
      let failed = 0;
      await page.route(fails, (route) => (failed++ ? route.continue() : route.abort()));
      const shown = page.waitForResponse((answer) => answer.status() === 303);
      await button(page, /^Accept/).click();
      await shown;
      await page.getByRole('alert').waitFor();
      assert.equal(failed > 0, true);
      assert.deepEqual(await page.evaluate(() => consentgate.granted.length), 4);
      await visitor.leaves();
    }
  });

  it('is what the choice is by now when the page comes back from memory', async () => {
    const { visitor, page } = await visits();
    await page.evaluate(() => (window.before = true));
    await page.evaluate(() => fetch('/.consent/choice', { method: 'POST', body: new URLSearchParams('choice=accept'), headers: { accept: 'application/json' } }));
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await page.waitForFunction(() => !window.before);
    await page.waitForLoadState();
    assert.equal(await visitor.sees(/^Accept/), false);
    await page.evaluate(() => (window.before = true));
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await page.waitForTimeout(500);
    assert.equal(await page.evaluate(() => window.before), true, 'nothing has changed: nothing happens');
    await visitor.leaves();
  });
});
