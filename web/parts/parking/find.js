// Car parks around a place, the best first, beside a map of them.
import { html, useEffect, useState } from '../../lib/html.js';
import { query, route, title } from '../../lib/router.js';
import { kept, tell } from '../../lib/store.js';
import { parking } from '../../lib/parking.js';
import { count, distance } from '../../lib/format.js';
import { money } from '../../lib/money.js';
import { Empty, Time, Trouble, Waiting } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { LotMap } from './lot-map.js';
import { WishForm, asQuery, wishOf, wrong } from './wish.js';

/** "52.51,13.33" as a place; null where it is none. */
function placeOf(text) {
  const [latitude, longitude] = String(text ?? '').split(',').map((part) => (part.trim() ? Number(part) : NaN));
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null;
}
const moodOf = (offer) => (offer.available_spaces === 0 ? 'full' : offer.available_spaces < 5 ? 'few' : 'free');

function Offer({ offer, wish, near, chosen, choose }) {
  const mood = moodOf(offer);
  return html`<li class=${`offer ${mood}`} onMouseEnter=${() => choose(offer.lot_id)} onMouseLeave=${() => choose(null)}>
    <a href=${`/ui/parking/${offer.lot_id}?${asQuery(wish)}`} aria-current=${chosen ? 'true' : undefined} onFocus=${() => choose(offer.lot_id)}>
      <span class="offer-free"><b>${offer.available_spaces || '–'}</b><small>${mood === 'full' ? 'full' : 'free'}</small></span>
      <span class="offer-what"><strong dir="auto">${offer.favourite && html`<${Icon} name="star" size=${16} /><span class="sr">Favourite: </span>`}${offer.name}</strong>
        <small dir="auto">${near ? `${distance(offer.metres)} · ` : ''}${offer.address}</small></span>
      <span class="offer-price"><b>${money(offer.price, offer.currency)}</b><small>as of <${Time} at=${offer.observed_at} shape="when" /></small></span>
    </a></li>`;
}

function Near({ near }) {
  const [busy, setBusy] = useState(false);
  const locate = () => {
    setBusy(true);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => { setBusy(false); query({ near: `${coords.latitude.toFixed(5)},${coords.longitude.toFixed(5)}` }); },
      () => { setBusy(false); tell('Your position is not known here. Click on the map, or type a latitude and a longitude.', { kind: 'error' }); },
    );
  };
  const typed = (event) => {
    const text = event.target.value.trim();
    if (text && !placeOf(text)) { tell('Give a latitude and a longitude, such as 52.51, 13.33.', { kind: 'error' }); return; }
    kept.write('parking.near', text);
    query({ near: text });
  };
  return html`<div class="field near"><label for="near">Near</label><div class="near-line">
    <input id="near" value=${near ?? ''} placeholder="anywhere" inputmode="text" autocomplete="off" onChange=${typed} />
    <button type="button" class="round" aria-label="Near my position" title="Near my position" disabled=${busy} onClick=${locate}><${Icon} name="here" size=${19} /></button></div></div>`;
}

export function Find() {
  const near = route.value.query.near ?? kept.read('parking.near', '');
  const place = placeOf(near);
  const wish = wishOf();
  const [chosen, choose] = useState(null);
  const no = wrong(wish);
  useEffect(() => title('Parking'), []);
  const { data, problem, again } = useRead(() => (no ? Promise.resolve([]) : parking.feed({ ...wish, latitude: place?.latitude ?? 0, longitude: place?.longitude ?? 0, limit: 100 })), [near, asQuery(wish)], 5);
  const work = useRead(parking.lots, []);
  const mine = (work.data ?? []).filter((lot) => lot.role);
  const pick = (latitude, longitude) => { const text = `${latitude.toFixed(5)},${longitude.toFixed(5)}`; kept.write('parking.near', text); query({ near: text }); };
  return html`<div class="parking-find">
    <${WishForm} wish=${wish}><${Near} near=${near} /></${WishForm}>
    ${no && html`<p class="form-problem pad" role="alert"><${Icon} name="alert" size=${18} /> ${no}</p>`}
    ${problem && html`<${Trouble} what=${data ? 'What is free is no longer fresh.' : 'The car parks could not be read.'} problem=${problem} again=${again} />`}
    <div class="find-columns">
      <div class="offers-pane">
        ${!data && !problem && html`<${Waiting} rows=${5} label="Loading car parks" />`}
        ${data && !no && (data.length ? html`<h2 class="sr">Car parks</h2><p class="offers-count muted" role="status">${count(data.length, 'car park')}${place ? ', the best for you first' : ''}</p><ol class="offers" aria-label="Car parks">${data.map((offer) => html`
          <${Offer} key=${offer.lot_id} offer=${offer} wish=${wish} near=${place} chosen=${chosen === offer.lot_id} choose=${choose} />`)}</ol>`
          : html`<${Empty} icon="parking" title="No car parks yet"><p>Open one, lay out its spaces and say what it costs: drivers find it here at once.</p><a class="button primary" href="/ui/parking/new">Open a car park</a></${Empty}>`)}
        ${data?.length > 0 && html`<section class="work"><h2>Your car parks</h2>${mine.length > 0 && html`<ul>${mine.map((lot) => html`<li key=${lot.lot_id}><a href=${`/ui/parking/${lot.lot_id}/operate`}><span dir="auto">${lot.name}</span><span class="tag">${lot.role}</span><${Icon} name="next" size=${18} /></a></li>`)}</ul>`}
          <a class="button quiet" href="/ui/parking/new"><${Icon} name="plus" size=${18} /> Open a car park</a></section>`}
      </div>
      ${data?.length > 0 && html`<${LotMap} offers=${data} place=${place} wish=${wish} chosen=${chosen} choose=${choose} pick=${pick} moodOf=${moodOf} />`}
    </div>
  </div>`;
}
