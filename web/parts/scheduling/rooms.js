// The other public pages: of a team, of a link that is good once, of a form that leads to the right meeting.
import { html, useEffect, useState } from '../../lib/html.js';
import { go, route, title } from '../../lib/router.js';
import { tell } from '../../lib/store.js';
import { length, scheduling } from '../../lib/scheduling.js';
import { wallOf } from '../../lib/zones.js';
import { Empty, Face, Field, Form } from '../bits.js';
import { Dialog } from '../overlay.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { Picker, zoneOf } from './picker.js';
import { About, answersOf, bookingPath, GuestFields, guestOf, keyOf, Questions, Single, Unread, When } from './public.js';

/** `slots(query)` as the picker has it; `book(body)` books and goes on. */
function Take({ host, offer, slots, book, explained, children }) {
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

const WITH = { round_robin: 'You meet one of the team: whoever is free and has had the least.', collective: 'You meet all of the team at once.' };
const STATES = { settled: ['It is booked', 'good', 'check'], arranging: ['Being arranged', 'busy', 'clock'], failed: ['It could not be had', 'bad', 'close'], cancelled: ['Cancelled', '', 'close'] };
const pathOf = (team, slug, id, key) => `/ui/book/team/${team}/${slug}/${id}${key ? `#${encodeURIComponent(key)}` : ''}`;

/** Common times by the days of a zone, as the picker takes them. */
async function slotsOf(team, slug, { zone, ...asking }) {
  const { slots } = await scheduling.teamSlots(team, { event_type: slug, ...asking });
  const days = {};
  for (const start of slots) {
    const wall = wallOf(start, zone);
    (days[wall.slice(0, 10)] ??= []).push({ start, time: wall.slice(11) });
  }
  return { days };
}

function Offer({ team, offer }) {
  useEffect(() => title(offer.title, team.name), [offer.title]);
  const book = async (body) => {
    const { data } = await scheduling.bookTeam(team.team_id, body);
    go(pathOf(team.team_id, offer.slug, data.meeting_id, data.key));
  };
  return html`<${Take} host=${{ calendar_id: team.team_id, name: team.name, kind: 'team' }} offer=${offer} explained=${false} book=${book} slots=${(asking) => slotsOf(team.team_id, offer.slug, asking)}><p class="fact"><${Icon} name="group" size=${19} /><span>${WITH[offer.mode]}</span></p></${Take}>`;
}

function Meeting({ id, team, slug }) {
  const key = keyOf();
  const zone = zoneOf();
  const [doing, setDoing] = useState(null);
  const [target, setTarget] = useState(null);
  const { data: one, problem, again } = useRead(() => scheduling.meeting(id, key), [id, key], 3);
  useEffect(() => title(one?.title ?? 'Meeting', team?.name), [one?.title]);
  if (!one) return html`<${Unread} problem=${problem} again=${again} missing="There is no such meeting, or this is not its whole link." />`;
  const [words, mood, icon] = STATES[one.status] ?? [one.status, '', 'info'];
  const cancel = async (form) => { await scheduling.cancelMeeting(id, form.get('reason').trim(), key); setDoing(null); again(); };
  const move = async (form) => {
    await scheduling.moveMeeting(id, { start: target, minutes: one.minutes, zone, reason: form.get('reason').trim() }, key);
    tell('Moved for all.');
    setTarget(null);
    setDoing(null);
    again();
  };
  if (doing === 'move') {
    return html`<${Single}><section class="book-main"><header class="lot-head"><button type="button" class="quiet round" aria-label="Back to the meeting" onClick=${() => setDoing(null)}><${Icon} name="back" /></button><h1 class="pick-title">Pick another time</h1></header>
      <${Picker} calendar=${team.team_id} slug=${slug} slots=${(asking) => slotsOf(team.team_id, slug, asking)} minutes=${one.minutes} pick=${setTarget} explained=${false} /></section>
      ${target && html`<${Dialog} title="Move it here?" close=${() => setTarget(null)}><${When} start=${target} minutes=${one.minutes} zone=${zone} /><${Form} label="Move it" send=${move}><${Field} label="Why" name="reason" hint="They see it; it may be left out." maxlength="300" /></${Form}></${Dialog}>`}</${Single}>`;
  }
  return html`<${Single}><section class="booked"><span class=${`booked-mark ${mood}`}><${Icon} name=${icon} size=${30} /></span><h1>${words}</h1>
    ${one.status === 'arranging' && html`<p class="muted">They are asked one after the other. This page shows what comes of it.</p>`}
    ${one.status === 'failed' && html`<p class="muted">Somebody else was faster, or one of them is not free any more. Nothing is booked.</p>`}
    <div class="booked-what"><h2 dir="auto">${one.title}</h2><p class="muted">with <span dir="auto">${one.host_names?.filter(Boolean).join(', ') || team?.name}</span></p><${When} start=${one.start} minutes=${one.minutes} zone=${zone} /></div>
    ${one.status === 'settled' ? html`<div class="booked-acts">${team && html`<button type="button" onClick=${() => setDoing('move')}><${Icon} name="clock" size=${19} /> Reschedule</button>`}<button type="button" class="danger" onClick=${() => setDoing('cancel')}>Cancel</button></div>
      ${key && html`<p class="muted small">Keep the address of this page: whoever has it can move or cancel the meeting.</p>`}`
      : one.status !== 'arranging' && team && html`<a class="button primary" href=${`/ui/book/team/${team.team_id}/${slug}`}>Book another time</a>`}
    ${doing === 'cancel' && html`<${Dialog} title="Cancel the meeting?" close=${() => setDoing(null)}><${Form} label="Cancel the meeting" send=${cancel}><${Field} label="Why" name="reason" hint="They see it; it may be left out." maxlength="300" /></${Form}></${Dialog}>`}
  </section></${Single}>`;
}

export function BookTeam() {
  const [, , id, slug, meeting] = route.value.parts;
  const { data: team, problem, again } = useRead(() => scheduling.team(id), [id]);
  useEffect(() => { if (team && !slug) title('Book a time', team.name); }, [team?.name, slug]);
  if (!team) return html`<${Unread} problem=${problem} again=${again} missing="There is no such team." />`;
  if (meeting) return html`<${Meeting} key=${meeting} id=${meeting} team=${team} slug=${slug} />`;
  const offered = team.event_types.filter((one) => one.active);
  const offer = offered.find((one) => one.slug === slug);
  if (offer) return html`<${Offer} key=${slug} team=${team} offer=${offer} />`;
  return html`<${Single}><section class="offers-of"><${Face} id=${team.team_id} name=${team.name} kind="group" size="large" /><h1 dir="auto">${team.name}</h1>
    ${offered.length ? html`<ul class="types">${offered.map((one) => html`<li key=${one.slug}><a href=${`/ui/book/team/${id}/${one.slug}`}><i style=${{ background: one.colour }}></i><span><b dir="auto">${one.title}</b><small>${one.durations.map(length).join(' · ')}</small></span><${Icon} name="next" size=${18} /></a></li>`)}</ul>`
      : html`<${Empty} icon="scheduling" title="Nothing can be booked with them yet" />`}</section></${Single}>`;
}

export function BookLink() {
  const [, , calendar, slug, link] = route.value.parts;
  const { data, problem, again } = useRead(() => Promise.all([scheduling.calendar(calendar), scheduling.eventType(calendar, slug)]), [calendar, slug]);
  const [host, offer] = data ?? [];
  useEffect(() => title(offer?.title, host?.name), [offer?.title]);
  if (!data) return html`<${Unread} problem=${problem} again=${again} missing="Nobody can be booked at this address." />`;
  const book = async (body) => {
    const { data: made } = await scheduling.bookByLink(calendar, link, { ...body, link_key: keyOf() ?? '' });
    go(bookingPath(calendar, slug, made.booking_id, made.key));
  };
  return html`<${Take} host=${host} offer=${offer} explained=${false} book=${book} slots=${(asking) => scheduling.slots(calendar, { event_type: slug, ...asking })}><p class="fact"><${Icon} name="link" size=${19} /><span>This link is good for one booking.</span></p></${Take}>`;
}

export function BookForm() {
  const [, , calendar, slug] = route.value.parts;
  const [message, setMessage] = useState(null);
  const { data: form, problem, again } = useRead(() => scheduling.form(calendar, slug), [calendar, slug]);
  useEffect(() => title(form?.title), [form?.title]);
  if (!form) return html`<${Unread} problem=${problem} again=${again} missing="There is no such form." />`;
  const send = async (filled) => {
    const to = await scheduling.routed(calendar, slug, answersOf(filled, form.questions));
    if (to.kind === 'message') setMessage(to.message);
    else go(`/ui/book/${to.kind === 'team' ? 'team/' : ''}${to.id}/${to.event_type}`);
  };
  if (message) return html`<${Single}><section class="booked" role="status"><span class="booked-mark"><${Icon} name="info" size=${30} /></span><h1 dir="auto">${form.title}</h1><p dir="auto">${message}</p><button type="button" onClick=${() => setMessage(null)}>Answer again</button></section></${Single}>`;
  return html`<${Single}><section class="book-main stack"><h1 class="pick-title" dir="auto">${form.title}</h1><${Form} class="stack" label="Go on" send=${send}><${Questions} questions=${form.questions} /></${Form}><p class="muted small">Nothing of your answers is kept.</p></section></${Single}>`;
}
