// The thread pane: beside the channel on a wide page, over it on a phone.

import { composer } from './composer.js';
import { h } from './dom.js';
import { messageRows } from './messages.js';

/** The open thread: its root, its replies and a composer of its own. */
export function threadPane(app) {
  const ts = app.route.thread;
  const list = app.visible().filter((message) => message.ts === ts || message.thread_ts === ts);
  const count = list.filter((message) => message.ts !== ts).length;
  const [first, ...rest] = messageRows(list, app, 'thread');
  return h(
    'aside',
    { key: 'thread', class: 'thread', 'data-testid': 'thread', 'data-ts': ts, 'aria-label': 'Thread' },
    threadHead(app),
    h(
      'div',
      {
        key: `list-${ts}`,
        class: 'scroll',
        'data-stick': true,
        tabindex: '0',
        role: 'log',
        'aria-label': 'Messages of the thread',
      },
      first || h('p', { class: 'empty' }, 'This message is not here any more.'),
      h('div', { key: 'count', class: 'day' }, h('span', null, count === 1 ? '1 reply' : `${count} replies`)),
      rest,
    ),
    composer(app, { key: `composer-${ts}`, thread: ts, label: 'Reply…' }),
  );
}

function threadHead(app) {
  const close = {
    'data-testid': 'thread-close',
    'aria-label': 'Close thread',
    on: { click: () => app.openThread(null) },
  };
  return h(
    'header',
    { class: 'pane-head' },
    h('h2', null, 'Thread ', h('small', null, `# ${app.state.channel.name}`)),
    h('button', { type: 'button', class: 'icon', ...close }, '✕'),
  );
}
