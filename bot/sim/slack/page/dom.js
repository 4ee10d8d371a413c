// Building and patching the document. Foreign text enters it only as text nodes and attribute values: nothing in
// this page ever parses a string as HTML.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * One element. `props` are attributes (true = present, false/null = absent) plus:
 * key: identity among its siblings when the tree is patched · on: {event: (event, element) => void}
 * keep: attributes that belong to the person (an opened <details>), set once and never patched
 * init: (element) => void, run once at creation · read: (element) => value, how a form field's value is read
 * style: custom properties, e.g. {'--bar': '#a30200'}
 */
export function h(tag, props, ...children) {
  return build(document.createElement(tag), props, children);
}

export function svg(tag, props, ...children) {
  return build(document.createElementNS(SVG, tag), props, children);
}

function build(element, props, children) {
  const { key, on, keep, init, read, style, ...attributes } = props || {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : value);
  }
  for (const [name, value] of Object.entries(style || {})) element.style.setProperty(name, value);
  Object.assign(element, { $key: key, $on: on, $keep: keep || [], $read: read });
  append(element, children);
  if (init) init(element);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === '') continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/**
 * A child that is built only where `signature` differs from what its place in the document was last built with.
 * The node that `build` returns has to carry the same `key`.
 */
export function lazy(key, signature, build) {
  const holder = document.createElement('x-lazy');
  return Object.assign(holder, { $key: key, $lazy: { signature, build } });
}

function built(holder) {
  return Object.assign(holder.$lazy.build(), { $signature: holder.$lazy.signature });
}

// A subtree that enters the document as a whole has nothing to compare with: build every lazy child.
function whole(node) {
  if (node.querySelectorAll) for (const holder of node.querySelectorAll('x-lazy')) holder.replaceWith(built(holder));
  return node;
}

/** Make `live` look like `fresh` while keeping what the person did to it: focus, typed text, scroll, open parts. */
export function patch(live, fresh) {
  if (!alike(live, fresh)) {
    live.replaceWith(whole(fresh));
    return fresh;
  }
  if (live.nodeType === Node.TEXT_NODE) {
    if (live.data !== fresh.data) live.data = fresh.data;
    return live;
  }
  patchAttributes(live, fresh);
  Object.assign(live, { $on: fresh.$on, $read: fresh.$read, $signature: fresh.$signature });
  if (live.nodeName !== 'TEXTAREA') patchChildren(live, [...fresh.childNodes]);
  return live;
}

function alike(live, fresh) {
  return live.nodeType === fresh.nodeType && live.nodeName === fresh.nodeName && live.$key === fresh.$key;
}

const TYPED = new Set(['value', 'checked', 'selected']);

function patchAttributes(live, fresh) {
  const kept = (name) => fresh.$keep.includes(name) || TYPED.has(name) || name === 'style';
  for (const { name } of [...live.attributes]) {
    if (!kept(name) && !fresh.hasAttribute(name)) live.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (!kept(name) && live.getAttribute(name) !== value) live.setAttribute(name, value);
  }
  if (live.style.cssText !== fresh.style.cssText) live.style.cssText = fresh.style.cssText;
}

function patchChildren(parent, fresh) {
  const keyed = new Map();
  for (const child of parent.childNodes) if (child.$key !== undefined) keyed.set(child.$key, child);
  const wanted = new Set(fresh.map((node) => node.$key).filter((key) => key !== undefined));
  let cursor = parent.firstChild;
  for (const node of fresh) {
    while (cursor && cursor.$key !== undefined && !wanted.has(cursor.$key)) cursor = drop(cursor);
    const match = node.$key === undefined ? cursor : keyed.get(node.$key);
    const same = match && node.$lazy && match.$signature === node.$lazy.signature;
    const wish = node.$lazy && !same ? built(node) : node;
    if (same || (match && alike(match, wish))) {
      if (match === cursor) cursor = cursor.nextSibling;
      else parent.insertBefore(match, cursor);
      if (!same) patch(match, wish);
    } else {
      parent.insertBefore(whole(wish), cursor);
    }
  }
  while (cursor) cursor = drop(cursor);
}

function drop(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

/** Events are listened for once, at the document, and find their handler on the way up: patched nodes need no rewiring. */
export function listen(types = ['click', 'change', 'input', 'keydown', 'submit', 'focusin', 'pointerdown']) {
  for (const type of types) {
    document.addEventListener(type, (event) => {
      for (let node = event.target; node; node = node.parentNode) {
        if (node.$on && node.$on[type]) node.$on[type](event, node);
        if (event.cancelBubble) return;
      }
    });
  }
}

/** The elements below `root` that carry a field value. */
export function fields(root) {
  return [...root.querySelectorAll('[data-field]')].filter((element) => element.$read);
}

/** An address that may be followed, or null: http(s), mailto and addresses of this server; never script or data. */
export function safeLink(address) {
  try {
    const url = new URL(address, document.baseURI);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** An image address that may be loaded without leaving this server, or null. */
export function localImage(address) {
  const link = safeLink(address);
  if (!link) return null;
  const url = new URL(link);
  const loopback = ['localhost', '127.0.0.1'];
  const here =
    url.host === location.host ||
    (url.port === location.port && loopback.includes(url.hostname) && loopback.includes(location.hostname));
  return here ? url.pathname + url.search : null;
}
