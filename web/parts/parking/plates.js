// Number plates: shown as they hang on a car, and asked for.
import { html, useState } from '../../lib/html.js';
import { plateOf } from '../../lib/parking.js';
import { locale } from '../../lib/format.js';

export function Plate({ plate }) {
  const { country, number } = plateOf(plate);
  return html`<span class="plate"><i>${country}</i><span>${number}</span></span>`;
}

/** The country that the viewer's language is of, for plates typed anew. */
export const home = () => (new Intl.Locale(locale?.[0] ?? 'en').region ?? 'DE');

/** What the server takes as a plate, from a form with `plate` and `country`; nothing where none was typed. */
export function plateBody(form) {
  const number = form.get('plate')?.trim();
  if (number) return { number, country: form.get('country').trim().toUpperCase() };
  const { country, number: known } = plateOf(form.get('known') || '');
  return known ? { number: known, country } : undefined;
}

export function PlateFields({ known = [], vehicle, required = false }) {
  const mine = known.filter((one) => one.vehicle === vehicle);
  const others = known.filter((one) => one.vehicle !== vehicle);
  const [chosen, choose] = useState(mine[0]?.plate ?? '');
  return html`${known.length > 0 && html`<label class="field"><span>Plate</span><select name="known" value=${chosen} onChange=${(event) => choose(event.target.value)}>
      ${[...mine, ...others].map((one) => html`<option key=${one.plate} value=${one.plate}>${one.plate.replace(':', ' ')}</option>`)}<option value="">Another one, or none</option></select></label>`}
    ${!chosen && html`<div class="plate-fields"><label class="field"><span>Country</span><input name="country" defaultValue=${home()} maxlength="2" pattern="[A-Za-z]{2}" autocomplete="off" autocapitalize="characters" required /></label>
      <label class="field"><span>Number on the plate</span><input name="plate" maxlength="32" autocomplete="off" autocapitalize="characters" spellcheck="false" required=${required} placeholder=${required ? '' : 'may be left out'} /></label></div>`}`;
}
