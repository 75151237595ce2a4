// Real pages in a real browser, without the gate and through it: what is asked of other companies before any choice, for
// EasyPrivacy and EasyList to judge. Slow, and no part of `tests/run`; docs/leaks.md says how to run it and what came of it.
//
//   node tests/browser/real-pages.mjs --out DIR [--every N] [--modes direct,catalogue,lists] [--at-once N]

import { mkdirSync, readFileSync, writeFileSync, createWriteStream } from 'node:fs';
import { createServer, request as ask } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { gate } from './support/program.mjs';
import { addressOf, answer, kindOf, sink } from './support/sink.mjs';
import { browser } from './support/visitor.mjs';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
/** A page is looked at until nothing was asked for so long, in milliseconds, … */
const QUIET = 600;
/** … but never longer than this. */
const LONGEST = 8_000;

/** The words of the filter lists for what a browser asks for. */
const WORDS = {
  document: 'subdocument', script: 'script', image: 'image', stylesheet: 'stylesheet', font: 'font', media: 'media', texttrack: 'media',
  xhr: 'xmlhttprequest', fetch: 'xmlhttprequest', eventsource: 'xmlhttprequest', ping: 'ping', beacon: 'ping', websocket: 'websocket',
};
const BY_KIND = { document: 'subdocument', style: 'stylesheet', json: 'xmlhttprequest', svg: 'image', video: 'media', track: 'media', events: 'xmlhttprequest' };

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: join(REPOSITORY, 'target', 'leaks') },
    every: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    modes: { type: 'string', default: 'direct,catalogue,lists' },
    'at-once': { type: 'string', default: '4' },
  },
});

await main();

async function main() {
  const cache = cacheFolder();
  const pages = savedPages(cache);
  const origin = await site(pages);
  mkdirSync(options.out, { recursive: true });
  for (const mode of options.modes.split(',')) {
    const running = mode === 'direct' ? undefined : await gate(origin.address, mode === 'lists' ? filterLists(cache) : '');
    const begun = Date.now();
    const file = createWriteStream(join(options.out, `${mode}.jsonl`));
    const waiting = [...pages.values()];
    await Promise.all(Array.from({ length: Number(options['at-once']) }, () => walk({ waiting, file, before: running?.address ?? origin.address })));
    await new Promise((written) => file.end(written));
    await running?.end();
    console.log(`${mode}: ${pages.size} pages in ${Math.round((Date.now() - begun) / 1000)} s`);
  }
  origin.end();
}

/** One browser that opens one page after the other, each with an empty profile. */
async function walk({ waiting, file, before }) {
  const visit = { page: undefined, own: 0 };
  const everywhere = await sink({
    own: (request, response) => {
      if (addressOf(request).hostname !== visit.page?.url.hostname) return false;
      visit.last = Date.now();
      visit.asked.push({ ...entryOf(request), kind: kindOf(request) });
      passOn(request, response, before);
      return true;
    },
  });
  const rules = `--host-resolver-rules=MAP * 127.0.0.1:${everywhere.port}`;
  const start = () => browser(rules, '--ignore-certificate-errors', '--renderer-process-limit=2', '--disable-site-isolation-trials');
  let chromium = await start();
  let seen = 0;
  for (let page = waiting.shift(); page; page = waiting.shift()) {
    // What a browser keeps beside the profile (connections, caches in memory) does not grow for ever.
    if (++seen % 60 === 0) {
      await chromium.close();
      chromium = await start();
    }
    everywhere.forget();
    Object.assign(visit, { page, last: Date.now(), asked: [] });
    const found = await look(chromium, page, everywhere, visit).catch((fault) => ({ failed: String(fault) }));
    file.write(`${JSON.stringify({ page: page.url.href, name: page.name, ...found })}\n`);
  }
  await chromium.close();
  await everywhere.end();
}

/** Opens the page and says what was asked for, what failed, and which places are held for what. */
async function look(chromium, { url }, everywhere, visit) {
  const context = await chromium.newContext({ locale: 'en-GB' });
  try {
    const page = await context.newPage();
    const [types, errors] = [new Map(), []];
    context.on('request', (request) => types.set(withoutFragment(request.url()), request.resourceType()));
    page.on('pageerror', (error) => errors.push(String(error.message ?? error).split('\n')[0]));
    page.on('dialog', (dialog) => dialog.dismiss().catch(() => {}));
    // What comes after is not this page: frame breakers and refreshes.
    let navigations = 0;
    page.on('framenavigated', (frame) => frame === page.mainFrame() && navigations++);
    const failed = await page.goto(url.href, { waitUntil: 'commit', timeout: LONGEST }).then(() => undefined, (fault) => String(fault).split('\n')[0]);
    await quiet(everywhere, visit);
    const marks = await Promise.race([page.evaluate(marked), later(2_000)]).catch(() => undefined);
    // The browser's own errand, which no page can ask for by this address.
    const third = everywhere.asked.filter(({ kind, method, path }) => kind !== 'connection' && method !== 'OPTIONS' && path !== '/ListAccounts');
    const asked = [...visit.asked, ...third].map((entry) => ({ url: entry.url ?? whole(entry), kind: entry.kind }));
    const requests = asked.map(({ url: address, kind }) => ({ url: address, kind: WORDS[types.get(address)] ?? BY_KIND[kind] ?? kind }));
    // The first request for the page itself is no reference.
    return { requests: requests.filter(({ url: address }) => address !== withoutFragment(url.href)), errors, navigations, failed, ...marks };
  } finally {
    await Promise.race([context.close(), later(5_000)]);
  }
}

/** In the page: what the gate holds, and what a placeholder stands for. */
function marked() {
  const all = [...document.querySelectorAll('[data-consentgate]')];
  const address = (element) => ['src', 'data', 'href', 'srcset'].map((name) => element.getAttribute(`data-consentgate-${name}`)).find(Boolean);
  const places = [...document.querySelectorAll('iframe[hidden][data-consentgate], embed[hidden][data-consentgate], object[hidden][data-consentgate], video[hidden][data-consentgate], audio[hidden][data-consentgate]')];
  const full = (element) => {
    try {
      return new URL(address(element), document.baseURI).href;
    } catch {
      return undefined;
    }
  };
  return { held: all.length, placeholders: places.map(full).filter(Boolean) };
}

/** Until nothing has been asked for a while. */
async function quiet(everywhere, visit) {
  const begun = Date.now();
  for (;;) {
    const last = Math.max(begun, visit.last, everywhere.asked.at(-1)?.at ?? 0);
    if (Date.now() - last > QUIET || Date.now() - begun > LONGEST) return;
    await later(50);
  }
}

function later(milliseconds) {
  return new Promise((then) => setTimeout(then, milliseconds));
}

function entryOf(request) {
  const url = addressOf(request);
  if (!request.secure) url.protocol = 'http:';
  return { url: url.href };
}

function whole({ secure, host, path, query, kind }) {
  return `${kind === 'websocket' ? 'ws' : 'http'}${secure ? 's' : ''}://${host}${path}${query}`;
}

function withoutFragment(address) {
  return address.split('#')[0];
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
  const server = createServer((request, response) => {
    const url = addressOf(request);
    const page = pages.get(url.host + url.pathname + url.search);
    if (!page) return answer(request, response, { kind: kindOf(request) });
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(readFileSync(page.file));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { address: `http://127.0.0.1:${server.address().port}`, end: () => server.close().closeAllConnections() };
}

function savedPages(cache) {
  const index = JSON.parse(readFileSync(join(cache, 'pages', 'index.json'), 'utf8'));
  const pages = new Map();
  for (const [name, { url: address }] of Object.entries(index)) {
    const url = new URL(address);
    const key = url.host + url.pathname + url.search;
    if (!pages.has(key)) pages.set(key, { name, url, file: join(cache, 'pages', name) });
  }
  const [every, first] = [Number(options.every), Number(options.first)];
  return new Map([...pages].filter((_, at) => at % every === first));
}

/** The lists as a site would name them. */
function filterLists(cache) {
  const list = (name, purpose) => `      - { file: "${join(cache, 'lists', name)}", purpose: ${purpose} }\n`;
  return `    filter_lists:\n${list('easyprivacy.txt', 'analytics')}`;
}

function cacheFolder() {
  const named = process.env.CONSENTGATE_TEST_CACHE ?? join(homedir(), '.cache/consentgate/tests');
  return named;
}
