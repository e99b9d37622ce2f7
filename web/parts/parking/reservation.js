// One reservation: held and counted down, confirmed with its code, paid, changed, given back.
import { html, useEffect, useState } from '../../lib/html.js';
import { title } from '../../lib/router.js';
import { me } from '../../lib/session.js';
import { tell, tellProblem } from '../../lib/store.js';
import { parking, VEHICLES } from '../../lib/parking.js';
import { money } from '../../lib/money.js';
import { lengthOf, offset, own, zoneName } from '../../lib/zones.js';
import { Form, Time, Trouble, Waiting } from '../bits.js';
import { Dialog } from '../overlay.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { later } from '../later.js';
import { Code } from './code.js';
import { Countdown, useSecondsTo } from '../countdown.js';
import { Plate } from './plates.js';
import { State, interval } from './reservations.js';
import { Terms, limitsOf } from './terms.js';
import { Moment, asQuery, moved, wrong } from './wish.js';

const Guided = later(() => import('./guide.js').then((module) => module.Guided));
const WHY = { expired: 'It was not confirmed in time, so the space went back.', no_show: 'You did not come in time, so the space went back.', displaced: 'The car park could not keep its promise.' };

function Held({ one, lot, again }) {
  const seconds = useSecondsTo(one.expires);
  useEffect(() => { if (!seconds) again(); }, [seconds === 0]);
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    try { await parking.confirm(one); tell('Reserved. The code below opens the gate.'); } catch (problem) { tellProblem('Not reserved.', problem); }
    setBusy(false);
    again();
  };
  if (!seconds) return html`<div class="held over"><p>The hold is over and the space went back.</p><a class="button primary" href=${`/ui/parking/${one.lot_id}?${asQuery({ vehicle: one.vehicle, start: one.start, end: one.end })}`}>Try again</a></div>`;
  return html`<div class="held"><${Countdown} until=${one.expires} whole=${lengthOf(lot?.terms.hold ?? 'PT10M') / 1000} />
    <div><strong>Held for you until <${Time} at=${one.expires} shape="clock" /></strong><p class="muted">Nobody else can have it till then. Reserve it for ${money(one.price, one.currency)}, to be paid before you leave.</p></div>
    <button type="button" class="primary" disabled=${busy} onClick=${confirm}>${busy ? 'One moment…' : 'Reserve it'}</button></div>`;
}

function PayDialog({ one, due, close, after }) {
  const send = async (form) => {
    const { data } = await parking.pay(one.lot_id, { user_id: me.value, amount: due, payment_method: form.get('method'), claim_id: one.reservation_id });
    tell(data.status === 'captured' ? `${money(due, one.currency)} paid.` : 'The payment is on its way: this page shows when it has come.');
    close();
    after(data);
  };
  return html`<${Dialog} title=${`Pay ${money(due, one.currency)}`} close=${close}>
    <${Form} label=${`Pay ${money(due, one.currency)}`} send=${send}><fieldset class="methods"><legend>How</legend>
      ${[['card', 'Card', 'card'], ['wallet', 'Wallet', 'shop']].map(([name, label, icon], i) => html`<label key=${name}><input type="radio" name="method" value=${name} defaultChecked=${i === 0} /><${Icon} name=${icon} /><span>${label}</span></label>`)}</fieldset></${Form}></${Dialog}>`;
}

function ChangeDialog({ one, lot, close, after }) {
  const [wish, setWish] = useState({ vehicle: one.vehicle, start: one.start, end: one.end });
  const present = one.status === 'FULFILLED';
  const no = wrong(wish);
  const same = Date.parse(wish.start) === Date.parse(one.start) && Date.parse(wish.end) === Date.parse(one.end);
  const { data: quote, problem } = useRead(() => (no ? Promise.resolve(null) : parking.quote(one.lot_id, wish)), [asQuery(wish)]);
  const fits = quote && Date.parse(quote.start) === Date.parse(wish.start) && Date.parse(quote.end) === Date.parse(wish.end);
  const send = async () => {
    const { data } = await parking.change(one, { start: wish.start, end: wish.end, price: quote.price.gross });
    tell(`Changed. It costs ${money(data.price ?? one.price, one.currency)} now.`);
    close();
    after();
  };
  return html`<${Dialog} title="Change the reservation" close=${close}>
    ${present ? html`<p class="muted">You are in: the end can still be changed.</p>` : html`<${Moment} label="From" at=${wish.start} zone=${lot.zone} change=${(start) => setWish(moved(wish, start))} />`}
    <${Moment} label="Until" at=${wish.end} zone=${lot.zone} change=${(end) => setWish({ ...wish, end })} />
    ${no ? html`<p class="form-problem" role="alert">${no}</p>` : problem ? html`<p class="form-problem" role="alert">${problem.message}</p>`
      : html`<p class="price-total"><span>New price</span><b>${fits ? money(quote.price.gross, one.currency) : '…'}</b></p><p class="muted small">Now it is ${money(one.price, one.currency)}.${quote && quote.price.gross < one.paid ? ' What you paid too much comes back.' : ''}</p>
      ${fits && !same && html`<${Form} label="Change it" send=${send} />`}`}
  </${Dialog}>`;
}

function CancelDialog({ one, lot, close, after }) {
  const late = one.status === 'RESERVED' && Date.now() > Date.parse(limitsOf(lot.terms, one.start).cancel);
  const send = async () => {
    const { data } = await parking.cancel(one);
    tell(data.fee ? `Cancelled. ${money(data.fee, one.currency)} are kept under the terms.` : 'Cancelled. It costs you nothing.');
    close();
    after();
  };
  return html`<${Dialog} title="Cancel the reservation?" close=${close}>
    <p>${late ? html`It is past the time until which cancelling costs nothing: <b>${money(one.price, one.currency)}</b> are kept.` : 'It costs you nothing, and what you paid comes back.'}</p>
    <${Form} label="Cancel the reservation" send=${send} /></${Dialog}>`;
}

function Invoices({ one, paid }) {
  const { data, again } = useRead(parking.invoices, [one.reservation_id, paid]);
  const mine = (data ?? []).filter((invoice) => invoice.claim_id === one.reservation_id);
  // An invoice follows the money by a moment; it is asked for until it is there.
  useEffect(() => {
    if (!data || mine.length || !paid) return undefined;
    const timer = setTimeout(again, 1000);
    return () => clearTimeout(timer);
  }, [data]);
  const open = async (invoice) => {
    try {
      const link = Object.assign(document.createElement('a'), { href: await parking.paper(invoice.invoice_id), download: `${invoice.kind.replace(' ', '-')}-${invoice.number}.pdf` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    } catch (problem) { tellProblem('The invoice could not be fetched.', problem); }
  };
  if (!mine.length) return null;
  return html`<ul class="invoices">${mine.map((invoice) => html`<li key=${invoice.invoice_id}><button type="button" class="link" onClick=${() => open(invoice)}><${Icon} name="paper" size=${18} /> ${invoice.kind === 'invoice' ? 'Invoice' : 'Credit note'} ${invoice.number} (PDF)</button><b class="amount">${money(invoice.gross, invoice.currency)}</b></li>`)}</ul>`;
}

/** What is still to be paid: of a stay as of now, of a reservation its price. */
async function dueOf(one) {
  if (one.status === 'RESERVED') return one.price - one.paid;
  if (one.status !== 'FULFILLED') return 0;
  const ticket = await parking.ticket(one.reservation_id);
  return ticket.exited_at ? 0 : ticket.due;
}

export function Reservation({ id }) {
  const [doing, setDoing] = useState(null);
  const [paying, setPaying] = useState(null); // the payment that is on its way
  const { data, problem, again } = useRead(async () => {
    const one = await parking.reservation(id);
    const [lot, due] = await Promise.all([parking.lot(one.lot_id), dueOf(one)]);
    return { one, lot, due };
  }, [id, paying], paying ? 1 : 5);
  const { one, lot, due = 0 } = data ?? {};
  useEffect(() => title(lot && `${lot.name}, ${interval(one.start, one.end)}`, 'Parking'), [lot?.name, one?.start, one?.end]);
  useEffect(() => { if (paying && one && one.paid >= paying) setPaying(null); }, [one?.paid, paying]);
  if (problem && !data) return html`<div class="page-scroll"><${Trouble} what=${problem.status === 404 ? 'There is no such reservation, or it is not yours.' : 'The reservation could not be read.'} problem=${problem.status === 404 ? null : problem} again=${again}><p><a href="/ui/parking/reservations">Your reservations</a></p></${Trouble}></div>`;
  if (!data) return html`<${Waiting} label="Loading the reservation" />`;
  const live = one.status === 'RESERVED' || one.status === 'FULFILLED';
  const elsewhere = offset(one.start, lot.zone) !== offset(one.start, own);
  const after = () => again();
  return html`<div class="page-scroll narrow-page reservation-page">
    ${problem && html`<${Trouble} what="This is no longer fresh." problem=${problem} again=${again} />`}
    <article class=${`pass ${one.status === 'RESERVED' && one.code ? 'with-code' : ''}`}>
      <header><a class="round quiet back" href="/ui/parking/reservations" aria-label="Your reservations"><${Icon} name="back" /></a><div><h2 dir="auto"><a href=${`/ui/parking/${one.lot_id}`}>${lot.name}</a></h2><p class="muted" dir="auto">${lot.address}</p></div><${State} status=${one.status} /></header>
      ${one.status === 'PENDING' && html`<${Held} one=${one} lot=${lot} again=${again} />`}
      ${one.why && html`<p class="why"><${Icon} name="info" size=${18} /> ${WHY[one.why] ?? one.why}</p>`}
      <div class="pass-body">
        <dl class="pass-facts">
          <div class="wide"><dt>When</dt><dd>${interval(one.start, one.end)}${elsewhere && html`<small>${interval(one.start, one.end, lot.zone)} ${zoneName(lot.zone, one.start)} there</small>`}</dd></div>
          <div><dt>Vehicle</dt><dd>${VEHICLES[one.vehicle] ?? one.vehicle}${one.plate && html` <${Plate} plate=${one.plate} />`}</dd></div>
          <div><dt>Price</dt><dd>${money(one.price, one.currency)}</dd></div>
          <div><dt>Paid</dt><dd>${paying ? html`<span class="tag busy">on its way</span>` : money(one.paid, one.currency)}</dd></div>
          ${one.fee > 0 && html`<div><dt>Kept</dt><dd>${money(one.fee, one.currency)}</dd></div>`}
          ${one.compensation > 0 && html`<div><dt>${one.compensation_paid ? 'Paid out to you' : 'Owed to you'}</dt><dd>${money(one.compensation, one.currency)}</dd></div>`}
        </dl>
        ${one.status === 'RESERVED' && one.code && html`<figure><${Code} text=${one.code} label="QR code of this reservation" /><figcaption>Show this at the gate${one.plate ? ', or drive up: your plate is known' : ''}.</figcaption></figure>`}
      </div>
      ${(live || one.status === 'PENDING') && html`<footer>
        ${live && due > 0 && !paying && html`<button type="button" class="primary" onClick=${() => setDoing('pay')}><${Icon} name="card" size=${19} /> Pay ${money(due, one.currency)}</button>`}
        <button type="button" onClick=${() => setDoing('change')}><${Icon} name="clock" size=${19} /> ${one.status === 'FULFILLED' ? 'Stay longer' : 'Change'}</button>
        ${one.status !== 'FULFILLED' && html`<button type="button" class="danger" onClick=${() => setDoing('cancel')}>Cancel</button>`}</footer>`}
    </article>
    ${one.status === 'RESERVED' && html`<${Guided} one=${one} lot=${lot} />`}
    <${Invoices} one=${one} paid=${one.paid} />
    ${(live || one.status === 'PENDING') && html`<section><h2>Terms</h2><${Terms} terms=${lot.terms} currency=${one.currency} start=${one.start} /></section>`}
    ${doing === 'pay' && html`<${PayDialog} one=${one} due=${due} close=${() => setDoing(null)} after=${() => setPaying(one.paid + due)} />`}
    ${doing === 'change' && html`<${ChangeDialog} one=${one} lot=${lot} close=${() => setDoing(null)} after=${after} />`}
    ${doing === 'cancel' && html`<${CancelDialog} one=${one} lot=${lot} close=${() => setDoing(null)} after=${after} />`}
  </div>`;
}
