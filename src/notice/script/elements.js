// Elements made or changed by script: what would fetch is kept beside its attribute, under the marks the gate's own HTML
// has, and reads back as it was set.

import { D, erase, exec, hook, protoOf, read, write } from './natives.js';
import { ask, judge, parsed, rules } from './rules.js';
import { clean } from './markup.js';

export const MARK = 'data-consentgate';
const BESIDE = MARK + '-';

/** Does this attribute of such a tag make the browser fetch? Where a link leads is the visitor's own doing. */
const fetches = (tag, name) =>
  exec(/^meta content$|^(?!(a|area|base) href).* (\w*src\w*|data|poster|(xlink:)?href|background|ping)$/, tag + ' ' + name);

/** 1 is held, 0 passes, undefined: the gate has to be asked. */
const judgeValue = (name, value) => {
  if (name == 'srcdoc') return clean(value) == value ? 0 : 1;
  // A refresh leads where its address says; what else a meta says leads nowhere.
  if (name == 'content') value = exec(/[;,]\s*(?:url\s*=\s*)?['"]?([^'"]*)/i, value)?.[1] || '';
  // A document made in the page that no gate sees and no guard is in.
  if (rules.t && exec(/^\s*data:[^,]*html/i, value)) return 1;
  // The worst of several: 1 before undefined before 0.
  return exec(/set|ping/, name)
    ? value.split(/[\s,]+/).map(judge).reduce((one, other) => one || (other === 0 ? one : other), 0)
    : judge(value);
};

/** Whatever is held, in a page or not yet. */
const held = new Set();

/** What waits for the gate's answer, in the order it came. */
const waiting = [];

/** All that one go of the page's script wants to load is one question. */
const wait = (element) => {
  if (waiting.push(element) < 2) queueMicrotask(() => ask(() => waiting.splice(0).forEach(allow)));
};

/** Gives an element back what is held of it, if it passes by now. */
const allow = (element) => {
  for (const name of element.getAttributeNames()) {
    const [, real] = name.split(BESIDE);
    if (real) {
      const value = read(element, name);
      const verdict = judgeValue(real, value);
      if (verdict) held.add(element);
      verdict ?? wait(element);
      if (verdict === 0) {
        erase(element, name);
        write(element, real.replace('xlink:', ''), value);
      }
    }
  }
};

/** Looks again at all that is held in here. */
export const review = (root) => root.querySelectorAll?.(`[${MARK}=""]`).forEach(allow);
/** Looks again at all that is held. */
export const reviewAll = () => {
  review(D);
  held.forEach(allow);
};

/** Sets an attribute, or keeps it beside and says nothing. */
export const put = (element, name, value, go) => {
  if (!fetches(element.localName, name)) return go();
  let verdict = judgeValue(name, (value += ''));
  // A script that wants to keep its place waits for those before it.
  if (verdict === 0 && element.async === false && waiting[0]) verdict = undefined;
  erase(element, BESIDE + name);
  if (verdict === 0) return go();
  write(element, BESIDE + name, value);
  write(element, MARK, '');
  erase(element, name);
  // Markup that is only read belongs to no window.
  if (element.ownerDocument.defaultView) held.add(element);
  verdict ?? wait(element);
};

/** A script whose address is kept beside would run the text it has: it is none while it is put in. */
export const putIn = (node, go) => {
  if (!node?.text || !read(node, BESIDE + 'src')) return go();
  const { type } = node;
  node.type = MARK;
  const result = go();
  node.type = type;
  return result;
};

export const guardElements = (w) => {
  hook('Element setAttribute setAttributeNS setAttributeNode', (args, go, self) => {
    const [name, value = name.value] = args.slice(-2);
    return put(self, (name.name || name + '').toLowerCase(), value, go);
  });
  hook('Attr value', (args, go, self) => (args.length && self.ownerElement ? put(self.ownerElement, self.name, args[0], go) : go()));
  hook('Element getAttribute hasAttribute removeAttribute', (args, go, self, method) => {
    const name = BESIDE + args[0];
    const kept = read(self, name);
    if (kept == null) return go();
    return method < 'h' ? kept : method < 'i' || erase(self, name);
  });
  for (const kind of Object.getOwnPropertyNames(w)) {
    for (const name of exec(/^HTML/, kind) ? Object.getOwnPropertyNames(protoOf(w, kind)) : []) {
      const attribute = name.toLowerCase();
      if (fetches(kind.slice(4, 8).toLowerCase(), attribute)) {
        hook(kind + ' ' + name, (args, go, self) => {
          if (args.length) return put(self, attribute, args[0], go);
          const kept = read(self, BESIDE + attribute);
          return kept == null ? go() : ((!exec(/set|doc|ping/, attribute) && parsed(kept)) || kept) + '';
        });
      }
    }
  }
};
