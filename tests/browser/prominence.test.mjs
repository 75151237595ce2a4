// Refusing is as easy as accepting: the two buttons have one and the same look and size, and one press each does it, in the
// built-in notice, in a look of a site's own and in a template of its own.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'node:test';

import { violations } from './support/accessibility.mjs';
import { gate, site } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const COOKIES = '    cookies: [{ name: "_ga", purpose: analytics }, { name: "_fbp", purpose: marketing }]\n';
const TEMPLATE = fileURLToPath(new URL('../../config/notice.example.html', import.meta.url));
const NOTICES = {
  'the built-in notice': undefined,
  'a look of its own': `style: { colours: { background: "#fff8e7", text: "#201000", link: "#5a1a00", button: "#6b1d00", button_text: "#fff8e7" }, corners: square }`,
  'a template of its own': `service: Example Council, template: "${TEMPLATE}"`,
};
const WORDS = { en: [/^Accept/, /^Reject/], cy: [/^Derbyn/, /^Gwrthod/] };
const SEEN_IN = {
  light: { colorScheme: 'light', forcedColors: 'none' },
  dark: { colorScheme: 'dark', forcedColors: 'none' },
  'forced colours': { colorScheme: 'light', forcedColors: 'active' },
  'dark forced colours': { colorScheme: 'dark', forcedColors: 'active' },
};

let chromium, origin;

before(async () => {
  [chromium, origin] = await Promise.all([browser(), site((request) => page(request.url.slice(1)))]);
});
after(() => Promise.all([chromium?.close(), origin?.end()]));

function page(language) {
  return `<!DOCTYPE html><html lang="${language}"><head><title>Bins</title><meta name="viewport" content="width=device-width"></head>
    <body style="margin: 0"><main><h1>Bins</h1><label>Street <input name="street"></label></main></body></html>`;
}

for (const [what, notice] of Object.entries(NOTICES)) {
  describe(what, () => {
    let consent;
    before(async () => (consent = await gate(origin.address, COOKIES, undefined, notice)));
    after(() => consent?.end());

    for (const [language, words] of Object.entries(WORDS)) {
      for (const width of [320, 1280]) {
        it(`has two answers of one look and size, in ${language}, ${width} px wide`, async () => {
          const visitor = await Visitor.to(consent.address, chromium, { viewport: { width, height: 900 }, locale: language });
          await visitor.opens(`/${language}`);
          for (const [colours, media] of Object.entries(SEEN_IN)) {
            await visitor.page.emulateMedia(media);
            for (const state of ['at rest', 'hover', 'focus']) {
              const [accept, reject] = [await look(visitor.page, words[0], state), await look(visitor.page, words[1], state)];
              const where = `${colours}, ${state}`;
              assert.ok(accept.style.length > 300, `${accept.style.length} properties`);
              assert.deepEqual(accept.style, reject.style, where);
              assert.deepEqual([accept.tag, accept.classes, accept.height, accept.top], [reject.tag, reject.classes, reject.height, width < 600 ? accept.top : reject.top], where);
              // Side by side each is as wide as its words and the same space around them; one above the other they are alike.
              assert.equal(width < 600 ? accept.width - reject.width : accept.space - reject.space, 0, where);
              assert.ok(accept.height >= 44 && Math.min(accept.width, reject.width) >= 44, where);
              for (const each of [accept, reject]) {
                assert.ok(each.text >= 4.5, `${where}: text of ${each.text}:1`);
                assert.ok(Math.max(each.edge, each.border) >= 3, `${where}: an edge of ${each.edge}:1 and ${each.border}:1`);
              }
            }
          }
          await visitor.leaves();
        });
      }

      it(`takes one press for either answer, in ${language}, and what was typed stays`, async () => {
        for (const [at, said] of [[0, /accepted|derbyn/i], [1, /rejected|gwrthod/i]]) {
          const visitor = await Visitor.to(consent.address, chromium, { locale: language });
          await visitor.opens(`/${language}`);
          await visitor.page.getByLabel('Street').fill('High Street');
          await visitor.page.getByRole('button', { name: words[at] }).click();
          const alert = visitor.page.getByRole('alert');
          await alert.waitFor();
          assert.match(await alert.innerText(), said);
          assert.equal(await visitor.page.getByLabel('Street').inputValue(), 'High Street');
          // Whoever was in the notice is in the message now.
          assert.equal(await alert.evaluate((element) => element.getRootNode().activeElement === element), true);
          assert.deepEqual(await violations(visitor.page, 'consent-notice'), []);
          await visitor.page.getByRole('link', { name: /^Hide|^Cuddio/ }).click();
          await alert.waitFor({ state: 'detached' });
          await visitor.leaves();
        }
      });
    }

    it('breaks no rule of accessibility', async () => {
      for (const language of Object.keys(WORDS)) {
        const visitor = await Visitor.to(consent.address, chromium, { locale: language });
        await visitor.opens(`/${language}`);
        for (const media of Object.values(SEEN_IN)) {
          await visitor.page.emulateMedia(media);
          assert.deepEqual(await violations(visitor.page, 'consent-notice'), [], `${language}, ${JSON.stringify(media)}`);
        }
        await visitor.leaves();
      }
    });
  });
}

/** A button as it is drawn: all of its style but what follows from the length of its words, its size, its contrasts. */
async function look(page, name, state) {
  const button = page.getByRole('button', { name });
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.activeElement?.blur());
  if (state === 'hover') await button.hover();
  if (state === 'focus') await button.focus();
  return button.evaluate((element) => {
    const follows = /^(width|inline-size|perspective-origin|transform-origin)$/;
    const computed = getComputedStyle(element);
    const style = [...computed].filter((property) => !follows.test(property)).map((property) => `${property}: ${computed.getPropertyValue(property)}`);
    const { width, height, top } = element.getBoundingClientRect();
    const words = document.createRange();
    words.selectNodeContents(element);
    const space = Math.round(width - words.getBoundingClientRect().width);
    const ground = getComputedStyle(element.closest('.banner')).backgroundColor;
    const light = (colour) => {
      const [red, green, blue] = colour.match(/[\d.]+/g).slice(0, 3).map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const contrast = (one, other) => {
      const [more, less] = [light(one), light(other)].sort((a, b) => b - a);
      return (more + 0.05) / (less + 0.05);
    };
    const seen = (colour) => !/^rgba\(.*, 0\)$/.test(colour);
    return {
      tag: element.tagName,
      classes: element.className,
      style,
      width: Math.round(width),
      height,
      top,
      space,
      text: contrast(computed.color, computed.backgroundColor),
      edge: contrast(computed.backgroundColor, ground),
      border: seen(computed.borderTopColor) ? contrast(computed.borderTopColor, ground) : 0,
    };
  });
}
