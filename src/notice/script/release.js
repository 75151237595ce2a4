// Release in place: what the visitor has agreed to by now becomes what the site sent, in order, without a reload. Comes
// as a module of its own when the first button is pressed; what may be released only the gate says.
//
// `inside` is what the gate's scripts share and pages never see (gate.js):
//   rules              the rules in force: `r` is the name of this module, `s` those for keys, `i` who is told by signals.js
//   state              `granted`, `decided`, `version` as the page stands
//   ask                asks the gate about addresses
//   open               goes on by the gate's answer: verdicts and state change
//   read, write, erase attributes as the browser has them, about which no verdict is asked
//   tell               see signals.js
//   stores             see forget.js
//   written            see seen.js
//   standIn            what stands for what a held script would have defined

import { forget } from './forget.js';
import { addresses, held, lookAgain, purposeOf, restore } from './held.js';
import { parsed } from './late.js';
import { confirm, leftOut, remember } from './notice.js';
import { run } from './run.js';

/** The gate reads few more lines, and characters, at once. */
const MOST_LINES = 150;
const LONGEST = 30_000;

let last = Promise.resolve();

/** Asks for the state, and releases what is granted now; one after the other. */
export function update(inside) {
  const next = last.then(() => refresh(inside));
  last = next.catch(() => {});
  return next;
}

/** A button of the gate's own, and what came of recording the choice. @throws when it has to do what it does without a script. */
export async function press(inside, button, host, recorded) {
  if (!recorded) throw new Error('the choice is not recorded');
  if (button.name === 'once') return once(inside, host);
  confirm(button.value, host);
  const released = update(inside);
  if (host.localName === 'consent-placeholder') {
    await released;
    if (host.isConnected) throw new Error('still held');
  }
}

/** What was refused goes; shown from the browser's memory as it was left: is that still what holds? */
export async function shown(inside, again) {
  if (inside.rules.c && inside.state.decided) forget(inside);
  if (!again) return;
  const answer = await inside.ask([]);
  if (answer && differs(answer, inside.state)) location.reload();
}

const differs = (now, then) => now.decided !== then.decided || String(now.granted) !== String(then.granted);

async function refresh(inside) {
  await parsed();
  const answer = await inside.ask([]);
  if (!answer) throw new Error('the gate does not answer');
  if (!differs(answer, inside.state)) return inside.state;
  inside.open(answer);
  inside.rules = answer.rules;
  inside.tell('update', inside.state, inside.rules.i);
  const elements = held();
  await release(answer.all ? elements : await granted(elements, answer, inside), inside);
  remember(answer.granted);
  leftOut(answer);
  document.dispatchEvent(new CustomEvent('consentgate', { detail: inside.state }));
  for (let at = 0; at < frames.length; at++) intoFrame(frames[at]);
  return inside.state;
}

/** What is granted now: what has an address by the gate's verdict on it, what has none by the purpose it is held for. */
async function granted(elements, answer, inside) {
  const wanted = elements.map(addresses);
  const passes = await passing(inside, wanted.flat().filter(Boolean));
  return elements.filter((element, at) =>
    wanted[at] ? wanted[at].every((address) => passes.has(address)) : answer.granted.includes(purposeOf(element)),
  );
}

/** What fetches first, then what runs: scripts find the page as they would have. */
async function release(elements, inside) {
  const runs = (element) => element.localName === 'script' && element.isConnected;
  const others = elements.filter((element) => !runs(element));
  others.forEach((element) => restore(element, inside));
  others.forEach(lookAgain);
  await run(elements.filter(runs), { ...inside, passing: (addresses) => passing(inside, addresses) });
}

function once(inside, host) {
  const element = host.nextElementSibling;
  const { form } = host.shadowRoot.querySelector('[name=once]');
  const wanted = form.elements.address.value;
  // Where the page's own policy refuses it, on a page of its own.
  const refused = ({ blockedURI }) => blockedURI && wanted.startsWith(blockedURI) && form.submit();
  document.addEventListener('securitypolicyviolation', refused);
  setTimeout(() => document.removeEventListener('securitypolicyviolation', refused), 1000);
  restore(element, inside);
  lookAgain(element);
  element.focus({ preventScroll: true });
}

/** A frame of this very host has a script of the gate's own. */
function intoFrame(frame) {
  try {
    frame.consentgate?.update();
  } catch {
    // Of another host.
  }
}

/** Those of the addresses that may be loaded. One too long to ask about stays held. */
async function passing(inside, addresses) {
  const passes = new Set();
  for (const some of batches([...new Set(addresses)])) {
    const answer = await inside.ask(some);
    if (!answer) throw new Error('the gate does not answer');
    some.forEach((address, at) => /p/i.test(answer.verdicts[at]) && passes.add(address));
  }
  return passes;
}

function batches(addresses) {
  const all = [];
  let size = Infinity;
  for (const address of addresses.filter((address) => address.length < LONGEST)) {
    size += address.length + 1;
    if (size > LONGEST || all.at(-1).length === MOST_LINES) {
      all.push([]);
      size = address.length;
    }
    all.at(-1).push(address);
  }
  return all;
}
