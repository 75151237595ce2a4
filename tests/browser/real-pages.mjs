// Real pages in a real browser, without the gate and through it: what is asked of other companies before any choice, for
// EasyPrivacy and EasyList to judge. Slow, and no part of `tests/run`; docs/leaks.md says how to run it and what came of it.
//
//   node tests/browser/real-pages.mjs [--out DIR] [--every N] [--modes direct,catalogue,lists] [--at-once N]

import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { CACHE, openAll, savedPages } from './support/pages.mjs';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: fileURLToPath(new URL('../../target/leaks', import.meta.url)) },
    every: { type: 'string', default: '1' },
    modes: { type: 'string', default: 'direct,catalogue,lists' },
    'at-once': { type: 'string', default: '4' },
  },
});

/** How the pages are reached: what the gate's site is told, if there is a gate. */
const MODES = {
  direct: undefined,
  // A second look at the site itself shows how much of a difference is chance.
  again: undefined,
  catalogue: '',
  lists: `    filter_lists: [{ file: "${join(CACHE, 'lists', 'easyprivacy.txt')}", purpose: analytics }]\n`,
};

const pages = savedPages().filter((_, at) => at % Number(options.every) === 0);
if (pages.length === 0) throw new Error(`${CACHE} has no pages: run tests/tools/fetch-pages`);
// The browser's keeper closes browsers on this signal, and stays.
process.once('SIGTERM', () => process.exit(143));
mkdirSync(options.out, { recursive: true });
for (const mode of options.modes.split(',')) {
  const begun = Date.now();
  const file = createWriteStream(join(options.out, `${mode}.jsonl`));
  const each = (found) => void file.write(`${JSON.stringify(found)}\n`);
  await openAll(pages, { through: MODES[mode], atOnce: Number(options['at-once']), each });
  await new Promise((written) => file.end(written));
  console.log(`${mode}: ${pages.length} pages in ${Math.round((Date.now() - begun) / 1000)} s`);
}
