// autoconsent's rules, carried out as their schema says (its docs/rule-syntax.md): data alone is theirs. What only hides a notice, or needs
// code of theirs (`eval`), is no answer here, and a control that nobody can see is not pressed.

/** The rules for this address, in this kind of frame. */
const ruled = RULES.filter(({ runContext }) => !runContext?.urlPattern || new RegExp(runContext.urlPattern).test(location.href));
/** All that one rule may wait for what does not come, in milliseconds. */
const PATIENCE = 2000;
const LOOK_AGAIN = 50;

// === Selectors ===

const by = (selector, place) => {
  if (selector.startsWith('xpath/')) {
    const type = XPathResult.ORDERED_NODE_SNAPSHOT_TYPE;
    const found = document.evaluate(selector.slice(6), place, null, type);
    return Array.from({ length: found.snapshotLength }, (_, at) => found.snapshotItem(at));
  }
  return [...((shadow(place) ?? place.contentDocument ?? place).querySelectorAll?.(selector) ?? [])];
};
/** Each selector of a chain is looked for in the first that the one before it found: also below a shadow root or a frame. */
const find = (selector) => {
  let found = [document];
  for (const one of [selector].flat()) {
    try {
      found = found[0] ? by(one, found[0]) : [];
    } catch {
      return [];
    }
  }
  return found;
};
/** That it is rendered is enough: what holds a fixed box has no size of its own. */
const shown = (element) => element.checkVisibility?.({ visibilityProperty: true }) ?? false;
const seen = (selector, check) => {
  const found = find(selector).map(shown);
  if (check === 'none') return !found.includes(true);
  return check === 'any' ? found.includes(true) : found.length > 0 && !found.includes(false);
};

// === Which rule ===

/** A first look that costs little: the plain ids, classes and elements without which a selector finds nothing. */
const needs = (selector) => {
  const start = [selector].flat()[0];
  if (start.startsWith('xpath/')) return [];
  const without = start.replace(/:(not|is|has|where)\([^)]*\)|\[[^\]]*\]/g, ' ');
  return without.split(',').map((one) => /[#.][\w-]+/.exec(one)?.[0] ?? '');
};
const there = (selector) => {
  const wanted = needs(selector);
  if (!wanted.length || wanted.includes('')) return true;
  return wanted.some((one) => (one[0] === '#' ? document.getElementById(one.slice(1)) : document.getElementsByClassName(one.slice(1))[0]));
};
/** Whether a step holds now; `undefined` where it takes code to know. */
const holds = (step) => {
  let held;
  if (step.exists) held = there(step.exists) && find(step.exists).length > 0;
  else if (step.waitFor) held = find(step.waitFor).length > 0;
  else if (step.visible) held = (step.check === 'none' || there(step.visible)) && seen(step.visible, step.check);
  else if (step.waitForVisible) held = seen(step.waitForVisible, step.check ?? 'any');
  else if (step.cookieContains) held = document.cookie.includes(step.cookieContains);
  else if (step.any) held = step.any.some(holds);
  else if (step.if) held = (holds(step.if) ? step.then : (step.else ?? [])).every((one) => holds(one) !== false);
  return step.negated && held !== undefined ? !held : held;
};
const applies = ({ detectCmp, detectPopup }) => {
  let certain = false;
  for (const step of [...detectCmp, ...detectPopup]) {
    const held = holds(step);
    if (held === false && !step.optional) return false;
    certain ||= held === true;
  }
  return certain;
};

// === Its steps ===

const input = (element) => /^(checkbox|radio)$/.test(element?.type ?? '');
/** Boxes are ticked, whether they are drawn or not; of controls the first that somebody can see is pressed. */
function* press(selector, every) {
  const found = find(selector);
  if (every || input(found[0])) {
    yield { tick: every ? found : found.slice(0, 1) };
    return found.length > 0;
  }
  const element = found.find(visible);
  if (element) yield { element };
  return Boolean(element);
}
function* until(come, timeout = PATIENCE) {
  for (let waited = 0; waited < timeout && !come(); waited += LOOK_AGAIN) yield { wait: LOOK_AGAIN, absent: true };
  return come();
}
function* carry(step) {
  if (step.hide || step.eval) return false;
  if (step.removeClass || step.setStyle || step.addStyle) return true;
  if (step.wait) {
    yield { wait: step.wait };
    return true;
  }
  if (step.click) return yield* press(step.click, step.all);
  if (step.waitFor) return yield* until(() => find(step.waitFor).length > 0, step.timeout);
  if (step.waitForVisible) return yield* until(() => seen(step.waitForVisible, step.check ?? 'any'), step.timeout);
  if (step.waitForThenClick) {
    yield* until(() => find(step.waitForThenClick).some((one) => visible(one) || input(one)), step.timeout);
    return yield* press(step.waitForThenClick, step.all);
  }
  if (step.if) return yield* run(holds(step.if) ? step.then : (step.else ?? []));
  if (step.any) {
    for (const one of step.any) if (yield* carry(one)) return true;
    return false;
  }
  return holds(step) === true;
}
/** In order, to the first that fails. */
function* run(steps) {
  for (const step of steps) {
    const done = yield* carry(step);
    if (!done && !step.optional) return false;
  }
  return true;
}
/** What it would press first as the page is now, and whether that is all; nothing is pressed or ticked. */
const begins = (steps) => {
  let element;
  for (const one of run(steps)) {
    if (element && (one.element || one.absent)) return { element, alone: false };
    if (one.absent) return {};
    element ??= one.element;
  }
  return { element, alone: Boolean(element) };
};

// === The rule that answers the notice on this page ===

/** The part of the page that the rule looks for and that its first control is in. */
const region = ({ detectCmp, detectPopup }, control) => {
  const selectors = [...detectPopup, ...detectCmp].flatMap((step) => [step.visible, step.waitForVisible, step.exists]);
  const found = selectors.filter(Boolean).flatMap(find);
  const whole = [document.body, document.documentElement];
  return found.find((one) => one !== control && !whole.includes(one) && within(control, one)) ?? box(control) ?? parent(control);
};
/** The first that knows this notice and somebody can agree to by it. */
const rule = () => {
  for (const one of ruled) {
    if (!applies(one)) continue;
    const { element: accept } = begins(one.optIn);
    if (!accept || kind(accept) === 'reject') continue;
    const root = region(one, accept);
    const facts = PRODUCTS.find(({ rules }) => rules?.includes(one.name)) ?? { product: one.name };
    const { element: refuses, alone } = begins(one.optOut);
    // What agrees or leads on is no refusal.
    const reject = alone && refuses !== accept && !/accept|settings|save/.test(kind(refuses)) ? refuses : of('reject', root);
    return { facts, root, accept, reject: reject === accept ? undefined : reject, rule: one, way: 'rules', by: `autoconsent's rule ${one.name}` };
  }
};

let steps;
let left;
let barred;
/** Begins to carry out what a rule says. One that "refuses" by the control that agrees only closes the notice. */
const follow = ({ rule: one, accept }, wish) => {
  left = PATIENCE;
  barred = wish === 'reject' ? accept : undefined;
  steps = run(wish === 'accept' ? one.optIn : one.optOut);
};
/** Its next press, or how long to wait, or its end. */
const step = () => {
  for (;;) {
    const { value, done } = steps.next();
    if (done) return { ended: value };
    if (value.tick) for (const one of value.tick) one.click();
    if (value.element && value.element === barred) return { ended: false };
    if (value.element) return choose(value.element, false);
    const wait = Math.min(value.wait ?? 0, left);
    left -= wait;
    if (wait) return { wait };
  }
};
