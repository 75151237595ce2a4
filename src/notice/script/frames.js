// Frames without an address of their own have everything anew, and no gate sees them: the guard goes into them before the
// page can.

import { D, W, arms, hook } from './natives.js';
import { putIn } from './elements.js';
import { name } from './names.js';

const seen = new Set();
export let sweep;

/** Arms this window and those in it, each once; one of another site cannot be reached, and is not ours to keep. */
export const frames = (arm) => {
  const reach = (w) => {
    try {
      if (!seen.has(w.Object)) {
        seen.add(w.Object);
        arms(w);
        arm(w);
        hook('Node appendChild insertBefore,HTMLIFrameElement contentWindow contentDocument, open', (args, go) => {
          const result = putIn(args[0], go);
          sweep();
          reach(result?.defaultView || result);
          return result;
        });
      }
    } catch (e) {}
  };
  sweep = () => {
    for (let i = W.length; i--; ) reach(W[i]);
  };
  reach(W);
  if (D) {
    new MutationObserver((records) => {
      sweep();
      records.forEach(({ addedNodes }) => addedNodes.forEach(name));
    }).observe(D, { childList: true, subtree: true });
  }
};
