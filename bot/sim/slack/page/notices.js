// What Slack itself says to one person (the app did not answer), and what went wrong between page and server.

import { h } from './dom.js';

/** The newest of them, as bars above the messages. */
export function notices(app) {
  const told = (app.state.notices || []).filter((notice) => !app.isHidden(notice.id)).slice(-3);
  return h(
    'div',
    { key: 'notices', class: 'notices', role: 'status' },
    !app.linked && h('p', { key: 'link', class: 'notice', 'data-testid': 'trouble' }, 'Connection lost. Trying again…'),
    app.linked && app.trouble && notice('trouble', app.trouble, app.clearTrouble),
    told.map((item) => notice(item.id, item.text, () => app.dismiss(item.id))),
  );
}

function notice(key, text, drop) {
  return h(
    'p',
    { key, class: 'notice', 'data-testid': 'notice' },
    h('span', null, text),
    h(
      'button',
      { type: 'button', class: 'icon', 'data-testid': 'notice-dismiss', 'aria-label': 'Dismiss', on: { click: drop } },
      '✕',
    ),
  );
}
