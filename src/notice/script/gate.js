// The entry of the one script that the gate puts into every page: keeps the verdicts, tells tags what is granted, does the
// gate's own buttons in place.

import { inside } from './keep.js';
import { D } from './natives.js';
import { tell } from './signals.js';

inside.tell = tell;
// In a worker there is nobody to tell.
if (D) tell('default', inside.state, inside.rules.i);
