// How others get to one's times: the public link, a frame for one's own site, calendars to follow and to bring along.
import { html, useEffect, useState } from '../../lib/html.js';
import { title } from '../../lib/router.js';
import { tell, tellProblem } from '../../lib/store.js';
import { scheduling } from '../../lib/scheduling.js';
import { count } from '../../lib/format.js';
import { instantOf, own, wallOf } from '../../lib/zones.js';
import { copy, Empty, Field, Form, Time, Trouble } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { linkOf } from './types.js';

const Line = ({ text, what, label }) => html`<div class="copy-line"><input readonly value=${text} aria-label=${label} onFocus=${(event) => event.target.select()} /><button type="button" onClick=${() => copy(text, what)}><${Icon} name="copy" size=${18} /> Copy</button></div>`;

function Feed({ calendar }) {
  const { data, problem, again } = useRead(() => scheduling.feed(calendar.calendar_id), [calendar.calendar_id]);
  if (problem) return html`<${Trouble} what="The address could not be read." problem=${problem} again=${again} />`;
  const renew = () => scheduling.renewFeed(calendar.calendar_id).then(() => { tell('The old address leads nowhere any more.'); again(); }, (error) => tellProblem('It stays as it was.', error));
  return data && html`<${Line} label="Address of your calendar" text=${location.origin + data.path} what="The address is copied." /><button type="button" onClick=${renew}>Make a new address</button>`;
}

function Bring({ calendar, again }) {
  const send = async (form, element) => {
    const file = form.get('file');
    const source = file.name.replace(/\.ics$/i, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 60) || 'calendar';
    const { data } = await scheduling.importBusy(calendar.calendar_id, source, own, file);
    tell(`${count(data.busy, 'time')} taken there. None of them can be booked here.`);
    element.reset();
    again();
  };
  const drop = (source) => scheduling.dropBusy(calendar.calendar_id, source).then(() => { tell('Looked at no more.'); again(); }, (problem) => tellProblem('Not removed.', problem));
  const known = Object.entries(calendar.busy);
  return html`${known.length > 0 && html`<ul class="lines">${known.map(([source, times]) => html`<li key=${source}><span>${source}</span><b>${count(times.length, 'time')} taken</b><button type="button" class="quiet round" aria-label=${`Look at ${source} no more`} onClick=${() => drop(source)}><${Icon} name="trash" size=${18} /></button></li>`)}</ul>`}
    <${Form} class="stack card" label="Take its busy times" send=${send}><label class="field"><span>A file of another calendar (.ics)</span><input type="file" name="file" accept=".ics,text/calendar" required /><small>Times without a zone are read as ${own.replaceAll('_', ' ')}. The same name again replaces what it brought before.</small></label></${Form}>`;
}

function Links({ calendar }) {
  const id = calendar.calendar_id;
  const [made, setMade] = useState(null);
  const { data, problem, again } = useRead(() => scheduling.links(id), [id], 20);
  const named = (slug) => calendar.event_types.find((one) => one.slug === slug)?.title ?? slug;
  const send = async (form) => {
    const slug = form.get('offer');
    const { data: link } = await scheduling.makeLink(id, { event_type: slug, until: instantOf(form.get('until')) });
    setMade(`${location.origin}/ui/book/link/${id}/${slug}/${link.link_id}#${link.link_key}`);
    again();
  };
  const revoke = (link) => scheduling.revokeLink(id, link).then(() => { tell('It leads nowhere any more.'); again(); }, (error) => tellProblem('Not withdrawn.', error));
  return html`<h2>Links that are good once</h2><p class="muted">Whoever has one books one time; also an event type that can be booked in no other way.</p>
    ${problem && html`<${Trouble} what="The links could not be read." problem=${problem} again=${again} />`}
    ${data?.length > 0 && html`<ul class="lines" aria-label="Open links">${data.map((one) => html`<li key=${one.link_id}><span dir="auto">${named(one.event_type)}</span><b>until <${Time} at=${one.until} /></b><button type="button" class="quiet round" aria-label=${`Withdraw the link for ${named(one.event_type)}`} onClick=${() => revoke(one.link_id)}><${Icon} name="trash" size=${18} /></button></li>`)}</ul>`}
    ${made && html`<p role="status" class="muted">Copy it now: it is not shown again.</p><${Line} label="The new link" text=${made} what="The link is copied." />`}
    ${calendar.event_types.length > 0 && html`<${Form} class="stack card" label="Make a link" send=${send}><div class="two-fields even"><label class="field"><span>For</span><select name="offer">${calendar.event_types.filter((one) => one.active).map((one) => html`<option key=${one.slug} value=${one.slug}>${one.title}</option>`)}</select></label>
      <${Field} label="Good until" name="until" type="datetime-local" required defaultValue=${wallOf(Date.now() + 7 * 86_400_000)} /></div></${Form}>`}`;
}

export function Sharing({ calendar, again }) {
  useEffect(() => title('Sharing', 'Scheduling'), []);
  if (calendar.unopened) return html`<${Empty} icon="scheduling" title="There is nothing to share yet"><p>Set your hours first: that opens your calendar.</p><a class="button primary" href="/ui/scheduling/hours">Set your hours</a></${Empty}>`;
  const first = calendar.event_types.find((one) => one.active)?.slug ?? '';
  const frame = `<iframe src="${linkOf(calendar.calendar_id, first)}" title="Book a time" width="100%" height="720" style="border:0"></iframe>`;
  return html`<div class="page-scroll" tabindex="0" role="group" aria-label="Sharing"><div class="two"><section>
      <h2>Your public page</h2><p class="muted">Whoever has it can book a time. No sign-in is needed.</p><${Line} label="Link to your public page" text=${linkOf(calendar.calendar_id)} what="The link is copied." />
      <h2>On your own site</h2><p class="muted">Put this where the page should appear. Whoever runs this installation allows your site with <code>SEPTET_FRAMED_BY</code>.</p><div class="copy-block"><pre tabindex="0">${frame}</pre><button type="button" onClick=${() => copy(frame, 'The snippet is copied.')}><${Icon} name="copy" size=${18} /> Copy</button></div>
      <${Links} calendar=${calendar} /></section>
    <section><h2>In your calendar program</h2><p class="muted">Subscribe to this address. It is secret: whoever has it sees your bookings.</p><${Feed} calendar=${calendar} />
      <h2>What is taken elsewhere</h2><${Bring} calendar=${calendar} again=${again} /></section></div></div>`;
}
