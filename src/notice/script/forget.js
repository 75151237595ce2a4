// What a visitor has refused since it was stored: taken away, as the gate does with cookies.

import { W, decided } from './natives.js';
import { rules } from './rules.js';
import { forget, isHeld } from './storage.js';

// A visitor who has not decided yet may still agree to it; until then the guard hides it.
if (rules.c && decided) {
  try {
    forget();
    W.indexedDB.databases().then((all) => all.forEach(({ name }) => isHeld(name) && W.indexedDB.deleteDatabase(name)));
    W.caches.keys().then((all) => all.forEach((name) => isHeld(name) && W.caches.delete(name)));
  } catch (e) {}
}
