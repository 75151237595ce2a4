// Addresses in styles that script makes: what is held gets the mark that the gate's own HTML has in front of it, and
// fetches nothing; the rest of the style stands.

import { D, exec, hook, read, write } from './natives.js';
import { heldNow } from './rules.js';

const INERT = 'data:,consentgate/';

/** The same style with what is held made inert. */
export const tidy = (css) =>
  exec(/url\(|@import/i, css)
    ? css.replace(/(url\(\s*["']?|@import\s*["'])([^"')\s]+)/gi, (all, begin, address) => begin + (heldNow(address) ? INERT : '') + address)
    : css;

/** Looks again at a `style` attribute. */
export const tidyAttribute = (element, mark) => {
  const css = read(element, 'style');
  const now = css && tidy(css.split(INERT).join(''));
  if (now != css) {
    write(element, mark, '');
    write(element, 'style', now);
  }
};

export const guardStyles = (mark) => {
  hook('CSSStyleDeclaration setProperty cssText,CSSStyleSheet insertRule replace replaceSync, FontFace', (args, go) => {
    for (const i in args) if (args[i]?.big) args[i] = tidy(args[i]);
    return go();
  });
  hook('Node appendChild insertBefore,Element append', (args, go, self) => {
    const [node] = args;
    if ('style' == (node?.localName || self.localName)) {
      const now = tidy(node.textContent || '');
      if (now != node.textContent) node.textContent = now;
    }
    return go();
  });
  // A property set by its name shows in the attribute before anything is drawn.
  if (D) {
    new MutationObserver((records) => records.forEach(({ target }) => tidyAttribute(target, mark))).observe(D, {
      attributeFilter: ['style'],
      subtree: true,
    });
  }
};
