// One car park: what is free there at one's time, what that costs to the cent, and a space held.
import { html, useEffect, useState } from '../../lib/html.js';
import { go, title } from '../../lib/router.js';
import { parking, POOLS, VEHICLES } from '../../lib/parking.js';
import { count, number } from '../../lib/format.js';
import { zoneName, inZone, own, offset } from '../../lib/zones.js';
import { Form, Time, Trouble, Waiting } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { later } from '../later.js';
import { PlateFields, plateBody } from './plates.js';
import { Price } from './price.js';
import { Terms } from './terms.js';
import { WishForm, asQuery, wishOf, wrong } from './wish.js';

const Where = later(() => import('./guide.js').then((module) => module.Where));
const DAYS = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2024, 0, 1 + day)));
const clockOf = (minutes, zone) => inZone(Date.UTC(2024, 0, 1, 0, minutes % 1440), zone, { hour: 'numeric', minute: '2-digit' });

/** Opening hours, days with the same ones together; none: always open. */
function hoursOf(hours) {
  if (!hours.length) return ['Open day and night'];
  return DAYS.map((day, at) => {
    const mine = hours.filter((one) => one.day === at);
    const name = inZone(day, 'UTC', { weekday: 'short' });
    return `${name} ${mine.length ? mine.map((one) => (one.end - one.start >= 1440 ? 'all day' : `${clockOf(one.start, 'UTC')}–${clockOf(one.end, 'UTC')}`)).join(', ') : 'closed'}`;
  });
}

function Facts({ lot, found }) {
  const elsewhere = offset(Date.now(), lot.zone) !== offset(Date.now(), own);
  return html`<section class="lot-facts" aria-label="About this car park">
    <h2>Free at your time</h2>
    <ul class="pools">${Object.entries(found?.pools ?? lot.spaces.reduce((all, one) => ({ ...all, [one.pool]: 0 }), {})).map(([pool, free]) => html`
      <li key=${pool} class=${free ? '' : 'none'}><span>${POOLS[pool] ?? pool.replace('space:', 'Space ')}</span><b>${number(free)}<small> of ${number(found?.capacity[pool] ?? 0)}</small></b>
        <meter min="0" max=${found?.capacity[pool] || 1} value=${free} aria-label=${`${POOLS[pool] ?? pool}: ${free} free`}></meter></li>`)}</ul>
    ${found && html`<p class="muted seen">As of <${Time} at=${found.observed_at} shape="whole" />, the last thing that happened here.</p>`}
    <${Where} lot=${lot} />
    <h2>Hours</h2><ul class="hours">${hoursOf(lot.hours).map((line) => html`<li key=${line}>${line}</li>`)}</ul>
    ${elsewhere && html`<p class="muted">Its clock shows ${zoneName(lot.zone)}; the times you choose are yours.</p>`}
    <h2>Terms</h2><${Terms} terms=${lot.terms} currency=${lot.tariff.currency} />
  </section>`;
}

function Star({ lot }) {
  const { data, again } = useRead(parking.favourites, [lot.lot_id]);
  const on = data?.includes(lot.lot_id) ?? false;
  return html`<button type="button" class=${`quiet round star ${on ? 'on' : ''}`} aria-pressed=${on} aria-label="Favourite" title=${on ? 'One of your favourites' : 'Add to your favourites'} disabled=${!data}
    onClick=${() => parking.favourite(lot.lot_id, !on).then(again)}><${Icon} name="star" size=${21} /></button>`;
}

function Booking({ lot, wish, quote, problem }) {
  const vehicles = useRead(parking.vehicles, []);
  const no = wrong(wish);
  const hold = async (form) => {
    const { data } = await parking.hold(lot.lot_id, { ...wish, plate: plateBody(form), price: quote.price.gross });
    go(`/ui/parking/reservations/${data.reservation_id}`);
  };
  if (no) return html`<p class="form-problem" role="alert"><${Icon} name="alert" size=${18} /> ${no}</p>`;
  if (problem) return html`<p class="form-problem" role="alert"><${Icon} name="alert" size=${18} /> ${problem.message}</p>`;
  if (!quote) return html`<${Waiting} rows=${2} label="Asking for the price" />`;
  const full = quote.available === 0;
  return html`<div class="offer-quote">
    <${Price} price=${quote.price} />
    ${full ? html`<p class="full-note" role="status"><${Icon} name="alert" size=${18} /> Nothing is left for ${VEHICLES[wish.vehicle].toLowerCase()} at that time. Choose another time or <a href=${`/ui/parking?${asQuery(wish)}`}>another car park</a>.</p>`
      : html`<${Form} class="stack" label=${`Hold a space for ${count(Math.round(quote.hold_minutes), 'minute')}`} send=${hold}>
        <${PlateFields} known=${vehicles.data ?? []} vehicle=${wish.vehicle} key=${vehicles.data ? 'known' : 'asking'} /></${Form}>
      <p class="muted small">${count(quote.available, 'space')} left for it. Holding costs nothing; you confirm on the next page.</p>`}
  </div>`;
}

export function Lot({ id }) {
  const wish = wishOf();
  const about = useRead(() => parking.lot(id), [id]);
  const { data: found, problem: blind } = useRead(() => (wrong(wish) ? Promise.resolve(null) : parking.availability(id, { timestamp: wish.start, end: wish.end })), [id, asQuery(wish)], 5);
  const offered = useRead(() => (wrong(wish) ? Promise.resolve(null) : parking.quote(id, wish)), [id, asQuery(wish)], 5);
  const lot = about.data;
  const [shown, setShown] = useState(null); // the last quote that belongs to this wish
  useEffect(() => setShown(null), [asQuery(wish)]);
  useEffect(() => { if (offered.data && Date.parse(offered.data.start) === Date.parse(wish.start) && Date.parse(offered.data.end) === Date.parse(wish.end)) setShown(offered.data); }, [offered.data]);
  useEffect(() => title(lot?.name, 'Parking'), [lot?.name]);
  if (about.problem && !lot) {
    return html`<div class="page-scroll"><${Trouble} what=${about.problem.status === 404 ? 'There is no such car park.' : 'The car park could not be read.'} problem=${about.problem.status === 404 ? null : about.problem} again=${about.again}><p><a href="/ui/parking">All car parks</a></p></${Trouble}></div>`;
  }
  if (!lot) return html`<${Waiting} label="Loading the car park" />`;
  return html`<div class="page-scroll lot">
    <header class="lot-head"><a class="round quiet back" href=${`/ui/parking?${asQuery(wish)}`} aria-label="Back to all car parks"><${Icon} name="back" /></a>
      <div><h2 dir="auto">${lot.name}</h2><p class="muted" dir="auto">${lot.address} · ${count(lot.total_spaces, 'space')}</p></div>
      <${Star} lot=${lot} />${lot.role && html`<a class="button" href=${`/ui/parking/${id}/operate`}><${Icon} name="status" size=${18} /> Operate</a>`}</header>
    <div class="lot-columns">
      <section class="card booking" aria-label="Reserve"><${WishForm} wish=${wish} zone=${lot.zone} /><${Booking} lot=${lot} wish=${wish} quote=${shown} problem=${shown ? null : offered.problem} /></section>
      <div>${blind && html`<${Trouble} what="What is free could not be read." problem=${blind} />`}<${Facts} lot=${lot} found=${found} /></div>
    </div></div>`;
}
