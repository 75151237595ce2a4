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

/** Presses a button, and sees that the page stays the page it was. */
async function accepts(visitor, name = /^Accept/) {
  await visitor.page.evaluate(() => (window.same = true));
  await visitor.page.getByRole('button', { name }).first().click();
  await visitor.page.getByRole('alert').waitFor();
  assert.equal(await visitor.page.evaluate(() => window.same), true, 'in place');
}

const settled = (page) => page.evaluate(() => new Promise((done) => document.addEventListener('consentgate', done, { once: true })));

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

describe('what a held script would have defined', () => {
  const page = (held) => shell(`
    ${inline('function track(what) { note("tracked " + what) } var queue = queue || []; queue.push("own"); window.first ||= (...given) => (first.given ??= []).push(given); first("init")')}
    <script>
      track('x'); queue.push(['event']); first('send', { hitCallback: () => quick('called back') });
      window.meanwhile = typeof track;
    </script>
    <script src="${held}/first.js"></script>
    <a id="link" href="#there" onclick="track('y'); return true">Link</a>`);

  it('can be called meanwhile, and is the real thing once it runs', async () => {
    await behind(page(third.at('held')), async ({ gate: address }) => {
      const visitor = await Visitor.to(address, chromium);
      const faults = [];
      visitor.page.on('pageerror', (fault) => faults.push(fault.message));
      await visitor.opens('/');
      await visitor.page.click('#link');
      assert.deepEqual(faults, []);
      assert.ok(visitor.page.url().endsWith('#there'), 'the link is followed');
      assert.deepEqual(await visitor.page.evaluate(() => [order, any.includes('called back'), meanwhile]), [[], true, 'function']);
      const over = settled(visitor.page);
      await accepts(visitor);
      await over;
      const real = await visitor.page.evaluate(() => {
        track('z');
        return [order, queue, first.given];
      });
      assert.deepEqual(real, [['first', 'tracked z'], ['own'], [['init']]]);
      assert.deepEqual(faults, []);
      await visitor.leaves();
    });
  });
});

describe('a script made by script that has a text beside its address', () => {
  // Put together by the script, so that it is not held with what it names.
  const page = (held, free) => shell(`<script>
    for (const address of [['${held.slice(0, 9)}', '${held.slice(9)}/first.js'].join(''), '${free}/third.js']) {
      const made = document.createElement('script');
      made.src = address;
      made.type = 'text/javascript';
      made.text = 'note("the text")';
      document.head.appendChild(made);
    }
  </script>`);

  it('runs its address and never its text, as without the gate', async () => {
    await behind(page(third.at('held'), third.at('free')), async ({ direct, gate: address }) => {
      for (const [where, expected] of [[direct, ['first', 'third']], [address, ['third']]]) {
        const visitor = await Visitor.to(where, chromium);
        await visitor.opens('/');
        assert.deepEqual((await visitor.page.evaluate(() => order)).toSorted(), expected, where);
        if (where === address) {
          await accepts(visitor);
          await visitor.page.waitForFunction(() => order.length === 2, null, { timeout: 10_000 });
          assert.deepEqual(await visitor.page.evaluate(() => order), ['third', 'first']);
        }
        await visitor.leaves();
      }
    });
  });
});

describe('what the visitor was doing', () => {
  it('goes on: values, focus, scrolling, and the page itself', async () => {
    const html = shell(`<form><label>Name <input id="name"></label><textarea id="words"></textarea></form><p style="height: 3000px">long</p>
      <button id="there">there</button>${scripts()}`);
    await behind(html, async ({ gate: address }) => {
      const visitor = await Visitor.to(address, chromium);
      await visitor.opens('/');
      await visitor.page.fill('#name', 'Gwen');
      await visitor.page.fill('#words', 'half a');
      await visitor.page.evaluate(() => history.pushState({ step: 2 }, '', '#two'));
      const top = await visitor.page.evaluate(() => scrollY);
      await accepts(visitor);
      await told(visitor.page);
      const now = await visitor.page.evaluate(() => [document.querySelector('#name').value, document.querySelector('#words').value, history.state.step, scrollY]);
      assert.deepEqual(now, ['Gwen', 'half a', 2, top]);
      await visitor.leaves();
    });
  });
});

describe('what is no script', () => {
  it('comes back: frames, pictures, sources, sheets, objects, in templates and shadow roots too', async () => {
    const held = third.at('held');
    const html = shell(`
      <iframe id="frame" src="${held}/frame.html" width="300" height="150" title="Film"></iframe>
      <img id="img" src="${held}/dot.svg" alt="">
      <img id="set" srcset="${held}/dot.svg 1x, ${held}/dot.svg?2 2x" alt="">
      <picture><source srcset="${held}/dot.svg"><img id="picture" alt=""></picture>
      <link rel="stylesheet" href="${held}/style.css"><p id="styled">x</p>
      <object id="object" data="${held}/dot.svg" type="image/svg+xml" width="20" height="20"></object>
      <svg><image id="image" href="${held}/dot.svg" width="7" height="7"/></svg>
      <video id="video" controls><source src="${held}/film.webm"></video>
      <template id="template"><img src="${held}/dot.svg?t" alt=""></template>
      <div id="host"><template shadowrootmode="open"><img src="${held}/dot.svg?s" alt=""></template></div>
      <noscript><img src="${held}/dot.svg?n" alt=""></noscript>`);
    await behind(html, async ({ gate: address }) => {
      third.asked.length = 0;
      const visitor = await Visitor.to(address, chromium);
      await visitor.opens('/');
      assert.deepEqual(third.asked, []);
      const over = settled(visitor.page);
      await accepts(visitor);
      await over;
      await visitor.page.waitForFunction(() => document.querySelector('#img').naturalWidth && document.querySelector('#set').naturalWidth && document.querySelector('#picture').naturalWidth);
      await visitor.page.waitForFunction(() => getComputedStyle(document.querySelector('#styled')).width === '123px');
      const shown = await visitor.page.evaluate(() => ({
        frame: document.querySelector('#frame').checkVisibility(),
        template: document.querySelector('#template').content.querySelector('img').getAttribute('src'),
        shadow: document.querySelector('#host').shadowRoot.querySelector('img').naturalWidth > 0,
        marks: document.querySelectorAll('[data-consentgate], consent-placeholder').length,
        noscript: document.querySelector('noscript').childElementCount,
      }));
      assert.deepEqual(shown, { frame: true, template: `${held}/dot.svg?t`, shadow: true, marks: 0, noscript: 0 });
      assert.ok(third.asked.includes('/frame.html') && third.asked.includes('/film.webm'), third.asked.join());
      await visitor.leaves();
    });
  });
});

describe('a part of what is held', () => {
  const html = () =>
    shell(`<script src="${third.at('held')}/first.js"></script><script src="${third.at('measured')}/measured.js"></script>
      <script>/* //measured.localhost/ */ note('inline measured')</script>
      <script>/* //held.localhost/ */ note('inline held')</script>`);

  it('is released when only that is agreed to, the rest waits', async () => {
    await behind(html(), async ({ gate: address }) => {
      const visitor = await Visitor.to(address, chromium);
      await visitor.opens('/');
      const state = await visitor.page.evaluate(async () => {
        const body = new URLSearchParams('choice=save&purpose=analytics');
        await fetch('/.consent/choice', { method: 'POST', body, headers: { accept: 'application/json' } });
        const over = new Promise((done) => document.addEventListener('consentgate', (event) => done(event.detail), { once: true }));
        await consentgate.update();
        return over;
      });
      assert.deepEqual([state.decided, state.granted], [true, ['essential', 'analytics']]);
      assert.deepEqual(await visitor.page.evaluate(() => order), ['measured', 'inline measured']);
      await visitor.leaves();
    });
  });

  it('is not released to a script that asks without consent', async () => {
    await behind(html(), async ({ gate: address }) => {
      const visitor = await Visitor.to(address, chromium);
      await visitor.opens('/');
      third.asked.length = 0;
      await visitor.page.evaluate(() => consentgate.update());
      await visitor.page.evaluate(() => {
        const button = document.querySelector('consent-notice').shadowRoot.querySelector('[value=accept]');
        document.addEventListener('submit', (event) => event.preventDefault(), true);
        button.form.addEventListener('submit', (event) => event.preventDefault());
        button.click();
      });
      assert.deepEqual(await visitor.page.evaluate(() => [order.length, consentgate.decided]), [0, false]);
      assert.deepEqual(third.asked, []);
      await visitor.leaves();
    });
  });
});

describe('where a page requires trusted types', () => {
  it('the choice is made in place all the same, and nobody loses what they wrote', async () => {
    await behind(
      shell('<input id="name">' + scripts()),
      async ({ gate: address }) => {
        const visitor = await Visitor.to(address, chromium);
        await visitor.opens('/');
        await visitor.page.fill('#name', 'Gwen');
        await accepts(visitor);
        assert.equal(await visitor.page.inputValue('#name'), 'Gwen');
        await visitor.opens('/');
        assert.ok((await visitor.page.evaluate(() => order)).includes('first'), 'the next page has it all');
        await visitor.leaves();
      },
      { headers: { 'content-security-policy': "require-trusted-types-for 'script'" } },
    );
  });
});
