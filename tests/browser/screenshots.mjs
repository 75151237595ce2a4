// Pictures of what a visitor sees, into target/screenshots: `node tests/browser/screenshots.mjs`.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { demo, gate } from './support/program.mjs';
import { Visitor, browser } from './support/visitor.mjs';

const FOLDER = fileURLToPath(new URL('../../target/screenshots/', import.meta.url));
const DEVICES = { phone: { width: 375, height: 667 }, desktop: { width: 1200, height: 800 } };
const ACCEPT = { en: /^Accept/, cy: /^Derbyn/ };

mkdirSync(FOLDER, { recursive: true });
const [chromium, council] = await Promise.all([browser('--force-color-profile=srgb'), demo()]);
try {
  for (const [device, viewport] of Object.entries(DEVICES)) {
    for (const language of ['en', 'cy']) await ownPages(device, viewport, language);
    await theSite(device, viewport);
  }
  await theSite('small', { width: 320, height: 640 });
  await theSite('dark', DEVICES.desktop, { colorScheme: 'dark' });
  await ownLook();
  await thirdParties();
  for (const [device, viewport] of Object.entries(DEVICES)) await placeholder(device, viewport);
  await dashboard();
} finally {
  await Promise.all([chromium.close(), council.end()]);
}

async function theSite(device, viewport, options) {
  const visitor = await Visitor.to(council.gate, chromium, { viewport, ...options });
  await shot(visitor, '/', `${device}-notice`);
  await shot(visitor, '/contact-us.aspx', `${device}-held-map`);
  await visitor.opens('/');
  await visitor.presses(ACCEPT.en);
  await visitor.page.screenshot({ path: `${FOLDER}${device}-confirmation.png` });
  await shot(visitor, '/', `${device}-accepted`, true);
  await visitor.leaves();
}

/** The gate's own view of the demo's council, when some have answered and more have not. */
async function dashboard() {
  const audit = `audit: { every: 7d, sites: ["${council.gate}/"], folder: "${FOLDER}audits" }\n`;
  const watched = await gate(council.direct, `    cookies: [{ name: "ASP.NET_SessionId", purpose: essential }]\n${audit}`);
  for (const name of [/^Accept/, /^Reject/, null, /^Accept/, /^Reject/, null, /^Accept/, null]) {
    const visitor = await Visitor.to(watched.address, chromium, { viewport: DEVICES.desktop });
    for (const path of ['/', '/contact-us.aspx', '/news/default.aspx']) await visitor.opens(path);
    if (name) await visitor.presses(name);
    await visitor.opens('/your-council/video.aspx');
    await visitor.leaves();
  }
  for (const [name, options] of [['desktop', { viewport: { width: 1200, height: 2400 } }], ['phone', { viewport: { width: 390, height: 1300 }, colorScheme: 'dark' }]]) {
    const page = await chromium.newPage(options);
    await page.goto(`${watched.admin}/sites/*`, { waitUntil: 'networkidle' });
    await page.screenshot({ path: `${FOLDER}${name}-dashboard.png` });
    await page.close();
  }
  await watched.end();
}

/** Colours, a logo and square corners by YAML, on a desk and on the smallest phone. */
async function ownLook() {
  const logo = fileURLToPath(new URL('../fixtures/config/logo.svg', import.meta.url));
  const style = `service: Ambleford Borough Council, style: { colours: { background: "#fdf6e3", text: "#2b1d0e", link: "#7a2e00", button: "#1e5945", button_text: "#ffffff", focus: "#2b1d0e" }, logo: "${logo}", corners: square, footer: centre }`;
  const styled = await gate(council.direct, '    cookies: [{ name: "_ga", purpose: analytics }]\n', undefined, style);
  for (const [device, viewport] of [['desktop', DEVICES.desktop], ['small', { width: 320, height: 640 }]]) {
    const visitor = await Visitor.to(styled.address, chromium, { viewport });
    await shot(visitor, '/', `${device}-own-look`);
    await visitor.leaves();
  }
  await styled.end();
}

async function ownPages(device, viewport, locale) {
  const visitor = await Visitor.to(council.gate, chromium, { viewport, locale });
  await shot(visitor, `/.consent/cookies?lang=${locale}`, `${device}-cookies-${locale}`);
  await shot(visitor, `/.consent/cookies?lang=${locale}`, `${device}-cookies-${locale}-whole`, true);
  await shot(visitor, `/.consent/record?lang=${locale}`, `${device}-record-${locale}`);
  await shot(visitor, '/.consent/nothing', `${device}-error-${locale}`);
  await visitor.leaves();
}

/** What stands in for the demo's film, and for its map in Welsh. */
async function placeholder(device, viewport) {
  for (const [path, locale] of [['/your-council/video.aspx', 'en'], ['/contact-us.aspx', 'cy']]) {
    const visitor = await Visitor.to(council.gate, chromium, { viewport, locale });
    await visitor.opens(path);
    const shown = visitor.page.locator('consent-placeholder').first();
    if (await shown.count()) await shown.screenshot({ path: `${FOLDER}${device}-placeholder-${locale}.png` });
    await visitor.leaves();
  }
}

/** What the companies received from the front page, before any choice and after Accept, one picture above the other. */
async function thirdParties() {
  await council.forget();
  const visitor = await Visitor.to(council.gate, chromium, { viewport: { width: 900, height: 560 } });
  await visitor.opens('/');
  const before = await received(visitor, 'nothing', { x: 0, y: 0, width: 900, height: 260 });
  await visitor.opens('/');
  await visitor.presses(ACCEPT.en);
  const after = await received(visitor, 'something', { x: 0, y: 0, width: 900, height: 560 });
  await visitor.page.setViewportSize({ width: 900, height: 900 });
  const part = (title, picture) =>
    `<h2>${title}</h2><img src="data:image/png;base64,${picture.toString('base64')}">`;
  await visitor.page.setContent(
    `<style>body { margin: 0; font-family: sans-serif } h2 { margin: 0; padding: 8px 16px; font-size: 18px; background: #14181c; color: white } img { display: block }</style>
     ${part('Before any choice', before)}${part('After Accept', after)}`,
  );
  await visitor.page.screenshot({ path: `${FOLDER}third-parties.png`, fullPage: true });
  await visitor.leaves();
}

async function received(visitor, name, clip) {
  await shot(visitor, `${council.thirdParties}/`, `third-parties-${name}`);
  return visitor.page.screenshot({ clip });
}

async function shot(visitor, path, name, fullPage = false) {
  // A page that refreshes itself is never at rest.
  await visitor.page.goto(new URL(path, visitor.site).href, { waitUntil: 'load' });
  await visitor.page.screenshot({ path: `${FOLDER}${name}.png`, fullPage });
}
