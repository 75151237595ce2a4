// Ways in which a page's script makes the browser ask another company for something. Each gets an address of its own, so
// that what was asked for names the way. They run in the page: nothing from outside may be used in them.

/** @type {Record<string, (url: string) => unknown>} */
export const WAYS = {
  'fetch': (url) => fetch(url, { mode: 'no-cors' }).catch(() => {}),
  'fetch of a Request': (url) => fetch(new Request(url, { mode: 'no-cors' })).catch(() => {}),
  'fetch of a URL object': (url) => fetch(new URL(url), { mode: 'no-cors', keepalive: true }).catch(() => {}),
  'XMLHttpRequest': (url) => {
    const request = new XMLHttpRequest();
    request.open('GET', url);
    request.send();
  },
  'XMLHttpRequest, synchronous': (url) => {
    const request = new XMLHttpRequest();
    request.open('GET', url, false);
    try {
      request.send();
    } catch {}
  },
  'sendBeacon': (url) => navigator.sendBeacon(url, 'x'),
  'WebSocket': (url) => void new WebSocket(url.replace('https', 'wss')),
  'EventSource': (url) => void new EventSource(url),
  'new Image': (url) => void (new Image().src = url),
  'new Image, srcset': (url) => void (new Image().srcset = `${url} 1x, /own.png 2x`),
  'new Audio': (url) => void new Audio(url).load(),
  'video poster': (url) => {
    const video = document.createElement('video');
    video.poster = url;
    document.body.append(video);
  },
  'script src': (url) => {
    const script = document.createElement('script');
    script.src = url;
    document.head.appendChild(script);
  },
  'script src, in front of the first script': (url) => {
    const script = document.createElement('script');
    script.async = true;
    script.src = url;
    const first = document.getElementsByTagName('script')[0];
    first.parentNode.insertBefore(script, first);
  },
  'script setAttribute': (url) => {
    const script = document.createElement('script');
    script.setAttribute('SRC', url);
    document.head.append(script);
  },
  'script setAttributeNS': (url) => {
    const script = document.createElement('script');
    script.setAttributeNS(null, 'src', url);
    document.head.append(script);
  },
  'script, an attribute node': (url) => {
    const script = document.createElement('script');
    const attribute = document.createAttribute('src');
    attribute.value = url;
    script.setAttributeNode(attribute);
    document.head.append(script);
  },
  'script, an attribute node in the map': (url) => {
    const script = document.createElement('script');
    const attribute = document.createAttribute('src');
    attribute.value = url;
    script.attributes.setNamedItem(attribute);
    document.head.append(script);
  },
  'script, the value of its attribute': (url) => {
    const script = document.createElement('script');
    script.setAttribute('src', '/own.js?attr');
    script.attributes.src.value = url;
    document.head.append(script);
  },
  'script, the node value of its attribute': (url) => {
    const script = document.createElement('script');
    script.setAttribute('src', '/own.js?node');
    script.attributes.src.nodeValue = url;
    document.head.append(script);
  },
  'script of a module': (url) => {
    const script = document.createElement('script');
    script.type = 'module';
    script.src = url;
    document.head.append(script);
  },
  'a clone of a held script': (url) => {
    const script = document.createElement('script');
    script.src = url;
    document.head.append(script.cloneNode(true));
  },
  'link of a stylesheet': (url) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = url;
    document.head.append(link);
  },
  'link, its address first': (url) => {
    const link = document.createElement('link');
    link.href = url;
    document.head.append(link);
    link.rel = 'stylesheet';
  },
  'link of a preload': (url) => {
    const link = document.createElement('link');
    link.setAttribute('rel', 'preload');
    link.setAttribute('as', 'image');
    link.setAttribute('href', url);
    document.head.append(link);
  },
  'iframe': (url) => {
    const frame = document.createElement('iframe');
    frame.src = url;
    document.body.append(frame);
  },
  'iframe, moved on later': (url) => {
    const frame = document.createElement('iframe');
    document.body.append(frame);
    frame.src = url;
  },
  'object': (url) => {
    const object = document.createElement('object');
    object.data = url;
    document.body.append(object);
  },
  'embed': (url) => {
    const embed = document.createElement('embed');
    embed.src = url;
    document.body.append(embed);
  },
  'input of an image': (url) => {
    const input = document.createElement('input');
    input.type = 'image';
    input.src = url;
    document.body.append(input);
  },
  'svg image': (url) => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const image = document.createElementNS('http://www.w3.org/2000/svg', 'image');
    image.setAttribute('href', url);
    svg.append(image);
    document.body.append(svg);
  },
  'svg script, xlink': (url) => {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const script = document.createElementNS('http://www.w3.org/2000/svg', 'script');
    script.setAttributeNS('http://www.w3.org/1999/xlink', 'xlink:href', url);
    svg.append(script);
    document.body.append(svg);
  },
  'innerHTML': (url) => {
    const box = document.createElement('div');
    box.innerHTML = `<p><img alt=">" src=${url}>`;
  },
  'innerHTML, entities and tabs': (url) => {
    const box = document.createElement('div');
    box.innerHTML = `<IMG/SRC='${url.replace(':', '&#58;').replace('google', 'goo&Tab;gle')}'>`;
  },
  'innerHTML behind what only looks like a comment': (url) => {
    const box = document.createElement('div');
    box.innerHTML = `<!--><img src="${url}"><!-- -->`;
  },
  'innerHTML behind a quote': (url) => {
    const box = document.createElement('div');
    box.innerHTML = `<a title=x"><img src="${url}" alt=x>`;
  },
  'innerHTML of a style that is no text': (url) => {
    const box = document.createElement('div');
    box.innerHTML = `<svg><style><img src="${url}"></style></svg>`;
  },
  'outerHTML': (url) => {
    const box = document.body.appendChild(document.createElement('div'));
    box.outerHTML = `<iframe src="${url}"></iframe>`;
  },
  'insertAdjacentHTML': (url) => document.body.insertAdjacentHTML('beforeend', `<video src="${url}" autoplay></video>`),
  'insertAdjacentHTML, style': (url) => document.body.insertAdjacentHTML('beforeend', `<p style="background: url('${url}')">x`),
  'a contextual fragment': (url) => document.body.append(document.createRange().createContextualFragment(`<script src="${url}"></script>`)),
  'DOMParser': (url) => document.body.append(new DOMParser().parseFromString(`<img src="${url}">`, 'text/html').body.firstChild),
  'a template': (url) => {
    const template = document.createElement('template');
    template.innerHTML = `<img src="${url}">`;
    document.body.append(template.content.cloneNode(true));
  },
  'a shadow root': (url) => {
    const host = document.body.appendChild(document.createElement('div'));
    host.attachShadow({ mode: 'closed' }).innerHTML = `<img src="${url}">`;
  },
  'setHTMLUnsafe': (url) => document.body.appendChild(document.createElement('div')).setHTMLUnsafe(`<img src="${url}">`),
  'srcdoc': (url) => {
    const frame = document.createElement('iframe');
    frame.srcdoc = `<img src="${url}">`;
    document.body.append(frame);
  },
  'srcdoc in markup': (url) => document.body.insertAdjacentHTML('beforeend', `<iframe srcdoc="<img src='${url}'>"></iframe>`),
  'a script in srcdoc': (url) => {
    const frame = document.createElement('iframe');
    frame.srcdoc = `<script>new Image().src = '${url}'</script>`;
    document.body.append(frame);
  },
  'the fetch of an empty frame': (url) => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    frame.contentWindow.fetch(url, { mode: 'no-cors' }).catch(() => {});
  },
  'the window of an empty frame, by number': (url) => {
    document.body.appendChild(document.createElement('iframe'));
    new (window[window.length - 1].Image)().src = url;
  },
  'the document of an empty frame': (url) => {
    document.body.insertAdjacentHTML('beforeend', '<iframe id=empty-one></iframe>');
    document.getElementById('empty-one').contentDocument.body.innerHTML = `<img src="${url}">`;
  },
  'write into an empty frame': (url) => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    const inside = frame.contentDocument;
    inside.open();
    inside.write('<scr');
    inside.write(`ipt src="${url}"></scr`);
    inside.write('ipt>');
    inside.close();
  },
  'a frame of javascript:': (url) => {
    const frame = document.createElement('iframe');
    frame.src = `javascript:void(new Image().src='${url}')`;
    document.body.append(frame);
  },
  'a frame of data:': (url) => {
    const frame = document.createElement('iframe');
    frame.src = `data:text/html,<img src="${url}">`;
    document.body.append(frame);
  },
  'a frame of blob:': (url) => {
    const frame = document.createElement('iframe');
    frame.src = URL.createObjectURL(new Blob([`<script>new Image().src = '${url}'</script>`], { type: 'text/html' }));
    document.body.append(frame);
  },
  'a worker of a file': (url) => void new Worker(`/worker.js?${encodeURIComponent(url)}`),
  'a worker of blob:': (url) => {
    const address = URL.createObjectURL(new Blob([`fetch(${JSON.stringify(url)}, { mode: 'no-cors' })`]));
    new Worker(address);
    URL.revokeObjectURL(address);
  },
  'a worker of blob: that imports': (url) => void new Worker(URL.createObjectURL(new Blob([`importScripts(${JSON.stringify(url)})`]))),
  'a worker of a module': (url) => void new Worker(URL.createObjectURL(new Blob([`fetch(${JSON.stringify(url)}, { mode: 'no-cors' })`], { type: 'text/javascript' })), { type: 'module' }),
  'style, cssText': (url) => {
    const box = document.body.appendChild(document.createElement('div'));
    box.textContent = 'x';
    box.style.cssText = `background-image: url(${url})`;
  },
  'style, a property': (url) => {
    const box = document.body.appendChild(document.createElement('div'));
    box.textContent = 'x';
    box.style.backgroundImage = `url("${url}")`;
  },
  'style, an attribute': (url) => {
    const box = document.body.appendChild(document.createElement('div'));
    box.textContent = 'x';
    box.setAttribute('style', `background: url('${url}')`);
  },
  'an insertRule': (url) => {
    const style = document.head.appendChild(document.createElement('style'));
    style.sheet.insertRule(`body { background-image: url(${url}) }`);
  },
  'a style element': (url) => {
    const style = document.createElement('style');
    style.textContent = `html { background-image: url(${url}) }`;
    document.head.append(style);
  },
  'a tracker on the own host': () => {
    const script = document.createElement('script');
    script.src = '/stats/matomo.js';
    document.head.append(script);
  },
};
