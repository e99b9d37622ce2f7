// The host's week: who comes when, what waits for a yes or a no, and what became of a meeting.
import { html, useEffect, useState } from '../../lib/html.js';
import { query, route, title } from '../../lib/router.js';
import { narrow, tell, tellProblem } from '../../lib/store.js';
import { scheduling, PLACES, length } from '../../lib/scheduling.js';
import { count } from '../../lib/format.js';
import { dayAfter, firstWeekday, inZone, instantOf, named, offset, own, wallOf, weekdayOf } from '../../lib/zones.js';
import { Empty, Field, Form, Trouble, Waiting } from '../bits.js';
import { Dialog } from '../overlay.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';

const CLOCK = { hour: 'numeric', minute: '2-digit' };
const HOUR = 46; // pixels
const STATES = { confirmed: ['Booked', 'good'], pending: ['Waits for you', 'busy'], cancelled: ['Cancelled', ''], declined: ['Declined', ''] };
const live = (one) => one.status === 'confirmed' || one.status === 'pending';
const minuteOf = (at) => { const wall = wallOf(at); return Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16)); };
const colourOf = (calendar, one) => calendar.event_types.find((type) => type.slug === one.event_type)?.colour ?? '#7a7a8a';

function Decision({ one, after, close }) {
  const approve = async () => {
    try { await scheduling.approve(one); tell('Booked.'); close?.(); after(); } catch (problem) { tellProblem('Not booked.', problem); }
  };
  const [saying, setSaying] = useState(false);
  const decline = async (form) => { await scheduling.decline(one, form.get('reason').trim()); tell('Declined.'); setSaying(false); close?.(); after(); };
  return html`<span class="decision"><button type="button" class="primary" onClick=${approve}>Approve</button><button type="button" onClick=${() => setSaying(true)}>Decline</button></span>
    ${saying && html`<${Dialog} title="Decline the request?" close=${() => setSaying(false)}><${Form} label="Decline" send=${decline}><${Field} label="Why" name="reason" hint="The guest sees it." maxlength="300" /></${Form}></${Dialog}>`}`;
}

function Card({ calendar, one, close, after }) {
  const [words, mood] = STATES[one.status] ?? [one.status, ''];
  const over = Date.parse(one.start) < Date.now();
  const type = calendar.event_types.find((each) => each.slug === one.event_type);
  const text = (name) => type?.questions.find((question) => question.name === name)?.text ?? name;
  const there = one.meant?.zone && offset(one.start, one.meant.zone) !== offset(one.start, own);
  const cancel = async (form) => { await scheduling.cancel(one, form.get('reason').trim()); tell('Cancelled.'); close(); after(); };
  const missed = () => scheduling.noShow(one).then(() => { tell('Noted.'); close(); after(); }, (problem) => tellProblem('Not noted.', problem));
  return html`<${Dialog} title=${one.title} close=${close}>
    <p><b>${inZone(one.start, own, { weekday: 'long', day: 'numeric', month: 'long' })}</b>, ${inZone(one.start, own, CLOCK)}, ${length(one.minutes)} <span class=${`tag ${mood}`}>${one.no_show ? 'Nobody came' : words}</span></p>
    <dl class="facts"><div><dt>Guest</dt><dd dir="auto">${one.guest.name} <a href=${`mailto:${one.guest.email}`}>${one.guest.email}</a></dd></div>
      ${there && html`<div><dt>For them</dt><dd>${inZone(one.start, one.meant.zone, { weekday: 'short', ...CLOCK })}, ${one.meant.zone.replaceAll('_', ' ')}</dd></div>`}
      <div><dt>Where</dt><dd dir="auto">${one.location.text || PLACES[one.location.kind]?.[0]}</dd></div>
      ${one.guests.length > 0 && html`<div><dt>Also</dt><dd>${one.guests.join(', ')}</dd></div>`}
      ${Object.entries(one.answers).map(([name, answer]) => html`<div key=${name}><dt dir="auto">${text(name)}</dt><dd dir="auto">${answer}</dd></div>`)}
      ${one.reason && html`<div><dt>Reason</dt><dd dir="auto">${one.reason}</dd></div>`}</dl>
    ${one.status === 'pending' && html`<${Decision} one=${one} close=${close} after=${after} />`}
    ${one.status === 'confirmed' && over && !one.no_show && html`<button type="button" onClick=${missed}>Nobody came</button>`}
    ${live(one) && !over && html`<div class="booked-acts start"><a class="button" href=${`/ui/book/${one.calendar_id}/${one.event_type}/${one.booking_id}/move`}><${Icon} name="clock" size=${19} /> Reschedule</a></div>
      <details><summary>Cancel it</summary><${Form} label="Cancel the booking" send=${cancel}><${Field} label="Why" name="reason" hint="The guest sees it." maxlength="300" /></${Form}></details>`}
  </${Dialog}>`;
}

/** Bookings of a day side by side where they overlap: each with its lane and how many lanes there are. */
export function lanes(all) {
  const placed = [];
  let group = [];
  let until = 0;
  const settle = () => { const many = Math.max(0, ...group.map((one) => one.lane + 1)); for (const one of group) one.lanes = many; };
  for (const one of [...all].sort((a, b) => Date.parse(a.start) - Date.parse(b.start))) {
    const [start, end] = [Date.parse(one.start), Date.parse(one.start) + one.minutes * 60_000];
    if (start >= until) { settle(); group = []; }
    const taken = new Set(group.filter((other) => other.end > start).map((other) => other.lane));
    let lane = 0;
    while (taken.has(lane)) lane++;
    const place = { one, lane, end };
    group.push(place);
    placed.push(place);
    until = Math.max(until, end);
  }
  settle();
  return placed;
}

function Grid({ calendar, days, bookings, today, open }) {
  const shown = bookings.filter(live);
  const minutes = shown.flatMap((one) => [minuteOf(one.start), Math.min(1440, minuteOf(one.start) + one.minutes)]);
  const first = Math.floor(Math.min(8 * 60, ...minutes) / 60);
  const last = Math.ceil(Math.max(18 * 60, ...minutes) / 60);
  const hours = Array.from({ length: last - first }, (_, i) => first + i);
  const now = minuteOf(new Date().toISOString());
  return html`<div class="week-grid" style=${{ '--hour': `${HOUR}px`, '--days': days.length }}><div class="week-corner"></div>
    ${days.map((day) => html`<h3 key=${day} class=${day === today ? 'today' : ''}><span>${named(day, { weekday: 'short' })}</span><b>${Number(day.slice(8))}</b></h3>`)}
    <div class="week-hours" aria-hidden="true">${hours.map((hour) => html`<span key=${hour}>${inZone(Date.UTC(2024, 0, 1, hour), 'UTC', { hour: 'numeric' })}</span>`)}</div>
    ${days.map((day) => html`<ol key=${day} class="week-day" style=${{ height: `${hours.length * HOUR}px` }} aria-label=${named(day, { weekday: 'long', day: 'numeric', month: 'long' })}>
      ${day === today && now >= first * 60 && now < last * 60 && html`<li class="now-line" aria-hidden="true" style=${{ top: `${((now - first * 60) / 60) * HOUR}px` }}></li>`}
      ${lanes(shown.filter((one) => wallOf(one.start).startsWith(day))).map(({ one, lane, lanes: many }) => html`<li key=${one.booking_id} style=${{ top: `${((minuteOf(one.start) - first * 60) / 60) * HOUR + 1}px`, height: `${Math.max(22, (Math.min(one.minutes, last * 60 - minuteOf(one.start)) / 60) * HOUR - 2)}px`, insetInlineStart: `${(lane / many) * 100}%`, width: `${100 / many}%` }}>
        <button type="button" class=${`meeting ${one.status} ${one.minutes < 50 ? 'brief' : ''}`} style=${{ '--c': colourOf(calendar, one) }} onClick=${() => open(one.booking_id)}><b dir="auto">${one.guest.name || one.title}</b><span>${inZone(one.start, own, CLOCK)} ${one.title}</span></button></li>`)}</ol>`)}</div>`;
}

function List({ calendar, days, bookings, open }) {
  const filled = days.map((day) => [day, bookings.filter((one) => live(one) && wallOf(one.start).startsWith(day)).sort((a, b) => Date.parse(a.start) - Date.parse(b.start))]).filter(([, all]) => all.length);
  if (!filled.length) return html`<${Empty} icon="scheduling" title="Nothing in this week"><p>Nobody has booked a time with you in these days.</p></${Empty}>`;
  return filled.map(([day, all]) => html`<section key=${day} class="agenda"><h2>${named(day, { weekday: 'long', day: 'numeric', month: 'long' })}</h2><ul>${all.map((one) => html`<li key=${one.booking_id}><button type="button" class=${`meeting ${one.status}`} style=${{ '--c': colourOf(calendar, one) }} onClick=${() => open(one.booking_id)}><b dir="auto">${one.guest.name || one.title}</b><span>${inZone(one.start, own, CLOCK)} · ${length(one.minutes)} · ${one.title}</span>${one.status === 'pending' && html`<em class="tag busy">Waits for you</em>`}</button></li>`)}</ul></section>`);
}

export function Week({ calendar, again: anew }) {
  const today = wallOf(Date.now()).slice(0, 10);
  const { day = today, booking } = route.value.query;
  const first = dayAfter(day, -((weekdayOf(day) - firstWeekday() + 7) % 7));
  const days = Array.from({ length: 7 }, (_, i) => dayAfter(first, i));
  useEffect(() => title('Scheduling'), []);
  const { data, problem, again } = useRead(async () => {
    if (calendar.unopened) return { week: [], pending: [] };
    // What waits for an answer is shown whichever week it is in.
    const [week, ahead] = await Promise.all([
      scheduling.hosted(calendar.calendar_id, instantOf(`${first}T00:00`), instantOf(`${dayAfter(first, 7)}T00:00`)),
      scheduling.hosted(calendar.calendar_id, instantOf(`${today}T00:00`), instantOf(`${dayAfter(today, 365)}T00:00`)),
    ]);
    return { week, pending: ahead.filter((one) => one.status === 'pending') };
  }, [calendar.calendar_id, calendar.unopened, first], 10);
  if (calendar.unopened || !calendar.event_types.length || !calendar.schedules.length) {
    return html`<${Empty} icon="scheduling" title="Let others book a time with you"><p>Say when you can be met and what for. Then send your link.</p>
      <div class="booked-acts">${!calendar.schedules.length ? html`<a class="button primary" href="/ui/scheduling/hours">Set your hours</a>` : html`<a class="button primary" href="/ui/scheduling/types/new">Make an event type</a>`}</div></${Empty}>`;
  }
  const refresh = () => { again(); anew(); };
  const known = [...(data?.week ?? []), ...(data?.pending ?? [])];
  const shown = known.find((one) => one.booking_id === booking);
  const turn = (step) => query({ day: dayAfter(first, step) });
  return html`<div class="page-scroll week" tabindex="0" role="group" aria-label="Week">
    ${problem && html`<${Trouble} what="Your bookings could not be read." problem=${problem} again=${again} />`}
    ${data?.pending.length > 0 && html`<section class="waiting-list card" aria-label="Requests"><h2>${count(data.pending.length, 'request')} for you to answer</h2><ul>${data.pending.map((one) => html`<li key=${one.booking_id}><button type="button" class="link" onClick=${() => query({ booking: one.booking_id })}><b dir="auto">${one.guest.name}</b> · ${one.title}</button><span class="muted">${inZone(one.start, own, { weekday: 'short', day: 'numeric', month: 'short', ...CLOCK })}</span><${Decision} one=${one} after=${refresh} /></li>`)}</ul></section>`}
    <header class="week-head"><h2 aria-live="polite">${named(first, { day: 'numeric', month: 'short' })} – ${named(days[6], { day: 'numeric', month: 'short', year: 'numeric' })}</h2>
      <button type="button" onClick=${() => query({ day: '' })} disabled=${days.includes(today)}>Today</button><button type="button" class="quiet round" aria-label="The week before" onClick=${() => turn(-7)}><${Icon} name="back" size=${20} /></button><button type="button" class="quiet round" aria-label="The week after" onClick=${() => turn(7)}><${Icon} name="next" size=${20} /></button></header>
    ${!data && !problem ? html`<${Waiting} />` : narrow.value ? html`<${List} calendar=${calendar} days=${days} bookings=${data?.week ?? []} open=${(id) => query({ booking: id })} />`
      : html`<${Grid} calendar=${calendar} days=${days} bookings=${data?.week ?? []} today=${today} open=${(id) => query({ booking: id })} />`}
    ${shown && html`<${Card} calendar=${calendar} one=${shown} close=${() => query({ booking: '' })} after=${refresh} />`}
  </div>`;
}
