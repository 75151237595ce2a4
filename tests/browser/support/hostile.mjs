// Pages that get in the notice's way. Each says in a few words what it does.

const css = (what, style) => ({ what, head: `<style>${style}</style>` });
const PRESSES = 'transform: scale(0.01) !important; clip: rect(0 0 0 0) !important; clip-path: inset(50%) !important';
const HIDES = 'opacity: 0 !important; visibility: hidden !important; content-visibility: hidden !important; filter: blur(99px) !important';

/** On these the notice is first, and everything else is as it was. */
export const PAGES = {
  plain: css('does nothing of the kind', 'body { font: 16px/1.4 serif }'),
  unset: { ...css('takes every style from every element', '* { all: unset !important }'), inline: true },
  none: css('hides buttons, forms and links', 'button, form, a, input, template { display: none !important }'),
  host: css(
    'hides what it does not know',
    `consent-notice { display: none !important; position: absolute !important; left: -9999px !important; height: 0 !important; width: 0 !important;
      max-height: 0 !important; overflow: hidden !important; z-index: -1 !important; pointer-events: none !important; float: right !important; ${HIDES}; ${PRESSES} }
     consent-notice::part(x), consent-notice::before { content: "x" !important; display: block !important; height: 900px !important }`,
  ),
  transparent: css('makes text small and transparent', 'body * { color: transparent !important; font-size: 0 !important; line-height: 0 !important; letter-spacing: -1em !important }'),
  before: css('writes in front of everything', '*::before { content: "NEW " !important; font-size: 40px !important; color: red !important } *::after { content: url(x.gif) !important }'),
  animated: {
    ...css(
      'moves everything for ever',
      '@keyframes away { to { transform: translateX(-2000px); opacity: 0; visibility: hidden } } body * { animation: away 1ms infinite forwards !important; transition: all 100s !important }',
    ),
    restless: true,
  },
  boxes: css('sizes every block', 'div, form, h2, p, ul, body > * { width: 100px !important; height: 20px !important; overflow: hidden !important; float: left; margin: 30px !important }'),
  quirks: { what: 'is drawn in quirks mode', doctype: '', body: '<table data-own width="100%"><tr><td data-own>Cell</td></tr></table>' },
  base: { what: 'says that its addresses are elsewhere', head: '<base href="http://elsewhere.localhost:1/old/" target="_blank">' },
  rtl: css('is written from the right', 'html { direction: rtl } body { text-align: right }'),
  hebrew: { what: 'says that it is written from the right', root: ' dir="rtl"' },
  tiny: css('makes the rem one pixel', 'html { font-size: 1px } body { font-size: 16rem }'),
  percent: css('makes the rem ten pixels', 'html { font-size: 62.5% } body { font-size: 1.6rem }'),
  huge: css('makes the rem forty pixels', 'html { font-size: 40px } body { font-size: 0.5rem }'),
  zoomed: css('is zoomed', 'body { zoom: 2 }'),
  scrolls: css('snaps and smooths its scrolling', 'html { scroll-behavior: smooth; scroll-snap-type: y mandatory; scroll-padding-top: 300px } body * { scroll-snap-align: end }'),
  properties: css('has properties of the same names', ':root, * { --ink: white !important; --paper: white !important; --panel: red !important; --button-paper: white !important; --button-ink: white !important; --focus: transparent !important }'),
  selection: css('lets nothing be selected or clicked', 'body *:not([data-own]) { user-select: none !important; pointer-events: none !important; cursor: none !important }'),
  written: css('is written from top to bottom inside', 'body > * { writing-mode: vertical-rl !important; text-orientation: upright !important }'),
  frozen: {
    what: 'freezes the prototypes',
    head: '<script>[Object, Array, Function, Element, Node, EventTarget, String, Promise].forEach((each) => Object.freeze(each.prototype))</script>',
  },
  claims: {
    what: 'has an element of the same name',
    head: `<script>customElements.define('consent-notice', class extends HTMLElement {
      connectedCallback() { this.innerHTML = ''; this.hidden = true; this.style.cssText = 'display: none !important; opacity: 0 !important' }
    })</script>`,
  },
  bare: { what: 'has no html, head or body tags', bare: true },
  unclosed: { what: 'leaves everything open', doctype: '<!DOCTYPE html>', body: '<div><table><tr><td><b><i><font size="7"><p>Unclosed' },
  uppercase: { what: 'is of another century', doctype: '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">', root: ' BGCOLOR="#000000"', body: '<CENTER data-own><FONT SIZE="1">Text</FONT></CENTER>' },
};

/** On these the body places its children itself. `beside`: the notice is a column, and all the rest is beside it. */
export const LAYOUTS = {
  column: css('is a column', 'body { display: flex; flex-direction: column; align-items: center; min-height: 100vh; margin: 0 }'),
  row: { ...css('is a row', 'body { display: flex; margin: 0 } main { flex: 1 } '), beside: true },
  centred: { ...css('is a row in the middle of the window', 'body { display: flex; align-items: center; justify-content: center; height: 100vh; margin: 0 }'), beside: true },
  grid: css('is a grid', 'body { display: grid; grid-template-columns: 200px 1fr; gap: 10px; margin: 0 }'),
  areas: css(
    'is a grid of named areas',
    'body { display: grid; grid-template: "top top" 60px "text form" auto / 1fr 300px; margin: 0 } header { grid-area: top } main { grid-area: text } form { grid-area: form }',
  ),
  columns: css('is set in columns', 'body { columns: 3; margin: 0 }'),
  cut: css('is as high as the window and cut off there', 'body { position: fixed; inset: 0; height: 100vh; overflow: hidden; margin: 0 }'),
};

const OTHERS = {
  replaced: {
    what: 'replaces what scripts rely on',
    head: `<script>
      Array.prototype.forEach = Array.prototype.map = Array.prototype.includes = function () { throw new Error("replaced") };
      Array.prototype.toJSON = Object.prototype.toString = function () { return "replaced" };
      window.$ = window.jQuery = window.Prototype = () => { throw new Error("replaced") };
      window.URL = window.Set = window.Map = window.FormData = window.CustomEvent = function () {};
    </script>`,
  },
  overlay: {
    body: '<div id="cover" style="position: fixed; inset: 0; background: black; z-index: 2147483647"><button id="close" onclick="cover.remove()" style="margin-top: 500px">Close</button></div>',
  },
  frameset: { whole: '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01 Frameset//EN"><html><head><title>Frames</title></head><frameset cols="30%,*"><frame src="/plain"><frame src="/bare"></frameset></html>' },
};

const OWN = `<header data-own id="top"><h1 data-own>Council tax</h1></header>
<main data-own><p data-own>Your <b>band</b> decides what you pay.</p><ul data-own><li>Band A</ul></main>
<form data-own action="/plain"><label>Name <input data-own name="name"></label> <button data-own>Find</button></form>
<div data-own="fixed" style="position: fixed; right: 0; bottom: 0">Chat</div>`;

/** The page of this name, said to be in a language; `undefined` where there is none. */
export function html(name, language = 'en') {
  const page = PAGES[name] ?? LAYOUTS[name] ?? OTHERS[name];
  if (!page) return undefined;
  const { doctype = '<!DOCTYPE html>', root = '', head = '', body = '' } = page;
  if (page.whole) return page.whole;
  if (page.bare) return `<title>Bare</title>${OWN}`;
  return `${doctype}<html lang="${language}"${root}><head><meta charset="utf-8"><title>Page</title>${head}</head><body>${OWN}${body}</body></html>`;
}
