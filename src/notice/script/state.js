// What the page may know: `window.consentgate`; and how what was held goes on once it is granted.

import { W, decided } from './natives.js';
import { adopt, rules } from './rules.js';
import { keepCookies } from './cookies.js';
import { keepStorage } from './storage.js';
import { reviewAll } from './elements.js';

export const state = {
  decided,
  granted: rules.g,
  version: rules.v,
};

/** Goes on by the rules of an answer of the gate: keeps for real, and releases, what is granted by now. */
export const open = (answer) => {
  adopt(answer.rules);
  state.decided = answer.decided;
  state.granted = answer.granted;
  keepCookies();
  keepStorage();
  reviewAll();
};

W.consentgate = state;
