// Messages: the channel's list and one message with all that hangs on it.

import { blocks } from './blocks.js';
import { h, lazy, localImage, safeLink } from './dom.js';
import { emoji } from './emoji.js';
import { clock, formatDate, momentOf, mrkdwn } from './text.js';

const GROUP_MINUTES = 5;

const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;

/** What the channel shows: roots, broadcast replies and this person's ephemeral messages, in order. */
export function channelMessages(app) {
  return app.visible().filter((message) => !isReply(message) || message.reply_broadcast);
}

/** The rows of a list of messages, with a divider at each new day. */
export function messageRows(list, app, place) {
  let before = null;
  return list.flatMap((message) => {
    const at = momentOf(message.ts);
    const day = formatDate(at, '{date_num}');
    const newDay = !before || before.day !== day;
    const grouped =
      !newDay &&
      before.who === who(message) &&
      at - before.at < GROUP_MINUTES * 60000 &&
      !message.ephemeral &&
      !(place === 'channel' && isBroadcast(message));
    before = { day, at, who: message.ephemeral || (place === 'thread' && !isReply(message)) ? null : who(message) };
    const row = lazy(message.ts, signature(message, app, grouped), () => one(message, app, { grouped, place }));
    return newDay && place === 'channel' ? [dayDivider(at, day), row] : [row];
  });
}

const asText = new WeakMap();

// All that a row is drawn from.
function signature(message, app, grouped) {
  if (!asText.has(message)) asText.set(message, JSON.stringify(message));
  const last = message.reply_count ? lastReply(message, app)?.ts : '';
  return [grouped, app.route.thread === message.ts, last, app.busyIn(message.ts), asText.get(message)].join('|');
}

const lastReply = (message, app) =>
  app.visible().findLast((other) => other.thread_ts === message.ts && other.ts !== message.ts);

const who = (message) => `${message.user}/${message.username}`;
const isBroadcast = (message) => isReply(message) && message.reply_broadcast;

function dayDivider(at, day) {
  const text = formatDate(at, '{day_divider_pretty}');
  return h(
    'div',
    { key: `day-${day}`, class: 'day', role: 'separator' },
    h('span', null, text[0].toUpperCase() + text.slice(1)),
  );
}

function one(message, app, { grouped, place }) {
  const kind = [message.ephemeral && 'ephemeral', grouped && 'grouped', message.is_bot && 'from-bot']
    .filter(Boolean)
    .join(' ');
  const name = message.username || message.user;
  return h(
    'div',
    { key: message.ts, class: `row ${kind}`, 'data-testid': `message-${message.ts}` },
    h(
      'article',
      {
        class: 'message',
        'data-testid': 'message',
        'data-ts': message.ts,
        'aria-label': `${name}, ${clock(momentOf(message.ts))}`,
      },
      message.ephemeral && ephemeralMark(message, app),
      isBroadcast(message) && place === 'channel' && broadcastMark(message, app),
      h(
        'div',
        { class: 'gutter', 'aria-hidden': 'true' },
        grouped ? h('span', { class: 'side-time' }, clock(momentOf(message.ts))) : avatar(name, message.is_bot),
      ),
      h(
        'div',
        { class: 'content' },
        !grouped && byline(message, name),
        body(message, app),
        reactions(message),
        place === 'channel' && replies(message, app),
      ),
      place === 'channel' && !message.ephemeral && hoverBar(message, app),
    ),
  );
}

export function avatar(name, bot) {
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  return h(
    'span',
    { class: bot ? 'avatar bot' : 'avatar', style: { '--hue': String(hue) }, 'aria-hidden': 'true' },
    bot ? robot() : name.trim().slice(0, 1).toUpperCase(),
  );
}

const robot = () => h('span', { class: 'robot' });

function byline(message, name) {
  const at = momentOf(message.ts);
  return h(
    'div',
    { class: 'byline' },
    h('span', { class: 'name' }, name),
    message.is_bot && h('span', { class: 'app-badge' }, 'APP'),
    h('time', { datetime: at.toISOString(), title: at.toString() }, clock(at)),
    message.pinned && h('span', { class: 'pinned' }, '📌 Pinned'),
  );
}

function ephemeralMark(message, app) {
  return h(
    'div',
    { class: 'mark', 'data-testid': 'ephemeral', 'data-ts': message.ts },
    h('span', null, '👁 Only visible to you'),
    h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'data-testid': 'ephemeral-dismiss',
        on: { click: () => app.dismiss(message.ts) },
      },
      'Dismiss',
    ),
  );
}

function broadcastMark(message, app) {
  return h(
    'div',
    { class: 'mark' },
    h(
      'button',
      { type: 'button', class: 'quiet', on: { click: () => app.openThread(message.thread_ts) } },
      'replied to a thread',
    ),
  );
}

function body(message, app) {
  const ctx = app.context({
    type: 'message',
    ts: message.ts,
    ...(message.channel ? { channel: message.channel } : {}),
  });
  const drawn = message.blocks && message.blocks.length > 0;
  const edited = (tag) => message.edited && h(tag, { class: 'edited' }, '(edited)');
  return [
    drawn
      ? h('div', { class: 'blocks' }, blocks(message.blocks, ctx))
      : message.text && h('div', { class: 'text' }, mrkdwn(message.text), ' ', edited('span')),
    (message.attachments || []).map((item, index) => attachment(item, index, ctx)),
    (message.files || []).map(file),
    (drawn || !message.text) && edited('div'),
  ];
}

const COLOURS = { good: '#2eb67d', warning: '#ecb22e', danger: '#e01e5a' };

function attachment(item, index, ctx) {
  const hex = /^#?([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(item.color || '');
  const colour = COLOURS[item.color] || (hex ? `#${hex[1]}` : null);
  return h(
    'div',
    {
      key: `attachment-${index}`,
      class: 'attachment',
      'data-testid': 'attachment',
      style: colour ? { '--bar': colour } : {},
    },
    item.blocks && item.blocks.length
      ? h('div', { class: 'blocks' }, blocks(item.blocks, ctx))
      : h('div', { class: 'text' }, mrkdwn(item.text || '')),
  );
}

function file(item) {
  const source = item.url && localImage(item.url);
  const name = item.title || item.name || 'file';
  if (source && /\.(png|jpe?g|gif|svg|webp)$/i.test(item.name || item.url)) {
    return h(
      'figure',
      { key: item.id, class: 'image' },
      h('figcaption', null, name),
      h('img', { class: 'picture full', src: source, alt: name, loading: 'lazy' }),
    );
  }
  return h(
    'p',
    { key: item.id, class: 'file' },
    h('a', { href: safeLink(item.url || '') || null, download: item.name }, `📄 ${name}`),
  );
}

function reactions(message) {
  const shown = message.reactions || [];
  return (
    shown.length > 0 &&
    h(
      'div',
      { class: 'reactions' },
      shown.map((item) =>
        h(
          'span',
          { class: 'reaction', title: `:${item.name}:` },
          emoji(item.name) || `:${item.name}:`,
          ` ${item.count}`,
        ),
      ),
    )
  );
}

function replies(message, app) {
  if (!message.reply_count) return null;
  const last = lastReply(message, app);
  return h(
    'button',
    {
      type: 'button',
      class: 'replies',
      'data-testid': `replies-${message.ts}`,
      'aria-expanded': String(app.route.thread === message.ts),
      on: { click: () => app.openThread(message.ts) },
    },
    h('b', null, `${message.reply_count} ${message.reply_count === 1 ? 'reply' : 'replies'}`),
    last && h('span', null, `last at ${clock(momentOf(last.ts))}`),
  );
}

function hoverBar(message, app) {
  const root = message.thread_ts || message.ts;
  return h(
    'div',
    { class: 'hover-bar' },
    h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'data-testid': `reply-${message.ts}`,
        'aria-label': 'Reply in thread',
        on: { click: () => app.openThread(root) },
      },
      '💬 Reply',
    ),
  );
}
