// What a page's scripts do while it runs: the guard keeps the gate's verdicts there too. Each way past it is tried on the bare
// site first, where it must get through: a way that does not work shows nothing.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';
import { WAYS } from './support/ways.mjs';

/** Each way has a host of its own of a company that the catalogue knows; the last letters say which. */
const address = (place) => `https://w${place}x.google-analytics.com/w${place}x`;
const names = Object.keys(WAYS);
/** What no script of this size keeps back; docs/guard.md says so, and which fence does. */
const OPEN = [];

const PAGE = '<!doctype html><html lang=en><head><title>A page</title><script src=/own.js></script></head><body><h1>A page</h1></body></html>';

const files = {
  '/own.js': 'window.ownScript = true;',
  '/stats/matomo.js': 'window.matomo = true;',
  '/worker.js': 'fetch(decodeURIComponent(self.location.search.slice(1)), { mode: "no-cors" }).catch(() => {});',
};

function council({ url }) {
  const path = url.split('?')[0];
  if (path === '/own.png') return { type: 'image/png', body: '' };
  return files[path] ? { type: 'text/javascript', body: files[path] } : path === '/' ? PAGE : undefined;
}

let chromium, origin, gated;

before(async () => {
  [chromium, origin] = await Promise.all([browser(), site(council)]);
  gated = await gate(origin.address);
});
after(async () => {
  await Promise.all([chromium?.close(), gated?.end()]);
  await origin?.end();
});

/** Tries every way on one page. @returns the names of those that reached the network. */
async function tried(at) {
  const visitor = await Visitor.to(at, chromium);
  await visitor.opens('/');
  const faults = [];
  visitor.page.on('pageerror', (fault) => faults.push(fault.message));
  for (const [place, name] of names.entries()) {
    await visitor.page.evaluate(`void (${WAYS[name]})(${JSON.stringify(address(place))})`).catch((fault) => faults.push(`${name}: ${fault.message}`));
  }
  await visitor.page.waitForTimeout(1500);
  const asked = visitor.asked.map(({ address }) => address);
  await visitor.leaves();
  const through = names.filter((name, place) => asked.some((one) => one.includes(name.includes('own host') ? 'matomo.js' : `w${place}x.`)));
  return { through, faults };
}

describe('ways past the guard', () => {
  it('each works on the bare site', async () => {
    const { through } = await tried(origin.address);
    assert.deepEqual(names.filter((name) => !through.includes(name)), []);
  });

  it('none works behind the gate, but those that are said to', async () => {
    const { through, faults } = await tried(gated.address);
    assert.deepEqual(through, OPEN);
    assert.deepEqual(faults, []);
  });

  it('there are many', () => assert.ok(names.length >= 60, `${names.length}`));
});
