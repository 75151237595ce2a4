// Release in place: after Accept, without a reload, the page is what it would have been had nothing been held.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { elsewhere } from './support/elsewhere.mjs';
import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

/** `held` is asked for by one purpose, `measured` by another. */
const RULES = `    tags:
      - { match: "||held.localhost^", purpose: marketing }
      - { match: "||measured.localhost^", purpose: analytics }
`;
const SEALED = 'note("sealed")';
const FILES = {
  '/first.js': 'note("first")',
  '/third.js': 'note("third")',
  '/async.js': 'quick("async")',
  '/defer-slow.js': 'note("slow deferred")',
  '/defer.js': 'note("deferred " + document.readyState)',
  '/module.js': 'import { name } from "./dependency.js"; note(name + " " + document.readyState)',
  '/dependency.js': 'export const name = "module"',
  '/old.js': 'note("for old browsers")',
  '/writes.js': `document.write('<p id="written">w</p><script>note("written")<' + '/script><script src="' + new URL('second.js?wait=100', document.currentScript.src) + '"><' + '/script>')`,
  '/second.js': 'note("second written")',
  '/waits.js': `
    document.addEventListener('readystatechange', () => note('became ' + document.readyState));
    document.addEventListener('DOMContentLoaded', (event) => note('parsed ' + (event.target === document)));
    window.addEventListener('DOMContentLoaded', { handleEvent() { note('parsed, for the window'); } });
    addEventListener('load', () => note('loaded'));
    window.onload = () => note('onload');
    addEventListener('pageshow', () => note('shown'));
    const gone = () => note('never');
    addEventListener('load', gone);
    removeEventListener('load', gone);`,
  '/sealed.js': SEALED,
  '/current.js': 'note(document.currentScript.id + " " + document.currentScript.dataset.name)',
  '/broken.js': 'throw new Error("broken")',
  '/inserts.js': `
    const script = document.createElement('script');
    script.src = new URL('inserted.js', document.currentScript.src);
    script.onload = () => quick('inserted, known');
    document.head.append(script);`,
  '/inserted.js': 'quick("inserted")',
  '/late-inline.js': 'note("after a missing one")',
  '/frame.html': '<!doctype html><title>f</title>framed',
  '/style.css': '#styled { width: 123px }',
  '/dot.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>',
  '/measured.js': 'note("measured")',
};

let chromium, third;

before(async () => {
  [chromium, third] = await Promise.all([browser(), elsewhere((path) => FILES[path])]);
});
after(async () => {
  await Promise.all([chromium?.close(), third?.end()]);
});

const shell = (body, attributes = '') => `<!doctype html><html lang="en"><head><title>x</title>
  <script ${attributes}>
    window.order = []; window.any = [];
    window.note = (what) => order.push(what);
    window.quick = (what) => any.push(what);
    document.addEventListener('DOMContentLoaded', () => any.push('the page itself: parsed'));
    addEventListener('load', () => any.push('the page itself: loaded'));
  </script></head><body>${body}</body></html>`;

/** An inline script that names the held host is held with it. */
const inline = (text, attributes = '') => `<script ${attributes}>/* //held.localhost/ */ ${text}</script>`;

function scripts(nonce = '') {
  const held = third.at('held');
  const external = (file, attributes = '') => `<script ${nonce} src="${held}/${file}" ${attributes}></script>`;
  const within = (text, attributes = '') => inline(text, `${nonce} ${attributes}`);
  const digest = createHash('sha256').update(SEALED).digest('base64');
  return [
    external('first.js?wait=200'),
    within('note("inline " + document.readyState)'),
    external('third.js'),
    external('async.js', 'async'),
    external('defer-slow.js?wait=150', 'defer'),
    external('defer.js', 'defer'),
    external('module.js', 'type="module"'),
    within('note("inline module")', 'type="module"'),
    external('old.js', 'nomodule'),
    external('writes.js'),
    within('note(document.getElementById("written") ? "sees what was written" : "does not see it")'),
    external('waits.js', 'type="text/javascript"'),
    within('if (document.readyState !== "loading") setTimeout(() => note("ready, too early")); else document.addEventListener("DOMContentLoaded", () => note("ready"))'),
    external('sealed.js', `integrity="sha256-${digest}" crossorigin="anonymous"`),
    external('current.js', 'id="me" data-name="mine"'),
    external('broken.js'),
    external('missing.js'),
    within('note("after a missing one")'),
    external('inserts.js'),
    within('note("last")', 'language="javascript"'),
  ].join('\n');
}

const told = (page) =>
  page.evaluate(async () => {
    const last = Date.now() + 10000;
    while (!order.includes('shown') && Date.now() < last) await new Promise((later) => setTimeout(later, 20));
    await new Promise((later) => setTimeout(later, 200));
    return { order, any: any.toSorted() };
  });

async function behind(html, work, { lines = RULES, headers } = {}) {
  const origin = await site(() => html, headers);
  const guarded = await gate(origin.address, lines);
  try {
    await work({ direct: origin.address, gate: guarded.address });
  } finally {
    await Promise.all([guarded.end(), origin.end()]);
  }
}

async function accepts(visitor, name = /^Accept/) {
  await visitor.page.getByRole('button', { name }).first().click();
  await visitor.page.getByRole('alert').waitFor();
}

describe('released scripts', () => {
  it('run in the order of the page, and hear the page load', async () => {
    await behind(shell(scripts()), async ({ direct, gate: address }) => {
      const plain = await Visitor.to(direct, chromium);
      await plain.opens('/');
      const expected = await told(plain.page);
      assert.ok(expected.order.length > 20, expected.order.join());
      await plain.leaves();

      third.asked.length = 0;
      const visitor = await Visitor.to(address, chromium);
      await visitor.opens('/');
      assert.deepEqual(await visitor.page.evaluate(() => order), []);
      assert.deepEqual(third.asked, []);
      await accepts(visitor);
      assert.deepEqual(await told(visitor.page), expected);
      assert.equal(await visitor.page.evaluate(() => document.readyState), 'complete');
      const own = await visitor.page.evaluate(() => ['readyState', 'write', 'writeln', 'addEventListener'].filter((name) => Object.hasOwn(document, name)));
      assert.deepEqual(own, [], 'nothing is left in the way');
      await visitor.leaves();
    });
  });

  it('keep their nonce under a strict policy', async () => {
    const policy = "script-src 'nonce-abc' 'strict-dynamic'; object-src 'none'; base-uri 'none'";
    await behind(
      shell(scripts('nonce="abc"'), 'nonce="abc"'),
      async ({ direct, gate: address }) => {
        const plain = await Visitor.to(direct, chromium);
        await plain.opens('/');
        const expected = await told(plain.page);
        await plain.leaves();
        const visitor = await Visitor.to(address, chromium);
        await visitor.opens('/');
        await accepts(visitor);
        assert.deepEqual(await told(visitor.page), expected);
        await visitor.leaves();
      },
      { headers: { 'content-security-policy': policy } },
    );
  });
});
