// Owns the small charts: two minutes of one or two figures as lines, with the same in words for who does not see them.
import { h, svg } from './dom.js';

/** @import { LiveSample } from './standing.d.ts' */

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {(sample: LiveSample) => number | null} of
 * @property {'first' | 'second' | 'third' | 'fourth'} tone
 */

const WIDTH = 240;
const HEIGHT = 56;
/** As many seconds as a chart is wide. */
const SECONDS = 120;

/**
 * @param {string} title
 * @param {(value: number | null) => string} format
 * @param {readonly Line[]} lines
 * @returns {{ element: HTMLElement, update: (samples: readonly LiveSample[]) => void }}
 */
export function chart(title, format, lines) {
  const drawing = drawingOf(lines);
  const values = lines.map(() => h('span', { class: 'value' }, '–'));
  const scale = h('span', { class: 'scale' });
  const legend = h(
    'ul',
    { class: 'legend' },
    lines.map(({ name, tone }, index) =>
      h(
        'li',
        {},
        h('span', { class: `swatch ${tone}`, 'aria-hidden': 'true' }),
        h('span', { class: 'name' }, name),
        values[index],
      ),
    ),
  );
  const picture = h('div', { class: 'picture', role: 'img' }, drawing.element);
  const element = h('figure', { class: 'chart' }, h('figcaption', {}, title, scale), picture, legend);
  /** @type {readonly LiveSample[]} */
  let shown = [];
  /** @type {number | null} how many seconds before the last one somebody points at */
  let pointed = null;

  const paint = () => {
    const series = lines.map(({ of }) => shown.map(of));
    const known = series.flat().filter((value) => value !== null);
    const top = Math.max(...known, 0);
    drawing.paint(series, top, pointed);
    const back = pointed === null ? 0 : Math.min(pointed, shown.length - 1);
    values.forEach((value, index) => {
      value.textContent = format(series[index]?.at(-1 - back) ?? null);
    });
    scale.textContent = pointed !== null && shown.length > 0 ? `${back} s ago` : `peak ${known.length === 0 ? '–' : format(top)}`;
    picture.setAttribute('aria-label', inWords(title, format, lines, series));
  };
  picture.addEventListener('pointermove', (event) => {
    const { left, width } = picture.getBoundingClientRect();
    pointed = Math.round((1 - (event.clientX - left) / width) * (SECONDS - 1));
    paint();
  });
  picture.addEventListener('pointerleave', () => {
    pointed = null;
    paint();
  });
  paint();
  return {
    element,
    update: (samples) => {
      shown = samples;
      paint();
    },
  };
}

/** @param {readonly Line[]} lines */
function drawingOf(lines) {
  const paths = lines.map(({ tone }) => svg('path', { class: `line ${tone}` }));
  const area = svg('path', { class: `area ${lines[0]?.tone ?? 'first'}` });
  const cross = svg('path', { class: 'cross' });
  const base = svg('path', { class: 'base', d: `M0 ${HEIGHT - 0.5}H${WIDTH}` });
  const element = svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true', focusable: 'false' },
    base,
    area,
    ...paths,
    cross,
  );
  return {
    element,
    /**
     * @param {readonly (readonly (number | null)[])[]} series
     * @param {number} top
     * @param {number | null} pointed
     */
    paint: (series, top, pointed) => {
      paths.forEach((path, index) => {
        path.setAttribute('d', outline(series[index] ?? [], top));
      });
      area.setAttribute('d', series.length === 1 ? filled(series[0] ?? [], top) : '');
      cross.setAttribute('d', pointed === null ? '' : `M${xOf(pointed)} 0V${HEIGHT}`);
    },
  };
}

/** @param {number} back seconds before the last one */
function xOf(back) {
  return Math.round((1 - back / (SECONDS - 1)) * WIDTH * 10) / 10;
}

/**
 * Where a figure is not known, the line has a gap.
 * @param {readonly (number | null)[]} values
 * @param {number} top
 */
function outline(values, top) {
  let path = '';
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value !== null) path += `${isDrawing ? 'L' : 'M'}${xOf(values.length - 1 - index)} ${yOf(value, top)}`;
    isDrawing = value !== null;
  });
  return path;
}

/**
 * @param {readonly (number | null)[]} values
 * @param {number} top
 */
function filled(values, top) {
  if (values.length < 2) return '';
  const points = values.map((value, index) => `L${xOf(values.length - 1 - index)} ${yOf(value ?? 0, top)}`);
  return `M${xOf(values.length - 1)} ${HEIGHT}${points.join('')}L${WIDTH} ${HEIGHT}Z`;
}

/** @param {number} value @param {number} top */
function yOf(value, top) {
  return Math.round((HEIGHT - 2 - (top <= 0 ? 0 : value / top) * (HEIGHT - 6)) * 10) / 10;
}

/**
 * @param {string} title
 * @param {(value: number | null) => string} format
 * @param {readonly Line[]} lines
 * @param {readonly (readonly (number | null)[])[]} series
 */
function inWords(title, format, lines, series) {
  const told = lines.map(({ name }, index) => {
    const known = (series[index] ?? []).filter((value) => value !== null);
    if (known.length === 0) return `${name}: not known yet`;
    return `${name}: now ${format(known.at(-1) ?? null)}, between ${format(Math.min(...known))} and ${format(Math.max(...known))}`;
  });
  return `${title}, the last ${SECONDS / 60} minutes. ${told.join('. ')}.`;
}
