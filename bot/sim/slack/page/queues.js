// The queues of one simulated host: recipients, connections, and what is paused, slowed or switched off.

import { h } from './dom.js';

const SHOWN_QUEUES = 5;

const whole = new Set();
const shown = new Set();

export const count = (value) => Number(value || 0).toLocaleString('en-GB');

const marked = (queue) => queue.paused || isBackoff(queue) || (queue.disabled || []).length > 0;
const isBackoff = (queue) => String(queue.mode || '').toLowerCase() === 'backoff';

const byName = (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true });

// The marked and the fullest queues, in the order of their names. One that is shown already gives way only to a much
// fuller one: rows stay where they are while counts move.
function worthShowing(host) {
  const name = (queue) => `${host.name} ${queue.name}`;
  const weight = (queue) => (shown.has(name(queue)) ? queue.recipients * 2 + 20 : queue.recipients);
  const worth = host.queues.filter((queue) => marked(queue) || queue.recipients > 0);
  worth.sort((a, b) => marked(b) - marked(a) || weight(b) - weight(a) || byName(a, b));
  const few = worth.slice(0, Math.max(SHOWN_QUEUES, worth.filter(marked).length));
  for (const queue of host.queues) shown[few.includes(queue) ? 'add' : 'delete'](name(queue));
  return few.sort(byName);
}

/** One host's queues; `redraw` is called when all of them are asked for. */
export function hostQueues(host, redraw) {
  const few = worthShowing(host);
  const unfolded = whole.has(host.name);
  const rows = unfolded ? [...host.queues].sort(byName) : few;
  const toggle = () => {
    if (!whole.delete(host.name)) whole.add(host.name);
    redraw();
  };
  const waiting = host.queues.reduce((sum, queue) => sum + queue.recipients, 0);
  return h(
    'div',
    { key: host.name, class: 'host', 'data-testid': `fleet-host-${host.name}` },
    h(
      'table',
      null,
      h('caption', null, h('b', null, host.name), ` ${count(waiting)} waiting`),
      h('thead', null, h('tr', null, column('queue'), column('rcpt', 'num'), column('conn', 'num'))),
      h('tbody', null, rows.map(queueRow)),
    ),
    host.queues.length > few.length &&
      h(
        'button',
        { type: 'button', class: 'quiet', 'aria-expanded': String(unfolded), on: { click: toggle } },
        unfolded ? 'Show fewer' : `Show all ${host.queues.length} queues`,
      ),
  );
}

const column = (text, look) => h('th', { scope: 'col', class: look }, text);

function queueRow(queue) {
  const [domain, vmta] = [queue.name.split('/')[0], queue.name.split('/').slice(1).join('/')];
  return h(
    'tr',
    { key: queue.name, 'data-testid': `queue-${queue.name}`, class: queue.paused ? 'queue is-paused' : 'queue' },
    h(
      'th',
      { scope: 'row', title: queue.name },
      h('span', { class: 'queue-name' }, domain, h('wbr'), vmta && h('span', { class: 'vmta' }, `/${vmta}`)),
      marked(queue) && h('span', { class: 'chips' }, chips(queue)),
    ),
    h('td', { class: 'num' }, count(queue.recipients)),
    h('td', { class: 'num' }, count(queue.connections)),
  );
}

function chips(queue) {
  return [
    queue.paused && h('span', { class: 'chip paused' }, 'PAUSED'),
    isBackoff(queue) && h('span', { class: 'chip backoff' }, 'backoff'),
    (queue.disabled || []).map((ip) =>
      h('span', { class: 'chip disabled', title: `Source ${ip} is disabled for this queue` }, `${ip} off`),
    ),
  ];
}
