// One space: how it stands since when, and taking it out of service with a reason.
import { html } from '../../lib/html.js';
import { tell, tellProblem } from '../../lib/store.js';
import { parking, POOLS } from '../../lib/parking.js';
import { Field, Form, Time } from '../bits.js';
import { Dialog } from '../overlay.js';
import { Plate } from './plates.js';

export function SpaceDialog({ lot, space, car, close, after }) {
  const done = () => { close(); after(); };
  const shut = async (form) => { await parking.closeSpace(lot.lot_id, space.space, form.get('reason').trim()); tell(`${space.space} is out of service.`); done(); };
  const open = () => parking.reopenSpace(lot.lot_id, space.space).then(() => { tell(`${space.space} is back in service.`); done(); }, (problem) => tellProblem('Not reopened.', problem));
  return html`<${Dialog} title=${`Space ${space.space}`} close=${close}>
    <dl class="facts"><div><dt>Level</dt><dd>${space.level}${space.zone && `, ${space.zone}`}</dd></div><div><dt>For</dt><dd>${POOLS[space.pool] ?? space.pool}</dd></div>
      <div><dt>State</dt><dd>${{ free: 'Free', occupied: 'Taken', closed: 'Out of service' }[space.state]}${space.since && html` since <${Time} at=${space.since} shape="whole" />`}</dd></div>
      ${car && html`<div><dt>Vehicle</dt><dd><${Plate} plate=${car.plate} /></dd></div>`}</dl>
    ${space.state === 'closed' ? html`<button type="button" class="primary" onClick=${open}>Back into service</button>`
      : html`<${Form} label="Take out of service" send=${shut}><${Field} label="Why" name="reason" required maxlength="200" hint=${space.state === 'occupied' ? 'The vehicle stays; nobody is sent here any more.' : 'It is written into the diary.'} /></${Form}>`}</${Dialog}>`;
}
