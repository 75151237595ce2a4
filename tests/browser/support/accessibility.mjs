// What axe finds.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * What is wrong with a page, or with what a selector finds in it: the rule, what it is about, and where. Everything there
 * must have been looked at by some rule.
 */
export async function violations(page, within) {
  await page.evaluate(AXE);
  // Forced colours are the visitor's own: nobody else can say whether they contrast, and axe reads those they replace.
  const forced = await page.evaluate(() => matchMedia('(forced-colors: active)').matches);
  const found = await page.evaluate(
    ([values, include, enabled]) => window.axe.run(include ? { include } : document, { runOnly: { type: 'tag', values }, rules: { 'color-contrast': { enabled } } }),
    [RULES, within && [[within]], !forced],
  );
  if (!forced && !found.passes.some(({ id }) => id === 'color-contrast')) throw new Error('axe has seen no text');
  return found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => JSON.stringify(target)).join(', ')}`);
}
