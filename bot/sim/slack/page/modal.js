// The person's stack of modals. All of them stay in the document so that typed input survives a push and a refresh;
// only the one in front is shown.

import { blocks } from './blocks.js';
import { fields, h, patch } from './dom.js';
import { trapFocus } from './layer.js';
import { plain, textNodes } from './text.js';

const shown = new Set();
const submitting = new Set();
const edited = new Map();
let dialog = null;

/** Bring the dialog in line with the state's `modals`. */
export function showModals(stack, app) {
  if (!dialog) {
    dialog = document.body.appendChild(h('dialog', { class: 'modal' }));
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      const front = dialog.querySelector('form:not([hidden])');
      if (front) close(front.dataset.viewId, app);
    });
  }
  const top = stack[stack.length - 1];
  patch(
    dialog,
    h(
      'dialog',
      {
        class: 'modal',
        keep: ['open'],
        'aria-labelledby': top ? `title-${top.view_id}` : null,
        on: { keydown: (event, box) => trapFocus(event, box) },
      },
      stack.map((item) => form(item, item === top, stack.length, app)),
    ),
  );
  if (!top) {
    if (dialog.open) dialog.close();
    shown.clear();
    return;
  }
  if (!dialog.open) dialog.showModal();
  if (!shown.has(top.view_id)) settle(top.view_id);
}

// A view seen for the first time: the first field gets the focus, or the view itself where it has none.
function settle(viewId) {
  shown.add(viewId);
  const box = dialog.querySelector(`form[data-view-id="${CSS.escape(viewId)}"]`);
  const first =
    box.querySelector('[autofocus]') ||
    box.querySelector('.input .field, .input input') ||
    box.querySelector('.modal-body');
  first.focus();
}

function errorsOf(item) {
  if (submitting.has(item.view_id)) return {}; // the ones known are of the submission before
  const known = { ...item.errors };
  for (const block of edited.get(item.view_id) || []) delete known[block];
  return known;
}

function form(item, front, depth, app) {
  const { view, view_id: id } = item;
  const busy = submitting.has(id);
  const ctx = {
    ...app.context({ type: 'view', view_id: id }),
    surface: 'modal',
    errors: errorsOf(item),
    edited: (block) => edit(item, block, app),
  };
  const hook = (name) => (front ? name : null);
  return h(
    'form',
    {
      key: id,
      class: 'modal-form',
      novalidate: true,
      hidden: !front,
      'aria-busy': busy ? 'true' : null,
      'data-testid': hook('modal'),
      'data-view-id': id,
      on: { submit: (event, live) => submit(event, live, item, app) },
    },
    modalHead(item, depth, hook, app),
    h('div', { class: 'modal-body', tabindex: '-1' }, blocks(view.blocks, ctx)),
    modalFoot(item, busy, hook, app),
  );
}

function modalHead({ view, view_id: id }, depth, hook, app) {
  return h(
    'header',
    { class: 'modal-head' },
    h('h2', { id: `title-${id}` }, textNodes(view.title)),
    h(
      'button',
      {
        type: 'button',
        class: 'icon',
        'aria-label': depth > 1 ? 'Back' : 'Close',
        'data-testid': hook('modal-x'),
        on: { click: () => close(id, app) },
      },
      '✕',
    ),
  );
}

function modalFoot({ view, view_id: id }, busy, hook, app) {
  return h(
    'footer',
    { class: 'dialog-foot' },
    h(
      'button',
      { type: 'button', class: 'btn', 'data-testid': hook('modal-close'), on: { click: () => close(id, app) } },
      plain(view.close) || (view.submit ? 'Cancel' : 'Close'),
    ),
    view.submit &&
      h(
        'button',
        {
          type: 'submit',
          class: 'btn primary',
          'data-testid': hook('modal-submit'),
          disabled: busy,
          'aria-busy': busy ? 'true' : null,
        },
        h('span', null, textNodes(view.submit)),
      ),
  );
}

function edit(item, block, app) {
  if (!errorsOf(item)[block]) return;
  if (!edited.has(item.view_id)) edited.set(item.view_id, new Set());
  edited.get(item.view_id).add(block);
  app.render();
}

// In the form of Slack's `view.state.values`.
function valuesOf(box) {
  const values = {};
  for (const field of fields(box)) {
    const { blockId, actionId } = field.dataset;
    values[blockId] = { ...values[blockId], [actionId]: field.$read(field) };
  }
  return values;
}

/** The values now typed into the open view `viewId`, or null where it is no modal. */
export function typedInto(viewId) {
  const box = dialog && dialog.querySelector(`form[data-view-id="${CSS.escape(viewId)}"]`);
  return box ? valuesOf(box) : null;
}

async function submit(event, box, item, app) {
  event.preventDefault();
  const id = item.view_id;
  if (submitting.has(id)) return;
  submitting.add(id);
  const values = valuesOf(box);
  app.render();
  await app.ask((api, me) => api.submit(me, id, values));
  await app.refresh();
  edited.delete(id);
  submitting.delete(id);
  app.render();
  const wrong = box.isConnected && box.querySelector('[aria-invalid=true]');
  if (wrong) wrong.focus();
}

async function close(id, app) {
  await app.ask((api, me) => api.close(me, id));
  await app.refresh();
}
