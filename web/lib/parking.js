// Car parks over HTTP, in the words of the pages.
import { getPage, request, fileUrl } from './net.js';
import { facing } from './facing.js';

const { act, read } = facing();
const at = (lot, rest = '') => `/parking/${lot}${rest}`;

export const parking = {
  feed: (query) => read('/parking/feed', query),
  lots: () => read('/parking/lots'),
  lot: (id) => read(at(id)),
  availability: (id, query) => read(at(id, '/availability'), query),
  // Asking what it would cost commands nothing: it is no entry of what just happened.
  quote: async (id, wish) => (await request('POST', at(id, '/quotes'), { body: wish })).data,
  hold: (id, wish) => act('Hold a space', 'POST', at(id, '/reservations'), { body: wish }),
  confirm: (one) => act('Reserve the space', 'POST', at(one.lot_id, `/reservations/${one.reservation_id}/confirmation`)),
  change: (one, interval) => act('Change a reservation', 'PATCH', at(one.lot_id, `/reservations/${one.reservation_id}`), { body: interval }),
  cancel: (one) => act('Cancel a reservation', 'DELETE', at(one.lot_id, `/reservations/${one.reservation_id}`)),
  reservations: async (next) => (next ? getPage(next) : { items: await read('/parking/reservations', { limit: 50 }), next: null }),
  reservation: (id) => read(`/parking/reservations/${id}`),
  ticket: (id) => read(`/parking/tickets/${id}`),
  pay: (lot, body) => act('Pay', 'POST', `/parking/payment/${lot}`, { body }),
  invoices: () => read('/parking/invoices'),
  paper: (id) => fileUrl(`/parking/invoice/${id}/pdf`),
  vehicles: () => read('/parking/vehicles'),
  addVehicle: (body) => act('Keep a vehicle', 'POST', '/parking/vehicles', { body }),
  removeVehicle: (plate) => act('Remove a vehicle', 'DELETE', `/parking/vehicles/${encodeURIComponent(plate)}`),
  favourite: (lot, on) => act(on ? 'Add a favourite' : 'Remove a favourite', on ? 'PUT' : 'DELETE', `/parking/favourites/${lot}`),
  favourites: () => read('/parking/favourites'),
  zones: (lot) => read(at(lot, '/zones')),
  plan: (lot) => read(at(lot, '/plan')).catch((problem) => { if (problem.status === 404) return null; throw problem; }),
  suggest: (one, body) => act('Ask for a space', 'POST', at(one.lot_id, `/reservations/${one.reservation_id}/suggestion`), { body }),
  picture: (lot, query) => fileUrl(`${at(lot, '/map.svg')}?${new URLSearchParams(query)}`),

  observe: (lot, body) => act('Read a plate', 'POST', at(lot, '/observations'), { body }),
  observations: (lot, day) => read(at(lot, '/observations'), { day, limit: 200 }),
  watched: (lot) => read(at(lot, '/watched')),
  watch: (lot, body) => act('Watch a plate', 'POST', at(lot, '/watched'), { body }),
  unwatch: (lot, plate) => act('Watch a plate no more', 'DELETE', at(lot, `/watched/${encodeURIComponent(plate)}`)),
  incidents: (lot) => read(at(lot, '/incidents')),
  report: (lot, body) => act('Report an incident', 'POST', at(lot, '/incidents'), { body }),
  closeIncident: (lot, id, note) => act('Close an incident', 'POST', at(lot, `/incidents/${id}/closure`), { body: { note } }),

  open: (body) => act('Open a car park', 'POST', '/parking/lots', { body }),
  layout: (lot, body) => act('Lay out the spaces', 'PUT', at(lot, '/layout'), { body }),
  tariff: (lot, body) => act('Publish prices', 'PUT', at(lot, '/tariff'), { body }),
  spaces: (lot) => read(at(lot, '/spaces')),
  inside: (lot) => read(at(lot, '/inside')),
  diary: (lot, day) => read(at(lot, '/diary'), { day, limit: 500 }),
  matches: (lot, query) => read(at(lot, '/matches'), query),
  occupancy: (lot, query) => read(at(lot, '/occupancy'), query),
  forecast: (lot, day) => read(at(lot, '/forecast'), { day }),
  revenue: (lot) => read(at(lot, '/revenue')),
  enter: (lot, body) => act('Let a vehicle in', 'POST', at(lot, '/gate/entry'), { body }),
  leave: (lot, body) => act('Let a vehicle out', 'POST', at(lot, '/gate/exit'), { body }),
  lose: (lot, ticket) => act('Declare a ticket lost', 'POST', at(lot, `/tickets/${ticket}/loss`)),
  correct: (lot, pool, body) => act('Correct a count', 'PUT', at(lot, `/counts/${pool}`), { body }),
  closeSpace: (lot, space, reason) => act('Close a space', 'PUT', at(lot, `/spaces/${encodeURIComponent(space)}/closure`), { body: { reason } }),
  reopenSpace: (lot, space) => act('Reopen a space', 'DELETE', at(lot, `/spaces/${encodeURIComponent(space)}/closure`)),
};

export const VEHICLES = { car: 'Car', ev: 'Electric car, charging', accessible: 'Car with a disability permit', motorcycle: 'Motorcycle', bicycle: 'Bicycle', other: 'Other' };
export const POOLS = { car: 'Cars', ev: 'Charging', accessible: 'Accessible', motorcycle: 'Motorcycles', bicycle: 'Bicycles', other: 'Other' };
/** [what a person reads, how good it is] of each state of a reservation. */
export const STATES = {
  PENDING: ['Held for you', 'busy'], RESERVED: ['Reserved', 'good'], FULFILLED: ['Used', 'good'],
  REJECTED: ['The hold is over', ''], CANCELED: ['Cancelled', ''], NO_SHOW: ['Not used', 'bad'],
};
/** "DE:BAN4711" as a plate is read: country apart. */
export const plateOf = (plate) => { const [country, number = ''] = String(plate).split(':'); return { country, number }; };

const QUARTER = 900_000;
/** What to look for where the address says nothing: two hours from the next quarter of an hour on. */
export function usualWish() {
  const start = Math.ceil((Date.now() + 60_000) / QUARTER) * QUARTER;
  return { vehicle: 'car', start: new Date(start).toISOString(), end: new Date(start + 8 * QUARTER).toISOString() };
}
