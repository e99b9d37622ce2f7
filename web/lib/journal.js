// What just happened: the commands this page has sent, what became of them, and what the log says they caused.
import { signal, batch } from './html.js';
import { systemOf, typeName } from './records.js';

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
      found = merged(found, await read(entry.correlation));
    } catch (problem) {
      found = { records: [], applied: [], settled: !problem.passing, problem };
      break;
    }
    const size = found.records.length + found.applied.length;
    found.settled = size === before && found.applied.length > 0 && found.applied.every((one) => one.applied);
    replace(entry.id, { trace: found });
    if (found.settled) break;
    before = size;
  }
  replace(entry.id, { tracing: false, trace: { ...found, settled: true } });
}

/**
 * A newer trace with what an older one knew: the log tells when an event was applied only as long as it is the last of
 * its partition, so an early look may know more than a late one.
 */
export function merged(before, { records = [], applied = [] }) {
  const known = new Map((before?.applied ?? []).map((one) => [one.key, one.at]));
  return {
    records,
    applied: applied.map((one) => {
      const name = one.projection ?? one.consumer;
      const key = `${name}@${one.id ?? one.position}`;
      return { ...one, name, key, applied: one.applied ?? true, at: one.at ?? known.get(key) ?? null };
    }),
    settled: false,
  };
}

/**
 * The stages of a trace on one time axis: milliseconds since its first record, by the log's own clock; null where the
 * log does not tell when.
 */
export function stages({ records = [], applied = [] }) {
  const notes = [
    ...records.map((record) => ({ kind: kindOf(record), label: typeName(record), id: record.id, parent: record.causation, system: systemOf(record), at: time(record.time), record })),
    ...applied.filter((one) => one.applied).map((one) => {
      const position = /^(\w+):(\d+):(\d+)$/.exec(one.position ?? '');
      const cause = records.find((record) => (one.id ? record.id === one.id : position && systemOf(record) === position[1] && `${record.partition}:${record.sequence}` === `${position[2]}:${position[3]}`));
      return { kind: one.name.startsWith('projection') || one.projection ? 'projection' : 'handler', label: one.name, id: one.key, parent: cause?.id, system: cause ? systemOf(cause) : 'house', at: one.at ? time(one.at) : null };
    }),
  ];
  const known = notes.filter((note) => note.at !== null);
  const zero = Math.min(...known.map((note) => note.at));
  const span = known.length ? Math.max(...known.map((note) => note.at)) - zero : 0;
  for (const note of notes) note.ms = note.at === null ? null : note.at - zero;
  return { notes: notes.sort((a, b) => (a.ms ?? Infinity) - (b.ms ?? Infinity)), span };
}

function kindOf({ topic }) {
  if (topic.endsWith('.commands')) return 'command';
  if (topic.endsWith('.events')) return 'event';
  return /(^|\.)answer(s|ed)$/.test(topic) ? 'answer' : 'handler';
}

/** Milliseconds since 1970 with the microseconds that Date drops. */
const time = (text) => Date.parse(text) + (Number(/\.\d{3}(\d{1,3})/.exec(text)?.[1].padEnd(3, '0')) || 0) / 1000;
