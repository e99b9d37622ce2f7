// The terms of a car park, in sentences; with a reservation, as the instants they mean for it.
import { html } from '../../lib/html.js';
import { count } from '../../lib/format.js';
import { money } from '../../lib/money.js';
import { lengthOf } from '../../lib/zones.js';
import { Time } from '../bits.js';

const MINUTE = 60_000;
function length(ms) {
  const minutes = Math.round(ms / MINUTE);
  if (minutes % 1440 === 0 && minutes) return count(minutes / 1440, 'day');
  return minutes % 60 === 0 && minutes ? count(minutes / 60, 'hour') : count(minutes, 'minute');
}
const before = (start, ms) => new Date(Date.parse(start) - ms).toISOString();

/** Until when a reservation can be cancelled for nothing and be changed, as instants. */
export const limitsOf = (terms, start) => ({ cancel: before(start, lengthOf(terms.cancel_until)), change: before(start, lengthOf(terms.change_until)) });

export function Terms({ terms, currency, start }) {
  const limits = start && limitsOf(terms, start);
  const by = (which, words) => (limits ? html`until <${Time} at=${limits[which]} shape="whole" />` : words);
  const ahead = (text) => (lengthOf(text) ? `until ${length(lengthOf(text))} before it begins` : 'until it begins');
  const early = lengthOf(terms.early_start);
  const late = lengthOf(terms.late_stop);
  return html`<ul class="terms">
    <li>Cancel for nothing ${by('cancel', ahead(terms.cancel_until))}; after that the whole price is kept.</li>
    <li>Change ${by('change', ahead(terms.change_until))}.</li>
    ${early > 0 && html`<li>Come up to ${length(early)} early.</li>`}
    <li>Who has not come ${length(lengthOf(terms.noshow_timeout))} after the start gives the space up${terms.noshow_fee > 0 ? ` and pays ${money(terms.noshow_fee, currency)}` : ''}.</li>
    ${late > 0 && html`<li>Leave up to ${length(late)} late.</li>`}
    <li>After paying you have ${length(lengthOf(terms.pay_by))} to leave.</li>
  </ul>`;
}
