// Markup that script hands to the browser as text is read first where nothing loads and nothing runs. Where
// something in it is held, the browser gets it with the marks; everything else goes on as it was written.

import { D, exec, fill, hook, read } from './natives.js';
import { ask, asked } from './rules.js';
import { put, review } from './elements.js';
import { sweep } from './frames.js';

/** What is in a template belongs to a document where nothing loads (HTML standard, "template contents owner document"). */
const inert = D?.createElement('template');

/** The same markup with what is held held; `trusted` is what the page's policy takes for it. */
export const clean = (html, trusted = html) => {
  let whole = 1;
  // Most markup names nothing that fetches: it need not be read twice.
  if (!exec(/src|data|poster|href|background|ping|url/i, html)) return html;
  fill(inert, trusted);
  const search = (root) =>
    root.querySelectorAll('*').forEach((element) => {
      element.getAttributeNames().forEach((name) => (whole = put(element, name, read(element, name), Object) && whole));
      if (element.content?.querySelectorAll) search(element.content);
    });
  search(inert.content);
  return whole ? html : inert.innerHTML;
};

/** The beginning of a tag that a write left unfinished. */
let rest = '';

export const guardMarkup = () => {
  hook(
    'Element innerHTML outerHTML insertAdjacentHTML setHTMLUnsafe,ShadowRoot innerHTML setHTMLUnsafe,Range createContextualFragment,DOMParser parseFromString',
    (args, go, self, method) => {
      const place = +(method == 'insertAdjacentHTML');
      const html = args[place] + '';
      const cleaned = clean(html, args[place]);
      if (cleaned != html) args[place] = cleaned;
      const result = go();
      sweep();
      if (cleaned != html) review(result || self.parentNode || self);
      return result;
    },
  );
  hook('Document write writeln', (args, go, self) => {
    const [, html, begun = ''] = exec(/^([^]*?)(<[^>]*)?$/, rest + args.join(''));
    const trusted = args[1] || rest || begun ? html : args[0];
    let cleaned = clean(html, trusted);
    // What is written may wait for nothing: it is read on at once.
    if (asked[0]) {
      ask();
      cleaned = clean(html, trusted);
    }
    rest = begun;
    args[0] = cleaned == html ? trusted : cleaned;
    args.length = 1;
    const result = go();
    // In a frame it would not be found again.
    if (cleaned != html) review(self);
    return result;
  });
};
