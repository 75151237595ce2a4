// Identities that a tracker puts on a link or a form to carry them to another site are taken off as the visitor leaves.

import { Address, L, W, exec } from './natives.js';
import { holding, rules } from './rules.js';

const stripped = (address) => {
  const url = new Address(address);
  if (!holding || url.hostname == L.hostname) return address;
  for (const name of [...url.searchParams.keys()]) if (exec(rules.l, name)) url.searchParams.delete(name);
  return url.href;
};

const leave = (event) => {
  try {
    const form = event.type == 'submit' && event.target;
    const link = form || event.composedPath().find((node) => node.href);
    const name = form ? 'action' : 'href';
    const clean = stripped(link[name]);
    if (clean != link[name]) link[name] = clean;
    if (form && new Address(form.action).hostname != L.hostname) {
      for (const field of [...form.elements]) if (exec(rules.l, field.name)) field.disabled = true;
    }
  } catch (e) {}
};

export const guardLinks = () => {
  for (const type of ['click', 'auxclick', 'submit']) for (const early of [true, false]) W.addEventListener(type, leave, early);
};
