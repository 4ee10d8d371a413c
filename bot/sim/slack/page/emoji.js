// The shortcodes a deferrals bot and its people use. An unknown one stays as it was typed.

const EMOJI = {
  large_green_circle: '🟢', large_yellow_circle: '🟡', large_orange_circle: '🟠', red_circle: '🔴',
  large_blue_circle: '🔵', large_purple_circle: '🟣', white_circle: '⚪', black_circle: '⚫',
  large_green_square: '🟩', large_yellow_square: '🟨', large_orange_square: '🟧', large_red_square: '🟥',
  white_check_mark: '✅', heavy_check_mark: '✔️', x: '❌', warning: '⚠️', rotating_light: '🚨', no_entry: '⛔',
  no_entry_sign: '🚫', information_source: 'ℹ️', question: '❓', exclamation: '❗', bell: '🔔', no_bell: '🔕',
  hourglass: '⌛', hourglass_flowing_sand: '⏳', stopwatch: '⏱️', clock3: '🕒', double_vertical_bar: '⏸️',
  pause_button: '⏸️', arrow_forward: '▶️', leftwards_arrow_with_hook: '↩️', arrows_counterclockwise: '🔄',
  arrow_up: '⬆️', arrow_down: '⬇️', arrow_right: '➡️', arrow_upper_right: '↗️', arrow_lower_right: '↘️',
  chart_with_upwards_trend: '📈', chart_with_downwards_trend: '📉', bar_chart: '📊', mag: '🔍', mag_right: '🔎',
  eyes: '👀', lock: '🔒', key: '🔑', bulb: '💡', memo: '📝', pushpin: '📌', link: '🔗', gear: '⚙️', wrench: '🔧',
  hammer_and_wrench: '🛠️', email: '✉️', envelope: '✉️', inbox_tray: '📥', outbox_tray: '📤', robot_face: '🤖',
  speech_balloon: '💬', bust_in_silhouette: '👤', busts_in_silhouette: '👥', wave: '👋', raised_hand: '✋',
  thumbsup: '👍', '+1': '👍', thumbsdown: '👎', '-1': '👎', tada: '🎉', fire: '🔥', zap: '⚡', boom: '💥', snail: '🐌',
  slightly_smiling_face: '🙂', smile: '😄', thinking_face: '🤔', sob: '😭', tools: '🛠️', construction: '🚧',
};

export function emoji(name) {
  return Object.hasOwn(EMOJI, name) ? EMOJI[name] : null;
}

/** `:name:` shortcodes in plain text, replaced. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) || whole);
}
