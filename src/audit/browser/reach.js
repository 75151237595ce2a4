// How a page is reached: with its shadow roots, the closed ones too where they were handed in; and what its words say. Runs apart from the
// page's scripts, in each of its frames, in one function with the other files.

const ABOUT = /cookie|cwci/i;
const NAMED = /cookie|consent|gdpr|cwci|cmp\b/i;
const WORDS = {
  reject:
    /^(reject|refuse|decline|deny|disagree|disable|opt.?out|no\b|continue without|do not accept|don.t accept|i do not|((use|allow|accept|keep) )?(only )?(the )?(strictly )?(necessary|essential|required)\b|gwrthod|peidio|dim |hanfodol|derbyn (cwcis )?hanfodol)/i,
  save: /^(save|confirm|submit|apply|update|(accept|allow) (my )?(select|choice)|cadw|cadarnhau)/i,
  settings:
    /\b(manage|settings?|preferences?|customi[sz]e|options|choose|configure|my choices)\b|gosodiadau|rheoli|dewisiadau|newid/i,
  accept: /^(i )?(accept|allow|agree|consent|got it|ok(ay)?\b|understood|enable|yes\b|derbyn|caniat|cytuno|iawn|galluogi)/i,
  withdraw: /withdraw|revoke|take back|tynnu.{0,12} ôl/i,
};
const PLACE =
  /(cookie|cwci|consent|tracking).{0,20}(settings?|preferences?|choices|options|control)|((manage|change|review|update|rheoli|gosodiadau|newid).{0,12}(cookie|consent|cwci))/i;
/** Where a site may have its settings too: not known to be a way back until it has led there. */
const PAGE = /^(cookies?|cwcis?|(our |use of )?cookies?( policy| statement| notice| page)|polisi cwcis|privacy and cookies)$/i;
const ESSENTIAL = /necessary|essential|required|always (on|active)|hanfodol|angenrheidiol/i;

// === The page with its shadow roots ===

/** Shadow roots that scripts cannot reach, by their hosts: handed in from outside. */
const closed = new WeakMap();
const shadow = (element) => element.shadowRoot ?? closed.get(element);
const roots = (from, found = []) => {
  found.push(from);
  for (const element of from.querySelectorAll('*')) {
    const below = shadow(element);
    if (below) roots(below, found);
  }
  return found;
};
/** Those of the whole page: walked through once for each question. */
let known;
const everywhere = () => (known ??= roots(document));
const all = (selector, within) => {
  const places = within ? inside(within) : everywhere();
  return places.flatMap((place) => [...place.querySelectorAll(selector)]);
};
const inside = (element) => [...(shadow(element) ? roots(shadow(element)) : []), ...roots(element)];
const parent = (element) => element.assignedSlot ?? element.parentElement ?? element.getRootNode().host ?? null;
const within = (element, box) => {
  for (let at = element; at; at = parent(at)) if (at === box) return true;
  return false;
};
const visible = (element) => {
  if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return false;
  const { width, height, right, left, bottom } = element.getBoundingClientRect();
  return width > 1 && height > 1 && right > 0 && left < innerWidth && bottom + scrollY > 0;
};
const words = (element) => {
  const text = element.innerText || element.value || element.getAttribute('aria-label') || element.title || '';
  return `${text}`.replace(/\s+/g, ' ').trim().slice(0, 200);
};
const CONTROLS = 'button, a, input[type=button], input[type=submit], [role=button]';
const controls = (box) => all(CONTROLS, box).filter((one) => !one.disabled && visible(one));
const kind = (element) => {
  const text = words(element);
  if (text.length > 80) return '';
  return ['reject', 'save', 'withdraw', 'settings', 'accept'].find((name) => WORDS[name].test(text)) ?? '';
};
const first = (selector, box) => (selector ? all(selector, box).find(visible) : undefined);
const of = (name, box) => controls(box).find((one) => kind(one) === name);
