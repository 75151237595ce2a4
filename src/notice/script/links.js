// Identities that a tracker puts on a link or a form to carry them to another site are taken off as the visitor leaves.

import { W } from './natives.js';
import { isOwn, matches, parsed, rules } from './rules.js';

const leave = (event) => {
  const target = event.composedPath()[0].closest?.('[href],[action]');
  const name = target?.href ? 'href' : 'action';
  const url = parsed(target?.[name]);
  if (rules.l && url && !isOwn(url)) {
    const search = url.search.replace(/[?&]([^=&]*)[^&]*/g, (all, key) => (matches(rules.l, key) ? '' : all));
    if (search != url.search) {
      url.search = search;
      target[name] = url;
    }
  }
};

export const guardLinks = () => {
  for (const type of ['click', 'auxclick', 'submit']) for (const early of [1, 0]) W.addEventListener(type, leave, early);
};
