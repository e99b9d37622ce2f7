// The rooms of those who run a car park: how it is now with its gates, who is inside, figures, the diary, what is set.
import { html, useEffect } from '../../lib/html.js';
import { title } from '../../lib/router.js';
import { parking } from '../../lib/parking.js';
import { Empty, Trouble, Waiting } from '../bits.js';
import { Icon } from '../icons.js';
import { later } from '../later.js';
import { useRead } from '../read.js';
import { Now } from './now.js';

const room = (load, name) => later(() => load().then((module) => module[name]), () => html`<${Waiting} />`);
const VIEWS = {
  now: ['Now', Now],
  inside: ['Inside', room(() => import('./inside.js'), 'Inside')],
  figures: ['Figures', room(() => import('./figures.js'), 'Figures')],
  security: ['Security', room(() => import('./security.js'), 'Security')],
  diary: ['Diary', room(() => import('./diary.js'), 'Diary')],
  prices: ['Prices and counts', room(() => import('./prices.js'), 'Prices')],
};

export function Operate({ id, view }) {
  const { data: lot, problem, again } = useRead(() => parking.lot(id), [id], 30);
  const [name, View] = VIEWS[view] ?? VIEWS.now;
  useEffect(() => title(name, lot?.name, 'Parking'), [name, lot?.name]);
  return html`<header class="page-head"><a class="round quiet back" href="/ui/parking" aria-label="Back to all car parks"><${Icon} name="back" /></a><h1 dir="auto">${lot?.name ?? 'Car park'}</h1>
      ${lot?.role && html`<nav class="ways" aria-label="Operate">${Object.entries(VIEWS).map(([path, [label]]) => html`<a key=${path} href=${`/ui/parking/${id}/operate${path === 'now' ? '' : `/${path}`}`} aria-current=${VIEWS[view] === VIEWS[path] || (!VIEWS[view] && path === 'now') ? 'page' : undefined}>${label}</a>`)}</nav>`}</header>
    ${problem && html`<${Trouble} what=${lot ? 'This is no longer fresh.' : problem.status === 404 ? 'There is no such car park.' : 'The car park could not be read.'} problem=${problem.status === 404 ? null : problem} again=${again} />`}
    ${!lot && !problem && html`<${Waiting} />`}
    ${lot && !lot.role && html`<${Empty} icon="parking" title="You do not work here"><p>Its owner can let you work its gates. You can park here like anybody else.</p><a class="button" href=${`/ui/parking/${id}`}>To the car park</a></${Empty}>`}
    ${lot?.role && html`<${View} key=${view} lot=${lot} again=${again} />`}`;
}
