// Requests by script. Held ones end as on a network that is not there; about those nobody knows
// yet the gate is asked at once.

import { exec, hook } from './natives.js';
import { gate, heldNow } from './rules.js';

export const guardRequests = () => {
  // What is no address among the arguments reads as one of the own host.
  hook(
    ' fetch fetchLater WebSocket EventSource WebTransport importScripts Audio,XMLHttpRequest open,Worklet addModule,Navigator sendBeacon',
    (args, go, self, name) => {
      for (const i in args) {
        if (heldNow(args[i]?.url || args[i])) {
          // It is said to be under way, as always.
          if (name == 'sendBeacon') return true;
          // These try again where nothing answers; the gate says "not found", which ends it.
          args[i] = exec(/^[EW]/, name) ? gate + 'held' : 'blob:';
        }
      }
      return go();
    },
  );
};
