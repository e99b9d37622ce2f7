// How the house is doing: the engine, its processes, and how far each consumer is behind.
import { html, useEffect } from '../lib/html.js';
import { operator } from '../lib/net.js';
import { title } from '../lib/router.js';
import { count, number, span } from '../lib/format.js';
import { Empty, Time, Trouble, Waiting } from '../parts/bits.js';
import { Table } from '../parts/table.js';
import { useRead } from '../parts/read.js';

const CONSUMERS = [
  { title: 'Consumer', cell: (row) => html`<b>${row.name}</b>` },
  { title: 'Topic', cell: (row) => row.topic ?? '–' },
  { title: 'Partition', cell: (row) => row.partition ?? '–', number: true },
  { title: 'Applied', cell: (row) => number(row.applied), number: true },
  { title: 'End', cell: (row) => number(row.end), number: true },
  { title: 'Lag', cell: (row) => html`<span class=${row.lag > 0 ? 'late' : ''}>${number(row.lag)}</span>`, number: true },
  { title: 'Lag in time', cell: (row) => (row.lag_seconds == null ? '–' : span(row.lag_seconds * 1000)), number: true },
  { title: 'Error', cell: (row) => (row.error ? html`<span class="tag bad" title=${row.error}>${row.error}</span>` : html`<span class="muted">none</span>`) },
];

const say = (value) => (value === null || value === undefined ? '–' : typeof value === 'object' ? JSON.stringify(value) : String(value));
const TIME = /_at$|^since$|^started$/;

function Process({ one }) {
  const { name, role, ...rest } = typeof one === 'string' ? { name: one } : one;
  return html`<li class="card"><b>${name ?? role ?? 'process'}</b>${name && role && html` <span class="tag">${role}</span>`}
    <dl class="facts">${Object.entries(rest).map(([key, value]) => html`<div key=${key}><dt>${key.replaceAll('_', ' ')}</dt><dd>${TIME.test(key) && typeof value === 'string' ? html`<${Time} at=${value} shape="ago" />` : say(value)}</dd></div>`)}</dl></li>`;
}

export default function StatusPage() {
  useEffect(() => title('Status'), []);
  const { data, problem, at, again } = useRead(operator.status, [], 2);
  const consumers = data?.consumers ?? [];
  const processes = data?.processes ?? [];
  const behind = consumers.reduce((sum, one) => sum + (one.lag ?? 0), 0);
  const failing = consumers.filter((one) => one.error).length;
  return html`<div class="page"><header class="page-head"><h1>Status</h1><span class="gap"></span>${at && html`<small class="muted">as of <${Time} at=${at} shape="precise" /></small>`}</header>
    <div class="page-scroll" tabindex="0" role="group" aria-label="Status">
      ${problem && html`<${Trouble} what=${data ? 'These figures are no longer fresh.' : 'The status could not be read.'} problem=${problem} again=${again} />`}
      ${!data && !problem && html`<${Waiting} rows=${5} />`}
      ${data && html`
        <ul class="figures">
          <li><small>Engine</small><b>${data.engine ?? '–'}</b></li>
          <li><small>Processes</small><b>${number(processes.length)}</b></li>
          <li class=${behind ? 'busy' : 'good'}><small>Behind</small><b>${count(behind, 'record')}</b></li>
          <li class=${failing ? 'bad' : 'good'}><small>Failing</small><b>${failing ? count(failing, 'consumer') : 'nothing'}</b></li>
        </ul>
        <h2>Consumers</h2>
        ${consumers.length ? html`<${Table} label="Consumers" columns=${CONSUMERS} rows=${consumers} id=${(row) => `${row.name} ${row.topic} ${row.partition}`} mood=${(row) => (row.error ? 'bad' : '')} />` : html`<${Empty} icon="status" title="No consumers"><p>No worker has reported yet.</p></${Empty}>`}
        <h2>Processes</h2><ul class="cards grid">${processes.map((one, i) => html`<${Process} key=${one.id ?? one.name ?? i} one=${one} />`)}</ul>`}
    </div></div>`;
}
