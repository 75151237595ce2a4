// Every way to write a tag, in a page or in a response header: held before a choice, after Reject and after taking it back;
// released by Accept, on that very page and on the next, so that the same is asked for as without the gate. What docs/forms.md
// says is left to the browser is tested with `csp: strict`.

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import frames from './forms/frames.mjs';
import links from './forms/links.mjs';
import pictures from './forms/pictures.mjs';
import places from './forms/places.mjs';
import scripts from './forms/scripts.mjs';
import { HELD, RELEASED, inEveryState } from './support/states.mjs';

const KINDS = { scripts, places, frames, pictures, links };
const forms = Object.values(KINDS).flat();

let found;
before(async () => {
  const strictly = await inEveryState(forms.filter(({ strict }) => strict), { lines: '    csp: strict\n' });
  found = new Map([...(await inEveryState(forms.filter(({ strict }) => !strict))), ...strictly]);
});

it('there are at least 80 of them, no two by one name', () => {
  assert.ok(forms.length >= 80);
  assert.equal(new Set(forms.map(({ name }) => name)).size, forms.length);
});

it('Accept loads none of the pages anew', () => {
  const inPlace = forms.filter(({ fenced, strict, leaves, noNotice }) => !fenced && !strict && !leaves && !noNotice);
  assert.deepEqual(inPlace.filter(({ name }) => !found.get(name)['in place'].stayed).map(({ name }) => name), []);
});

for (const [kind, some] of Object.entries(KINDS)) {
  describe(`tag forms, ${kind}`, () => {
    for (const form of some) {
      it(`${form.name}: ${form.never ? 'asks for nothing even without the gate' : 'asks another company without the gate'}`, () => {
        const { asked } = found.get(form.name).direct;
        if (form.sometimes) return;
        assert.equal(asked.length === 0, !!form.never, asked.join('\n'));
      });
      it(`${form.name}: held while nothing is agreed to`, () => {
        for (const state of HELD) {
          const { asked, kept } = found.get(form.name)[state];
          assert.deepEqual({ state, asked, kept }, { state, asked: [], kept: [] });
        }
      });
      it(`${form.name}: after Accept the same as without the gate`, () => {
        const { direct } = found.get(form.name);
        if (form.sometimes) return;
        // A policy that stopped something stays with the page it came with; `once` acts only as a page loads.
        for (const state of form.fenced || form.strict || form.once ? ['again'] : RELEASED) {
          assert.deepEqual({ state, asked: found.get(form.name)[state].asked }, { state, asked: direct.asked });
        }
      });
    }
  });
}
