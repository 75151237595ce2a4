// Cookies by script: held ones live in the page's memory, where they are read back.

import { exec, hook } from './natives.js';
import { holds, rules } from './rules.js';

/** Name → the text it was set with. */
const jar = new Map();
/** The whole, the name, the value. */
const pair = (text) => exec(/^\s*(?:([^=;]*?)\s*=)?\s*([^;]*?)\s*(;|$)/, text);
const nameOf = (text) => pair(text)[1] || '';
const isHeld = (name, kind) => holds(rules.c, name, kind);

const set = (text, go) => {
  const name = nameOf(text);
  const [, , age, when] = exec(/;\s*(max-age\s*=\s*(-?\d+)|expires\s*=([^;]+))/i, text) || [];
  const ends = age < 1 || Date.parse(when) < Date.now();
  if (ends) jar.delete(name);
  // To delete is always allowed.
  return ends || !isHeld(name, '=') ? go() : void jar.set(name, text);
};

export const guardCookies = () => {
  hook('Document cookie', (args, go) => {
    if (args.length) return set((args[0] += ''), go);
    const all = go().split('; ').filter((text) => text && !isHeld(nameOf(text)));
    jar.forEach((text, name) => all.push((name && name + '=') + pair(text)[2]));
    return all.join('; ');
  });
  hook('CookieStore set', async ([wish, value], go) => set((wish.name ?? wish) + '=' + (wish.value ?? value) + ';path=/;secure', go));
};

/** Keeps for real what is granted by now. */
export const keepCookies = () =>
  jar.forEach((text, name) => {
    if (!isHeld(name)) {
      jar.delete(name);
      document.cookie = text;
    }
  });
