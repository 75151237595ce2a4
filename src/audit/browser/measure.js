// What a notice and its controls look like: sizes, contrast, boxes ticked, whether the page can be used.

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
  while (found && shadow(found)) {
    const deeper = shadow(found).elementFromPoint(x, y);
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
