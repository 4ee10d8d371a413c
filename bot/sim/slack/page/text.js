// Slack's text objects as nodes: mrkdwn, plain_text, dates, mentions, links. The result is nodes, never HTML.

import { h, safeLink } from './dom.js';
import { withEmoji } from './emoji.js';

/** Names behind ids, set from the state: {people: Map(id -> display), channels: Map(id -> name)}. */
export const names = { people: new Map(), channels: new Map() };

/** A text object (or a bare string) as a list of nodes. */
export function textNodes(object) {
  if (!object) return [];
  if (typeof object === 'string') return mrkdwn(object);
  if (object.type === 'mrkdwn') return mrkdwn(object.text || '');
  return [object.emoji === false ? object.text || '' : withEmoji(object.text || '')];
}

/** A text object as one line of plain words, for labels and titles. */
export function plain(object) {
  const holder = h('span', null, textNodes(object));
  return holder.textContent;
}

const decode = (text) => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');

/** mrkdwn as nodes: fenced blocks, quotes, line breaks, then the inline marks. */
export function mrkdwn(text) {
  // A fence is a block of its own: the line breaks around it are already drawn.
  return text
    .split(/\n?(```[\s\S]+?```)\n?/g)
    .flatMap((part) =>
      part.startsWith('```') && part.length > 6 ? [fence(part.slice(3, -3))] : part ? lines(part) : [],
    );
}

function fence(text) {
  return h('pre', { class: 'fence', tabindex: '0' }, inCode(text.replace(/^\n|\n$/g, '')));
}

// Inside code only <…> tokens and entities mean anything, as in Slack.
function inCode(text) {
  return text.split(/(<[^<>\n]+>)/g).map((part) => (isToken(part) ? token(part.slice(1, -1)) : decode(part)));
}

function lines(text) {
  const out = [];
  let quote = null;
  const rows = text.split('\n');
  rows.forEach((row, index) => {
    const quoted = row.match(/^(?:&gt;|>) ?(.*)$/s);
    if (quoted) {
      if (!quote) out.push((quote = h('blockquote', { class: 'quote' })));
      else quote.append(h('br'));
      quote.append(...inline(quoted[1]));
      return;
    }
    // A quote is a block of its own: the line break after it is already drawn.
    if (index > 0 && !quote) out.push(h('br'));
    quote = null;
    out.push(...inline(row));
  });
  return out;
}

const MARKS = { '*': 'strong', _: 'em', '~': 's' };
const INLINE =
  /`([^`\n]+)`|(<[^<>\n]+>)|(^|[\s({["'“·—–-])([*_~])(?!\s)((?:(?!\4)[^\n])*?[^\s])\4(?=$|[\s)}\]"'”.,;:!?·—–-])/;

function inline(text) {
  const found = INLINE.exec(text);
  if (!found) return text ? [withEmoji(decode(text))] : [];
  const [whole, code, angle, lead, mark, marked] = found;
  const before = text.slice(0, found.index) + (lead || '');
  const out = before ? inline(before) : [];
  if (code !== undefined) out.push(h('code', null, inCode(code)));
  else if (angle !== undefined) out.push(isToken(angle) ? token(angle.slice(1, -1)) : angle);
  else out.push(h(MARKS[mark], null, inline(marked)));
  return out.concat(inline(text.slice(found.index + whole.length)));
}

const isToken = (part) => /^<(?:[@#!]|https?:|mailto:)[^<>]*>$/.test(part);

function token(body) {
  const bar = body.indexOf('|');
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? '' : decode(body.slice(bar + 1));
  if (target.startsWith('@')) return mention('@' + (names.people.get(target.slice(1)) || label || target.slice(1)));
  if (target.startsWith('#')) return mention('#' + (names.channels.get(target.slice(1)) || label || target.slice(1)));
  if (target.startsWith('!date^')) return date(target, label);
  if (target.startsWith('!')) return mention(label || '@' + target.slice(1).split('^').pop());
  return link(decode(target), label);
}

export function mention(text) {
  return h('span', { class: 'mention' }, text);
}

export function link(address, label) {
  const href = safeLink(address);
  if (!href) return label || address;
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, label || address);
}

function date(target, fallback) {
  const [, seconds, format, href] = target.split('^');
  const moment = new Date(Number(seconds) * 1000);
  if (!Number.isFinite(moment.getTime()) || !format) return fallback || target;
  const shown = formatDate(moment, decode(format));
  const time = h('time', { datetime: moment.toISOString(), title: moment.toString() }, shown);
  return href && safeLink(href)
    ? h('a', { href: safeLink(href), target: '_blank', rel: 'noopener noreferrer' }, time)
    : time;
}

const two = (number) => String(number).padStart(2, '0');
const show = (moment, options) => moment.toLocaleDateString('en-GB', options);

export const clock = (moment) => `${two(moment.getHours())}:${two(moment.getMinutes())}`;

/** Days from `moment`'s day to today (0 today, 1 yesterday), in the reader's zone. */
function daysAgo(moment) {
  const day = (time) => Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) / 864e5;
  return day(new Date()) - day(moment);
}

function pretty(moment, otherwise) {
  const word = { 0: 'today', 1: 'yesterday', '-1': 'tomorrow' }[daysAgo(moment)];
  return word || otherwise;
}

function ago(moment) {
  const minutes = Math.round((Date.now() - moment.getTime()) / 60000);
  const size = Math.abs(minutes);
  const words =
    size < 1
      ? 'now'
      : size < 60
        ? `${size} min`
        : size < 1440
          ? `${Math.round(size / 60)} h`
          : `${Math.round(size / 1440)} d`;
  return size < 1 ? words : minutes > 0 ? `${words} ago` : `in ${words}`;
}

const PLACES = {
  date_num: (m) => `${m.getFullYear()}-${two(m.getMonth() + 1)}-${two(m.getDate())}`,
  date: (m) => show(m, { day: 'numeric', month: 'long', year: 'numeric' }),
  date_short: (m) => show(m, { day: 'numeric', month: 'short', year: 'numeric' }),
  date_long: (m) => show(m, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
  date_pretty: (m) => pretty(m, PLACES.date(m)),
  date_short_pretty: (m) => pretty(m, PLACES.date_short(m)),
  date_long_pretty: (m) => pretty(m, PLACES.date_long(m)),
  day_divider_pretty: (m) => pretty(m, show(m, { weekday: 'long', day: 'numeric', month: 'long' })),
  time: clock,
  time_secs: (m) => `${clock(m)}:${two(m.getSeconds())}`,
  ago,
};

export function formatDate(moment, format) {
  return format.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(PLACES, name) ? PLACES[name](moment) : whole));
}

/** The moment behind a Slack timestamp ("1732243301.000200"). */
export const momentOf = (ts) => new Date(Number.parseFloat(ts) * 1000);
