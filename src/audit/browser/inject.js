// Runs before every script of every frame, in the page's own world: tells what scripts write and which interfaces they
// use that can tell one device from others. Names only. It changes nothing that a page could notice by using it.
(() => {
  const NAME = '__NAME__';
  const tell = globalThis[NAME];
  delete globalThis[NAME];
  if (typeof tell !== 'function') return;

  const address = () => {
    const own = document.URL;
    return own.startsWith('http') ? own : document.baseURI;
  };
  const line = (text) => `${text}`.replace(/[\r\n]/g, ' ');
  const say = (kind, one, two, three) => {
    try {
      tell(kind + '\n' + line(one) + '\n' + line(two) + '\n' + line(three ?? ''));
    } catch {}
  };
  /** Puts a function in the place of another; it stays native to whoever looks at its text. */
  const after = (owner, name, seen) => {
    const found = owner && Object.getOwnPropertyDescriptor(owner, name);
    if (typeof found?.value !== 'function') return;
    const apply = (target, self, parameters) => {
      const result = Reflect.apply(target, self, parameters);
      try {
        seen(self, parameters, result);
      } catch {}
      return result;
    };
    Object.defineProperty(owner, name, { ...found, value: new Proxy(found.value, { apply }) });
  };

  // === Cookies ===

  const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  const wrote = (self, text) => {
    const end = text.indexOf(';');
    const pair = end < 0 ? text : text.slice(0, end);
    const equals = pair.indexOf('=');
    const name = equals < 0 ? '' : pair.slice(0, equals).trim();
    if (!name) return;
    const there = `; ${Reflect.apply(cookie.get, self, [])}`.includes(`; ${name}=`);
    say('cookie', name + '=' + (end < 0 ? '' : text.slice(end)), address(), there);
  };
  const set = new Proxy(cookie.set, {
    apply(target, self, parameters) {
      const result = Reflect.apply(target, self, parameters);
      try {
        wrote(self, `${parameters[0]}`);
      } catch {}
      return result;
    },
  });
  Object.defineProperty(Document.prototype, 'cookie', { ...cookie, set });

  const stored = (given) => {
    const { name, expires, domain, path, sameSite } = given;
    const until = expires == null ? '' : `; Max-Age=${Math.round((+expires - Date.now()) / 1000)}`;
    const rest = (domain ? `; Domain=${domain}` : '') + `; Path=${path ?? '/'}; SameSite=${sameSite ?? 'strict'}; Secure`;
    say('cookie', `${name}=` + until + rest, address(), true);
  };
  after(globalThis.CookieStore?.prototype, 'set', (_, [first], done) => {
    const given = typeof first === 'object' ? { ...first } : { name: first };
    done.then(
      () => stored(given),
      () => {},
    );
  });

  after(globalThis.ServiceWorkerContainer?.prototype, 'register', (_, [script]) => {
    say('worker', new URL(script, document.baseURI), location.origin);
  });

  // A page that leads on at once is gone before anybody can ask what it keeps.
  const made = (kind, told) => (_, [name]) => say(told, kind, name, location.origin);
  after(globalThis.IDBFactory?.prototype, 'open', made('indexed_db', 'made'));
  after(globalThis.IDBFactory?.prototype, 'deleteDatabase', made('indexed_db', 'gone'));
  after(globalThis.CacheStorage?.prototype, 'open', made('cache', 'made'));
  after(globalThis.CacheStorage?.prototype, 'delete', made('cache', 'gone'));

  // === What is still to come ===

  // Tags come late by timers: those are told that end between a fifth of a second and ten seconds from now, and were
  // set by the page or by one timer before it, so that what goes round for ever is not waited for.
  const due = new Set();
  let depth = 0;
  let tellings = 0;
  const within = (callback, level) =>
    function (...parameters) {
      depth = level;
      try {
        return Reflect.apply(callback, this, parameters);
      } finally {
        depth = 0;
      }
    };
  for (const name of ['setTimeout', 'setInterval']) {
    const found = Object.getOwnPropertyDescriptor(globalThis, name);
    const apply = (target, self, parameters) => {
      const [callback, wait] = parameters;
      const told = typeof callback === 'function' && wait >= 200 && wait <= 10_000 && depth < 2 && tellings < 100;
      if (!told) return Reflect.apply(target, self, parameters);
      tellings++;
      const id = Reflect.apply(target, self, [within(callback, depth + 1), ...parameters.slice(1)]);
      due.add(id);
      say('due', id, Math.round(wait));
      return id;
    };
    Object.defineProperty(globalThis, name, { ...found, value: new Proxy(found.value, { apply }) });
  }
  const never = (_, [id]) => due.delete(id) && say('never', id, '');
  after(globalThis, 'clearTimeout', never);
  after(globalThis, 'clearInterval', never);

  after(globalThis.Element?.prototype, 'attachShadow', (_, [how]) => how?.mode === 'closed' && say('closed', '', ''));

  // === Interfaces that tell one device from others ===

  const told = new Set();
  const caller = () => {
    const before = Error.stackTraceLimit;
    Error.stackTraceLimit = 30;
    const { stack } = new Error();
    Error.stackTraceLimit = before;
    return /https?:\/\/[^\s)]+?(?=:\d+:\d+)/.exec(stack)?.[0] ?? address();
  };
  const used = (kind) => {
    const script = caller();
    if (told.has(kind + script)) return;
    told.add(kind + script);
    say('used', kind, script);
  };

  // Text with many characters drawn and read back: the small pictures by which pages learn whether a font has emoji
  // have few (Englehardt and Narayanan, 2016, section 6.1).
  const drawn = new WeakMap();
  const context = globalThis.CanvasRenderingContext2D?.prototype;
  const draw = ({ canvas }, [text]) => {
    const known = drawn.get(canvas) ?? new Set();
    for (const character of `${text}`) known.add(character);
    drawn.set(canvas, known);
  };
  after(context, 'fillText', draw);
  after(context, 'strokeText', draw);
  const read = (canvas) => {
    if (canvas.width >= 16 && canvas.height >= 16 && drawn.get(canvas)?.size >= 10) used('canvas');
  };
  after(context, 'getImageData', (self) => read(self.canvas));
  after(globalThis.HTMLCanvasElement?.prototype, 'toDataURL', read);
  after(globalThis.HTMLCanvasElement?.prototype, 'toBlob', read);

  const fonts = new WeakMap();
  after(context, 'measureText', (self) => {
    const known = fonts.get(self) ?? new Set();
    known.add(self.font);
    fonts.set(self, known);
    if (known.size >= 50) used('fonts');
  });

  // UNMASKED_VENDOR_WEBGL and UNMASKED_RENDERER_WEBGL.
  const unmasked = (_, [name]) => (name === 37445 || name === 37446) && used('webgl');
  after(globalThis.WebGLRenderingContext?.prototype, 'getParameter', unmasked);
  after(globalThis.WebGL2RenderingContext?.prototype, 'getParameter', unmasked);

  // A tone made and computed without being played.
  const toned = new WeakSet();
  const tone = (self) => toned.add(self);
  after(globalThis.BaseAudioContext?.prototype, 'createOscillator', tone);
  after(globalThis.BaseAudioContext?.prototype, 'createDynamicsCompressor', tone);
  after(globalThis.OfflineAudioContext?.prototype, 'startRendering', (self) => toned.has(self) && used('audio'));
})();
