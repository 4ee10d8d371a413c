// Light, dark, or as the system says. Kept in the browser.

const ORDER = ['auto', 'light', 'dark'];

export const themeName = () => document.documentElement.dataset.theme || 'auto';

function apply(name) {
  if (name === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}

export function cycleTheme() {
  const next = ORDER[(ORDER.indexOf(themeName()) + 1) % ORDER.length];
  localStorage.setItem('theme', next);
  apply(next);
}

if (ORDER.includes(localStorage.getItem('theme'))) apply(localStorage.getItem('theme'));
