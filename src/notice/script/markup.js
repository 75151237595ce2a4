// Markup that script hands to the browser as text: every place where a tag could begin is read as a browser would read a
// tag there, so that nothing hides in a quote or a comment, and what fetches is held by putting words in front of it.

import { D, accessor, elements, exec, hook, slice } from './natives.js';
import { heldNow, judge } from './rules.js';
import { MARK, fetches, found, judgeValue } from './elements.js';

const inert = D && D.implementation.createHTMLDocument('').body;
const fill = accessor(elements, 'innerHTML', 'set');

/** An attribute's value as the browser reads it. */
const decoded = (raw) => {
  if (!exec(/&/, raw)) return exec(/^(["']?)([^]*)\1$/, raw)[2];
  fill(inert, `<p title=${raw}>`);
  return inert.firstChild.title;
};

/** What a write left unfinished: the beginning of a tag. */
let rest = '';

/** The same markup with what is held held; `verdict` must know each address when the browser reads on at once. */
export const clean = (html, verdict) => {
  const starts = /<(?:[a-z][^\s\/>]*|$)/gi;
  let out = '';
  let copied = 0;
  rest = '';
  for (let start; (start = exec(starts, html)); ) {
    const attribute = /[\s\/]*(=?[^\s\/>=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]*))?/y;
    attribute.lastIndex = starts.lastIndex;
    let end = starts.lastIndex;
    for (let found; (found = exec(attribute, html)); end = attribute.lastIndex) {
      const name = found[1].toLowerCase();
      const at = found.index + found[0].indexOf(found[1]);
      if (at >= copied && found[2] && fetches(slice(start[0], 1), name) && judgeValue(slice(start[0], 1), name, decoded(found[2]), verdict) !== 0) {
        out += slice(html, copied, at) + MARK + ' ' + MARK + '-';
        copied = at;
      }
    }
    if (!exec(/[^\s\/]/, slice(html, end)) ) {
      rest = slice(html, start.index);
      break;
    }
  }
  return out + slice(html, copied);
};

export const guardMarkup = (w, proto) => {
  const at = (place) => (args, go, self) => {
    const html = args[place] + '';
    const cleaned = clean(html);
    if (cleaned != html) args[place] = cleaned;
    const result = go();
    if (cleaned != html) found(result || self.parentNode || self);
    return result;
  };
  const element = proto('Element');
  hook(element, 'innerHTML outerHTML', at(0), 'set');
  hook(proto('ShadowRoot'), 'innerHTML', at(0), 'set');
  hook(element, 'insertAdjacentHTML', at(1));
  hook(element, 'setHTMLUnsafe', at(0));
  hook(proto('ShadowRoot'), 'setHTMLUnsafe', at(0));
  hook(proto('Range'), 'createContextualFragment', at(0));
  hook(proto('DOMParser'), 'parseFromString', at(0));
  hook(w.Document, 'parseHTMLUnsafe', at(0));

  let unfinished = '';
  hook(proto('Document'), 'write writeln', (args, go, self, name) => {
    const html = unfinished + args.join('') + (name == 'writeln' ? '\n' : '');
    const cleaned = clean(html, (address) => (heldNow(address) ? 1 : 0));
    unfinished = rest;
    args.length = 1;
    args[0] = slice(cleaned, 0, cleaned.length - rest.length);
    return go();
  });
};
