// What one's calendar is connected with: calendars kept elsewhere, programs that are told, people one follows.
import { html, useEffect } from '../../lib/html.js';
import { title } from '../../lib/router.js';
import { tell, tellProblem } from '../../lib/store.js';
import { count } from '../../lib/format.js';
import { own } from '../../lib/zones.js';
import { copy, Empty, Field, Form, Time, Trouble, Waiting } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { words } from './words.js';

const PROVIDERS = { google: 'Google', outlook: 'Outlook' };
const done = (what, again) => [() => { tell(what); again(); }, (problem) => tellProblem('It stays as it was.', problem)];

function Elsewhere({ id }) {
  const { data, problem, again } = useRead(() => words.connections(id), [id], 5);
  const begin = async (form) => {
    const { data: page } = await words.consent(id, { provider: form.get('provider'), writes: form.get('writes') === 'on', zone: own });
    location.assign(page.url);
  };
  return html`<h2>Calendars you keep elsewhere</h2><p class="muted">What is taken there cannot be booked here. Only the times are read, no words.</p>
    ${problem && html`<${Trouble} what="They could not be read." problem=${problem} again=${again} />`}
    ${!data && !problem && html`<${Waiting} rows=${1} />`}
    <div class="stack">${data?.length > 0 && html`<ul class="cards" aria-label="Connected calendars">${data.map((one) => html`<li key=${one.connection_id} class="card"><div class="line"><${Icon} name="scheduling" /><span><b>${PROVIDERS[one.provider]}</b> <span class=${`tag ${{ on: 'good', failed: 'bad' }[one.state] ?? ''}`}>${{ on: 'connected', failed: 'lets us in no more', waiting: 'being connected' }[one.state]}</span></span></div>
      <p class="muted small">${one.writes ? 'Bookings are written there. ' : ''}${one.synced_at ? html`Read <${Time} at=${one.synced_at} shape="ago" />.` : ''} ${one.problem}</p>
      <div class="choices"><button type="button" class="danger" onClick=${() => words.disconnect(id, one.connection_id).then(...done('Disconnected. Its times can be booked again.', again))}>Disconnect</button></div></li>`)}</ul>`}
    <${Form} class="stack card" label="Connect it" send=${begin}><label class="field"><span>Kept at</span><select name="provider">${Object.entries(PROVIDERS).map(([value, name]) => html`<option key=${value} value=${value}>${name}</option>`)}</select></label>
      <label class="check"><input type="checkbox" name="writes" defaultChecked /> <span>Write my bookings there</span></label></${Form}></div>`;
}

function Webhook({ id, one, again }) {
  const log = useRead(() => words.deliveries(id, one.webhook_id), [one.webhook_id]);
  const both = () => { again(); log.again(); };
  return html`<li class="card webhook"><div class="line"><${Icon} name="link" /><span dir="auto"><b>${one.url}</b>${one.disabled && html` <span class="tag bad">off: ${one.disabled}</span>`}</span></div>
    <div class="choices">${one.disabled
      ? html`<button type="button" onClick=${() => words.enableWebhook(id, one.webhook_id).then(...done('It is on again.', both))}>Switch on</button>`
      : html`<button type="button" onClick=${() => words.ping(id, one.webhook_id).then(...done('A test is on its way.', both))}>Try it</button>`}
      <button type="button" onClick=${() => copy(one.secret, 'The secret is copied.')}>Copy the secret</button>
      <button type="button" onClick=${log.again}>Look again</button>
      <button type="button" class="danger" onClick=${() => words.removeWebhook(id, one.webhook_id).then(...done('Removed.', again))}>Remove</button></div>
    ${log.data?.length > 0 && html`<ul class="lines" aria-label="What was sent there">${log.data.slice(0, 10).map((each) => html`<li key=${each.call_id}><span>${each.kind}, <${Time} at=${each.told_at} shape="ago" /></span><b>${{ failed: 'given up' }[each.state] ?? each.state}${each.why && `: ${each.why}`}</b></li>`)}</ul>`}</li>`;
}

function Webhooks({ id }) {
  const { data, problem, again } = useRead(() => words.webhooks(id), [id]);
  const add = async (form, element) => { await words.addWebhook(id, form.get('url').trim()); element.reset(); again(); };
  return html`<h2>Programs that are told</h2><p class="muted">Each change of a booking is sent there, signed.</p>
    ${problem && html`<${Trouble} what="The webhooks could not be read." problem=${problem} again=${again} />`}
    <div class="stack">${data?.length > 0 && html`<ul class="cards" aria-label="Webhooks">${data.map((one) => html`<${Webhook} key=${one.webhook_id} id=${id} one=${one} again=${again} />`)}</ul>`}
    <${Form} class="stack card" label="Add it" send=${add}><${Field} label="Address of the webhook" name="url" type="url" required placeholder="https://example.org/hook" hint="Calls are signed as Standard Webhooks says." /></${Form}></div>`;
}

function Followed() {
  const { data, problem, again } = useRead(words.follows, [], 20);
  const news = useRead(words.news, [], 20);
  return html`<h2>Whom you follow</h2><p class="muted">Their public events are listed here. ${data && `${count(data.followers, 'person', 'people')} follow you.`}</p>
    ${problem && html`<${Trouble} what="They could not be read." problem=${problem} again=${again} />`}
    ${data?.follows.length > 0 && html`<ul class="lines" aria-label="Whom you follow">${data.follows.map((one) => html`<li key=${one.user_id}><a href=${`/ui/book/${one.user_id}`} dir="auto">${one.name}</a><button type="button" class="quiet round" aria-label=${`Follow ${one.name} no more`} onClick=${() => words.unfollow(one.user_id).then(...done('You follow them no more.', again))}><${Icon} name="trash" size=${18} /></button></li>`)}</ul>`}
    ${news.data?.length > 0 && html`<ul class="lines" aria-label="Their public events">${news.data.map((one) => html`<li key=${one.booking_id}><span dir="auto">${one.title}, ${one.host.name}</span><b><${Time} at=${one.start} />${one.status === 'cancelled' && ' (cancelled)'}</b></li>`)}</ul>`}`;
}

export function Connections({ calendar }) {
  useEffect(() => title('Connections', 'Scheduling'), []);
  if (calendar.unopened) return html`<${Empty} icon="scheduling" title="There is nothing to connect yet"><p>Set your hours first: that opens your calendar.</p><a class="button primary" href="/ui/scheduling/hours">Set your hours</a></${Empty}>`;
  return html`<div class="page-scroll" tabindex="0" role="group" aria-label="Connections"><div class="two"><section><${Elsewhere} id=${calendar.calendar_id} /><${Followed} /></section>
    <section><${Webhooks} id=${calendar.calendar_id} /></section></div></div>`;
}
