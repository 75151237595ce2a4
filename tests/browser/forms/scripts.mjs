// Ways to write a script tag. `t.url(path)` is an address of the tracker, `t.host` its host; `head` and `body` are what the
// page has there, `whole` is a page of its own; `never` is for what Chromium does not ask for without the gate either, `sometimes`
// for what it asks for as it likes; `fenced` for pages that the gate does not rewrite, so that Accept on that very page is not theirs; `strict` for what no
// reader of the page can know, and `csp: strict` alone stops.

const entities = (text) => [...text].map((letter) => `&#x${letter.codePointAt(0).toString(16)};`).join('');
const percent = (text) => [...text].map((letter) => `%${letter.codePointAt(0).toString(16)}`).join('');
const fullWidth = (text) => [...text].map((letter) => (/[a-z0-9]/.test(letter) ? String.fromCodePoint(letter.codePointAt(0) + 0xfee0) : letter)).join('');
const laced = (text) => [...text].join('\t').replace('\t/', '\n/');

export default [
  { name: 'a script', head: (t) => `<script src="${t.url('a.js')}"></script>` },
  { name: 'a script that waits', head: (t) => `<script defer src='${t.url('a.js')}'></script><script async src='${t.url('b.js')}'></script>` },
  { name: 'a script in capitals', head: (t) => `<SCRIPT SRC="${t.url('a.js')}" LANGUAGE="JavaScript"></SCRIPT>` },
  { name: 'a script without quotes', body: (t) => `<script src=${t.url('a.js')}></script>` },
  { name: 'a script with slashes for spaces', body: (t) => `<script/async/src="${t.url('a.js')}"/id=x></script>` },
  { name: 'a script with form feeds for spaces', body: (t) => `<script\fsrc\f=\f"${t.url('a.js')}"></script>` },
  { name: 'a script of an old type', body: (t) => `<script type="text/x-ecmascript" src="${t.url('a.js')}"></script><script type="" src="${t.url('b.js')}"></script>` },
  { name: 'a script of a type with spaces', body: (t) => `<script type=" Text/JavaScript " src="${t.url('a.js')}"></script>` },
  { name: 'a script of an unknown type', never: true, body: (t) => `<script type="text/x-later" src="${t.url('a.js')}"></script>` },
  { name: 'a module', body: (t) => `<script type="module" src="${t.url('a.mjs')}"></script>` },
  { name: 'a module in capitals', body: (t) => `<script type="MODULE" src="${t.url('a.mjs')}"></script>` },
  { name: 'a script for browsers without modules', never: true, body: (t) => `<script nomodule src="${t.url('a.js')}"></script>` },
  { name: 'a script with integrity', body: (t) => `<script crossorigin integrity="${t.integrity}" src="${t.url('a.js')}"></script>` },
  { name: 'a script without a scheme', head: (t) => `<script src="//${t.host}/a.js"></script>` },
  { name: 'a script with three slashes', head: (t) => `<script src="///${t.host}/a.js"></script>` },
  { name: 'a script with backslashes', head: (t) => `<script src="https:\\\\${t.host}\\a.js"></script>` },
  { name: 'a script with a slash and a backslash', head: (t) => `<script src="/\\${t.host}/a.js"></script>` },
  { name: 'a script with four slashes', head: (t) => `<script src="https:////${t.host}/a.js"></script>` },
  { name: 'a script with a scheme and a host in capitals', head: (t) => `<script src="HTTPS://${t.host.toUpperCase()}/a.js"></script>` },
  { name: 'a script with spaces around its address', head: (t) => `<script src=" \n\t${t.url('a.js')}  "></script>` },
  { name: 'a script with control characters before its address', head: (t) => `<script src="&#1;&#31; ${t.url('a.js')}"></script>` },
  { name: 'a script with an address in entities', head: (t) => `<script src="${entities(t.url('a.js'))}"></script>` },
  { name: 'a script with named entities', head: (t) => `<script src="https&colon;&sol;&sol;${t.host.replaceAll('.', '&period;')}&sol;a.js"></script>` },
  { name: 'a script with entities that lack their end', head: (t) => `<script src="https&#58//${t.host.replaceAll('.', '&#46')}/a.js"></script>` },
  { name: 'a script laced with tabs and newlines', head: (t) => `<script src="${laced(t.url('a.js'))}"></script>` },
  { name: 'a script with entities for tabs', head: (t) => `<script src="ht&Tab;tps:/&NewLine;/${t.host}/a.js"></script>` },
  { name: 'a script with a percent-encoded host', head: (t) => `<script src="https://${percent(t.host)}/a.js"></script>` },
  { name: 'a script with a host in full-width letters', head: (t) => `<script src="https://${fullWidth(t.host)}/a.js"></script>` },
  { name: 'a script with soft hyphens in its host', head: (t) => `<script src="https://${t.host.replace('.', '&shy;.')}/a.js"></script>` },
  { name: 'a script with a dot behind its host', head: (t) => `<script src="https://${t.host}./a.js"></script>` },
  { name: 'a script with a port', head: (t) => `<script src="https://${t.host}:8443/a.js"></script>` },
  { name: 'a script with a user in its address', never: true, head: (t) => `<script src="https://www.ambleford.test@${t.host}/a.js"></script>` },
  { name: 'a script with two addresses', head: (t) => `<script src="${t.url('a.js')}" src="/own.js"></script>` },
  { name: 'a script whose second address counts for nothing', never: true, head: (t) => `<script src="/own.js" src="${t.url('a.js')}"></script>` },
  { name: 'a script behind a very long attribute', head: (t) => `<script data-x="${'x'.repeat(70_000)}" src="${t.url('a.js')}"></script>` },
  { name: 'a script behind very many attributes', head: (t) => `<script ${Array.from({ length: 600 }, (_, at) => `data-${at}=1`).join(' ')} src="${t.url('a.js')}"></script>` },
  { name: 'a script with a very long address', head: (t) => `<script src="${t.url('a.js')}?${'x'.repeat(20_000)}"></script>` },
  { name: 'a script in a data address', body: (t) => `<script src="data:text/javascript,new Image().src='${t.url('a.gif')}'"></script>` },
  { name: 'a script in a data address, in base64', body: (t) => `<script src="data:text/javascript;base64,${Buffer.from(t.script).toString('base64')}"></script>` },

  { name: 'an inline script that makes the tag', body: (t) => `<script>(function(d){var s=d.createElement('script');s.async=1;s.src='${t.url('a.js')}';d.head.appendChild(s)})(document)</script>` },
  { name: 'an inline script that writes the tag', body: (t) => `<script>document.write('<scr'+'ipt src="${t.url('a.js')}"></scr'+'ipt>')</script>` },
  { name: 'an inline script that writes the tag, its address in pieces', body: (t) => `<script>document.write('<scr'+'ipt src="https://${t.pieces}/a.js"></scr'+'ipt>')</script>` },
  { name: 'an inline script that writes half a tag', once: true, body: (t) => `<script>document.write('<img src="https://${t.pieces}/a')</script>.gif">` },
  { name: 'an inline module', body: (t) => `<script type="module">import '${t.url('a.mjs')}';</script>` },
  { name: 'an inline script that imports', body: (t) => `<script>import('${t.url('a.mjs')}')</script>` },
  { name: 'an import map', once: true, body: (t) => `<script type="importmap">{"imports":{"stats":"${t.url('a.mjs')}"}}</script><script type="module">import 'stats';</script>` },
  { name: 'speculation rules', sometimes: true, body: (t) => `<script type="speculationrules">{"prefetch":[{"source":"list","urls":["${t.url('a.html')}"],"eagerness":"immediate"}]}</script>` },
  { name: 'a handler of the body', once: true, whole: (t) => `<!doctype html><title>x</title><body onload="new Image().src='${t.url('a.gif')}'"><p>Text` },
  { name: 'a handler of a picture', once: true, body: (t) => `<img src="data:," onerror="new Image().src='${t.url('a.gif')}'">` },
  { name: 'a handler in entities', once: true, body: (t) => `<img src="data:," ONERROR="${entities(`new Image().src='${t.url('a.gif')}'`)}">` },
  { name: 'a handler of an svg', once: true, body: (t) => `<svg onload="fetch('${t.url('a.json')}')"></svg>` },
  { name: 'a handler of details', once: true, body: (t) => `<details open ontoggle="navigator.sendBeacon('${t.url('a')}')">x</details>` },
  { name: 'a handler of a link', act: true, body: (t) => `<a id="act" href="#x" onclick="new Image().src='${t.url('a.gif')}'">x</a>` },
  { name: 'a javascript address in a link', act: true, body: (t) => `<a id="act" href="javascript:void(new Image().src='${t.url('a.gif')}')">x</a>` },
];
