// The public page of a host: what can be booked, when, and what became of it. No sign-in is needed; it may be embedded.
import { html, signal, useEffect, useState } from '../../lib/html.js';
import { go, route, title } from '../../lib/router.js';
import { me } from '../../lib/session.js';
import { tell, tellProblem } from '../../lib/store.js';
import { scheduling, length } from '../../lib/scheduling.js';
import { count } from '../../lib/format.js';
import { inZone } from '../../lib/zones.js';
import { Empty, Face, Field, Form, Trouble, Waiting } from '../bits.js';
import { Dialog } from '../overlay.js';
import { Icon, Mark } from '../icons.js';
import { later } from '../later.js';
import { useRead } from '../read.js';
import { Countdown, useSecondsTo } from '../countdown.js';
import { CLOCK, Picker, zoneOf } from './picker.js';
import { About, GuestFields, Place, When, bookingPath, guestOf, keyOf } from './public.js';

const Strip = later(() => import('../strip.js').then((module) => module.Strip));
const hold = signal(null); // the time that is kept while the form is filled: {booking_id, key, until, start, minutes, whole}

function Repeating() {
  const [on, setOn] = useState('');
  return html`<div class="two-fields even"><label class="field"><span>Repeat it</span><select name="frequency" value=${on} onChange=${(event) => setOn(event.target.value)}><option value="">Once only</option><option value="daily">Every day</option><option value="weekly">Every week</option><option value="monthly">Every month</option></select></label>
    ${on && html`<${Field} label="How many times" name="count" type="number" min="2" max="100" defaultValue="4" required />`}</div>
    ${on && html`<label class="check"><input type="checkbox" name="leave_out" /><span>Leave out what is not free, and book the rest</span></label>`}`;
}

function Details({ host, offer }) {
  const zone = zoneOf();
  const held = hold.value;
  const seconds = useSecondsTo(held.until);
  const back = () => { scheduling.release(host.calendar_id, held).catch(() => {}); hold.value = null; };
  const bookSeries = async (form, wanted) => {
    // One's hold would stand in the way of the first meeting of one's series.
    if (seconds) await scheduling.release(host.calendar_id, held);
    hold.value = { ...held, until: new Date().toISOString() };
    return scheduling.bookSeries(host.calendar_id, { ...wanted, repeat: { frequency: form.get('frequency'), count: Number(form.get('count')) }, leave_out: form.has('leave_out') });
  };
  const send = async (form) => {
    const wanted = { event_type: offer.slug, start: held.start, minutes: held.minutes, zone, ...guestOf(form, offer) };
    if (form.get('frequency')) {
      const { data } = await bookSeries(form, wanted);
      if (data.left_out.length) tell(`${count(data.left_out.length, 'time')} could not be had and ${data.left_out.length === 1 ? 'is' : 'are'} left out.`);
      hold.value = null;
      go(bookingPath(host.calendar_id, offer.slug, data.bookings[0], data.key));
      return;
    }
    const { data } = await scheduling.book(host.calendar_id, { ...wanted, ...(seconds ? { booking_id: held.booking_id, key: held.key } : {}) });
    hold.value = null;
    go(bookingPath(host.calendar_id, offer.slug, data.booking_id, data.key));
  };
  return html`<section class="details" aria-label="Your details">
    <header><button type="button" class="quiet round" aria-label="Back to the times" onClick=${back}><${Icon} name="back" /></button><${When} start=${held.start} minutes=${held.minutes} zone=${zone} />
      ${seconds > 0 && html`<${Countdown} until=${held.until} whole=${held.whole} />`}</header>
    <p class="muted small" role="status">${seconds ? 'This time is kept for you until the clock runs out.' : 'This time is no longer kept for you. It is yours if nobody else takes it first.'}</p>
    <${Form} class="stack" label=${offer.confirmation ? 'Ask for this time' : 'Book this time'} send=${send}>
      <${GuestFields} offer=${offer} /><${Repeating} />
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
const live = (one) => one.status === 'confirmed' || one.status === 'pending';

function Booking({ id, host, offer }) {
  const key = keyOf();
  const zone = zoneOf();
  const [cancelling, setCancelling] = useState(false);
  const { data: one, problem, again } = useRead(() => scheduling.booking(id, key), [id, key], 15);
  useEffect(() => title(one?.title ?? 'Booking', host?.name), [one?.title]);
  if (problem && !one) return html`<div class="book-card single"><${Trouble} what=${problem.status === 404 ? 'There is no such booking, or this is not its whole link.' : 'The booking could not be read.'} problem=${problem.status === 404 ? null : problem} again=${again} /></div>`;
  if (!one) return html`<div class="book-card single"><${Waiting} rows=${4} /></div>`;
  const [words, mood, icon] = STATES[one.status] ?? [one.status, '', 'info'];
  const cancel = async (form) => { await scheduling.cancel(one, form.get('reason').trim(), key); setCancelling(false); again(); };
  const renew = () => scheduling.renewKey(one, key).then(({ data }) => { tell('The address of before opens nothing any more. Keep this one.'); go(bookingPath(one.calendar_id, one.event_type, id, data.key), { replace: true }); }, (error) => tellProblem('It stays as it was.', error));
  const invite = async () => { try { Object.assign(document.createElement('a'), { href: await scheduling.invitation(id, key), download: 'booking.ics' }).click(); } catch (error) { tellProblem('The entry could not be made.', error); } };
  return html`<div class="book-card single"><section class="booked">
    <span class=${`booked-mark ${mood}`}><${Icon} name=${icon} size=${30} /></span><h1>${words}</h1>
    ${one.status === 'pending' && html`<p class="muted">The time is kept. The host says yes or no; this page shows it.</p>`}
    ${one.reason && html`<p class="muted" dir="auto">“${one.reason}”</p>`}
    <div class="booked-what"><h2 dir="auto">${one.title}</h2>${host && html`<p class="muted">with <span dir="auto">${host.name}</span></p>`}<${When} start=${one.start} minutes=${one.minutes} zone=${zone} />
      <${Place} ...${one.location} />${one.guests.length > 0 && html`<p class="fact"><${Icon} name="group" size=${19} /><span>${one.guests.join(', ')}</span></p>`}</div>
    ${live(one) && html`<div class="booked-acts"><button type="button" onClick=${invite}><${Icon} name="import" size=${19} /> Into my calendar</button>
      ${offer && html`<button type="button" onClick=${() => go(bookingPath(one.calendar_id, one.event_type, id, key, '/move'))}><${Icon} name="clock" size=${19} /> Reschedule</button>`}<button type="button" class="danger" onClick=${() => setCancelling(true)}>Cancel</button></div>
      ${key && html`<p class="muted small">Keep the address of this page: whoever has it can move or cancel the booking. <button type="button" class="link" onClick=${renew}>Make a new address</button></p>`}`}
    ${!live(one) && offer && html`<a class="button primary" href=${`/ui/book/${one.calendar_id}/${one.event_type}`}>Book another time</a>`}
    ${one.series_id && html`<${Series} one=${one} zone=${zone} secret=${key} after=${again} />`}
    ${cancelling && html`<${Dialog} title="Cancel the booking?" close=${() => setCancelling(false)}><${Form} label="Cancel the booking" send=${cancel}><${Field} label="Why" name="reason" hint="The host sees it; it may be left out." maxlength="300" /></${Form}></${Dialog}>`}
  </section></div>`;
}

/** The other meetings of its series, and a way to give up all that follow. */
function Series({ one, zone, secret, after }) {
  const { data, again } = useRead(() => scheduling.series(one.series_id, secret), [one.series_id, one.status]);
  const [ending, setEnding] = useState(false);
  const end = async (form) => { await scheduling.cancelSeries(one, form.get('reason').trim(), secret); setEnding(false); again(); after(); };
  if (!data || data.length < 2) return null;
  return html`<details class="series"><summary>One of ${count(data.length, 'meeting')}</summary><ul class="lines">${data.map((each) => html`<li key=${each.booking_id}><span>${inZone(each.start, zone, { weekday: 'short', day: 'numeric', month: 'short', ...CLOCK })}</span>${each.booking_id === one.booking_id ? html`<b>this one</b>` : html`<button type="button" class="link" onClick=${() => go(bookingPath(each.calendar_id, each.event_type, each.booking_id, secret))}>open</button>`}${live(each) ? '' : html`<span class="tag">${STATES[each.status]?.[0] ?? each.status}</span>`}</li>`)}</ul>
    ${live(one) && html`<button type="button" class="danger" onClick=${() => setEnding(true)}>Cancel this and all that follow</button>`}
    ${ending && html`<${Dialog} title="Cancel this and all that follow?" close=${() => setEnding(false)}><${Form} label="Cancel them" send=${end}><${Field} label="Why" name="reason" hint="The host sees it; it may be left out." maxlength="300" /></${Form}></${Dialog}>`}</details>`;
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

const room = (load, name) => later(() => load().then((module) => module[name]), () => html`<div class="book-card single"><${Waiting} rows=${5} /></div>`);
const ROOMS = {
  team: room(() => import('./rooms.js'), 'BookTeam'),
  link: room(() => import('./rooms.js'), 'BookLink'),
  form: room(() => import('./rooms.js'), 'BookForm'),
  poll: room(() => import('./polls.js'), 'Vote'),
};

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
  const Room = ROOMS[route.value.parts[1]] ?? Inside;
  return html`<div class="book" data-system="scheduling"><main id="main" tabindex="-1"><${Room} /></main>
    <footer class="book-foot"><a href="/ui/scheduling" target=${window.top === window ? undefined : '_blank'}><${Mark} size=${18} /> Septet</a></footer>${me.value && html`<${Strip} />`}</div>`;
}
