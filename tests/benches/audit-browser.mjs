// The audit with a browser: stub councils on addresses of this machine, with a notice, tags and a counter, each page in all four states. Says
// pages a minute (a page in four states counts four times) for each number of sites at once.
//
//   cargo build --release && node tests/benches/audit-browser.mjs [--sites 16] [--pages 5] [--at-once 2,4,8] [--flag=--no-sandbox]

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    sites: { type: 'string', default: '16' },
    pages: { type: 'string', default: '5' },
    'at-once': { type: 'string', default: '2,4,8' },
    flag: { type: 'string', multiple: true, default: [] },
  },
});
const PROGRAM = process.env.CONSENTGATE ?? fileURLToPath(new URL('../../target/release/consentgate', import.meta.url));
const STATES = 4;

/** 40 KB with links, styles, pictures, a form and scripts, as councils' pages are. */
const filler = '<p class="body">Council services, news and how to get in touch with us.</p>\n'.repeat(500);
const picture = Buffer.from('R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==', 'base64');
const notice = `<div class="cookie-bar" style="position:fixed;bottom:0;background:#fff"><p>We would like to set cookies to count visits.</p>
<button onclick="pick('yes')">Accept all cookies</button><button onclick="pick('no')">Reject all cookies</button></div>`;
const back = `<button onclick="document.querySelector('dialog').showModal()">Cookie settings</button><dialog><p>Cookies: you agreed.</p>
<button onclick="document.cookie='_ga=; Path=/; Max-Age=0';pick('no')">Reject all</button></dialog>`;
function page(number, cookies, port) {
  const chosen = /choice=(\w+)/.exec(cookies)?.[1];
  const links = Array.from({ length: 20 }, (_, at) => `<li><a href="/page/${(number + at) % 40}">Page</a></li>`).join('');
  const pictures = Array.from({ length: 10 }, (_, at) => `<img src="/picture/${at}.gif" alt="">`).join('');
  const tags = chosen === 'yes' ? `<script async src="http://stats.localhost:${port}/tag.js"></script>` : '';
  return `<!doctype html><html lang="en"><head><title>Council</title><link rel="stylesheet" href="/style.css"><script defer src="/site.js"></script>${tags}</head>
<body><ul>${links}</ul>${pictures}${filler}<form><input name="q"></form>${chosen ? back : notice}
<script>function pick(v){document.cookie='choice='+v+'; Path=/; Max-Age=15552000';location.reload()}</script></body></html>`;
}
const SITE = "addEventListener('load',()=>{sessionStorage.setItem('seen','1');setTimeout(()=>document.body.dataset.ready='1',300)})";
const TAG = "document.cookie='_ga=1; Path=/; Max-Age=63072000';localStorage.setItem('visits','1');fetch('/hit',{mode:'no-cors'})";

const server = createServer((request, response) => {
  const say = (kind, body) => response.writeHead(200, { 'content-type': kind }).end(body);
  const path = request.url.split('?')[0];
  if (path === '/' || path.startsWith('/page/')) return say('text/html; charset=utf-8', page(Number(path.slice(6) || 0), request.headers.cookie ?? '', server.address().port));
  if (path === '/style.css') return say('text/css', 'body{font:16px sans-serif}');
  if (path === '/site.js') return say('text/javascript', SITE);
  if (path === '/tag.js') return say('text/javascript', TAG);
  if (path.endsWith('.gif')) return say('image/gif', picture);
  return response.writeHead(404).end();
});
await new Promise((started) => server.listen(0, '0.0.0.0', started));
const sites = Array.from({ length: Number(values.sites) }, (_, at) => `http://127.0.1.${at + 1}:${server.address().port}/`);

for (const atOnce of values['at-once'].split(',')) {
  const folder = mkdtempSync(join(tmpdir(), 'consentgate-audit-'));
  const flags = values.flag.map((flag) => `--chromium-flag=${flag}`);
  const words = ['audit', '--mode', 'browser', '--pages', values.pages, '--delay', '0ms', '--at-once', atOnce, '--out', folder, ...flags, ...sites];
  const begun = performance.now();
  const audit = spawn(PROGRAM, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  await new Promise((ended) => audit.on('close', ended));
  const seconds = (performance.now() - begun) / 1000;
  const report = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'));
  const all = report.sites.flatMap((site) => site.pages);
  const pages = all.reduce((sum, { phases }) => sum + phases.length, 0);
  const whole = all.length * STATES === pages ? '' : ` (NOT all states: ${JSON.stringify(report.sites.flatMap((site) => site.gaps)).slice(0, 500)})`;
  console.log(`${atOnce} at once: ${pages} pages in ${seconds.toFixed(1)} s: ${Math.round((pages / seconds) * 60)} a minute${whole}`);
  rmSync(folder, { recursive: true, force: true });
}
server.close();
