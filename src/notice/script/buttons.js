// The gate's own buttons, done in place. What that takes is fetched when the first one is pressed; whatever fails, the
// button does what it would have done without a script.

/** The rest of the script: see release.js. As a module it is private, and a nonce goes with it. */
const more = ({ gate, rules }) => import(gate + rules.r);

let busy;

/** Sends what the form would send, at once: who leaves the page right after has chosen all the same. */
const send = ({ form, name, value }) => {
  const body = new URLSearchParams(new FormData(form));
  body.append(name, value);
  // Read to its end: an answer left unread keeps its connection, and the page is never done loading.
  return fetch(form.action, { method: 'POST', body, headers: { Accept: 'application/json' }, keepalive: true }).then(
    (answer) => (answer.ok ? answer.text() : Promise.reject()),
  );
};

/** @param inside what only the gate's scripts may use; see release.js. */
export function watchButtons(inside) {
  addEventListener(
    'click',
    (event) => {
      const [target] = event.composedPath();
      const host = target.getRootNode?.().host;
      // A script's own click is no choice. A page whose policy keeps the state it came with has to come anew.
      if (!event.isTrusted || !host || !/^consent-/.test(host.localName)) return;
      if (target.className == 'hide') host.remove();
      else if (inside.rules.w || !target.form || target.value == 'withdraw') return;
      else if (!busy) {
        busy = Promise.all([more(inside), target.name == 'once' || send(target)])
          .then(([script]) => script.press(inside, target, host))
          .catch(() => target.form.requestSubmit(target))
          .then(() => (busy = 0));
      }
      event.preventDefault();
    },
    true,
  );
  // Back on a page kept whole: what was chosen since has to hold here too.
  addEventListener('pageshow', (event) => event.persisted && more(inside).then((script) => script.again(inside)));
}

/** `window.consentgate.update`. */
export const update = (inside) => more(inside).then((script) => script.update(inside));
