// A third party: hosts under .localhost that answer with what a test wants, slowly if it wants, and remember what they
// were asked for.

import { createServer } from 'node:http';

const TYPES = { js: 'text/javascript', css: 'text/css', html: 'text/html', svg: 'image/svg+xml' };

/**
 * @param answer `(path) => text`, or nothing for "not found"; a path ends in what it is (`.js`), and `?wait=200` makes it
 * 200 ms late.
 * @returns `at(host)`: an address without a slash at the end; `asked`: the paths asked for, in order.
 */
export async function elsewhere(answer) {
  const asked = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x');
    asked.push(pathname);
    const text = answer(pathname);
    const type = TYPES[pathname.split('.').pop()] ?? 'text/html';
    setTimeout(() => {
      response.writeHead(text === undefined ? 404 : 200, { 'content-type': `${type}; charset=utf-8`, 'access-control-allow-origin': '*' });
      response.end(text);
    }, Number(searchParams.get('wait') ?? 0));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const { port } = server.address();
  return {
    asked,
    at: (host) => `http://${host}.localhost:${port}`,
    end: () => new Promise((ended) => server.close(ended).closeAllConnections()),
  };
}
