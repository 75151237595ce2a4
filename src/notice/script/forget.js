// What a visitor has refused since it was stored: taken away, as the gate does with cookies.

/** @param inside see release.js: `stores` are the page's, as the browser has them, `isHeld` judges the names of things in them. */
export function forget({ stores, isHeld }) {
  try {
    // Known from their first use on.
    void [localStorage, sessionStorage];
    for (const [store] of stores) for (const key of Object.keys(store)) if (isHeld(key)) delete store[key];
    indexedDB.databases().then((all) => all.forEach(({ name }) => isHeld(name) && indexedDB.deleteDatabase(name)));
    caches.keys().then((all) => all.forEach((name) => isHeld(name) && caches.delete(name)));
  } catch {
    // A page that may not store anything, or not ask what it has stored.
  }
}
