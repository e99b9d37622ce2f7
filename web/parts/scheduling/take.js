// Picking a time that cannot be held while the form is filled: with a team, or with a link that is good once.
import { html, useState } from '../../lib/html.js';
import { route } from '../../lib/router.js';
import { Form } from '../bits.js';
import { Icon } from '../icons.js';
import { Picker, zoneOf } from './picker.js';
import { About, GuestFields, When, guestOf } from './public.js';

/** `slots(query)` as the picker has it; `book(body)` books and goes on. */
export function Take({ host, offer, slots, book, explained, children }) {
  const [start, setStart] = useState(null);
  const asked = Number(route.value.query.minutes);
  const minutes = offer.durations.includes(asked) ? asked : offer.durations[0];
  const zone = zoneOf();
  const send = (form) => book({ event_type: offer.slug, start, minutes, zone, ...guestOf(form, offer) });
  return html`<div class="book-card"><${About} host=${host} offer=${offer} minutes=${start ? null : minutes}>${children}</${About}>
    <div class="book-main">${start ? html`<section class="details" aria-label="Your details"><header><button type="button" class="quiet round" aria-label="Back to the times" onClick=${() => setStart(null)}><${Icon} name="back" /></button><${When} start=${start} minutes=${minutes} zone=${zone} /></header>
        <${Form} class="stack" label=${offer.confirmation ? 'Ask for this time' : 'Book this time'} send=${send}><${GuestFields} offer=${offer} /></${Form}></section>`
      : html`<h2 class="pick-title">Pick a time</h2><${Picker} calendar=${host.calendar_id} slug=${offer.slug} slots=${slots} minutes=${minutes} pick=${setStart} explained=${explained} />`}</div></div>`;
}
