// Writes src/audit/data/autoconsent.json: the rules of autoconsent that people wrote, by which other companies' notices are known and
// answered. Data alone comes in, none of its code; the file stays under autoconsent's licence. Not needed to build or to test.
//
//   cd "$(mktemp -d)" && npm pack @duckduckgo/autoconsent@16.23.0 && tar xzf *.tgz
//   node tests/tools/autoconsent-rules.mjs FOLDER/package

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
if (!folder) throw new Error('usage: autoconsent-rules.mjs FOLDER (the unpacked npm package)');
const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
if (name !== '@duckduckgo/autoconsent' || license !== 'MPL-2.0') throw new Error(`${name} ${license}: not what NOTICE says`);

const data = new URL('../../src/audit/data/', import.meta.url);
const own = join(folder, 'rules/autoconsent');
/** What an answer needs; not what hides a notice, checks autoconsent's own tests, or speaks to their authors. */
const KEPT = ['name', 'runContext', 'detectCmp', 'detectPopup', 'optIn', 'optOut'];
const plain = (value) => {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, one]) => (key === 'comment' ? [] : [[key, plain(one)]])));
};
const rules = readdirSync(own).sort().map((file) => {
  const rule = JSON.parse(readFileSync(join(own, file), 'utf8'));
  return plain(Object.fromEntries(KEPT.filter((key) => key in rule).map((key) => [key, rule[key]])));
});
const about = {
  licence: 'Mozilla Public License 2.0: this file is subject to its terms. The text is in LICENSE-MPL-2.0 beside this file, and at https://mozilla.org/MPL/2.0/',
  source: `${name} ${version} (npm), rules/autoconsent/*.json, https://github.com/duckduckgo/autoconsent`,
  changed: `Put into one file by tests/tools/autoconsent-rules.mjs; left out are comments and all fields but ${KEPT.join(', ')}, and the rules that were generated for one site each.`,
};
const lines = rules.map((rule) => JSON.stringify(rule)).join(',\n');
writeFileSync(new URL('autoconsent.json', data), `${JSON.stringify(about, null, 1).slice(0, -2)},\n "rules": [\n${lines}\n]}\n`);
writeFileSync(new URL('LICENSE-MPL-2.0', data), readFileSync(join(folder, 'LICENSE')));
console.log(`${rules.length} rules of ${name} ${version}`);
