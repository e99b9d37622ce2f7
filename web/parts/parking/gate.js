// A gate to try: a vehicle comes with its plate or a code, or wants to leave; what is due is paid here.
import { html, useState } from '../../lib/html.js';
import { me } from '../../lib/session.js';
import { parking, VEHICLES, plateOf } from '../../lib/parking.js';
import { money } from '../../lib/money.js';
import { Field, Form, Time } from '../bits.js';
import { useRead } from '../read.js';
import { PlateFields, plateBody } from './plates.js';
import { Price } from './price.js';

function Barrier({ open, children }) {
  return html`<div class=${`barrier ${open === null ? '' : open ? 'open' : 'shut'}`} role="status"><svg width="96" height="62" viewBox="0 0 96 62" aria-hidden="true"><path class="post" d="M10 58V28h14v30zM4 58h88" /><path class="arm" d="M18 34H88" /><circle cx="17" cy="34" r="5" /></svg><div>${children}</div></div>`;
}

function Entry({ lot, after }) {
  const [outcome, setOutcome] = useState(null);
  const send = async (form, element) => {
    setOutcome(null);
    const code = form.get('code').trim();
    try {
      const { data } = await parking.enter(lot.lot_id, { plate: plateBody(form), vehicle: form.get('vehicle'), payment_method: form.get('card') || undefined, ...(code ? { code } : {}) });
      setOutcome({ ...data, plate: form.get('plate') });
      element.reset();
    } catch (problem) { setOutcome({ problem }); if (problem.passing) throw problem; }
    after();
  };
  return html`<${Barrier} open=${outcome ? !outcome.problem : null}>${!outcome ? html`<p class="muted">Waiting for a vehicle.</p>`
    : outcome.problem ? html`<strong>Stays shut</strong><p>${outcome.problem.message}</p>`
      : html`<strong>Come in: space ${outcome.space}</strong><p>Level ${outcome.level}${outcome.reserved ? ', on its reservation' : ''}${outcome.until ? html`, until <${Time} at=${outcome.until} shape="clock" />` : ''}.</p><p class="ticket-no">Ticket <code>${outcome.ticket_id}</code></p>`}</${Barrier}>
    <${Form} class="stack" label="Drive up" send=${send}><${PlateFields} required />
      <label class="field"><span>Vehicle</span><select name="vehicle">${Object.entries(VEHICLES).map(([name, label]) => html`<option key=${name} value=${name}>${label}</option>`)}</select></label>
      ${lot.terms.card_ceiling > 0 && html`<label class="field"><span>Card</span><select name="card"><option value="">None</option><option value="card">Charged at the exit</option></select></label>`}
      <${Field} label="Code of a reservation" name="code" hint="What its QR code says; may be left out." autocomplete="off" maxlength="100" /></${Form}>`;
}

function Due({ lot, ticket, out }) {
  const { data, again } = useRead(() => parking.ticket(ticket), [ticket], 2);
  const [paying, setPaying] = useState(false);
  const pay = async () => {
    await parking.pay(lot.lot_id, { user_id: me.value, amount: data.due, payment_method: 'card', claim_id: ticket });
    setPaying(true);
    again();
  };
  if (!data) return null;
  const settled = data.due === 0;
  return html`<div class="due"><${Price} price=${data.price} label=${data.lost ? 'With a lost ticket' : 'The stay'} />
    ${data.paid > 0 && html`<p class="price-line"><span>Paid</span><b>${money(data.paid, data.price.currency)}</b></p>`}
    ${settled ? html`<${Form} label="Open the gate" send=${out} />` : paying ? html`<p class="tag busy" role="status">The payment is on its way…</p>`
      : html`<${Form} label=${`Pay ${money(data.due, data.price.currency)} by card`} send=${pay} />
        ${!data.lost && html`<button type="button" class="quiet" onClick=${() => parking.lose(lot.lot_id, ticket).then(again)}>The ticket is lost</button>`}`}</div>`;
}

function Exit({ lot, inside, after }) {
  const [outcome, setOutcome] = useState(null);
  const [due, setDue] = useState(null); // the ticket that has to be paid first
  const leave = async (body, ticket) => {
    setOutcome(null);
    try {
      const { data } = await parking.leave(lot.lot_id, body);
      setOutcome(data);
      setDue(null);
    } catch (problem) {
      setOutcome({ problem });
      setDue(problem.code === 'payment_due' ? ticket : null);
      if (problem.passing) throw problem;
    }
    after();
  };
  const send = (form) => {
    const ticket = form.get('ticket');
    return leave({ ticket_id: ticket }, ticket);
  };
  return html`<${Barrier} open=${outcome ? !outcome.problem : null}>${!outcome ? html`<p class="muted">Waiting for a vehicle.</p>`
    : outcome.problem ? html`<strong>Stays shut</strong><p>${due ? 'Something is still to be paid.' : outcome.problem.message}</p>`
      : html`<strong>Goodbye</strong><p>${money(outcome.price, outcome.currency)} for the stay, ${money(outcome.paid, outcome.currency)} paid.</p>`}</${Barrier}>
    ${due && html`<${Due} key=${due} lot=${lot} ticket=${due} out=${() => leave({ ticket_id: due }, due)} />`}
    ${inside.length ? html`<${Form} class="stack" label="Drive up" send=${send}><label class="field"><span>Vehicle inside</span><select name="ticket" required>${inside.map((one) => { const { country, number } = plateOf(one.plate); return html`<option key=${one.ticket_id} value=${one.ticket_id}>${number ? `${country} ${number}` : 'without a plate'} · ${one.space}${one.overstays ? ' · too long' : ''}</option>`; })}</select></label></${Form}>`
      : !due && html`<p class="muted">Nobody is inside.</p>`}`;
}

export function Gate({ lot, inside, after }) {
  const [side, setSide] = useState('entry');
  return html`<section class="card gate" aria-label="Gates"><h2>Gates</h2>
    <div class="tabs" role="tablist" aria-label="Gate">${[['entry', 'Entry'], ['exit', 'Exit']].map(([name, label]) => html`<button key=${name} type="button" role="tab" id=${`gate-${name}`} aria-selected=${side === name} aria-controls="gate-panel" onClick=${() => setSide(name)}>${label}</button>`)}</div>
    <div id="gate-panel" class="stack" role="tabpanel" aria-labelledby=${`gate-${side}`}>${side === 'entry' ? html`<${Entry} key="entry" lot=${lot} after=${after} />` : html`<${Exit} key="exit" lot=${lot} inside=${inside} after=${after} />`}</div></section>`;
}
