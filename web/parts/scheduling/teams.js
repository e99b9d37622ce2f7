// Teams: who is in one, whose turn it is and why, and what can be booked with all or with one of them.
import { html, useEffect, useState } from '../../lib/html.js';
import { go, title } from '../../lib/router.js';
import { me } from '../../lib/session.js';
import { tell, tellProblem } from '../../lib/store.js';
import { chat } from '../../lib/net.js';
import { scheduling, length } from '../../lib/scheduling.js';
import { count, number } from '../../lib/format.js';
import { Empty, Face, Field, Form, Trouble, Waiting, copy } from '../bits.js';
import { Icon } from '../icons.js';
import { Table } from '../table.js';
import { useRead } from '../read.js';

const MODES = { round_robin: 'With the one whose turn it is', collective: 'With all of them at once' };
const say = (promise, what, after) => promise.then(after, (problem) => tellProblem(what, problem));

/** Why somebody has the turn they have: the rules in the order in which they count. */
function why(one, members) {
  if (!one.joined) return 'Has not let the team into their calendar yet.';
  if (one.paused) return 'Is paused, and not asked.';
  const higher = members.some((other) => other.joined && !other.paused && other.priority > one.priority);
  const load = `${count(one.meetings, 'meeting')} at ${one.weight} % of a share`;
  return `${higher ? 'Others have a higher priority. ' : ''}${load}: a load of ${number(Math.round(one.load * 100) / 100)}. The lowest goes first, then who waited longest.`;
}

function Members({ team, owner, again }) {
  const columns = [
    { title: 'Turn', cell: (one) => (one.turn ? html`<b class="turn">${one.turn}</b>` : '–') },
    { title: 'Who', cell: (one) => html`<span class="line"><${Face} id=${one.calendar_id} name=${one.name} size="small" /><b dir="auto">${one.name || 'A room'}</b></span>` },
    { title: 'Had', cell: (one) => number(one.meetings), number: true },
    { title: 'Share', cell: (one) => `${one.weight} %`, number: true },
    { title: 'Priority', cell: (one) => number(one.priority), number: true },
    { title: 'Why', cell: (one) => html`<span class="why-turn">${why(one, team.members)}</span>` },
    { title: 'Change', cell: (one) => html`<span class="row-acts">${!one.joined && one.calendar_id === me.value && html`<button type="button" class="primary" onClick=${() => say(scheduling.join(team.team_id, one.calendar_id), 'Not joined.', again)}>Join</button>`}
      ${one.joined && (owner || one.calendar_id === me.value) && html`<button type="button" onClick=${() => say(scheduling.pause(team.team_id, one.calendar_id, !one.paused), 'Not changed.', again)}>${one.paused ? 'Ask again' : 'Pause'}</button>`}
      ${owner && html`<button type="button" class="quiet round" aria-label=${`Take ${one.name} out`} onClick=${() => say(scheduling.expel(team.team_id, one.calendar_id), 'Not changed.', again)}><${Icon} name="trash" size=${18} /></button>`}</span>` },
  ];
  const rows = [...team.members].sort((a, b) => (a.turn ?? 999) - (b.turn ?? 999));
  return html`<${Table} label="Members" columns=${columns} rows=${rows} id=${(one) => one.calendar_id} />`;
}

function Invite({ team, again }) {
  const [found, setFound] = useState([]);
  const search = async (event) => { const text = event.target.value.trim(); setFound(text.length > 1 ? (await chat.people(text).catch(() => [])).slice(0, 6) : []); };
  const add = (who) => say(scheduling.invite(team.team_id, who.user_id, { weight: 100, priority: 0 }), 'Not invited.', () => { tell(`${who.name} is invited, and joins on this page.`); setFound([]); again(); });
  return html`<section><h2>Invite</h2><div class="card stack"><label class="field"><span>Name</span><input type="search" autocomplete="off" onInput=${search} /></label>
    ${found.length > 0 && html`<ul class="lines" aria-label="People found">${found.filter((who) => !team.members.some((one) => one.calendar_id === who.user_id)).map((who) => html`<li key=${who.user_id}><span dir="auto">${who.name}</span><button type="button" onClick=${() => add(who)}>Invite</button></li>`)}</ul>`}</div></section>`;
}

function Offers({ team, owner, again }) {
  const send = async (form, element) => {
    const words = form.get('title').trim();
    const slug = words.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 60);
    await scheduling.offerTeam(team.team_id, slug, { title: words, durations: [Number(form.get('minutes'))], mode: form.get('mode'), interval: 30 });
    element.reset();
    again();
  };
  return html`<section><h2>What can be booked</h2>${team.event_types.length > 0 && html`<ul class="lines">${team.event_types.map((one) => html`<li key=${one.slug}><span dir="auto"><b>${one.title}</b></span><span class="muted">${length(one.durations[0])}, ${MODES[one.mode].toLowerCase()}</span><button type="button" onClick=${() => copy(`${location.origin}/ui/book/team/${team.team_id}/${one.slug}`, 'The link is copied.')}><${Icon} name="link" size=${18} /> Copy the link</button><a class="button quiet" href=${`/ui/book/team/${team.team_id}/${one.slug}`}>Look</a></li>`)}</ul>`}
    ${owner && html`<${Form} class="stack card" label="Offer it" send=${send}><${Field} label="Title" name="title" required maxlength="100" /><div class="two-fields even"><${Field} label="Minutes" name="minutes" type="number" min="5" max="1440" defaultValue="30" required /><label class="field"><span>With whom</span><select name="mode">${Object.entries(MODES).map(([mode, words]) => html`<option key=${mode} value=${mode}>${words}</option>`)}</select></label></div></${Form}>`}</section>`;
}

function Team({ id, owner }) {
  const { data: team, problem, again } = useRead(() => scheduling.team(id), [id], 5);
  useEffect(() => title(team?.name, 'Scheduling'), [team?.name]);
  if (!team) return problem ? html`<${Trouble} what=${problem.status === 404 ? 'There is no such team.' : 'The team could not be read.'} problem=${problem.status === 404 ? null : problem} again=${again} />` : html`<${Waiting} />`;
  return html`<div class="page-scroll" tabindex="0" role="group" aria-label="Team"><header class="lot-head"><a class="round quiet back" href="/ui/scheduling/teams" aria-label="All teams"><${Icon} name="back" /></a><h2 dir="auto">${team.name}</h2></header>
    ${problem && html`<${Trouble} what="This is no longer fresh." problem=${problem} again=${again} />`}
    ${team.members?.length ? html`<${Members} team=${team} owner=${owner} again=${again} />` : html`<p class="muted">Nobody is in it yet.</p>`}
    <div class="two after-list"><${Offers} team=${team} owner=${owner} again=${again} />${owner && html`<${Invite} team=${{ ...team, members: team.members ?? [] }} again=${again} />`}</div></div>`;
}

export function Teams({ id, calendar }) {
  useEffect(() => { if (!id) title('Teams', 'Scheduling'); }, [id]);
  const { data, problem, again } = useRead(scheduling.teams, [id], 10);
  if (problem && !data) return html`<${Trouble} what="Your teams could not be read." problem=${problem} again=${again} />`;
  if (!data) return html`<${Waiting} />`;
  if (id) return html`<${Team} key=${id} id=${id} owner=${data.find((one) => one.team_id === id)?.owner ?? false} />`;
  const make = async (form) => {
    const { data: made } = await scheduling.createTeam(form.get('name').trim());
    await scheduling.invite(made.team_id, me.value, { weight: 100, priority: 0 });
    await scheduling.join(made.team_id, me.value);
    go(`/ui/scheduling/teams/${made.team_id}`);
  };
  if (calendar.unopened) return html`<${Empty} icon="group" title="Open your calendar first"><p>A team fills the calendars of its members: set your hours, then make or join one.</p><a class="button primary" href="/ui/scheduling/hours">Set your hours</a></${Empty}>`;
  return html`<div class="page-scroll narrow-page" tabindex="0" role="group" aria-label="Teams"><div class="two"><section><h2>Your teams</h2>${data.length ? html`<ul class="types">${data.map((one) => html`<li key=${one.team_id}><a href=${`/ui/scheduling/teams/${one.team_id}`}><${Face} id=${one.team_id} name=${one.name} kind="group" size="small" /><span><b dir="auto">${one.name}</b><small>${one.owner ? 'yours' : 'member'}</small></span><${Icon} name="next" size=${18} /></a></li>`)}</ul>`
    : html`<${Empty} icon="group" title="No teams yet"><p>In a team a guest meets the one whose turn it is, or all of you at once.</p></${Empty}>`}</section>
    <section><h2>Make one</h2><${Form} class="stack card" label="Make the team" send=${make}><${Field} label="Name" name="name" required maxlength="100" /></${Form}></section></div></div>`;
}
