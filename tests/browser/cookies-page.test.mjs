// The cookies page in a browser: a choice made and the way back, the same inside a page of the site's own, with JavaScript and
// without; on paper; nothing for axe to find.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { violations } from './support/accessibility.mjs';
import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const PICTURES = fileURLToPath(new URL('../../target/screenshots/', import.meta.url));
const LINES = `    cookies:
      - { name: "sid", purpose: essential }
      - { name: "_ga", purpose: analytics }
      - { name: "a-rather-long-name-that-somebody-gave-to-a-cookie-in-2009", purpose: marketing }
    storage:
      - { key: "text-size", purpose: preferences }
`;

let chromium, council, consent;

before(async () => {
  mkdirSync(PICTURES, { recursive: true });
  council = await site((request) => PAGES[new URL(request.url, 'http://x').pathname]);
  [chromium, consent] = await Promise.all([browser(), gate(council.address, LINES)]);
});
after(() => Promise.all([chromium?.close(), consent?.end(), council?.end()]));

const document = (body) => `<!DOCTYPE html>
<html lang="en"><head><title>Example</title><meta name="viewport" content="width=device-width">
<script>document.cookie = 'written_by_a_script=1'</script></head><body><main>${body}</main></body></html>`;

// The ids are those that the cookies page has too.
const PAGES = {
  '/': document('<h1>Bins</h1><p>Tuesday.</p>'),
  '/our-cookies': document(
    '<h1 id="main">Our cookies</h1><p id="about-analytics">Words of our own.</p><p id="analytics-yes">More.</p>' +
      '<div id="consentgate-cookies"></div><p id="list-analytics">Afterwards.</p>',
  ),
  '/linked': document('<h1>Bins</h1>').replace('</body>', '<footer><a href="/.consent/cookies">Cookies</a></footer></body>'),
};

for (const javaScriptEnabled of [true, false]) {
  describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    const arrives = async (path, more = {}) => {
      const visitor = await Visitor.to(consent.address, chromium, { javaScriptEnabled, ...more });
      await visitor.opens(path);
      return visitor;
    };

    it('a choice is saved, said, and leads back to the page before', async () => {
      const visitor = await arrives('/');
      const { page } = visitor;
      await page.getByRole('link', { name: 'View cookies' }).click();
      await page.waitForURL('**/.consent/cookies**');
      assert.deepEqual(await checked(page), ['preferences-no', 'analytics-no', 'marketing-no']);
      await page.locator('#analytics-yes').check();
      await page.getByRole('button', { name: 'Save cookie settings' }).click();
      const alert = page.getByRole('alert');
      await alert.waitFor();
      assert.match(await alert.innerText(), /You've set your cookie preferences/);
      assert.match(await page.title(), /^Success: /);
      if (javaScriptEnabled) assert.ok(await alert.evaluate((element) => element === element.ownerDocument.activeElement), 'has the focus');
      assert.deepEqual(await checked(page), ['preferences-no', 'analytics-yes', 'marketing-no']);
      await alert.getByRole('link', { name: 'Go back to the page you were looking at' }).click();
      await page.waitForURL(`${consent.address}/`);
      assert.equal(await page.getByRole('button', { name: /^Accept/ }).count(), 0, 'nobody is asked again');
      await visitor.leaves();
    });

    it('a page of the site shows it in its place, beside ids of its own, and saves there', async () => {
      const visitor = await arrives('/our-cookies');
      const { page } = visitor;
      const settings = page.getByRole('region', { name: 'Change your cookie settings' });
      await settings.getByRole('group', { name: /analytics cookies/ }).getByLabel('Yes').check();
      await settings.getByRole('button', { name: 'Save cookie settings' }).click();
      await page.waitForURL(`${consent.address}/our-cookies`);
      await page.getByText("You've set your cookie preferences").first().waitFor();
      assert.ok(await settings.getByRole('group', { name: /analytics cookies/ }).getByLabel('Yes').isChecked());
      assert.equal(await page.getByRole('link', { name: 'Cookie settings', exact: true }).count(), 0, 'the page is its own link');
      await visitor.leaves();
    });

    it('where the page has a link of its own and nothing can be taken back, the end of the page stays as it was', async () => {
      const visitor = await arrives('/linked');
      const footer = visitor.page.getByRole('region', { name: 'Cookie settings' });
      assert.equal(await footer.count(), 0, 'an empty bar');
      await visitor.presses(/^Accept/);
      await footer.getByRole('button', { name: /^Withdraw/ }).waitFor();
      await visitor.leaves();
    });

    it('every page leads to it once', async () => {
      const visitor = await arrives('/');
      await visitor.presses(/^Reject/);
      for (const path of ['/', '/linked']) {
        await visitor.opens(path);
        const links = await visitor.page.getByRole('link').evaluateAll((all) => all.map((link) => new URL(link.href).pathname));
        assert.equal(links.filter((to) => to === '/.consent/cookies').length, 1, `${path}: ${links}`);
      }
      await visitor.leaves();
    });
  });
}

describe('inside a page of the site', () => {
  for (const width of [320, 1280]) {
    it(`axe finds nothing, ${width} px wide, and the headings are in order`, async () => {
      const visitor = await Visitor.to(consent.address, chromium, { viewport: { width, height: 900 } });
      await visitor.opens('/our-cookies');
      const { page } = visitor;
      assert.deepEqual(await violations(page), []);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
      const levels = await page.getByRole('heading').evaluateAll((all) => all.map((heading) => Number(heading.tagName[1])));
      levels.reduce((before, level) => {
        assert.ok(level <= before + 1, `${levels}`);
        return level;
      });
      assert.equal(levels.filter((level) => level === 1).length, 1);
      await page.screenshot({ path: `${PICTURES}embedded-${width}.png`, fullPage: true });
      await visitor.leaves();
    });
  }

  it('describes each question by its own words, not by those of the page', async () => {
    const visitor = await Visitor.to(consent.address, chromium);
    await visitor.opens('/our-cookies');
    const session = await visitor.context.newCDPSession(visitor.page);
    const { nodes } = await session.send('Accessibility.getFullAXTree');
    const question = nodes.find((node) => /analytics cookies\?/.test(node.name?.value) && node.role?.value === 'group');
    assert.match(question.description?.value, /^These cookies tell us which pages/);
    await visitor.leaves();
  });
});

describe('what a script of the page has set', () => {
  it('is on the page of the visitor whose browser has it', async () => {
    const visitor = await Visitor.to(consent.address, chromium);
    await visitor.opens('/');
    await visitor.presses(/^Accept/);
    await visitor.opens('/');
    await visitor.opens('/.consent/cookies');
    assert.equal(await visitor.page.getByRole('rowheader', { name: 'written_by_a_script' }).count(), 1);
    const other = await Visitor.to(consent.address, chromium);
    await other.opens('/.consent/cookies');
    assert.equal(await other.page.getByText('written_by_a_script').count(), 0);
    await Promise.all([visitor.leaves(), other.leaves()]);
  });
});

describe('on paper', () => {
  it('is the list and nothing to press', async () => {
    const visitor = await Visitor.to(consent.address, chromium, { viewport: { width: 794, height: 1123 } });
    await visitor.opens('/.consent/cookies');
    const { page } = visitor;
    await page.emulateMedia({ media: 'print' });
    const shown = (selector) => page.locator(selector).evaluateAll((all) => all.filter((element) => element.checkVisibility()).length);
    assert.equal(await shown('button'), 0);
    assert.equal(await shown('input'), 3, 'what is chosen, and not the other answer');
    assert.ok((await shown('table')) >= 3);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, 'no cell is cut');
    await page.screenshot({ path: `${PICTURES}cookies-print.png`, fullPage: true });
    const pdf = await page.pdf({ format: 'A4', path: `${PICTURES}cookies.pdf` });
    assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
    await visitor.leaves();
  });
});

function checked(page) {
  return page.locator('input:checked').evaluateAll((all) => all.map(({ id }) => id));
}
