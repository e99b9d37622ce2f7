// The public page of a host: what can be booked, when, and what became of it. No sign-in is needed; it may be embedded.
import { html, signal, useEffect, useState } from '../../lib/html.js';
import { go, query, route, title } from '../../lib/router.js';
import { me, session } from '../../lib/session.js';
import { tell, tellProblem } from '../../lib/store.js';
import { scheduling, PLACES, length } from '../../lib/scheduling.js';
import { money } from '../../lib/money.js';
import { inZone, zoneName } from '../../lib/zones.js';
import { Empty, Face, Field, Form, Trouble, Waiting } from '../bits.js';
import { Dialog } from '../overlay.js';
import { Icon, Mark } from '../icons.js';
import { later } from '../later.js';
import { useRead } from '../read.js';
import { Countdown, useSecondsTo } from '../countdown.js';
import { CLOCK, Picker, zoneOf } from './picker.js';

const Strip = later(() => import('../strip.js').then((module) => module.Strip));
const DAY = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' };
const hold = signal(null); // the time that is kept while the form is filled: {booking_id, key, until, start, minutes, whole}

const keyOf = () => decodeURIComponent(location.hash.slice(1)) || undefined;
const bookingPath = (calendar, slug, id, key, rest = '') => `/ui/book/${calendar}/${slug}/${id}${rest}${key ? `#${encodeURIComponent(key)}` : ''}`;

function When({ start, minutes, zone }) {
  const end = new Date(Date.parse(start) + minutes * 60_000).toISOString();
  return html`<p class="booked-when"><strong>${inZone(start, zone, DAY)}</strong><span>${inZone(start, zone, CLOCK)} – ${inZone(end, zone, CLOCK)} <small>${zoneName(zone, start)}, ${zone.replaceAll('_', ' ')}</small></span></p>`;
}

function Place({ kind, text }) {
  const [words, icon] = PLACES[kind] ?? PLACES.elsewhere;
  const address = /^https:\/\//.test(text ?? '') ? html`<a href=${text} target="_blank" rel="noreferrer noopener">${text}</a>` : text;
  return html`<p class="fact"><${Icon} name=${icon} size=${19} /><span dir="auto">${address || words}</span></p>`;
}

function About({ host, offer, minutes, children }) {
  return html`<aside class="about"><div class="line"><${Face} id=${host.calendar_id} name=${host.name} /><span><small>${host.kind === 'resource' ? 'Room' : 'With'}</small><b dir="auto">${host.name}</b></span></div>
    <h1 dir="auto">${offer.title}</h1>
    ${offer.durations.length > 1 && minutes !== null ? html`<div class="durations" role="group" aria-label="How long">${offer.durations.map((one) => html`<button key=${one} type="button" aria-pressed=${one === minutes} onClick=${() => query({ minutes: String(one), day: '' })}>${length(one)}</button>`)}</div>`
      : html`<p class="fact"><${Icon} name="clock" size=${19} /><span>${length(minutes ?? offer.durations[0])}</span></p>`}
    <${Place} ...${offer.location} />
    ${offer.price > 0 && html`<p class="fact"><${Icon} name="card" size=${19} /><span>${money(offer.price, offer.currency)}</span></p>`}
    ${offer.confirmation && html`<p class="fact"><${Icon} name="check" size=${19} /><span>The host says yes or no to each request.</span></p>`}
    ${offer.description && html`<p class="description" dir="auto">${offer.description}</p>`}${children}</aside>`;
}

const emails = (text) => (text ?? '').split(/[\s,;]+/).filter(Boolean);

function Details({ host, offer }) {
  const zone = zoneOf();
  const held = hold.value;
  const seconds = useSecondsTo(held.until);
  const back = () => { scheduling.release(host.calendar_id, held).catch(() => {}); hold.value = null; };
  const send = async (form) => {
    const answers = Object.fromEntries(offer.questions.map((one) => [one.name, form.get(`answer ${one.name}`)?.trim() ?? '']).filter(([, text]) => text));
    const { data } = await scheduling.book(host.calendar_id, {
      event_type: offer.slug, start: held.start, minutes: held.minutes, zone, name: form.get('name').trim(), email: form.get('email').trim(),
      answers, guests: emails(form.get('guests')), ...(seconds ? { booking_id: held.booking_id, key: held.key } : {}),
    });
    hold.value = null;
    go(bookingPath(host.calendar_id, offer.slug, data.booking_id, data.key));
  };
  return html`<section class="details" aria-label="Your details">
    <header><button type="button" class="quiet round" aria-label="Back to the times" onClick=${back}><${Icon} name="back" /></button><${When} start=${held.start} minutes=${held.minutes} zone=${zone} />
      ${seconds > 0 && html`<${Countdown} until=${held.until} whole=${held.whole} />`}</header>
    <p class="muted small" role="status">${seconds ? 'This time is kept for you until the clock runs out.' : 'This time is no longer kept for you. It is yours if nobody else takes it first.'}</p>
    <${Form} class="stack" label=${offer.confirmation ? 'Ask for this time' : 'Book this time'} send=${send}>
      <div class="two-fields"><${Field} label="Your name" name="name" autocomplete="name" required maxlength="100" defaultValue=${session.value?.name ?? ''} />
        <${Field} label="E-mail" name="email" type="email" autocomplete="email" required maxlength="254" /></div>
      ${offer.questions.map((one) => (one.choices.length
        ? html`<label key=${one.name} class="field"><span dir="auto">${one.text}${!one.required && html` <small>may be left out</small>`}</span><select name=${`answer ${one.name}`} required=${one.required}><option value="">Choose…</option>${one.choices.map((choice) => html`<option key=${choice}>${choice}</option>`)}</select></label>`
        : html`<label key=${one.name} class="field"><span dir="auto">${one.text}${!one.required && html` <small>may be left out</small>`}</span><textarea name=${`answer ${one.name}`} rows="2" required=${one.required} maxlength="1000" dir="auto"></textarea></label>`))}
      <${Field} label="Who else comes" name="guests" hint="Their e-mail addresses, if anybody." />
    </${Form}></section>`;
}

/** Times to choose from; choosing one holds it. With `moving` an existing booking is moved there instead. */
function Offer({ host, offer, moving }) {
  const [busy, setBusy] = useState(false);
  const [target, setTarget] = useState(null);
  const asked = Number(route.value.query.minutes);
  const minutes = moving ? moving.minutes : offer.durations.includes(asked) ? asked : offer.durations[0];
  const zone = zoneOf();
  useEffect(() => title(moving ? 'Move' : null, offer.title, host.name), [offer.title]);
  useEffect(() => () => { hold.value = null; }, []);
  const pick = async (start) => {
    if (moving) { setTarget(start); return; }
    setBusy(true);
    try {
      const { data } = await scheduling.hold(host.calendar_id, { event_type: offer.slug, start, minutes });
      hold.value = { ...data, start, minutes, whole: (Date.parse(data.until) - Date.now()) / 1000 };
    } catch (problem) { tellProblem('This time cannot be had.', problem); }
    setBusy(false);
  };
  const move = async (form) => {
    await scheduling.move(moving, { start: target, minutes, zone, reason: form.get('reason').trim() }, keyOf());
    tell('Moved.');
    go(bookingPath(host.calendar_id, offer.slug, moving.booking_id, keyOf()));
  };
  return html`<div class="book-card">
    <${About} host=${host} offer=${offer} minutes=${hold.value || moving ? null : minutes}>${moving && html`<div class="from"><small>Now</small><${When} start=${moving.start} minutes=${moving.minutes} zone=${zone} /></div>`}</${About}>
    <div class="book-main">${hold.value && !moving ? html`<${Details} host=${host} offer=${offer} />`
      : html`<h2 class="pick-title">${moving ? 'Pick another time' : 'Pick a time'}</h2><${Picker} calendar=${host.calendar_id} slug=${offer.slug} slots=${(asking) => scheduling.slots(host.calendar_id, { event_type: offer.slug, ...asking })} minutes=${minutes} ownId=${moving?.booking_id} pick=${pick} busy=${busy} />`}</div>
    ${target && html`<${Dialog} title="Move it here?" close=${() => setTarget(null)}><${When} start=${target} minutes=${minutes} zone=${zone} /><${Form} label="Move it" send=${move}><${Field} label="Why" name="reason" hint="The host sees it; it may be left out." maxlength="300" /></${Form}></${Dialog}>`}
  </div>`;
}

const STATES = { confirmed: ['It is booked', 'good', 'check'], pending: ['Asked for', 'busy', 'clock'], cancelled: ['Cancelled', '', 'close'], declined: ['The host said no', 'bad', 'close'] };

function Booking({ id, host, offer }) {
  const key = keyOf();
  const zone = zoneOf();
  const [cancelling, setCancelling] = useState(false);
  const { data: one, problem, again } = useRead(() => scheduling.booking(id, key), [id, key], 15);
  useEffect(() => title(one?.title ?? 'Booking', host?.name), [one?.title]);
  if (problem && !one) return html`<div class="book-card single"><${Trouble} what=${problem.status === 404 ? 'There is no such booking, or this is not its whole link.' : 'The booking could not be read.'} problem=${problem.status === 404 ? null : problem} again=${again} /></div>`;
  if (!one) return html`<div class="book-card single"><${Waiting} rows=${4} /></div>`;
  const [words, mood, icon] = STATES[one.status] ?? [one.status, '', 'info'];
  const live = one.status === 'confirmed' || one.status === 'pending';
  const cancel = async (form) => { await scheduling.cancel(one, form.get('reason').trim(), key); setCancelling(false); again(); };
  const invite = async () => { try { Object.assign(document.createElement('a'), { href: await scheduling.invitation(id, key), download: 'booking.ics' }).click(); } catch (error) { tellProblem('The entry could not be made.', error); } };
  return html`<div class="book-card single"><section class="booked">
    <span class=${`booked-mark ${mood}`}><${Icon} name=${icon} size=${30} /></span><h1>${words}</h1>
    ${one.status === 'pending' && html`<p class="muted">The time is kept. The host says yes or no; this page shows it.</p>`}
    ${one.reason && html`<p class="muted" dir="auto">“${one.reason}”</p>`}
    <div class="booked-what"><h2 dir="auto">${one.title}</h2>${host && html`<p class="muted">with <span dir="auto">${host.name}</span></p>`}<${When} start=${one.start} minutes=${one.minutes} zone=${zone} />
      <${Place} ...${one.location} />${one.guests.length > 0 && html`<p class="fact"><${Icon} name="group" size=${19} /><span>${one.guests.join(', ')}</span></p>`}</div>
    ${live && html`<div class="booked-acts"><button type="button" onClick=${invite}><${Icon} name="import" size=${19} /> Into my calendar</button>
      ${offer && html`<button type="button" onClick=${() => go(bookingPath(one.calendar_id, one.event_type, id, key, '/move'))}><${Icon} name="clock" size=${19} /> Reschedule</button>`}<button type="button" class="danger" onClick=${() => setCancelling(true)}>Cancel</button></div>
      ${key && html`<p class="muted small">Keep the address of this page: whoever has it can move or cancel the booking.</p>`}`}
    ${!live && offer && html`<a class="button primary" href=${`/ui/book/${one.calendar_id}/${one.event_type}`}>Book another time</a>`}
    ${cancelling && html`<${Dialog} title="Cancel the booking?" close=${() => setCancelling(false)}><${Form} label="Cancel the booking" send=${cancel}><${Field} label="Why" name="reason" hint="The host sees it; it may be left out." maxlength="300" /></${Form}></${Dialog}>`}
  </section></div>`;
}

function Moving({ id, host, offer }) {
  const { data, problem, again } = useRead(() => scheduling.booking(id, keyOf()), [id]);
  if (problem) return html`<div class="book-card single"><${Trouble} what="The booking could not be read." problem=${problem} again=${again} /></div>`;
  return data ? html`<${Offer} host=${host} offer=${offer} moving=${data} />` : html`<div class="book-card single"><${Waiting} rows=${4} /></div>`;
}

function Offers({ host }) {
  useEffect(() => title('Book a time', host.name), [host.name]);
  return html`<div class="book-card single"><section class="offers-of"><${Face} id=${host.calendar_id} name=${host.name} size="large" /><h1 dir="auto">${host.name}</h1>
    ${host.event_types.length ? html`<ul class="types">${host.event_types.map((one) => html`<li key=${one.slug}><a href=${`/ui/book/${host.calendar_id}/${one.slug}`}><i style=${{ background: one.colour }}></i><span><b dir="auto">${one.title}</b><small>${one.durations.map(length).join(' · ')}</small></span><${Icon} name="next" size=${18} /></a></li>`)}</ul>`
      : html`<${Empty} icon="scheduling" title="Nothing can be booked yet"><p>Come back later, or ask ${host.name}.</p></${Empty}>`}</section></div>`;
}

function Inside() {
  const [, calendar, slug, id, doing] = route.value.parts;
  const { data, problem, again } = useRead(async () => {
    const [found, one] = await Promise.all([scheduling.calendar(calendar), slug ? scheduling.eventType(calendar, slug).catch((error) => { if (error.status !== 404) throw error; return null; }) : null]);
    return { host: found, offer: one, of: `${calendar} ${slug}` };
  }, [calendar, slug]);
  const { host, offer } = data?.of === `${calendar} ${slug}` ? data : {};
  if (id && doing !== 'move' && (host || problem)) return html`<${Booking} key=${id} id=${id} host=${host} offer=${offer} />`;
  if (problem) return html`<div class="book-card single"><${Trouble} what=${problem.status === 404 ? 'Nobody can be booked at this address.' : 'This page could not be read.'} problem=${problem.status === 404 ? null : problem} again=${again} /></div>`;
  if (!host) return html`<div class="book-card single"><${Waiting} rows=${5} /></div>`;
  if (!slug) return html`<${Offers} host=${host} />`;
  if (!offer) return html`<div class="book-card single"><${Empty} icon="scheduling" title="This cannot be booked here"><a class="button" href=${`/ui/book/${calendar}`}>What can be booked with ${host.name}</a></${Empty}></div>`;
  return id ? html`<${Moving} key=${id} id=${id} host=${host} offer=${offer} />` : html`<${Offer} key=${slug} host=${host} offer=${offer} />`;
}

export function BookPage() {
  return html`<div class="book" data-system="scheduling"><main id="main" tabindex="-1"><${Inside} /></main>
    <footer class="book-foot"><a href="/ui/scheduling" target=${window.top === window ? undefined : '_blank'}><${Mark} size=${18} /> Septet</a></footer>${me.value && html`<${Strip} />`}</div>`;
}
