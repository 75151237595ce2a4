// What tags are told, and when: before anything else on the page, at each choice, and on every page after it
// (S1, S2, S7, S8, S9, S10).

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

/** Reads the queues first thing, as the page's own scripts find them, and again when asked. */
const READ = `
  window.read = () => JSON.parse(JSON.stringify({
    google: (window.dataLayer ?? []).map((entry) => Object.prototype.toString.call(entry) === '[object Arguments]' ? [...entry] : entry),
    uet: window.uetq ?? [], clarity: (window.clarity?.q ?? []).map((entry) => [...entry]), matomo: window._paq ?? [],
  }));
  window.first = read();
  window.heard = [];
  document.addEventListener('consentgate', (event) => heard.push(event.detail));`;
// Inside the page it would be held: it names the queues that trackers use.
const PAGE = '<!doctype html><html lang="en"><head><title>x</title><script src="/read.js"></script></head><body><p>x</p></body></html>';

const google = (preferences, analytics, marketing) => ({
  ad_storage: marketing,
  ad_user_data: marketing,
  ad_personalization: marketing,
  analytics_storage: analytics,
  functionality_storage: preferences,
  personalization_storage: preferences,
  security_storage: 'granted',
});
const NOTHING = google('denied', 'denied', 'denied');
const ALL = google('granted', 'granted', 'granted');
const EVERY = ['essential', 'preferences', 'analytics', 'marketing'];

let chromium, origin;

before(async () => {
  [chromium, origin] = await Promise.all([browser(), site((request) => (request.url === '/read.js' ? READ : PAGE))]);
});
after(async () => {
  await Promise.all([chromium?.close(), origin?.end()]);
});

async function withGate(lines, work) {
  const guarded = await gate(origin.address, lines);
  const visitor = await Visitor.to(guarded.address, chromium);
  try {
    await visitor.opens('/');
    await work(visitor, guarded.address);
  } finally {
    await visitor.leaves();
    await guarded.end();
  }
}

const first = ({ page }) => page.evaluate(() => first);
const now = ({ page }) => page.evaluate(() => read());

async function chooses(visitor, form) {
  await visitor.page.evaluate(async (body) => {
    const init = { method: 'POST', body: new URLSearchParams(body), headers: { accept: 'application/json' } };
    await fetch('/.consent/choice', init);
    await consentgate.update();
  }, form);
}

describe('signals', () => {
  it('deny everything first of all, and say that an answer may come', async () => {
    await withGate('', async (visitor) => {
      const told = await first(visitor);
      assert.deepEqual(told.google, [['consent', 'default', { ...NOTHING, wait_for_update: 500 }]]);
      assert.deepEqual(told.uet, ['consent', 'default', { ad_storage: 'denied' }]);
      assert.deepEqual(told.clarity, [['consentv2', { ad_Storage: 'denied', analytics_Storage: 'denied' }]]);
      assert.deepEqual(told.matomo, [['requireCookieConsent']]);
    });
  });

  it('follow a choice on the page it is made on, once', async () => {
    await withGate('', async (visitor) => {
      await visitor.page.getByRole('button', { name: /^Accept/ }).click();
      await visitor.page.waitForFunction(() => heard.length);
      await visitor.page.evaluate(() => consentgate.update());
      const told = await now(visitor);
      assert.deepEqual(told.google.slice(1), [
        ['consent', 'update', ALL],
        { event: 'consentgate', granted: EVERY, decided: true, version: '1' },
      ]);
      assert.deepEqual(told.uet.slice(3), ['consent', 'update', { ad_storage: 'granted' }]);
      assert.deepEqual(told.clarity.at(-1), ['consentv2', { ad_Storage: 'granted', analytics_Storage: 'granted' }]);
      assert.deepEqual(told.matomo, [['requireCookieConsent'], ['setCookieConsentGiven']]);
      const { heard, getter } = await visitor.page.evaluate(() => ({ heard, getter: { ...consentgate } }));
      assert.equal(heard.length, 1);
      assert.deepEqual(heard[0].granted, EVERY);
      assert.deepEqual([getter.decided, getter.granted, getter.version], [true, EVERY, '1']);
    });
  });

  it('are there at once on every later page, also when everything is granted', async () => {
    await withGate('', async (visitor) => {
      await chooses(visitor, 'choice=accept');
      await visitor.opens('/');
      const told = await first(visitor);
      assert.deepEqual(told.google.slice(0, 2), [['consent', 'default', ALL], ['consent', 'update', ALL]]);
      assert.equal(told.google[2].event, 'consentgate');
      assert.deepEqual(told.matomo, [['requireCookieConsent'], ['setCookieConsentGiven']]);
    });
  });

  it('go purpose by purpose', async () => {
    await withGate('', async (visitor) => {
      await chooses(visitor, 'choice=save&purpose=analytics');
      assert.deepEqual((await now(visitor)).google[1], ['consent', 'update', google('denied', 'granted', 'denied')]);
      assert.deepEqual((await now(visitor)).uet.at(-1), { ad_storage: 'denied' });
    });
  });

  it('take everything back when the visitor does', async () => {
    await withGate('', async (visitor) => {
      await chooses(visitor, 'choice=accept');
      await visitor.opens('/');
      await visitor.page.getByRole('button', { name: /^Withdraw/ }).click();
      await visitor.page.getByRole('alert').waitFor();
      const told = await first(visitor);
      assert.deepEqual(told.google.slice(0, 2), [['consent', 'default', NOTHING], ['consent', 'update', NOTHING]]);
      assert.deepEqual(told.matomo, [['requireCookieConsent'], ['forgetCookieConsentGiven']]);
    });
  });

  it('are sent to nobody where the site names nobody, and to one alone where it names one', async () => {
    await withGate('    signals: []\n', async (visitor) => {
      assert.deepEqual(await first(visitor), { google: [], uet: [], clarity: [], matomo: [] });
      assert.equal(await visitor.page.evaluate(() => 'dataLayer' in window || 'clarity' in window), false);
    });
    await withGate('    signals: [matomo]\n', async (visitor) => {
      const told = await first(visitor);
      assert.deepEqual([told.google, told.uet, told.clarity, told.matomo.length], [[], [], [], 1]);
    });
  });
});
