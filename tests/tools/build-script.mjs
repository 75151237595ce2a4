#!/usr/bin/env node
// Makes src/notice/script/gate.min.js from the modules beside it: one function, minified, ASCII only; and release.min.js,
// seen.min.js, the modules that it fetches when they are needed.
//
//   tests/tools/build-script.mjs            writes them and says how large they are
//   tests/tools/build-script.mjs --check fails when what is committed is something else

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const require = createRequire(new URL('../browser/', import.meta.url));
const folder = new URL('../../src/notice/script/', import.meta.url);
/** What is made, and from what. */
export const made = { 'gate.min.js': () => build(), 'release.min.js': () => buildModule(), 'seen.min.js': () => buildModule('seen.js') };

/** One of the modules with all it needs, as a function of `RULES`. */
export async function build(entry = 'gate.js') {
  const bundled = await require('esbuild').build({
    entryPoints: [fileURLToPath(new URL(entry, folder))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2021',
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'error',
  });
  const text = `(function(RULES){"use strict";${bundled.outputFiles[0].text.replace(/^export \{[^}]*\};?$/m, '')}})`;
  const { code } = await require('terser').minify(text, {
    ecma: 2020,
    compress: { passes: 4, loops: false, unsafe_arrows: true, pure_getters: true, expression: true },
    format: { ascii_only: true },
  });
  return code.replace(/;$/, '') + '\n';
}

/** A module of its own: release in place, or what tells which names were written. */
export async function buildModule(entry = 'release.js') {
  const bundled = await require('esbuild').build({
    entryPoints: [fileURLToPath(new URL(entry, folder))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2021',
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'error',
  });
  return bundled.outputFiles[0].text;
}

/** What it costs a visitor; the line's end is not sent. */
export const size = (code) => gzipSync(code.trim(), { level: 9 }).length;

export const committed = (name = 'gate.min.js') => readFileSync(new URL(name, folder), 'utf8');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, make] of Object.entries(made)) {
    const code = await make();
    if (!process.argv.includes('--check')) {
      writeFileSync(new URL(name, folder), code);
      console.log(`${name}: ${code.length} bytes, ${size(code)} as gzip`);
    } else if (code !== committed(name)) {
      console.error(`src/notice/script/${name} is stale: run tests/tools/build-script.mjs`);
      process.exitCode = 1;
    }
  }
  const alone = await build('guard.js').catch(() => '');
  console.log(`the guard alone ${size(alone)}`);
}
