// The way round the house: seven systems, then the rooms of the operator. A bottom bar on a phone.
import { html, useState } from '../lib/html.js';
import { session } from '../lib/session.js';
import { systems, narrow } from '../lib/store.js';
import { unread } from '../lib/chat/state.js';
import { connection } from '../lib/chat/live.js';
import { unread as untold } from '../lib/notices.js';
import { compact } from '../lib/format.js';
import { Icon, Mark } from './icons.js';
import { Face } from './bits.js';
import { Dialog } from './overlay.js';

export const ROOMS = [['log', 'Log', 'log'], ['projections', 'Projections', 'projections'], ['dead-letters', 'Dead letters', 'dead'], ['status', 'Status', 'status']];

function System({ system, here }) {
  const { name, title, available } = system;
  if (!available) {
    return html`<span class="rail-item off" data-system=${name} role="link" aria-disabled="true" tabindex="0" aria-label=${`${title}: no page here yet`} data-tip="No page here yet">
      <${Icon} name=${name} /><span>${title}</span></span>`;
  }
  const news = name === 'chat' ? unread.value : 0;
  return html`<a class="rail-item" data-system=${name} href=${`/ui/${name}`} aria-current=${here === name ? 'page' : undefined}>
    <${Icon} name=${name} /><span>${title}</span>${news > 0 && html`<b class="unread">${compact(news)}<span class="sr"> unread</span></b>`}</a>`;
}

const Room = ({ path, title, icon, here }) => html`<a class="rail-item" data-system="house" href=${`/ui/${path}`} aria-current=${here === path ? 'page' : undefined}><${Icon} name=${icon} /><span>${title}</span></a>`;

function Bell({ here }) {
  return html`<a class="rail-item" data-system="house" href="/ui/notices" aria-current=${here === 'notices' ? 'page' : undefined}>
    <${Icon} name="bell" /><span>Notices</span>${untold.value > 0 && html`<b class="unread">${compact(untold.value)}<span class="sr"> unread</span></b>`}</a>`;
}

function Own({ here }) {
  return html`<a class="rail-item rail-me" data-system="house" href="/ui/profile" aria-current=${here === 'profile' ? 'page' : undefined}>
    <${Face} id=${session.value?.user_id} name=${session.value?.name} size="small" online=${connection.value === 'online'} /><span class="sr">Your profile: </span><span dir="auto">${session.value?.name}</span></a>`;
}

function All({ here, close }) {
  const leave = (event) => { if (event.target.closest('a')) close(); };
  return html`<${Dialog} title="Septet" close=${close}><div class="all-rooms" onClick=${leave}>
    ${systems.value.map((system) => html`<${System} key=${system.name} system=${system} here=${here} />`)}
    <hr />${ROOMS.map(([path, title, icon]) => html`<${Room} key=${path} path=${path} title=${title} icon=${icon} here=${here} />`)}
    <hr /><${Bell} here=${here} /><${Own} here=${here} /></div></${Dialog}>`;
}

export function Rail({ here }) {
  const [open, setOpen] = useState(false);
  if (narrow.value) {
    const available = systems.value.filter((system) => system.available);
    const first = [...new Set([available[0], available.find((system) => system.name === here), available[1]])].filter(Boolean).slice(0, 2);
    return html`<nav class="rail bottom" aria-label="Main">
      ${first.map((system) => html`<${System} key=${system.name} system=${system} here=${here} />`)}
      <${Room} path="log" title="Log" icon="log" here=${here} /><${Room} path="status" title="Status" icon="status" here=${here} />
      <button type="button" class="rail-item" aria-haspopup="dialog" onClick=${() => setOpen(true)}><${Icon} name="more" /><span>More</span></button>
      ${open && html`<${All} here=${here} close=${() => setOpen(false)} />`}</nav>`;
  }
  return html`<nav class="rail" aria-label="Main">
    <a class="house" href="/ui/chat" aria-label="Septet"><${Mark} size=${30} /></a>
    <div class="rail-scroll">
      ${systems.value.map((system) => html`<${System} key=${system.name} system=${system} here=${here} />`)}
      <hr />${ROOMS.map(([path, title, icon]) => html`<${Room} key=${path} path=${path} title=${title} icon=${icon} here=${here} />`)}
    </div>
    <${Bell} here=${here} /><${Own} here=${here} /></nav>`;
}
