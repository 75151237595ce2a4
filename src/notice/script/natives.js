// What the browser gave, kept before any script of the page could change it, and the one way to stand in front of it.

export const W = globalThis;
export const { document: D, location: L, XMLHttpRequest: Request, URL: Address } = W;
export const { apply, construct, defineProperty, getOwnPropertyDescriptor: descriptor } = Reflect;

/** This very script's tag; a worker has none. */
export const tag = D?.currentScript;
/** The visitor has chosen. */
export const decided = tag?.dataset.decided == '';

/** A method as a function of its `this`. */
export const bind = (method) => method && Function.prototype.call.bind(method);

export const protoOf = (w, kind) => w[kind]?.prototype || 0;
const elements = protoOf(W, 'Element');
const requests = protoOf(W, 'XMLHttpRequest');
export const exec = bind(/x/.exec);
export const read = bind(elements.getAttribute);
export const write = bind(elements.setAttribute);
export const erase = bind(elements.removeAttribute);
export const fill = D && bind(descriptor(elements, 'innerHTML').set);
export const opened = bind(requests.open);
export const sent = bind(requests.send);

/** The window that is being armed: this one, or that of a frame. */
let armed;
export const arms = (w) => (armed = w);

/**
 * Puts `act(args, go, self, name)` in front of natives; `go` does what the native would have done. The list says which:
 * `Interface member member,…`, the window's own behind an empty name. A getter is called without arguments. A proxy keeps
 * name, length, `instanceof` and "[native code]" as they were.
 */
export const hook = (list, act) => {
  for (const group of list.split(',')) {
    const [kind, ...names] = group.split(' ');
    for (const name of names) {
      let holder = kind ? protoOf(armed, kind) : armed;
      let found;
      while (holder && !(found = descriptor(holder, name))) holder = holder.__proto__;
      for (const part in found) {
        if (found[part]?.call) {
          found[part] = new Proxy(found[part], {
            // The page may add what it likes to Object.prototype: none of it is a trap.
            __proto__: null,
            apply: (native, self, args) => act(args, () => apply(native, self, args), self, name),
            construct: (native, args, target) => act(args, () => construct(native, args, target), 0, name),
          });
        }
      }
      if (found) defineProperty(holder, name, found);
    }
  }
};
