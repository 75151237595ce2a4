// A benchmark of many sites: stub councils on ports of this machine, audited without a browser. Says pages a minute, seconds and memory.
//
//   cargo build --release && node tests/benches/audit.mjs [--sites 603] [--pages 10] [--at-once 32]

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { sites: { type: 'string', default: '603' }, pages: { type: 'string', default: '10' }, 'at-once': { type: 'string', default: '32' } },
});
const PROGRAM = process.env.CONSENTGATE ?? fileURLToPath(new URL('../../target/release/consentgate', import.meta.url));

/** 40 KB with tags, links and a form, as councils' pages are. */
const filler = '<p class="body">Council services, news and how to get in touch with us.</p>\n'.repeat(500);
function page(site, number) {
  const links = Array.from({ length: 20 }, (_, at) => `<li><a href="/page/${(number + at) % 40}">Page</a></li>`).join('');
  return `<!doctype html><html lang="en"><head><title>Site ${site}</title><script async src="https://www.google-analytics.com/analytics.js"></script></head>
<body><ul>${links}</ul>${filler}<form><input name="q"></form><img src="https://www.facebook.com/tr?id=1"></body></html>`;
}

let asked = 0;
const servers = await Promise.all(Array.from({ length: Number(values.sites) }, (_, site) => new Promise((started) => {
  const server = createServer((request, response) => {
    asked += 1;
    if (!/^\/(page\/\d+)?$/.test(request.url)) return response.writeHead(404).end();
    const cookies = [`session=${asked}; HttpOnly`, '_ga=1; Max-Age=63072000', `own_${site % 7}=1; Max-Age=3600`];
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'set-cookie': cookies });
    return response.end(page(site, Number(request.url.slice(6) || 0)));
  });
  server.listen(0, '127.0.0.1', () => started(server));
})));

const folder = mkdtempSync(join(tmpdir(), 'consentgate-audit-'));
try {
  const list = join(folder, 'sites.txt');
  writeFileSync(list, servers.map((server) => `http://127.0.0.1:${server.address().port}/`).join('\n'));
  const begun = performance.now();
  const words = ['audit', '--sites', list, '--pages', values.pages, '--delay', '0ms', '--at-once', values['at-once'], '--out', join(folder, 'out')];
  const audit = spawn(PROGRAM, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  let peak = 0;
  const watch = setInterval(() => {
    try {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${audit.pid}/status`, 'utf8'))?.[1] ?? 0));
    } catch { /* it has ended */ }
  }, 50);
  await new Promise((ended) => audit.on('close', ended));
  clearInterval(watch);
  const seconds = (performance.now() - begun) / 1000;
  const { sites } = JSON.parse(readFileSync(join(folder, 'out', 'report.json'), 'utf8'));
  const pages = sites.reduce((sum, site) => sum + site.pages.length, 0);
  console.log(`${sites.length} sites, ${pages} pages in ${seconds.toFixed(1)} s: ${Math.round((pages / seconds) * 60)} pages a minute, at most ${Math.round(peak / 1024)} MiB, ${asked} requests`);
} finally {
  rmSync(folder, { recursive: true, force: true });
  servers.forEach((server) => server.close());
}
