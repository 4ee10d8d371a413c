// The local Slack's page: state, routing, the frame. Everything drawn comes from GET /page/state of one person and is
// patched into place, so that scroll, focus, open parts and typed text survive every refresh.
//
// Stable hooks for browser tests (data-testid):
//   message                   an article; data-ts. Its row around it: message-<ts>. In the thread pane the same hooks
//                             stand inside [data-testid=thread].
//   replies-<ts>, reply-<ts>  open the thread of a message · thread, thread-close, thread-composer, thread-send
//   ephemeral, ephemeral-dismiss   the mark inside a message only this person sees
//   attachment · chart (data-chart), chart-series (data-name, data-points), chart-point, chart-slice
//   action-<action_id>        every interactive element and input field; data-action-id, data-block-id
//   menu, menu-item (data-value)   the open overflow menu · confirm, confirm-yes, confirm-no
//   modal (data-view-id), modal-submit, modal-close, modal-x   the modal in front only · field-error (data-block-id)
//   composer, send, suggestions    the channel's box · notice, notice-dismiss · trouble (server out of reach)
//   channel-tab, home-tab, home, direct (messages of the app to this person alone) · theme
//   unread (jump to the newest message)
//   person-switch; in it person-<user id>, aria-checked=true on the one who is looking
//   fleet, fleet-toggle, fleet-clock, fleet-scenario (data-scenario), scenario-select, scenario-start,
//   fleet-isp-<isp>, fleet-host-<name>, queue-<queue name>

import { api, live } from './api.js';
import { composer } from './composer.js';
import { h, listen, patch } from './dom.js';
import { fleetStrip, watchFleet } from './fleet.js';
import { homePane } from './home.js';
import { closeOrphanMenu } from './layer.js';
import { channelMessages, messageRows } from './messages.js';
import { showModals, typedInto } from './modal.js';
import { notices } from './notices.js';
import { followNewest, jumpToNewest, keepPlace } from './scroll.js';
import { sideTop } from './side.js';
import { names } from './text.js';
import { threadPane } from './thread.js';

const app = {
  me: new URLSearchParams(location.search).get('user') || remembered() || '',
  state: null,
  route: { tab: 'channel', thread: null },
  linked: true,
  unread: false,
  trouble: '',

  render,
  refresh,
  become,

  /** Messages this person sees, in order. */
  visible: () => app.state.messages.filter((message) => !hidden.has(message.ts)),

  isHidden: (id) => hidden.has(id),

  /** Take an ephemeral message or a notice from the screen, for this page's life. */
  dismiss(id) {
    hidden.add(id);
    render();
  },

  clearTrouble() {
    app.trouble = '';
    render();
  },

  /** What blocks need to know of where they stand. */
  context: (container) => ({
    container,
    surface: container.type,
    errors: {},
    edited: () => {},
    busy: (block, action) => busy.has(busyKey(container, block, action)),
    act: (block, action) => act(container, block.block_id, action),
  }),

  /** The elements of a message or view that wait for their request, as one word. */
  busyIn: (id) => [...busy].filter((key) => key.startsWith(`${id}/`)).join(),

  /** Run a request; a failure becomes a notice. Returns the answer, or null where it failed. */
  async ask(call) {
    try {
      const answer = await call(api, app.me);
      app.trouble = '';
      return answer;
    } catch (error) {
      app.trouble = error.message;
      render();
      return null;
    }
  },

  /** Send what was typed; true where the server took it. */
  async say(text, thread) {
    if (thread && /^\/\S/.test(text)) {
      app.trouble = 'Slash commands do not work in threads. Type it in the channel.';
      return false;
    }
    const channel = app.state.channel.id;
    jumpToNewest();
    const sent = await app.ask((to, me) =>
      text.startsWith('/') ? to.command(me, channel, text) : to.message(me, channel, text, thread),
    );
    await refresh();
    return sent !== null;
  },

  openThread(ts) {
    location.hash = ts ? `#thread-${ts}` : '';
  },
};

const hidden = new Set();
const busy = new Set();
let root = null;
let endLive = null;
let reading = null;
let again = false;

function remembered() {
  return sessionStorage.getItem('person');
}

const busyKey = (container, block, action) => `${container.ts || container.view_id}/${block}/${action}`;

async function act(container, blockId, action) {
  const key = busyKey(container, blockId, action.action_id);
  if (busy.has(key)) return;
  busy.add(key);
  render();
  const values = container.type === 'view' ? typedInto(container.view_id) : null;
  await app.ask((to, me) => to.action(me, container, blockId, action, values));
  busy.delete(key);
  await refresh();
}

/** Read the state and draw it. While one read is under way, any number of calls become one more read. */
async function refresh() {
  again = true;
  reading ||= (async () => {
    while (again) {
      again = false;
      const me = app.me;
      const state = await app.ask((to) =>
        to.state(me).catch((error) => (error.status === 404 && me ? stranger(to) : Promise.reject(error))),
      );
      if (state && (me === app.me || !app.me)) take(state);
    }
    reading = null;
  })();
  await reading;
}

// A person remembered from another workspace: begin again with this one's first.
function stranger(to) {
  sessionStorage.removeItem('person');
  app.me = '';
  return to.state('');
}

function take(state) {
  app.state = state;
  names.people = new Map(state.messages.map((message) => [message.user, message.username]));
  for (const person of state.people) names.people.set(person.id, person.display);
  names.channels = new Map([[state.channel.id, state.channel.name]]);
  render();
  if (!endLive) become(state.me || state.people[0].id);
}

function become(user) {
  if (endLive && app.me === user) return;
  app.me = user;
  sessionStorage.setItem('person', user);
  if (endLive) endLive();
  endLive = live(
    user,
    (version) => {
      if (version === null || !app.state || version !== app.state.version) refresh();
    },
    (up) => {
      app.linked = up;
      render();
    },
  );
  if (app.route.tab === 'home') openHome();
  refresh();
}

function openHome() {
  app.ask((to, me) => to.home(me));
}

function readRoute() {
  const thread = location.hash.match(/^#thread-(.+)$/);
  const before = app.route.tab;
  app.route = { tab: location.hash === '#home' ? 'home' : 'channel', thread: thread ? thread[1] : null };
  if (app.route.tab === 'home' && before !== 'home' && endLive) openHome();
  render();
}

function render() {
  if (!app.state) return;
  const place = keepPlace();
  root = patch(root, frame());
  showModals(app.state.modals || [], app);
  closeOrphanMenu();
  place();
}

function frame() {
  const { tab, thread } = app.route;
  return h(
    'div',
    { id: 'app', class: `app ${thread ? 'with-thread' : ''}` },
    h('header', { key: 'side', class: 'side' }, sideTop(app), fleetStrip(app)),
    h('main', { key: 'main', class: 'main' }, paneHead(), notices(app), tab === 'home' ? homePane(app) : channelPane()),
    thread && threadPane(app),
  );
}

function paneHead() {
  const home = app.route.tab === 'home';
  return h(
    'div',
    { key: 'head', class: 'pane-head' },
    h('h1', null, home ? 'deferbot' : `# ${app.state.channel.name}`, home && h('small', null, ' Home')),
  );
}

function channelPane() {
  const list = channelMessages(app);
  return h(
    'div',
    { key: 'channel', class: 'channel' },
    h(
      'div',
      {
        key: 'list',
        class: 'scroll',
        'data-stick': true,
        tabindex: '0',
        role: 'log',
        'aria-label': `Messages in ${app.state.channel.name}`,
      },
      list.length
        ? messageRows(list, app, 'channel')
        : h('p', { class: 'empty' }, 'Nothing here yet. Type /deferrals, or start a scenario.'),
    ),
    app.unread &&
      h(
        'button',
        {
          key: 'unread',
          type: 'button',
          class: 'unread',
          'data-testid': 'unread',
          on: { click: () => jumpToNewest(render) },
        },
        '↓ New messages',
      ),
    composer(app, {
      key: 'composer-channel',
      thread: null,
      label: `Message #${app.state.channel.name}, or /deferrals`,
    }),
  );
}

function start() {
  root = document.getElementById('app');
  listen();
  followNewest(app);
  addEventListener('hashchange', readRoute);
  addEventListener('keydown', (event) => {
    if (
      event.key === 'Escape' &&
      app.route.thread &&
      !event.defaultPrevented &&
      !document.querySelector('dialog[open]')
    )
      app.openThread(null);
  });
  readRoute();
  if (app.me) become(app.me);
  else refresh();
  watchFleet(api, app);
}

start();
