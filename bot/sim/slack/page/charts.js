// The data_visualization block: line, area, bar and pie charts as SVG that keeps its text size at any width.
// Hooks: data-testid="chart" (data-chart=type), "chart-series" (data-name, data-points), "chart-point", "chart-slice".

import { h, svg } from './dom.js';

const HUES = 8;

/** A data_visualization block as a figure; a chart this page cannot read becomes a sentence. */
export function chart(block) {
  const spec = block.chart || {};
  const axis = spec.axis_config || {};
  const draw = { line: xy, area: xy, bar: xy, pie }[spec.type];
  if (!draw) return h('p', { class: 'unknown' }, `Chart of type ${spec.type || 'unknown'} cannot be drawn here.`);
  return h(
    'figure',
    { class: `chart chart-${spec.type}`, 'data-testid': 'chart', 'data-chart': spec.type },
    h('figcaption', null, block.title || ''),
    draw(spec, axis, block.title || ''),
  );
}

const number = (value) =>
  Number.isInteger(value) ? value.toLocaleString('en-GB') : String(Math.round(value * 100) / 100);
const short = (value) => (Math.abs(value) >= 10000 ? `${number(value / 1000)}k` : number(value));

/** Round tick values from 0 (or below) to just above the greatest value. */
export function ticks(low, high) {
  const span = Math.max(high, 0) - Math.min(low, 0) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const first = Math.floor(Math.min(low, 0) / step) * step;
  const count = Math.ceil((Math.max(high, 0) - first) / step - 1e-9) || 1;
  return Array.from({ length: count + 1 }, (_, index) => first + index * step);
}

// Values of a series in the order of the axis; a category without a point is a gap (null).
function ordered(series, categories) {
  const byLabel = new Map((series.data || []).map((point) => [point.label, Number(point.value)]));
  return categories.map((label) =>
    byLabel.has(label) && Number.isFinite(byLabel.get(label)) ? byLabel.get(label) : null,
  );
}

// The series with their values in the order of `labels`, and the look of each.
function seriesOf(spec, labels) {
  let hue = 0;
  let floor = 0;
  return (spec.series || []).map((item) => {
    const values = ordered(item, labels);
    const known = values.filter((value) => value !== null);
    // A series that never moves beside one that does is a threshold: a dashed line, no points.
    const level = spec.type !== 'bar' && spec.series.length > 1 && known.length > 1 && new Set(known).size === 1;
    const look = level ? `level-${floor++ % 5}` : `hue-${hue++ % HUES}`;
    return { name: item.name, values, known, level, look };
  });
}

function xy(spec, axis, title) {
  const labels = axis.categories || (spec.series?.[0]?.data || []).map((point) => point.label);
  const series = seriesOf(spec, labels);
  const all = series.flatMap((item) => item.known);
  const marks = ticks(Math.min(...all, 0), Math.max(...all, 0));
  const y = (value) => 100 - ((value - marks[0]) / (marks[marks.length - 1] - marks[0])) * 100;
  const x = (index) => (labels.length === 1 ? 50 : (index / (labels.length - 1)) * 100);
  const isBar = spec.type === 'bar';
  const body = isBar ? bars(series, labels, y) : series.map((item) => curve(item, labels, x, y, spec.type));
  return [
    h(
      'div',
      { class: 'plot' },
      h('div', { class: 'y-title', 'aria-hidden': 'true' }, axis.y_label),
      yAxis(marks, y),
      svg(
        'svg',
        { class: 'canvas', role: 'img', 'aria-label': spoken(spec.type, title, series, labels) },
        gridLines(marks, y),
        body,
      ),
      isBar ? bandLabels(labels) : pointLabels(labels, x),
      h('div', { class: 'x-title', 'aria-hidden': 'true' }, axis.x_label),
    ),
    series.length > 1 &&
      legend(series.map((item) => ({ look: item.look, text: item.level ? `${item.name} ${bare(item)}` : item.name }))),
  ];
}

function yAxis(marks, y) {
  const labels = marks.map((mark) => h('span', { style: { '--at': `${y(mark)}%` } }, short(mark)));
  return h('div', { class: 'y-axis', 'aria-hidden': 'true' }, labels);
}

function gridLines(marks, y) {
  return marks.map((mark) => {
    const at = `${y(mark)}%`;
    return svg('line', { class: mark === 0 ? 'base' : 'grid', x1: '0%', x2: '100%', y1: at, y2: at });
  });
}

// The level's value, unless its name says it already.
const bare = (item) => (/\d/.test(item.name) ? '' : number(item.known[0]));

// A line breaks where a category has no value; each unbroken run of [x, y] is drawn by itself.
function runsOf(item, x, y) {
  const runs = [];
  item.values.forEach((value, index) => {
    if (value === null) return;
    if (index === 0 || item.values[index - 1] === null) runs.push([]);
    runs[runs.length - 1].push([x(index).toFixed(2), y(value).toFixed(2)]);
  });
  return runs;
}

function curve(item, labels, x, y, type) {
  const runs = runsOf(item, x, y);
  const path = (run) => run.map(([px, py], index) => `${index ? 'L' : 'M'}${px} ${py}`).join('');
  const ground = (run) => `${path(run)}L${run[run.length - 1][0]} ${y(0)}L${run[0][0]} ${y(0)}Z`;
  const filled = !item.level && (type === 'area' || item.look === 'hue-0');
  const stroke = { class: item.level ? 'stroke dashed' : 'stroke', 'vector-effect': 'non-scaling-stroke' };
  return svg(
    'g',
    seriesHooks(item),
    svg(
      'svg',
      { viewBox: '0 0 100 100', preserveAspectRatio: 'none', width: '100%', height: '100%', overflow: 'visible' },
      filled && runs.map((run) => svg('path', { class: type === 'area' ? 'fill' : 'fill faint', d: ground(run) })),
      runs.map((run) => svg('path', { ...stroke, d: path(run) })),
    ),
    !item.level &&
      item.values.map((value, index) => value !== null && dot(item, value, labels[index], x(index), y(value))),
  );
}

function dot(item, value, label, x, y) {
  return svg(
    'circle',
    { class: 'dot', 'data-testid': 'chart-point', cx: `${x}%`, cy: `${y}%`, r: '3.5' },
    svg('title', null, `${label} · ${item.name} ${number(value)}`),
  );
}

const seriesHooks = (item) => ({
  class: item.look,
  'data-testid': 'chart-series',
  'data-name': item.name,
  'data-points': String(item.known.length),
});

function bars(series, labels, y) {
  const band = 100 / (labels.length || 1);
  const width = (band * 0.72) / series.length;
  return series.map((item, order) =>
    svg(
      'g',
      seriesHooks(item),
      item.values.map((value, index) => {
        if (value === null) return null;
        const left = band * index + band * 0.14 + width * order;
        const [top, bottom] = [Math.min(y(value), y(0)), Math.max(y(value), y(0))];
        return svg(
          'rect',
          {
            class: 'bar',
            'data-testid': 'chart-point',
            x: `${left}%`,
            width: `${width * 0.92}%`,
            y: `${top}%`,
            height: `${bottom - top}%`,
            rx: '2',
          },
          svg('title', null, `${labels[index]} · ${item.name} ${number(value)}`),
        );
      }),
    ),
  );
}

function pointLabels(labels, x) {
  const every = Math.ceil(labels.length / 6);
  const shown = labels.map((text, index) => ({ text, index })).filter(({ index }) => index % every === 0);
  return h(
    'div',
    { class: 'x-axis points', 'aria-hidden': 'true' },
    shown.map(({ text, index }) => h('span', { style: { '--at': `${x(index)}%` } }, text)),
  );
}

function bandLabels(labels) {
  return h(
    'div',
    { class: 'x-axis bands', 'aria-hidden': 'true' },
    labels.map((text) =>
      h(
        'span',
        { title: text },
        text.split(/(?<=[./-])/).flatMap((part) => [h('wbr'), part]),
      ),
    ),
  );
}

function legend(items) {
  return h(
    'ul',
    { class: 'legend' },
    items.map((item) => h('li', { class: item.look }, h('i', { 'aria-hidden': 'true' }), item.text)),
  );
}

function spoken(type, title, series, labels) {
  const said = series.map((item) => {
    if (!item.known.length) return `${item.name}: no values`;
    if (item.level) return `${item.name}: ${number(item.known[0])} throughout`;
    return `${item.name}: first ${number(item.known[0])}, last ${number(item.known[item.known.length - 1])}, highest ${number(Math.max(...item.known))}`;
  });
  return `${type} chart: ${title}, ${labels[0] || ''} to ${labels[labels.length - 1] || ''}. ${said.join('. ')}.`;
}

function pie(spec, axis, title) {
  const segments = (spec.segments || []).filter((segment) => Number(segment.value) > 0);
  const total = segments.reduce((sum, segment) => sum + Number(segment.value), 0) || 1;
  const percent = (segment) => `${number(Math.round((segment.value / total) * 1000) / 10)} %`;
  let from = 0;
  const slices = segments.map((segment, index) => {
    const share = Number(segment.value) / total;
    const drawn = svg(
      'path',
      { class: `slice hue-${index % HUES}`, 'data-testid': 'chart-slice', d: slice(from, from + share) },
      svg('title', null, `${segment.label} ${percent(segment)}`),
    );
    from += share;
    return drawn;
  });
  const label = `pie chart: ${title}. ${segments.map((segment) => `${segment.label} ${percent(segment)}`).join(', ')}.`;
  return h(
    'div',
    { class: 'pie' },
    svg('svg', { viewBox: '-52 -52 104 104', role: 'img', 'aria-label': label }, slices),
    legend(
      segments.map((segment, index) => ({
        look: `hue-${index % HUES}`,
        text: `${segment.label} · ${number(Number(segment.value))} (${percent(segment)})`,
      })),
    ),
  );
}

function slice(from, to) {
  const point = (share) => {
    const angle = share * 2 * Math.PI - Math.PI / 2;
    return `${(50 * Math.cos(angle)).toFixed(3)} ${(50 * Math.sin(angle)).toFixed(3)}`;
  };
  if (to - from > 0.9999) return 'M0 -50A50 50 0 1 1 -0.01 -50Z';
  return `M0 0L${point(from)}A50 50 0 ${to - from > 0.5 ? 1 : 0} 1 ${point(to)}Z`;
}
