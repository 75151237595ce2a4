// What the page's scripts have written, told to the gate once and by name alone: on the few page views that the gate
// chooses (docs/inventory.md). Nothing stored is looked at for it: only what the guard was asked about in this page view.

/** What the guard has written before the name, and what the gate calls it. */
const KINDS = { localStorage: 'local', sessionStorage: 'session', '[object IDBFactory]': 'indexed_db', '[object CacheStorage]': 'cache', '=': 'cookie' };
const MOST_NAMES = 64;
const LONGEST_NAME = 256;
/** The gate reads 8 KiB. */
const LARGEST = 8000;
/** By then most have chosen, and what they agreed to has run. */
const AFTER = 20_000;

let began;

/** @param inside see release.js: `written` are the kinds and names. */
export function shown({ written }) {
  // A page that comes back from the browser's memory is the same page view.
  if (began) return;
  began = true;
  let over;
  const once = () => {
    const body = !over && told(written);
    over = true;
    if (body) navigator.sendBeacon(new URL('seen', import.meta.url), body);
  };
  setTimeout(once, AFTER);
  addEventListener('pagehide', once);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && once());
}

/** The kinds and names as JSON, as many as may be sent; nothing where there are none. */
function told(written, page = location.pathname) {
  const names = {};
  let [count, size] = [0, page.length];
  for (const one of written) {
    const [, kind, name] = /^(localStorage|sessionStorage|\[object \w+\]|=)([^]*)$/.exec(one) ?? [];
    const length = name && new TextEncoder().encode(JSON.stringify(name)).length + 1;
    if (!KINDS[kind] || !name || length > LONGEST_NAME || count === MOST_NAMES || size + length > LARGEST) continue;
    (names[KINDS[kind]] ??= []).push(name);
    [count, size] = [count + 1, size + length];
  }
  return count && JSON.stringify({ page, ...names });
}
