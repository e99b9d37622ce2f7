// How the house is doing: the engine, its processes, and how far each consumer is behind.
import { html, useEffect } from '../lib/html.js';
import { operator } from '../lib/net.js';
import { title } from '../lib/router.js';
import { count, number, span } from '../lib/format.js';
import { Empty, Time, Waiting } from '../parts/bits.js';
import { NoFigures, consumersOf, lagOf } from '../parts/operators.js';
import { Table } from '../parts/table.js';
import { useRead } from '../parts/read.js';

const late = (lag) => html`<span class=${lag > 0 ? 'late' : ''}>${number(lag)}</span>`;
const when = (at) => (at ? html`<${Time} at=${at} shape="ago" />` : html`<span class="muted">nothing yet</span>`);
const CONSUMERS = [
  { title: 'Consumer', cell: (row) => html`<b>${row.name}</b>` },
  { title: 'Reads', cell: (row) => row.topics.join(', ') },
  { title: 'Partitions', cell: (row) => number(row.all.length), number: true },
  { title: 'Applied', cell: (row) => number(row.applied), number: true },
  { title: 'Lag', cell: (row) => late(row.lag), number: true },
  { title: 'Lag in time', cell: (row) => span(row.seconds * 1000), number: true },
  { title: 'Last applied', cell: (row) => when(row.at) },
  { title: 'Error', cell: (row) => (row.errors.length ? html`<span class="tag bad" title=${row.errors.join('\n')}>${row.errors[0]}</span>` : html`<span class="muted">none</span>`) },
];
const PARTITIONS = [
  { title: 'Consumer', cell: (row) => row.name ?? row.consumer },
  { title: 'Topic', cell: (row) => row.topic },
  { title: 'Partition', cell: (row) => row.partition, number: true },
  { title: 'Applied', cell: (row) => number(row.applied), number: true },
  { title: 'End', cell: (row) => number(row.end), number: true },
  { title: 'Lag', cell: (row) => late(lagOf(row)), number: true },
  { title: 'Last applied', cell: (row) => when(row.applied_at) },
];

const say = (value) => (value === null || value === undefined ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value));
function fact(name, value) {
  if (name.endsWith('_seconds')) return [name.slice(0, -8).replaceAll('_', ' '), span(value * 1000)];
  if (name.endsWith('_at') && typeof value === 'string') return [name.replaceAll('_', ' '), when(value)];
  return [name.replaceAll('_', ' '), say(value)];
}

function Process({ one }) {
  const { name, role, ...rest } = typeof one === 'string' ? { name: one } : one;
  return html`<li class="card"><b>${name ?? role ?? 'process'}</b>${name && role && html` <span class="tag">${role}</span>`}
    <dl class="facts">${Object.entries(rest).map(([key, value]) => { const [label, shown] = fact(key, value); return html`<div key=${key}><dt>${label}</dt><dd>${shown}</dd></div>`; })}</dl></li>`;
}

function Figures({ data }) {
  const consumers = consumersOf(data.consumers ?? []);
  const processes = data.processes ?? [];
  const behind = consumers.reduce((sum, one) => sum + one.lag, 0);
  const failing = consumers.filter((one) => one.errors.length).length;
  return html`<ul class="figures">
      <li><small>Engine</small><b>${data.engine ?? '–'}</b></li>
      <li><small>Processes</small><b>${number(processes.length)}</b></li>
      <li class=${behind ? 'busy' : 'good'}><small>Behind</small><b>${behind ? count(behind, 'record') : 'nothing'}</b></li>
      <li class=${failing ? 'bad' : 'good'}><small>Failing</small><b>${failing ? count(failing, 'consumer') : 'nothing'}</b></li>
    </ul>
    <h2>Consumers</h2>
    ${consumers.length ? html`<${Table} label="Consumers" columns=${CONSUMERS} rows=${consumers} id=${(row) => row.name} mood=${(row) => (row.errors.length ? 'bad' : '')} />
      <details><summary>Partition by partition</summary><${Table} label="Partitions" columns=${PARTITIONS} rows=${data.consumers} id=${(row) => `${row.name ?? row.consumer} ${row.topic} ${row.partition}`} /></details>`
      : html`<${Empty} icon="status" title="No consumers"><p>No worker has reported yet.</p></${Empty}>`}
    <h2>Processes</h2><ul class="cards grid">${processes.map((one, i) => html`<${Process} key=${one.id ?? one.name ?? one.pid ?? i} one=${one} />`)}</ul>`;
}

export default function StatusPage() {
  useEffect(() => title('Status'), []);
  const { data, problem, at, again } = useRead(operator.status, [], 2);
  return html`<div class="page" data-system="house"><header class="page-head"><h1>Status</h1><span class="gap"></span>${at && html`<small class="muted">as of <${Time} at=${at} shape="precise" /></small>`}</header>
    <div class="page-scroll" tabindex="0" role="group" aria-label="Status">
      <${NoFigures} what="The status could not be read." data=${data} problem=${problem} again=${again} />
      ${!data && !problem && html`<${Waiting} rows=${5} />`}
      ${data && html`<${Figures} data=${data} />`}
    </div></div>`;
}
