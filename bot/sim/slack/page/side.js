// The top of the left column: where one is and who is looking.

import { h } from './dom.js';
import { avatar } from './messages.js';
import { cycleTheme, themeName } from './theme.js';

/** The brand, the places, the people. */
export function sideTop(app) {
  return h(
    'div',
    { key: 'top', class: 'top' },
    h('div', { class: 'brand' }, h('b', null, 'Local Slack'), themeButton(app)),
    h(
      'nav',
      { class: 'tabs', 'aria-label': 'Places' },
      tabLink(app, 'channel', 'channel-tab', '#', app.state.channel.name),
      tabLink(app, 'home', 'home-tab', '⌂', 'deferbot'),
    ),
    h(
      'div',
      {
        class: 'people',
        role: 'radiogroup',
        'aria-label': 'Who is looking',
        'data-testid': 'person-switch',
        on: { keydown: (event, group) => arrows(event, group) },
      },
      app.state.people.map((person) => personButton(app, person)),
    ),
  );
}

function themeButton(app) {
  const click = () => {
    cycleTheme();
    app.render();
  };
  return h(
    'button',
    {
      type: 'button',
      class: 'icon',
      'data-testid': 'theme',
      'aria-label': `Theme: ${themeName()}`,
      title: `Theme: ${themeName()}`,
      on: { click },
    },
    { auto: '◐', light: '☀', dark: '☾' }[themeName()],
  );
}

function tabLink(app, tab, testid, sign, label) {
  const here = app.route.tab === tab;
  return h(
    'a',
    {
      class: here ? 'tab here' : 'tab',
      href: tab === 'home' ? '#home' : '#',
      'data-testid': testid,
      'aria-current': here ? 'page' : null,
    },
    h('span', { class: 'sign', 'aria-hidden': 'true' }, sign),
    label,
  );
}

function personButton(app, person) {
  const mine = person.id === app.me;
  return h(
    'button',
    {
      key: person.id,
      type: 'button',
      class: 'person',
      role: 'radio',
      'aria-checked': String(mine),
      tabindex: mine ? '0' : '-1',
      'data-testid': `person-${person.id}`,
      on: { click: () => app.become(person.id) },
    },
    avatar(person.display, false),
    h('span', { class: 'person-name' }, person.display),
    h('span', { class: person.operator ? 'duty on' : 'duty' }, person.operator ? 'on call' : 'not on call'),
  );
}

// As radio buttons do: an arrow takes the next person.
function arrows(event, group) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const people = [...group.children];
  const next = people[(people.indexOf(document.activeElement) + step + people.length) % people.length];
  next.focus();
  next.click();
}
