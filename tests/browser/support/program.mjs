// Starts what a test needs and sees that it ends with the test: the demo, a gate with a configuration of its own, and
// small sites to put behind it. Everything listens on loopback, on ports that were free a moment ago.

import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
/** A debug build on a machine that is busy with other things needs seconds, never this long. */
const LONGEST_START = 60_000;

/** What is still to be tidied up, however the test ends. */
const leftovers = new Set();
process.once('exit', () => leftovers.forEach((tidy) => tidy()));

/**
 * The bundled council site with the gate in front.
 * @returns `gate`, `admin`, `direct` and `thirdParties`: addresses without a slash at the end; `received()` what the stand-ins were asked
 * for; `forget()` empties that; `end()`.
 */
export async function demo() {
  const port = await freePort();
  const running = start(['demo', '--port', String(port)]);
  const [, thirdParties] = await running.says(/(http:\/\/third-parties\.localhost:\d+)\//);
  const [, council] = await running.says(/compare\s+http:\/\/127\.0\.0\.1:(\d+)\//);
  const [, admin] = await running.says(/admin=(127\.0\.0\.1:\d+)/);
  const gate = `http://localhost:${port}`;
  await running.answers(`${gate}/`);
  const onLoopback = thirdParties.replace('third-parties.localhost', '127.0.0.1');
  return {
    gate,
    admin: `http://${admin}`,
    // Not by the same name: cookies know no ports, and what one address sets the other would be sent.
    direct: `http://127.0.0.1:${council}`,
    thirdParties,
    received: async () => (await fetch(`${onLoopback}/log.json`)).json(),
    forget: async () => void (await fetch(`${onLoopback}/clear`, { method: 'POST', redirect: 'manual' })),
    end: running.end,
  };
}

/**
 * The gate in front of `upstream` (an address), with the site's further lines of YAML, each indented by four.
 * @param tls the files `{ certificate, privateKey }`: then `secure` is the port of a listener for https.
 * @param notice further keys of the notice, as in `style: { corners: square }`.
 * @param more further keys of the admin listener, behind a comma.
 */
export async function gate(upstream, lines = '', tls = undefined, notice = '', more = '') {
  const [port, admin, secure] = [await freePort(), await freePort(), await freePort()];
  const listener = tls && `, { address: "127.0.0.1:${secure}", tls: { certificate: "${tls.certificate}", key: "${tls.privateKey}" } }`;
  const folder = temporaryFolder();
  const file = join(folder, 'gate.yaml');
  writeFileSync(
    file,
    `listeners: [{ address: "127.0.0.1:${port}", trusted_proxies: ["127.0.0.1/32"] }${listener ?? ''}]
admin: { address: "127.0.0.1:${admin}"${more} }
ledger: { url: "sqlite:${folder}/ledger.db" }
signing_key_file: "${folder}/signing.key"
sites:
  - hosts: ["*"]
    upstream: ${upstream}
    mode: enforce
    notice: { ${/languages:/.test(notice) ? '' : 'languages: [en, cy], '}version: "1", ${notice} }
${lines}`,
  );
  const running = start(['serve', '--config', file]);
  const address = `http://localhost:${port}`;
  await running.answers(`${address}/.consent/cookies`);
  return { address, secure, file, admin: `http://127.0.0.1:${admin}`, end: running.end };
}

/** Runs the program to its end. @returns what it printed; throws where it ends with another exit code than 0. */
export function run(...words) {
  const { status, stdout, stderr } = spawnSync(binary(), words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`consentgate ${words.join(' ')}: ${status}: ${stderr}`);
  return stdout;
}

/** The same beside a site of this process: it goes on answering meanwhile. */
export async function runs(...words) {
  const { stdout } = await promisify(execFile)(binary(), words, { encoding: 'utf8', maxBuffer: 1 << 26 });
  return stdout;
}

/** A site that answers every request with what `page(request)` returns: HTML, `{ type, body, headers }`, or nothing for "not found". */
export async function site(page) {
  const server = createServer((request, response) => {
    const found = page(request);
    const { type = 'text/html; charset=utf-8', body = found, headers = {} } = found ?? {};
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': type, ...headers });
    response.end(body);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const end = () => new Promise((ended) => server.close(ended).closeAllConnections());
  return { address: `http://127.0.0.1:${server.address().port}`, end };
}

/** A port that nobody listens on. */
export async function freePort() {
  const listener = createListener();
  await new Promise((ready) => listener.listen(0, '127.0.0.1', ready));
  const { port } = listener.address();
  await new Promise((closed) => listener.close(closed));
  return port;
}

function start(command) {
  const folder = temporaryFolder();
  const child = spawn(binary(), command, { env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let over = false;
  child.stdout.on('data', (text) => (said += text));
  child.stderr.on('data', (text) => (said += text));
  const gone = new Promise((ended) => child.once('exit', ended)).then(() => (over = true));
  const kill = () => child.kill('SIGKILL');
  leftovers.add(kill);

  const until = async (what, found) => {
    const last = Date.now() + LONGEST_START;
    for (;;) {
      const result = await found();
      if (result) return result;
      if (over || Date.now() > last) throw new Error(`consentgate ${command[0]}: waited for ${what} in vain:\n${said}`);
      await new Promise((later) => setTimeout(later, 20));
    }
  };
  return {
    says: (pattern) => until(pattern, () => pattern.exec(said)),
    answers: (address) => until(address, () => fetch(address).then((answer) => answer.ok, () => false)),
    end: async () => {
      kill();
      await gone;
      leftovers.delete(kill);
    },
  };
}

function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'consentgate-browser-'));
  leftovers.add(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

let built;

/** The program under test: `CONSENTGATE`, else what cargo builds. */
export function binary() {
  built ??= process.env.CONSENTGATE ?? build();
  return built;
}

function build() {
  const command = ['build', '--message-format', 'json-render-diagnostics'];
  const { status, stdout } = spawnSync('cargo', command, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error('cargo build failed');
  const lines = stdout.toString().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return lines.findLast((line) => line.target?.name === 'consentgate' && line.executable).executable;
}
