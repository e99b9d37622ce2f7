// The keys that work everywhere, and the page of them that `?` opens.
import { html, signal } from '../lib/html.js';
import { go } from '../lib/router.js';
import { systems } from '../lib/store.js';
import { stripOpen } from './strip.js';
import { Dialog } from './overlay.js';

const shown = signal(false);
const KEYS = [
  ['Everywhere', [['?', 'this page'], ['/', 'search'], ['w', 'what just happened'], ['g c', 'go to the chat'], ['g l', 'go to the log'], ['g p', 'go to the projections'], ['g d', 'go to the dead letters'], ['g s', 'go to the status'], ['Esc', 'close what lies on top']]],
  ['Chat', [['Enter', 'send'], ['Shift Enter', 'a new line'], ['↑', 'change your last message (in an empty field)'], ['Alt ↑ ↓', 'the conversation above or below'], ['↑ ↓', 'from message to message (when one has the focus)'], ['Enter', 'what can be done with the message']]],
  ['Log', [['Space', 'pause or go on'], ['↑ ↓', 'from record to record'], ['Enter', 'open the record'], ['f', 'follow the record']]],
];
const ROOMS = { l: '/ui/log', p: '/ui/projections', d: '/ui/dead-letters', s: '/ui/status' };

/** True where a key press belongs to what is being written. */
export const writing = (event) => event.target.closest?.('input, textarea, select, [contenteditable]');

let going = 0; // when `g` was pressed
export function listenToKeys() {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event) || document.querySelector('dialog[open]')) return;
    if (going && Date.now() - going < 1500) {
      going = 0;
      const to = event.key === 'c' && systems.peek().some((system) => system.name === 'chat' && system.available) ? '/ui/chat' : ROOMS[event.key];
      if (to) { event.preventDefault(); go(to); return; }
    }
    if (event.key === 'g') going = Date.now();
    else if (event.key === '?') { event.preventDefault(); shown.value = true; }
    else if (event.key === '/') { event.preventDefault(); dispatchEvent(new Event('septet:search')); }
    else if (event.key === 'w') stripOpen.value = !stripOpen.value;
  });
}

export function Shortcuts() {
  if (!shown.value) return null;
  return html`<${Dialog} title="Keys" wide close=${() => { shown.value = false; }}><div class="keys">${KEYS.map(([where, keys]) => html`
    <section key=${where}><h3>${where}</h3><dl>${keys.map(([key, what]) => html`<div><dt>${key.split(' ').map((one) => html`<kbd>${one}</kbd>`)}</dt><dd>${what}</dd></div>`)}</dl></section>`)}</div></${Dialog}>`;
}
