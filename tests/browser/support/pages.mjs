// Real saved pages (tests/tools/fetch-pages) under their own addresses in a real browser, without the gate or through it:
// what is asked for, which scripts fail, and what the gate holds.

import { existsSync, readFileSync } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { gate } from './program.mjs';
import { addressOf, answer, kindOf, sink } from './sink.mjs';
import { browser } from './visitor.mjs';

/** Where the browser goes of its own accord. */
const ERRANDS = new Set(['android.clients.google.com', 'content-autofill.googleapis.com']);
/** A page is looked at until nothing was asked for so long, in milliseconds, … */
const QUIET = 600;
/** … but never longer than this. */
const LONGEST = 8_000;
/** What a browser keeps beside the profile does not grow for ever: after so many pages comes a new one. */
const PAGES_OF_A_BROWSER = 60;

/** The words of the filter lists for what a browser asks for: by Playwright's word, else by what the sink took it for. */
const WORDS = {
  document: 'subdocument', script: 'script', image: 'image', stylesheet: 'stylesheet', font: 'font', media: 'media', texttrack: 'media',
  xhr: 'xmlhttprequest', fetch: 'xmlhttprequest', eventsource: 'xmlhttprequest', ping: 'ping', beacon: 'ping', websocket: 'websocket',
};
const BY_KIND = { document: 'subdocument', style: 'stylesheet', json: 'xmlhttprequest', svg: 'image', video: 'media', track: 'media', events: 'xmlhttprequest' };

/** Where `tests/tools/fetch-pages` put the pages and the lists. */
export const CACHE = process.env.CONSENTGATE_TEST_CACHE ?? fileURLToPath(new URL('../../.cache', import.meta.url));

/** The saved pages, no two of one address: `[{ name, url, file }]`; nothing where they were not fetched. */
export function savedPages() {
  if (!existsSync(join(CACHE, 'pages', 'index.json'))) return [];
  const index = JSON.parse(readFileSync(join(CACHE, 'pages', 'index.json'), 'utf8'));
  const pages = new Map();
  for (const [name, { url: address }] of Object.entries(index)) {
    const url = new URL(address);
    if (!pages.has(keyOf(url))) pages.set(keyOf(url), { name, url, file: join(CACHE, 'pages', name) });
  }
  return [...pages.values()];
}

/**
 * Opens each page with an empty profile and leaves it alone.
 * @param through nothing for the site itself, else the site's lines of YAML.
 * @param atOnce how many browsers walk side by side.
 * @param each is given, page by page, `{ page, name, requests: [{ url, kind }], errors, held, placeholders, failed }`.
 */
export async function openAll(pages, { through, atOnce = 4, each }) {
  const origin = await site(pages);
  const running = through === undefined ? undefined : await gate(origin.address, through);
  const waiting = [...pages];
  const before = running?.address ?? origin.address;
  await Promise.all(Array.from({ length: atOnce }, () => walk({ waiting, before, each })));
  await running?.end();
  origin.end();
}

/** One browser that opens one page after the other. */
async function walk({ waiting, before, each }) {
  const visit = { page: undefined, asked: [], last: 0 };
  const everywhere = await sink({
    own: (request, response) => {
      const url = addressOf(request);
      if (url.hostname !== visit.page?.url.hostname) return false;
      if (!request.secure) url.protocol = 'http:';
      visit.last = Date.now();
      visit.asked.push({ url: url.href, kind: kindOf(request) });
      passOn(request, response, before);
      return true;
    },
  });
  const flags = [`--host-resolver-rules=MAP * 127.0.0.1:${everywhere.port}`, '--ignore-certificate-errors', '--renderer-process-limit=2', '--disable-site-isolation-trials'];
  let chromium;
  for (let seen = 0, page = waiting.shift(); page; page = waiting.shift(), seen++) {
    if (seen % PAGES_OF_A_BROWSER === 0) {
      await chromium?.close();
      chromium = await browser(...flags);
    }
    everywhere.forget();
    Object.assign(visit, { page, last: Date.now(), asked: [] });
    const found = await look(chromium, page, everywhere, visit).catch((fault) => ({ failed: String(fault) }));
    await each({ page: page.url.href, name: page.name, ...found });
  }
  await chromium?.close();
  await everywhere.end();
}

/** Opens the page and says what was asked for, what failed, and which places are held. */
async function look(chromium, { url }, everywhere, visit) {
  const context = await chromium.newContext({ locale: 'en-GB' });
  try {
    const page = await context.newPage();
    const [types, errors] = [new Map(), []];
    context.on('request', (request) => types.set(withoutFragment(request.url()), request.resourceType()));
    page.on('pageerror', (error) => errors.push(String(error.message ?? error).split('\n')[0]));
    page.on('dialog', (dialog) => dialog.dismiss().catch(() => {}));
    const failed = await page.goto(url.href, { waitUntil: 'commit', timeout: LONGEST }).then(() => undefined, (fault) => String(fault).split('\n')[0]);
    await quiet(everywhere, visit);
    const marks = await Promise.race([page.evaluate(marked), later(2_000)]).catch(() => undefined);
    const asked = [...visit.asked, ...everywhere.asked.filter(isOfThePage).map((entry) => ({ url: whole(entry), kind: entry.kind }))];
    const requests = asked.map(({ url: address, kind }) => ({ url: address, kind: WORDS[types.get(address)] ?? BY_KIND[kind] ?? kind }));
    // The request for the page itself is no reference.
    return { requests: requests.filter(({ url: address }) => address !== withoutFragment(url.href)), errors, failed, ...marks };
  } finally {
    await Promise.race([context.close(), later(5_000)]);
  }
}

/** Not a mere connection, not a question before the request, not the browser's own errand. */
function isOfThePage({ kind, method, host, path }) {
  return kind !== 'connection' && method !== 'OPTIONS' && path !== '/ListAccounts' && !ERRANDS.has(host);
}

/** In the page: how much is held, for which addresses a placeholder stands, and which companies the footer names. */
function marked() {
  const address = (element) => ['src', 'data', 'href'].map((name) => element.getAttribute(`data-consentgate-${name}`)).find(Boolean);
  const full = (element) => URL.canParse(address(element), document.baseURI) && new URL(address(element), document.baseURI).href;
  const places = document.querySelectorAll(':is(iframe, embed, object, video, audio)[hidden][data-consentgate]');
  const lines = [...document.querySelectorAll('consent-notice')].flatMap(({ shadowRoot }) => [...(shadowRoot?.querySelectorAll('li[data-purpose]') ?? [])]);
  return {
    held: document.querySelectorAll('[data-consentgate]').length,
    placeholders: [...places].map(full).filter(Boolean),
    leftOut: lines.map((line) => line.textContent.split(' \u2013 ')[0]),
  };
}

async function quiet(everywhere, visit) {
  const begun = Date.now();
  for (;;) {
    const last = Math.max(begun, visit.last, everywhere.asked.at(-1)?.at ?? 0);
    if (Date.now() - last > QUIET || Date.now() - begun > LONGEST) return;
    await later(50);
  }
}

/** Passes a request on to the gate, or to the site itself. */
function passOn(request, response, before) {
  const { hostname, port } = new URL(before);
  const headers = { ...request.headers, 'x-forwarded-proto': request.secure ? 'https' : 'http' };
  const further = ask({ hostname, port, method: request.method, path: request.url, headers }, (answered) => {
    response.writeHead(answered.statusCode, answered.headers);
    answered.pipe(response);
  });
  further.on('error', () => response.destroy());
  request.pipe(further);
}

/** The saved pages under their own addresses; anything else of their hosts is something plausible. */
async function site(pages) {
  const byKey = new Map(pages.map((page) => [keyOf(page.url), page]));
  const server = createServer((request, response) => {
    const page = byKey.get(keyOf(addressOf(request)));
    if (!page) return answer(request, response, { kind: kindOf(request) });
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(readFileSync(page.file));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { address: `http://127.0.0.1:${server.address().port}`, end: () => server.close().closeAllConnections() };
}

function keyOf({ host, pathname, search }) {
  return host + pathname + search;
}

function whole({ secure, host, path, query, kind }) {
  return `${kind === 'websocket' ? 'ws' : 'http'}${secure ? 's' : ''}://${host}${path}${query}`;
}

function withoutFragment(address) {
  return address.split('#')[0];
}

function later(milliseconds) {
  return new Promise((then) => setTimeout(then, milliseconds));
}
