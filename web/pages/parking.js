// Parking: find a car park, reserve, one's own reservations and vehicles; for the staff of one, its rooms.
import { html } from '../lib/html.js';
import { route } from '../lib/router.js';
import { Waiting } from '../parts/bits.js';
import { later } from '../parts/later.js';

const part = (load, name) => later(() => load().then((module) => module[name]), () => html`<${Waiting} />`);
const Find = part(() => import('../parts/parking/find.js'), 'Find');
const Lot = part(() => import('../parts/parking/lot.js'), 'Lot');
const Reservations = part(() => import('../parts/parking/reservations.js'), 'Reservations');
const Reservation = part(() => import('../parts/parking/reservation.js'), 'Reservation');
const Vehicles = part(() => import('../parts/parking/vehicles.js'), 'Vehicles');
const NewLot = part(() => import('../parts/parking/new-lot.js'), 'NewLot');
const Operate = part(() => import('../parts/parking/operate.js'), 'Operate');

const TABS = [['', 'Find'], ['reservations', 'Reservations'], ['vehicles', 'Vehicles']];

function Page({ what, id, rest }) {
  if (!what) return html`<${Find} />`;
  if (what === 'reservations') return id ? html`<${Reservation} key=${id} id=${id} />` : html`<${Reservations} />`;
  if (what === 'vehicles') return html`<${Vehicles} />`;
  if (what === 'new') return html`<${NewLot} />`;
  return id === 'operate' ? html`<${Operate} key=${what} id=${what} view=${rest ?? 'now'} />` : html`<${Lot} key=${what} id=${what} />`;
}

export default function ParkingPage() {
  const [, what = '', id, rest] = route.value.parts;
  const here = TABS.some(([path]) => path === what) ? what : '';
  return html`<div class="page parking">
    ${id !== 'operate' && html`<header class="page-head"><h1>Parking</h1><nav class="ways" aria-label="Parking">${TABS.map(([path, name]) => html`
      <a key=${path} href=${`/ui/parking${path && `/${path}`}`} aria-current=${here === path ? 'page' : undefined}>${name}</a>`)}</nav></header>`}
    <${Page} what=${what} id=${id} rest=${rest} />
  </div>`;
}
