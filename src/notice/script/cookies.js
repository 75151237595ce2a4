// Cookies by script: held ones live in the page's memory, where they are read back.

import { W, bind, exec, hook, slice, split } from './natives.js';
import { holds, rules } from './rules.js';

/** Name → the text it was set with. */
const jar = new Map();
const PAIR = /^\s*(?:([^=;]*?)\s*=)?\s*([^;]*?)\s*(?:;|$)/;

const nameOf = (pair) => exec(PAIR, pair)[1] || '';

const set = (text, go) => {
  const name = nameOf(text);
  if (!holds(rules.c, name)) return go();
  const age = exec(/;\s*max-age\s*=\s*"?(-?\d+)/i, text);
  const expires = exec(/;\s*expires\s*=\s*([^;]+)/i, text);
  if (age ? age[1] < 1 : expires && Date.parse(expires[1]) < Date.now()) {
    jar.delete(name);
    return go();
  }
  jar.set(name, text);
};

/** What the browser has and may show, then what is in memory. */
const list = (shown) => {
  const all = [];
  const add = (pair) => (all[all.length] = pair);
  const kept = split(shown, '; ');
  for (let i = 0; i < kept.length; i++) if (kept[i] && !holds(rules.c, nameOf(kept[i]))) add(kept[i]);
  jar.forEach((text, name) => {
    const value = exec(PAIR, text)[2];
    add(name ? name + '=' + value : value);
  });
  return all;
};

export const guardCookies = (proto) => {
  const owner = proto('Document');
  hook(owner, 'cookie', (args, go) => set((args[0] += ''), go), 'set');
  hook(owner, 'cookie', (args, go) => list(go()).join('; '), 'get');

  const store = proto('CookieStore');
  const named = (wish) => (wish && wish.name != null ? wish.name : wish) + '';
  hook(store, 'set', async (args, go) => {
    const { name = args[0], value = args[1], expires } = Object(args[0]).name == null ? {} : args[0];
    return set(name + '=' + value + (expires ? ';expires=' + new Date(expires).toUTCString() : ''), go);
  });
  hook(store, 'delete', (args, go) => (jar.delete(named(args[0])), go()));
  hook(store, 'get getAll', async (args, go, self, method) => {
    const found = await go();
    const all = [];
    const add = (one) => one && !holds(rules.c, one.name) && (all[all.length] = one);
    if (method == 'get') add(found);
    else for (let i = 0; i < found.length; i++) add(found[i]);
    jar.forEach((text, name) => {
      if (!args.length || named(args[0]) == name) {
        all[all.length] = { name, value: exec(PAIR, text)[2], domain: null, path: '/', expires: null, secure: false, sameSite: 'lax', partitioned: false };
      }
    });
    return method == 'get' ? all[0] || null : all;
  });
};

/** Keeps for real what is granted by now. */
export const keepCookies = () =>
  jar.forEach((text, name) => {
    if (!holds(rules.c, name)) {
      jar.delete(name);
      document.cookie = text;
    }
  });
