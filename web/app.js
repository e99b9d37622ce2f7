// The console starts here: with the door, or with the shell for those who have come in.
import { html, render, effect } from './lib/html.js';
import { me } from './lib/session.js';
import { route, go, title } from './lib/router.js';
import { later } from './parts/later.js';
import { Notices } from './parts/overlay.js';

const SignIn = later(() => import('./pages/sign-in.js').then((module) => module.SignIn));
const Shell = later(() => import('./shell.js').then((module) => module.Shell));

effect(() => {
  if (!route.value.parts.length) go('/ui/chat', { replace: true });
});
effect(() => { if (!me.value) title('Sign in'); });

const Console = () => html`${me.value ? html`<${Shell} />` : html`<${SignIn} />`}<${Notices} />`;
render(html`<${Console} />`, document.getElementById('app'));
