// What a visitor has refused since it was stored: taken away, as the gate does with cookies.

/** The verdict on a key: as `holds` in rules.js, which is not there for a module of its own. */
function verdict(list, key) {
  let at = 0;
  while (at < list.length - 1 && !RegExp(list[at]).test(key)) at += 2;
  return list[at + 1] ?? list[at];
}

/** @param inside see release.js: `stores` are the page's, as the browser has them. */
export function forget({ stores, rules }) {
  const isHeld = (key) => verdict(rules.s, key);
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
