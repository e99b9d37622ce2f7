// What is charged by which rule, the terms, and counts put right by hand.
import { html } from '../../lib/html.js';
import { tell } from '../../lib/store.js';
import { parking, POOLS } from '../../lib/parking.js';
import { money } from '../../lib/money.js';
import { named } from '../../lib/zones.js';
import { Field, Form } from '../bits.js';
import { Table } from '../table.js';
import { useRead } from '../read.js';
import { stay } from './price.js';
import { Terms } from './terms.js';

const USES = { parking: 'Parking', charging: 'Charging', reservation: 'Reserved, not there yet' };
const clock = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
const weekday = (day) => (day === 7 ? 'holidays' : named(`2024-01-0${day + 1}`, { weekday: 'short' }));

/** When a rate holds, in words. */
function holds(rate) {
  const words = [
    rate.days.length ? rate.days.map(weekday).join(', ') : '',
    rate.dates.length ? rate.dates.map((day) => named(day, { day: 'numeric', month: 'short' })).join(', ') : '',
    rate.start !== rate.end ? `${clock(rate.start)}–${clock(rate.end)}` : '',
    rate.after ? `after ${stay(rate.after)}` : '', rate.until ? `for the first ${stay(rate.until - rate.after)}` : '',
  ].filter(Boolean);
  return words.join('; ') || 'always';
}

function Tariff({ tariff, version }) {
  const { currency } = tariff;
  const columns = [
    { title: 'For', cell: (rate) => USES[rate.use] ?? rate.use },
    { title: 'Holds', cell: (rate) => holds(rate) },
    { title: 'Price', cell: (rate) => html`<b>${money(rate.price, currency)}</b> ${rate.flat ? 'flat' : 'an hour'}`, number: true },
    { title: 'Each started', cell: (rate) => (rate.flat ? '–' : stay(rate.step)), number: true },
    { title: 'Tax', cell: (rate) => `${rate.tax / 100} %`, number: true },
  ];
  const facts = [
    ['Free at most', tariff.free && stay(tariff.free)], ['Most for a day', tariff.day_cap && money(tariff.day_cap, currency)], ['Most for 24 hours', tariff.rolling_cap && money(tariff.rolling_cap, currency)],
    ['Fee', tariff.fee && money(tariff.fee, currency)], ['Lost ticket, at least', tariff.lost_ticket && money(tariff.lost_ticket, currency)],
    ['Early bird', tariff.early_bird && `${money(tariff.early_bird.price, currency)}, in ${clock(tariff.early_bird.enter_from)}–${clock(tariff.early_bird.enter_to)}, out by ${clock(tariff.early_bird.leave_by)}`],
    ['Longest stay', tariff.max_stay && `${stay(tariff.max_stay)}, then ${money(tariff.penalty, currency)}`], ['Tax', tariff.tax_included ? 'in the prices' : 'on top'],
  ].filter(([, value]) => value);
  return html`<section><h2>Prices <span class="tag">version ${version}</span></h2>${tariff.rates.length ? html`<${Table} label="Rates" columns=${columns} rows=${tariff.rates.map((rate, at) => ({ ...rate, at }))} id=${(rate) => rate.at} />` : html`<p class="muted">No prices yet: parking is free.</p>`}
    <dl class="facts wide-facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl><p class="muted small">The first rate that holds counts. By the clock of ${tariff.zone}.</p></section>`;
}

function Counts({ lot }) {
  const { data, again } = useRead(() => parking.inside(lot.lot_id), [lot.lot_id], 10);
  const pools = [...new Set(lot.spaces.map((one) => one.pool))];
  const known = (pool) => data?.filter((one) => one.pool === pool).length ?? 0;
  const send = async (form, element) => {
    await parking.correct(lot.lot_id, form.get('pool'), { present: Number(form.get('present')), reason: form.get('reason').trim() });
    tell('The count is corrected.');
    element.reset();
    again();
  };
  return html`<section><h2>Correct a count</h2><p class="muted">What the gates counted may be wrong. What no longer fits of what was promised is moved, or broken openly.</p>
    <${Form} class="stack card" label="Correct it" send=${send}><label class="field"><span>Spaces</span><select name="pool">${pools.map((pool) => html`<option key=${pool} value=${pool}>${POOLS[pool] ?? pool}: ${known(pool)} counted</option>`)}</select></label>
      <${Field} label="Vehicles that are there" name="present" type="number" min="0" max="10000" required /><${Field} label="Why" name="reason" required maxlength="200" hint="It is written into the diary with your name." /></${Form}></section>`;
}

export function Prices({ lot }) {
  return html`<div class="page-scroll" tabindex="0" role="group" aria-label="Prices and counts"><${Tariff} tariff=${lot.tariff} version=${lot.tariff_version} />
    <div class="two prices-two"><section><h2>Terms of reservations</h2><${Terms} terms=${lot.terms} currency=${lot.tariff.currency} /></section><${Counts} lot=${lot} /></div></div>`;
}
