// A command written as music: five lines (command, answer, events, handlers, projections), a note for each step.
import { html } from '../lib/html.js';
import { stages } from '../lib/journal.js';
import { span } from '../lib/format.js';

export const LINES = [['command', 'command'], ['answer', 'answer'], ['event', 'events'], ['handler', 'handlers'], ['projection', 'projections']];
const GAP = 13;
const TOP = 9;
const line = (kind) => TOP + LINES.findIndex(([name]) => name === kind) * GAP;

/** Where a note leads: into the tree of its correlation, with its own record open. */
export const into = (correlation, note) => `/ui/log/${encodeURIComponent(correlation)}${note?.record ? `?record=${encodeURIComponent(note.record.id)}` : ''}`;

export function Score({ entry }) {
  const { notes, span: whole } = stages(entry.trace ?? {});
  if (!notes.some((note) => note.kind === 'answer') && entry.ms !== undefined && notes.length) {
    // No record of the answer in the log: what this browser measured stands for it.
    notes.push({ kind: 'answer', label: 'answer, as measured here', id: 'answer', parent: notes[0].id, system: entry.system, ms: entry.ms });
  }
  const end = Math.max(whole, ...notes.map((note) => note.ms ?? 0), 1);
  const x = (note) => 2.5 + (95 * (note.ms ?? end)) / end; // what has no time of its own stands at the end
  const byId = new Map(notes.map((note) => [note.id, note]));
  const parentOf = (note) => { const parent = byId.get(note.parent); return parent === note ? null : parent; };
  const after = (note) => (note.ms === null ? 'at an unknown time' : `after ${span(note.ms)}`);
  return html`<svg class="score" height=${TOP * 2 + GAP * 4} width="100%" role="group" aria-label=${`${notes.length} steps in ${span(end)}`}>
    ${LINES.map(([name]) => html`<line key=${name} class="staff" x1="0" x2="100%" y1=${line(name)} y2=${line(name)} />`)}
    ${notes.map((note) => { const parent = parentOf(note); return parent && html`<line key=${`to ${note.id}`} class="slur" data-system=${note.system} x1=${`${x(parent)}%`} y1=${line(parent.kind)} x2=${`${x(note)}%`} y2=${line(note.kind)} />`; })}
    ${notes.map((note) => html`<a key=${note.id} href=${into(entry.correlation, note)} aria-label=${`${note.label}, ${after(note)}`}>
      <title>${`${note.label}, ${after(note)}`}</title>
      <circle class="hit" cx=${`${x(note)}%`} cy=${line(note.kind)} r="10" /><ellipse class=${`note ${note.kind} ${note.ms === null ? 'undated' : ''}`} data-system=${note.system} cx=${`${x(note)}%`} cy=${line(note.kind)} rx="5.4" ry="4.4" /></a>`)}
  </svg>`;
}

/** The same in words: what it caused, each a link. */
export function Steps({ entry, most = Infinity }) {
  const { notes } = stages(entry.trace ?? {});
  const events = notes.filter((note) => note.kind === 'event');
  const applied = notes.filter((note) => note.kind === 'projection');
  const rest = events.length - most;
  return html`${events.slice(0, most).map((note) => html`<a key=${note.id} class="step event" data-system=${note.system} href=${into(entry.correlation, note)}>${note.label}</a>`)}
    ${rest > 0 && html`<a class="step event" data-system=${entry.system} href=${into(entry.correlation)}>+${rest}</a>`}
    ${applied.length > 0 && html`<a class="step applied" href=${into(entry.correlation)} title=${applied.map((note) => `${note.label}: ${note.ms === null ? 'applied' : span(note.ms)}`).join('\n')}>${applied.length === 1 ? applied[0].label : `${applied.length} projections`}${applied.some((note) => note.ms !== null) && html` <i>${span(Math.max(...applied.map((note) => note.ms ?? 0)))}</i>`}</a>`}`;
}
