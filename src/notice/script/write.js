// `document.write` from a script that runs late would empty the page. What it writes goes in behind the script, as it
// would have while the page was read, and scripts in it run in their turn.

import { MARK, addresses } from './held.js';

/** @param run runs one blocking script. @param inside see release.js. */
export function catchWrites(run, inside) {
  const texts = new Map();
  const native = { write: document.write, writeln: document.writeln };
  const current = () => document.currentScript;
  // A script that need not wait for its place in the page may not write: browsers pass it over.
  const caught = (end) => (...parts) => {
    const script = current();
    if (texts.has(script)) texts.set(script, texts.get(script) + parts.join('') + end);
    else if (!script) native.write.call(document, ...parts, end);
  };
  const own = { write: caught(''), writeln: caught('\n') };
  Object.assign(document, own);
  return {
    of: (script) => texts.set(script, ''),
    /** Puts in what this script has written. */
    async insert(script) {
      const text = texts.get(script);
      texts.delete(script);
      if (text) await put(text, script, run, inside);
    },
    over() {
      for (const name of Object.keys(own)) if (document[name] === own[name]) delete document[name];
    },
  };
}

async function put(text, behind, run, inside) {
  const place = document.createRange();
  place.selectNodeContents(behind.parentNode);
  // Scripts that come from here can still start, those of a template's `innerHTML` cannot.
  const content = place.createContextualFragment(text);
  const scripts = [...content.querySelectorAll('script')];
  scripts.forEach((script) => hold(script, inside));
  const free = await granted(scripts, inside);
  behind.after(content);
  for (const script of free) if (script.isConnected) await run(script);
}

/** As the gate would have held it, so that it starts when it is its turn. */
function hold(script, { read, write, erase }) {
  for (const name of ['type', 'src']) {
    const value = read(script, name);
    if (value === null) continue;
    write(script, `${MARK}-${name}`, value);
    erase(script, name);
  }
  write(script, 'type', 'text/plain');
  write(script, MARK, 'unclassified');
}

/** Those that may run: what a granted script writes need not be granted itself. */
async function granted(scripts, { passing }) {
  const wanted = scripts.map((script) => addresses(script) ?? []);
  const passes = await passing(wanted.flat());
  return scripts.filter((_, at) => wanted[at].every((address) => passes.has(address)));
}
