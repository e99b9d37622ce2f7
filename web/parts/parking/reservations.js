// One's own reservations: those to come first, then what was.
import { html, useEffect } from '../../lib/html.js';
import { title } from '../../lib/router.js';
import { parking, STATES } from '../../lib/parking.js';
import { money } from '../../lib/money.js';
import { inZone, own } from '../../lib/zones.js';
import { Empty, Trouble, Waiting } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { Plate } from './plates.js';

const LIVE = new Set(['PENDING', 'RESERVED']);
const DAY = { weekday: 'short', day: 'numeric', month: 'short' };
const CLOCK = { hour: 'numeric', minute: '2-digit' };

/** An interval as one reads it: the day once where both ends are on it. */
export function interval(start, end, zone = own) {
  const same = inZone(start, zone, DAY) === inZone(end, zone, DAY);
  return `${inZone(start, zone, { ...DAY, ...CLOCK })} – ${inZone(end, zone, same ? CLOCK : { ...DAY, ...CLOCK })}`;
}

export function State({ status }) {
  const [words, mood] = STATES[status] ?? [status, ''];
  return html`<span class=${`tag ${mood}`}>${words}</span>`;
}

function One({ one, names }) {
  return html`<li><a class="reservation" href=${`/ui/parking/reservations/${one.reservation_id}`}>
    <span class="reservation-when"><strong>${interval(one.start, one.end)}</strong><small dir="auto">${names.get(one.lot_id) ?? 'Car park'}</small></span>
    ${one.plate && html`<${Plate} plate=${one.plate} />`}<b class="amount">${money(one.price, one.currency)}</b><${State} status=${one.status} /><${Icon} name="next" size=${18} /></a></li>`;
}

export function Reservations() {
  useEffect(() => title('Reservations', 'Parking'), []);
  const { data, problem, again } = useRead(async () => {
    const [page, lots] = await Promise.all([parking.reservations(), parking.lots()]);
    return { items: page.items, names: new Map(lots.map((lot) => [lot.lot_id, lot.name])) };
  }, [], 10);
  if (problem && !data) return html`<div class="page-scroll"><${Trouble} what="Your reservations could not be read." problem=${problem} again=${again} /></div>`;
  if (!data) return html`<${Waiting} label="Loading reservations" />`;
  const [live, past] = [data.items.filter((one) => LIVE.has(one.status)), data.items.filter((one) => !LIVE.has(one.status))];
  live.sort((a, b) => Date.parse(a.start) - Date.parse(b.start));
  if (!data.items.length) return html`<${Empty} icon="parking" title="No reservations yet"><p>Find a car park, see what your time costs, and hold a space.</p><a class="button primary" href="/ui/parking">Find a car park</a></${Empty}>`;
  const section = (name, all) => all.length > 0 && html`<section><h2>${name}</h2><ul class="reservations">${all.map((one) => html`<${One} key=${one.reservation_id} one=${one} names=${data.names} />`)}</ul></section>`;
  return html`<div class="page-scroll narrow-page" tabindex="0" role="group" aria-label="Reservations">${problem && html`<${Trouble} what="This is no longer fresh." problem=${problem} again=${again} />`}${section('To come', live)}${section('Before', past)}</div>`;
}
