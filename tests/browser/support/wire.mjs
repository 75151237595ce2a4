// A server that takes whatever a browser sends to one port: HTTP, HTTPS with a certificate of its own, and web sockets.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The first byte of a TLS handshake; no HTTP method begins with it. */
const HANDSHAKE = 0x16;
/** RFC 6455, section 1.3. */
const WEB_SOCKET = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Starts on a free port of loopback.
 * @param on `request(request, response)`; and, where it matters, `socket(request)` for a web socket that was opened and
 * `connected(host)` for a TLS handshake, which is all that a preconnect leaves behind. `request.secure` tells the schemes apart.
 * @returns `port` and `end()`.
 */
export async function wire({ request, socket = () => {}, connected = () => {} }) {
  const plain = createHttp((asked, response) => request(asked, response));
  const secure = createHttps(certificate(), (asked, response) => request(Object.assign(asked, { secure: true }), response));
  secure.on('secureConnection', (connection) => connected(connection.servername));
  for (const server of [plain, secure]) {
    server.on('upgrade', (asked, connection) => {
      socket(Object.assign(asked, { secure: server === secure }));
      accept(asked, connection);
    });
    // A browser that closes a tab closes in the middle of things.
    server.on('clientError', (_, connection) => connection.destroy());
    server.on('tlsClientError', () => {});
    server.keepAliveTimeout = 60_000;
  }
  const open = new Set();
  const port = createServer((connection) => {
    open.add(connection);
    connection.on('close', () => open.delete(connection));
    connection.on('error', () => {});
    connection.once('data', (first) => {
      connection.pause();
      connection.unshift(first);
      (first[0] === HANDSHAKE ? secure : plain).emit('connection', connection);
      process.nextTick(() => connection.resume());
    });
  });
  await new Promise((ready) => port.listen(0, '127.0.0.1', ready));
  const end = async () => {
    open.forEach((connection) => connection.destroy());
    await new Promise((ended) => port.close(ended));
  };
  return { port: port.address().port, end };
}

function accept(asked, connection) {
  connection.on('error', () => {});
  const key = createHash('sha1').update(asked.headers['sec-websocket-key'] + WEB_SOCKET).digest('base64');
  connection.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
}

let made;

/** A certificate and its key, made once: `{ cert, key }` as text, `{ certificate, privateKey }` as files. */
export function certificate() {
  made ??= make();
  return made;
}

function make() {
  const folder = mkdtempSync(join(tmpdir(), 'consentgate-certificate-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const [certificate, privateKey] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '7', '-subj', '/CN=test'];
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...kind, '-addext', 'subjectAltName=DNS:*.test', '-keyout', privateKey, '-out', certificate]);
  if (status !== 0) throw new Error(`openssl made no certificate: ${stderr}`);
  return { cert: readFileSync(certificate, 'utf8'), key: readFileSync(privateKey, 'utf8'), certificate, privateKey };
}
