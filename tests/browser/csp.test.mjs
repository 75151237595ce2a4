// Sites with Content-Security-Policies of their own: the notice and the guard work under each, nothing of the gate's is
// reported as a violation, and what the site forbids stays forbidden (promise 25).

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';

import { gate } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

/** `'sha256-…'` of the page's first inline script. */
const HASH = "'sha256-tUGrgRmOly89M7tRlzRLxiuYsFsfiyCu9Fla/j9giBM='";
const HASHED = 'window.ran.push("hashed")';

/** What a site sends: headers, in order, or a `<meta>`. */
const csp = (...values) => ({ headers: values.map((value) => ['Content-Security-Policy', value]) });
const meta = (content) => ({ headers: [], meta: content });

const POLICIES = {
  none: csp(),
  self: csp("default-src 'self'"),
  'default none': csp("default-src 'none'"),
  'default none in a meta': meta("default-src 'none'"),
  'script none': csp("script-src 'none'"),
  'nonce only': csp("script-src 'nonce-abc'; style-src 'nonce-abc'"),
  'nonce only in a meta': meta("script-src 'nonce-abc'; style-src 'nonce-abc'"),
  'hash only': csp(`script-src ${HASH}`),
  'strict-dynamic': csp("script-src 'nonce-abc' 'strict-dynamic' 'unsafe-inline' https:; object-src 'none'; base-uri 'none'"),
  'strict-dynamic by default': csp("default-src 'self' 'nonce-abc' 'strict-dynamic'"),
  'unsafe-inline without self': csp("script-src 'unsafe-inline' https://cdn.example; style-src 'unsafe-inline'"),
  'unsafe-inline by default': csp("default-src 'unsafe-inline' data:"),
  'another host': csp('script-src https://cdn.example; style-src https://cdn.example; connect-src https://cdn.example'),
  'elements apart': csp("script-src 'self'; script-src-elem 'nonce-abc'; style-src 'self'; style-src-elem 'none'"),
  'several headers': csp("script-src 'nonce-abc'", "style-src 'none'; script-src 'self' 'nonce-abc'", "connect-src 'none'"),
  'joined by commas': csp("script-src 'nonce-abc', style-src 'none', connect-src 'none'; form-action 'none'"),
  'a header and a meta': { ...csp("script-src 'nonce-abc'"), meta: "style-src 'none'; script-src 'nonce-abc' 'self'" },
  'form-action none': csp("form-action 'none'"),
  'connect none': csp("connect-src 'none'"),
  'report only': { headers: [['Content-Security-Policy-Report-Only', "script-src 'nonce-abc'; style-src 'none'"]] },
  'trusted types': csp("require-trusted-types-for 'script'; trusted-types 'none'"),
  'trusted types and nonce': csp("script-src 'nonce-abc'; require-trusted-types-for 'script'"),
  'sandbox that allows much': csp('sandbox allow-scripts allow-forms allow-same-origin'),
  'sandbox without script': csp('sandbox allow-forms allow-same-origin'),
  'trusted types of the app': csp("require-trusted-types-for 'script'; trusted-types app"),
  'workers of its own': csp("default-src 'self' 'unsafe-inline'; worker-src 'self'"),
  'made workers': csp("script-src 'nonce-abc'; worker-src blob:"),
  'frame-ancestors, base-uri': csp("frame-ancestors 'none'; base-uri 'self'; upgrade-insecure-requests; img-src 'none'"),
};

/** In these the site's own scripts may ask nobody, not even the site. */
const ASKS_NOBODY = ['default none', 'default none in a meta', 'connect none', 'several headers', 'joined by commas', 'another host', 'unsafe-inline by default'];

/** In these no script runs: the form alone is tried. */
const WITHOUT_SCRIPT = ['sandbox without script'];

let chromium, origin, direct, through;

before(async () => {
  chromium = await browser();
  origin = await legacy();
  direct = origin.address;
  through = await gate(origin.address, '    cookies: [{ name: "_ga", purpose: analytics }]\n');
});
after(async () => {
  await Promise.all([chromium?.close(), through?.end(), origin?.end()]);
});

/** A site that sends each policy with a page of its own. */
async function legacy() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const scripts = { '/own.js': 'window.ran.push("own")', '/nonced.js': `window.ran.push("nonced file");(${uses})()`, '/worker.js': 'postMessage(1)' };
    if (scripts[pathname]) {
      response.writeHead(200, { 'content-type': 'text/javascript' });
      return response.end(scripts[pathname]);
    }
    const policy = POLICIES[decodeURIComponent(pathname.slice(1))];
    if (!policy) return response.writeHead(404).end();
    response.writeHead(200, [['Content-Type', 'text/html; charset=utf-8'], ...policy.headers].flat());
    const tag = policy.meta ? `<meta http-equiv="Content-Security-Policy" content="${policy.meta}">` : '';
    return response.end(`<!DOCTYPE html><html lang="en"><head><title>Policy</title>${tag}</head><body>
<script>${HASHED}</script><script nonce="abc">window.ran.push("nonced")</script><script src="/own.js"></script>
<script nonce="abc" src="/nonced.js"></script><p style="color: rgb(1, 2, 3)" onclick="window.ran.push('handler')">Text</p>
<style>p { text-indent: 7px }</style></body></html>`);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const end = () => new Promise((ended) => server.close(ended).closeAllConnections());
  return { address: `http://localhost:${server.address().port}`, end };
}

/** What the site's own script does that a policy may forbid and a guard may meddle with. Runs in the page. */
function uses() {
  const tries = (what, act) => {
    try {
      act();
      window.ran.push(what);
    } catch (fault) {
      window.ran.push(`${what}: ${fault.name}`);
    }
  };
  const box = document.createElement('div');
  tries('markup as text', () => (box.innerHTML = '<b>x</b>'));
  tries('markup of a policy', () => (box.innerHTML = window.trustedTypes.createPolicy('app', { createHTML: (text) => text }).createHTML('<i>x</i>')));
  tries('parsed', () => new DOMParser().parseFromString('<p>x</p>', 'text/html'));
  tries('inserted', () => box.insertAdjacentHTML('beforeend', '<u>x</u>'));
  tries('script as text', () => (document.createElement('script').text = '1'));
  tries('eval', () => eval('1'));
  const made = () => URL.createObjectURL(new Blob(['postMessage(1)'], { type: 'text/javascript' }));
  for (const [what, address] of [['worker', () => '/worker.js'], ['made worker', made]]) {
    try {
      const worker = new Worker(address());
      const answer = new Promise((done) => {
        worker.onmessage = () => done(`${what} runs`);
        worker.onerror = () => done(`${what} stopped`);
      });
      window.later.push(answer);
    } catch (fault) {
      window.later.push(`${what} refused: ${fault.name}`);
    }
  }
}

/** Opens a page; says what of the site's own ran and applied, and what was reported as a violation. */
async function open(site, name) {
  const visitor = await Visitor.to(site, chromium);
  await visitor.page.addInitScript(() => {
    window.ran = [];
    window.later = [];
    window.violations = [];
    const note = ({ blockedURI, effectiveDirective, disposition }) => window.violations.push({ blockedURI, effectiveDirective, disposition });
    document.addEventListener('securitypolicyviolation', note);
  });
  await visitor.opens(`/${encodeURIComponent(name)}`);
  const seen = await visitor.page.evaluate(async () => {
    const text = [...document.querySelectorAll('p')].find((each) => each.textContent === 'Text');
    text.click();
    const { color, textIndent } = getComputedStyle(text);
    const unheard = new Promise((done) => setTimeout(done, 5_000, 'no answer'));
    const later = await Promise.all(window.later.map((each) => Promise.race([each, unheard])));
    return { ran: window.ran, later, color, textIndent };
  });
  return { visitor, seen };
}

describe('a site with a policy of its own', () => {
  it('is a test of the policies: they do forbid', async () => {
    const ran = async (name) => {
      const { visitor, seen } = await open(direct, name);
      await visitor.leaves();
      return seen.ran.filter((what) => /^(hashed|nonced|own|handler)/.test(what));
    };
    assert.deepEqual(await ran('none'), ['hashed', 'nonced', 'own', 'nonced file', 'handler']);
    assert.deepEqual(await ran('nonce only'), ['nonced', 'nonced file']);
    assert.deepEqual(await ran('hash only'), ['hashed']);
    assert.deepEqual(await ran('default none'), []);
    assert.deepEqual(await ran('unsafe-inline without self'), ['hashed', 'nonced', 'handler']);
  });

  for (const name of Object.keys(POLICIES)) {
    it(`${name}: the notice works, nothing of the gate's is a violation, and the site's own is as without the gate`, async () => {
      const [plain, gated] = [await open(direct, name), await open(through.address, name)];
      const { visitor, seen } = gated;
      const { page } = visitor;

      const { ran, color, textIndent } = seen;
      assert.deepEqual({ ran, color, textIndent }, { ran: plain.seen.ran, color: plain.seen.color, textIndent: plain.seen.textIndent });

      await isStyled(page);
      if (!WITHOUT_SCRIPT.includes(name)) {
        await theGuardRuns(page);
        assert.deepEqual(await asks(page), { gate: 200, site: ASKS_NOBODY.includes(name) ? 'stopped' : 200 });
      }
      const ours = async () => (await page.evaluate(() => window.violations)).filter(isEnforcedAndOurs);
      assert.deepEqual(await ours(), []);

      await visitor.presses(/^Reject/);
      await page.getByRole('alert').waitFor();
      assert.match(await page.getByRole('alert').innerText(), /rejected/);
      assert.deepEqual(await ours(), []);
      await Promise.all([visitor.leaves(), plain.visitor.leaves()]);
    });
  }

  for (const name of Object.keys(POLICIES)) {
    it(`${name}: the site's workers run as without the gate`, async () => {
      const [plain, gated] = [await open(direct, name), await open(through.address, name)];
      assert.deepEqual(gated.seen.later, plain.seen.later);
      await Promise.all([gated.visitor.leaves(), plain.visitor.leaves()]);
    });
  }

  it('sandboxed into an origin of its own: the way to the cookies page is open', async (test) => {
    const sandboxed = createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': 'sandbox allow-scripts allow-forms' });
      response.end('<!DOCTYPE html><html lang="en"><title>Sandbox</title><body><p>Text</p></body></html>');
    });
    await new Promise((ready) => sandboxed.listen(0, '127.0.0.1', ready));
    const consent = await gate(`http://127.0.0.1:${sandboxed.address().port}`, '    cookies: [{ name: "_ga", purpose: analytics }]\n');
    test.after(() => Promise.all([consent.end(), new Promise((ended) => sandboxed.close(ended).closeAllConnections())]));
    const visitor = await Visitor.to(consent.address, chromium);
    await visitor.opens('/');
    await visitor.page.getByRole('link', { name: 'View cookies' }).click();
    await visitor.page.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(new URL(visitor.page.url()).pathname, '/.consent/cookies');
    await visitor.leaves();
  });
});

describe('csp: strict and learn', () => {
  const RULES = '    cookies: [{ name: "_ga", purpose: analytics }]\n';
  const LATE = '/late.html';
  let site, elsewhere;

  before(async () => {
    // By another name, it is another company nobody has classified.
    elsewhere = await serve((path) => path === '/third.js' && ['text/javascript', 'window.third = true']);
    const late = `<script>addEventListener('click', () => document.head.append(Object.assign(document.createElement('script'), { src: '${elsewhere.replace('localhost', '127.0.0.1')}/third.js' })))</script>`;
    site = await serve((path) => ({
      [LATE]: ['text/html', `<!DOCTYPE html><html lang="en"><title>Late</title>${late}<body><p>Text</p><img alt="" src="/crest.svg"><script src="/own.js"></script>`],
      '/own.js': ['text/javascript', 'window.own = true'],
      '/crest.svg': ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'],
    })[path]);
  });

  const servers = [];
  after(() => Promise.all(servers.map((server) => new Promise((ended) => server.close(ended).closeAllConnections()))));

  async function serve(answer) {
    const server = createServer((request, response) => {
      const [type, text] = answer(new URL(request.url, 'http://localhost').pathname) || [];
      response.writeHead(type ? 200 : 404, { 'content-type': type ?? 'text/plain' });
      response.end(text);
    });
    servers.push(server);
    await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
    return `http://localhost:${server.address().port}`;
  }

  /** Opens the page and does what makes its script call on another company. @returns what ran */
  async function click(consent) {
    const visitor = await Visitor.to(consent.address, chromium);
    await visitor.opens(LATE);
    const wanted = visitor.page.waitForEvent('console', { predicate: (message) => /Content.Security.Policy/i.test(message.text()), timeout: 10_000 }).catch(() => {});
    await visitor.page.locator('p', { hasText: /^Text$/ }).click();
    await Promise.race([wanted, visitor.page.waitForFunction(() => window.third).catch(() => {})]);
    // A report may be there before what it tells of.
    await visitor.page.waitForFunction(() => window.third, undefined, { timeout: 1500 }).catch(() => {});
    const ran = await visitor.page.evaluate(() => ({ own: window.own === true, third: window.third === true, crest: document.querySelector('img').naturalWidth }));
    await visitor.leaves();
    return ran;
  }

  /** How often the strict policy stopped, or would have stopped, the other company. */
  async function counted(consent, deed) {
    for (let tries = 0; tries < 250; tries++) {
      const { sites } = await fetch(`${consent.admin}/api/stats`).then((answer) => answer.json());
      const count = sites[0].held.find((held) => held.kind === 'csp' && held.deed === deed && held.rule === '127.0.0.1');
      if (count) return count.count;
      await new Promise((later) => setTimeout(later, 20));
    }
    return 0;
  }

  it('fence lets a running script call on a company nobody has classified', async (test) => {
    const consent = await gate(site, RULES);
    test.after(consent.end);
    assert.deepEqual(await click(consent), { own: true, third: true, crest: 1 });
  });

  it('learn stops nothing, and counts what strict would stop', async (test) => {
    const consent = await gate(site, `    csp: learn\n${RULES}`);
    test.after(consent.end);
    assert.deepEqual(await click(consent), { own: true, third: true, crest: 1 });
    assert.ok((await counted(consent, 'would_hold')) > 0);
  });

  it('strict stops it, says so, and leaves the site itself alone', async (test) => {
    const consent = await gate(site, `    csp: strict\n${RULES}`);
    test.after(consent.end);
    assert.deepEqual(await click(consent), { own: true, third: false, crest: 1 });
    assert.ok((await counted(consent, 'held')) > 0);
  });
});

/** The notice's stylesheet applies: its buttons are as large as they must be, and have its colours. */
async function isStyled(page) {
  const button = page.getByRole('button', { name: /^Reject/ });
  const { height } = await button.boundingBox();
  assert.ok(height >= 44, `the button is ${height} px high: the stylesheet was not taken`);
}

async function theGuardRuns(page) {
  const granted = await page.evaluate(() => window.consentgate?.granted);
  assert.deepEqual(granted, ['essential'], 'the guard was not taken');
}

/** What comes of asking the gate for a verdict, as the guard does, and of asking the site for anything. */
async function asks(page) {
  return page.evaluate(async () => {
    const status = (address, options) => fetch(address, options).then((answer) => answer.status, () => 'stopped');
    return { gate: await status('/.consent/verdict', { method: 'POST', body: '/' }), site: await status('/own.js') };
  });
}

function isEnforcedAndOurs({ blockedURI, disposition }) {
  return disposition === 'enforce' && blockedURI.includes('/.consent/');
}
