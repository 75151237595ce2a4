// Some real pages, in a real browser: before a choice none asks a well-known tracker for anything. All pages, and what
// EasyPrivacy says of them, are in docs/leaks.md.

import assert from 'node:assert/strict';
import { before, it } from 'node:test';

import { openAll, savedPages } from './support/pages.mjs';

/** Every so many pages of the corpus. */
const EVERY = 40;
const KNOWN = /(^|\.)(google-analytics|googletagmanager|doubleclick|googleadservices|googlesyndication|facebook|scorecardresearch|quantserve|hotjar|mixpanel|addthis|newrelic|yandex)\.(com|net|ru)$/;

const pages = savedPages().filter((_, at) => at % EVERY === 0);
const skip = pages.length === 0 && process.env.CONSENTGATE_REQUIRE_PAGES !== '1' && 'no pages: run tests/tools/fetch-pages';

const [direct, gated] = [new Map(), new Map()];
before(async () => {
  if (skip) return;
  await openAll(pages, { each: (found) => direct.set(found.name, found) });
  await openAll(pages, { through: '', each: (found) => gated.set(found.name, found) });
}, { timeout: 240_000 });

it('the pages ask many trackers without the gate', { skip }, () => {
  assert.ok(pages.length >= 20);
  assert.ok([...direct.values()].flatMap(known).length >= 20);
});

it('they ask none before a choice', { skip }, () => {
  assert.deepEqual([...gated.values()].flatMap(known), []);
});

it('every page opens, and has places that are held', { skip }, () => {
  const failed = [...gated.values()].filter((page) => page.failed && !direct.get(page.name).failed);
  assert.deepEqual(failed, []);
  assert.ok([...gated.values()].filter(({ held }) => held > 0).length >= pages.length / 2);
});

function known({ requests = [] }) {
  return requests.map(({ url }) => url).filter((url) => KNOWN.test(new URL(url).hostname));
}
