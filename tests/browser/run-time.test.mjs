// What a page's scripts do while it runs: the guard keeps the gate's verdicts there too. Each way past it is tried on the bare
// site first, where it must get through: a way that does not work shows nothing.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';
import { WAYS } from './support/ways.mjs';

/** Each way has a host of its own of a company that the catalogue knows; the last letters say which. */
const address = (place) => `https://w${place}x.google-analytics.com/w${place}x`;
const names = Object.keys(WAYS);
/** What no script of this size keeps back; docs/guard.md says so, and which fence does. */
const OPEN = [
  'script, an attribute node in the map',
  'script, the node value of its attribute',
  'insertAdjacentHTML, style',
  'style, cssText',
  'style, a property',
  'style, an attribute',
  'an insertRule',
  'a style element',
];

const PAGE = '<!doctype html><html lang=en><head><title>A page</title><script src=/own.js></script></head><body><h1>A page</h1></body></html>';

const files = {
  '/own.js': 'window.ownScript = true;',
  '/stats/matomo.js': 'window.matomo = true;',
  '/order.js': 'window.order.push(document.currentScript.src.split("?")[1]);',
  '/echo.js': 'postMessage(typeof fetch);',
  '/worker.js': 'fetch(decodeURIComponent(self.location.search.slice(1)), { mode: "no-cors" }).catch(() => {});',
};

function council({ url }) {
  const path = url.split('?')[0];
  if (path === '/own.png') return { type: 'image/png', body: '' };
  return files[path] ? { type: 'text/javascript', body: files[path] } : path === '/' ? PAGE : undefined;
}

let chromium, origin, gated;

before(async () => {
  [chromium, origin] = await Promise.all([browser(), site(council)]);
  gated = await gate(origin.address);
});
after(async () => {
  await Promise.all([chromium?.close(), gated?.end()]);
  await origin?.end();
});

/** Tries every way on one page. @returns the names of those that reached the network. */
async function tried(at) {
  const visitor = await Visitor.to(at, chromium);
  await visitor.opens('/');
  const faults = [];
  // A worker says what became of its request; what fails for want of a network fails on the bare site too.
  visitor.page.on('pageerror', ({ message }) => /^Failed to (fetch|execute 'importScripts')/.test(message) || faults.push(message));
  for (const [place, name] of names.entries()) {
    await visitor.page.evaluate(`void (${WAYS[name]})(${JSON.stringify(address(place))})`).catch((fault) => faults.push(`${name}: ${fault.message}`));
  }
  await visitor.page.waitForTimeout(1500);
  const asked = visitor.asked.map(({ address }) => address);
  await visitor.leaves();
  const through = names.filter((name, place) => asked.some((one) => one.includes(name.includes('own host') ? 'matomo.js' : `//w${place}x.`)));
  return { through, faults };
}

describe('ways past the guard', () => {
  it('each works on the bare site', async () => {
    const { through } = await tried(origin.address);
    assert.deepEqual(names.filter((name) => !through.includes(name)), []);
  });

  it('none works behind the gate, but those that are said to', async () => {
    const { through, faults } = await tried(gated.address);
    assert.deepEqual(through, OPEN);
    assert.deepEqual(faults, []);
  });

  it('there are many, and most are closed', () => assert.ok(names.length - OPEN.length >= 50, `${names.length}`));
});

/** Runs a function in a page of its own, behind the gate or on the bare site. */
async function inPage(at, what, argument) {
  const visitor = await Visitor.to(at, chromium);
  await visitor.opens('/');
  const result = await visitor.page.evaluate(what, argument);
  const left = { cookies: await visitor.cookieNames(), stored: await visitor.stored(), asked: visitor.thirdParties };
  await visitor.leaves();
  return { result, ...left };
}

describe('held does not mean broken', () => {
  it('a held cookie is read back in the page and reaches nothing', async () => {
    const { result, cookies } = await inPage(gated.address, async () => {
      const seen = [];
      document.cookie = '_ga=GA1.2.3; path=/; max-age=9999';
      document.cookie = '_gid = x y ';
      document.cookie = 'ASP.NET_SessionId=kept; path=/';
      seen.push(document.cookie.split('; ').sort().join('; '));
      document.cookie = '_ga=again';
      document.cookie = '_gid=; expires=Thu, 01 Jan 1970 00:00:00 GMT';
      seen.push(document.cookie.split('; ').sort().join('; '));
      await cookieStore.set('_fbp', 'z');
      seen.push(document.cookie.includes('_fbp=z'));
      return seen;
    });
    assert.deepEqual(result, ['ASP.NET_SessionId=kept; _ga=GA1.2.3; _gid=x y', 'ASP.NET_SessionId=kept; _ga=again', true]);
    assert.deepEqual(cookies, ['ASP.NET_SessionId']);
  });

  it('a held key of web storage is read back in the page and reaches nothing', async () => {
    const work = () => {
      const store = localStorage;
      store.setItem('a', 1);
      store.b = { toString: () => 'two' };
      store['c'] = null;
      const seen = [
        store === localStorage, store.getItem('a'), store.b, store.c, store.nothing, store.getItem('nothing'), 'b' in store, 'nothing' in store,
        store.length, Object.keys(store).sort(), JSON.stringify(store).length, [0, 1, 2, 3].map((place) => store.key(place)).sort(),
        store instanceof Storage, Object.prototype.toString.call(store), store.hasOwnProperty('a'), typeof store.getItem,
        Storage.prototype.getItem.call(store, 'a'), delete store.b, store.b, store.removeItem('c'), store.length,
      ];
      for (const key in store) seen.push(key);
      store.clear();
      return [...seen, store.length, sessionStorage.length, Object.entries({ ...store }).length];
    };
    const [held, bare] = [await inPage(gated.address, work), await inPage(origin.address, work)];
    assert.deepEqual(held.result, bare.result);
    const left = await inPage(gated.address, () => ((localStorage.a = 1), Object.keys({ ...localStorage })));
    assert.deepEqual([left.result, left.stored], [['a'], []]);
  });

  it('databases, caches and files say that storage is not allowed', async () => {
    const { result, stored } = await inPage(gated.address, async () => {
      const said = async (deed) => {
        try {
          return await deed();
        } catch (fault) {
          return fault.name;
        }
      };
      return [
        await said(() => indexedDB.open('x')),
        await said(() => caches.open('x')),
        await said(() => navigator.storage.getDirectory()),
        await said(() => navigator.serviceWorker.register('/worker.js')),
      ];
    });
    assert.deepEqual(result, Array(4).fill('SecurityError'));
    assert.deepEqual(stored, []);
  });

  it('a held element reads as it was set', async () => {
    const { result, asked } = await inPage(gated.address, (url) => {
      const image = new Image();
      image.src = url;
      const script = document.createElement('script');
      script.setAttribute('src', url);
      const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: url });
      const seen = [image.src, image.getAttribute('src'), script.src, script.hasAttribute('src'), link.href, image.cloneNode().src];
      image.removeAttribute('src');
      script.src = '/own.js';
      return [...seen, image.src, image.hasAttribute('src'), script.src === location.origin + '/own.js', script.getAttribute('src')];
    }, address('q'));
    const url = address('q');
    assert.deepEqual(result, [url, url, url, true, url, url, '', false, true, '/own.js']);
    assert.deepEqual(asked, []);
  });

  it('held requests fail as on a network that is not there', async () => {
    const { result } = await inPage(gated.address, async (url) => {
      const events = (target, ...types) => new Promise((done) => types.forEach((type) => target.addEventListener(type, () => done(type))));
      const request = new XMLHttpRequest();
      request.open('POST', url);
      request.setRequestHeader('x-a', 'b');
      const asked = events(request, 'load', 'error');
      request.send('x');
      return [
        await fetch(url).catch((fault) => fault.constructor.name),
        await asked, request.status,
        navigator.sendBeacon(url, 'x'),
        await events(new WebSocket(url.replace('https', 'wss')), 'open', 'close'),
        await events(new EventSource(url), 'open', 'error'),
      ];
    }, address('q'));
    assert.deepEqual(result, ['TypeError', 'error', 0, true, 'close', 'error']);
  });
});

describe('what is not held', () => {
  /** What code can see of the natives that the guard stands in front of. */
  const look = () => {
    const described = (owner, name) => {
      const found = Object.getOwnPropertyDescriptor(owner, name);
      const member = found.value ?? found.set ?? found.get;
      return [name, Object.keys(found).join(), found.enumerable, found.configurable, member.name, member.length, /\[native code\]/.test(Function.prototype.toString.call(member))];
    };
    const faults = [
      () => Element.prototype.setAttribute.call({}, 'src', 'x'), () => document.createElement('p').setAttribute('src'), () => document.createElement('p').setAttribute('<', 'x'),
      () => Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, 'src').set.call({}, 'x'), () => Object.getOwnPropertyDescriptor(Document.prototype, 'cookie').get.call({}),
      () => new WebSocket('nothing:'), () => WebSocket('ws://x'), () => new XMLHttpRequest().open(), () => document.body.appendChild(null), () => localStorage.getItem(),
      () => document.body.insertAdjacentHTML('nowhere', '<p>'), () => (document.createElement('img').src = Symbol('x')),
    ].map((deed) => {
      try {
        return String(deed());
      } catch (fault) {
        return fault.name;
      }
    });
    return [
      described(Document.prototype, 'cookie'), described(Element.prototype, 'setAttribute'), described(Element.prototype, 'innerHTML'), described(HTMLScriptElement.prototype, 'src'),
      described(Node.prototype, 'appendChild'), described(window, 'fetch'), described(window, 'WebSocket'), described(XMLHttpRequest.prototype, 'open'), described(Storage.prototype, 'setItem'),
      faults, new WebSocket('ws://localhost:1') instanceof WebSocket, WebSocket.CONNECTING, new Audio() instanceof HTMLAudioElement,
      class extends WebSocket {}.name, typeof fetch, Object.keys(window).includes('fetch'),
    ];
  };

  it('is seen by code as without the guard', async () => {
    const [held, bare] = [await inPage(gated.address, look), await inPage(origin.address, look)];
    assert.deepEqual(held.result, bare.result);
  });

  it('works as without the guard', async () => {
    const work = async () => {
      const loaded = (element, where = document.head) =>
        new Promise((done) => {
          element.onload = () => done('load');
          element.onerror = () => done('error');
          where.append(element);
        });
      const order = (window.order = []);
      const scripts = ['a', 'b'].map((name) => Object.assign(document.createElement('script'), { async: false, src: `/order.js?${name}` }));
      const box = document.createElement('table');
      box.innerHTML = '<tr><td class=x>1<td><a href="/y">y</a><script>window.never = 1</scr' + 'ipt>';
      const frame = document.createElement('iframe');
      frame.srcdoc = '<p id=inside>inside</p>';
      return [
        await loaded(Object.assign(document.createElement('script'), { src: '/own.js' })),
        await Promise.all(scripts.map((script) => loaded(script))), order,
        await loaded(Object.assign(document.createElement('script'), { src: '/missing.js' })),
        await loaded(Object.assign(document.createElement('img'), { src: 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=' }), document.body),
        await loaded(frame, document.body), frame.contentDocument.getElementById('inside').textContent, frame.srcdoc,
        box.outerHTML, window.never, (await (await fetch('/own.js')).text()).length,
        await new Promise((done) => (new Worker('/echo.js').onmessage = (event) => done(event.data))),
        await new Promise((done) => (new Worker(URL.createObjectURL(new Blob(['postMessage(6 * 7)']))).onmessage = (event) => done(event.data))),
      ];
    };
    const [held, bare] = [await inPage(gated.address, work), await inPage(origin.address, work)];
    assert.deepEqual(held.result, bare.result);
  });

  it('is not asked about where the site says so itself', async () => {
    const visitor = await Visitor.to(gated.address, chromium);
    await visitor.opens('/');
    visitor.forgetsRequests();
    await visitor.page.evaluate(() => fetch('/own.js?1').then(() => fetch('/stats/matomo.js').catch(() => {})));
    assert.deepEqual(visitor.asked.map(({ address }) => new URL(address).pathname), ['/own.js']);
    await visitor.leaves();
  });

  it('of another company goes on by itself, all of one go asked about in one question', async () => {
    const visitor = await Visitor.to(gated.address, chromium);
    await visitor.opens('/');
    visitor.forgetsRequests();
    await visitor.page.evaluate(() => {
      for (const host of ['one', 'two', 'three']) document.head.append(Object.assign(document.createElement('script'), { async: false, src: `https://${host}.unknown.example/x.js` }));
      document.body.insertAdjacentHTML('beforeend', '<img src="https://four.unknown.example/x.png">');
    });
    await visitor.page.waitForTimeout(500);
    const asked = visitor.asked.map(({ address }) => new URL(address)).map(({ hostname, pathname }) => (hostname === 'localhost' ? pathname : hostname));
    assert.deepEqual(asked[0], '/.consent/verdict');
    assert.deepEqual(asked.slice(1).sort(), ['four.unknown.example', 'one.unknown.example', 'three.unknown.example', 'two.unknown.example']);
    await visitor.leaves();
  });
});

describe('a choice on the same page', () => {
  const chosen = async (form) => {
    const visitor = await Visitor.to(gated.address, chromium);
    await visitor.opens('/');
    await visitor.page.evaluate(async ([url, marketing, form]) => {
      document.cookie = '_ga=1; path=/; max-age=999';
      document.cookie = '_fbp=2; path=/; max-age=999';
      localStorage.x = 'y';
      for (const src of [url, marketing]) document.head.append(Object.assign(document.createElement('script'), { src }));
      await consentgate.update();
      window.before = [consentgate.decided, consentgate.granted, document.cookie];
      await fetch('/.consent/choice', { method: 'POST', headers: { accept: 'application/json' }, body: new URLSearchParams(form) });
    }, [address('q'), 'https://connect.facebook.net/x/fbevents.js', form]);
    const early = visitor.thirdParties;
    const state = await visitor.page.evaluate(async () => {
      await consentgate.update();
      await new Promise((later) => setTimeout(later, 400));
      return { before: window.before, decided: consentgate.decided, granted: consentgate.granted, cookie: document.cookie.split('; ').sort().join('; ') };
    });
    const found = { ...state, early, asked: visitor.thirdParties, cookies: await visitor.cookieNames(), stored: await visitor.stored() };
    await visitor.leaves();
    return found;
  };

  it('keeps for real and loads what was held, once everything is granted', async () => {
    const found = await chosen('choice=accept');
    assert.deepEqual(found.before, [false, ['essential'], '_ga=1; _fbp=2'], 'to ask grants nothing');
    assert.deepEqual([found.early, found.decided, found.granted.length], [[], true, 4]);
    assert.deepEqual(found.asked, ['connect.facebook.net', 'wqx.google-analytics.com']);
    assert.deepEqual([found.cookies, found.stored, found.cookie], [['_fbp', '_ga', 'consentgate'], ['localStorage x'], '_fbp=2; _ga=1']);
  });

  it('goes on with what was granted and holds the rest', async () => {
    const found = await chosen('choice=save&purpose=analytics');
    assert.deepEqual([found.asked, found.granted], [['wqx.google-analytics.com'], ['essential', 'analytics']]);
    assert.deepEqual([found.cookies, found.stored, found.cookie], [['_ga', 'consentgate'], [], '_fbp=2; _ga=1'], 'what is held is still read back');
  });

  it('changes nothing where it refuses', async () => {
    const found = await chosen('choice=reject');
    assert.deepEqual([found.asked, found.cookies, found.stored, found.decided], [[], ['consentgate'], [], true]);
  });
});

describe('a page that is not kind', () => {
  it('cannot take the guard apart by what it does to built-in objects afterwards', async () => {
    const { result, asked, cookies } = await inPage(gated.address, (url) => {
      Object.prototype.get = () => 'mine';
      Object.prototype.apply = () => 'mine';
      RegExp.prototype.exec = RegExp.prototype.test = () => null;
      Element.prototype.getAttribute = () => null;
      Object.freeze(Element.prototype);
      new Image().src = url;
      document.cookie = '_ga=1';
      const read = document.cookie;
      delete Object.prototype.get;
      delete Object.prototype.apply;
      return read;
    }, address('q'));
    assert.deepEqual([result, asked, cookies], ['_ga=1', [], []]);
  });

  it('gets identities off the links that lead elsewhere', async () => {
    const visitor = await Visitor.to(gated.address, chromium);
    await visitor.opens('/');
    const left = await visitor.page.evaluate(() => {
      const link = Object.assign(document.createElement('a'), { href: 'https://pay.example/x?a=1&_gl=1*2&gclid=3&b=2#c', textContent: 'Pay' });
      const own = Object.assign(document.createElement('a'), { href: '/y?_gl=1', textContent: 'Own' });
      document.body.append(link, own);
      for (const one of [link, own]) {
        one.addEventListener('click', (event) => event.preventDefault());
        one.click();
      }
      return [link.href, own.search];
    });
    assert.deepEqual(left, ['https://pay.example/x?a=1&b=2#c', '?_gl=1']);
    await visitor.leaves();
  });
});
