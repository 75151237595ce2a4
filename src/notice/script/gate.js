// The entry of the one script that the gate puts into every page: keeps the verdicts, tells tags what is granted, does the
// gate's own buttons in place.

import './guard.js';
import './forget.js';
import { open, state } from './state.js';
import { D, erase, read, write } from './natives.js';
import { ask, asked, gate, rules } from './rules.js';
import { update, watchButtons } from './buttons.js';
import { tell } from './signals.js';

/** What the gate's scripts share and pages never see; release.js says what each is. */
const inside = {
  get rules() {
    return rules;
  },
  gate,
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
  tell,
};

// In a worker there is nothing to see, and nobody to tell.
if (D) {
  tell('default', state, rules.i);
  watchButtons(inside);
  state.update = () => update(inside);
}
