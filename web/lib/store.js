// What the whole console shares: which systems there are, what is told to the person, and small browser facts.
import { signal } from './html.js';

/** The seven systems in the order of the rail. What is available comes from the server. */
export const SYSTEMS = [
  ['chat', 'Chat'], ['cache', 'Cache'], ['health', 'Health'], ['parking', 'Parking'],
  ['scheduling', 'Scheduling'], ['shop', 'Shop'], ['mail', 'Mail'],
];
export const systems = signal(SYSTEMS.map(([name, title]) => ({ name, title, available: name === 'chat' })));

export const notices = signal([]);
let number = 0;
export function dismiss(id) { notices.value = notices.value.filter((notice) => notice.id !== id); }

/** Tells the person something. Errors stay until they are dismissed; good news leaves by itself. */
export function tell(text, { kind = 'info', action = null } = {}) {
  const id = ++number;
  notices.value = [...notices.value, { id, text, kind, action }].slice(-3);
  if (kind !== 'error') setTimeout(() => dismiss(id), 5000);
}
export const tellProblem = (what, problem) => tell(`${what} ${problem.message}`, { kind: 'error' });

/** A signal that follows a media query. */
function media(text) {
  const list = matchMedia(text);
  const value = signal(list.matches);
  list.addEventListener('change', () => { value.value = list.matches; });
  return value;
}
export const narrow = media('(max-width: 760px)');
export const calm = media('(prefers-reduced-motion: reduce)');
export const dark = media('(prefers-color-scheme: dark)');

/** Ticks once a minute, for times that are told relative to now. */
export const minute = signal(Date.now());
setInterval(() => { minute.value = Date.now(); }, 60_000);

/** A value kept in this browser under `septet.<name>`. */
export const kept = {
  read(name, otherwise) {
    try { return JSON.parse(localStorage.getItem(`septet.${name}`)) ?? otherwise; } catch { return otherwise; }
  },
  write(name, value) {
    try { localStorage.setItem(`septet.${name}`, JSON.stringify(value)); } catch { tell('This browser refuses to keep anything more: what is not sent yet would be lost on reload.', { kind: 'error' }); }
  },
  drop(name) { localStorage.removeItem(`septet.${name}`); },
};
