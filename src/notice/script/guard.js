// The guard: keeps the gate's verdicts while the page runs (docs/guard.md).

import { D, W, hook } from './natives.js';
import { adopt, askSoon, heldNow, held, holding, rules } from './rules.js';
import { guardCookies, keepCookies } from './cookies.js';
import { guardStorage, keepStorage } from './storage.js';
import { guardRequests } from './requests.js';
import { MARK, allow, found, guardElements } from './elements.js';
import { guardMarkup } from './markup.js';
import { frames } from './frames.js';
import { guardLinks } from './links.js';

/** What the page may know: `window.consentgate`. */
export const state = {
  decided: !!(D && D.currentScript && D.currentScript.hasAttribute('data-decided')),
  granted: rules.g,
  version: rules.v,
  /** Asks the gate what is granted by now and releases it. */
  update: async () => {
    const answer = await askSoon([]);
    if (answer) open(answer);
  },
};

const callbacks = [];
/** Calls back with the answer whenever something was released. */
export const onOpen = (callback) => callbacks.push(callback);

/** Goes on by the rules of an answer of the gate: keeps for real, and releases, what is granted by now. */
export const open = async (answer) => {
  adopt(answer.rules);
  state.decided = answer.decided;
  state.granted = answer.granted;
  keepCookies();
  keepStorage();
  D.querySelectorAll(`[${MARK}=""]`).forEach((element) => allow(element));
  found(D);
  for (const callback of callbacks) callback(answer);
};

const arm = (w) => {
  const proto = (name) => (w[name] || 0).prototype;
  guardRequests(w, proto);
  guardStorage(w, proto);
  guardCookies(proto);
  guardElements(w, proto);
  guardMarkup(w, proto);
};

if (holding) {
  frames(arm);
  guardLinks();
}
W.consentgate = state;
