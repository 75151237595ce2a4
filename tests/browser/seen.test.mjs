// What a page's scripts have written is told to the gate once, by name, on the page views that are asked: in a real
// browser, from the script to the inventory.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const RULES = `    storage:
      - { key: "kept", purpose: essential }
      - { key: "liked-*", purpose: preferences }
      - { key: "rows", purpose: analytics }
      - { key: "files", purpose: analytics }
      - { key: "old-*", purpose: marketing }
    cookies:
      - { name: "by-script", purpose: analytics }
`;
const PAGE = `<!doctype html><html lang="en"><title>Bins</title><body><p>Bins <a href="/other">Other</a><script>
  localStorage.setItem('kept', 'secret-value'); localStorage['liked-4711'] = 'secret-value';
  sessionStorage.setItem('liked-1', 'x'); sessionStorage.getItem('old-read'); localStorage.removeItem('old-gone');
  document.cookie = 'by-script=secret-value'; document.cookie = 'by-script-gone=; max-age=0';
  try { indexedDB.open('rows') } catch {}
  caches.open('files').catch(() => {});
</script></body></html>`;

let chromium, council, gated;

before(async () => {
  [chromium, council] = await Promise.all([browser(), site(({ url }) => (url.startsWith('/none') ? { type: 'text/plain', body: 'x' } : PAGE))]);
  gated = await gate(council.address, RULES);
});
after(async () => {
  await Promise.all([chromium?.close(), council?.end(), gated?.end()]);
});

const inventory = async () => (await (await fetch(`${gated.admin}/api/inventory`)).json()).sites[0];

async function until(found) {
  const last = Date.now() + 30_000;
  for (;;) {
    const result = await found();
    if (result || Date.now() > last) return result;
    await new Promise((later) => setTimeout(later, 50));
  }
}

describe('what scripts write', () => {
  let told, state;
  before(async () => {
    const visitor = await Visitor.to(gated.address, chromium);
    // A key that is there from before, and that nobody writes.
    await visitor.opens('/none');
    await visitor.page.evaluate(() => localStorage.setItem('old-there', '1'));
    await visitor.opens('/bins');
    await visitor.opens('/other');
    await until(async () => (await inventory()).storage.length > 3);
    state = await inventory();
    // What a page sends as it goes is not to be seen here: this one is hidden.
    const sent = visitor.page.waitForRequest((request) => request.url().endsWith('/.consent/seen'));
    await visitor.page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    told = JSON.parse((await sent).postData());
    await visitor.opens('/none');
    await visitor.leaves();
  });

  it('is in the inventory by kind and name', () => {
    const rows = state.storage.map(({ name, kinds, purpose, holds, found, pages }) => ({ name, kinds, purpose, holds, found, pages }));
    const one = { found: ['reported'], pages: ['/bins'] };
    assert.deepEqual(rows, [
      { name: 'files', kinds: ['cache'], purpose: 'analytics', holds: true, ...one },
      { name: 'kept', kinds: ['local'], purpose: 'essential', holds: false, ...one },
      { name: 'liked-*', kinds: ['local', 'session'], purpose: 'preferences', holds: true, ...one },
      { name: 'rows', kinds: ['indexed_db'], purpose: 'analytics', holds: true, ...one },
    ]);
  });

  it('cookies too', () => {
    const [cookie] = state.cookies;
    assert.deepEqual([cookie.name, cookie.set_by, cookie.reported], ['by-script', 'script', true]);
  });

  it('is told once', async () => {
    const [row] = (await inventory()).storage;
    assert.deepEqual([row.count, row.pages], [2, ['/bins', '/other']]);
  });

  it('is told without a value, and without what is only read or was there before', () => {
    assert.deepEqual(told, {
      page: '/other', local: ['kept', 'liked-4711'], session: ['liked-1'], cookie: ['by-script'], indexed_db: ['rows'], cache: ['files'],
    });
  });
});

describe('where the policy of the page allows hardly anything', () => {
  it('it is told all the same, and nothing is refused', async () => {
    const strict = await site(() => ({ body: PAGE, headers: { 'content-security-policy': "default-src 'none'; script-src 'unsafe-inline'" } }));
    const other = await gate(strict.address, RULES);
    const visitor = await Visitor.to(other.address, chromium);
    const said = [];
    visitor.page.on('console', (message) => said.push(message.text()));
    await visitor.opens('/bins');
    await visitor.opens('/other');
    const rows = await until(async () => {
      const { storage } = (await (await fetch(`${other.admin}/api/inventory`)).json()).sites[0];
      return storage.length > 3 && storage;
    });
    assert.equal(rows?.length, 4, said.join('\n'));
    assert.deepEqual(said.filter((text) => text.includes('.consent')), []);
    await Promise.all([visitor.leaves(), strict.end(), other.end()]);
  });
});

describe('on a page view that is not asked', () => {
  it('nothing more is fetched and nothing is told', async () => {
    for (let view = 0; view < 4; view++) await fetch(`${gated.address}/quiet`, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document' } });
    const visitor = await Visitor.to(gated.address, chromium);
    const requests = [];
    visitor.page.on('request', (request) => requests.push(request.url()));
    await visitor.opens('/quiet');
    await new Promise((later) => setTimeout(later, 1000));
    await visitor.opens('/quiet');
    assert.deepEqual(requests.filter((url) => url.includes('/seen')), []);
    await visitor.leaves();
  });
});

describe('a page that writes another name into the tag', () => {
  it('does not get what the gate\'s scripts share', async () => {
    const steals = `<!doctype html><html lang="en"><title>x</title><body><script>
      for (const script of document.querySelectorAll('script')) script.dataset.seen = '../stolen.js';
      localStorage.setItem('kept', 'x');
    </script></body></html>`;
    const own = await site(({ url }) =>
      url === '/stolen.js' ? { type: 'text/javascript', body: 'export const shown = (inside) => { window.stolen = inside; };' } : steals,
    );
    const other = await gate(own.address, RULES);
    const visitor = await Visitor.to(other.address, chromium);
    const requests = [];
    visitor.page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    await visitor.opens('/bins');
    assert.equal(await visitor.page.evaluate(() => typeof window.stolen), 'undefined');
    assert.ok(!requests.includes('/stolen.js') && requests.some((path) => path.startsWith('/.consent/seen-')), requests.join(' '));
    await Promise.all([visitor.leaves(), own.end(), other.end()]);
  });
});
