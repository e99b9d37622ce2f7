// Where a link in a mail leads: no more mails of one kind, for whoever reads them. Needs no sign-in.
import { html, useEffect, useState } from '../lib/html.js';
import { request } from '../lib/net.js';
import { route, title } from '../lib/router.js';
import { Form } from '../parts/bits.js';

const KINDS = { bookings: 'bookings', reminders: 'reminders', parking: 'car parks', work: 'car parks where you work', following: 'whom you follow', housekeeping: 'the notices themselves' };

export function StopMails() {
  const [path, person, category] = route.value.parts;
  const [stopped, setStopped] = useState(false);
  useEffect(() => title('No more mails'), []);
  const stop = async () => {
    // The proof is the fragment of the address, which no server is told before this button is pressed.
    const proof = [person, category, decodeURIComponent(location.hash.slice(1))].map(encodeURIComponent).join('/');
    await request('POST', `/notice/${path}/${proof}`, { anonymous: true });
    setStopped(true);
  };
  const kind = path === 'stop-reminders' ? 'this booking before it begins' : KINDS[category] ?? category;
  return html`<main class="door" id="main"><section class="door-card stack" aria-labelledby="stop-title"><h1 id="stop-title">${stopped ? 'Done' : 'No more mails?'}</h1>
    ${stopped ? html`<p role="status">Nothing more is mailed to you about ${kind}. Everything else comes as before.</p>`
    : html`<p>You are mailed about ${kind}. Everything else comes as before.</p><${Form} class="stack" label="Stop these mails" send=${stop} />`}
    <p><a href="/ui/notices/settings">How you are told</a></p></section></main>`;
}
