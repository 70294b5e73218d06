// Owns the small charts: the last minute of one figure.
import { fill, h, svg } from './dom.js';

const POINTS = 60;
const HEIGHT = 44;

/**
 * @param {string} title
 * @param {(value: number | null) => string} write
 * @param {string} unit
 */
export function chart(title, write, unit) {
  /** @type {(number | null)[]} */
  const values = [];
  const area = svg('path', { class: 'area' });
  const curve = svg('path', { class: 'curve' });
  const base = svg('line', { class: 'base', x1: 0, x2: POINTS - 1, y1: HEIGHT, y2: HEIGHT });
  const picture = svg(
    'svg',
    { class: 'chart', viewBox: `0 0 ${POINTS - 1} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
    base,
    area,
    curve,
  );
  const figure = h('div', { class: 'figure' }, '–');
  const element = h('section', { class: 'card' }, h('h2', {}, title), figure, picture);

  /** @param {number | null} value */
  function add(value) {
    values.push(value);
    if (values.length > POINTS) values.shift();
    draw();
  }

  function draw() {
    const known = values.filter((value) => value !== null);
    const most = Math.max(1e-9, ...known);
    const points = values.map(
      (value, index) => `${POINTS - values.length + index} ${HEIGHT - ((value ?? 0) / most) * (HEIGHT - 3)}`,
    );
    curve.setAttribute('d', points.length > 1 ? `M${points.join('L')}` : '');
    area.setAttribute(
      'd',
      points.length > 1 ? `M${POINTS - values.length} ${HEIGHT}L${points.join('L')}L${POINTS - 1} ${HEIGHT}Z` : '',
    );
    const now = values.at(-1) ?? null;
    fill(figure, write(now), ' ', h('small', { class: 'quiet' }, unit));
    picture.setAttribute(
      'aria-label',
      `${title} in the last minute: now ${write(now)} ${unit}, at most ${write(known.length === 0 ? null : most)} ${unit}`,
    );
  }
  draw();
  return { element, add };
}
