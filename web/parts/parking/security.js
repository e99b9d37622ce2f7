// What cameras read, plates that are watched, incidents. Nothing here opens a gate.
import { html, useState } from '../../lib/html.js';
import { tell, tellProblem } from '../../lib/store.js';
import { parking } from '../../lib/parking.js';
import { count, brief } from '../../lib/format.js';
import { Field, Form, Time, Trouble, Waiting } from '../bits.js';
import { Dialog } from '../overlay.js';
import { Icon } from '../icons.js';
import { Table } from '../table.js';
import { useRead } from '../read.js';
import { Plate, PlateFields, plateBody } from './plates.js';

/** How near the plate of a ticket or a reservation is to what was read. */
function likeness({ match, misread }) {
  if (!match) return 'nobody known';
  return html`${misread ? `nearly (${count(misread / 100, 'letter')} off)` : 'exactly'}: <span class="mono" title=${match}>${brief(match)}</span>`;
}

const CAMERAS = [
  { title: 'Camera', cell: (one) => one.camera },
  { title: 'Plate', cell: (one) => html`<${Plate} plate=${one.plate} />` },
  { title: 'Sure', cell: (one) => `${one.confidence} %`, number: true },
  { title: 'May be', cell: likeness },
  { title: 'Watched', cell: (one) => (one.watched ? html`<span class="tag bad">watched</span>` : '') },
];

function Incident({ lot, one, after }) {
  const [closing, setClosing] = useState(false);
  const close = async (form) => { await parking.closeIncident(lot.lot_id, one.incident, form.get('note').trim()); tell('Closed.'); setClosing(false); after(); };
  return html`<li class="card incident"><header><b dir="auto">${one.kind}</b> <${Time} at=${one.reported_at} /> <span class=${`tag ${one.closed_at ? 'good' : 'bad'}`}>${one.closed_at ? 'closed' : 'open'}</span></header>
    <p dir="auto">${one.note}</p>${one.outcome && html`<p class="muted" dir="auto">${one.outcome}</p>`}
    ${!one.closed_at && html`<button type="button" onClick=${() => setClosing(true)}>Close it</button>`}
    ${closing && html`<${Dialog} title="What became of it?" close=${() => setClosing(false)}><${Form} label="Close the incident" send=${close}><${Field} label="Outcome" name="note" required maxlength="500" /></${Form}></${Dialog}>`}</li>`;
}

export function Security({ lot }) {
  const id = lot.lot_id;
  const { data, problem, again } = useRead(async () => {
    const [seen, watched, incidents] = await Promise.all([parking.observations(id), parking.watched(id), parking.incidents(id)]);
    return { seen, watched, incidents };
  }, [id], 5);
  const sent = (what, element) => { tell(what); element.reset(); again(); };
  const watch = async (form, element) => { await parking.watch(id, { plate: plateBody(form), reason: form.get('reason').trim() }); sent('It is watched from now on.', element); };
  const report = async (form, element) => { await parking.report(id, { kind: form.get('kind').trim(), note: form.get('note').trim() }); sent('Written down.', element); };
  const observe = async (form, element) => {
    const { data: found } = await parking.observe(id, { camera: form.get('camera').trim(), plate: plateBody(form), confidence: Number(form.get('confidence')) });
    sent(found.watched ? 'This plate is watched: an incident was opened.' : found.match ? 'It may be a vehicle that is known here.' : 'Nobody known has this plate.', element);
  };
  const unwatch = (plate) => parking.unwatch(id, plate).then(() => { tell('Watched no more.'); again(); }, (error) => tellProblem('Not changed.', error));
  if (!data) return problem ? html`<${Trouble} what="This could not be read." problem=${problem} again=${again} />` : html`<${Waiting} />`;
  return html`<div class="page-scroll security" tabindex="0" role="group" aria-label="Security">${problem && html`<${Trouble} what="This is no longer fresh." problem=${problem} again=${again} />`}
    <div class="two"><section><h2>Incidents</h2>${data.incidents.length ? html`<ul class="cards" aria-label="Incidents">${data.incidents.map((one) => html`<${Incident} key=${one.incident} lot=${lot} one=${one} after=${again} />`)}</ul>` : html`<p class="muted">None so far.</p>`}
      <details><summary>Report one</summary><${Form} class="stack card" label="Report it" send=${report}><${Field} label="What" name="kind" required maxlength="60" /><${Field} label="What happened" name="note" required maxlength="500" /></${Form}></details></section>
    <section><h2>Watch list</h2><p class="muted">When a plate of it is read or let in, that is an incident. It is let in all the same.</p>
      ${data.watched.length > 0 && html`<ul class="lines" aria-label="Watched plates">${data.watched.map((one) => html`<li key=${one.plate}><${Plate} plate=${one.plate} /><span dir="auto">${one.reason}</span><button type="button" class="quiet round" aria-label=${`Watch ${one.plate} no more`} onClick=${() => unwatch(one.plate)}><${Icon} name="trash" size=${18} /></button></li>`)}</ul>`}
      <${Form} class="stack card" label="Watch this plate" send=${watch}><${PlateFields} required /><${Field} label="Why" name="reason" required maxlength="500" /></${Form}></section></div>
    <h2>What the cameras read today</h2>${data.seen.length ? html`<${Table} label="Readings" columns=${CAMERAS} rows=${data.seen} id=${(one) => one.observation} />` : html`<p class="muted">Nothing yet. Readings are forgotten after 30 days.</p>`}
    <details><summary>Try a camera</summary><${Form} class="stack card" label="Send the reading" send=${observe}><${PlateFields} required /><div class="two-fields"><${Field} label="Camera" name="camera" required maxlength="60" defaultValue="Entry" /><${Field} label="How sure, per cent" name="confidence" type="number" min="0" max="100" defaultValue="90" required /></div></${Form}></details>
  </div>`;
}
