// The read models: which version of each is live, and how far it is behind the log.
import { html, useEffect } from '../lib/html.js';
import { operator } from '../lib/net.js';
import { title } from '../lib/router.js';
import { compact, number, span } from '../lib/format.js';
import { Empty, Time, Trouble, Waiting } from '../parts/bits.js';
import { Table } from '../parts/table.js';
import { useRead } from '../parts/read.js';

/** Answers may be a list or an object with the list inside. */
const listOf = (data) => (Array.isArray(data) ? data : data?.projections ?? []);
const total = (value) => (typeof value === 'object' && value !== null ? Object.values(value).reduce((sum, one) => sum + Number(one), 0) : value);

const lag = (row) => total(row.lag) ?? 0;
const COLUMNS = [
  { title: 'Projection', cell: (row) => html`<b>${row.name ?? row.projection}</b>${row.system && html`<small>${row.system}</small>`}` },
  { title: 'Version', cell: (row) => row.version ?? '–', number: true },
  { title: 'Generation', cell: (row) => row.generation ?? '–', number: true },
  { title: 'State', cell: (row) => html`<span class=${`tag ${row.error ? 'bad' : lag(row) ? 'busy' : 'good'}`}>${row.error ? 'failing' : row.state ?? (lag(row) ? 'behind' : 'up to date')}</span>` },
  { title: 'Applied', cell: (row) => number(total(row.applied)), number: true },
  { title: 'Lag', cell: (row) => `${number(lag(row))} events`, number: true },
  { title: 'Lag in time', cell: (row) => (row.lag_seconds == null ? '–' : span(row.lag_seconds * 1000)), number: true },
  { title: 'Rate', cell: (row) => (row.rate == null ? '–' : `${compact(row.rate)}/s`), number: true },
];

export default function ProjectionsPage() {
  useEffect(() => title('Projections'), []);
  const { data, problem, at, again } = useRead(operator.projections, [], 2);
  const rows = listOf(data);
  return html`<div class="page"><header class="page-head"><h1>Projections</h1><span class="gap"></span>${at && html`<small class="muted">as of <${Time} at=${at} shape="precise" /></small>`}</header>
    <div class="page-scroll">
      ${problem && html`<${Trouble} what=${data ? 'These figures are no longer fresh.' : 'The projections could not be read.'} problem=${problem} again=${again} />`}
      ${!data && !problem && html`<${Waiting} rows=${5} />`}
      ${data && !rows.length && html`<${Empty} icon="projections" title="There are no projections"><p>They appear here when a worker with projections runs.</p></${Empty}>`}
      ${rows.length > 0 && html`<${Table} label="Projections" columns=${COLUMNS} rows=${rows} id=${(row) => row.name ?? row.projection} mood=${(row) => (row.error ? 'bad' : '')} />`}
    </div></div>`;
}
