// Block Kit's interactive elements. Each carries data-testid="action-<action_id>"; the ones with a value also carry
// data-field and a reader. `ctx` is {container, act(block, action), busy(block_id, action_id), surface}.

import { h, safeLink } from './dom.js';
import { ask, openMenu } from './layer.js';
import { plain, textNodes } from './text.js';

/** The element drawn, or null for a type this page does not know. */
export function element(item, block, ctx, extra = {}) {
  const draw = DRAW[item.type];
  return draw ? draw(item, block, ctx, extra) : null;
}

export const isField = (type) => type in FIELD_TYPES;

const hook = (item, block) => ({
  key: item.action_id,
  'data-testid': `action-${item.action_id}`,
  'data-action-id': item.action_id,
  'data-block-id': block.block_id,
});

async function send(item, block, ctx, action) {
  if (item.confirm && !(await ask(item.confirm))) return false;
  await ctx.act(block, { action_id: item.action_id, type: item.type, ...action });
  return true;
}

function button(item, block, ctx) {
  const busy = ctx.busy(block.block_id, item.action_id);
  const href = item.url ? safeLink(item.url) : null;
  const props = {
    ...hook(item, block),
    class: `btn ${item.style || ''}`,
    disabled: busy,
    'aria-busy': busy ? 'true' : null,
    'aria-label': item.accessibility_label,
    on: { click: () => send(item, block, ctx, { value: item.value, text: item.text }) },
  };
  if (!href) return h('button', { ...props, type: 'button' }, h('span', null, textNodes(item.text)));
  return h('a', { ...props, disabled: null, href, target: '_blank', rel: 'noopener noreferrer' }, textNodes(item.text));
}

function overflow(item, block, ctx) {
  const busy = ctx.busy(block.block_id, item.action_id);
  const pick = (option) => () => {
    if (option.url && safeLink(option.url)) window.open(safeLink(option.url), '_blank', 'noopener');
    send(item, block, ctx, { selected_option: option });
  };
  const items = (item.options || []).map((option) => ({
    label: textNodes(option.text),
    description: option.description && textNodes(option.description),
    value: option.value,
    pick: pick(option),
  }));
  return h(
    'button',
    {
      ...hook(item, block),
      type: 'button',
      class: 'btn more',
      disabled: busy,
      'aria-busy': busy ? 'true' : null,
      'aria-haspopup': 'menu',
      'aria-label': 'More actions',
      keep: ['aria-expanded'],
      read: () => items,
      on: { click: (event, anchor) => openMenu(anchor, 'More actions') },
    },
    h('span', { 'aria-hidden': 'true' }, '⋯'),
  );
}

const flatOptions = (item) => item.options || (item.option_groups || []).flatMap((group) => group.options);

function select(item, block, ctx, extra) {
  const options = flatOptions(item);
  const initial = item.initial_option && options.findIndex((option) => option.value === item.initial_option.value);
  const draw = (option) => {
    const index = options.indexOf(option);
    return h(
      'option',
      { key: String(index), value: String(index), selected: index === initial, 'data-value': option.value },
      plain(option.text),
    );
  };
  const chosen = (live) => (live.value === '' ? null : options[Number(live.value)]);
  const change = async (event, live) => {
    if (!chosen(live) || !extra.acts) return;
    const sent = await send(item, block, ctx, { selected_option: chosen(live) });
    if (!sent) live.value = initial >= 0 ? String(initial) : '';
  };
  return h(
    'select',
    {
      ...hook(item, block),
      class: 'field',
      disabled: ctx.busy(block.block_id, item.action_id),
      'data-field': true,
      'aria-label': extra.id ? null : plain(item.placeholder) || 'Choose',
      ...labelled(extra),
      read: (live) => ({ type: item.type, selected_option: chosen(live) }),
      on: { change },
    },
    h('option', { key: 'none', value: '' }, plain(item.placeholder) || 'Choose an option'),
    item.options
      ? options.map(draw)
      : (item.option_groups || []).map((group, index) =>
          h('optgroup', { key: `g${index}`, label: plain(group.label) }, group.options.map(draw)),
        ),
  );
}

const labelled = (extra) => ({
  id: extra.id,
  'aria-describedby': extra.describedBy,
  'aria-invalid': extra.invalid ? 'true' : null,
  'aria-required': extra.required ? 'true' : null,
});

function choices(item, block, ctx, extra) {
  const many = item.type === 'checkboxes';
  const initial = (many ? item.initial_options : [item.initial_option]) || [];
  const starts = new Set(initial.filter(Boolean).map((option) => option.value));
  const name = `${ctx.container.ts || ctx.container.view_id}-${block.block_id}-${item.action_id}`;
  const read = (live) => {
    const picked = [...live.querySelectorAll('input')].flatMap((box, index) =>
      box.checked ? [item.options[index]] : [],
    );
    return many
      ? { type: item.type, selected_options: picked }
      : { type: item.type, selected_option: picked[0] || null };
  };
  const change = (event, live) => {
    const { type, ...picked } = read(live);
    if (extra.acts) send(item, block, ctx, picked);
  };
  return h(
    'div',
    {
      ...hook(item, block),
      class: 'choices',
      role: many ? 'group' : 'radiogroup',
      'aria-labelledby': extra.labelId,
      ...labelled({ ...extra, required: null }),
      'data-field': true,
      read,
      on: { change },
    },
    (item.options || []).map((option) =>
      h(
        'label',
        { key: option.value, class: 'choice' },
        h('input', { type: many ? 'checkbox' : 'radio', name, value: option.value, checked: starts.has(option.value) }),
        h('span', null, textNodes(option.text), option.description && h('small', null, textNodes(option.description))),
      ),
    ),
  );
}

// Typed fields: input type, and the name of the value in Slack's state.
const TYPED = {
  plain_text_input: ['text', 'value', 'initial_value'],
  number_input: ['number', 'value', 'initial_value'],
  email_text_input: ['email', 'value', 'initial_value'],
  url_text_input: ['url', 'value', 'initial_value'],
  datepicker: ['date', 'selected_date', 'initial_date'],
  timepicker: ['time', 'selected_time', 'initial_time'],
};

function typed(item, block, ctx, extra) {
  const [type, value, initial] = TYPED[item.type];
  const act = (live) => send(item, block, ctx, { [value]: live.value || null });
  const multiline = Boolean(item.multiline);
  const props = {
    ...hook(item, block),
    class: 'field',
    type: multiline ? null : type,
    rows: multiline ? '3' : null,
    placeholder: plain(item.placeholder),
    autofocus: item.focus_on_load,
    autocomplete: 'off',
    'aria-label': extra.id ? null : plain(item.placeholder) || item.action_id,
    ...labelled(extra),
    'data-field': true,
    read: (live) => ({ type: item.type, [value]: live.value || null }),
    init: (live) => (live.value = item[initial] || ''),
    on: {
      change: (event, live) => extra.acts && type !== 'text' && act(live),
      keydown: (event, live) => extra.acts && type === 'text' && event.key === 'Enter' && !multiline && act(live),
    },
  };
  return h(multiline ? 'textarea' : 'input', props);
}

function image(item, block, ctx) {
  return ctx.image(item, 'thumb');
}

const FIELD_TYPES = { static_select: select, checkboxes: choices, radio_buttons: choices };
for (const type of Object.keys(TYPED)) FIELD_TYPES[type] = typed;

const DRAW = { button, workflow_button: button, overflow, image, ...FIELD_TYPES };
