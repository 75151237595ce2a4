// What is held in a page: where it is, what it would fetch, and how it becomes again what the site sent.

export const MARK = 'data-consentgate';
const PREFIX = `${MARK}-`;
/** Stands in front of an address in a style. */
const INERT = 'data:,consentgate/';

/** Every held element in document order, those in templates and open shadow roots too. */
export function held(root = document, found = []) {
  for (const element of root.querySelectorAll('*')) {
    const mark = element.getAttribute(MARK);
    // Another tool's notice stays away: this one has asked. Without a purpose it is the guard's own business.
    if (mark && mark !== 'banner') found.push(element);
    if (element.shadowRoot) held(element.shadowRoot, found);
    if (element.localName === 'template' && element.content) held(element.content, found);
  }
  return found;
}

/** Behind the purpose stands what a script would have defined. */
export const purposeOf = (element) => element.getAttribute(MARK).split(' ')[0];

const isCode = (element) => element.localName === 'script' || element.localName === 'style';

/** What it would fetch, absolute; `undefined` where something of it is no address, and only its purpose can tell. */
export function addresses(element) {
  const found = [];
  for (const { name, value } of element.attributes) {
    found.push(...inStyle(value));
    if (!name.startsWith(PREFIX) || name === `${PREFIX}type`) continue;
    const bare = name.slice(PREFIX.length);
    if (bare === 'srcdoc' || bare.startsWith('on') || /^\s*javascript:/i.test(value)) return undefined;
    if (bare.endsWith('srcset')) found.push(...value.split(/,\s+|\s+[^,]*,?\s*/).filter(Boolean));
    else if (bare === 'ping' || bare === 'archive') found.push(...value.split(/[\s,]+/).filter(Boolean));
    else if (bare === 'content') found.push(value.replace(/^[^]*?url\s*=\s*["']?/i, '').replace(/["']\s*$/, ''));
    else found.push(value);
  }
  if (element.localName === 'style') found.push(...inStyle(element.textContent));
  const all = found.map(absolute).filter(Boolean);
  return all.length ? all : undefined;
}

const inStyle = (css) => css.split(INERT).slice(1).map((rest) => /^[^"')\s]*/.exec(rest)[0]);

function absolute(address) {
  try {
    return new URL(address, document.baseURI).href;
  } catch {
    return '';
  }
}

/** Makes it what the site sent, without a verdict. Scripts are not started by it: see run.js. */
export function restore(element, { read, write, erase, standIn }) {
  for (const name of (read(element, MARK) ?? '').split(' ').slice(1)) if (window[name] === standIn) delete window[name];
  if (isCode(element) && read(element, 'type') === 'text/plain') erase(element, 'type');
  for (const name of element.getAttributeNames()) {
    const value = read(element, name);
    if (value.includes(INERT)) write(element, name, value.replaceAll(INERT, ''));
    if (!name.startsWith(PREFIX)) continue;
    erase(element, name);
    // SVG has known `href` without a namespace since its second version.
    write(element, name.slice(PREFIX.length).replace('xlink:', ''), value);
  }
  erase(element, MARK);
  if (element.localName === 'style') restyle(element);
  const before = element.previousElementSibling;
  if (before?.localName === 'consent-placeholder') {
    before.remove();
    erase(element, 'hidden');
  }
}

/** A sheet is read again when its text changes. */
function restyle(element) {
  element.textContent = element.textContent.replaceAll(INERT, '');
}

/** Some elements look at what is in them once, and have to be told to look again. */
export function lookAgain(element) {
  if (element.localName === 'source' || element.localName === 'track') {
    const media = element.parentElement;
    if (media instanceof HTMLMediaElement && media.networkState !== media.NETWORK_LOADING && !media.currentSrc) media.load();
  } else if (element.localName === 'meta') {
    element.parentNode.insertBefore(element, element.nextSibling);
  }
}
