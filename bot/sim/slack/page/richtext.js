// Slack's rich_text (sections, lists, quotes, preformatted) and the markdown block, as nodes.

import { h } from './dom.js';
import { emoji, withEmoji } from './emoji.js';
import { formatDate, link, mention, names } from './text.js';

/** The nodes of a rich_text block (or cell). */
export function richText(block) {
  return (block.elements || []).map(part);
}

function part(item) {
  const inside = (item.elements || []).map(leaf);
  if (item.type === 'rich_text_list') return list(item);
  if (item.type === 'rich_text_quote') return h('blockquote', { class: 'quote' }, inside);
  if (item.type === 'rich_text_preformatted') return h('pre', { class: 'fence', tabindex: '0' }, inside);
  return h('span', { class: 'rich' }, inside);
}

function list(item) {
  const rows = (item.elements || []).map((row) => h('li', null, part(row)));
  return h(
    item.style === 'ordered' ? 'ol' : 'ul',
    {
      class: `list indent-${Math.min(Number(item.indent) || 0, 4)}`,
      start: item.offset ? String(item.offset + 1) : null,
    },
    rows,
  );
}

function leaf(item) {
  const style = item.style || {};
  let node = LEAVES[item.type] ? LEAVES[item.type](item) : item.text || '';
  if (style.code) node = h('code', null, node);
  if (style.bold) node = h('strong', null, node);
  if (style.italic) node = h('em', null, node);
  if (style.strike) node = h('s', null, node);
  return node;
}

const LEAVES = {
  text: (item) => item.text || '',
  link: (item) => link(item.url || '', item.text),
  emoji: (item) => emoji(item.name) || `:${item.name}:`,
  user: (item) => mention('@' + (names.people.get(item.user_id) || item.user_id)),
  channel: (item) => mention('#' + (names.channels.get(item.channel_id) || item.channel_id)),
  usergroup: (item) => mention('@' + item.usergroup_id),
  broadcast: (item) => mention('@' + item.range),
  color: (item) => h('code', null, item.value || ''),
  date: (item) => h('time', null, formatDate(new Date(item.timestamp * 1000), item.format || '{date} {time}')),
};

/** The nodes of a markdown block: headings, lists, quotes, fences, tables, paragraphs. */
export function markdown(text) {
  const out = [];
  const rows = text.split('\n');
  while (rows.length) out.push(...chunk(rows));
  return out;
}

// The first pattern that the next row fits decides what is taken from `rows` and how it is drawn.
const CHUNKS = [
  [/^\s*$/, () => []],
  [/^```/, (row, rows) => codeChunk(rows)],
  [/^#{1,6}\s/, (row) => headingChunk(row)],
  [/^(-{3,}|\*{3,})\s*$/, () => [h('hr')]],
  [/^>\s?(.*)$/, (row, rows, pattern) => [h('blockquote', { class: 'quote' }, joined(taking(rows, row, pattern)))]],
  [/^\s*[-*+]\s+(.*)$/, (row, rows, pattern) => [listChunk('ul', taking(rows, row, pattern))]],
  [/^\s*\d+[.)]\s+(.*)$/, (row, rows, pattern) => [listChunk('ol', taking(rows, row, pattern))]],
];

const PARAGRAPH = /^(?!\s*$|#{1,6}\s|```|>|\s*[-*+]\s|\s*\d+[.)]\s)(.*)$/;
const isTableRule = (row) => row !== undefined && row.includes('-') && /^[\s:|-]+$/.test(row);

function chunk(rows) {
  const row = rows.shift();
  const [pattern, draw] = CHUNKS.find(([first]) => first.test(row)) || [];
  if (draw) return draw(row, rows, pattern);
  if (row.includes('|') && isTableRule(rows[0])) return [pipeTable(row, rows)];
  return [h('p', null, joined(taking(rows, row, PARAGRAPH)))];
}

function codeChunk(rows) {
  const end = rows.findIndex((next) => next.startsWith('```'));
  const body = rows.splice(0, end < 0 ? rows.length : end + 1);
  return [h('pre', { class: 'fence', tabindex: '0' }, (end < 0 ? body : body.slice(0, -1)).join('\n'))];
}

function headingChunk(row) {
  const [, marks, text] = row.match(/^(#+)\s+(.*)$/);
  const level = marks.length;
  return [
    h('p', { class: `md-h md-h${Math.min(level, 3)}`, role: 'heading', 'aria-level': String(level + 2) }, span(text)),
  ];
}

const listChunk = (tag, items) =>
  h(
    tag,
    { class: 'list' },
    items.map((item) => h('li', null, span(item))),
  );

// The first row and every following one that matches, each reduced to the pattern's first group.
function taking(rows, first, pattern) {
  const found = [first.match(pattern)[1]];
  while (rows.length && pattern.test(rows[0])) found.push(rows.shift().match(pattern)[1]);
  return found;
}

const joined = (rows) => rows.flatMap((row, index) => (index ? [h('br'), ...span(row)] : span(row)));

function pipeTable(head, rows) {
  rows.shift();
  const cells = (row) =>
    row
      .trim()
      .replace(/^\||\|$/g, '')
      .split('|')
      .map((cell) => cell.trim());
  const body = [];
  while (rows.length && rows[0].includes('|')) body.push(cells(rows.shift()));
  return h(
    'div',
    { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': 'Table' },
    h(
      'table',
      { class: 'table' },
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          cells(head).map((cell) => h('th', { scope: 'col' }, span(cell))),
        ),
      ),
      h(
        'tbody',
        null,
        body.map((row) =>
          h(
            'tr',
            null,
            row.map((cell) => h('td', null, span(cell))),
          ),
        ),
      ),
    ),
  );
}

const SPAN =
  /`([^`]+)`|\*\*(.+?)\*\*|__(.+?)__|~~(.+?)~~|\*([^*\s](?:[^*]*[^*\s])?)\*|(?<![\w])_([^_\s](?:[^_]*[^_\s])?)_(?![\w])|\[([^\]]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>()]+)/;

function span(text) {
  const found = SPAN.exec(text);
  if (!found) return text ? [withEmoji(text)] : [];
  const [whole, code, bold, bold2, strike, italic, italic2, label, address, bare] = found;
  const node =
    code !== undefined
      ? h('code', null, code)
      : bold || bold2
        ? h('strong', null, span(bold || bold2))
        : strike
          ? h('s', null, span(strike))
          : italic || italic2
            ? h('em', null, span(italic || italic2))
            : link(address || bare, label);
  const before = text.slice(0, found.index);
  return [before && withEmoji(before), node, ...span(text.slice(found.index + whole.length))].filter(
    (item) => item !== '',
  );
}
