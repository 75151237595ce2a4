// What an audit hands over, as whoever is given it has it: on a phone, on a desktop, light and dark, on paper; of one site and
// of many, with pictures and with an earlier audit to compare with. Nothing of it asks anybody for anything.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { violations } from './support/accessibility.mjs';
import { runs, site } from './support/program.mjs';
import { browser } from './support/visitor.mjs';

const VALIDATOR = createRequire(import.meta.url).resolve('vnu-jar/build/dist/vnu.jar');
const LONG_NAME = 'a_rather_long_name_that_somebody_gave_to_a_cookie_in_2009_and_nobody_has_looked_at_since';

let chromium, folder;
/** The audit with a browser takes longest: it goes on while the other pages are looked at. */
let pictured;
const councils = [];
/** Set between the first audit and the second: the sites have changed. */
let mended = false;

/** What a site does grows with its number. */
function page(number) {
  return (request) => {
    if (!/^\/(bins|cookies)?$/.test(request.url)) return undefined;
    const cookies = ['ASP.NET_SessionId=1; HttpOnly; Path=/'];
    if (number > 0 && !mended) cookies.push('_ga=1; Max-Age=63072000; Path=/', `${LONG_NAME}=1; Max-Age=3600; Path=/`);
    for (let more = 0; more < number * number; more += 1) cookies.push(`own_${number}_${more}=1; Path=/`);
    const tags = number % 2 ? '<script async src="https://www.google-analytics.com/analytics.js"></script>' : '';
    return {
      type: 'text/html; charset=utf-8',
      headers: { 'set-cookie': cookies },
      body: `<!DOCTYPE html><html lang="en"><head><title>Council ${number}</title>${tags}</head><body><h1>Council</h1><a href="/bins">Bins</a> <a href="/cookies">Cookies</a>
<form id="govuk" class="govuk-cookie-banner" method="get"><p>We would like to use cookies to count visits.</p><button name="choice" value="accept">Accept cookies</button><button name="choice" value="reject">Reject cookies</button></form></body></html>`,
    };
  };
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'consentgate-audit-report-'));
  for (let number = 0; number < 4; number += 1) councils.push(await site(page(number)));
  chromium = await browser();
  const list = join(folder, 'councils.csv');
  writeFileSync(list, `site\n${councils.map(({ address }) => `${address}/`).join('\n')}\nhttp://127.0.0.1:9/\n`);
  const one = `${councils[3].address}/`;
  pictured = audit('browser', '--mode', 'browser', '--pages', '1', '--chromium-flag=--no-sandbox', ...chosen(), one).then(read);
  await Promise.all([audit('before', '--sites', list), audit('one-before', one)]);
  mended = true;
  await Promise.all([
    audit('many', '--sites', list, '--against', join(folder, 'before', 'report.json')),
    audit('one', one, '--against', join(folder, 'one-before', 'report.json')),
  ]);
});
after(async () => {
  await pictured?.catch(() => {});
  await Promise.all([chromium?.close(), ...councils.map((council) => council.end())]);
  rmSync(folder, { recursive: true, force: true });
});

const chosen = () => (process.env.CHROMIUM ? ['--chromium', process.env.CHROMIUM] : []);
const audit = (out, ...words) => runs('audit', '--delay', '0ms', '--out', join(folder, out), ...words);

/** What it hands to auditors is read again. */
function read() {
  const [host] = readdirSync(join(folder, 'browser', 'edpb'));
  return audit('imported', '--import', join(folder, 'browser', 'edpb', host, 'untouched', 'inspection.json'));
}

const PAGES = {
  'the benchmark': 'many/benchmark.html',
  'its method': 'many/method.html',
  'its sites': 'many/report.html',
  'the dictionary': 'many/dictionary.html',
  'one site': 'one/report.html',
  'one site with its pictures': 'browser/report.html',
  'one site by another program': 'imported/report.html',
};
const WAYS = {
  'on a small phone': { viewport: { width: 320, height: 640 } },
  'on a phone in the dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  'on a desktop': { viewport: { width: 1280, height: 900 } },
  'on a desktop in the dark': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  'on paper': { viewport: { width: 700, height: 1000 }, media: 'print' },
};

for (const [what, file] of Object.entries(PAGES)) {
  describe(what, () => {
    for (const [where, { media, ...options }] of Object.entries(WAYS)) {
      it(`can be read by everyone ${where}`, async () => {
        if (/^(browser|imported)/.test(file)) await pictured;
        const page = await chromium.newPage(options);
        const asked = [];
        page.on('request', (request) => asked.push(request.url()));
        if (media) await page.emulateMedia({ media });
        const address = pathToFileURL(join(folder, file)).href;
        await page.goto(address);
        if (!media) assert.deepEqual(await violations(page), []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${wide} px have to be scrolled to`);
        assert.deepEqual(asked.filter((url) => !url.startsWith('data:')), [address], 'it fetches nothing');
        await page.close();
      });
    }
  });
}

describe('the pages of an audit', () => {
  it('are valid HTML', async () => {
    const files = Object.values(PAGES).map((file) => join(folder, file));
    const { stderr } = await promisify(execFile)('java', ['-jar', VALIDATOR, '--format', 'json', '--exit-zero-always', ...files]);
    const { messages } = JSON.parse(stderr);
    assert.deepEqual(messages.filter(({ type }) => type === 'error').map(({ url, lastLine, message }) => `${url}:${lastLine}: ${message}`), []);
  });

  it('lead only to what is there', async () => {
    const page = await chromium.newPage();
    for (const file of Object.values(PAGES)) {
      await page.goto(pathToFileURL(join(folder, file)).href);
      const links = await page.evaluate(() => [...document.links].map(({ href, hash }) => ({ href, lost: hash !== '' && href.startsWith(location.href.split('#')[0]) && !document.querySelector(hash) })));
      for (const { href, lost } of links.filter(({ href }) => href.startsWith('file:'))) {
        assert.ok(existsSync(new URL(href)) && !lost, `${file}: ${href}`);
      }
    }
    await page.close();
  });

  it('say what has changed, and the figures of the tables', async () => {
    const page = await chromium.newPage();
    await page.goto(pathToFileURL(join(folder, 'one/report.html')).href);
    const changes = page.locator('#changes ~ ul').first();
    assert.match(await changes.innerText(), /No cookie that needs consent before a choice: Not met, now Met; points: \+20/);
    assert.match(await page.locator('body').innerText(), /Gone[^]*untouched: cookie _ga for 127\.0\.0\.1/);
    await page.goto(pathToFileURL(join(folder, 'many/benchmark.html')).href);
    const text = await page.locator('body').innerText();
    assert.match(text, /4 of 5\s+sites could be looked at/);
    assert.match(text, /5 sites are in both audits: 3 have a higher score than before/);
    const [heading, ...rows] = readFileSync(join(folder, 'many/benchmark.csv'), 'utf8').trim().split('\r\n');
    assert.equal(rows.length, 5);
    assert.equal(await page.getByRole('group', { name: 'League table' }).locator('tbody tr').count(), 4);
    const columns = heading.split(',');
    const described = readFileSync(join(folder, 'many/dictionary.csv'), 'utf8').split('\r\n').filter((line) => line.startsWith('benchmark.csv,'));
    assert.deepEqual(described.map((line) => line.split(',')[1]), columns);
    await page.goto(pathToFileURL(join(folder, 'many/method.html')).href);
    assert.match(await page.locator('#again + pre').innerText(), /^consentgate audit --delay 0ms --out \S+ --sites \S+councils\.csv --against/);
    assert.match(await page.locator('main').innerText(), /the list councils\.csv names 5\. Its SHA-256 is [0-9a-f]{64}/);
    await page.close();
  });

  it('are not made from a file that says nothing', async () => {
    const file = join(folder, 'bad.json');
    writeFileSync(file, '{ "uri_ins": "https://www.example.gov.uk/", "cookies": [{ "domain": "example.gov.uk" }] }');
    await assert.rejects(audit('bad', '--import', file), ({ code, stderr }) => code === 1 && /bad\.json: cookies\[0\]: has no "name"/.test(stderr));
  });

  it('show the pages as evidence', async () => {
    const page = await chromium.newPage();
    await page.goto(pathToFileURL(join(folder, 'browser/report.html')).href);
    const pictures = page.locator('.shots img');
    assert.ok((await pictures.count()) >= 1);
    assert.ok(await pictures.first().evaluate((picture) => picture.naturalWidth > 300 && picture.alt.length > 10));
    await page.close();
  });
});
