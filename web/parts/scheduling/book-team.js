// The public page of a team: a guest meets the one whose turn it is, or all at once.
import { html, useEffect, useState } from '../../lib/html.js';
import { go, route, title } from '../../lib/router.js';
import { tell } from '../../lib/store.js';
import { scheduling, length } from '../../lib/scheduling.js';
import { wallOf } from '../../lib/zones.js';
import { Empty, Face, Field, Form } from '../bits.js';
import { Dialog } from '../overlay.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { Picker, zoneOf } from './picker.js';
import { Single, Unread, When, keyOf } from './public.js';
import { Take } from './take.js';

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
