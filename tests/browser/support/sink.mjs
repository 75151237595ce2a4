// The rest of the internet: answers for every host, writes down who was asked for what, and hands out cookies of its own.

import { wire } from './wire.mjs';

const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
const FILM = Buffer.from('AAAAGGZ0eXBpc29tAAACAGlzb21pc28y', 'base64');

/** What is plausible for the kind of thing that is asked for: content type and body. */
const ANSWERS = {
  script: ['text/javascript', '/* a script of another company */'],
  style: ['text/css', 'body { --of-another-company: 1 }'],
  image: ['image/gif', PIXEL],
  svg: ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><symbol id="a"><path d="M0 0"/></symbol></svg>'],
  document: ['text/html; charset=utf-8', '<!doctype html><title>Another company</title><p>Another company'],
  font: ['font/woff2', Buffer.from('wOF2')],
  video: ['video/mp4', FILM],
  track: ['text/vtt', 'WEBVTT\n'],
  json: ['application/json', '{}'],
  events: ['text/event-stream', 'data: {}\n\n'],
};

/** By `Sec-Fetch-Dest`, which a browser sends where the page is https. */
const BY_DESTINATION = {
  script: 'script', worker: 'script', sharedworker: 'script', serviceworker: 'script', audioworklet: 'script', paintworklet: 'script',
  style: 'style', image: 'image', document: 'document', iframe: 'document', frame: 'document', embed: 'document', object: 'document',
  font: 'font', video: 'video', audio: 'video', track: 'track', json: 'json', manifest: 'json', speculationrules: 'json',
};
const BY_ENDING = {
  js: 'script', mjs: 'script', css: 'style', gif: 'image', png: 'image', jpg: 'image', svg: 'svg', html: 'document', htm: 'document',
  php: 'document', woff2: 'font', woff: 'font', mp4: 'video', vtt: 'track', json: 'json', events: 'events',
};

/**
 * @param own where the tested site is reached through the same port: `own(request, response)` answers and returns true.
 * @param bodies other bodies than the plain ones: `{ script: (asked) => text }`.
 * @returns `port`; `asked`, a list of `{ at, host, path, query, method, kind, from }` that grows; `forget()`; `end()`.
 * A bare connection is written down as the path `(connection)`.
 */
export async function sink({ own = () => false, bodies = {} } = {}) {
  const asked = [];
  const note = (request, kind) => {
    const { host, pathname, search } = addressOf(request);
    const entry = { at: Date.now(), host, path: pathname, query: search, method: request.method, kind, secure: !!request.secure, from: request.headers.referer ?? '' };
    asked.push(entry);
    return entry;
  };
  const server = await wire({
    request: (request, response) => {
      if (own(request, response)) return;
      const kind = kindOf(request);
      const entry = note(request, kind);
      answer(request, response, { kind, body: bodies[kind]?.(entry) });
    },
    socket: (request) => note(request, 'websocket'),
    connected: (host) => host && asked.push({ at: Date.now(), host, path: '(connection)', query: '', method: 'CONNECT', kind: 'connection', secure: true, from: '' }),
  });
  return { ...server, asked, forget: () => void (asked.length = 0) };
}

/** What a request is for, as far as it tells. */
export function kindOf(request) {
  const { pathname } = addressOf(request);
  const ending = BY_ENDING[/\.(\w+)$/.exec(pathname)?.[1].toLowerCase()];
  const told = BY_DESTINATION[request.headers['sec-fetch-dest']];
  if (request.headers.accept === 'text/event-stream') return 'events';
  if (told === 'image' && ending === 'svg') return 'svg';
  return told ?? ending ?? (request.headers.accept?.includes('text/html') ? 'document' : 'json');
}

/** The whole address that was asked for. */
export function addressOf(request) {
  const host = request.headers.host ?? 'nobody.invalid';
  const whole = URL.canParse(`https://${host}${request.url}`) ? `https://${host}${request.url}` : `https://${host}/`;
  return new URL(whole);
}

/** The plain answer of the kind, with a cookie, for everybody to read. */
export function answer(request, response, { kind, body }) {
  const [type, plain] = ANSWERS[kind];
  response.writeHead(200, {
    'content-type': type,
    'cache-control': 'no-store',
    'set-cookie': 'of_another_company=1; Path=/; Max-Age=3600; SameSite=None; Secure',
    'access-control-allow-origin': request.headers.origin ?? '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '*',
    'access-control-allow-methods': '*',
    'access-control-allow-private-network': 'true',
    'cross-origin-resource-policy': 'cross-origin',
    'service-worker-allowed': '/',
    'supports-loading-mode': 'credentialed-prerender',
  });
  response.end(request.method === 'HEAD' ? undefined : (body ?? plain));
}
