// Before any choice a visitor's browser asks no other company for anything and keeps nothing but what the site needs.
// The same walk without the gate shows that there was something to hold.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { demo } from './support/program.mjs';
import { Visitor, browser, unique } from './support/visitor.mjs';

let chromium, council;

before(async () => {
  [chromium, council] = await Promise.all([browser(), demo()]);
});
after(async () => {
  await Promise.all([chromium?.close(), council?.end()]);
});

/** Walks the whole site and says what came of it. */
async function walk(site) {
  await council.forget();
  const visitor = await Visitor.to(site, chromium);
  // Looked at after each page: what one page leaves the next may take away.
  const [received, cookies, stored] = [[], [], []];
  const paths = await visitor.walksEverywhere(async () => {
    received.push(...(await council.received()).map(({ host }) => `${host}.localhost`));
    cookies.push(...(await visitor.nonEssentialCookies()));
    stored.push(...(await visitor.stored()));
  });
  const found = { paths, received: unique(received), asked: visitor.thirdParties, cookies: unique(cookies), stored: unique(stored) };
  await visitor.leaves();
  return found;
}

describe('before any choice', () => {
  let gated;
  before(async () => {
    gated = await walk(council.gate);
  });

  it('the walk goes through the whole site', () => {
    assert.ok(gated.paths.length >= 20, gated.paths.join('\n'));
    for (const path of ['/council-tax.aspx', '/mayor/history.asp', '/.consent/cookies', '/.consent/record']) {
      assert.ok(gated.paths.includes(path), `${path} in ${gated.paths.join(' ')}`);
    }
  });

  it('no page makes the browser ask another company for anything', () => {
    assert.deepEqual(gated.asked, []);
  });

  it('no other company receives anything', () => {
    assert.deepEqual(gated.received, []);
  });

  it('no cookie is in the browser that the site does not need', () => {
    assert.deepEqual(gated.cookies, []);
  });

  it('no page has stored anything', () => {
    assert.deepEqual(gated.stored, []);
  });

  it('no address of another company is even looked up', async () => {
    const hosts = await lookedUp(council.gate);
    assert.ok(hosts.includes('localhost'), `the browser's log tells of look-ups: ${hosts}`);
    assert.deepEqual(hosts.filter((host) => host.endsWith('.localhost')), []);
  });
});

describe('without the gate', () => {
  let direct;
  before(async () => {
    direct = await walk(council.direct);
  });

  it('the same pages ask many companies', () => {
    for (const host of ['www.googletagmanager.com', 'connect.facebook.net', 'www.youtube.com', 'px.ads.linkedin.com']) {
      assert.ok(direct.received.includes(`${host}.localhost`), `${host} in ${direct.received}`);
    }
    assert.ok(direct.received.length >= 14, direct.received.join(' '));
    assert.deepEqual(direct.asked, direct.received, 'what the browser sent and what the companies received');
  });

  it('the same pages leave many cookies', () => {
    for (const name of ['_ga', '_fbp', 'SC_ANALYTICS_GLOBAL_COOKIE', 'CouncilStats', 'li_fat_id', '_clck', '__utma']) {
      assert.ok(direct.cookies.includes(name), `${name} in ${direct.cookies}`);
    }
    assert.ok(direct.cookies.length >= 15, direct.cookies.join(' '));
  });

  it('the same pages store more', () => {
    assert.ok(direct.stored.includes('localStorage _ga_stub'), direct.stored.join(' '));
    assert.ok(direct.stored.includes('sessionStorage _hjRecordingEnabled'), direct.stored.join(' '));
  });

  it('the hints of a page make the browser look companies up', async () => {
    const hosts = await lookedUp(council.direct);
    assert.ok(hosts.includes('static.hotjar.com.localhost'), hosts.join(' '));
  });
});

/** The hosts that a browser looked up, for requests and for mere hints, on one visit of the front page. */
async function lookedUp(site) {
  const folder = mkdtempSync(join(tmpdir(), 'consentgate-browser-'));
  const file = join(folder, 'net-log.json');
  const logging = await browser(`--log-net-log=${file}`);
  try {
    const visitor = await Visitor.to(site.replace('127.0.0.1', 'localhost'), logging);
    await visitor.opens('/');
    await visitor.leaves();
    await logging.close();
    const log = readFileSync(file, 'utf8');
    return unique([...log.matchAll(/"host":"(?:https?:\/\/)?([^":]+)(?::\d+)?"/g)].map(([, host]) => host));
  } finally {
    await logging.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
