// Who is in: by plate, also one that a camera misread.
import { html, useEffect, useState } from '../../lib/html.js';
import { parking, VEHICLES } from '../../lib/parking.js';
import { count } from '../../lib/format.js';
import { Empty, Time, Trouble, Waiting } from '../bits.js';
import { Icon } from '../icons.js';
import { Table } from '../table.js';
import { useRead } from '../read.js';
import { Plate, home } from './plates.js';

const COLUMNS = [
  { title: 'Plate', cell: (row) => (row.plate ? html`<${Plate} plate=${row.plate} />` : html`<span class="muted">unknown</span>`) },
  { title: 'Vehicle', cell: (row) => VEHICLES[row.vehicle] ?? row.vehicle },
  { title: 'Space', cell: (row) => row.space || '–' },
  { title: 'Since', cell: (row) => html`<${Time} at=${row.since} shape="whole" />` },
  { title: 'For', cell: (row) => html`<${Time} at=${row.since} shape="ago" />` },
  { title: 'Note', cell: (row) => (row.overstays ? html`<span class="tag busy">stays too long</span>` : '') },
];

/** Plates inside that a camera may have read as this one. It proposes and opens nothing. */
function Misread({ lot, text }) {
  const { data } = useRead(() => parking.matches(lot, { number: text, country: home() }).catch(() => []), [lot, text]);
  if (!data?.length) return html`<${Empty} icon="search" title="No such plate is inside"><p>Nor one that is misread as it.</p></${Empty}>`;
  return html`<p class="muted pad">No plate like that is inside. It may have been misread from:</p><ul class="cards">${data.map((one) => html`<li key=${one.ticket_id} class="card line"><${Plate} plate=${one.plate} /><span>Space ${one.space}, since <${Time} at=${one.since} shape="clock" /></span></li>`)}</ul>`;
}

export function Inside({ lot }) {
  const [text, setText] = useState('');
  const { data, problem, again } = useRead(() => parking.inside(lot.lot_id), [lot.lot_id], 5);
  const wanted = text.replace(/[^\p{L}\p{N}]/gu, '').toUpperCase();
  const rows = (data ?? []).filter((one) => !wanted || one.plate.replace(/^.*:/, '').includes(wanted));
  useEffect(() => {
    const focus = () => document.getElementById('find-plate')?.focus();
    addEventListener('septet:search', focus);
    return () => removeEventListener('septet:search', focus);
  }, []);
  if (!data) return problem ? html`<${Trouble} what="Who is in could not be read." problem=${problem} again=${again} />` : html`<${Waiting} />`;
  return html`<div class="page-scroll" tabindex="0" role="group" aria-label="Inside"><div class="inside-head"><label class="search"><${Icon} name="search" size=${18} /><span class="sr">Find a plate</span><input id="find-plate" type="search" placeholder="Find a plate" value=${text} onInput=${(event) => setText(event.target.value)} /><kbd aria-hidden="true">/</kbd></label><span class="muted" role="status">${count(rows.length, 'vehicle')}</span></div>
    ${problem && html`<${Trouble} what="This is no longer fresh." problem=${problem} again=${again} />`}
    ${rows.length ? html`<${Table} label="Vehicles inside" columns=${COLUMNS} rows=${rows} id=${(row) => row.ticket_id} />`
      : wanted ? html`<${Misread} lot=${lot.lot_id} text=${wanted} />` : html`<${Empty} icon="car" title="Nobody is inside"><p>Let a vehicle in at the gate.</p></${Empty}>`}</div>`;
}
