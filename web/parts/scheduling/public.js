// What all public pages are made of: who and what it is about, when, where, and the fields that a guest fills.
import { html } from '../../lib/html.js';
import { query } from '../../lib/router.js';
import { session } from '../../lib/session.js';
import { PLACES, length } from '../../lib/scheduling.js';
import { money } from '../../lib/money.js';
import { inZone, zoneName } from '../../lib/zones.js';
import { Empty, Face, Field, Trouble, Waiting } from '../bits.js';
import { Icon } from '../icons.js';
import { CLOCK } from './picker.js';

const DAY = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' };

/** The secret of what a page is about: the fragment of its address, which no server is told. */
export const keyOf = () => decodeURIComponent(location.hash.slice(1)) || undefined;
export const bookingPath = (calendar, slug, id, key, rest = '') => `/ui/book/${calendar}/${slug}/${id}${rest}${key ? `#${encodeURIComponent(key)}` : ''}`;

export function When({ start, minutes, zone }) {
  const end = new Date(Date.parse(start) + minutes * 60_000).toISOString();
  return html`<p class="booked-when"><strong>${inZone(start, zone, DAY)}</strong><span>${inZone(start, zone, CLOCK)} – ${inZone(end, zone, CLOCK)} <small>${zoneName(zone, start)}, ${zone.replaceAll('_', ' ')}</small></span></p>`;
}

export function Place({ kind, text }) {
  const [words, icon] = PLACES[kind] ?? PLACES.elsewhere;
  const address = /^https:\/\//.test(text ?? '') ? html`<a href=${text} target="_blank" rel="noreferrer noopener">${text}</a>` : text;
  return html`<p class="fact"><${Icon} name=${icon} size=${19} /><span dir="auto">${address || words}</span></p>`;
}

/** `host`: {calendar_id, name, kind}, of a person, a room or a team. */
export function About({ host, offer, minutes, children }) {
  return html`<aside class="about"><div class="line"><${Face} id=${host.calendar_id} name=${host.name} kind=${host.kind === 'team' ? 'group' : 'direct'} /><span><small>${host.kind === 'resource' ? 'Room' : 'With'}</small><b dir="auto">${host.name}</b></span></div>
    <h1 dir="auto">${offer.title}</h1>
    ${offer.durations.length > 1 && minutes !== null ? html`<div class="durations" role="group" aria-label="How long">${offer.durations.map((one) => html`<button key=${one} type="button" aria-pressed=${one === minutes} onClick=${() => query({ minutes: String(one), day: '' })}>${length(one)}</button>`)}</div>`
      : html`<p class="fact"><${Icon} name="clock" size=${19} /><span>${length(minutes ?? offer.durations[0])}</span></p>`}
    <${Place} ...${offer.location} />
    ${offer.price > 0 && html`<p class="fact"><${Icon} name="card" size=${19} /><span>${money(offer.price, offer.currency)}</span></p>`}
    ${offer.confirmation && html`<p class="fact"><${Icon} name="check" size=${19} /><span>The host says yes or no to each request.</span></p>`}
    ${offer.description && html`<p class="description" dir="auto">${offer.description}</p>`}${children}</aside>`;
}

export function Questions({ questions }) {
  const asked = (one) => html`<span dir="auto">${one.text}${!one.required && html` <small>may be left out</small>`}</span>`;
  return questions.map((one) => (one.choices.length
    ? html`<label key=${one.name} class="field">${asked(one)}<select name=${`answer ${one.name}`} required=${one.required}><option value="">Choose…</option>${one.choices.map((choice) => html`<option key=${choice}>${choice}</option>`)}</select></label>`
    : html`<label key=${one.name} class="field">${asked(one)}<textarea name=${`answer ${one.name}`} rows="2" required=${one.required} maxlength="1000" dir="auto"></textarea></label>`));
}
export const answersOf = (form, questions) => Object.fromEntries(questions.map((one) => [one.name, form.get(`answer ${one.name}`)?.trim() ?? '']).filter(([, text]) => text));

export const NameFields = () => html`<div class="two-fields"><${Field} label="Your name" name="name" autocomplete="name" required maxlength="100" defaultValue=${session.value?.name ?? ''} />
  <${Field} label="E-mail" name="email" type="email" autocomplete="email" required maxlength="254" /></div>`;
export const nameOf = (form) => ({ name: form.get('name').trim(), email: form.get('email').trim() });

export const GuestFields = ({ offer }) => html`<${NameFields} /><${Questions} questions=${offer.questions} /><${Field} label="Who else comes" name="guests" hint="Their e-mail addresses, if anybody." />`;
/** Who comes, as the server takes it. */
export const guestOf = (form, offer) => ({ ...nameOf(form), answers: answersOf(form, offer.questions), guests: form.get('guests').split(/[\s,;]+/).filter(Boolean) });

export const Single = ({ children }) => html`<div class="book-card single">${children}</div>`;
/** While a page is read, and where it cannot be: `missing` says what 404 means there. */
export function Unread({ problem, again, missing }) {
  if (!problem) return html`<${Single}><${Waiting} rows=${5} /></${Single}>`;
  return html`<${Single}>${problem.status === 404 ? html`<${Empty} icon="scheduling" title=${missing} />` : html`<${Trouble} what="This page could not be read." problem=${problem} again=${again} />`}</${Single}>`;
}
