// The one script that visitors get: made from the modules beside it, and no larger than promised.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { build, committed, size } from '../tools/build-script.mjs';

describe('the script', () => {
  it('is made from the modules beside it', async () => {
    assert.ok((await build()) === committed(), 'src/notice/script/gate.min.js is stale: run tests/tools/build-script.mjs');
  });

  it('is small', async () => {
    const [alone, guard, all] = [size(await build('guard.js')), size(await build('keep.js')), size(committed())];
    assert.ok(alone <= 3500, `the guard alone has ${alone} bytes as gzip`);
    assert.ok(guard <= 4096, `the guard and the notice's script have ${guard} bytes as gzip`);
    assert.ok(all <= 4600, `with what tells tags the choice it has ${all} bytes as gzip`);
  });

  it('stands in a page of any charset', () => assert.match(committed(), /^[\n -~]*$/));
});
