// Polls for a time: a host proposes, whoever has the address says what suits, one is booked.
import { html, useEffect, useState } from '../../lib/html.js';
import { go, route, title } from '../../lib/router.js';
import { me } from '../../lib/session.js';
import { kept, tell, tellProblem } from '../../lib/store.js';
import { length, scheduling } from '../../lib/scheduling.js';
import { count, number } from '../../lib/format.js';
import { instantOf, inZone, own, wallOf } from '../../lib/zones.js';
import { copy, Empty, Field, Form, Trouble, Waiting } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { CLOCK, zoneOf, ZonePicker } from './picker.js';
import { NameFields, nameOf, Single, Unread } from './public.js';

const OPINIONS = { yes: 'Yes', if_needed: 'If need be', no: 'No' };
const DAY = { weekday: 'short', day: 'numeric', month: 'short' };
const STATES = { open: ['Open', 'busy'], chosen: ['Being booked', 'busy'], booked: ['Booked', 'good'], closed: ['Closed', ''] };
const PollState = ({ status }) => { const [words, mood] = STATES[status] ?? [status, '']; return html`<span class=${`tag ${mood}`}>${words}</span>`; };
const both = (start, zone) => `${inZone(start, zone, DAY)}, ${inZone(start, zone, CLOCK)}`;

/** Every time with how many it suits, and for the host who, and a button to book it. */
function Options({ poll, zone, choose }) {
  const most = Math.max(1, ...poll.options.map((one) => one.yes + one.if_needed));
  return html`<ul class="poll-options" aria-label="Times">${poll.options.map((one, at) => {
    const who = (opinion) => (poll.votes ?? []).filter((vote) => vote.opinions[at] === opinion).map((vote) => vote.name || vote.email);
    return html`<li key=${one.start}><b>${both(one.start, zone)}</b><meter min="0" max=${most} value=${one.yes + one.if_needed} aria-label=${`${both(one.start, zone)}: suits ${one.yes + one.if_needed}`}></meter>
      <span class="muted">${number(one.yes)} yes, ${number(one.if_needed)} if need be, ${number(one.no)} no</span>
      ${poll.votes && html`<small class="muted" dir="auto">${[who('yes').join(', '), who('if_needed').map((name) => `(${name})`).join(', ')].filter(Boolean).join(', ')}</small>`}
      ${choose && html`<button type="button" disabled=${!(one.yes + one.if_needed)} onClick=${() => choose(one.start)}>Book this one</button>`}</li>`;
  })}</ul>`;
}

function Ballot({ poll, zone, again }) {
  const [mine, setVoted] = useState(kept.read(`vote.${poll.poll_id}`, null));
  const send = async (form) => {
    const opinions = poll.options.map((_, at) => form.get(`option ${at}`));
    const { data } = await scheduling.vote(poll.poll_id, { ...nameOf(form), opinions, ...(me.value || !mine ? {} : { voter_id: mine.voter_id, key: mine.key }) });
    const sent = { ...data, opinions };
    // So that the same browser can say something else later.
    kept.write(`vote.${poll.poll_id}`, sent);
    setVoted(sent);
    tell('Your answer is there. You can change it here until the poll is over.');
    again();
  };
  return html`<${Form} class="stack" label=${mine ? 'Change my answer' : 'Send my answer'} send=${send}>
    ${poll.options.map((one, at) => html`<fieldset key=${one.start} class="opinions"><legend>${both(one.start, zone)}</legend>${Object.entries(OPINIONS).map(([name, words]) => html`<label key=${name}><input type="radio" name=${`option ${at}`} value=${name} required defaultChecked=${mine?.opinions?.[at] === name} /><span>${words}</span></label>`)}</fieldset>`)}
    <${NameFields} /></${Form}>`;
}

/** A poll as its host has it. */
function Host({ poll, zone, again }) {
  const [busy, setBusy] = useState(false);
  const choose = async (start) => {
    setBusy(true);
    try {
      const { data } = await scheduling.choose(poll.poll_id, start);
      tell(data.status === 'booked' ? 'It is booked, with all whom it suits.' : 'It is being booked.');
    } catch (problem) { tellProblem('This time was not booked.', problem); }
    setBusy(false);
    again();
  };
  const close = () => scheduling.closePoll(poll.poll_id).then(() => { tell('The poll is closed.'); again(); }, (problem) => tellProblem('Not closed.', problem));
  return html`<p class="muted">${count(poll.votes?.length ?? 0, 'answer')} so far. ${poll.status === 'open' && 'Booking one ends the poll; who said yes first is the guest, the others come along.'}</p>
    ${poll.code && html`<p class="form-problem" role="status">The time that was picked could not be booked: ${poll.code}.</p>`}
    <${Options} poll=${poll} zone=${zone} choose=${poll.status === 'open' && !busy ? choose : null} />
    ${poll.status === 'open' && html`<button type="button" onClick=${close}>Close it without booking</button>`}`;
}

export function Vote() {
  const [, , id] = route.value.parts;
  const zone = zoneOf();
  const { data: poll, problem, again } = useRead(() => scheduling.poll(id), [id], 10);
  useEffect(() => title(poll?.title), [poll?.title]);
  if (!poll) return html`<${Unread} problem=${problem} again=${again} missing="There is no such poll." />`;
  const open = poll.status === 'open' && Date.parse(poll.until) > Date.now();
  return html`<${Single}><section class="book-main stack"><header><h1 dir="auto">${poll.title}</h1><p class="fact"><${Icon} name="clock" size=${19} /><span>${length(poll.minutes)}</span> <${PollState} status=${poll.status} /></p></header>
    <${ZonePicker} zone=${zone} />
    ${open && html`<p class="muted">Which of these times suit you? Answers are taken until ${both(poll.until, zone)}.</p><${Ballot} poll=${poll} zone=${zone} again=${again} />`}
    <h2>${open ? 'So far' : 'What was said'}</h2><${Options} poll=${poll} zone=${zone} /></section></${Single}>`;
}

const LONG = 86_400_000; // milliseconds of a day
/** "2026-11-27T10:00" so many days from now, on the hour. */
const ahead = (days) => `${wallOf(Date.now() + days * LONG).slice(0, 13)}:00`;

function New({ calendar }) {
  const [times, setTimes] = useState([ahead(7), ahead(8), ahead(9)]);
  const offers = calendar.event_types.filter((one) => one.active).flatMap((one) => one.durations.map((minutes) => ({ one, minutes })));
  const change = (at, value) => setTimes(times.map((time, i) => (i === at ? value : time)));
  const send = async (form) => {
    const { one, minutes } = offers[Number(form.get('offer'))];
    const options = [...new Set(times.filter(Boolean))].sort().map((time) => instantOf(time));
    const { data } = await scheduling.openPoll({ title: form.get('title').trim(), event_type: one.slug, minutes, options, zone: own, until: instantOf(form.get('until')) });
    tell('The poll is open. Send its link to those who should answer.');
    go(`/ui/scheduling/polls/${data.poll_id}`);
  };
  if (!offers.length) return html`<p class="muted">Make an event type first: a poll proposes times for one of them.</p>`;
  return html`<${Form} class="stack card" label="Open the poll" send=${send}><${Field} label="Title" name="title" required maxlength="100" />
    <label class="field"><span>For</span><select name="offer">${offers.map(({ one, minutes }, at) => html`<option key=${at} value=${at}>${one.title}, ${length(minutes)}</option>`)}</select></label>
    <fieldset class="checks"><legend>Times</legend>${times.map((time, at) => html`<span key=${at} class="opening"><input type="datetime-local" aria-label=${`Time ${at + 1}`} required value=${time} onChange=${(event) => change(at, event.target.value)} />
      ${times.length > 1 && html`<button type="button" class="quiet round" aria-label=${`Propose time ${at + 1} no more`} onClick=${() => setTimes(times.filter((_, i) => i !== at))}><${Icon} name="trash" size=${18} /></button>`}</span>`)}
      ${times.length < 20 && html`<button type="button" onClick=${() => setTimes([...times, times.at(-1)])}><${Icon} name="plus" size=${18} /> Another time</button>`}</fieldset>
    <${Field} label="Answers until" name="until" type="datetime-local" required defaultValue=${ahead(3)} /></${Form}>`;
}

function One({ id }) {
  const { data: poll, problem, again } = useRead(() => scheduling.poll(id), [id], 5);
  useEffect(() => title(poll?.title, 'Scheduling'), [poll?.title]);
  if (!poll) return problem ? html`<${Trouble} what=${problem.status === 404 ? 'There is no such poll.' : 'The poll could not be read.'} problem=${problem.status === 404 ? null : problem} again=${again} />` : html`<${Waiting} />`;
  return html`<div class="page-scroll narrow-page" tabindex="0" role="group" aria-label="Poll"><header class="lot-head"><a class="round quiet back" href="/ui/scheduling/polls" aria-label="All polls"><${Icon} name="back" /></a><h2 dir="auto">${poll.title}</h2><${PollState} status=${poll.status} />
      <button type="button" onClick=${() => copy(`${location.origin}/ui/book/poll/${id}`, 'The link is copied.')}><${Icon} name="link" size=${18} /> Copy the link</button></header>
    ${problem && html`<${Trouble} what="This is no longer fresh." problem=${problem} again=${again} />`}<${Host} poll=${poll} zone=${own} again=${again} /></div>`;
}

export function Polls({ id, calendar }) {
  useEffect(() => { if (!id) title('Polls', 'Scheduling'); }, [id]);
  const { data, problem, again } = useRead(scheduling.polls, [id], 10);
  if (id) return html`<${One} key=${id} id=${id} />`;
  if (!data) return problem ? html`<${Trouble} what="Your polls could not be read." problem=${problem} again=${again} />` : html`<${Waiting} />`;
  return html`<div class="page-scroll narrow-page" tabindex="0" role="group" aria-label="Polls"><div class="two"><section><h2>Your polls</h2>${data.length ? html`<ul class="types">${data.map((one) => html`<li key=${one.poll_id}><a href=${`/ui/scheduling/polls/${one.poll_id}`}><span><b dir="auto">${one.title}</b><small>until ${inZone(one.until, own, { day: 'numeric', month: 'short' })}</small></span><${PollState} status=${one.status} /><${Icon} name="next" size=${18} /></a></li>`)}</ul>`
      : html`<${Empty} icon="scheduling" title="No polls yet"><p>Propose some times and let others say which suit them.</p></${Empty}>`}</section>
    <section><h2>Propose times</h2><${New} calendar=${calendar} /></section></div></div>`;
}
