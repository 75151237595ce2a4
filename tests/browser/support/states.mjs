// What a visitor meets, state by state. A form is one way to make a browser ask another company for something or to keep
// something for it. Each form has a page of its own, and on it a host of a known tracker that is nobody else's, so what
// the sink was asked for tells which page asked, and in which state, even while many pages are open at once.

import { createHash } from 'node:crypto';

import { gate } from './program.mjs';
import { sink } from './sink.mjs';
import { browser } from './visitor.mjs';
import { certificate, wire } from './wire.mjs';

/** The states of the issue. `direct` is the site without the gate; after Accept the page is looked at in place and again. */
export const HELD = ['untouched', 'rejected', 'withdrawn'];
export const RELEASED = ['in place', 'again'];

const DIRECT = 'https://www.ambleford-direct.test';
const GATED = 'https://www.ambleford.test';
/** Companies that the built-in catalogue knows, by turns. */
const TRACKERS = ['google-analytics.com', 'connect.facebook.net', 'hotjar.com', 'doubleclick.net', 'clarity.ms', 'googletagmanager.com', 'ads.linkedin.com', 'bat.bing.com'];

/** Tabs that load at once. */
const AT_ONCE = Number(process.env.CONSENTGATE_TABS ?? 12);
/** Milliseconds without a request, after which a page is done; a page that should stay quiet is watched as long as the site's own was. */
const QUIET = 350;
const LONGEST = 6_000;
/** The longest wait for what must come, on a machine that is busy with other things. */
const BUSY = 20_000;

/**
 * Opens every form in every state.
 * @param forms of `{ name, head, body, whole, headers, files, type, bytes, act, leaves, noNotice, wait }`; see tests/browser/forms.
 * @param lines of YAML for the site.
 * @returns by name: `{ direct: { asked, kept }, untouched, rejected, withdrawn, 'in place', again }`; `asked` are host and path, each once,
 * `kept` cookies and storage of the site's own that the form's name is in; `stayed` says that Accept did not load the page anew.
 */
export async function inEveryState(forms, { lines = '' } = {}) {
  const chosen = forms.map((form, at) => ({ ...form, slug: `f${at}`, tracker: form.tracker ?? TRACKERS[at % TRACKERS.length] }));
  const everybody = await sink({ bodies: { script: ({ host }) => scriptOf(host) } });
  const origin = await site(chosen);
  const gated = await gate(`http://127.0.0.1:${origin.port}`, lines, certificate());
  const places = [`MAP www.ambleford-direct.test 127.0.0.1:${origin.port}`, `MAP www.ambleford.test 127.0.0.1:${gated.secure}`, `MAP * 127.0.0.1:${everybody.port}`];
  const chromium = await browser(`--host-resolver-rules=${places.join(', ')}, EXCLUDE localhost`, '--ignore-certificate-errors', '--disable-site-isolation-trials', '--renderer-process-limit=4');
  try {
    return await new Run(chosen, chromium, everybody).all();
  } finally {
    await chromium.close();
    await Promise.all([gated.end(), origin.end(), everybody.end()]);
  }
}

class Run {
  constructor(forms, chromium, everybody) {
    Object.assign(this, { forms, chromium, everybody, found: new Map(forms.map(({ name }) => [name, {}])), patience: new Map(), byLabel: new Map(), read: 0 });
  }

  async all() {
    await this.direct();
    await Promise.all([this.untouchedThenAccepted(), this.rejected(), this.acceptedThenWithdrawn()]);
    return this.found;
  }

  /** The site by itself; how long a page takes to have asked for everything is how long it is watched later. */
  async direct() {
    await this.#in('direct', DIRECT, {
      each: async (tab, form) => {
        const begun = Date.now();
        await tab.opens(form);
        await this.#first(form, tab);
        await this.#quiet(form, 'direct', QUIET * 2);
        this.patience.set(form.slug, Math.min(LONGEST, this.#last(form, 'direct') - begun));
        return this.#look(tab, form, 'direct');
      },
    });
  }

  async rejected() {
    await this.#in('rejected', GATED, {
      first: (tab) => tab.chooses('reject'),
      each: async (tab, form) => {
        await tab.opens(form);
        await this.#quiet(form, 'rejected');
        return this.#look(tab, form, 'rejected');
      },
    });
  }

  /** Nothing chosen; then Accept is pressed on that very page: on some pages at once, because a choice is the whole browser's. */
  async untouchedThenAccepted() {
    const forms = [...this.forms];
    while (forms.length) {
      const context = await this.#visitor();
      const some = await Promise.all(forms.splice(0, AT_ONCE).map(async (form) => {
        const tab = new Tab(await context.newPage(), 'untouched', GATED);
        await tab.opens(form);
        await this.#quiet(form, 'untouched');
        this.found.get(form.name).untouched = await this.#look(tab, form, 'untouched');
        return { tab, form };
      }));
      await Promise.all(some.map(async ({ tab, form }) => {
        const stayed = await tab.accepts(form);
        await this.#asDirect(form, 'untouched', form.act && tab);
        this.found.get(form.name)['in place'] = { ...(await this.#look(tab, form, 'untouched')), stayed };
      }));
      await context.close();
    }
  }

  async acceptedThenWithdrawn() {
    const accepted = await this.#in('again', GATED, {
      first: (tab) => tab.chooses('accept'),
      keep: true,
      each: async (tab, form) => {
        await tab.opens(form);
        await this.#asDirect(form, 'again');
        return this.#look(tab, form, 'again');
      },
    });
    await this.#in('withdrawn', GATED, {
      context: accepted,
      first: async (tab) => {
        await tab.chooses('withdraw');
        // What was kept goes with the next page. This visitor has the cookies of a hundred sites, set by scripts, each of which is
        // expired in every place it may have been set for, and one answer has sixty lines for that: it takes a few.
        for (let page = 0; page < 8; page++) await tab.page.goto(`${GATED}/plain`);
      },
      each: async (tab, form) => {
        await tab.opens(form);
        await this.#quiet(form, 'withdrawn');
        return this.#look(tab, form, 'withdrawn');
      },
    });
  }

  #visitor() {
    return this.chromium.newContext({ locale: 'en-GB', ignoreHTTPSErrors: true });
  }

  /** Goes through all forms in some tabs of one visitor. */
  async #in(state, site, { each, first, keep = false, context }) {
    const shared = context ?? (await this.#visitor());
    if (first) {
      const tab = new Tab(await shared.newPage(), state, site);
      await tab.page.goto(`${site}/plain`);
      await first(tab);
      await tab.page.close();
    }
    const waiting = [...this.forms];
    const work = async () => {
      const tab = new Tab(await shared.newPage(), state, site);
      for (let form = waiting.shift(); form; form = waiting.shift()) {
        this.found.get(form.name)[state] = await each(tab, form);
      }
      await tab.page.close();
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, this.forms.length) }, work));
    if (!keep) await shared.close();
    return shared;
  }

  async #look(tab, form, state) {
    return { asked: this.#asked(form, state), kept: await tab.kept(form) };
  }

  /** Host and path of what was asked for, each once, the state taken out of the host. */
  #asked(form, state) {
    const asked = this.#of(form, state).map(({ host, path }) => `${host.replace(`-${state}.`, '.')} ${path}`);
    return [...new Set(asked)].sort();
  }

  /** What was asked for so far on the form's page in this state. */
  #of(form, state) {
    const { asked } = this.everybody;
    for (; this.read < asked.length; this.read++) {
      const { host, method, path } = asked[this.read];
      const label = host.split('.')[0];
      if (!this.byLabel.has(label)) this.byLabel.set(label, []);
      // What a tab that was led away asks for by itself.
      if (method !== 'OPTIONS' && path !== '/favicon.ico') this.byLabel.get(label).push(asked[this.read]);
    }
    return this.byLabel.get(`${form.slug}-${state}`) ?? [];
  }

  #last(form, state) {
    return this.#of(form, state).at(-1)?.at ?? 0;
  }

  /** Until the form has begun to do what it does, where it does anything. */
  async #first(form, tab) {
    const last = Date.now() + BUSY;
    const begun = async () => (form.keeps ? (await tab.kept(form)).length : this.#of(form, 'direct').length);
    while (!form.never && !form.sometimes && Date.now() < last && !(await begun())) await later(25);
  }

  /**
   * Until everything was asked for that is without the gate: at once, or after a long while in vain.
   * @param acting the tab in which something has to be clicked on meanwhile, again where the page was not yet ready for it.
   */
  async #asDirect(form, state, acting) {
    const { asked } = this.found.get(form.name).direct;
    const last = Date.now() + BUSY / 2;
    while (asked.some((one) => !this.#asked(form, state).includes(one)) && Date.now() < last) {
      if (acting) await acting.acts();
      await later(acting ? QUIET : 25);
    }
    await this.#quiet(form, state, asked.length ? 0 : QUIET * 2);
  }

  /** Until the form has not asked for a while, and at least as long as it needs without the gate. */
  async #quiet(form, state, least = 0) {
    const begun = Date.now();
    const patience = Math.max(least, (this.patience.get(form.slug) ?? 0) + QUIET, form.wait ?? 0);
    for (;;) {
      const now = Date.now();
      if (now - begun > LONGEST + (form.wait ?? 0)) return;
      if (now - begun > patience && now - this.#last(form, state) > QUIET) return;
      await later(25);
    }
  }
}

/** One tab of a visitor in one state. */
class Tab {
  constructor(page, state, site) {
    Object.assign(this, { page, state, site });
  }

  async opens(form) {
    // What leads away at once ends the first load with an error, and that is right.
    await this.page.goto(`${this.site}/${this.state}/${form.slug}`, { waitUntil: 'load', timeout: BUSY }).catch(() => {});
    if (form.act) await this.acts();
  }

  /** Does what a visitor would do with the thing on the page. */
  async acts() {
    await this.#runs(() => {
      const thing = document.getElementById('act');
      thing?.click ? thing.click() : thing?.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
    });
  }

  /** Chooses as the notice would, without the notice. */
  async chooses(choice) {
    const status = await this.page.evaluate(async (value) => {
      const body = new URLSearchParams({ choice: value, return: '/plain' });
      return (await fetch('/.consent/choice', { method: 'POST', headers: { accept: 'application/json' }, body })).status;
    }, choice);
    if (status !== 200) throw new Error(`${choice}: ${status}`);
  }

  /** Presses Accept. @returns whether the page stayed where it was. */
  async accepts(form) {
    if (form.noNotice) {
      await this.chooses('accept');
      return this.#runs(() => !!window.consentgate?.update() || true);
    }
    const pressed = await this.#runs(() => {
      window.wasHere = true;
      const button = document.querySelector('consent-notice')?.shadowRoot?.querySelector('button[value=accept]');
      button?.focus();
      return !!button;
    });
    // By the keyboard, as a visitor may: to a script's own click the gate pays no heed, and a pointer needs a tab in front.
    if (pressed) await this.page.keyboard.press('Enter').catch(() => {});
    // A page that is loaded anew needs a while to be gone.
    await later(150);
    return pressed && (await this.#runs(() => window.wasHere === true));
  }

  /** Cookies, keys and databases of the site's that the form left behind; the name of another state than this one stays in. */
  async kept(form) {
    const mine = (name) => (form.names ? form.names.test(name) : name.includes(`${form.slug}-`));
    const plain = (name) => name.replace(`${form.slug}-${this.state}`, form.slug);
    const cookies = (await this.page.context().cookies(this.site)).map(({ name }) => `cookie ${name}`);
    const stored = await this.#stored();
    return [...new Set([...cookies, ...stored].filter(mine).map(plain))].sort();
  }

  /** As the browser has it: a page's own scripts may be shown what the guard keeps in memory for them. */
  async #stored() {
    this.inside ??= await this.page.context().newCDPSession(this.page);
    const storageKey = `${this.site}/`;
    const ask = (method, given) => this.inside.send(method, given).catch(() => ({}));
    const [local, session, databases, caches] = await Promise.all([
      ask('DOMStorage.getDOMStorageItems', { storageId: { storageKey, isLocalStorage: true } }),
      ask('DOMStorage.getDOMStorageItems', { storageId: { storageKey, isLocalStorage: false } }),
      ask('IndexedDB.requestDatabaseNames', { storageKey }),
      ask('CacheStorage.requestCacheNames', { storageKey }),
    ]);
    return [
      ...(local.entries ?? []).map(([key]) => `localStorage ${key}`),
      ...(session.entries ?? []).map(([key]) => `sessionStorage ${key}`),
      ...(databases.databaseNames ?? []).map((name) => `indexedDB ${name}`),
      ...(caches.caches ?? []).map(({ cacheName }) => `cache ${cacheName}`),
    ];
  }

  /** A page that has gone elsewhere, or broke off, has nothing to say. */
  async #runs(what) {
    return Promise.race([this.page.evaluate(what), later(BUSY)]).catch(() => false);
  }
}

/** The site: a page for each form in each state, its own files, and a plain page. */
async function site(forms) {
  const bySlug = new Map(forms.map((form) => [form.slug, form]));
  return wire({
    request: (request, response) => {
      const [, state, slug, file] = /^\/([a-z]+)\/(f\d+)(?:\/([^?]*))?/.exec(request.url) ?? [];
      const form = bySlug.get(slug);
      const { status = 200, headers = {}, body } = (form ? pageOrFile(form, state, file) : ownFile(request.url)) ?? { status: 404, body: '' };
      for (const [name, value] of Object.entries(headers)) if (value !== null) response.setHeader(name, value);
      response.writeHead(status);
      response.end(body);
    },
  });
}

function pageOrFile(form, state, file) {
  const t = trackerOf(form, state);
  if (!file) return { headers: { 'content-type': form.type === undefined ? 'text/html; charset=utf-8' : form.type, ...form.headers?.(t) }, body: pageOf(form, t) };
  const made = form.files?.[file]?.(t);
  return typeof made === 'string' ? { headers: { 'content-type': typeOf(file) }, body: made } : made;
}

function pageOf(form, t) {
  const html = form.whole?.(t) ?? `<!doctype html><html lang="en"><head><title>x</title>${form.head?.(t) ?? ''}</head><body><h1>Ambleford</h1>${form.body?.(t) ?? ''}</body></html>`;
  return form.bytes ? form.bytes(html) : html;
}

/** What a form is written with. */
function trackerOf(form, state) {
  const host = `${form.slug}-${state}.${form.tracker}`;
  const script = scriptOf(host);
  return {
    host,
    script,
    /** The form's name in this state, for cookies and keys. */
    mark: `${form.slug}-${state}`,
    url: (path) => `https://${host}/${path}`,
    own: (file) => `/${state}/${form.slug}/${file}`,
    /** The host as JavaScript puts it together, between single quotes: no one who reads it sees a company's name. */
    pieces: host.replaceAll('.', "'+'.'+'").replace(/(\w)(\w)'/g, "$1'+'$2'"),
    integrity: `sha384-${createHash('sha384').update(script).digest('base64')}`,
  };
}

/** The script of the company: keeps something in the site's name and reports home. */
function scriptOf(host) {
  const mark = host.split('.')[0];
  return `try { document.cookie = '_ga_${mark}=1; Path=/; Max-Age=600; Secure'; localStorage.setItem('_hjid_${mark}', '1'); sessionStorage.setItem('_hjid_${mark}', '1') } catch {}
try { new Image().src = 'https://${host}/collect.gif' } catch { fetch('https://${host}/collect.gif', { mode: 'no-cors' }) }`;
}

function ownFile(path) {
  if (path === '/plain') return { headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Plain</title><p>Text' };
  return { headers: { 'content-type': typeOf(path) }, body: '' };
}

function typeOf(path) {
  const types = { html: 'text/html', js: 'text/javascript', css: 'text/css', gif: 'image/gif', json: 'application/json' };
  return types[path.split('?')[0].split('.').at(-1)] ?? 'application/octet-stream';
}

export function later(milliseconds) {
  return new Promise((then) => setTimeout(then, milliseconds));
}
