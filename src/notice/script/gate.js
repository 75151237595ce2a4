// The entry of the one script that the gate puts into every page: keeps the verdicts, tells tags what is granted, does the
// gate's own buttons in place.

import { open, state } from './guard.js';
import { D, erase, read, write } from './natives.js';
import { askSoon, gate, rules } from './rules.js';
import { update, watchButtons } from './buttons.js';
import { tell } from './signals.js';

/** What the gate's scripts share and pages never see; release.js says what each is. */
const inside = { rules, gate, state, ask: askSoon, open, read, write, erase, tell };

// In a worker there is nothing to see, and nobody to tell.
if (D) {
  tell('default', state, rules.i);
  watchButtons(inside);
  state.update = () => update(inside);
}
