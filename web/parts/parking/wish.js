// What somebody wants: a vehicle and an interval. The address keeps it, so that it can be shared and gone back to.
import { html } from '../../lib/html.js';
import { query, route } from '../../lib/router.js';
import { VEHICLES, usualWish } from '../../lib/parking.js';
import { inZone, instantOf, offset, own, wallOf, zoneName } from '../../lib/zones.js';

const usual = usualWish();

/** The wish of the address, with the usual in place of what it leaves out. */
export function wishOf() {
  const { vehicle, start, end } = route.value.query;
  const valid = (text) => (Number.isNaN(Date.parse(text)) ? null : new Date(text).toISOString());
  return { vehicle: VEHICLES[vehicle] ? vehicle : usual.vehicle, start: valid(start) ?? usual.start, end: valid(end) ?? usual.end };
}
export const asQuery = (wish) => new URLSearchParams(wish).toString();
/** Why this cannot be asked for; null where it can. */
export const wrong = ({ start, end }) => (Date.parse(end) <= Date.parse(start) ? 'Choose an end that is after the start.' : null);

/** A native input of date and time in the viewer's zone, with the clock of the place under it where that shows another. */
export function Moment({ label, at, change, zone, min, ...rest }) {
  const elsewhere = zone && at && offset(at, zone) !== offset(at, own);
  return html`<label class="field moment"><span>${label}</span>
    <input type="datetime-local" step="300" value=${wallOf(at)} min=${min && wallOf(min)} onChange=${(event) => { const chosen = instantOf(event.target.value); if (chosen) change(chosen); }} ...${rest} />
    ${elsewhere && html`<small>There it is ${inZone(at, zone, { weekday: 'short', hour: 'numeric', minute: '2-digit' })} ${zoneName(zone, at)}</small>`}</label>`;
}

/** A change of the start takes the end along, as long as the stay was. */
export const moved = (wish, start) => ({ ...wish, start, end: new Date(Date.parse(start) + Math.max(900_000, Date.parse(wish.end) - Date.parse(wish.start))).toISOString() });

export function WishForm({ wish, zone, children }) {
  const change = (next) => query(next);
  return html`<form class="wish" onSubmit=${(event) => event.preventDefault()}>
    <label class="field"><span>Vehicle</span><select value=${wish.vehicle} onChange=${(event) => change({ ...wish, vehicle: event.target.value })}>
      ${Object.entries(VEHICLES).map(([name, label]) => html`<option key=${name} value=${name}>${label}</option>`)}</select></label>
    <${Moment} label="From" name="start" at=${wish.start} zone=${zone} change=${(start) => change(moved(wish, start))} />
    <${Moment} label="Until" name="end" at=${wish.end} zone=${zone} change=${(end) => change({ ...wish, end })} />
    ${children}
  </form>`;
}
