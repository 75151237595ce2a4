// What a visitor meets of a notice: found by the facts about well-known products, by autoconsent's rules, else by its looks; and which
// control has to be pressed next to get somewhere.

// === Which notice there is ===

const product = () => {
  for (const facts of PRODUCTS) {
    for (const root of facts.root ? all(facts.root) : []) {
      const accept = first(facts.accept, root) ?? (visible(root) ? of('accept', root) : undefined);
      if (!accept) continue;
      // Some products have one control that refuses or leads on, as it is set up.
      const refuses = first(facts.reject, root);
      const reject = refuses && kind(refuses) !== 'settings' ? refuses : of('reject', root);
      const by = `what is known of ${facts.product}`;
      return { facts, root, accept, reject: reject === accept ? undefined : reject, way: 'known', by };
    }
  }
};
const overlays = (element) => {
  const { position } = getComputedStyle(element);
  return position === 'fixed' || position === 'sticky' || /^(alert)?dialog$/.test(element.getAttribute('role') ?? '') || element.localName === 'dialog';
};
const named = (element) =>
  NAMED.test(`${element.id} ${element.getAttribute('class') ?? ''} ${element.getAttribute('aria-label') ?? ''} ${element.localName}`);
/** A region about cookies that lies over the page, or is named for them and comes first or offers both. */
const box = (control) => {
  let depth = 0;
  for (let at = parent(control); at && depth < 14; at = parent(at), depth++) {
    const whole = at === document.body || at === document.documentElement;
    if (whole && window === top) return;
    const text = at.innerText ?? shadow(at)?.textContent ?? '';
    if (text.length > 6000) return;
    if (!ABOUT.test(text) || text.length < 30) continue;
    const offers = new Set(controls(at).map(kind));
    const both = offers.has('accept') && (offers.has('reject') || offers.has('settings'));
    const early = at.getBoundingClientRect().top + scrollY < 400;
    if (overlays(at) || (named(at) && (both || early)) || (whole && both)) return at;
  }
};
const looks = () => {
  for (const accept of controls()) {
    if (kind(accept) !== 'accept') continue;
    const root = box(accept);
    if (root) return { root, accept, reject: of('reject', root), way: 'words', by: 'its words and its place' };
  }
};
/** The ways to know one, best first, less those that led nowhere. */
const WAYS = { known: product, rules: rule, words: looks };
const notice = (tried = []) => {
  for (const [way, look] of Object.entries(WAYS)) {
    const found = tried.includes(way) ? undefined : look();
    if (found) return found;
  }
};

// === Ways back ===

const openers = () => [
  ...PRODUCTS.map(({ withdraw }) => first(withdraw[0])).filter(Boolean),
  ...controls().filter((one) => kind(one) === 'withdraw'),
  ...controls().filter((one) => words(one).length < 60 && PLACE.test(words(one))),
];

// === What to press next ===

const pressed = new WeakSet();
let target;
let asked;
const choose = (element, done) => {
  if (!element) return null;
  target = element;
  pressed.add(element);
  return { done, way: asked?.way, control: measure(element, 0) };
};
const fresh = (element) => (element && !pressed.has(element) ? element : undefined);
/** A page of settings is answered with No, and with no box ticked, before it is saved. */
const untick = (control) => {
  const saved = beside(control);
  for (const one of all('input[type=checkbox]')) {
    const theirs = saved.includes(one) || NAMED.test(label(one)) || box(one) || about(one);
    if (one.checked && !one.disabled && !ESSENTIAL.test(label(one)) && theirs) one.click();
  }
  for (const one of all('input[type=radio]')) {
    if (!one.checked && about(one) && (/^(no|off|false|0|reject|deny|n)$/i.test(one.value) || /^\s*(no|off|do not|don.t|na)\b/i.test(label(one)))) one.click();
  }
};
/** The boxes that a control saves: those in the smallest part of the page around it that has some. */
const beside = (control) => {
  for (let at = parent(control); at && at !== document.body; at = parent(at)) {
    const found = all('input[type=checkbox]', at);
    if (found.length) return found;
  }
  return [];
};
const about = (input) => ABOUT.test(input.form?.innerText ?? '') || NAMED.test(input.form?.getAttribute('action') ?? '');
const saves = () =>
  controls().find((one) => kind(one) === 'save' && (ABOUT.test(one.form?.innerText ?? '') || ABOUT.test(words(one)) || box(one) || inAsked(one)));
const inAsked = (element) => asked && within(element, asked.root);
/** Refusing beyond the first layer: what is known of the product, else by words. */
const refuse = (path) => {
  const known = path.map((selector) => first(selector)).find(fresh);
  if (known) {
    if (kind(known) !== 'reject') untick(known);
    return choose(known, true);
  }
  const regions = controls().filter((one) => kind(one) === 'reject' && fresh(one) && (box(one) || about(one) || ABOUT.test(words(one)) || inAsked(one)));
  if (regions[0]) return choose(regions[0], true);
  return null;
};
const next = (wish, presses, tried) => {
  const found = notice(tried);
  asked = found ?? asked;
  if (found?.rule && !presses && wish !== 'withdraw') {
    follow(found, wish);
    return { rule: found.rule.name, way: found.way };
  }
  if (wish === 'accept') return choose(fresh(found?.accept), true);
  if (wish === 'reject') return presses || found ? onward(found, presses) : null;
  const own = first('button[name=choice][value=withdraw]');
  const straight = fresh(own) ?? controls().find((one) => kind(one) === 'withdraw' && fresh(one) && !one.href);
  if (straight) return choose(straight, true);
  const open = () => choose(openers().find(fresh) ?? controls().find((one) => PAGE.test(words(one)) && fresh(one)), false);
  if (!presses) return open();
  // What was opened is refused like a notice that asks for the first time.
  const known = PRODUCTS.flatMap(({ withdraw }) => withdraw.slice(1));
  return refuse(known) ?? onward(found, presses) ?? open();
};
const onward = (found, presses) => {
  const now = fresh(found?.reject) ?? (found && controls(found.root).find((one) => kind(one) === 'reject' && fresh(one)));
  if (now) return choose(now, true);
  const [way, ...path] = asked?.facts?.path ?? [];
  const refused = presses ? refuse(path) : null;
  if (refused) return refused;
  const open = fresh(first(way)) ?? (found && controls(found.root).find((one) => kind(one) === 'settings' && fresh(one)));
  return (presses ? save() : null) ?? choose(open, false);
};
const save = () => {
  const control = fresh(saves());
  if (control) untick(control);
  return choose(control, true);
};

// === What Rust asks ===

/** The page may have changed since it was last asked. */
const afresh = (ask) => {
  known = undefined;
  return ask();
};
/** FNV-1a. */
const digest = (text) => {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return sum >>> 0;
};

globalThis.consentgate = {
  next: (...asks) => afresh(() => next(...asks)),
  step: () => afresh(step),
  /** A shadow root that scripts cannot reach. */
  open: (root) => void closed.set(root.host, root),
  /** Which notice stands there, for comparison. */
  stands: () => afresh(() => {
    const found = notice();
    return found ? `${found.by} / ${words(found.accept)}` : null;
  }),
  look: () => afresh(() => {
    const found = notice();
    const back = openers().length > 0;
    if (!found) return back ? { withdraw: back } : null;
    return {
      product: found.facts?.product ?? null,
      found_by: found.by,
      accept: measure(found.accept, 1),
      reject: found.reject ? measure(found.reject, 1) : null,
      withdraw: back,
      ticked: ticked(found.root),
      blocks: blocks(found.root),
    };
  }),
  covers: () => blocks(null),
  /** Where axe looks: nothing where it cannot see in. */
  root() {
    let at = notice()?.root;
    for (let up = at; up; up = parent(up)) if (closed.has(up)) return null;
    while (at && at.getRootNode() !== document) at = at.getRootNode().host;
    return at;
  },
  target: () => target,
  /** Would a press in its middle reach it? Then whether it did is seen. */
  aim() {
    target.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const { left, top, width, height } = target.getBoundingClientRect();
    const found = hit(left + width / 2, top + height / 2);
    target.addEventListener('click', () => (target.consentgatePressed = true), { capture: true, once: true });
    return Boolean(found) && (within(found, target) || within(target, found));
  },
  reached: () => Boolean(target?.consentgatePressed),
  links() {
    const found = [...document.querySelectorAll('a[href], area[href]')].filter((one) => !one.hasAttribute('download'));
    return found.slice(0, 2000).map((one) => `${one.href}`);
  },
  /** Keys of this origin's storage with a digest each, to see what a press has changed. */
  kept: () => {
    try {
      return Object.entries(localStorage).map(([key, value]) => [key, digest(value)]);
    } catch {
      return [];
    }
  },
  async stored() {
    const safely = async (read) => {
      try {
        return (await read()) ?? [];
      } catch {
        return [];
      }
    };
    const found = [];
    const put = (kind, keys) => keys.forEach((key) => found.push([kind, key]));
    put('local', await safely(() => Object.keys(localStorage)));
    put('session', await safely(() => Object.keys(sessionStorage)));
    put('indexed_db', await safely(async () => (await indexedDB.databases()).map(({ name }) => name)));
    put('cache', await safely(() => caches.keys()));
    const workers = await safely(() => navigator.serviceWorker?.getRegistrations());
    put('service_worker', workers.map((one) => (one.active ?? one.waiting ?? one.installing)?.scriptURL).filter(Boolean));
    return { origin: location.origin, found };
  },
};
