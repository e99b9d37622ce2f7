// Links that are good for one booking: made, shown once, withdrawn.
import { html, useState } from '../../lib/html.js';
import { tell, tellProblem } from '../../lib/store.js';
import { scheduling } from '../../lib/scheduling.js';
import { instantOf, wallOf } from '../../lib/zones.js';
import { Field, Form, Time, Trouble } from '../bits.js';
import { Icon } from '../icons.js';
import { useRead } from '../read.js';
import { Line } from './sharing.js';

export function Links({ calendar }) {
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
