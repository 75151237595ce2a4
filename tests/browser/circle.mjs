// Walks councils' sites with a browser, without the gate and through it, and says what each page is to a visitor: its
// status, its text and forms, its scripts' errors, and whether its search and its log-in work. tests/audit_councils.rs starts it:
// the councils come as JSON on the standard input, what was met goes as JSON to the standard output.

import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const { program, flags, visits } = JSON.parse(readFileSync(0, 'utf8'));

/** What the gate adds, and what other consent tools add: no part of the page that is compared. */
const NOTICES =
  'consent-notice, consent-placeholder, consent-end, #cc-main, .cc-window, .cc-revoke, #tarteaucitronRoot, .govuk-cookie-banner, #cookie-notice';
/** Nothing but notices waits longer than this to be there. */
const QUIET = 300;
const AT_ONCE = 8;

const browser = await chromium.launch({ executablePath: program, args: ['--disable-gpu', '--disable-quic', ...flags] });

const found = [];
const waiting = visits.map((visit, at) => ({ visit, at }));
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) found[next.at] = await walk(next.visit);
  }),
);
await browser.close();
process.stdout.write(JSON.stringify(found));

/** One visitor of one site. */
async function walk({ site, pages, deeds, refuses }) {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  if (refuses) await refuse(page, site);
  const met = [];
  for (const path of pages) met.push(await look(page, new URL(path, site), errors));
  const done = [];
  for (const deed of deeds) done.push(await doing(page, site, deed).catch(({ message }) => `${deed.what}: ${message}`));
  await context.close();
  return { pages: met, done };
}

async function opened(page, address) {
  const answer = await page.goto(`${address}`, { waitUntil: 'load' });
  await page.waitForTimeout(QUIET);
  return answer;
}

async function refuse(page, site) {
  await opened(page, site);
  await page.locator('consent-notice button[name=choice][value=reject]').first().click();
  await page.getByRole('alert').first().waitFor();
}

async function look(page, address, errors) {
  errors.length = 0;
  const answer = await opened(page, address);
  const seen = await page.evaluate((notices) => {
    const forms = [...document.forms].filter((form) => !form.closest(notices) && !form.querySelector(notices));
    const body = document.body.cloneNode(true);
    body.querySelectorAll(`${notices}, script, style, noscript, template, iframe`).forEach((one) => one.remove());
    return {
      text: body.textContent.replace(/\s+/g, ' ').trim(),
      forms: forms.map((form) => {
        const fields = [...form.elements].map(({ localName, type, name, value }) => `${localName} ${type} ${name}=${value}`);
        return `${form.getAttribute('method')} ${form.getAttribute('action')}: ${fields.join(', ')}`;
      }),
    };
  }, NOTICES);
  return { path: address.pathname, status: answer.status(), ...seen, errors: [...new Set(errors)].sort() };
}

async function doing(page, site, { what, path }) {
  await opened(page, new URL(path, site));
  if (what === 'search') {
    const field = page.locator('form[action*=search] input[name=q], form[action*=search] input[type=text]').first();
    await field.fill('bins', { force: true });
    await field.evaluate((one) => one.form.submit());
    await page.getByText('Results for bins').waitFor();
    return 'found';
  }
  const secret = page.locator('input[type=password]').first();
  const form = secret.locator('xpath=ancestor::form');
  await form.locator('input[type=text], input:not([type])').first().fill('Mair');
  await secret.fill('cwtch');
  await form.locator('button, input[type=submit]').first().click();
  await page.getByText('Signed in as Mair').waitFor();
  await opened(page, page.url());
  return (await page.getByText('Signed in as Mair').count()) === 1 ? 'signed in, and still on the next page' : 'forgotten';
}
