// The read models: which version of each is live, and how far it is behind the log.
import { html, useEffect } from '../lib/html.js';
import { operator } from '../lib/net.js';
import { title } from '../lib/router.js';
import { compact, count, number, span } from '../lib/format.js';
import { Empty, Time, Waiting } from '../parts/bits.js';
import { NoFigures, consumersOf } from '../parts/operators.js';
import { Table } from '../parts/table.js';
import { useRead } from '../parts/read.js';

/** A projection with its partitions added up. */
function line(row) {
  const partitions = Array.isArray(row.partitions) ? row.partitions : [];
  const [own] = consumersOf(partitions.map((one) => ({ ...one, name: row.name })));
  return { lag: 0, applied: null, seconds: 0, errors: [], ...own, ...row, lag: own?.lag ?? row.lag ?? 0, seconds: own?.seconds ?? row.lag_seconds ?? 0 };
}

function State({ row }) {
  const error = row.error ?? row.errors[0];
  if (error) return html`<span class="tag bad" title=${error}>failing</span>`;
  return row.lag ? html`<span class="tag busy">behind</span>` : html`<span class="tag good">${row.state ?? 'up to date'}</span>`;
}

const COLUMNS = [
  { title: 'Projection', cell: (row) => html`<b>${row.name}</b>${row.tables && html`<small title=${row.tables.join(', ')}>${count(row.tables.length, 'table')}</small>`}` },
  { title: 'State', cell: (row) => html`<${State} row=${row} />` },
  { title: 'Version', cell: (row) => row.version ?? '–', number: true },
  { title: 'Generation', cell: (row) => row.generation, number: true, rare: 'generation' },
  { title: 'Applied', cell: (row) => (row.applied === null ? '–' : number(row.applied)), number: true },
  { title: 'Lag', cell: (row) => html`<span class=${row.lag ? 'late' : ''}>${count(row.lag, 'record')}</span>`, number: true },
  { title: 'Lag in time', cell: (row) => span(row.seconds * 1000), number: true },
  { title: 'Rate', cell: (row) => `${compact(row.rate)}/s`, number: true, rare: 'rate' },
  { title: 'Last applied', cell: (row) => (row.at ? html`<${Time} at=${row.at} shape="ago" />` : html`<span class="muted">nothing yet</span>`) },
];

export default function ProjectionsPage() {
  useEffect(() => title('Projections'), []);
  const { data, problem, at, again } = useRead(operator.projections, [], 2);
  const rows = (data ?? []).map(line);
  const columns = COLUMNS.filter((one) => !one.rare || rows.some((row) => row[one.rare] != null));
  return html`<div class="page" data-system="house"><header class="page-head"><h1>Projections</h1><span class="gap"></span>${at && html`<small class="muted">as of <${Time} at=${at} shape="precise" /></small>`}</header>
    <div class="page-scroll">
      <${NoFigures} what="The projections could not be read." data=${data} problem=${problem} again=${again} />
      ${!data && !problem && html`<${Waiting} rows=${5} />`}
      ${data && !rows.length && html`<${Empty} icon="projections" title="There are no projections"><p>They appear here when a worker with projections runs.</p></${Empty}>`}
      ${rows.length > 0 && html`<${Table} label="Projections" columns=${columns} rows=${rows} id=${(row) => row.name} mood=${(row) => (row.errors.length || row.error ? 'bad' : '')} />`}
    </div></div>`;
}
