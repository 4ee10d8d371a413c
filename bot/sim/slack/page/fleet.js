// The simulated fleet beside the chat: clock, scenario, rate per ISP, queues per host. On a phone it folds into one line.

import { h, patch } from './dom.js';
import { count, hostQueues } from './queues.js';

const FEW = 50;

const view = { data: null, open: false, starting: false };

/** Read the fleet every second while the page is seen, and redraw the strip alone. */
export function watchFleet(api, app) {
  const read = async () => {
    let pause = 1000;
    try {
      if (!document.hidden) {
        view.data = await api.fleet();
        draw(app);
      }
    } catch (error) {
      pause = error.status ? 15000 : 3000; // no fleet behind this server, or no server: look again seldom
    }
    setTimeout(read, pause);
  };
  read();
}

function draw(app) {
  const live = document.querySelector('section.fleet');
  const fresh = fleetStrip(app);
  if (live && fresh) patch(live, fresh);
  else app.render();
}

/** The strip, or null where the server shows no fleet. */
export function fleetStrip(app) {
  const { data } = view;
  const snapshot = data && data.snapshot;
  if (!snapshot || !snapshot.hosts) return null;
  const toggle = () => {
    view.open = !view.open;
    app.render();
  };
  return h(
    'section',
    { class: view.open ? 'fleet open' : 'fleet', 'data-testid': 'fleet', 'aria-label': 'Simulated fleet' },
    h(
      'button',
      {
        type: 'button',
        class: 'fleet-line',
        'data-testid': 'fleet-toggle',
        'aria-expanded': String(view.open),
        on: { click: toggle },
      },
      h('span', { class: 'fleet-clock' }, time(snapshot.now)),
      h('span', { class: 'fleet-worst' }, worst(snapshot)),
      h('span', { class: 'chevron', 'aria-hidden': 'true' }),
    ),
    h(
      'div',
      { class: 'fleet-body' },
      head(snapshot, data),
      starter(app, data),
      isps(snapshot),
      snapshot.hosts.map((host) => hostQueues(host, app.render)),
    ),
  );
}

const time = (iso) => (String(iso).match(/T(\d\d:\d\d:\d\d)/) || [])[1] || String(iso);
const judged = (row) => row.attempts >= FEW;

function percent(rate) {
  const value = rate * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`;
}

const grade = (rate) =>
  rate >= 0.5 ? 'blocked' : rate >= 0.25 ? 'reputation' : rate >= 0.15 ? 'mixed' : rate >= 0.05 ? 'throttle' : 'clear';

function worst(snapshot) {
  const paused = snapshot.hosts.flatMap((host) => host.queues).filter((queue) => queue.paused).length;
  const row = [...(snapshot.isps || [])].filter(judged).sort((a, b) => b.rate - a.rate)[0];
  return [
    row
      ? [h('i', { class: `lamp ${grade(row.rate)}`, 'aria-hidden': 'true' }), `${row.title} ${percent(row.rate)}`]
      : 'Simulated fleet',
    paused > 0 && h('span', { class: 'chip paused' }, `${paused} paused`),
  ];
}

function title(data, name) {
  return ((data.scenarios || []).find((item) => item.name === name) || { title: name }).title || name;
}

function head(snapshot, data) {
  return h(
    'div',
    { class: 'fleet-head' },
    h('h2', null, 'Simulated fleet'),
    h(
      'p',
      null,
      h(
        'span',
        { class: 'fleet-clock', 'data-testid': 'fleet-clock', title: 'Simulated time, UTC' },
        time(snapshot.now),
      ),
      h('span', { class: 'speed', title: 'Simulated time runs this much faster' }, `${count(snapshot.speed)}×`),
    ),
    h(
      'p',
      { class: 'scenario-now', 'data-testid': 'fleet-scenario', 'data-scenario': snapshot.scenario },
      `Now: ${title(data, snapshot.scenario)}`,
    ),
  );
}

function starter(app, data) {
  const start = async (event, button) => {
    const select = button.parentNode.querySelector('select');
    view.starting = true;
    app.render();
    await app.ask((api) => api.scenario(select.value));
    view.starting = false;
    app.render();
  };
  return h(
    'div',
    { class: 'starter' },
    h(
      'select',
      { class: 'field', 'data-testid': 'scenario-select', 'aria-label': 'Scenario' },
      (data.scenarios || []).map((item) => h('option', { key: item.name, value: item.name }, item.title || item.name)),
    ),
    h(
      'button',
      {
        type: 'button',
        class: 'btn',
        'data-testid': 'scenario-start',
        disabled: view.starting,
        'aria-busy': view.starting ? 'true' : null,
        on: { click: start },
      },
      h('span', null, 'Start'),
    ),
  );
}

function isps(snapshot) {
  const rows = snapshot.isps || [];
  const top = Math.max(0.6, ...rows.map((row) => row.rate || 0));
  const draw = (row) =>
    h(
      'tr',
      {
        key: row.isp,
        class: judged(row) ? `isp ${grade(row.rate)}` : 'isp few',
        'data-testid': `fleet-isp-${row.isp}`,
        title: `${count(row.deferred)} of ${count(row.attempts)} attempts deferred`,
      },
      h('th', { scope: 'row' }, row.title || row.isp),
      h(
        'td',
        { class: 'meter' },
        h('span', { style: { '--share': judged(row) ? `${Math.round((row.rate / top) * 100)}%` : '0%' } }),
      ),
      h('td', { class: 'num' }, judged(row) ? percent(row.rate) : '–'),
    );
  return h('table', { class: 'isps' }, h('caption', null, 'Deferred, last 10 min'), h('tbody', null, rows.map(draw)));
}
