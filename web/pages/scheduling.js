// Scheduling, as a host has it: the week, what can be booked, when, teams, and how others get there.
import { html } from '../lib/html.js';
import { route } from '../lib/router.js';
import { me } from '../lib/session.js';
import { scheduling } from '../lib/scheduling.js';
import { Trouble, Waiting } from '../parts/bits.js';
import { later } from '../parts/later.js';
import { useRead } from '../parts/read.js';

const part = (load, name) => later(() => load().then((module) => module[name]), () => html`<${Waiting} />`);
const VIEWS = {
  week: ['Week', part(() => import('../parts/scheduling/week.js'), 'Week')],
  types: ['Event types', part(() => import('../parts/scheduling/types.js'), 'Types')],
  hours: ['Hours', part(() => import('../parts/scheduling/hours.js'), 'Hours')],
  teams: ['Teams', part(() => import('../parts/scheduling/teams.js'), 'Teams')],
  polls: ['Polls', part(() => import('../parts/scheduling/polls.js'), 'Polls')],
  forms: ['Forms', part(() => import('../parts/scheduling/forms.js'), 'Forms')],
  sharing: ['Sharing', part(() => import('../parts/scheduling/sharing.js'), 'Sharing')],
  connections: ['Connections', part(() => import('../parts/connections/connections.js'), 'Connections')],
};
const Connected = part(() => import('../parts/connections/connected.js'), 'Connected');

export default function SchedulingPage() {
  const [, what = 'week', id] = route.value.parts;
  const View = what === 'connected' ? Connected : (VIEWS[what] ?? VIEWS.week)[1];
  // A calendar that nobody has opened yet is an empty one: the first setting opens it.
  const { data: calendar, problem, again } = useRead(() => scheduling.calendar(me.value).catch((error) => {
    if (error.status === 404) return { calendar_id: me.value, event_types: [], schedules: [], holidays: [], absences: [], busy: {}, unopened: true };
    throw error;
  }), [me.value], 20);
  return html`<div class="page scheduling"><header class="page-head"><h1>Scheduling</h1><nav class="ways" aria-label="Scheduling">${Object.entries(VIEWS).map(([path, [name]]) => html`<a key=${path} href=${`/ui/scheduling${path === 'week' ? '' : `/${path}`}`} aria-current=${VIEWS[what] === VIEWS[path] ? 'page' : undefined}>${name}</a>`)}</nav></header>
    ${problem && html`<${Trouble} what=${calendar ? 'This is no longer fresh.' : 'Your calendar could not be read.'} problem=${problem} again=${again} />`}
    ${!calendar && !problem && html`<${Waiting} />`}
    ${calendar && html`<${View} key=${what} calendar=${calendar} id=${id} again=${again} />`}</div>`;
}
