// Elements made or changed by script: what would fetch is kept beside its attribute, under the marks the gate's own HTML
// has, and reads back as it was set.

import { Address, D, W, accessor, apply, defineProperty, descriptor, elements, erase, exec, hook, lower, read, write } from './natives.js';
import { held, heldNow, judge } from './rules.js';
import { clean } from './markup.js';

export const MARK = 'data-consentgate';
const BESIDE = MARK + '-';
const FETCHING = /^(src|srcset|data|poster|(xlink:)?href|imagesrcset|srcdoc|background|lowsrc|archive|ping|style)$/;
const MANY = /^(srcset|imagesrcset|ping|archive)$/;

/** Does this attribute of such a tag make the browser fetch? Where a link leads is the visitor's own doing. */
export const fetches = (tag, name) => exec(FETCHING, name) && !(name == 'href' && exec(/^(a|area|base)$/i, tag));

/** 1 is held, 0 passes, undefined: nobody knows yet. */
export const judgeValue = (tag, name, value, verdict = judge) => {
  if (name == 'srcdoc') return clean(value) == value ? 0 : 1;
  if (name != 'style' && !exec(MANY, name)) {
    // A document made in the page that no gate sees and no guard is in.
    return exec(/^(i?frame|object|embed)$/i, tag) && exec(/^\s*data:[^,]*(ht|x)ml/i, value) ? 1 : verdict(value);
  }
  const each = name == 'style' ? /url\(\s*["']?([^"')]+)/gi : /([^\s,]+)/g;
  let worst = 0;
  for (let found; (found = exec(each, value)); ) {
    const one = verdict(found[1]);
    if (one !== 0) worst = worst || one;
    if (one == null && !worst) worst = undefined;
  }
  return worst;
};

const waiting = [];

/** Releases what passes by now, in the order it came. */
const settle = () => {
  for (const element of waiting.splice(0)) allow(element);
};

const wait = async (element, name, value) => {
  waiting[waiting.length] = element;
  await Promise.all((exec(MANY, name) ? value.split(/[\s,]+/) : [value]).map(held));
  settle();
};

/** Gives an element back what is held of it, if it passes now, or by `force`. */
export const allow = (element, force) => {
  for (const name of element.getAttributeNames()) {
    const real = name.startsWith(BESIDE) && name.slice(BESIDE.length);
    const value = read(element, name);
    if (real && (force || judgeValue(element.localName, real, value) === 0)) {
      erase(element, name);
      write(element, real.replace('xlink:', ''), value);
    }
  }
};

const put = (element, name, value, go) => {
  if (!fetches(element.localName, name)) return go();
  value += '';
  let verdict = judgeValue(element.localName, name, value);
  // A script that wants to keep its place waits for those before it.
  if (verdict === 0 && waiting.length && element.async === false) verdict = undefined;
  erase(element, BESIDE + name);
  if (verdict === 0) return go();
  write(element, BESIDE + name, value);
  write(element, MARK, '');
  erase(element, name);
  if (verdict == null) wait(element, name, value);
};

/** What the gate has not judged yet in markup that was just put in. */
export const found = (root) => {
  if (root && root.querySelectorAll)
    root.querySelectorAll(`[${MARK}=""]`).forEach((element) => {
      for (const name of element.getAttributeNames()) {
        const real = name.slice(BESIDE.length);
        if (real && judgeValue(element.localName, real, read(element, name)) == null) wait(element, real, read(element, name));
      }
    });
};

const owns = /^(HTML|SVG).*Element$/;

export const guardElements = (w, proto) => {
  const owner = proto('Element');
  hook(owner, 'setAttribute', (args, go, self) => put(self, lower(args[0] + ''), args[1], go));
  hook(owner, 'setAttributeNS', (args, go, self) => put(self, args[1] + '', args[2], go));
  hook(owner, 'setAttributeNode setAttributeNodeNS', (args, go, self) => put(self, args[0].name, args[0].value, go) || null);
  hook(proto('Attr'), 'value', (args, go, self) => (self.ownerElement ? put(self.ownerElement, self.name, args[0], go) : go()), 'set');
  hook(owner, 'getAttribute', (args, go, self) => {
    const name = lower(args[0] + '');
    return (exec(FETCHING, name) && read(self, BESIDE + name)) ?? go();
  });
  hook(owner, 'hasAttribute', (args, go, self) => (exec(FETCHING, args[0]) && read(self, BESIDE + args[0]) != null) || go());
  hook(owner, 'removeAttribute', (args, go, self) => (erase(self, BESIDE + args[0]), go()));

  for (const kind of Object.getOwnPropertyNames(w)) {
    if (!exec(owns, kind)) continue;
    const type = proto(kind);
    const names = 'src srcset data poster href imageSrcset srcdoc background lowsrc archive ping';
    hook(type, names, (args, go, self, name) => put(self, lower(name), args[0], go), 'set');
    hook(
      type,
      names,
      (args, go, self, name) => {
        const kept = read(self, BESIDE + lower(name));
        try {
          return kept == null ? go() : exec(/^(src|data|poster|href)$/, name) ? new Address(kept, D.baseURI).href : kept;
        } catch (e) {
          return kept;
        }
      },
      'get',
    );
  }
  hook(w, 'Audio', (args, go) => {
    const address = args[0];
    args.length = 0;
    const audio = go();
    if (address !== undefined) audio.setAttribute('src', address);
    return audio;
  });
};
