// Tells what came of `real-pages.mjs`, once EasyPrivacy and EasyList have judged it (docs/leaks.md has the commands).
//
//   node tests/browser/leaks.mjs DIR [--all]

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CACHE } from './support/pages.mjs';

const [folder, ...flags] = process.argv.slice(2);
const most = flags.includes('--all') ? Infinity : 40;

const saved = join(CACHE, 'pages');
/** Companies of these kinds show nobody anything. */
const TRACKERS = new Set(['ad', 'analytics', 'tag-manager', 'marketing']);

const direct = judged('direct');
console.log(`${direct.size} pages`);
for (const mode of ['again', 'catalogue', 'lists']) {
  if (existsSync(join(folder, `${mode}.judged`))) compare(mode, judged(mode));
}

/** Page by page, `{ requests: [{ url, kind, blocked, third, company, company_kind }], errors, placeholders, leftOut }`. */
function judged(mode) {
  const lines = readFileSync(join(folder, `${mode}.judged`), 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => JSON.parse(line)).map((page) => [page.name, page]));
}

function compare(mode, gated) {
  const pages = [...direct.values()].map((before) => ({ before, after: gated.get(before.name) })).filter(({ before, after }) => !before.failed && after && !after.failed);
  const sum = (of) => pages.reduce((all, page) => all + of(page), 0);
  const count = (side, test) => sum((page) => (page[side].requests ?? []).filter(test).length);
  console.log(`\n== ${mode}: ${pages.length} pages opened both ways`);
  const row = (name, test) => {
    const [was, is] = [count('before', test), count('after', test)];
    console.log(`${name.padEnd(52)} ${String(was).padStart(7)} ${String(is).padStart(7)}  ${((100 * is) / was).toFixed(2)} %`);
  };
  console.log(`${''.padEnd(52)}  direct   gated`);
  row('requests', () => true);
  row('to other companies', ({ third }) => third);
  row('that EasyPrivacy blocks', ({ blocked }) => blocked === 'easyprivacy');
  row('that EasyList blocks (and EasyPrivacy does not)', ({ blocked }) => blocked === 'easylist');
  const pagesWith = (side) => pages.filter((page) => page[side].requests?.some(({ blocked }) => blocked === 'easyprivacy')).length;
  console.log(`pages with what EasyPrivacy blocks: ${pagesWith('before')} direct, ${pagesWith('after')} gated`);

  const thirdBefore = count('before', ({ third }) => third);
  const share = (entries) => `${entries.length} of ${thirdBefore} (${((100 * entries.length) / thirdBefore).toFixed(2)} %)`;
  const gone = pages.flatMap(goneBeyond);
  const told = gone.filter(({ company, page }) => gated.get(page.name).leftOut?.includes(company));
  const trackers = gone.filter((request) => !told.includes(request) && TRACKERS.has(request.company_kind));
  const lost = gone.filter((request) => !told.includes(request) && !trackers.includes(request));
  console.log(`held, named by neither list, no placeholder: ${share(gone)}, of them`);
  console.log(`  named in the footer: ${share(told)}`);
  console.log(`  trackers by the catalogue alone: ${share(trackers)}`);
  console.log(`  held beyond: ${share(lost)}`);
  const errors = pages.flatMap(errorsAdded);
  console.log(`kinds of script errors that the page has not without the gate: ${errors.length}; placeholders: ${sum((page) => page.after.placeholders?.length ?? 0)}; names in footers: ${sum((page) => page.after.leftOut?.length ?? 0)} on ${pages.filter((page) => page.after.leftOut?.length).length} pages`);

  const leaks = pages.flatMap(({ before, after }) => after.requests.filter(({ blocked }) => blocked === 'easyprivacy').map((request) => ({ ...request, page: before.page, form: formOf(request.url, before.name) })));
  list('leaks (EasyPrivacy)', leaks, ({ url, kind, page, form }) => `${named(url, page)} (${kind}, ${form})`, ({ page }) => page);
  const ads = pages.flatMap(({ before, after }) => after.requests.filter(({ blocked }) => blocked === 'easylist').map((request) => ({ ...request, page: before.page, form: formOf(request.url, before.name) })));
  list('leaks (EasyList only)', ads, ({ url, kind, page, form }) => `${named(url, page)} (${kind}, ${form})`, ({ page }) => page);
  const whose = ({ url, kind, page, company, company_kind: of }) => `${named(url, page.page)} (${kind}; ${company ? `${company}, ${of}` : 'nobody knows'})`;
  list('named in the footer', told, whose, ({ page }) => page.page);
  list('trackers by the catalogue alone', trackers, whose, ({ page }) => page.page);
  list('held beyond', lost, whose, ({ page }) => page.page);
  list('script errors added', errors, ({ error }) => error, ({ page }) => page);
}

/** Requests to other companies that no list names, that are gone, and that no placeholder stands for. */
function goneBeyond({ before, after }) {
  const left = new Set(after.requests.map(({ url }) => place(url)));
  const stood = new Set((after.placeholders ?? []).map(place));
  const gone = before.requests.filter(({ url, third, blocked }) => third && !blocked && !left.has(place(url)) && !stood.has(place(url)));
  return gone.map((request) => ({ ...request, page: before }));
}

/** Errors by their words, each once: what an interval repeats is said as often as the page was looked at. */
function errorsAdded({ before, after }) {
  const added = new Set(after.errors?.filter((error) => !before.errors?.includes(error)));
  return [...added].map((error) => ({ error, page: before.page }));
}

/** How the address stands in the saved page: as a tag's, somewhere in its text, in pieces, or not at all. */
function formOf(address, name) {
  const html = readFileSync(join(saved, name), 'latin1');
  const { host, pathname } = new URL(address);
  const tag = new RegExp(`<[a-z]+[^<>]*(?:src|href|data)\\s*=\\s*["']?[^"'>]*${(host + pathname).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'i');
  if (tag.test(html)) return 'tag';
  if (html.includes(host + pathname)) return 'in the text';
  return html.includes(host) ? 'host in the text' : 'made by a script';
}

/** Host and path: what is random is mostly in the query. */
function place(address) {
  const { host, pathname } = new URL(address);
  return host + pathname;
}

/** The host; of the site's own, the end of the path as well. */
function named(address, page) {
  const { host, pathname } = new URL(address);
  const path = pathname.length > 60 ? `${pathname.slice(0, 57)}...` : pathname;
  return new URL(page).host === host ? `(own) ${path}` : host + path;
}

function list(title, entries, key, example) {
  const groups = new Map();
  for (const entry of entries) {
    const name = key(entry);
    groups.set(name, { times: (groups.get(name)?.times ?? 0) + 1, example: groups.get(name)?.example ?? example(entry) });
  }
  const rows = [...groups].sort(([, one], [, other]) => other.times - one.times);
  console.log(`\n-- ${title}: ${entries.length} in ${rows.length} kinds`);
  for (const [name, { times, example: page }] of rows.slice(0, most)) console.log(`${String(times).padStart(5)}  ${name}   e.g. on ${page}`);
}
