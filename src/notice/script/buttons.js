// The gate's own buttons, done in place. What that takes is fetched when the first one is pressed; whatever fails, the
// button does what it would have done without a script.

import { decided } from './natives.js';
import { gate, rules } from './rules.js';

/** The rest of the script: see release.js. As a module it is private, and a nonce goes with it. */
const more = () => import(gate + rules.r);

let busy;

/** Sends what the form would send, at once: who leaves the page right after has chosen all the same. */
const send = ({ form, name, value }) => {
  const body = new URLSearchParams(new FormData(form));
  body.append(name, value);
  // Read to its end: an answer left unread keeps its connection, and the page is never done loading.
  return fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' }, keepalive: true }).then(
    (answer) => answer.ok && answer.text(),
  );
};

/** Also `window.consentgate.update`. @param inside what only the gate's scripts may use; see release.js. */
export function watchButtons(inside) {
  addEventListener(
    'click',
    (event) => {
      const [target] = event.composedPath();
      const host = target.getRootNode?.().host;
      // A script's own click is no choice. A page whose policy keeps the state it came with has to come anew.
      if (!event.isTrusted || !/^consent-/.test(host?.localName)) return;
      if (target.className == 'hide') host.remove();
      else if (rules.w || !target.form || target.value == 'withdraw') return;
      else if (!busy) {
        // One after the other: a form sent while the answer is under way would lose its confirmation to it.
        busy = Promise.resolve(target.name == 'once' || send(target))
          .then((recorded) => more().then((script) => script.press(inside, target, host, recorded)))
          .catch(() => target.form.requestSubmit(target))
          .then(() => (busy = 0));
      }
      event.preventDefault();
    },
    true,
  );
  // Back on a page kept whole what was chosen since has to hold too; and what was refused since it was stored has to go. A
  // visitor who has not decided yet may still agree to it: until then the guard hides it.
  addEventListener(
    'pageshow',
    ({ persisted }) => (persisted || (rules.c && decided)) && more().then((script) => script.shown(inside, persisted), Boolean),
  );
  inside.state.update = () => more().then((script) => script.update(inside));
}
