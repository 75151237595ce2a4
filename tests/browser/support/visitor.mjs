// A visitor: a browser with nothing in it, and what it asked for and kept as it walked about.

import { chromium } from 'playwright-core';

/** Nothing but this machine can be found, and the browser's own errands stay at home. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1',
];

/** A page that streams for seconds on a busy machine. */
const LONGEST_PAGE = 60_000;

/** What the demo's site needs to work, and the gate's own. */
export const ESSENTIAL = ['ASP.NET_SessionId', '__RequestVerificationToken', '.ASPXAUTH', 'consentgate'];

/** Chromium with an empty profile of its own. */
export function browser(...more) {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, ...more] });
}

export class Visitor {
  /** @param options Playwright's for a context: `javaScriptEnabled`, `viewport`, `locale`. */
  static async to(site, inBrowser, options = {}) {
    const context = await inBrowser.newContext({ locale: 'en-GB', ...options });
    context.setDefaultTimeout(LONGEST_PAGE);
    const page = await context.newPage();
    return new Visitor(site, context, page);
  }

  constructor(site, context, page) {
    Object.assign(this, { site, context, page, asked: [] });
    const note = (address) => this.asked.push({ address, from: new URL(page.url(), site).pathname });
    // Every request of every frame and worker, hints and beacons too; web sockets are told of apart.
    context.on('request', (request) => note(request.url()));
    page.on('websocket', (socket) => note(socket.url()));
  }

  /** Opens a page and waits until nothing is loading any more. */
  async opens(path) {
    const answer = await this.page.goto(new URL(path, this.site).href, { waitUntil: 'networkidle', timeout: LONGEST_PAGE });
    return answer;
  }

  /** Follows every link of the site, frames too, from the front page on. @returns the paths seen, in order. */
  async walksEverywhere(eachPage = async () => {}) {
    const waiting = ['/'];
    const seen = new Set(waiting);
    for (const path of waiting) {
      await this.opens(path);
      await eachPage(path);
      for (const link of await this.#links()) {
        if (!seen.has(link)) waiting.push(link);
        seen.add(link);
      }
    }
    return waiting;
  }

  async #links() {
    const own = this.page.frames().filter((frame) => frame.url().startsWith(this.site));
    const found = await Promise.all(own.map((frame) => frame.$$eval('a[href], area[href]', (links) => links.map((link) => link.href))));
    return found.flat().filter((address) => address.startsWith(`${this.site}/`)).map(pathOf).filter((path) => !path.endsWith('.pdf'));
  }

  /** Presses a button and waits for the page that follows; one of the notice may be confirmed in place instead. */
  async presses(name) {
    await this.page.getByRole('button', { name }).click();
    if (/Accept|Reject|Withdraw|Derbyn|Gwrthod/.test(name)) await this.page.getByRole('alert').first().waitFor();
    await this.page.waitForLoadState('networkidle');
  }

  /** Is there such a button on the page, also in the notice? */
  async sees(name) {
    return this.page.getByRole('button', { name }).first().isVisible();
  }

  /** The hosts of other companies that were asked for anything, each once. */
  get thirdParties() {
    return unique(this.asked.map(({ address }) => new URL(address)).filter(isElsewhere(this.site)).map(({ hostname }) => hostname));
  }

  forgetsRequests() {
    this.asked.length = 0;
  }

  /** Every cookie in the browser, of whichever site. */
  async cookies() {
    return this.context.cookies();
  }

  async cookieNames() {
    return unique((await this.cookies()).map(({ name }) => name));
  }

  async nonEssentialCookies() {
    return (await this.cookieNames()).filter((name) => !ESSENTIAL.includes(name));
  }

  /** Keys in web storage and names of databases, of every origin: `localStorage _ga_stub`. */
  async stored() {
    const { origins } = await this.context.storageState({ indexedDB: true });
    const kept = origins.flatMap(({ localStorage, indexedDB = [] }) => [
      ...localStorage.map(({ name }) => `localStorage ${name}`),
      ...indexedDB.map(({ name }) => `indexedDB ${name}`),
    ]);
    return unique([...kept, ...(await this.#session())]);
  }

  async #session() {
    const keys = await Promise.all(
      this.page.frames().map((frame) => frame.evaluate(() => Object.keys(sessionStorage)).catch(() => [])),
    );
    return keys.flat().map((key) => `sessionStorage ${key}`);
  }

  async leaves() {
    await this.context.close();
  }
}

/** Path and query. The gate's own pages differ from where one came to them only in the way back. */
function pathOf(address) {
  const { pathname, search } = new URL(address);
  return pathname.startsWith('/.consent/') ? pathname : pathname + search;
}

function isElsewhere(site) {
  const { hostname } = new URL(site);
  return (address) => /^(https?|wss?):$/.test(address.protocol) && address.hostname !== hostname;
}

export function unique(values) {
  return [...new Set(values)].sort();
}
