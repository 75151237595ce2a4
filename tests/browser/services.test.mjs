// The site's services work through the gate for a visitor who has rejected everything, with JavaScript and without.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { demo } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

let chromium, council;

before(async () => {
  [chromium, council] = await Promise.all([browser(), demo()]);
});
after(async () => {
  await Promise.all([chromium?.close(), council?.end()]);
});

for (const javaScriptEnabled of [true, false]) {
  describe(`after Reject, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, () => {
    let visitor, page;
    before(async () => {
      visitor = await Visitor.to(council.gate, chromium, { javaScriptEnabled });
      page = visitor.page;
      await visitor.opens('/');
      await visitor.presses(/^Reject/);
    });
    after(() => visitor?.leaves());

    it('the council tax page works out a charge, twice, from its view state', async () => {
      await visitor.opens('/council-tax.aspx');
      await page.selectOption('#ctl00_MainContent_ddlBand', 'D');
      await visitor.presses('Work it out');
      assert.match(await page.innerText('.answer'), /Band D: £1,842\.15 .* worked out 1 so far/s);
      await page.selectOption('#ctl00_MainContent_ddlBand', 'A');
      await page.check('#ctl00_MainContent_chkSingle');
      await visitor.presses('Work it out');
      assert.match(await page.innerText('.answer'), /Band A: £921\.08 .* worked out 2 so far/s);
    });

    it('its link that posts the form back starts again', { skip: !javaScriptEnabled && 'the site itself needs JavaScript here' }, async () => {
      await page.getByRole('link', { name: 'Start again' }).click();
      await page.locator('.answer').waitFor({ state: 'detached' });
    });

    it('the search of the page head finds pages', async () => {
      await visitor.opens('/news/default.aspx');
      await page.fill('#q', 'council tax');
      await visitor.presses('Go');
      assert.match(await page.innerText('#content'), /Council tax/);
      assert.equal(await page.inputValue('#search-words'), 'council tax');
    });

    it('a search for what is written in Windows-1252 comes back as it was', async () => {
      await visitor.opens('/planning/search.aspx');
      await page.fill('#keywords', 'café');
      await page.locator('#content').getByRole('button', { name: 'Search' }).click();
      await page.waitForURL(/keywords=/);
      assert.equal(await page.inputValue('#keywords'), 'café');
      assert.match(await page.innerText('#content table'), /café/i);
    });

    it('the postcode search tells the bin days', async () => {
      await visitor.opens('/bins/default.aspx');
      await page.fill('#postcode', 'AM1 1AA');
      await visitor.presses('Find my bin day');
      assert.match(await page.innerText('#content'), /Monday|Tuesday|Wednesday|Thursday|Friday/);
    });

    it('signing in works, and signing out', async () => {
      await visitor.opens('/account/default.aspx');
      await page.fill('#UserName', 'resident');
      await page.fill('#Password', 'ambleford');
      await visitor.presses('Sign in');
      assert.match(await page.innerText('#content'), /Hello, resident/);
      await visitor.presses('Sign out');
      assert.equal(new URL(page.url()).pathname, '/default.aspx');
      await visitor.opens('/account/default.aspx');
      assert.equal(new URL(page.url()).pathname, '/account/login.aspx');
    });

    it('the frames of the old pages show', async () => {
      await visitor.opens('/mayor/default.asp');
      assert.match(await page.frameLocator('frame[name=main]').locator('body').innerText(), /open a fête/);
    });

    it('the minutes arrive to their last line', async () => {
      await visitor.opens('/your-council/minutes.aspx');
      assert.match(await page.innerText('#content'), /The meeting closed at 9\.12pm/);
    });

    it('a document is downloaded whole', async () => {
      const [gated, direct] = await Promise.all(
        [council.gate, council.direct].map((site) => visitor.context.request.get(`${site}/documents/budget-book.pdf`)),
      );
      assert.deepEqual(await gated.body(), await direct.body());
    });
  });
}
