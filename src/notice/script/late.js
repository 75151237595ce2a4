// Scripts that run after the page is complete, and wait for it to become so: the page seems to load once more to them,
// and to nobody else. What listened before is not called again.

const events = { DOMContentLoaded: 1, readystatechange: 1, load: 2, pageshow: 2 };

const real = () => Object.getOwnPropertyDescriptor(Document.prototype, 'readyState').get.call(document);

/** Parsed, at least: before that the document's own order is not known. */
export async function parsed() {
  if (real() === 'loading') await new Promise((done) => addEventListener('DOMContentLoaded', done, { once: true }));
}

/** @returns `becomes(state)`, which shows the state and calls who waited for it, and `over()`. */
export function loadingAgain() {
  const waiting = [];
  let shown = 'loading';
  /** Has this event been? One that is still to come finds its listeners by itself. */
  const been = (type) => events[type] === 1 || (events[type] === 2 && real() === 'complete');

  const own = [watch(document), watch(window), ...watchHandler(document, 'readystatechange')];
  for (const type of ['load', 'pageshow']) own.push(...watchHandler(window, type));
  Object.defineProperty(document, 'readyState', {
    configurable: true,
    get: () => (shown === 'complete' ? real() : shown),
  });

  function watch(target) {
    const add = target.addEventListener;
    const remove = target.removeEventListener;
    target.addEventListener = (type, listener, options) => {
      const twice = waiting.some((known) => known.target === target && known.type === type && known.listener === listener);
      if (listener && been(type) && !twice) waiting.push({ target, type, listener });
      return add.call(target, type, listener, options);
    };
    target.removeEventListener = (type, listener, options) => {
      const at = waiting.findIndex((known) => known.target === target && known.type === type && known.listener === listener);
      if (at >= 0) waiting.splice(at, 1);
      return remove.call(target, type, listener, options);
    };
    const [ours, theirs] = [target.addEventListener, target.removeEventListener];
    return () => {
      if (target.addEventListener === ours) restoreOwn(target, 'addEventListener', add);
      if (target.removeEventListener === theirs) restoreOwn(target, 'removeEventListener', remove);
    };
  }

  /** `window.onload = …` has its turn by when it was set. */
  function watchHandler(target, type) {
    const name = `on${type}`;
    const owner = [target, Object.getPrototypeOf(target), Document.prototype].find((one) => Object.hasOwn(one, name));
    const native = owner && Object.getOwnPropertyDescriptor(owner, name);
    if (!native?.set || !native.configurable) return [];
    const set = (handler) => {
      native.set.call(target, handler);
      const known = waiting.find((one) => one.handler && one.target === target && one.type === type);
      if (known) known.listener = handler;
      else if (been(type)) waiting.push({ target, type, listener: handler, handler: true });
    };
    Object.defineProperty(target, name, { ...native, set });
    return [() => (owner === target ? Object.defineProperty(target, name, native) : delete target[name])];
  }

  function fire(type, targets) {
    if (!been(type)) return;
    const event = type === 'pageshow' ? new PageTransitionEvent(type) : new Event(type, { bubbles: type === 'DOMContentLoaded' });
    Object.defineProperty(event, 'target', { value: type === 'pageshow' || type === 'load' ? document : targets[0] });
    for (const target of targets) {
      Object.defineProperty(event, 'currentTarget', { configurable: true, value: target });
      // One that is removed by another is not called.
      for (const one of waiting.filter((known) => known.type === type && known.target === target)) {
        if (one.listener && waiting.includes(one)) call(one.listener, target, event);
      }
    }
  }

  return {
    becomes(state) {
      shown = state;
      fire('readystatechange', [document]);
    },
    parsed: () => fire('DOMContentLoaded', [document, window]),
    loaded() {
      fire('load', [window]);
      fire('pageshow', [window]);
    },
    over() {
      own.forEach((giveBack) => giveBack());
      delete document.readyState;
    },
  };
}

/** The prototype's again, unless the page had put one of its own there. */
function restoreOwn(target, name, value) {
  delete target[name];
  if (target[name] !== value) target[name] = value;
}

function call(listener, target, event) {
  try {
    if (typeof listener === 'function') listener.call(target, event);
    else listener.handleEvent(event);
  } catch (fault) {
    reportError(fault);
  }
}
