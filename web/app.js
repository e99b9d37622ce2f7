// The console starts here: with the door, or with the shell for those who have come in. A host's public page needs no door, nor does a link in a mail.
import { html, render, effect } from './lib/html.js';
import { me } from './lib/session.js';
import { route, go, title } from './lib/router.js';
import { later } from './parts/later.js';
import { Notices } from './parts/overlay.js';

const SignIn = later(() => import('./pages/sign-in.js').then((module) => module.SignIn));
const Shell = later(() => import('./shell.js').then((module) => module.Shell));
const Book = later(() => import('./parts/scheduling/book.js').then((module) => module.BookPage));
const StopMails = later(() => import('./pages/notices-stop.js').then((module) => module.StopMails));
const framed = window.top !== window;

// In a frame of another site there is the booking page and nothing else: who is signed in here cannot be made to click.
const Alone = () => html`<p class="pad"><a href=${route.value.path} target="_blank" rel="noopener">Open Septet in a window of its own</a></p>`;

effect(() => {
  if (!route.value.parts.length) go('/ui/chat', { replace: true });
});
const isPublic = () => route.value.parts[0] === 'book';
const stopsMails = () => /^stop-/.test(route.value.parts[0]);
effect(() => { if (!me.value && !isPublic() && !stopsMails()) title('Sign in'); });

function Room() {
  if (isPublic()) return html`<${Book} />`;
  if (framed) return html`<${Alone} />`;
  if (stopsMails()) return html`<${StopMails} />`;
  return me.value ? html`<${Shell} />` : html`<${SignIn} />`;
}
const Console = () => html`<${Room} /><${Notices} />`;
render(html`<${Console} />`, document.getElementById('app'));
