// A price with what it is made of: to the cent, before anything is promised.
import { html } from '../../lib/html.js';
import { money } from '../../lib/money.js';

const WORDS = { parking: 'Parking', charging: 'Charging', reservation: 'Reservation', fee: 'Fee', penalty: 'Too long a stay', 'early bird': 'Early bird', 'lost ticket': 'Lost ticket', cap: 'At most for the day' };

/** Hours and minutes that were billed. */
export function stay(seconds) {
  const minutes = Math.round(seconds / 60);
  return [Math.floor(minutes / 60) && `${Math.floor(minutes / 60)} h`, minutes % 60 && `${minutes % 60} min`].filter(Boolean).join(' ') || '0 min';
}

export function Price({ price, label = 'Price' }) {
  const { currency } = price;
  return html`<div class="price"><p class="price-total"><span>${label}</span><b>${money(price.gross, currency)}</b></p>
    <dl>${price.lines.map((line) => html`<div key=${line.what}><dt>${WORDS[line.what] ?? line.what}${line.seconds > 0 && html` <small>${stay(line.seconds)}</small>`}</dt><dd>${money(line.amount, currency)}</dd></div>`)}
      ${price.tax > 0 && html`<div class="tax"><dt>of it tax</dt><dd>${money(price.tax, currency)}</dd></div>`}</dl></div>`;
}
