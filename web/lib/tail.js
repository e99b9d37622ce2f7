// The tail of the log as one list: what was there, what streams in, what waits while the person has paused.
import { signal, batch } from './html.js';
import { log, openStream } from './net.js';

export const MOST = 10_000; // records kept in the page
const FIRST = 200;
export const SECONDS = 90; // of rates kept for the sparklines

const idOf = (record) => `${record.topic}/${record.partition}/${record.offset}`;

/** Follows the log under a filter from now on; newest first. `stop()` ends it. */
export class Tail {
  constructor(filter) {
    this.filter = filter;
    this.records = signal([]); // newest first
    this.held = signal([]); // came in while paused, newest first
    this.paused = signal(false);
    this.state = signal('opening'); // opening | open | lost
    this.problem = signal(null);
    this.ready = signal(false);
    this.rates = signal(new Map()); // topic → the last SECONDS numbers
    this.known = new Set();
    this.waiting = [];
    this.close = openStream(filter, {
      record: (record) => this.take([record]),
      rates: (rates) => this.takeRates(rates),
      missed: () => this.read(),
      state: (state) => {
        this.state.value = state;
        // Each opening reads what is there as well: between two connections nothing may be missing.
        if (state === 'open') this.read();
      },
    });
  }

  async read() {
    try {
      const records = await log.records({ ...this.filter, limit: FIRST });
      this.take(records);
      this.problem.value = null;
    } catch (problem) { this.problem.value = problem; }
    this.ready.value = true;
  }

  take(records) {
    const fresh = records.filter((record) => !this.known.has(idOf(record)));
    if (!fresh.length) return;
    for (const record of fresh) { this.known.add(idOf(record)); record.place = idOf(record); }
    this.waiting.push(...fresh);
    // A burst becomes one change of the page per frame.
    this.frame ??= requestAnimationFrame(() => { this.frame = null; this.flush(); });
  }

  flush() {
    const fresh = this.waiting.splice(0);
    const target = this.paused.peek() ? this.held : this.records;
    const merged = [...fresh.reverse(), ...target.peek()];
    if (merged.some((record, i) => i && record.time > merged[i - 1].time)) merged.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0));
    for (const gone of merged.splice(MOST)) this.known.delete(idOf(gone));
    target.value = merged;
  }

  pause(on) {
    batch(() => {
      this.paused.value = on;
      if (on || !this.held.peek().length) return;
      const all = [...this.held.peek(), ...this.records.peek()];
      for (const gone of all.splice(MOST)) this.known.delete(idOf(gone));
      this.records.value = all;
      this.held.value = [];
    });
  }

  clear() { this.records.value = []; }

  takeRates(rates) {
    const next = new Map(this.rates.peek());
    for (const topic of new Set([...next.keys(), ...Object.keys(rates)])) {
      next.set(topic, [...(next.get(topic) ?? Array(SECONDS).fill(0)), Number(rates[topic]) || 0].slice(-SECONDS));
    }
    this.rates.value = next;
  }

  stop() { this.close(); cancelAnimationFrame(this.frame); }
}
