// Where the reader is in a list: lists marked data-stick follow their newest message as long as the reader is at the end.

const NEAR_PX = 80;

const lists = () => [...document.querySelectorAll('[data-stick]')];
const atEnd = (list) => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PX;
const toEnd = (list) => (list.scrollTop = list.scrollHeight);
const ends = new WeakMap();
let app = null;

/** Remember who stands at the end; the returned function restores it after the patch. */
export function keepPlace() {
  const before = new Map(lists().map((list) => [list, list.querySelectorAll('.row').length]));
  return () => {
    for (const list of lists()) {
      if (!ends.has(list)) watch(list);
      const grown = before.has(list) && list.querySelectorAll('.row').length > before.get(list);
      if (ends.get(list)) toEnd(list);
      else if (grown && !list.closest('.thread')) show(true);
    }
  };
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const list = target.closest('[data-stick]');
    if (list && ends.get(list)) toEnd(list);
  }
});

function watch(list) {
  ends.set(list, true);
  sizes.observe(list);
  list.addEventListener('scroll', () => {
    ends.set(list, atEnd(list));
    if (ends.get(list) && !list.closest('.thread')) show(false);
  });
  list.addEventListener('load', () => ends.get(list) && toEnd(list), true);
}

function show(unread) {
  if (!app || app.unread === unread) return;
  app.unread = unread;
  queueMicrotask(app.render);
}

export function followNewest(theApp) {
  app = theApp;
}

/** Go to the newest message of the channel. */
export function jumpToNewest() {
  const list = document.querySelector('.channel > [data-stick]');
  if (!list) return;
  ends.set(list, true);
  toEnd(list);
  show(false);
}
