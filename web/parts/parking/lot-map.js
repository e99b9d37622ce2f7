// A map without a map: where car parks are to each other and to the place one wants to be near.
import { html, useLayoutEffect, useRef, useState } from '../../lib/html.js';
import { distance } from '../../lib/format.js';
import { asQuery } from './wish.js';

const METRES = 111_320; // of a degree of latitude
const RINGS = [100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 100_000];

/** Local metres, east and south of a centre. */
const flat = (one, centre) => ({
  x: (one.longitude - centre.longitude) * METRES * Math.cos((centre.latitude * Math.PI) / 180),
  y: (centre.latitude - one.latitude) * METRES,
});

/** How wide and high an element is, as long as it is there. */
export function useSize(box) {
  const [size, setSize] = useState(null);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(([{ contentRect }]) => setSize({ width: contentRect.width, height: contentRect.height }));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return size;
}

export function LotMap({ offers, place, wish, chosen, choose, pick, moodOf }) {
  const box = useRef(null);
  const size = useSize(box);
  const near = offers.slice(0, 40);
  const middleOf = (name) => (Math.min(...near.map((one) => one[name])) + Math.max(...near.map((one) => one[name]))) / 2;
  const centre = place ?? { latitude: middleOf('latitude'), longitude: middleOf('longitude') };
  const points = near.map((offer) => ({ offer, ...flat(offer, centre) }));
  // With a place the eight nearest decide how far one sees: the far ones are in the list.
  const far = points.map(({ x, y }) => Math.max(Math.abs(x), Math.abs(y))).sort((a, b) => a - b);
  const reach = Math.max(200, place ? far[Math.min(far.length, 8) - 1] : far.at(-1));
  const wide = Math.max(1, ...points.map(({ x }) => Math.abs(x)));
  const high = Math.max(1, ...points.map(({ y }) => Math.abs(y)));
  const fits = size && Math.min((size.width / 2 - 70) / wide, (size.height / 2 - 56) / high);
  const scale = size ? (place ? (Math.min(size.width, size.height) / 2 - 48) / reach : Math.min(fits, 0.6)) : 0; // pixels a metre
  // Of names that would lie over each other the better car park's is written.
  const written = [];
  const free = (one) => {
    const clear = written.every((other) => Math.abs(other.x - one.x) * scale > 100 || Math.abs(other.y - one.y) * scale > 44);
    if (clear) written.push(one);
    return clear;
  };
  for (const point of points) point.named = free(point);
  const middle = size && { x: size.width / 2, y: size.height / 2 };
  const rings = RINGS.filter((ring) => ring * scale > 40 && ring <= reach * 1.6).slice(-3);
  const click = (event) => {
    if (event.target.closest('a')) return;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const [x, y] = [(event.clientX - left - middle.x) / scale, (event.clientY - top - middle.y) / scale];
    pick(centre.latitude - y / METRES, centre.longitude + x / (METRES * Math.cos((centre.latitude * Math.PI) / 180)));
  };
  return html`<div class="lot-map" ref=${box}>${size && html`<svg width=${size.width} height=${size.height} role="group" aria-label="Map of the car parks" onClick=${click}>
    ${place && rings.map((ring) => html`<g key=${ring} class="ring"><circle cx=${middle.x} cy=${middle.y} r=${ring * scale} /><text x=${middle.x} y=${middle.y - ring * scale - 5}>${distance(ring)}</text></g>`)}
    ${place && html`<g class="place" transform=${`translate(${middle.x} ${middle.y})`}><circle r="15" /><circle r="6" /></g>`}
    ${[...points].reverse().map(({ offer, x, y, named }) => {
      const mood = moodOf(offer);
      const label = mood === 'full' ? 'full' : String(offer.available_spaces);
      const width = 26 + label.length * 8;
      return html`<a key=${offer.lot_id} href=${`/ui/parking/${offer.lot_id}?${asQuery(wish)}`} class=${`pin ${mood} ${chosen === offer.lot_id ? 'chosen' : ''}`} aria-label=${named || chosen === offer.lot_id ? undefined : `${label}${mood === 'full' ? '' : ' free'}, ${offer.name}`}
        transform=${`translate(${middle.x + x * scale} ${middle.y + y * scale})`} onMouseEnter=${() => choose(offer.lot_id)} onMouseLeave=${() => choose(null)} onFocus=${() => choose(offer.lot_id)}>
        <path d="M-6 12 0 20 6 12z" /><rect x=${-width / 2} y="-14" width=${width} height="28" rx="14" /><text class="pin-free" y="5">${label}</text>${(named || chosen === offer.lot_id) && html`<text class="pin-name" y="37">${offer.name}</text>`}</a>`;
    })}
  </svg>`}<p class="map-hint">${place ? 'Click anywhere to look around there.' : 'Click where you want to be: the nearest come first.'}</p></div>`;
}
