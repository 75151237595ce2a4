// What is used until a visitor objects: it runs from the first page on, every page says so and has a form of one button
// to object, and an objection has effect at once, with JavaScript and without.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { violations } from './support/accessibility.mjs';
import { elsewhere } from './support/elsewhere.mjs';
import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const ATTEST = ['sole_purpose', 'aggregate_output', 'no_individual_tracking', 'no_advertising', 'provider_is_processor', 'not_linked', 'individual_data_not_kept'];
const PURPOSE = `{ name: counting, basis: statistical, who: A. Officer, date: 2026-11-23, attest: { ${ATTEST.map((point) => `${point}: true`).join(', ')} } }`;
const RULES = `    cookies: [{ name: visits, purpose: counting }]
    tags:
      - { match: "||count.localhost^", purpose: counting }
      - { match: "||ads.localhost^", purpose: marketing }
`;
const UNUSED = ['preferences', 'analytics', 'marketing'].map((name) => `{ name: ${name}, used: false }`);
const WORDS = {
  en: { path: '/bins', object: 'Object to counting cookies', said: /We also use counting cookies\./, objected: /You have objected to counting cookies/, way: 'change your cookie settings' },
  cy: { path: '/cy/biniau', object: 'Gwrthwynebu cwcis counting', objected: /Rydych (chi )?wedi gwrthwynebu/ },
};

let chromium, others, council, consent, nothingToAsk;

before(async () => {
  others = await elsewhere((path) => path.endsWith('.js') && 'document.cookie = "visits=1; path=/"; document.body.dataset.ran += " " + document.currentScript.src;');
  council = await site(({ url }) => page(url.split('?')[0]));
  [chromium, consent, nothingToAsk] = await Promise.all([
    browser(),
    gate(council.address, `    purposes: [${PURPOSE}]\n${RULES}`),
    gate(council.address, `    purposes: [${[PURPOSE, ...UNUSED].join(', ')}]\n${RULES}`),
  ]);
});
after(() => Promise.all([chromium?.close(), consent?.end(), nothingToAsk?.end(), council?.end(), others?.end()]));

function page(path) {
  const language = path.startsWith('/cy') ? 'cy' : 'en';
  return `<!DOCTYPE html><html lang="${language}"><head><title>Bins</title><meta name="viewport" content="width=device-width"></head>
<body data-ran=""><main><h1>Bins</h1><p>Monday.</p><script src="${others.at('count')}/c.js"></script>
<script src="${others.at('ads')}/a.js"></script>
<img src="${others.at('count')}/p.svg" alt="" width="1" height="1"></main></body></html>`;
}

/** The scripts of others that ran on the page. */
const ran = async ({ page }) => (await page.locator('body').getAttribute('data-ran')).match(/count|ads/g) ?? [];
const asked = (visitor) => visitor.thirdParties.map((host) => host.split('.')[0]);
const footer = ({ page }) => page.locator('consent-notice .footer');
const button = (visitor, name = WORDS.en.object) => footer(visitor).getByRole('button', { name });

/** Presses the button in the footer and waits for the page that follows it. */
async function objects(visitor, name) {
  const posted = visitor.page.waitForResponse((answer) => answer.request().method() === 'POST');
  visitor.forgetsRequests();
  await button(visitor, name).click();
  const answer = await posted;
  await visitor.page.waitForLoadState('networkidle');
  return answer;
}

for (const javaScriptEnabled of [true, false]) {
  describe(`an exception ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, () => {
    const arrives = async (at = consent) => {
      const visitor = await Visitor.to(at.address, chromium, { javaScriptEnabled });
      await visitor.opens(WORDS.en.path);
      return visitor;
    };

    it('is used from the first page on, and the notice and the footer say so', async () => {
      const visitor = await arrives();
      assert.deepEqual(asked(visitor), ['count']);
      if (javaScriptEnabled) {
        assert.deepEqual(await ran(visitor), ['count']);
        assert.deepEqual(await visitor.cookieNames(), ['visits']);
      }
      const notice = visitor.page.locator('consent-notice .banner');
      assert.match(await notice.innerText(), WORDS.en.said);
      assert.match(await footer(visitor).innerText(), WORDS.en.said);
      assert.equal(await button(visitor).isVisible(), true);
      await visitor.leaves();
    });

    it('ends with one press, on the page the visitor is on, and can be taken up again', async () => {
      const visitor = await arrives();
      const answer = await objects(visitor);
      assert.equal(answer.status(), 303);
      assert.equal(new URL(visitor.page.url()).pathname, WORDS.en.path);
      assert.deepEqual(asked(visitor), [], 'held from the next page on');
      assert.deepEqual((await visitor.cookieNames()).filter((name) => name === 'visits'), [], 'and its cookie is gone');
      assert.match(await footer(visitor).innerText(), WORDS.en.objected);
      assert.equal(await button(visitor).count(), 0);
      await visitor.opens('/');
      assert.deepEqual(asked(visitor), []);
      assert.equal(await visitor.sees(/^Accept/), true, 'the question that was open is still open');

      await footer(visitor).getByRole('link', { name: WORDS.en.way }).click();
      const group = visitor.page.getByRole('group', { name: /counting/i });
      assert.equal(await group.getByLabel('No', { exact: true }).isChecked(), true);
      await group.getByLabel('Yes', { exact: true }).check();
      await visitor.page.getByRole('button', { name: /^Save/ }).click();
      await visitor.page.waitForLoadState('networkidle');
      await visitor.opens('/');
      assert.deepEqual(asked(visitor), ['count']);
      if (javaScriptEnabled) assert.deepEqual(await ran(visitor), ['count']);
      assert.equal(await button(visitor).isVisible(), true);
      await visitor.leaves();
    });

    it('has its button after Accept and after Reject, which are not about it', async () => {
      for (const answer of ['Accept', 'Reject']) {
        const visitor = await arrives();
        await visitor.presses(answer);
        assert.equal(await button(visitor).isVisible(), true, answer);
        await visitor.opens('/');
        assert.equal(await button(visitor).isVisible(), true, answer);
        if (javaScriptEnabled) assert.deepEqual(await ran(visitor), answer === 'Accept' ? ['count', 'ads'] : ['count']);
        await objects(visitor);
        assert.deepEqual(asked(visitor).filter((host) => host === 'count'), []);
        await visitor.leaves();
      }
    });

    it('has its button where nothing is asked', async () => {
      const visitor = await arrives(nothingToAsk);
      assert.equal(await visitor.page.locator('consent-notice .banner').count(), 0);
      await objects(visitor);
      assert.match(await footer(visitor).innerText(), WORDS.en.objected);
      await visitor.leaves();
    });
  });
}

describe('the objection by keyboard', () => {
  it('is reached, shown and pressed', async () => {
    const visitor = await Visitor.to(consent.address, chromium);
    await visitor.opens('/');
    await button(visitor).focus();
    await visitor.page.keyboard.press('Shift+Tab');
    await visitor.page.keyboard.press('Tab');
    const outline = await button(visitor).evaluate((element) => getComputedStyle(element).outlineStyle);
    assert.notEqual(outline, 'none');
    const posted = visitor.page.waitForResponse((answer) => answer.request().method() === 'POST');
    await visitor.page.keyboard.press('Enter');
    assert.equal((await posted).status(), 303);
    await visitor.page.waitForLoadState('networkidle');
    assert.match(await footer(visitor).innerText(), WORDS.en.objected);
    await visitor.leaves();
  });
});

describe('the browser\'s signal', () => {
  it('is an objection until the visitor says otherwise', async () => {
    const visitor = await Visitor.to(consent.address, chromium, { extraHTTPHeaders: { 'Sec-GPC': '1' } });
    await visitor.opens('/');
    assert.deepEqual(asked(visitor), []);
    assert.match(await footer(visitor).innerText(), WORDS.en.objected);
    await visitor.opens('/.consent/cookies');
    await visitor.page.getByRole('group', { name: /counting/i }).getByLabel('Yes', { exact: true }).check();
    await visitor.page.getByRole('button', { name: /^Save/ }).click();
    await visitor.page.waitForLoadState('networkidle');
    await visitor.opens('/');
    assert.deepEqual(await ran(visitor), ['count']);
    await visitor.leaves();
  });
});

for (const [language, { path, object }] of Object.entries(WORDS)) {
  for (const [width, colorScheme] of [[320, 'light'], [320, 'dark'], [1280, 'light']]) {
    it(`the objection and its end are accessible and fit: ${language}, ${colorScheme}, ${width} px`, async () => {
      const visitor = await Visitor.to(consent.address, chromium, { viewport: { width, height: 800 }, colorScheme });
      await visitor.opens(path);
      const { height } = await button(visitor, object).boundingBox();
      assert.ok(height >= 44, `${height} px high`);
      for (const then of ['asked', 'objected']) {
        assert.deepEqual(await violations(visitor.page, 'consent-notice'), [], then);
        assert.equal(await visitor.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, then);
        if (process.env.SHOTS) await visitor.page.screenshot({ path: `${process.env.SHOTS}/${language}-${width}-${colorScheme}-${then}.png`, fullPage: true });
        if (then === 'asked') await objects(visitor, object);
      }
      await visitor.leaves();
    });
  }
}
