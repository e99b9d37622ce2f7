// An unbroken stretch of one conversation's history: what a page holds of it at a time, of bounded length.
const MOST = 600;

/**
 * `messages` between `low` and `high`, both included, by sequence number. A thread that jumps elsewhere makes a new
 * stretch; whoever loads a page for one asks afterwards whether it is still the thread's.
 */
export class Stretch {
  constructor(messages = []) {
    this.messages = new Map();
    this.busy = new Set(); // which of its ends is being widened
    this.inView = null; // {first, last}
    this.take(messages);
    this.low = messages[0]?.seq ?? 1;
    this.high = messages.at(-1)?.seq ?? 0;
    this.atStart = this.low <= 1 || !messages.length;
  }

  take(messages) {
    for (const message of messages) this.messages.set(message.seq, { ...this.messages.get(message.seq), ...message });
  }

  list() { return [...this.messages.values()].sort((a, b) => a.seq - b.seq); }

  /** Forgets what is too much, at the end that is farther from what is in view. */
  bound() {
    const excess = this.messages.size - MOST;
    if (excess <= 0) return;
    const all = this.list();
    const middle = this.inView ? (this.inView.first + this.inView.last) / 2 : this.high;
    if (middle - this.low > this.high - middle) {
      for (const { seq } of all.slice(0, excess)) this.messages.delete(seq);
      this.low = all[excess].seq;
      this.atStart = false;
    } else {
      for (const { seq } of all.slice(-excess)) this.messages.delete(seq);
      this.high = all[all.length - excess - 1].seq;
    }
  }
}
