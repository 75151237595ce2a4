// The gate's own buttons, done in place. What that takes is fetched when the first one is pressed; whatever fails, the
// button does what it would have done without a script.

import { decided, exec, tag } from './natives.js';
import { gate, rules } from './rules.js';

/** Does something of the rest of the script: see release.js, seen.js. As a module it is private, and a nonce goes with it. */
const more = (name, deed, ...about) => import(gate + name).then((script) => script[deed](...about));

let busy;

/** Sends what the form would send, at once: who leaves the page right after has chosen all the same. */
const send = (button) => {
  // A browser that does not put the pressed button into it sends no choice: it is refused, and the form is sent itself.
  const body = new URLSearchParams(new FormData(button.form, button));
  // Read to its end: an answer left unread keeps its connection, and the page is never done loading.
  return fetch(button.form.action, { method: 'POST', body, headers: { Accept: 'application/json' }, keepalive: 1 }).then(
    (answer) => answer.ok && answer.text(),
  );
};

/** Also `window.consentgate.update`. @param inside what only the gate's scripts may use; see release.js. */
export function watchButtons(inside) {
  // Taken now: what the page writes there later is not ours to fetch.
  const seen = tag.dataset.seen;
  addEventListener(
    'click',
    (event) => {
      const [target] = event.composedPath();
      const host = target.getRootNode?.().host;
      // A script's own click is no choice. A page whose policy keeps the state it came with has to come anew.
      if (!event.isTrusted || !exec(/^consent-/, host?.localName)) return;
      if (target.className == 'hide') host.remove();
      else if (rules.w || !target.form || target.value == 'withdraw') return;
      else if (!busy) {
        // One after the other: a form sent while the answer is under way would lose its confirmation to it.
        busy = Promise.resolve(target.name == 'once' || send(target))
          .then((recorded) => more(rules.r, 'press', inside, target, host, recorded))
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
    ({ persisted }) =>
      [(persisted || (rules.c && decided)) && rules.r, seen].map(
        (name) => name && more(name, 'shown', inside, persisted).catch(Object),
      ),
  );
  inside.state.update = () => more(rules.r, 'update', inside);
}
