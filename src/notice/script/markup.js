// Markup that script hands to the browser as text is read first where nothing loads and nothing runs. Where
// something in it is held, the browser gets it with the marks; everything else goes on as it was written.

import { D, exec, fill, hook, read } from './natives.js';
import { ask, asked } from './rules.js';
import { put, review } from './elements.js';

/** What is in a template belongs to a document where nothing loads (HTML standard, "template contents owner document"). */
const inert = D?.createElement('template');

/** The same markup with what is held held. */
export const clean = (html) => {
  let whole = 1;
  // Most markup names nothing that fetches: it need not be read twice.
  if (!exec(/src|data|poster|href|background|ping/i, html)) return html;
  fill(inert, html);
  inert.content.querySelectorAll('*').forEach((element) =>
    element.getAttributeNames().forEach((name) => (whole = put(element, name, read(element, name), Object) && whole)),
  );
  return whole ? html : inert.innerHTML;
};

/** The beginning of a tag that a write left unfinished. */
let rest = '';

export const guardMarkup = () => {
  hook(
    'Element innerHTML outerHTML insertAdjacentHTML setHTMLUnsafe,ShadowRoot innerHTML setHTMLUnsafe,Range createContextualFragment,DOMParser parseFromString',
    (args, go, self, method) => {
      const place = method == 'insertAdjacentHTML' ? 1 : 0;
      const html = args[place] + '';
      const cleaned = clean(html);
      if (cleaned == html) return go();
      args[place] = cleaned;
      const result = go();
      review(result || self.parentNode || self);
      return result;
    },
  );
  hook('Document write writeln', (args, go) => {
    const [, html, begun = ''] = exec(/^([^]*?)(<[^>]*)?$/, rest + args.join(''));
    rest = begun;
    args[0] = clean(html);
    // What is written may wait for nothing: it is read on at once.
    if (asked[0]) {
      ask();
      args[0] = clean(html);
    }
    args.length = 1;
    return go();
  });
};
