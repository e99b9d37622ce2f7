// What just happened: the commands this page has sent, what became of them, and what the log says they caused.
import { signal, batch } from './html.js';

const KEPT = 60;
export const journal = signal([]); // newest first
let number = 0;

const replace = (id, change) => {
  journal.value = journal.value.map((entry) => (entry.id === id ? { ...entry, ...change } : entry));
};

/** Enters a command the moment it leaves; answers the id to settle it by. */
export function record({ label, method, path, key }) {
  const id = ++number;
  const entry = { id, label, method, path, key, system: path.split('/')[1], at: Date.now(), started: performance.now(), state: 'pending', trace: null };
  journal.value = [entry, ...journal.value].slice(0, KEPT);
  return id;
}

/** Writes down the answer; from here on the entry can be traced by its correlation. */
export function settle(id, outcome) {
  const entry = journal.peek().find((one) => one.id === id);
  if (entry) batch(() => replace(id, { ...outcome, ms: performance.now() - entry.started }));
}

const pause = (ms) => new Promise((resume) => { setTimeout(resume, ms); });

/**
 * Asks the log what the command caused. Projections apply a moment after the answer, so it asks again until two
 * answers in a row are alike; a person who may not read the log gets no trace, and no error either.
 */
export async function trace(entry, read) {
  if (!entry.correlation || entry.tracing || entry.trace?.settled) return;
  replace(entry.id, { tracing: true });
  let before = -1;
  let found = entry.trace;
  for (const wait of [0, 120, 300, 700, 1500]) {
    await pause(wait);
    try {
      const { records, applied } = await read(entry.correlation);
      found = { records, applied, settled: false };
    } catch (problem) {
      found = { records: [], applied: [], settled: !problem.passing, problem };
      break;
    }
    const size = found.records.length + found.applied.length;
    found.settled = size === before && found.applied.length > 0;
    replace(entry.id, { trace: found });
    if (found.settled) break;
    before = size;
  }
  replace(entry.id, { tracing: false, trace: { ...found, settled: true } });
}

/** The stages of a trace on one time axis: milliseconds since its first record, by the log's own clock. */
export function stages({ records = [], applied = [] }) {
  const kind = (record) => {
    if (record.topic.endsWith('.commands')) return 'command';
    if (record.topic.endsWith('.events')) return 'event';
    return record.topic === 'answers' || record.topic.endsWith('.answers') ? 'answer' : 'delivery';
  };
  const time = (text) => Date.parse(text) + (Number(/\.\d{3}(\d{1,3})/.exec(text)?.[1].padEnd(3, '0')) || 0) / 1000;
  const notes = [
    ...records.map((r) => ({ kind: kind(r), label: r.type, id: r.id, parent: r.causation, system: r.topic.split('.')[0], at: time(r.time), record: r })),
    ...applied.map((a) => ({ kind: 'projection', label: a.projection, id: `${a.projection}@${a.position}`, position: a.position, system: a.position?.split(':')[0], at: time(a.at), applied: a })),
  ].filter((note) => Number.isFinite(note.at)).sort((a, b) => a.at - b.at);
  const zero = notes[0]?.at ?? 0;
  for (const note of notes) note.ms = note.at - zero;
  return { notes, span: notes.at(-1)?.ms ?? 0 };
}
