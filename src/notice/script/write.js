// `document.write` from a script that runs late would empty the page. What it writes goes in behind the script, as it
// would have while the page was read, and scripts in it run in their turn.

/** @param run runs one blocking script. */
export function catchWrites(run) {
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
      if (text) await put(text, script, run);
    },
    over() {
      for (const name of Object.keys(own)) if (document[name] === own[name]) delete document[name];
    },
  };
}

async function put(text, behind, run) {
  const template = document.createElement('template');
  template.innerHTML = text;
  const scripts = [...template.content.querySelectorAll('script')].filter((script) => !script.closest('[data-consentgate]'));
  for (const script of scripts) {
    if (script.hasAttribute('type')) script.setAttribute('data-consentgate-type', script.getAttribute('type'));
    script.setAttribute('type', 'text/plain');
  }
  behind.after(template.content);
  for (const script of scripts) if (script.isConnected) await run(script);
}
