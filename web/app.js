// The console starts here: the shell, the pages behind its addresses, and what happens on signing in and out.
import { html, render, useState, useEffect, effect, signal } from './lib/html.js';
import { operator as operatorApi } from './lib/net.js';
import { session, me } from './lib/session.js';
import { route, go, title } from './lib/router.js';
import { SYSTEMS, systems } from './lib/store.js';
import { start, stop } from './lib/chat/live.js';
import { Rail } from './parts/rail.js';
import { Strip } from './parts/strip.js';
import { Notices } from './parts/overlay.js';
import { Shortcuts, listenToKeys } from './parts/shortcuts.js';
import { Trouble, Waiting } from './parts/bits.js';
import { SignIn } from './pages/sign-in.js';

// Pages come when they are first asked for: signing in should not wait for the log.
const PAGES = {
  chat: () => import('./pages/chat.js'),
  log: () => import('./pages/log.js'),
  follow: () => import('./pages/follow.js'),
  projections: () => import('./pages/projections.js'),
  'dead-letters': () => import('./pages/dead-letters.js'),
  status: () => import('./pages/status.js'),
  profile: () => import('./pages/profile.js'),
  absent: () => import('./pages/absent.js'),
};

function pageName([first, second]) {
  if (first === 'log' && second) return 'follow';
  if (SYSTEMS.some(([name]) => name === first)) {
    const there = systems.value.find((system) => system.name === first)?.available;
    return there && PAGES[first] ? first : 'absent';
  }
  return PAGES[first] ? first : 'absent';
}

const loaded = signal({});
function Page({ name }) {
  const [problem, setProblem] = useState(null);
  const load = () => PAGES[name]().then(
    (module) => { setProblem(null); loaded.value = { ...loaded.peek(), [name]: module.default }; },
    () => setProblem({ status: 0, message: 'Its script could not be loaded.' }),
  );
  useEffect(() => { if (!loaded.peek()[name]) load(); }, [name]);
  const Loaded = loaded.value[name];
  if (Loaded) return html`<${Loaded} />`;
  return problem ? html`<${Trouble} what="This page did not come." problem=${problem} again=${load} />` : html`<${Waiting} />`;
}

function Shell() {
  const { parts } = route.value;
  const name = pageName(parts);
  if (!me.value) return html`<${SignIn} /><${Notices} />`;
  const system = parts[0] === 'chat' || SYSTEMS.some(([one]) => one === parts[0]) ? parts[0] : 'house';
  return html`<div class="shell" data-system=${system}>
    <a class="skip" href="#main">Skip to the content</a>
    <${Rail} here=${parts[0]} />
    <main id="main" tabindex="-1"><${Page} name=${name} /></main>
    <${Strip} />
    <${Shortcuts} />
    <${Notices} />
  </div>`;
}

effect(() => {
  if (!route.value.parts.length) go('/ui/chat', { replace: true });
});

// One life of the chat per signed-in person, whichever page is open: unread counts and outgoing messages go on.
let living = null;
effect(() => {
  const now = me.value;
  if (now === living) return;
  if (living) stop();
  living = now;
  if (now) {
    start();
    operatorApi.systems().then((list) => {
      systems.value = SYSTEMS.map(([name, called]) => ({ name, title: called, ...list.find((one) => one.name === name) }));
    }).catch(() => {}); // the rail keeps what it assumed; the pages themselves say what is wrong
  } else title('Sign in');
});

listenToKeys();
render(html`<${Shell} />`, document.getElementById('app'));
if (!session.peek()) title('Sign in');
