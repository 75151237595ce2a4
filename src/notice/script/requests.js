// Requests by script. Held ones end as on a network that is not there; those nobody knows yet wait for the gate's answer.

import { Bytes, Request, W, createURL, exec, hook, opened, sent } from './natives.js';
import { gate, held, heldNow, judge, rules } from './rules.js';

/** An address that fails without asking anybody. */
const NOWHERE = 'blob:';

const addressOf = (target) => (target && target.url) || target;

export const guardRequests = (w, proto) => {
  const later = (args, go) => {
    const address = addressOf(args[0]);
    if (judge(address) === 0) return go();
    return (async () => {
      if (await held(address)) args[0] = NOWHERE;
      return go();
    })();
  };
  hook(w, 'fetch', later);
  hook(proto('Worklet'), 'addModule', later);
  hook(proto('Navigator'), 'sendBeacon', (args, go) => {
    if (judge(args[0]) === 0) return go();
    held(args[0]).then((is) => is || go());
    return true;
  });
  hook(w, 'fetchLater', (args, go) => (heldNow(addressOf(args[0])) ? { activated: false } : go()));
  hook(proto('XMLHttpRequest'), 'open', (args, go) => {
    if (heldNow(args[1])) args[1] = NOWHERE;
    return go();
  });
  // These try again where nothing answers; the gate says "not found", which ends it.
  hook(w, 'WebSocket EventSource WebTransport', (args, go, self, name) => {
    if (heldNow(args[0])) args[0] = (name == 'WebSocket' ? 'ws' + gate.slice(4) : gate) + 'held';
    return go();
  });
  hook(w, 'importScripts', (args, go) => {
    for (let i = 0; i < args.length; i++) if (heldNow(args[i])) args[i] = 'data:text/javascript,';
    return go();
  });
  // A worker has everything anew: one of the site's files gets the guard from the gate, one made in the page here.
  hook(w, 'Worker SharedWorker', (args, go) => {
    const address = (args[0] += '');
    if (judge(address)) args[0] = NOWHERE;
    else if (exec(/^(blob|data):/, address)) {
      const guard = JSON.stringify(`${gate}guard-${rules.b}0000000000000000.js`);
      const request = new Request();
      opened(request, 'GET', address, false);
      sent(request);
      const text = ((args[1] || 0).type == 'module' ? `import${guard};` : `importScripts(${guard});`) + request.responseText;
      args[0] = createURL(new Bytes([text], { type: 'text/javascript' }));
    }
    return go();
  });
};
