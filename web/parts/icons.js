// The console's own line icons, on a grid of 24.
import { html } from '../lib/html.js';

const PATHS = {
  chat: 'M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.6 3.6c-.3.2-.8 0-.8-.4V16A2.5 2.5 0 0 1 4 13.6zM8 8.5h8M8 11.8h5',
  cache: 'M13 3 5.5 13.2c-.2.3 0 .8.4.8H11l-1 7 7.6-10.2c.2-.3 0-.8-.4-.8H12.5z',
  health: 'M12 20S4 15.2 4 9.6A4.3 4.3 0 0 1 12 7.4a4.3 4.3 0 0 1 8 2.2C20 15.2 12 20 12 20zM4.5 12H9l1.5-2.5 2.5 4.5 1.5-2h5',
  parking: 'M6.5 4h11A2.5 2.5 0 0 1 20 6.5v11a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 17.5v-11A2.5 2.5 0 0 1 6.5 4zM9.8 16.5v-9h3a2.7 2.7 0 0 1 0 5.4h-3',
  scheduling: 'M6.5 5.5h11A2.5 2.5 0 0 1 20 8v9.5a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 17.5V8a2.5 2.5 0 0 1 2.5-2.5zM4 10h16M8.5 3.5v4M15.5 3.5v4M8.5 14.8l2.3 2.2 4.4-4.2',
  shop: 'M6 8h12l1 10.3A1.6 1.6 0 0 1 17.4 20H6.6A1.6 1.6 0 0 1 5 18.3zM9 10.5V7a3 3 0 0 1 6 0v3.5',
  mail: 'M5.5 5.5h13A1.5 1.5 0 0 1 20 7v10a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17V7a1.5 1.5 0 0 1 1.5-1.5zM4.5 7l6.5 5.3a1.6 1.6 0 0 0 2 0L19.5 7',
  log: 'M4 6h10M4 10.5h16M4 15h7M4 19.5h13M18 6h2M15 15h5',
  projections: 'M12 4 20.5 8.5 12 13 3.5 8.5zM4.5 12.5 12 16.5l7.5-4M4.5 16.3 12 20.3l7.5-4',
  dead: 'M4 12.5V17a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-4.5M4 12.5h4.5l1.2 2.5h4.6l1.2-2.5H20M4 12.5 6 7.5M20 12.5l-2-5M9.5 4.5l5 5M14.5 4.5l-5 5',
  status: 'M4 18.5a8.5 8.5 0 1 1 16 0M12 14.5l3.5-5M6.5 13h.01M17.5 13h.01M8.5 8.8h.01M12 7.5h.01',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 20.5h4M12 5V3.5',
  person: 'M12 11.5a3.7 3.7 0 1 0 0-7.4 3.7 3.7 0 0 0 0 7.4zM5 20c.6-3.4 3.4-5.3 7-5.3s6.4 1.9 7 5.3',
  group: 'M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3 19c.5-3 2.9-4.6 6-4.6s5.5 1.6 6 4.6M15.5 5.5a3 3 0 0 1 0 5.7M17.5 14.7c2 .6 3.2 2.1 3.5 4.3',
  search: 'M10.8 17a6.2 6.2 0 1 0 0-12.4 6.2 6.2 0 0 0 0 12.4zM15.5 15.5 20 20',
  plus: 'M12 5v14M5 12h14', close: 'M6 6l12 12M18 6 6 18', back: 'M14.5 5.5 8 12l6.5 6.5', next: 'M9.5 5.5 16 12l-6.5 6.5',
  down: 'M12 5v13M6.5 12.5 12 18l5.5-5.5', send: 'M4.5 12h13M11.5 5.5 18 12l-6.5 6.5', more: 'M6 12h.01M12 12h.01M18 12h.01',
  reply: 'M9.5 6 4.5 11l5 5M5 11h8.5a6 6 0 0 1 6 6v1.5', forward: 'M14.5 6l5 5-5 5M19 11h-8.5a6 6 0 0 0-6 6v1.5',
  edit: 'M5 19l.8-3.8L15.6 5.4a1.8 1.8 0 0 1 2.5 0l.5.5a1.8 1.8 0 0 1 0 2.5L8.8 18.2z', trash: 'M5 7h14M9.5 7V5h5v2M7 7l.8 12h8.4L17 7M10.5 10.5v5M13.5 10.5v5',
  smile: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM8.8 14a4 4 0 0 0 6.4 0M9.3 9.8h.01M14.7 9.8h.01',
  check: 'M5.5 12.5 10 17l8.5-9.5', clock: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 7.5V12l3 2', alert: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 7.8v5M12 16h.01',
  pause: 'M9 6v12M15 6v12', play: 'M8 5.5v13l10-6.5z', copy: 'M9 9h8.5A1.5 1.5 0 0 1 19 10.5V18a1.5 1.5 0 0 1-1.5 1.5H10A1.5 1.5 0 0 1 8.5 18V9.5M15.5 9V6A1.5 1.5 0 0 0 14 4.5H6.5A1.5 1.5 0 0 0 5 6v7.5A1.5 1.5 0 0 0 6.5 15h2',
  link: 'M10 14a4 4 0 0 0 6 .4l2.4-2.4a4 4 0 0 0-5.7-5.7l-1.2 1.2M14 10a4 4 0 0 0-6-.4L5.6 12a4 4 0 0 0 5.7 5.7l1.2-1.2',
  follow: 'M6.5 8.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM17.5 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM17.5 21a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM6.5 8.5V17a2 2 0 0 0 2 2h7M6.5 12h9',
  import: 'M12 4v10.5M7.5 10.5 12 15l4.5-4.5M5 16.5V18a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-1.5', out: 'M14 5H7a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h7M11 12h9M16.5 8.5 20 12l-3.5 3.5',
  info: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 11.3v4.5M12 8.2h.01', keyboard: 'M5 6.5h14A1.5 1.5 0 0 1 20.5 8v8a1.5 1.5 0 0 1-1.5 1.5H5A1.5 1.5 0 0 1 3.5 16V8A1.5 1.5 0 0 1 5 6.5zM7 10h.01M10.3 10h.01M13.7 10h.01M17 10h.01M8.5 14h7',
  away: 'M4 4l16 16M8.5 12.8A6 6 0 0 1 11 11.6M5 9.3a10.5 10.5 0 0 1 3-1.9M19 9.3a10.5 10.5 0 0 0-7-2.7M15.5 12.8l-.7-.6M12 17h.01',
  star: 'M12 4.5l2.3 4.8 5.2.7-3.8 3.6.9 5.2L12 16.3l-4.6 2.5.9-5.2L4.5 10l5.2-.7z', here: 'M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM12 3v3M12 18v3M3 12h3M18 12h3M12 12h.01',
  car: 'M5 16.5V12l1.8-4.6A2 2 0 0 1 8.7 6h6.6a2 2 0 0 1 1.9 1.4L19 12v4.5M5 12h14M5 16.5h14M7 16.5V18.5M17 16.5V18.5M8 14.2h.01M16 14.2h.01', gate: 'M5 20V7h3v13M8 10l12-3.5M4 20h5',
  card: 'M5.5 6h13A1.5 1.5 0 0 1 20 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 16.5v-9A1.5 1.5 0 0 1 5.5 6zM4 10h16M7.5 14.5h3', paper: 'M7 3.5h7l4 4V20.5H7zM14 3.5v4h4M9.5 12h6M9.5 15.5h6',
  globe: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM4 12h16M12 4c2.5 2.4 3.5 5 3.5 8s-1 5.6-3.5 8c-2.5-2.4-3.5-5-3.5-8s1-5.6 3.5-8z', place: 'M12 20.5s6-5.7 6-10.3a6 6 0 0 0-12 0c0 4.6 6 10.3 6 10.3zM12 12.3a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z', phone: 'M7 4.5h3l1.2 3.6-1.9 1.5a10 10 0 0 0 5.1 5.1l1.5-1.9 3.6 1.2v3a1.8 1.8 0 0 1-2 1.8A14.5 14.5 0 0 1 5.2 6.5 1.8 1.8 0 0 1 7 4.5z', video: 'M5.5 7h8A1.5 1.5 0 0 1 15 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-8A1.5 1.5 0 0 1 4 15.5v-7A1.5 1.5 0 0 1 5.5 7zM15 10.5l5-2.5v8l-5-2.5z',
  score: 'M3.5 7h17M3.5 12h17M3.5 17h17M8.5 14.5a1.8 1.8 0 1 1-3.6 0 1.8 1.8 0 0 1 3.6 0zM17.5 9.5a1.8 1.8 0 1 1-3.6 0 1.8 1.8 0 0 1 3.6 0z',
};

// Arrows that mean "forward" or "back" turn round where the reading direction does.
const TURNING = new Set(['back', 'next', 'send', 'reply', 'forward', 'out', 'log']);

export function Icon({ name, size = 22 }) {
  return html`<svg class=${`icon ${TURNING.has(name) ? 'turning' : ''}`} width=${size} height=${size} viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name] ?? PATHS.info} /></svg>`;
}

/** The house mark: seven voices. */
export function Mark({ size = 28 }) {
  const bars = [9, 15, 21, 26, 19, 13, 8];
  return html`<svg class="mark" width=${size} height=${size} viewBox="0 0 28 28" aria-hidden="true">
    ${bars.map((height, i) => html`<rect class=${`voice v${i}`} x=${0.8 + i * 3.9} y=${14 - height / 2} width="2.8" height=${height} rx="1.4" />`)}
  </svg>`;
}

/** The three states of a message on its way, and how far an accepted one came. */
export function Tick({ state }) {
  const words = { pending: 'Waiting to be sent', refused: 'Not sent', sent: 'Sent', delivered: 'Delivered', read: 'Read' };
  const path = { pending: PATHS.clock, refused: PATHS.alert, sent: 'M4.5 12.5 9 17l8.5-9.5' }[state] ?? 'M1.5 12.8 6 17.3l8.3-9.4M10.8 16.2l1.1 1.1 9.1-9.8';
  return html`<svg class=${`tick ${state}`} width="17" height="17" viewBox="0 0 24 24" role="img" aria-label=${words[state]}><title>${words[state]}</title><path d=${path} /></svg>`;
}
