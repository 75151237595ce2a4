// The data protection officer's pack, as a browser and assistive technology have it: on a phone, on a desktop, on paper,
// with many choices and with none.

import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

import { violations } from './support/accessibility.mjs';
import { gate, run, site } from './support/program.mjs';
import { browser } from './support/visitor.mjs';

const ATTEST = ['sole_purpose', 'aggregate_output', 'no_individual_tracking', 'no_advertising', 'provider_is_processor', 'not_linked', 'individual_data_not_kept'];
const LINES = `    purposes:
      - { name: counting, basis: statistical, who: "A. Officer", date: 2026-11-23, attest: { ${ATTEST.map((point) => `${point}: true`).join(', ')} } }
    cookies:
      - { name: "sid", purpose: essential }
      - { name: "_ga*", purpose: analytics }
      - { name: "visits", purpose: counting }
      - { name: "a-rather-long-name-that-somebody-gave-to-a-cookie-in-2009-and-nobody-has-looked-at-since", purpose: marketing }
`;

let chromium, council, consent;
const packs = {};

before(async () => {
  council = await site(() => '<!DOCTYPE html><html lang="en"><title>A page</title><p>A page.');
  [chromium, consent] = await Promise.all([browser(), gate(council.address, LINES)]);
  packs['no choice yet'] = packed('empty');
  for (const choice of ['accept', 'reject', 'reject', 'withdraw', 'object']) await chooses(choice);
  await chooses('accept', 'cy');
  packs['choices in two languages'] = packed('full');
});
after(() => Promise.all([chromium?.close(), consent?.end(), council?.end()]));

async function chooses(choice, language = 'en') {
  const answer = await fetch(`${consent.address}/.consent/choice`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: consent.address, 'accept-language': language, 'content-type': 'application/x-www-form-urlencoded' },
    body: `choice=${choice}`,
  });
  assert.equal(answer.status, 303);
}

function packed(name) {
  const folder = join(dirname(consent.file), name);
  run('ledger', 'export', '--config', consent.file, '--pack', folder);
  return pathToFileURL(join(folder, 'index.html')).href;
}

for (const what of ['no choice yet', 'choices in two languages']) {
  describe(`a pack with ${what}`, () => {
    for (const [where, width, media] of [['on a phone', 320, 'screen'], ['on a desktop', 1280, 'screen'], ['on paper', 700, 'print']]) {
      it(`can be read by everyone ${where}`, async () => {
        const page = await chromium.newPage({ viewport: { width, height: 900 } });
        const asked = [];
        page.on('request', (request) => asked.push(request.url()));
        await page.emulateMedia({ media });
        await page.goto(packs[what]);
        assert.deepEqual(await violations(page), []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${wide} px have to be scrolled to`);
        assert.deepEqual(asked, [packs[what]], 'it fetches nothing');
        await isTables(page);
        await page.close();
      });
    }
  });
}

/** Every table has a name, and its headings are headings to assistive technology. */
async function isTables(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const all = (role) => nodes.filter((node) => !node.ignored && node.role?.value === role);
  const inPage = (selector) => page.locator(selector).count();
  assert.ok(all('table').length >= 5, `${all('table').length} tables`);
  assert.ok(all('table').every((table) => table.name.value.length > 5));
  assert.equal(all('rowheader').length, await inPage('tbody th'));
  assert.equal(all('columnheader').length, await inPage('thead th'));
  assert.equal(all('heading').length, 11);
}
