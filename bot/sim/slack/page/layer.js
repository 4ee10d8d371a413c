// What floats above the page: the overflow menu, the confirm dialog and the tooltip-free toasts of this client.

import { h } from './dom.js';
import { textNodes } from './text.js';

/** Keep Tab inside `box`: from the last control to the first and back. */
export function trapFocus(event, box) {
  if (event.key !== 'Tab') return;
  const stops = [...box.querySelectorAll('a[href], button, input, textarea, select, summary, [tabindex="0"]')].filter(
    (stop) => !stop.disabled && stop.offsetParent !== null,
  );
  if (!stops.length) return;
  const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
  if (document.activeElement !== edge && box.contains(document.activeElement)) return;
  event.preventDefault();
  (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus();
}

let menu = null;

/**
 * Open the menu of `anchor`, whose reader gives its items [{value, label: nodes, description?: nodes, pick}]; one menu
 * at a time. What is picked is looked up when it is picked, since the message may have been edited meanwhile.
 */
export function openMenu(anchor, label) {
  const again = menu && menu.anchor === anchor;
  closeMenu();
  if (again) return;
  const box = h(
    'div',
    { class: 'menu', role: 'menu', 'aria-label': label, 'data-testid': 'menu', popover: 'manual' },
    anchor.$read().map((item) => menuItem(item, anchor)),
  );
  // Inside a modal dialog everything outside it is inert, so the menu has to live in it.
  (anchor.closest('dialog') || document.body).append(box);
  menu = { box, anchor };
  anchor.setAttribute('aria-expanded', 'true');
  box.showPopover();
  place(box, anchor);
  box.addEventListener('keydown', menuKeys);
  document.addEventListener('pointerdown', outside, true);
  box.querySelector('[role=menuitem]')?.focus();
}

function menuItem(item, anchor) {
  const pick = () => {
    closeMenu();
    const current = anchor.$read().find((other) => other.value === item.value);
    (current || item).pick();
  };
  return h(
    'button',
    {
      type: 'button',
      role: 'menuitem',
      class: 'menu-item',
      tabindex: '-1',
      'data-testid': 'menu-item',
      'data-value': item.value,
      on: { click: pick },
    },
    h('span', { class: 'menu-label' }, item.label),
    item.description && h('span', { class: 'menu-hint' }, item.description),
  );
}

export function closeMenu() {
  if (!menu) return;
  const { box, anchor } = menu;
  const held = box.contains(document.activeElement);
  menu = null;
  document.removeEventListener('pointerdown', outside, true);
  box.remove();
  anchor.setAttribute('aria-expanded', 'false');
  if (held && anchor.isConnected) anchor.focus();
}

/** Close the menu when the button it hangs from has left the page. */
export function closeOrphanMenu() {
  if (!menu) return;
  if (!menu.anchor.isConnected) closeMenu();
  else menu.anchor.setAttribute('aria-expanded', 'true');
}

function outside(event) {
  if (menu && !menu.box.contains(event.target) && !menu.anchor.contains(event.target)) closeMenu();
}

function menuKeys(event) {
  const items = [...event.currentTarget.querySelectorAll('[role=menuitem]')];
  const at = items.indexOf(document.activeElement);
  const goto = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
  if (goto !== undefined) items[goto % items.length].focus();
  else if (event.key === 'Escape' || event.key === 'Tab') closeMenu();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function place(box, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = box;
  const below = at.bottom + 4 + height <= innerHeight;
  box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  box.style.top = `${Math.max(8, Math.min(below ? at.bottom + 4 : at.top - height - 4, innerHeight - height - 8))}px`;
}

/** Show a confirm object and answer whether the person agreed. Closing it in any way means no. */
export function ask(confirm) {
  return new Promise((answer) => {
    const dialog = h(
      'dialog',
      { class: 'confirm', 'data-testid': 'confirm', 'aria-labelledby': 'confirm-title', on: { keydown: trapFocus } },
      h('h2', { id: 'confirm-title' }, textNodes(confirm.title)),
      h('div', { class: 'confirm-text' }, textNodes(confirm.text)),
      h(
        'div',
        { class: 'dialog-foot' },
        button('btn', 'confirm-no', confirm.deny || 'Cancel', () => dialog.close('no')),
        button(confirm.style === 'danger' ? 'btn danger' : 'btn primary', 'confirm-yes', confirm.confirm || 'Yes', () =>
          dialog.close('yes'),
        ),
      ),
    );
    dialog.addEventListener('close', () => {
      dialog.remove();
      answer(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function button(style, testid, text, click) {
  const label = typeof text === 'string' ? text : textNodes(text);
  return h('button', { type: 'button', class: style, 'data-testid': testid, on: { click } }, label);
}
