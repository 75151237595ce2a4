// Web storage: held keys live in the page's memory; a proxy of the native store shows both as one. Databases, caches and
// files of their own cannot be imitated: held, they fail as in a browser that allows no storage.

import { Address, W, bind, defineProperty, descriptor, hook } from './natives.js';
import { holds, rules } from './rules.js';

/** A proxy → its store; a store → its proxy. */
const stores = new WeakMap();
const memories = [];
const S = (W.Storage || 0).prototype;
const natives = {};
for (const name of ['getItem', 'setItem', 'removeItem', 'clear', 'key']) natives[name] = S && bind(S[name]);
const size = S && bind(descriptor(S, 'length').get);

/** What script may do with a store, each as a function of the native one and its memory. */
const deeds = {
  getItem: (store, memory, [key]) => (memory.has((key += '')) ? memory.get(key) : holds(rules.s, key) ? null : natives.getItem(store, key)),
  setItem: (store, memory, [key, value]) => {
    if (holds(rules.s, (key += ''))) memory.set(key, value + '');
    else natives.setItem(store, key, value);
  },
  removeItem: (store, memory, [key]) => {
    memory.delete(key + '');
    natives.removeItem(store, key);
  },
  clear: (store, memory) => {
    memory.clear();
    natives.clear(store);
  },
  key: (store, memory, [place]) => keys(store, memory)[place >>> 0] ?? null,
  length: (store, memory) => keys(store, memory).length,
};

const keys = (store, memory) => {
  const all = [];
  for (let i = 0; i < size(store); i++) {
    const key = natives.key(store, i);
    if (!holds(rules.s, key)) all[all.length] = key;
  }
  memory.forEach((value, key) => (all[all.length] = key));
  return all;
};

const does = (store, name, ...args) => deeds[name](store, stores.get(store).memory, args);
const own = (key) => typeof key == 'symbol' || key in S;

const traps = {
  __proto__: null,
  get: (store, key) => (key == 'length' ? does(store, key) : own(key) ? S[key] : does(store, 'getItem', key) ?? undefined),
  set: (store, key, value) => (does(store, 'setItem', key, value), true),
  has: (store, key) => own(key) || does(store, 'getItem', key) != null,
  deleteProperty: (store, key) => (does(store, 'removeItem', key), true),
  defineProperty: (store, key, { value }) => (does(store, 'setItem', key, value), true),
  ownKeys: (store) => keys(store, stores.get(store).memory),
  getOwnPropertyDescriptor: (store, key) => {
    const value = own(key) ? null : does(store, 'getItem', key);
    return value == null ? undefined : { value, writable: true, enumerable: true, configurable: true };
  },
};

const shown = (store) => {
  if (!stores.has(store)) {
    const proxy = new Proxy(store, traps);
    const memory = new Map();
    stores.set(store, { proxy, memory });
    stores.set(proxy, { store });
    memories[memories.length] = store;
  }
  return stores.get(store).proxy;
};

const refused = () => new DOMException('Storage is not allowed', 'SecurityError');

/** Goes on once it is granted; until then nothing comes of it. */
const waiting = [];

export const guardStorage = (w, proto) => {
  hook(w, 'localStorage sessionStorage', (args, go) => shown(go()), 'get');
  const deed = (args, go, self, name) => {
    const store = (stores.get(self) || 0).store || self;
    // The native knows what to say of a wrong `this`, or of too few arguments.
    if (args.length < (name == 'setItem') + (deeds[name].length > 2)) return go();
    shown(store);
    return does(store, name, ...args);
  };
  const owner = proto('Storage');
  hook(owner, 'getItem setItem removeItem clear key', deed);
  hook(owner, 'length', deed, 'get');

  hook(proto('IDBFactory'), 'open', (args, go) => {
    if (!holds(rules.s, args[0] + '')) return go();
    const request = new EventTarget();
    request.error = refused();
    setTimeout(() => {
      const event = new Event('error');
      request.dispatchEvent(event);
      if (request.onerror) request.onerror(event);
    });
    return request;
  });
  hook(proto('CacheStorage'), 'open', async (args, go) => {
    if (holds(rules.s, args[0] + '')) throw refused();
    return go();
  });
  hook(proto('StorageManager'), 'getDirectory', async (args, go) => {
    if (holds(rules.s, '')) throw refused();
    return go();
  });
  hook(proto('ServiceWorkerContainer'), 'register', (args, go) =>
    holds(rules.s, new Address(args[0], document.baseURI).pathname) ? new Promise((done) => (waiting[waiting.length] = () => done(go()))) : go(),
  );
};

/** Keeps for real what is granted by now. */
export const keepStorage = () => {
  for (const store of memories) {
    const { memory } = stores.get(store);
    memory.forEach((value, key) => {
      if (!holds(rules.s, key)) {
        memory.delete(key);
        natives.setItem(store, key, value);
      }
    });
  }
  for (const go of waiting.splice(0)) go();
};
