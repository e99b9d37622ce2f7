// What a signed-in person has: rail, page, strip, and the chat's life behind all pages.
import { html, effect } from './lib/html.js';
import { operator as operatorApi } from './lib/net.js';
import { me } from './lib/session.js';
import { route } from './lib/router.js';
import { SYSTEMS, systems } from './lib/store.js';
import { start, stop } from './lib/chat/live.js';
import { Waiting } from './parts/bits.js';
import { later } from './parts/later.js';
import { Rail } from './parts/rail.js';
import { Strip } from './parts/strip.js';
import { Shortcuts, listenToKeys } from './parts/shortcuts.js';

// Pages come when they are first asked for: the chat should not wait for the log.
const page = (load) => later(() => load().then((module) => module.default), () => html`<${Waiting} />`);
const PAGES = {
  chat: page(() => import('./pages/chat.js')),
  parking: page(() => import('./pages/parking.js')),
  scheduling: page(() => import('./pages/scheduling.js')),
  log: page(() => import('./pages/log.js')),
  follow: page(() => import('./pages/follow.js')),
  projections: page(() => import('./pages/projections.js')),
  'dead-letters': page(() => import('./pages/dead-letters.js')),
  status: page(() => import('./pages/status.js')),
  notices: page(() => import('./pages/notices.js')),
  profile: page(() => import('./pages/profile.js')),
  absent: page(() => import('./pages/absent.js')),
};

function pageName([first, second]) {
  if (first === 'log' && second) return 'follow';
  if (SYSTEMS.some(([name]) => name === first)) {
    const there = systems.value.find((system) => system.name === first)?.available;
    return there && PAGES[first] ? first : 'absent';
  }
  return PAGES[first] ? first : 'absent';
}

export function Shell() {
  const { parts } = route.value;
  const Page = PAGES[pageName(parts)];
  const system = SYSTEMS.some(([one]) => one === parts[0]) ? parts[0] : 'house';
  return html`<div class="shell" data-system=${system}>
    <a class="skip" href="#main">Skip to the content</a>
    <${Rail} here=${parts[0]} />
    <main id="main" tabindex="-1"><${Page} /></main>
    <${Strip} />
    <${Shortcuts} />
  </div>`;
}

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
      // One that runs but has no page here is used over HTTP: there is nothing to enter yet.
      systems.value = SYSTEMS.map(([name, called]) => {
        const found = { name, title: called, ...list.find((one) => one.name === name) };
        return { ...found, available: Boolean(found.available && PAGES[name]) };
      });
    }).catch(() => {}); // the rail keeps what it assumed; the pages themselves say what is wrong
  }
});

listenToKeys();
