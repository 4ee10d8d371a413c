// The box people type into: slash commands, plain messages, history by arrow up.

import { h } from './dom.js';

const TRY = [
  ['/deferrals', 'all ISPs, worst first'],
  ['/deferrals gmail', 'diagnosis of one ISP'],
  ['/deferrals help', 'what can be asked'],
];

const drafts = new Map();
const past = [];
let back = 0;

/** A composer for the channel, or for the thread `thread`. `key` tells drafts apart. */
export function composer(app, { key, thread, label }) {
  const draft = drafts.get(key) || '';
  const send = async (box) => {
    const text = box.value.trim();
    if (!text) return;
    write(box, key, '');
    past.push(text);
    back = 0;
    if (!(await app.say(text, thread))) write(box, key, box.value || text);
    app.render();
  };
  return h(
    'form',
    {
      key,
      class: 'composer',
      'data-testid': thread ? 'thread-composer-form' : 'composer-form',
      on: { submit: (event, form) => submit(event, form, send) },
    },
    !thread && suggestions(app, key, draft),
    h(
      'div',
      { class: 'composer-box' },
      h('textarea', {
        key: 'text',
        rows: '1',
        class: 'composer-text',
        'data-testid': thread ? 'thread-composer' : 'composer',
        'aria-label': thread ? 'Reply in the thread' : 'Message or command',
        placeholder: label,
        autocomplete: 'off',
        init: (box) => (box.value = draft),
        on: { input: (event, box) => typed(app, key, box), keydown: (event, box) => keys(event, box, app, key, send) },
      }),
      sendButton(thread ? 'thread-send' : 'send', !draft.trim()),
    ),
  );
}

function sendButton(testid, disabled) {
  return h('button', { type: 'submit', class: 'send', 'data-testid': testid, 'aria-label': 'Send', disabled }, '➤');
}

function submit(event, form, send) {
  event.preventDefault();
  send(form.querySelector('textarea'));
}

function typed(app, key, box) {
  drafts.set(key, box.value);
  app.render();
}

function write(box, key, text) {
  box.value = text;
  drafts.set(key, text);
}

function keys(event, box, app, key, send) {
  if (event.isComposing) return;
  if (event.key === 'Enter' && !event.shiftKey) {
    event.preventDefault();
    send(box);
  } else if (event.key === 'ArrowUp' && box.selectionStart === 0 && back < past.length) {
    recall(event, box, app, key, back + 1);
  } else if (event.key === 'ArrowUp' && back > 0 && back < past.length && box.value === past[past.length - back]) {
    recall(event, box, app, key, back + 1);
  } else if (event.key === 'ArrowDown' && back > 0 && box.value === past[past.length - back]) {
    recall(event, box, app, key, back - 1);
  }
}

function recall(event, box, app, key, step) {
  event.preventDefault();
  back = step;
  write(box, key, step ? past[past.length - step] : '');
  app.render();
}

function suggestions(app, key, draft) {
  const fitting = draft.startsWith('/')
    ? TRY.filter(([command]) => command.startsWith(draft) && command !== draft)
    : [];
  if (!fitting.length) return null;
  const take = (command) => (event, button) => {
    const box = button.closest('form').querySelector('textarea');
    write(box, key, command);
    box.focus();
    app.render();
  };
  return h(
    'div',
    { key: 'suggestions', class: 'suggestions', 'data-testid': 'suggestions' },
    fitting.map(([command, meaning]) =>
      h(
        'button',
        { key: command, type: 'button', class: 'suggestion', on: { click: take(command) } },
        h('b', null, command),
        h('span', null, meaning),
      ),
    ),
  );
}
