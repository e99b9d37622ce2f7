// A car park opened in one go: where it is, how many spaces of each kind on how many levels, and what an hour costs.
import { html, useEffect } from '../../lib/html.js';
import { go, title } from '../../lib/router.js';
import { parking, POOLS } from '../../lib/parking.js';
import { minorOf } from '../../lib/money.js';
import { Problem } from '../../lib/net.js';
import { own } from '../../lib/zones.js';
import { Field, Form } from '../bits.js';

const KINDS = [['car', 40], ['ev', 4], ['accessible', 2], ['motorcycle', 4], ['bicycle', 0]];

/** Spaces named by level and number, those of a kind beside each other, spread over the levels. */
export function spacesOf(counts, levels) {
  const each = levels.map(() => 0);
  return counts.flatMap(([pool, count]) => Array.from({ length: count }, (_, i) => {
    const at = Math.floor((i * levels.length) / count);
    each[at] += 1;
    return { name: `${levels[at].name}-${String(each[at]).padStart(3, '0')}`, level: levels[at].name, pool };
  }));
}

export function NewLot() {
  useEffect(() => title('A new car park', 'Parking'), []);
  const send = async (form) => {
    const text = (name) => form.get(name).trim();
    const currency = text('currency').toUpperCase();
    const price = minorOf(text('price'), currency);
    if (price === null) throw new Problem({ code: 'price_invalid', detail: `Give the price of an hour as ${currency} has it, such as 2.50.` });
    const levels = Array.from({ length: Number(text('levels')) }, (_, i) => ({ name: i ? `U${i}` : '0' }));
    const { data } = await parking.open({ name: text('name'), address: text('address'), zone: text('zone'), latitude: Number(text('latitude')), longitude: Number(text('longitude')) });
    await parking.layout(data.lot_id, { levels, spaces: spacesOf(KINDS.map(([pool]) => [pool, Number(text(pool)) || 0]), levels) });
    await parking.tariff(data.lot_id, { currency, zone: text('zone'), day_cap: price * 8, rates: [{ price, step: 1800, tax: Math.round(Number(text('tax')) * 100) }] });
    go(`/ui/parking/${data.lot_id}/operate`);
  };
  return html`<div class="page-scroll narrow-page"><h2>Open a car park</h2><p class="muted">You own it: you can name others to work its gates, and change all of this later.</p>
    <${Form} class="stack card new-lot" label="Open it" send=${send}>
      <div class="two-fields"><${Field} label="Name" name="name" required maxlength="100" /><${Field} label="Address" name="address" required maxlength="200" /></div>
      <div class="two-fields"><${Field} label="Latitude" name="latitude" type="number" step="any" min="-90" max="90" required /><${Field} label="Longitude" name="longitude" type="number" step="any" min="-180" max="180" required /></div>
      <div class="two-fields"><${Field} label="Time zone" name="zone" defaultValue=${own} required /><${Field} label="Levels" name="levels" type="number" min="1" max="12" defaultValue="2" required /></div>
      <fieldset class="counts"><legend>Spaces</legend>${KINDS.map(([pool, usual]) => html`<${Field} key=${pool} label=${POOLS[pool]} name=${pool} type="number" min="0" max="2000" defaultValue=${usual} />`)}</fieldset>
      <div class="three-fields"><${Field} label="An hour costs" name="price" inputmode="decimal" defaultValue="2.50" required /><${Field} label="Currency" name="currency" defaultValue="EUR" pattern="[A-Za-z]{3}" maxlength="3" required /><${Field} label="Tax in it, %" name="tax" type="number" step="0.01" min="0" max="100" defaultValue="19" required /></div>
      <p class="muted small">Each started half hour is paid; a day costs at most eight hours.</p>
    </${Form}></div>`;
}
