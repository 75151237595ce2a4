// What a visitor meets of a notice: found by the facts about well-known products, else by its looks; measured; and which
// control has to be pressed next to get somewhere. Runs apart from the page's scripts, in each of its frames.
(() => {
  if (globalThis.consentgate) return;
  const PRODUCTS = __PRODUCTS__;
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

  const roots = (from = document, found = []) => {
    found.push(from);
    for (const element of from.querySelectorAll('*')) if (element.shadowRoot) roots(element.shadowRoot, found);
    return found;
  };
  const all = (selector, within) => {
    const places = within ? inside(within) : roots();
    return places.flatMap((place) => [...place.querySelectorAll(selector)]);
  };
  const inside = (element) => [...(element.shadowRoot ? roots(element.shadowRoot) : []), ...roots(element)];
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

  // === Which notice there is ===

  const product = () => {
    for (const facts of PRODUCTS) {
      for (const root of all(facts.root)) {
        const accept = first(facts.accept, root) ?? (visible(root) ? of('accept', root) : undefined);
        if (!accept) continue;
        const reject = first(facts.reject, root) ?? of('reject', root);
        return { facts, root, accept, reject: reject === accept ? undefined : reject, by: `what is known of ${facts.product}` };
      }
    }
  };
  const overlays = (element) => {
    const { position } = getComputedStyle(element);
    return position === 'fixed' || position === 'sticky' || /^(alert)?dialog$/.test(element.getAttribute('role') ?? '') || element.localName === 'dialog';
  };
  const named = (element) =>
    NAMED.test(`${element.id} ${element.getAttribute('class') ?? ''} ${element.getAttribute('aria-label') ?? ''} ${element.localName}`);
  /** A region about cookies that lies over the page, or is named for them and comes first or offers both. */
  const box = (control) => {
    let depth = 0;
    for (let at = parent(control); at && depth < 14; at = parent(at), depth++) {
      const whole = at === document.body || at === document.documentElement;
      if (whole && window === top) return;
      const text = at.innerText ?? at.shadowRoot?.textContent ?? '';
      if (text.length > 6000) return;
      if (!ABOUT.test(text) || text.length < 30) continue;
      const offers = new Set(controls(at).map(kind));
      const both = offers.has('accept') && (offers.has('reject') || offers.has('settings'));
      const early = at.getBoundingClientRect().top + scrollY < 400;
      if (overlays(at) || (named(at) && (both || early)) || (whole && both)) return at;
    }
  };
  const looks = () => {
    for (const accept of controls()) {
      if (kind(accept) !== 'accept') continue;
      const root = box(accept);
      if (root) return { root, accept, reject: of('reject', root), by: 'its words and its place' };
    }
  };
  const notice = () => product() ?? looks();

  // === Ways back ===

  const openers = () => [
    ...PRODUCTS.map(({ withdraw }) => first(withdraw[0])).filter(Boolean),
    ...controls().filter((one) => kind(one) === 'withdraw'),
    ...controls().filter((one) => words(one).length < 60 && PLACE.test(words(one))),
  ];

  // === What it looks like ===

  const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const colour = (text) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = '#000';
    pen.fillStyle = text;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((part, at) => part * a + under[at] * (1 - a));
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = parent(at)) {
      const layer = colour(getComputedStyle(at).backgroundColor);
      layers.unshift(layer);
      if (layer[3] === 1) break;
    }
    return layers.reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const luminance = (parts) => {
    const [r, g, b] = parts.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (element) => {
    const under = ground(element);
    const [one, other] = [luminance(over(colour(getComputedStyle(element).color), under)), luminance(under)];
    return Math.round((100 * (Math.max(one, other) + 0.05)) / (Math.min(one, other) + 0.05));
  };
  const measure = (element, presses) => {
    const { width, height } = element.getBoundingClientRect();
    return {
      text: words(element),
      element: element.localName,
      presses,
      size: [Math.round(width), Math.round(height)],
      contrast: contrast(element),
      weight: Number(getComputedStyle(element).fontWeight) || 0,
    };
  };
  const label = (input) => `${words(input.closest('label') ?? input)} ${[...(input.labels ?? [])].map(words)} ${input.name} ${input.id}`;
  const ticked = (box) => {
    const boxes = all('input[type=checkbox]', box).filter((one) => one.checked && !one.disabled);
    const switches = all('[role=switch][aria-checked=true]:not(input)', box).filter(
      (one) => one.getAttribute('aria-disabled') !== 'true' && !one.disabled && !one.querySelector('input'),
    );
    return [...boxes, ...switches].filter((one) => !ESSENTIAL.test(label(one))).length;
  };
  const hit = (x, y) => {
    let found = document.elementFromPoint(x, y);
    while (found?.shadowRoot) {
      const deeper = found.shadowRoot.elementFromPoint(x, y);
      if (!deeper || deeper === found) break;
      found = deeper;
    }
    return found;
  };
  /** Something fixed over more than half of the window, such as the shade behind a dialogue. */
  const shade = (element) => {
    for (let at = element; at; at = parent(at)) {
      if (getComputedStyle(at).position !== 'fixed') continue;
      const { width, height } = at.getBoundingClientRect();
      if (width * height > (innerWidth * innerHeight) / 2) return true;
    }
    return false;
  };
  const blocks = (root) => {
    let covered = 0;
    for (let x = 0; x < 10; x++)
      for (let y = 0; y < 10; y++) {
        const found = hit(((x + 0.5) * innerWidth) / 10, ((y + 0.5) * innerHeight) / 10);
        if (found && ((root && within(found, root)) || shade(found))) covered++;
      }
    if (covered > 50) return true;
    const page = [document.documentElement, document.body].map((one) => getComputedStyle(one));
    const tall = document.documentElement.scrollHeight > innerHeight + 1;
    const locked = tall && page.some((style) => style.overflowY === 'hidden' || style.position === 'fixed');
    // `aria-modal` is a word to screen readers: products write it on a bar beside a page that can be used.
    const modal = root?.closest('dialog:modal');
    const inner = root && all('dialog:modal', root).some(visible);
    const inert = [...document.body.children].some((one) => one.inert && !(root && within(root, one)) && one.innerText?.length > 200);
    return locked || Boolean(modal) || Boolean(inner) || inert;
  };

  // === What to press next ===

  const pressed = new WeakSet();
  let target;
  let asked;
  const choose = (element, done) => {
    if (!element) return null;
    target = element;
    pressed.add(element);
    return { done, control: measure(element, 0) };
  };
  const fresh = (element) => (element && !pressed.has(element) ? element : undefined);
  /** A page of settings is answered with No, and with no box ticked, before it is saved. */
  const untick = () => {
    for (const one of all('input[type=checkbox]')) {
      if (one.checked && !one.disabled && !ESSENTIAL.test(label(one)) && (NAMED.test(label(one)) || box(one) || about(one))) one.click();
    }
    for (const one of all('input[type=radio]')) {
      if (!one.checked && about(one) && (/^(no|off|false|0|reject|deny|n)$/i.test(one.value) || /^\s*(no|off|do not|don.t|na)\b/i.test(label(one)))) one.click();
    }
  };
  const about = (input) => ABOUT.test(input.form?.innerText ?? '') || NAMED.test(input.form?.getAttribute('action') ?? '');
  const saves = () =>
    controls().find((one) => kind(one) === 'save' && (ABOUT.test(one.form?.innerText ?? '') || ABOUT.test(words(one)) || box(one) || inAsked(one)));
  const inAsked = (element) => asked && within(element, asked.root);
  /** Refusing beyond the first layer: what is known of the product, else by words. */
  const refuse = (path) => {
    const known = path.map((selector) => first(selector)).find(fresh);
    if (known) {
      if (kind(known) !== 'reject') untick();
      return choose(known, true);
    }
    const regions = controls().filter((one) => kind(one) === 'reject' && fresh(one) && (box(one) || about(one) || ABOUT.test(words(one)) || inAsked(one)));
    if (regions[0]) return choose(regions[0], true);
    return null;
  };
  const next = (wish, presses) => {
    const found = notice();
    asked = found ?? asked;
    if (wish === 'accept') return choose(fresh(found?.accept), true);
    if (wish === 'reject') return presses || found ? onward(found, presses) : null;
    const own = first('button[name=choice][value=withdraw]');
    const straight = fresh(own) ?? controls().find((one) => kind(one) === 'withdraw' && fresh(one) && !one.href);
    if (straight) return choose(straight, true);
    const open = () => choose(openers().find(fresh) ?? controls().find((one) => PAGE.test(words(one)) && fresh(one)), false);
    if (!presses) return open();
    // What was opened is refused like a notice that asks for the first time.
    const known = PRODUCTS.flatMap(({ withdraw }) => withdraw.slice(1));
    return refuse(known) ?? onward(found, presses) ?? open();
  };
  const onward = (found, presses) => {
    const now = fresh(found?.reject);
    if (now) return choose(now, true);
    const [way, ...path] = asked?.facts?.path ?? [];
    const refused = presses ? refuse(path) : null;
    if (refused) return refused;
    const open = fresh(first(way)) ?? (found && controls(found.root).find((one) => kind(one) === 'settings' && fresh(one)));
    return (presses ? save() : null) ?? choose(open, false);
  };
  const save = () => {
    const control = fresh(saves());
    if (control) untick();
    return choose(control, true);
  };

  // === What Rust asks ===

  globalThis.consentgate = {
    next,
    look() {
      const found = notice();
      const back = openers().length > 0;
      if (!found) return back ? { withdraw: back } : null;
      return {
        product: found.facts?.product ?? null,
        found_by: found.by,
        accept: measure(found.accept, 1),
        reject: found.reject ? measure(found.reject, 1) : null,
        withdraw: back,
        ticked: ticked(found.root),
        blocks: blocks(found.root),
      };
    },
    covers: () => blocks(null),
    root() {
      let at = notice()?.root;
      while (at && at.getRootNode() !== document) at = at.getRootNode().host;
      return at;
    },
    target: () => target,
    /** Would a press in its middle reach it? Then whether it did is seen. */
    aim() {
      target.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
      const { left, top, width, height } = target.getBoundingClientRect();
      const found = hit(left + width / 2, top + height / 2);
      target.addEventListener('click', () => (target.consentgatePressed = true), { capture: true, once: true });
      return Boolean(found) && (within(found, target) || within(target, found));
    },
    reached: () => Boolean(target?.consentgatePressed),
    links() {
      const found = [...document.querySelectorAll('a[href], area[href]')].filter((one) => !one.hasAttribute('download'));
      return found.slice(0, 2000).map((one) => `${one.href}`);
    },
    async stored() {
      const safely = async (read) => {
        try {
          return (await read()) ?? [];
        } catch {
          return [];
        }
      };
      const found = [];
      const put = (kind, keys) => keys.forEach((key) => found.push([kind, key]));
      put('local', await safely(() => Object.keys(localStorage)));
      put('session', await safely(() => Object.keys(sessionStorage)));
      put('indexed_db', await safely(async () => (await indexedDB.databases()).map(({ name }) => name)));
      put('cache', await safely(() => caches.keys()));
      const workers = await safely(() => navigator.serviceWorker?.getRegistrations());
      put('service_worker', workers.map((one) => (one.active ?? one.waiting ?? one.installing)?.scriptURL).filter(Boolean));
      return { origin: location.origin, found };
    },
  };
})();
