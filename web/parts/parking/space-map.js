// The spaces of a level along their aisles. What a space is can be told without colours: by its shape and its letter.
import { html, useRef, useState } from '../../lib/html.js';
import { POOLS } from '../../lib/parking.js';
import { useSize } from './lot-map.js';

const WIDE = 32;
const HIGH = 46;
const AISLE = 30;
const STATES = { free: 'free', occupied: 'taken', closed: 'out of service' };

/** Where the space at a place of the row-wise order stands: two rows face each aisle. */
const placeOf = (at, columns) => {
  const row = Math.floor(at / columns);
  return { x: (at % columns) * WIDE, y: row * HIGH + Math.ceil(row / 2) * AISLE, row };
};

function One({ space, x, y, plate, focusable, choose, focus }) {
  const { state } = space;
  const letter = space.pool === 'car' ? '' : space.pool[0].toUpperCase();
  const act = (event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose(space.space); } };
  return html`<g class=${`space ${state}`} transform=${`translate(${x} ${y})`} role="button" tabindex=${focusable ? 0 : -1} aria-label=${`${space.space}, ${POOLS[space.pool] ?? space.pool}: ${STATES[state]}${plate ? `, ${plate}` : ''}`}
    onClick=${() => choose(space.space)} onKeyDown=${act} onFocus=${focus}>
    <rect class="bay" x="1.5" y="1" width=${WIDE - 3} height=${HIGH - 2} rx="5" />
    ${state === 'occupied' && html`<path class="vehicle" d="M9.5 9q0-4 6.5-4t6.5 4l1.5 9v17q0 4-3 4h-10q-3 0-3-4V18zM10.5 16h11M10.5 31h11" />`}
    ${state === 'closed' && html`<path class="cross" d="M9 16l14 14M23 16 9 30" />`}
    ${letter && state !== 'closed' && html`<text x=${WIDE / 2} y="28">${letter}</text>`}<title>${space.space}</title></g>`;
}

export function SpaceMap({ spaces, choose, inside }) {
  const box = useRef(null);
  const size = useSize(box);
  const [at, setAt] = useState(0);
  const columns = Math.max(4, Math.floor((size?.width ?? 0) / WIDE));
  const plates = new Map(inside.map((one) => [one.space, one.plate]));
  const end = spaces.length ? placeOf(spaces.length - 1, columns) : { y: 0, row: 0 };
  const rows = end.row + 1;
  const height = end.y + HIGH + (rows % 2 ? AISLE : 0);
  const keys = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = Math.min(spaces.length - 1, Math.max(0, at + step));
    setAt(next);
    box.current.querySelectorAll('.space')[next]?.focus();
  };
  return html`<div class="space-map" ref=${box}>${size && html`<svg width=${columns * WIDE} height=${height} role="group" aria-label="Map of the spaces" onKeyDown=${keys}>
    ${Array.from({ length: Math.ceil(rows / 2) }, (_, pair) => { const y = (2 * pair + 1) * HIGH + pair * AISLE + AISLE / 2; return html`<line key=${pair} class="aisle" x1="4" x2=${columns * WIDE - 4} y1=${y} y2=${y} />`; })}
    ${spaces.map((space, i) => html`<${One} key=${space.space} space=${space} ...${placeOf(i, columns)} plate=${plates.get(space.space)} focusable=${i === Math.min(at, spaces.length - 1)} choose=${choose} focus=${() => setAt(i)} />`)}
  </svg>`}</div>`;
}
