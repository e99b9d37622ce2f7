// What happened on a day, the latest first: who did what.
import { html } from '../../lib/html.js';
import { query, route } from '../../lib/router.js';
import { me } from '../../lib/session.js';
import { parking } from '../../lib/parking.js';
import { brief } from '../../lib/format.js';
import { Empty, Time, Trouble, Waiting } from '../bits.js';
import { Table } from '../table.js';
import { useRead } from '../read.js';

const who = (actor) => { const id = String(actor ?? '').replace(/^person[:/]/, ''); return id === me.value ? 'you' : /^[0-9a-f-]{36}$/.test(id) ? brief(id) : id; };
const COLUMNS = [
  { title: 'Time', cell: (row) => html`<${Time} at=${row.time} shape="precise" />` },
  { title: 'What', cell: (row) => html`<b>${row.what}</b>` },
  { title: 'Detail', cell: (row) => row.detail || '' },
  { title: 'Of', cell: (row) => (row.subject ? html`<span class="mono" title=${row.subject}>${brief(row.subject)}</span>` : '') },
  { title: 'By', cell: (row) => html`<span title=${row.actor}>${who(row.actor)}</span>` },
];

export function Diary({ lot }) {
  const today = new Date().toISOString().slice(0, 10);
  const day = route.value.query.day || today;
  const { data, problem, again } = useRead(() => parking.diary(lot.lot_id, day), [lot.lot_id, day], day === today ? 5 : 0);
  return html`<div class="page-scroll" tabindex="0" role="group" aria-label="Diary"><div class="inside-head"><label class="field row-field"><span>Day (UTC)</span><input type="date" value=${day} max=${today} onChange=${(event) => query({ day: event.target.value })} /></label></div>
    ${problem && html`<${Trouble} what="The diary could not be read." problem=${problem} again=${again} />`}
    ${!data && !problem && html`<${Waiting} />`}
    ${data && (data.length ? html`<${Table} label="Diary" columns=${COLUMNS} rows=${data} id=${(row) => `${row.time} ${row.what} ${row.subject}`} />`
      : html`<${Empty} icon="log" title="Nothing happened on this day"><p>Each entry, reservation, payment and correction is written down here.</p></${Empty}>`)}</div>`;
}
