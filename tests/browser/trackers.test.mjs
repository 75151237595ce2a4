// Real trackers, bundled into scripts of the site's own under names that say nothing: held before a choice, after Reject and
// after taking it back; after Accept they report to the same hosts, and keep the same, as without the gate.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { build } from 'esbuild';

import trackers from './forms/trackers.mjs';
import { HELD, inEveryState } from './support/states.mjs';

const HERE = new URL('.', import.meta.url).pathname;

/** Countly is run by whoever uses it: no catalogue can know its host, a site's own rule does. */
const LINES = '    tags: [{ match: "||count.ly^", purpose: analytics }]\n';

let found;
before(async () => {
  found = await inEveryState(await Promise.all(trackers.map(pageOf)), { lines: LINES });
});

for (const { name, keepsNothing } of trackers) {
  describe(`${name} in a bundle of the site's`, () => {
    it('reports and keeps something without the gate', () => {
      const { asked, kept } = found.get(name).direct;
      assert.notDeepEqual(asked, []);
      assert.equal(kept.length === 0, !!keepsNothing, kept.join('\n'));
    });
    for (const state of HELD) {
      it(`${state}: reports nothing and keeps nothing`, () => {
        const { asked, kept } = found.get(name)[state];
        assert.deepEqual({ asked, kept }, { asked: [], kept: [] });
      });
    }
    it('after Accept it reports to the same hosts and keeps the same', () => {
      const { direct, again } = found.get(name);
      assert.deepEqual({ hosts: hosts(again), kept: again.kept }, { hosts: hosts(direct), kept: direct.kept });
    });
  });
}

function hosts({ asked }) {
  return [...new Set(asked.map((one) => one.split(' ')[0]))];
}

/** The bundle is the same in every state but for the host it reports to. */
async function pageOf({ code, ...form }) {
  const built = await build({
    stdin: { contents: code, resolveDir: HERE, loader: 'js' },
    bundle: true, write: false, minify: true, format: 'iife', platform: 'browser', logLevel: 'error',
  });
  const bundle = built.outputFiles[0].text;
  const script = (t) => ({ headers: { 'content-type': 'text/javascript' }, body: `(function () { var host = '${t.pieces}'; ${bundle} })()` });
  return { ...form, wait: 2_500, files: { 'site.js': script }, body: (t) => `<script src="${t.own('site.js')}"></script>` };
}
