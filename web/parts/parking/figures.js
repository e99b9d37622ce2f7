// How full it was, how full it will be, and what it took in.
import { html } from '../../lib/html.js';
import { query, route } from '../../lib/router.js';
import { parking } from '../../lib/parking.js';
import { count, number } from '../../lib/format.js';
import { money } from '../../lib/money.js';
import { named, wallOf } from '../../lib/zones.js';
import { Chart } from '../chart.js';
import { Empty, Trouble, Waiting } from '../bits.js';
import { Table } from '../table.js';
import { useRead } from '../read.js';

const HOUR = 3_600_000;
const SPANS = { day: ['24 hours', 24 * HOUR, 15], week: ['7 days', 7 * 24 * HOUR, 60], month: ['31 days', 31 * 24 * HOUR, 240] };

function Past({ lot }) {
  const span = SPANS[route.value.query.span] ? route.value.query.span : 'day';
  const [, length, step] = SPANS[span];
  const { data, problem, again } = useRead(() => { const end = Date.now(); return parking.occupancy(lot.lot_id, { start: new Date(end - length).toISOString(), end: new Date(end).toISOString(), step }); }, [lot.lot_id, span], 30);
  const most = data?.times.reduce((top, one) => (one.inside > top.inside ? one : top), { inside: 0 });
  return html`<section class="card"><header class="map-head"><h2>How full it was</h2><div class="levels" role="group" aria-label="How far back">${Object.entries(SPANS).map(([name, [label]]) => html`<button key=${name} type="button" aria-pressed=${name === span} onClick=${() => query({ span: name })}>${label}</button>`)}</div></header>
    ${problem && html`<${Trouble} what="Occupancy could not be read." problem=${problem} again=${again} />`}
    ${!data && !problem && html`<${Waiting} rows=${3} />`}
    ${data && (data.times.length ? html`<p class="muted">At most ${count(most.inside, 'vehicle')} at once, of ${number(data.capacity)} spaces.</p><${Chart} times=${data.times.map((one) => one.at)} zone=${lot.zone} label=${`Vehicles inside: at most ${most.inside} of ${data.capacity}`} series=${[
      { label: 'Inside', values: data.times.map((one) => one.inside), colour: 'var(--accent-fill)', fill: 'color-mix(in oklab, var(--accent-fill) 16%, transparent)', steps: true },
      { label: 'Spaces', values: data.times.map(() => data.capacity), colour: 'var(--line-strong)', dash: [5, 5], width: 1.5 }]} />`
      : html`<${Empty} icon="status" title="Nothing is known yet"><p>As soon as vehicles come and go, it shows here.</p></${Empty}>`)}</section>`;
}

function Ahead({ lot }) {
  const today = wallOf(Date.now(), lot.zone).slice(0, 10);
  const day = route.value.query.day || today;
  const { data, problem, again } = useRead(() => parking.forecast(lot.lot_id, day), [lot.lot_id, day], 60);
  const weeks = Math.max(0, ...(data?.hours ?? []).map((one) => one.weeks));
  const values = (name) => data.hours.map((one) => one[name]);
  return html`<section class="card"><header class="map-head"><h2>How full it will be</h2><label class="field row-field"><span>Day</span><input type="date" value=${day} onChange=${(event) => query({ day: event.target.value })} /></label></header>
    ${problem && html`<${Trouble} what="There is no forecast." problem=${problem} again=${again} />`}
    ${!data && !problem && html`<${Waiting} rows=${3} />`}
    ${data && html`<p class="muted">${weeks ? `From the same hours of ${count(weeks, 'week')} before, and what is promised already.` : 'No week before is known yet: this is what is inside and promised.'}</p><${Chart} times=${values('at')} zone=${lot.zone} label=${`Expected vehicles on ${day}`} band=${[1, 2]} series=${[
      { label: 'Expected', values: values('expected'), colour: 'var(--accent-fill)' },
      { label: 'Most', values: values('high'), colour: 'var(--accent-line)', width: 1 },
      { label: 'Least', values: values('low'), colour: 'var(--accent-line)', width: 1 },
      { label: 'Inside or promised', values: values('promised'), colour: 'var(--good)', dash: [2, 4] },
      { label: 'Spaces', values: values('capacity'), colour: 'var(--line-strong)', dash: [5, 5], width: 1.5 }]} />`}</section>`;
}

const DAYS = [
  { title: 'Day', cell: (row) => named(row.day, { weekday: 'short', day: 'numeric', month: 'short' }) },
  { title: 'Invoices', cell: (row) => number(row.invoices), number: true },
  { title: 'Invoiced', cell: (row) => money(row.invoiced, row.currency), number: true },
  { title: 'Credited', cell: (row) => money(row.credited, row.currency), number: true },
  { title: 'Tax', cell: (row) => money(row.tax, row.currency), number: true },
  { title: 'Net', cell: (row) => html`<b>${money(row.net, row.currency)}</b>`, number: true },
];

function Revenue({ lot }) {
  const { data, problem, again } = useRead(() => parking.revenue(lot.lot_id), [lot.lot_id], 30);
  const sums = Object.entries((data ?? []).reduce((all, one) => ({ ...all, [one.currency]: (all[one.currency] ?? 0) + one.invoiced - one.credited }), {}));
  return html`<section class="card"><header class="map-head"><h2>What it took in</h2>${sums.map(([currency, sum]) => html`<b key=${currency} class="sum">${money(sum, currency)}</b>`)}</header>
    ${problem && html`<${Trouble} what="Revenue could not be read." problem=${problem} again=${again} />`}
    ${!data && !problem && html`<${Waiting} rows=${3} />`}
    ${data && (data.length ? html`<${Table} label="Revenue by day" columns=${DAYS} rows=${[...data].reverse()} id=${(row) => `${row.day} ${row.currency}`} />` : html`<${Empty} icon="card" title="Nothing was paid in the last seven days"><p>Each invoice of this car park is counted here on its day.</p></${Empty}>`)}</section>`;
}

export function Figures({ lot }) {
  return html`<div class="page-scroll charts" tabindex="0" role="group" aria-label="Figures"><${Past} lot=${lot} /><${Ahead} lot=${lot} /><${Revenue} lot=${lot} /></div>`;
}
