// What one was told, and how one wants to be told.
import { html, useEffect, useState } from '../lib/html.js';
import { route, title } from '../lib/router.js';
import { tell, tellProblem } from '../lib/store.js';
import { allZones, own } from '../lib/zones.js';
import { loadNotices, loadOlder, more, notice, notices, unread } from '../lib/notices.js';
import { canPush, forbidden, pushed, subscribe, unsubscribe } from '../lib/notices-push.js';
import { copy, Empty, Field, Form, Time, Trouble, Waiting } from '../parts/bits.js';
import { Icon } from '../parts/icons.js';
import { useRead } from '../parts/read.js';

const ICONS = { bookings: 'scheduling', reminders: 'clock', parking: 'parking', work: 'alert', following: 'group', housekeeping: 'info' };
const CATEGORIES = { bookings: 'Bookings', reminders: 'Reminders', parking: 'Car parks', work: 'Car parks where you work', following: 'Whom you follow', housekeeping: 'Of the notices themselves' };
const CHANNELS = { in_app: 'Here', email: 'E-mail', webhook: 'Webhook', push: 'Push' };
const clock = (minutes) => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
const minutesOf = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

function One({ one }) {
  const seen = () => { if (!one.read_at) notice.read(one.notice_id).catch((error) => tellProblem('It is not marked as read.', error)); };
  return html`<li class=${`card told ${one.read_at ? '' : 'new'}`}><${Icon} name=${ICONS[one.category] ?? 'info'} />
    <div><a href=${one.link} onClick=${seen} dir="auto"><b>${one.subject}</b></a>${!one.read_at && html` <span class="tag good">new</span>`}${one.urgent && html` <span class="tag bad">urgent</span>`}
      <p dir="auto">${one.text}</p><small><${Time} at=${one.told_at} shape="ago" /></small></div>
    ${!one.read_at && html`<button type="button" class="quiet round" aria-label=${`Mark as read: ${one.subject}`} onClick=${seen}><${Icon} name="check" size=${19} /></button>`}</li>`;
}

function List() {
  const [problem, setProblem] = useState(null);
  const load = () => { setProblem(null); loadNotices().catch(setProblem); };
  useEffect(load, []);
  const all = () => notice.readAll().catch((error) => tellProblem('They are not marked as read.', error));
  const older = () => loadOlder().catch((error) => tellProblem('Older ones could not be read.', error));
  if (problem && !notices.value) return html`<${Trouble} what="Your notices could not be read." problem=${problem} again=${load} />`;
  if (!notices.value) return html`<${Waiting} rows=${4} />`;
  if (!notices.value.length) return html`<${Empty} icon="bell" title="Nothing yet"><p>What happens to your bookings and car parks is told here.</p></${Empty}>`;
  return html`${unread.value > 0 && html`<button type="button" onClick=${all}><${Icon} name="check" size=${19} /> Mark all as read</button>`}
    <ul class="cards told-list" aria-label="Notices">${notices.value.map((one) => html`<${One} key=${one.notice_id} one=${one} />`)}</ul>
    ${more.value && notices.value.length >= 50 && html`<button type="button" onClick=${older}>Older ones</button>`}`;
}

function Channels({ data, again }) {
  const [channels, setChannels] = useState(data.channels);
  const [quiet, setQuiet] = useState(data.quiet);
  const flip = (category, channel) => setChannels({
    ...channels,
    [category]: channels[category].includes(channel) ? channels[category].filter((one) => one !== channel) : [...channels[category], channel],
  });
  const send = async () => {
    await notice.prefer({ channels, quiet });
    tell('From now on you are told like that.');
    again();
  };
  return html`<${Form} class="stack card" label="Save" send=${send}>
    <table class="channels"><caption class="sr">By which channels you are told of what</caption>
      <thead><tr><th scope="col">What</th>${Object.entries(CHANNELS).map(([name, label]) => html`<th key=${name} scope="col">${label}</th>`)}</tr></thead>
      <tbody>${Object.entries(CATEGORIES).map(([category, label]) => html`<tr key=${category}><th scope="row">${label}</th>${Object.entries(CHANNELS).map(([channel, name]) => html`<td key=${channel}>
        <input type="checkbox" aria-label=${`${label}: ${name}`} checked=${channels[category].includes(channel)} onChange=${() => flip(category, channel)} /></td>`)}</tr>`)}</tbody></table>
    <label class="check"><input type="checkbox" checked=${Boolean(quiet)} onChange=${(event) => setQuiet(event.target.checked ? { zone: own, begin: 22 * 60, end: 7 * 60 } : null)} /><span>Quiet hours: only what is urgent comes</span></label>
    ${quiet && html`<div class="two-fields"><${Field} label="From" type="time" required value=${clock(quiet.begin)} onChange=${(event) => setQuiet({ ...quiet, begin: minutesOf(event.target.value) })} />
      <${Field} label="Until" type="time" required value=${clock(quiet.end)} onChange=${(event) => setQuiet({ ...quiet, end: minutesOf(event.target.value) })} /></div>
      <label class="field"><span>By the clock of</span><select value=${quiet.zone} onChange=${(event) => setQuiet({ ...quiet, zone: event.target.value })}>${[...new Set([quiet.zone, ...allZones()])].map((name) => html`<option key=${name} value=${name}>${name.replaceAll('_', ' ')}</option>`)}</select></label>`}
  </${Form}>`;
}

function Email() {
  const { data, problem, again } = useRead(notice.email, []);
  const give = async (form) => { await notice.giveEmail(form.get('address').trim()); tell('A code is on its way.'); again(); };
  const prove = async (form) => { await notice.confirmEmail(form.get('code').trim()); tell('Mail goes there from now on.'); again(); };
  const remove = () => notice.removeEmail().then(again, (error) => tellProblem('Not removed.', error));
  if (problem) return html`<${Trouble} what="Your address could not be read." problem=${problem} again=${again} />`;
  if (!data) return html`<${Waiting} rows=${1} />`;
  return html`<div class="stack">${(data.address || data.waiting) && html`<p class="card line"><${Icon} name="mail" /><span dir="auto">${data.address || data.waiting}${!data.address && html` <span class="tag">not proven yet</span>`}</span>
      <button type="button" class="quiet round" aria-label="Remove the address" onClick=${remove}><${Icon} name="trash" size=${19} /></button></p>`}
    ${data.waiting && html`<${Form} class="stack card" label="It is mine" send=${prove}><${Field} label="The code that was mailed" name="code" required minlength="10" autocomplete="one-time-code" /></${Form}>`}
    <${Form} class="stack card" label="Send a code there" send=${give}><${Field} label=${data.address ? 'Another address' : 'Your address'} name="address" type="email" required autocomplete="email" /></${Form}></div>`;
}

function ThisDevice() {
  const { data, problem, again } = useRead(async () => ({ on: await pushed() }), []);
  const begin = async () => {
    tell(await subscribe() ? 'You are told here, also while no page is open.' : 'The browser does not allow it: nothing has changed.');
    again();
  };
  const end = async () => { await unsubscribe(); tell('This device is told nothing any more while no page is open.'); again(); };
  const failed = (error) => tellProblem('It stays as it was.', error.code ? error : new Error('The push service of this browser cannot be reached.'));
  if (!canPush()) return html`<p class="muted">This browser has no pushes, or the page did not come by https.</p>`;
  if (forbidden()) return html`<p class="muted">This browser was told to show nothing of this site. Its settings say how to allow it.</p>`;
  if (problem) return html`<${Trouble} what="It could not be read whether this device is told." problem=${problem} again=${again} />`;
  if (!data) return html`<${Waiting} rows=${1} />`;
  return html`<div class="stack card"><p>${data.on ? 'This device is told, also while no page is open.' : 'This device is told only while a page is open.'}</p>
    <button type="button" onClick=${() => (data.on ? end() : begin()).catch(failed)}>${data.on ? 'Stop it' : 'Tell me on this device'}</button></div>`;
}

const STATES = { waiting: 'waiting', delivered: 'delivered', failed: 'given up' };

function Webhook({ one, again }) {
  const log = useRead(() => notice.deliveries(one.webhook_id), [one.webhook_id]);
  const done = (what) => () => { tell(what); again(); log.again(); };
  const failed = (what) => (error) => tellProblem(what, error);
  return html`<li class="card webhook"><div class="line"><${Icon} name="link" /><span dir="auto"><b>${one.url}</b>${one.disabled && html` <span class="tag bad">off: ${one.disabled}</span>`}</span></div>
    <div class="choices">${one.disabled
      ? html`<button type="button" onClick=${() => notice.enableWebhook(one.webhook_id).then(done('It is on again.'), failed('It stays off.'))}>Switch on</button>`
      : html`<button type="button" onClick=${() => notice.ping(one.webhook_id).then(done('A test is on its way.'), failed('It was not tried.'))}>Try it</button>`}
      <button type="button" onClick=${() => copy(one.secret, 'The secret is copied.')}>Copy the secret</button>
      <button type="button" onClick=${log.again}>Look again</button>
      <button type="button" class="danger" onClick=${() => notice.removeWebhook(one.webhook_id).then(done('Removed.'), failed('Not removed.'))}>Remove</button></div>
    ${log.data?.length > 0 && html`<ul class="lines" aria-label="What was sent there">${log.data.slice(0, 10).map((each) => html`<li key=${each.notice_id}><span>${each.kind}, <${Time} at=${each.told_at} shape="ago" /></span><b>${STATES[each.state]}${each.why && `: ${each.why}`}</b></li>`)}</ul>`}</li>`;
}

function Webhooks() {
  const { data, problem, again } = useRead(notice.webhooks, []);
  const add = async (form, element) => { await notice.addWebhook(form.get('url').trim()); element.reset(); again(); };
  if (problem) return html`<${Trouble} what="Your webhooks could not be read." problem=${problem} again=${again} />`;
  if (!data) return html`<${Waiting} rows=${1} />`;
  return html`<div class="stack">${data.length > 0 && html`<ul class="cards">${data.map((one) => html`<${Webhook} key=${one.webhook_id} one=${one} again=${again} />`)}</ul>`}
    <${Form} class="stack card" label="Add it" send=${add}><${Field} label="Address of the webhook" name="url" type="url" required placeholder="https://example.org/hook" hint="Calls are signed as Standard Webhooks says." /></${Form}></div>`;
}

function Settings() {
  const { data, problem, again } = useRead(notice.preferences, []);
  return html`<div class="two"><section><h2>What comes how</h2>
      ${problem && html`<${Trouble} what="Your preferences could not be read." problem=${problem} again=${again} />`}
      ${!data && !problem && html`<${Waiting} rows=${4} />`}
      ${data && html`<${Channels} data=${data} again=${again} />`}</section>
    <section><h2>This device</h2><${ThisDevice} /><h2>E-mail</h2><${Email} /><h2>Webhooks</h2><${Webhooks} /></section></div>`;
}

export default function NoticesPage() {
  const settings = route.value.parts[1] === 'settings';
  useEffect(() => title(settings ? 'How you are told' : 'Notices'), [settings]);
  return html`<div class="page"><header class="page-head"><h1>Notices</h1><nav class="ways" aria-label="Notices">
      <a href="/ui/notices" aria-current=${settings ? undefined : 'page'}>List</a><a href="/ui/notices/settings" aria-current=${settings ? 'page' : undefined}>How you are told</a></nav></header>
    <div class="page-scroll narrow-page" tabindex="0" role="group" aria-label=${settings ? 'How you are told' : 'Notices'}>${settings ? html`<${Settings} />` : html`<${List} />`}</div></div>`;
}
