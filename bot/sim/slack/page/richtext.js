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
  return h(item.style === 'ordered' ? 'ol' : 'ul', { class: `list indent-${Math.min(Number(item.indent) || 0, 4)}`, start: item.offset ? String(item.offset + 1) : null }, rows);
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

const TABLE_RULE = /^\s*\|?[\s:|-]*-[\s:|-]*\|?\s*$/;

function chunk(rows) {
  const row = rows.shift();
  if (/^\s*$/.test(row)) return [];
  if (row.startsWith('```')) {
    const end = rows.findIndex((next) => next.startsWith('```'));
    const body = rows.splice(0, end < 0 ? rows.length : end + 1);
    return [h('pre', { class: 'fence', tabindex: '0' }, (end < 0 ? body : body.slice(0, -1)).join('\n'))];
  }
  const heading = row.match(/^(#{1,6})\s+(.*)$/);
  if (heading) return [h('p', { class: `md-h md-h${Math.min(heading[1].length, 3)}`, role: 'heading', 'aria-level': String(heading[1].length + 2) }, span(heading[2]))];
  if (/^(-{3,}|\*{3,})\s*$/.test(row)) return [h('hr')];
  if (/^>/.test(row)) return [h('blockquote', { class: 'quote' }, joined(taking(rows, row, /^>\s?(.*)$/)))];
  if (/^\s*[-*+]\s/.test(row)) return [h('ul', { class: 'list' }, taking(rows, row, /^\s*[-*+]\s+(.*)$/).map((item) => h('li', null, span(item))))];
  if (/^\s*\d+[.)]\s/.test(row)) return [h('ol', { class: 'list' }, taking(rows, row, /^\s*\d+[.)]\s+(.*)$/).map((item) => h('li', null, span(item))))];
  if (row.includes('|') && rows.length && TABLE_RULE.test(rows[0])) return [pipeTable(row, rows)];
  return [h('p', null, joined(taking(rows, row, /^(?!\s*$|#{1,6}\s|```|>|\s*[-*+]\s|\s*\d+[.)]\s)(.*)$/, row)))];
}

// The first row and every following one that matches, each reduced to the pattern's first group.
function taking(rows, first, pattern, plain) {
  const found = [plain === undefined ? first.match(pattern)[1] : plain];
  while (rows.length && pattern.test(rows[0])) found.push(rows.shift().match(pattern)[1]);
  return found;
}

const joined = (rows) => rows.flatMap((row, index) => (index ? [h('br'), ...span(row)] : span(row)));

function pipeTable(head, rows) {
  rows.shift();
  const cells = (row) => row.trim().replace(/^\||\|$/g, '').split('|').map((cell) => cell.trim());
  const body = [];
  while (rows.length && rows[0].includes('|')) body.push(cells(rows.shift()));
  return h(
    'div',
    { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': 'Table' },
    h('table', { class: 'table' }, h('thead', null, h('tr', null, cells(head).map((cell) => h('th', { scope: 'col' }, span(cell))))), h('tbody', null, body.map((row) => h('tr', null, row.map((cell) => h('td', null, span(cell))))))),
  );
}

const SPAN = /`([^`]+)`|\*\*(.+?)\*\*|__(.+?)__|~~(.+?)~~|\*([^*\s](?:[^*]*[^*\s])?)\*|(?<![\w])_([^_\s](?:[^_]*[^_\s])?)_(?![\w])|\[([^\]]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>()]+)/;

function span(text) {
  const found = SPAN.exec(text);
  if (!found) return text ? [withEmoji(text)] : [];
  const [whole, code, bold, bold2, strike, italic, italic2, label, address, bare] = found;
  const node =
    code !== undefined ? h('code', null, code)
    : bold || bold2 ? h('strong', null, span(bold || bold2))
    : strike ? h('s', null, span(strike))
    : italic || italic2 ? h('em', null, span(italic || italic2))
    : link(address || bare, label);
  const before = text.slice(0, found.index);
  return [before && withEmoji(before), node, ...span(text.slice(found.index + whole.length))].filter((item) => item !== '');
}
