// Runs released scripts in the order and at the moments the page would have run them.

import { restore } from './held.js';
import { loadingAgain } from './late.js';
import { catchWrites } from './write.js';

/** A server that never answers must not hold up the rest for ever. */
const LONGEST = 60_000;
const CLASSIC = /^(|(text|application)\/(x-)?(java|ecma|live|j)script(1\.\d)?)$/;

/** @param scripts held, in document order, none in a template. @param inside see release.js. */
export async function run(scripts, inside) {
  if (!scripts.length) return;
  const page = loadingAgain();
  const writes = catchWrites(blocking, inside);
  try {
    const started = scripts.map((script) => ({ script, ...kind(script) }));
    const quick = started.filter(({ when }) => when === 'async').map(({ script }) => start(script, inside));
    for (const { script } of started.filter(({ when }) => when === 'blocking')) await blocking(script);
    page.becomes('interactive');
    await deferred(started.filter(({ when }) => when === 'deferred'), inside);
    page.parsed();
    await Promise.all(quick);
    page.becomes('complete');
    page.loaded();
  } finally {
    writes.over();
    page.over();
  }

  async function blocking(script) {
    writes.of(script);
    await start(script, inside);
    await writes.insert(script);
  }
}

/** When a script of such attributes runs (HTML standard, "prepare the script element"). */
function kind(script) {
  const held = (name) => script.getAttribute(`data-consentgate-${name}`) ?? (name === 'type' ? null : script.getAttribute(name));
  const type = held('type') ?? (script.getAttribute('language') ? `text/${script.getAttribute('language')}` : '');
  const name = type.trim().toLowerCase();
  const external = ['src', 'href', 'xlink:href'].some((from) => held(from) !== null);
  const module = name === 'module';
  if (!module && !CLASSIC.test(name)) return { when: 'blocking' };
  const alone = script.hasAttribute('async') && (external || module);
  const when = alone ? 'async' : module || (external && script.hasAttribute('defer')) ? 'deferred' : 'blocking';
  // One for browsers without modules is passed over by all others.
  return { when, module, external, tells: external && (module || !script.noModule) };
}

/** Takes it out, makes it what it was, and puts it back: so a script starts that has not yet. */
function start(script, inside, ordered) {
  const { tells } = kind(script);
  const { parentNode, nextSibling } = script;
  script.remove();
  restore(script, inside);
  if (ordered) script.async = false;
  const over = tells && ended(script);
  parentNode.insertBefore(script, nextSibling);
  return over;
}

function ended(script) {
  return new Promise((done) => {
    for (const type of ['load', 'error']) script.addEventListener(type, done, { once: true });
    setTimeout(done, LONGEST);
  });
}

/** Modules and deferred scripts: fetched together, run in order. An inline module says nothing when it is over; what
    stands behind it in the same order does. */
async function deferred(scripts, inside) {
  if (!scripts.length) return;
  const over = scripts.map(({ script }) => start(script, inside, true));
  const last = scripts.at(-1);
  if (!last.external) {
    const behind = document.createElement('script');
    behind.type = 'module';
    behind.async = false;
    behind.nonce = last.script.nonce;
    behind.src = import.meta.url;
    over.push(ended(behind));
    document.head.append(behind);
    await Promise.all(over);
    behind.remove();
  }
  await Promise.all(over);
}
