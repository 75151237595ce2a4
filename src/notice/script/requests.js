// Requests by script. Held ones end as on a network that is not there; about those nobody knows
// yet the gate is asked at once.

import { Address, Request, exec, hook, opened, sent, tag } from './natives.js';
import { gate, heldNow } from './rules.js';

export const guardRequests = () => {
  hook(
    ' fetch fetchLater WebSocket EventSource WebTransport importScripts Audio,XMLHttpRequest open,Navigator sendBeacon',
    (args, go, self, name) => {
      for (const i in args) {
        // Only the addresses: what else reads as one leads to wherever the page's base does.
        if ((name[0] == 'i' || i == (name == 'open')) && heldNow(args[i]?.url || args[i])) {
          // It is said to be under way, as always.
          if (name == 'sendBeacon') return true;
          // These try again where nothing answers; the gate says "not found", which ends it.
          args[i] = exec(/^[EW]/, name) ? gate + 'held' : 'blob:';
        }
      }
      return go();
    },
  );
  // A worker whose program is made in the page gets the guard in front; its text is read now: it may be gone soon. Where the
  // page's own policy forbids that, what the worker may ask for is up to that policy.
  hook(' Worker SharedWorker', (args, go) => {
    if (exec(/^(blob|data):/, args[0])) {
      try {
        const text = [tag.src, args[0]].map((address) => {
          const request = new Request();
          opened(request, 'GET', address, false);
          sent(request);
          return request.responseText;
        });
        args[0] = Address.createObjectURL(new Blob([text.join(';')], { type: 'text/javascript' }));
      } catch (e) {}
    }
    return go();
  });
};
