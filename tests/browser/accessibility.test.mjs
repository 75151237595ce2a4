// The notice and the gate's own pages, judged by axe and by the HTML validator: no violation and no error in either language,
// on a phone and on a desktop, light, dark and in the visitor's own forced colours.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { violations } from './support/accessibility.mjs';
import { freePort, gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const resolve = createRequire(import.meta.url).resolve;
const VALIDATOR = resolve('vnu-jar/build/dist/vnu.jar');

const LINES = `    tags:
      - { match: "||video.localhost^", purpose: marketing }
    cookies:
      - { name: "sid", purpose: essential }
      - { name: "_ga", purpose: analytics }
      - { name: "a-rather-long-name-that-somebody-gave-to-a-cookie-in-2009", purpose: marketing }
`;
const LANGUAGES = {
  en: { title: 'A page', accept: /^Accept/ },
  cy: { title: 'Tudalen', accept: /^Derbyn/ },
};

const COLOURS = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'in forced colours': { forcedColors: 'active' },
};

let chromium, council, consent, nobody;

before(async () => {
  council = await site((request) => page(...request.url.slice(1).split('/')));
  const gone = `http://127.0.0.1:${await freePort()}`;
  [chromium, consent, nobody] = await Promise.all([browser(), gate(council.address, LINES), gate(gone, LINES)]);
});
after(() => Promise.all([chromium?.close(), consent?.end(), nobody?.end(), council?.end()]));

/** `/en` and `/cy` of the site, with a film or without. */
function page(language, film) {
  const text = LANGUAGES[language];
  const frame = film ? `<iframe src="http://video.localhost:1/film" width="560" height="315" title="${text.title}"></iframe>` : '';
  return text && `<!DOCTYPE html>
<html lang="${language}"><head><title>${text.title}</title><meta name="viewport" content="width=device-width"></head>
<body><main><h1>${text.title}</h1><p>${text.title}.</p>${frame}</main></body></html>`;
}

/** Everything the gate shows, by how a visitor gets to see it. */
const SHOWN = {
  'the banner': async (visitor, language) => visitor.opens(`/${language}`),
  'the confirmation and the footer': async (visitor, language) => {
    await visitor.opens(`/${language}`);
    await visitor.presses(LANGUAGES[language].accept);
  },
  'a placeholder': async (visitor, language) => {
    await visitor.opens(`/${language}/film`);
    await visitor.page.getByRole('group').waitFor();
  },
  'the cookies page': async (visitor, language) => visitor.opens(`/.consent/cookies?lang=${language}`),
  'the cookies page after saving': async (visitor, language) => {
    await visitor.opens(`/.consent/cookies?lang=${language}`);
    await visitor.page.check('#analytics-yes');
    await visitor.page.locator('button[value=save]').click();
    await visitor.page.getByRole('alert').waitFor();
  },
  'the record of nothing': async (visitor, language) => visitor.opens(`/.consent/record?lang=${language}`),
  'the record': async (visitor, language) => {
    await visitor.opens(`/${language}`);
    await visitor.presses(LANGUAGES[language].accept);
    await visitor.opens(`/.consent/record?lang=${language}`);
  },
  'the page that is not there': async (visitor) => visitor.opens('/.consent/nothing'),
  'the page of a site that does not answer': async (visitor) => visitor.opens(`${nobody.address}/`),
};

for (const language of Object.keys(LANGUAGES)) {
  for (const width of [320, 1280]) {
    for (const [colours, seenIn] of Object.entries(COLOURS)) {
      describe(`in ${language}, ${width} px wide, ${colours}`, () => {
        const options = { viewport: { width, height: 900 }, ...seenIn, locale: language };
        for (const [what, show] of Object.entries(SHOWN)) {
          it(`${what} breaks no rule of accessibility`, async () => {
            const visitor = await Visitor.to(consent.address, chromium, options);
            await show(visitor, language);
            assert.deepEqual(await violations(visitor.page), []);
            const wide = await visitor.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.ok(wide <= 0, `${wide} px have to be scrolled to`);
            assert.equal((await spoken(visitor.page)).slice(0, 2), language);
            await visitor.leaves();
          });
        }
      });
    }
  }
}

/** The language of what the gate says: the notice's where there is one, else the page's. */
function spoken(page) {
  return page.evaluate(() => {
    const notice = document.querySelector('consent-notice')?.shadowRoot.querySelector('[lang]');
    return (notice ?? document.documentElement).lang;
  });
}

describe('the tables of the cookies page', () => {
  for (const width of [320, 1280]) {
    it(`are tables to assistive technology, ${width} px wide`, async () => {
      const visitor = await Visitor.to(consent.address, chromium, { viewport: { width, height: 900 } });
      await visitor.opens('/.consent/cookies');
      const session = await visitor.context.newCDPSession(visitor.page);
      const { nodes } = await session.send('Accessibility.getFullAXTree');
      const count = (role) => nodes.filter((node) => !node.ignored && node.role?.value === role).length;
      const inPage = (selector) => visitor.page.locator(selector).count();
      assert.ok(count('table') >= 2, `${count('table')} tables`);
      assert.equal(count('table'), await inPage('table'));
      assert.equal(count('rowheader'), await inPage('tbody th'));
      assert.equal(count('columnheader'), await inPage('thead th'));
      assert.equal(count('cell'), await inPage('td'));
      await visitor.leaves();
    });
  }
});

describe('the HTML', () => {
  it('of the notice and of every own page is valid', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'consentgate-browser-'));
    try {
      const files = [];
      for (const language of Object.keys(LANGUAGES)) {
        for (const [what, show] of Object.entries(SHOWN)) {
          const visitor = await Visitor.to(consent.address, chromium, { locale: language });
          let last;
          visitor.page.on('response', (answer) => answer.request().isNavigationRequest() && (last = answer));
          await show(visitor, language);
          const file = join(folder, `${language} ${what}.html`);
          writeFileSync(file, footerInBody(await last.text()));
          files.push(file);
          await visitor.leaves();
        }
      }
      assert.deepEqual(await errors(files), []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('would be found to be wrong', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'consentgate-browser-'));
    try {
      const file = join(folder, 'wrong.html');
      writeFileSync(file, '<!DOCTYPE html><html lang="en"><title>Wrong</title><p id="a"><span id="a">');
      assert.ok((await errors([file])).length > 0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** The gate adds its footer where the site's bytes end. Parsers put it into the body; the validator wants it written there. */
function footerInBody(html) {
  const [document, footer] = html.split(/(?<=<\/html>\s*)(?=<consent-notice>)/);
  return footer ? document.replace('</body>', `${footer}</body>`) : html;
}

async function errors(files) {
  const run = promisify(execFile)('java', ['-jar', VALIDATOR, '--format', 'json', '--exit-zero-always', ...files]);
  const { messages } = JSON.parse((await run).stderr);
  return messages.filter(({ type }) => type !== 'info').map(({ url, message, extract }) => `${decodeURI(url.split('/').at(-1))}: ${message}: ${extract}`);
}
