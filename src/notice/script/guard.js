// The guard: keeps the gate's verdicts while the page runs (docs/guard.md).

import { D } from './natives.js';
import { rules } from './rules.js';
import { guardCookies } from './cookies.js';
import { guardStorage } from './storage.js';
import { guardRequests } from './requests.js';
import { guardElements } from './elements.js';
import { guardMarkup } from './markup.js';
import { frames } from './frames.js';
import { guardLinks } from './links.js';

// With everything granted nothing is touched.
if (rules.c) {
  frames((w) => {
    guardRequests();
    guardStorage();
    guardCookies();
    guardElements(w);
    guardMarkup();
  });
  if (D) guardLinks();
}
