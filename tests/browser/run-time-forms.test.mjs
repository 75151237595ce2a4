// Every way in which the site's own scripts ask another company for something, or keep something, while the page runs: held
// before a choice, after Reject and after taking it back; after Accept all as without the gate.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { runTime, strict } from './forms/run-time.mjs';
import { HELD, RELEASED, inEveryState } from './support/states.mjs';

let found;
before(async () => {
  const strictly = await inEveryState(strict.map(pageOf), { lines: '    csp: strict\n' });
  found = new Map([...(await inEveryState(runTime.map(pageOf))), ...strictly]);
});

it('there are at least 40 of them, no two by one name', () => {
  assert.ok(runTime.length >= 40);
  assert.equal(new Set(runTime.map(({ name }) => name)).size, runTime.length);
});

suite('while a page runs', runTime);
suite('while a page runs, where the policy is strict', strict);

function suite(title, forms) {
  describe(title, () => {
    for (const form of forms) {
      it(`${form.name}: ${form.keeps ? 'keeps something' : 'asks another company'} without the gate`, () => {
        const { asked, kept } = found.get(form.name).direct;
        assert.notDeepEqual(form.keeps ? kept : asked, []);
      });
      it(`${form.name}: held while nothing is agreed to`, () => {
        for (const state of HELD) {
          const { asked, kept } = found.get(form.name)[state];
          assert.deepEqual({ state, asked, kept }, { state, asked: [], kept: [] });
        }
      });
      it(`${form.name}: after Accept the same as without the gate`, () => {
        const { direct } = found.get(form.name);
        for (const state of form.once ? ['again'] : RELEASED) {
          const { asked, kept } = found.get(form.name)[state];
          assert.deepEqual({ state, asked, kept }, { state, asked: direct.asked, kept: direct.kept });
        }
      });
    }
  });
}

/** By turns in the page and in a file of the site's. */
function pageOf({ js, files = {}, ...form }, at) {
  const own = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, (t) => fileOf(name, prelude(t) + text)]));
  if (at % 2 === 0) return { ...form, files: own, body: (t) => `<script>${prelude(t)}${js}</script>` };
  return { ...form, files: { ...own, 'own.js': (t) => fileOf('own.js', prelude(t) + js) }, body: (t) => `<script src="${t.own('own.js')}"></script>` };
}

function prelude(t) {
  return `var host = '${t.pieces}', mark = '${t.mark}', at = function (path) { return 'https://' + host + '/' + path }, own = function (file) { return '${t.own('')}' + file };\n`;
}

function fileOf(name, text) {
  if (name.endsWith('.html')) return `<!doctype html><title>x</title><script>${text}</script>`;
  return { headers: { 'content-type': 'text/javascript', 'service-worker-allowed': '/' }, body: text };
}
