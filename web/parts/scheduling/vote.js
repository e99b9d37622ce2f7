// A poll for a time: whoever has its address says what suits; its host sees who said what, and picks one.
import { html, useEffect, useState } from '../../lib/html.js';
import { route, title } from '../../lib/router.js';
import { me } from '../../lib/session.js';
import { kept, tell, tellProblem } from '../../lib/store.js';
import { scheduling, length } from '../../lib/scheduling.js';
import { count, number } from '../../lib/format.js';
import { inZone } from '../../lib/zones.js';
import { Form } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { CLOCK, ZonePicker, zoneOf } from './picker.js';
import { NameFields, Single, Unread, nameOf } from './public.js';

const OPINIONS = { yes: 'Yes', if_needed: 'If need be', no: 'No' };
const DAY = { weekday: 'short', day: 'numeric', month: 'short' };
const STATES = { open: ['Open', 'busy'], chosen: ['Being booked', 'busy'], booked: ['Booked', 'good'], closed: ['Closed', ''] };
export const PollState = ({ status }) => { const [words, mood] = STATES[status] ?? [status, '']; return html`<span class=${`tag ${mood}`}>${words}</span>`; };
const both = (start, zone) => `${inZone(start, zone, DAY)}, ${inZone(start, zone, CLOCK)}`;

/** Every time with how many it suits, and for the host who, and a button to book it. */
export function Options({ poll, zone, choose }) {
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
export function Host({ poll, zone, again }) {
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
