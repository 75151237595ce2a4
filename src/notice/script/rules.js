// Verdicts: by the rules that came along where they can say it, else by asking the gate.
//
// RULES: p prefix, v notice version, g granted purposes, b their set as hex; and where something is held: c cookie names,
// s storage keys, t the site's tags, o tracker paths, h own hosts, l link parameters (src/gateway/guard.rs).

import { Address, D, L, Request, W, exec, fetched, lower, opened, sent, split } from './natives.js';

/** The rules in force. */
export const rules = {};
/** What is held right now: nothing, once everything is granted. */
export let holding;
/** Verdicts the gate has given: 1 is held, 0 passes; `P` in front of a host. */
let known;

export const adopt = (given) => {
  known = { __proto__: null };
  holding = given.c;
  for (const key in given) rules[key] = expressions(given[key], key);
};

const expressions = (value, key) =>
  typeof value == 'object' && key != 'g' ? value.map((one) => (one > -1 ? one : new RegExp(one))) : 'hlo'.includes(key) ? new RegExp(value) : value;

/** The verdict on a name: 1 is held. Lists are expression, verdict, expression, verdict, …, and what else. */
export const holds = (list, name) => {
  let i = 0;
  if (!holding) return 0;
  for (; i < list.length - 1; i += 2) if (exec(list[i], name)) return list[i + 1];
  return list[i];
};

/** 1 is held, 0 passes, undefined: the gate has to be asked. */
export const judge = (address) => {
  let url;
  try {
    url = new Address(address, D ? D.baseURI : L.href);
  } catch (e) {}
  if (!holding || !url || !exec(/^(http|ws)/, url.protocol)) return 0;
  const listed = holds(rules.t, lower(url.href));
  if (listed > -1) return listed;
  const own = url.hostname == L.hostname || exec(rules.h, url.hostname);
  const host = known['P' + url.hostname];
  if (own || host === 0) {
    const path = exec(rules.o, url.pathname);
    if (own || !path) return path ? 1 : 0;
  }
  return host || known[url.href];
};

export const gate = (L.origin == 'null' ? '' : L.origin) + RULES.p + '/';

const question = (addresses) => L.pathname + addresses.map((address) => '\n' + address).join('');

const learn = (addresses, text) => {
  const answer = JSON.parse(text);
  for (let i = 0; i < addresses.length; i++) {
    const verdict = answer.verdicts[i];
    const whole = verdict < 'a';
    known[whole ? 'P' + new Address(addresses[i]).hostname : addresses[i]] = lower(verdict) == 'h' ? 1 : 0;
  }
  return answer;
};

/** Asks, now or soon; without an answer nothing is known, and that is held. */
export const askNow = (addresses) => {
  try {
    const request = new Request();
    opened(request, 'POST', gate + 'verdict', false);
    sent(request, question(addresses));
    return learn(addresses, request.responseText);
  } catch (e) {}
};

export const askSoon = async (addresses) => {
  try {
    const answer = await fetched(gate + 'verdict', { method: 'POST', body: question(addresses), keepalive: true });
    return learn(addresses, await answer.text());
  } catch (e) {}
};

const absolute = (address) => new Address(address, D ? D.baseURI : L.href).href;

let batch;
let asked;
/** What is asked in one go of the page's script is one question. */
const ask = (address) => {
  if (!asked || asked.length > 150) {
    const now = (asked = []);
    batch = (async () => {
      await 0;
      asked = 0;
      await askSoon(now);
    })();
  }
  asked[asked.length] = absolute(address);
  return batch;
};

/** Is it held? Asks where it must. */
export const heldNow = (address) => {
  if (judge(address) == null) askNow([absolute(address)]);
  return judge(address) !== 0;
};

export const held = async (address) => {
  if (judge(address) == null) await ask(address);
  return judge(address) !== 0;
};

adopt(RULES);
