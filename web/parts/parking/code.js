// A text as a QR code, drawn as one path: dark on light by day and by night, since cameras expect it so.
import { html } from '../../lib/html.js';
import { qr } from '../../lib/qr.js';

const QUIET = 4; // modules around it that stay light

export function Code({ text, label }) {
  const rows = qr(text);
  if (!rows) return null;
  const size = rows.length + 2 * QUIET;
  const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ''))).join('');
  return html`<svg class="code" viewBox=${`0 0 ${size} ${size}`} role="img" aria-label=${label} data-text=${text}><rect width=${size} height=${size} /><path d=${path} /></svg>`;
}
