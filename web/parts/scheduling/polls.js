// A host's polls: times are proposed, others say what suits, one is booked.
import { html, useEffect, useState } from '../../lib/html.js';
import { go, title } from '../../lib/router.js';
import { tell } from '../../lib/store.js';
import { scheduling, length } from '../../lib/scheduling.js';
import { instantOf, inZone, own, wallOf } from '../../lib/zones.js';
import { Empty, Field, Form, Trouble, Waiting, copy } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { Host, PollState } from './vote.js';

const DAY = 86_400_000;
/** "2026-11-27T10:00" so many days from now, on the hour. */
const ahead = (days) => `${wallOf(Date.now() + days * DAY).slice(0, 13)}:00`;

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
