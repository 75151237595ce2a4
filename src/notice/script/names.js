// What a held script would have given the page: until it runs, something that does nothing stands in its place.

import { W, exec } from './natives.js';

/**
 * A command of a tracker's, its queue, an object of theirs: whatever is asked of it is no more than itself. Links that wait
 * for a tracker's answer get it: they would never be followed.
 */
export const standIn = new Proxy(
  (...args) => {
    const last = args.pop();
    for (const key in last) if (exec(/ack$/, key)) setTimeout(last[key]);
  },
  { __proto__: null, get: () => standIn },
);

/** Before the parser runs the next script it tells of what it has inserted. */
export const name = ({ dataset }) => {
  dataset?.consentgate?.split(' ').map((name, i) => i && (W[name] ??= standIn));
};
