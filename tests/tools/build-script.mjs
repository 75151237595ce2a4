#!/usr/bin/env node
// Makes src/notice/script/gate.min.js from the modules beside it: one function, minified, ASCII only.
//
//   tests/tools/build-script.mjs            writes it and says how large it is
//   tests/tools/build-script.mjs --check fails when what is committed is something else

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const require = createRequire(new URL('../browser/', import.meta.url));
const folder = new URL('../../src/notice/script/', import.meta.url);
const file = new URL('gate.min.js', folder);

/** One of the modules with all it needs, as a function of `RULES`. */
export async function build(entry = 'gate.js') {
  const bundled = await require('esbuild').build({
    entryPoints: [fileURLToPath(new URL(entry, folder))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2020',
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'error',
  });
  const text = `(function(RULES){"use strict";${bundled.outputFiles[0].text.replace(/^export \{[^}]*\};?$/m, '')}})`;
  const { code } = await require('terser').minify(text, {
    ecma: 2020,
    compress: { passes: 4, unsafe_arrows: true, pure_getters: true, expression: true },
    format: { ascii_only: true },
  });
  return code.replace(/;$/, '') + '\n';
}

/** What it costs a visitor. */
export const size = (code) => gzipSync(code, { level: 9 }).length;

export const committed = () => readFileSync(file, 'utf8');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const code = await build();
  if (process.argv.includes('--check')) {
    if (code !== committed()) {
      console.error('src/notice/script/gate.min.js is stale: run tests/tools/build-script.mjs');
      process.exit(1);
    }
  } else {
    writeFileSync(file, code);
    const alone = await build('guard.js').catch(() => '');
    console.log(`${code.length} bytes, ${size(code)} as gzip; the guard alone ${size(alone)}`);
  }
}
