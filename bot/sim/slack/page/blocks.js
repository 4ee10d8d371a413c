// Block Kit's layout blocks as elements. Interactive parts: elements.js. Charts: charts.js. Text: text.js, richtext.js.

import { chart } from './charts.js';
import { h, localImage, safeLink } from './dom.js';
import { element, isField } from './elements.js';
import { markdown, richText } from './richtext.js';
import { plain, textNodes } from './text.js';

/** The blocks of a message, view or container. `ctx`: see elements.js, plus errors {block_id: text}, edited(block_id). */
export function blocks(list, ctx) {
  const seen = {};
  return (list || []).map((block, index) => {
    const named = block.block_id ? block : { ...block, block_id: `_${index}` };
    // In a view the block_id says whether typed input may stay. An edited message renames its blocks each time: there
    // the place counts, so that focus, open parts and menus outlive the edit.
    seen[block.type] = (seen[block.type] || 0) + 1;
    const key = ctx.container.type === 'view' ? named.block_id : `${block.type}-${seen[block.type]}`;
    return draw(named, key, { ...ctx, image: pictureElement });
  });
}

function draw(block, key, ctx) {
  const make = BLOCKS[block.type];
  const body = make ? make(block, ctx) : h('p', { class: 'unknown' }, `A ${block.type} block cannot be drawn here.`);
  return h(
    'div',
    { key, class: `block block-${block.type}`, 'data-block-id': block.block_id, 'data-block-type': block.type },
    body,
  );
}

const BLOCKS = {
  header: (block) => h('h3', { class: 'header' }, textNodes(block.text)),
  divider: () => h('hr'),
  section,
  context: (block, ctx) =>
    h(
      'div',
      { class: 'context' },
      (block.elements || []).map((item) =>
        item.type === 'image' ? pictureElement(item, 'tiny') : h('span', null, textNodes(item)),
      ),
    ),
  actions: (block, ctx) =>
    h(
      'div',
      { class: 'actions' },
      (block.elements || []).map((item) => interactive(item, block, ctx)),
    ),
  context_actions: (block, ctx) =>
    h(
      'div',
      { class: 'actions' },
      (block.elements || []).map((item) => interactive(item, block, ctx)),
    ),
  image: (block) => pictureBlock(block),
  table,
  data_table: table,
  data_visualization: (block) => chart(block),
  markdown: (block) => h('div', { class: 'markdown' }, markdown(block.text || '')),
  rich_text: (block) => h('div', { class: 'rich-text' }, richText(block)),
  container,
  alert,
  input,
};

function interactive(item, block, ctx) {
  return (
    element(item, block, ctx, { acts: true }) || h('span', { class: 'unknown' }, `A ${item.type} cannot be drawn here.`)
  );
}

function section(block, ctx) {
  const fields = (block.fields || []).map((field) => h('div', { class: 'section-field' }, textNodes(field)));
  return [
    h(
      'div',
      { class: 'section' },
      h(
        'div',
        { class: 'section-body' },
        block.text && h('div', { class: 'text' }, textNodes(block.text)),
        fields.length > 0 && h('div', { class: 'section-fields' }, fields),
      ),
      block.accessory && h('div', { class: 'section-accessory' }, interactive(block.accessory, block, ctx)),
    ),
    problem(block, ctx),
  ];
}

const problemId = (block, ctx) => `error-${ctx.container.view_id || ''}-${block.block_id}`;

function problem(block, ctx) {
  const text = ctx.errors && ctx.errors[block.block_id];
  return (
    text &&
    h(
      'p',
      {
        class: 'field-error',
        id: problemId(block, ctx),
        'data-testid': 'field-error',
        'data-block-id': block.block_id,
      },
      text,
    )
  );
}

function input(block, ctx) {
  const id = `field-${ctx.container.view_id || ctx.container.ts}-${block.block_id}`;
  const grouped = ['checkboxes', 'radio_buttons'].includes(block.element?.type);
  const wrong = Boolean(ctx.errors && ctx.errors[block.block_id]);
  const described = [wrong && problemId(block, ctx), block.hint && `${id}-hint`].filter(Boolean).join(' ') || null;
  const control = isField(block.element?.type)
    ? element(block.element, block, ctx, {
        id,
        labelId: `${id}-label`,
        describedBy: described,
        invalid: wrong,
        required: !block.optional,
        acts: Boolean(block.dispatch_action),
      })
    : h('p', { class: 'unknown' }, `A ${block.element?.type} input cannot be drawn here.`);
  return h(
    'div',
    {
      class: wrong ? 'input wrong' : 'input',
      on: { input: () => ctx.edited(block.block_id), change: () => ctx.edited(block.block_id) },
    },
    h(
      grouped ? 'span' : 'label',
      { class: 'input-label', id: `${id}-label`, for: grouped ? null : id },
      textNodes(block.label),
      block.optional && h('span', { class: 'optional' }, ' (optional)'),
    ),
    control,
    problem(block, ctx),
    block.hint && h('p', { class: 'hint', id: `${id}-hint` }, textNodes(block.hint)),
  );
}

function table(block) {
  const settings = block.column_settings || [];
  const look = (index) =>
    `${settings[index]?.align ? `align-${settings[index].align}` : ''} ${settings[index]?.is_wrapped ? 'wrapped' : ''}`;
  const row = (cells, tag) =>
    h(
      'tr',
      null,
      cells.map((cell, index) => h(tag, { class: look(index), scope: tag === 'th' ? 'col' : null }, cellNodes(cell))),
    );
  const [head, ...rows] = block.rows || [];
  return h(
    'div',
    { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': block.caption || 'Table' },
    h(
      'table',
      { class: 'table' },
      h('thead', null, head && row(head, 'th')),
      h(
        'tbody',
        null,
        rows.map((cells) => row(cells, 'td')),
      ),
    ),
  );
}

function cellNodes(cell) {
  if (cell.type === 'rich_text') return richText(cell);
  if (cell.type === 'raw_number') return cell.text || String(cell.value ?? '');
  return cell.text === undefined ? '' : String(cell.text);
}

function container(block, ctx) {
  const title = [
    block.rich_text_title ? richText(block.rich_text_title) : plain(block.title),
    block.subtitle && h('span', { class: 'container-subtitle' }, textNodes(block.subtitle)),
  ];
  const inside = h(
    'div',
    { class: 'container-body' },
    blocks(block.child_blocks || block.blocks || block.elements, ctx),
  );
  if (!block.is_collapsible)
    return h('section', { class: 'container' }, h('div', { class: 'container-title' }, title), inside);
  return h(
    'details',
    { class: 'container', open: !block.default_collapsed, keep: ['open'] },
    h('summary', { class: 'container-title' }, title),
    inside,
  );
}

const ALERT_MARKS = { info: 'ℹ', warning: '⚠', error: '⛔', success: '✓', default: '•' };

function alert(block) {
  const level = Object.hasOwn(ALERT_MARKS, block.level || block.style) ? block.level || block.style : 'default';
  return h(
    'div',
    { class: `alert alert-${level}`, role: 'note' },
    h('span', { class: 'alert-mark', 'aria-hidden': 'true' }, ALERT_MARKS[level]),
    h('div', null, textNodes(block.text)),
  );
}

const address = (item) =>
  item.image_url ||
  item.slack_file?.url ||
  (item.slack_file?.id && `/files/${encodeURIComponent(item.slack_file.id)}/image`);

/** An image of this server; an address elsewhere is offered as a link, since the page loads nothing from outside. */
export function pictureElement(item, size) {
  const source = address(item) && localImage(address(item));
  if (source) return h('img', { class: `picture ${size}`, src: source, alt: item.alt_text || '', loading: 'lazy' });
  const link = address(item) && safeLink(address(item));
  const words = item.alt_text || 'image';
  return link
    ? h('a', { href: link, target: '_blank', rel: 'noopener noreferrer', class: 'picture-link' }, `🖼 ${words}`)
    : h('span', { class: 'picture-link' }, `🖼 ${words}`);
}

function pictureBlock(block) {
  return h(
    'figure',
    { class: 'image' },
    block.title && h('figcaption', null, textNodes(block.title)),
    pictureElement(block, 'full'),
  );
}
