// Web storage: held keys live in the page's memory; a proxy shows them and the native store as one. Databases, caches and
// files of their own cannot be imitated: held, they fail as in a browser that allows no storage.

import { W, descriptor, hook, protoOf } from './natives.js';
import { holds, rules } from './rules.js';

const S = protoOf(W, 'Storage');
const { keys } = Object;
export const isHeld = (key, kind) => holds(rules.s, key, kind);

/** Store and memory by twos, known from the store's first use on. */
export const stores = [];

const show = (store, name) => {
  const memory = { __proto__: S };
  stores.push([store, memory]);
  const side = (key, kind) => (isHeld(key, kind) ? memory : store);
  const proxy = new Proxy(memory, {
    __proto__: null,
    get: (memory, key) => (key in S ? Reflect.get(S, key, proxy) : side(key)[key]),
    set: (memory, key, value) => ((side(key, name)[key] = value + ''), true),
    has: (memory, key) => key in S || key in side(key),
    deleteProperty: (memory, key) => delete memory[key] && delete store[key],
    ownKeys: () => keys(store).filter((key) => !isHeld(key)).concat(keys(memory)),
    getOwnPropertyDescriptor: (memory, key) => descriptor(side(key), key),
  });
  return proxy;
};

/** What a store does, said of the proxy. */
const deeds = {
  getItem: (store, key) => descriptor(store, key + '')?.value ?? null,
  setItem: (store, key, value) => void (store[key] = value),
  removeItem: (store, key) => void delete store[key],
  clear: (store) => keys(store).forEach((key) => delete store[key]),
  key: (store, place) => keys(store)[place >>> 0] ?? null,
  length: (store) => keys(store).length,
};

export const guardStorage = () => {
  const shown = {};
  hook(' localStorage sessionStorage', (args, go, self, name) => (shown[name] ||= show(go(), name)));
  hook('Storage ' + keys(deeds).join(' '), (args, go, self, name) => (args.length < deeds[name].length - 1 ? go() : deeds[name](self, ...args)));
  hook('IDBFactory open,CacheStorage open,StorageManager getDirectory,ServiceWorkerContainer register', ([name = ''], go, self) => {
    if (!isHeld(name, self)) return go();
    const fault = new DOMException('', 'SecurityError');
    if (self.cmp) throw fault;
    return Promise.reject(fault);
  });
};

/** Keeps for real what is granted by now. */
export const keepStorage = () => {
  for (const [store, memory] of stores) {
    for (const key of keys(memory)) {
      if (!isHeld(key)) {
        store[key] = memory[key];
        delete memory[key];
      }
    }
  }
};
