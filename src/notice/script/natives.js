// What the browser gave, kept before any script of the page could change it, and the one way to stand in front of it.

export const W = globalThis;
export const { document: D, location: L, XMLHttpRequest: Request, URL: Address, Blob: Bytes } = W;
export const { apply, construct, getOwnPropertyDescriptor: descriptor, defineProperty } = Reflect;

/** A method as a function of its `this`. */
export const bind = (method) => method && Function.prototype.call.bind(method);
/** The native behind an accessor. */
export const accessor = (owner, name, kind) => bind((descriptor(owner || {}, name) || {})[kind]);

export const exec = bind(/x/.exec);
export const split = bind(''.split);
export const lower = bind(''.toLowerCase);
export const slice = bind(''.slice);
export const fetched = W.fetch;
export const elements = (W.Element || 0).prototype || {};
export const read = bind(elements.getAttribute);
export const write = bind(elements.setAttribute);
export const erase = bind(elements.removeAttribute);
export const createURL = Address.createObjectURL;
export const opened = bind(Request && Request.prototype.open);
export const sent = bind(Request && Request.prototype.send);

/**
 * Puts `act(args, go, self, name)` in front of natives of `owner`: functions, or by `kind` their setters or getters. `go` does
 * what the native would have done. A proxy keeps name, length, `instanceof` and "[native code]" as they were.
 */
export const hook = (owner, names, act, kind = 'value') => {
  const all = split(names, ' ');
  for (let i = 0; owner && i < all.length; i++) {
    const name = all[i];
    const found = descriptor(owner, name);
    if (found && found[kind]) {
      found[kind] = new Proxy(found[kind], {
        // The page may add what it likes to Object.prototype: none of it is a trap.
        __proto__: null,
        apply: (native, self, args) => act(args, () => apply(native, self, args), self, name),
        construct: (native, args, target) => act(args, () => construct(native, args, target), 0, name),
      });
      Reflect.setPrototypeOf(found, null);
      defineProperty(owner, name, found);
    }
  }
};
