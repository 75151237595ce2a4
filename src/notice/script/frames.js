// Frames without an address of their own have everything anew, and no gate sees them: the guard goes into them before the
// page can.

import { Bytes, D, W, exec, hook } from './natives.js';

const seen = new WeakSet();

/** Arms a window, once; one of another site cannot be reached, and is not ours to keep. */
export const frames = (arm) => {
  const reach = (w) => {
    try {
      if (w && !seen.has(w.Object)) {
        seen.add(w.Object);
        arm(w);
        guard(w);
      }
    } catch (e) {}
  };
  const sweep = () => {
    for (let i = W.length; i--; ) reach(W[i]);
  };
  const after = (args, go) => {
    const result = go();
    sweep();
    return result;
  };
  const guard = (w) => {
    const proto = (name) => (w[name] || 0).prototype;
    hook(proto('Node'), 'appendChild insertBefore replaceChild', after);
    for (const owner of ['Element', 'Document', 'DocumentFragment', 'CharacterData']) {
      hook(proto(owner), 'append prepend before after replaceWith replaceChildren insertAdjacentElement insertAdjacentHTML', after);
    }
    hook(proto('Element'), 'innerHTML outerHTML', after, 'set');
    for (const owner of ['HTMLIFrameElement', 'HTMLFrameElement', 'HTMLObjectElement']) {
      hook(proto(owner), 'contentWindow', (args, go) => {
        const inner = go();
        reach(inner);
        return inner;
      }, 'get');
      hook(proto(owner), 'contentDocument', (args, go) => {
        const inner = go();
        reach(inner && inner.defaultView);
        return inner;
      }, 'get');
    }
    hook(w, 'open', (args, go) => {
      const inner = go();
      reach(inner);
      return inner;
    });
  };
  reach(W);
  if (D) new MutationObserver(sweep).observe(D, { childList: true, subtree: true });
};
