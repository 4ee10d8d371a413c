// The App Home tab: what the app published for this person.

import { blocks } from './blocks.js';
import { h } from './dom.js';
import { messageRows } from './messages.js';

/** The published home, and under it the direct messages with the app where there are any. */
export function homePane(app) {
  const direct = (app.state.direct && app.state.direct.messages) || [];
  const view = app.state.home && (app.state.home.view || app.state.home);
  const id = view && (app.state.home.view_id || view.id || '');
  return h(
    'div',
    {
      key: 'home',
      class: 'scroll home',
      'data-testid': 'home',
      tabindex: '0',
      role: 'tabpanel',
      'aria-label': 'Home of deferbot',
    },
    view
      ? h(
          'div',
          { class: 'home-body' },
          blocks(view.blocks, { ...app.context({ type: 'view', view_id: id }), surface: 'home' }),
        )
      : h('p', { class: 'empty' }, 'deferbot has not published its home yet.'),
    direct.length > 0 &&
      h(
        'section',
        { class: 'direct', 'data-testid': 'direct' },
        h('h2', null, 'Direct messages'),
        messageRows(direct, app, 'direct'),
      ),
  );
}
