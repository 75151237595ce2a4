// Verdicts: by the rules that came along where they can say it, else by asking the gate.
//
// RULES: p prefix, v notice version, g granted purposes, b their set as hex; and where something is held: c cookie names,
// s storage keys, t the site's tags, o tracker paths, h own hosts, l link parameters (src/gateway/guard.rs).

import { Address, D, L, Request, exec, opened, sent } from './natives.js';

/** The rules in force. */
export let rules;
/** Verdicts the gate has given: 1 is held, 0 passes. A whole host is known by its name. */
let known;

export const adopt = (given) => {
  known = { __proto__: null };
  rules = given;
};

export const matches = (expression, text) => exec(RegExp(expression), text);

/** What the page has written, each kind and name once: nobody but seen.js looks. */
export const written = new Set();

/** The verdict on a name: 1 is held. Lists are expression, verdict, expression, verdict, …, and what else. To write is to name a kind. */
export const holds = (list = [0], name, kind) => {
  if (kind) written.add(kind + name);
  let i = 0;
  while (list[i + 1] + 1 && !matches(list[i], name)) i += 2;
  return list[i + 1] ?? list[i];
};

export const parsed = (address) => {
  try {
    return new Address(address, D ? D.baseURI : L.href);
  } catch (e) {
    return 0;
  }
};

/** Is this host one of the site's? */
export const isOwn = (url) => url.hostname == L.hostname || matches(rules.h, url.hostname);

/** What the gate is to be asked next. */
export const asked = [];

/** 1 is held, 0 passes, undefined: the gate has to be asked. */
export const judge = (address) => {
  const url = parsed(address);
  // With everything granted there are no rules.
  if (!rules.t || !exec(/^(http|ws)/, url.protocol)) return 0;
  const listed = holds(rules.t, url.href.toLowerCase());
  const own = isOwn(url);
  const host = known[url.hostname];
  if (listed > -1) return listed;
  if (own || host === 0) {
    const tracker = +!!matches(rules.o, url.pathname);
    if (own || !tracker) return tracker;
  }
  return host || (known[url.href] ?? void asked.push(url.href));
};

export const gate = L.origin + RULES.p + '/';

/** Asks the gate, and calls `done` with its answer; without `done` at once. What it does not answer is held. */
export const ask = (done) => {
  const addresses = asked.splice(0);
  const request = new Request();
  const learn = () => {
    let answer = 0;
    try {
      answer = JSON.parse(request.responseText);
    } catch (e) {}
    addresses.forEach((address, i) => {
      const say = answer.verdicts?.[i] || 'h';
      known[say < 'a' ? parsed(address).hostname : address] = +!!exec(/h/i, say);
    });
    done?.(answer);
  };
  try {
    request.onloadend = learn;
    opened(request, 'POST', gate + 'verdict', !!done);
    sent(request, [L.pathname, ...addresses].join('\n'));
  } catch (e) {
    learn();
  }
};

/** Is it held? Asks at once if it must. */
export const heldNow = (address) => judge(address) ?? (ask(), judge(address));

adopt(RULES);
