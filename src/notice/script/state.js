// What the page may know and ask for: `window.consentgate`; and how what was held goes on once it is granted.

import { W, decided } from './natives.js';
import { adopt, ask, asked, rules } from './rules.js';
import { keepCookies } from './cookies.js';
import { keepStorage } from './storage.js';
import { reviewAll } from './elements.js';

export const state = {
  decided,
  granted: rules.g,
  version: rules.v,
  /** Asks the gate what is granted by now, and releases it. */
  update: () => {
    // With nothing to judge the answer has the rules.
    asked.length = 0;
    return new Promise(ask).then(open);
  },
};

/** Goes on by the rules of an answer of the gate: keeps for real, and releases, what is granted by now. */
export const open = (answer) => {
  if (answer.rules) {
    adopt(answer.rules);
    state.decided = answer.decided;
    state.granted = answer.granted;
    keepCookies();
    keepStorage();
    reviewAll();
  }
};

W.consentgate = state;
