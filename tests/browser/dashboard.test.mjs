// The dashboard as whoever runs the gate has it: on a phone and on a desktop, in light and dark, by keyboard, on paper, with
// and without JavaScript.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { violations } from './support/accessibility.mjs';
import { binary, gate, site } from './support/program.mjs';
import { browser } from './support/visitor.mjs';

const TOKEN = '5f1d3c1e0a9b4c7d8e6f5a4b3c2d1e0f';
const PAGES = ['/', '/sites/*', '/audits', '/config', '/ledger'];
const LINES = `    cookies:
      - { name: "sid", purpose: essential }
    tags:
      - { match: "||stats.localhost^", purpose: analytics }
`;

let chromium, council, consent, guarded;

/** What audits of yesterday and the day before have left, as the gate keeps them. @returns the line of YAML. */
async function audited(address) {
  const folder = mkdtempSync(join(tmpdir(), 'audits-'));
  for (const daysAgo of [2, 1]) {
    const name = new Date(Date.now() - daysAgo * 86_400_000).toISOString().replace(/[-:]|\.\d+/g, '');
    const before = daysAgo === 1 ? ['--against', join(folder, readdirSync(folder)[0], 'report.json')] : [];
    await promisify(execFile)(binary(), ['audit', '--out', join(folder, name), ...before, `${address}/`]);
  }
  return `audit: { every: 7d, sites: ["${address}/"], folder: "${folder}" }\n`;
}

before(async () => {
  council = await site(() => ({
    type: 'text/html; charset=utf-8',
    body: '<!DOCTYPE html><html lang="en"><title>Bins</title><p>Bins<script src="http://stats.localhost:9/s.js"></script><script src="http://pay.localhost:9/p.js"></script>',
    headers: { 'set-cookie': ['nobody_knows_what_this_is_for_since_2009=1; Path=/', '_ga=1; Path=/'] },
  }));
  const folder = mkdtempSync(join(tmpdir(), 'admin-token-'));
  writeFileSync(join(folder, 'admin.token'), TOKEN);
  [chromium, consent, guarded] = await Promise.all([
    browser(),
    gate(council.address, LINES + (await audited(council.address))),
    gate(council.address, LINES, undefined, '', `, token_file: "${folder}/admin.token"`),
  ]);
  for (const choice of ['accept', 'reject', 'reject', 'withdraw']) await chooses(choice);
  for (const headers of [{}, {}, { referer: `${consent.address}/` }]) {
    await (await fetch(`${consent.address}/bins`, { headers: { accept: 'text/html', 'sec-fetch-dest': 'document', ...headers } })).text();
  }
});
after(() => Promise.all([chromium?.close(), consent?.end(), guarded?.end(), council?.end()]));

async function chooses(choice) {
  const answer = await fetch(`${consent.address}/.consent/choice`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: consent.address, 'content-type': 'application/x-www-form-urlencoded' },
    body: `choice=${choice}`,
  });
  assert.equal(answer.status, 303);
}

const WAYS = [
  ['on a phone', { viewport: { width: 320, height: 640 } }],
  ['on a phone in the dark', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }],
  ['on a desktop', { viewport: { width: 1280, height: 900 } }],
  ['on a desktop in the dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
  ['in forced colours', { viewport: { width: 1280, height: 900 }, forcedColors: 'active' }],
];

for (const [where, options] of WAYS) {
  describe(`the dashboard ${where}`, () => {
    for (const path of PAGES) {
      it(`can be read by everyone: ${path}`, async () => {
        const page = await chromium.newPage(options);
        const asked = [];
        const faults = [];
        page.on('request', (request) => asked.push(request.url()));
        page.on('pageerror', (fault) => faults.push(String(fault)));
        page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
        await page.goto(consent.admin + path, { waitUntil: 'networkidle' });
        const elsewhere = asked.filter((url) => !url.startsWith(consent.admin) && !url.startsWith('data:'));
        assert.deepEqual(elsewhere, []);
        // What is fetched and refused by the page's own policy would be said here. (axe is put in after this.)
        assert.deepEqual(faults, []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${wide} px have to be scrolled to`);
        assert.deepEqual(await violations(page), []);
        await page.close();
      });
    }
  });
}

it('says the same without JavaScript', async () => {
  const texts = [];
  for (const javaScriptEnabled of [true, false]) {
    const context = await chromium.newContext({ javaScriptEnabled });
    const page = await context.newPage();
    for (const path of PAGES) {
      await page.goto(consent.admin + path);
      assert.ok((await page.locator('h2').count()) >= 3, path);
    }
    await page.goto(`${consent.admin}/sites/*`);
    texts.push(await page.locator('.snippets pre').allTextContents());
    assert.equal(await page.getByRole('button', { name: 'Copy the lines' }).count(), javaScriptEnabled ? texts[0].length : 0);
    await context.close();
  }
  assert.deepEqual(texts[0], texts[1]);
  assert.ok(texts[0].some((text) => text.includes('{ name: "nobody_knows_what_this_is_for_since_2009", purpose: CHOOSE }')), String(texts[0]));
});

it('has charts with a name, and their numbers in a table', async () => {
  const page = await chromium.newPage();
  await page.goto(`${consent.admin}/sites/*`);
  await page.getByRole('img', { name: /^Choices, by day, / }).waitFor();
  const row = page.getByRole('table', { name: 'Choices by day, from the ledger' }).getByRole('row').nth(1);
  assert.deepEqual((await row.getByRole('cell').allTextContents()).slice(0, 4), ['1', '0', '2', '1']);
  await page.close();
});

it('shows the audits over time, and their reports', async () => {
  const page = await chromium.newPage({ viewport: { width: 320, height: 640 } });
  await page.goto(`${consent.admin}/audits`);
  await page.getByRole('img', { name: /^Scores of http:/ }).waitFor();
  const faults = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  await page.getByRole('table', { name: 'Audits, the newest first' }).getByRole('link').first().click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.match(page.url(), /\/audits\/\d{8}T\d{6}Z\/report\.html$/);
  // The report's own style is let in, and nothing is missing.
  assert.notEqual(await page.evaluate(() => getComputedStyle(document.querySelector('.score')).fontWeight), '400');
  assert.deepEqual(faults, []);
  await page.close();
});

it('can be gone through by keyboard', async () => {
  const page = await chromium.newPage({ viewport: { width: 320, height: 640 } });
  await page.goto(`${consent.admin}/sites/*`);
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to content');
  await page.keyboard.press('Enter');
  const reached = new Set();
  for (let n = 0; n < 80; n += 1) {
    await page.keyboard.press('Tab');
    reached.add(await focused(page));
    const shown = await page.evaluate(() => document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== 'none');
    assert.ok(shown, `${await focused(page)} does not show that it has the focus`);
  }
  for (const name of ['Copy', 'Unclassified', 'CSV: Choices by day, from the ledger']) assert.ok(reached.has(name), `${name} of ${[...reached]}`);
  await page.close();
});

const focused = (page) => page.evaluate(() => document.activeElement?.textContent.trim());

it('copies what is to be pasted', async () => {
  const context = await chromium.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await context.newPage();
  await page.goto(`${consent.admin}/sites/*`);
  await page.getByRole('button', { name: 'Copy the lines' }).first().click();
  await page.getByText('Copied').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await page.locator('.snippets pre').first().textContent());
  await context.close();
});

it('asks for the token where it must, and lets in who has it', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const context = await chromium.newContext({ javaScriptEnabled, viewport: { width: 320, height: 640 } });
    const page = await context.newPage();
    await page.goto(`${guarded.admin}/config`);
    assert.equal(new URL(page.url()).pathname, '/login');
    if (javaScriptEnabled) assert.deepEqual(await violations(page), []);
    await page.getByLabel('Admin token').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('alert').waitFor();
    if (javaScriptEnabled) assert.deepEqual(await violations(page), []);
    await page.getByLabel('Admin token').fill(TOKEN);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    if (javaScriptEnabled) assert.deepEqual(await violations(page), []);
    const [cookie] = await context.cookies();
    assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.goto(`${guarded.admin}/config`);
    assert.equal(new URL(page.url()).pathname, '/login');
    await context.close();
  }
});

it('is whole on paper', async () => {
  const page = await chromium.newPage({ viewport: { width: 700, height: 900 } });
  await page.emulateMedia({ media: 'print' });
  await page.goto(`${consent.admin}/sites/*`);
  assert.equal(await page.locator('header').isVisible(), false);
  const cut = await page.evaluate(() => [...document.querySelectorAll('.wide')].filter((box) => getComputedStyle(box).overflowX !== 'visible').length);
  assert.equal(cut, 0);
  await page.close();
});

it('is what the templates say it is: no markup is put together by hand', () => {
  const source = readFileSync(new URL('../../src/admin/page.html', import.meta.url), 'utf8');
  assert.ok(!source.includes('|safe') && !source.includes('autoescape false'));
});
