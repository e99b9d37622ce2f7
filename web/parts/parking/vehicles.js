// One's own vehicles: a plate is typed once.
import { html, useEffect } from '../../lib/html.js';
import { title } from '../../lib/router.js';
import { tell, tellProblem } from '../../lib/store.js';
import { parking, VEHICLES } from '../../lib/parking.js';
import { Empty, Form, Trouble, Waiting } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { Plate, PlateFields, plateBody } from './plates.js';

export function Vehicles() {
  useEffect(() => title('Vehicles', 'Parking'), []);
  const { data, problem, again } = useRead(parking.vehicles, []);
  const add = async (form, element) => {
    await parking.addVehicle({ plate: plateBody(form), vehicle: form.get('vehicle') });
    element.reset();
    again();
  };
  const remove = (one) => parking.removeVehicle(one.plate).then(() => { tell('Removed.'); again(); }, (error) => tellProblem('Not removed.', error));
  return html`<div class="page-scroll narrow-page" tabindex="0" role="group" aria-label="Vehicles"><div class="two"><section><h2>Your vehicles</h2>
    ${problem && html`<${Trouble} what="Your vehicles could not be read." problem=${problem} again=${again} />`}
    ${!data && !problem && html`<${Waiting} rows=${2} />`}
    ${data && (data.length ? html`<ul class="cards">${data.map((one) => html`<li key=${one.plate} class="card line"><${Plate} plate=${one.plate} /><span>${VEHICLES[one.vehicle]}</span><button type="button" class="quiet round" aria-label=${`Remove ${one.plate}`} onClick=${() => remove(one)}><${Icon} name="trash" size=${19} /></button></li>`)}</ul>`
      : html`<${Empty} icon="car" title="None yet"><p>With its plate kept here a vehicle is let in without a code.</p></${Empty}>`)}</section>
    <section><h2>Add one</h2><${Form} class="stack card" label="Keep this vehicle" send=${add}><${PlateFields} required />
      <label class="field"><span>What it is</span><select name="vehicle">${Object.entries(VEHICLES).map(([name, label]) => html`<option key=${name} value=${name}>${label}</option>`)}</select></label></${Form}></section></div></div>`;
}
