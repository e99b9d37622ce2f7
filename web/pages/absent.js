// Behind an address that leads nowhere, or to a system that is not here.
import { html, useEffect } from '../lib/html.js';
import { route, title } from '../lib/router.js';
import { SYSTEMS } from '../lib/store.js';
import { Empty } from '../parts/bits.js';

export default function AbsentPage() {
  const [first] = route.value.parts;
  const system = SYSTEMS.find(([name]) => name === first);
  useEffect(() => title(system ? system[1] : 'Nothing here'), [first]);
  return html`<div class="page">${system
    ? html`<${Empty} icon=${first} title=${`${system[1]} has no page here yet`}><p>Where it runs, it can be used over HTTP.</p><a class="button" href="/ui/chat">Go to the chat</a></${Empty}>`
    : html`<${Empty} icon="search" title="There is nothing at this address"><p>It may have been typed wrongly, or the page has moved.</p><a class="button" href="/ui/chat">Go to the chat</a></${Empty}>`}</div>`;
}
