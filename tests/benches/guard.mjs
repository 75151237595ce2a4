// What the guard costs in Chromium: a page that makes 5,000 elements and one that reads document.cookie 1,000 times, without
// the gate and through it by turns, so that a busy machine is busy for both. Also the time that evaluating the guard takes.
//
//   node tests/benches/guard.mjs [--rounds N]

import { parseArgs } from 'node:util';

import { gate, site } from '../browser/support/program.mjs';
import { browser } from '../browser/support/visitor.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const ROUNDS = Number(values.rounds);

const WORK = {
  'createElement and append, 5,000 times': `for (let i = 0; i < 5000; i++) { const e = document.createElement(i % 10 ? 'div' : 'img'); e.id = 'e' + i; e.className = 'x'; if (i % 10 === 0) e.setAttribute('src', 'data:,'); document.body.append(e); }`,
  'the same, scripts of the site': `for (let i = 0; i < 500; i++) { const e = document.createElement('script'); e.type = 'text/plain'; e.src = '/own.js?' + i; document.body.append(e); }`,
  'innerHTML of 5,000 elements in 50 goes': `for (let i = 0; i < 50; i++) { const d = document.createElement('div'); d.innerHTML = '<p class=x>text <b>bold</b></p>'.repeat(50); document.body.append(d); }`,
  'document.cookie read 1,000 times': `let n = 0; for (let i = 0; i < 1000; i++) n += document.cookie.length;`,
  'localStorage written and read 1,000 times': `const s = self['local' + 'Storage']; for (let i = 0; i < 1000; i++) { s.setItem('k' + i % 10, i); s.getItem('k' + i % 10); }`,
};

const page = (work) => `<!doctype html><html lang="en"><head><title>x</title></head><body><p>Text</p><script>
const begun = performance.now(); ${work}; window.took = performance.now() - begun;</script></body></html>`;

const names = Object.keys(WORK);
const origin = await site(({ url }) => page(WORK[names[Number(url.slice(2))]] ?? ''));
const gated = await gate(origin.address);
const chromium = await browser();
try {
  const ways = { direct: origin.address.replace('127.0.0.1', 'localhost'), gate: gated.address };
  for (const [at, name] of names.entries()) {
    const took = { direct: [], gate: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [way, address] of Object.entries(ways)) {
        const one = await measured(`${address}/w${at}`);
        // The first round warms up.
        if (round > 0) took[way].push(one);
      }
    }
    const [direct, through] = [median(took.direct), median(took.gate)];
    const ratio = median(took.gate.map((one, round) => one / took.direct[round]));
    console.log(`${name.padEnd(44)} direct ${direct.toFixed(2)} ms  gate ${through.toFixed(2)} ms  ratio ${ratio.toFixed(2)}`);
  }
  console.log(`evaluating the guard: ${await evaluation(`${gated.address}/w${names.length}`)}`);
} finally {
  await chromium.close();
  await Promise.all([gated.end(), origin.end()]);
}

/** Milliseconds that the page's own script says it took, in a visitor of its own. */
async function measured(address) {
  const context = await chromium.newContext();
  const tab = await context.newPage();
  await tab.goto(address, { waitUntil: 'load' });
  const took = await tab.evaluate(() => window.took);
  await context.close();
  return took;
}

/** From the browser's own trace: compiling and running the guard, median and longest. */
async function evaluation(address) {
  const all = [];
  for (let round = 0; round < ROUNDS; round++) {
    const context = await chromium.newContext();
    const tab = await context.newPage();
    const session = await chromium.newBrowserCDPSession();
    const events = [];
    session.on('Tracing.dataCollected', ({ value }) => events.push(...value));
    await session.send('Tracing.start', { traceConfig: { includedCategories: ['devtools.timeline', 'v8'] } });
    await tab.goto(address, { waitUntil: 'load' });
    const ended = new Promise((complete) => session.once('Tracing.tracingComplete', complete));
    await session.send('Tracing.end');
    await ended;
    const its = events.filter(({ name, args }) => name === 'EvaluateScript' && args?.data?.url?.includes('/guard-'));
    all.push(its.reduce((sum, { dur = 0 }) => sum + dur, 0) / 1000);
    await session.detach();
    await context.close();
  }
  const sorted = all.toSorted((one, other) => one - other);
  return `median ${median(all).toFixed(2)} ms, longest ${sorted.at(-1).toFixed(2)} ms, ${all.length} pages`;
}

function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
