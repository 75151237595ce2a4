// The guard and the gate's own buttons: what works without telling anybody.

import './guard.js';
import { open, state } from './state.js';
import { D, erase, read, write } from './natives.js';
import { ask, asked, rules, written } from './rules.js';
import { watchButtons } from './buttons.js';
import { stores } from './storage.js';
import { standIn } from './names.js';

/** What the gate's scripts share and pages never see; release.js says what each is. */
export const inside = {
  rules,
  state,
  ask: (addresses) => {
    // With nothing to judge the answer has the rules.
    if (addresses[0]) asked.unshift(...addresses);
    else asked.length = 0;
    return new Promise(ask);
  },
  open,
  read,
  write,
  erase,
  stores,
  standIn,
  written,
};

// In a worker there is nothing to see.
if (D) watchButtons(inside);
