// One conversation's messages as this page holds them: a stretch of the history, widened at both ends or left for another.
import { batch, signal } from '../html.js';
import { chat } from '../net.js';
import { Stretch } from './stretch.js';

const PAGE = 60;
const AHEAD = 200; // entries kept that came before the page they belong to

export class Thread {
  constructor(id) {
    this.id = id;
    this.stretch = new Stretch();
    this.ahead = new Map(); // by sequence number: what the socket brought from beyond the stretch
    this.lastSeq = 0;
    this.members = signal([]);
    this.details = signal(null);
    this.state = signal('new'); // new | loading | ready | failed
    this.problem = null;
    this.version = signal(0);
    this.opening = 0; // of several openings under way, the last one counts
    this.quotes = new Map();
  }

  get messages() { return this.stretch.messages; }
  get atNewest() { return this.stretch.high >= this.lastSeq; }

  changed() { this.sorted = null; this.version.value++; }

  /** All messages of the stretch in order. */
  list() {
    this.sorted ??= this.stretch.list();
    return this.sorted;
  }

  /** Loads the newest page, or the one around a message; what was there before is replaced. */
  async open(around) {
    if (this.state.peek() !== 'ready') this.state.value = 'loading';
    const opening = ++this.opening;
    try {
      const [details, messages] = await Promise.all([
        chat.details(this.id),
        chat.messages(this.id, { limit: PAGE, around }),
      ]);
      if (opening !== this.opening) return;
      this.stretch = new Stretch(messages);
      this.lastSeq = Math.max(this.lastSeq, this.stretch.high);
      this.problem = null;
      batch(() => {
        this.setDetails(details);
        this.join();
        this.state.value = 'ready';
        this.changed();
      });
    } catch (problem) {
      if (opening !== this.opening) return;
      this.problem = problem;
      this.state.value = this.messages.size ? 'ready' : 'failed';
      this.changed();
    }
    if (!around) await this.newer();
  }

  setDetails(details) {
    this.details.value = details;
    this.members.value = details.members ?? [];
    this.lastSeq = Math.max(this.lastSeq, details.last_seq ?? 0);
  }

  async refreshDetails(after) {
    this.setDetails(await chat.details(this.id, after));
  }

  // A page is asked for once at a time, however often scrolling asks, and is for the stretch that asked for it: where
  // the thread has left that one meanwhile, its messages have no place any more.
  async widen(end, query, add) {
    const { stretch } = this;
    if (stretch.busy.has(end)) return;
    stretch.busy.add(end);
    try {
      const messages = await chat.messages(this.id, { limit: PAGE, ...query });
      if (stretch !== this.stretch) return;
      stretch.take(messages);
      add(messages);
      stretch.bound();
      this.changed();
    } catch { /* the stretch stays as it is; the next scroll asks again */ } finally { stretch.busy.delete(end); }
  }

  older() {
    const { stretch } = this;
    if (stretch.atStart || this.state.peek() !== 'ready') return undefined;
    return this.widen('older', { before: stretch.low }, (messages) => {
      stretch.low = messages[0]?.seq ?? stretch.low;
      stretch.atStart = stretch.low <= 1 || !messages.length;
    });
  }

  async newer() {
    const { stretch } = this;
    if (this.atNewest || this.state.peek() !== 'ready') return;
    const until = this.lastSeq;
    await this.widen('newer', { after_seq: stretch.high }, (messages) => {
      // Nothing more to have although the number is higher: those messages are not for this person, or they came
      // over the socket before the history has them.
      if (!messages.length) {
        stretch.take([...this.ahead.values()].filter(({ seq }) => seq > stretch.high && seq <= until));
        stretch.high = until;
      } else stretch.high = messages.at(-1).seq;
      this.lastSeq = Math.max(this.lastSeq, stretch.high);
      this.join();
    });
  }

  // Moves what came ahead and now follows the stretch's end into it.
  join() {
    for (const seq of [...this.ahead.keys()].sort((a, b) => a - b)) {
      if (seq > this.stretch.high + 1) break;
      if (seq > this.stretch.high) { this.stretch.take([this.ahead.get(seq)]); this.stretch.high = seq; }
      this.ahead.delete(seq);
    }
  }

  /** The message another one answers to; where it lies outside the window, it is fetched once. */
  quoted(seq) {
    const held = this.messages.get(seq) ?? this.quotes.get(seq);
    if (!held && !this.quotes.has(seq)) {
      this.quotes.set(seq, null);
      chat.messages(this.id, { limit: 3, around: seq }).then((near) => {
        this.quotes.set(seq, near.find((message) => message.seq === seq) ?? null);
        this.changed();
      }, () => { /* the answer stands without it */ });
    }
    return held;
  }

  /** After a time without the socket: fetch what the window's end has missed, and who has read how far. */
  async catchUp() {
    if (this.state.peek() === 'failed') return this.open();
    if (this.state.peek() !== 'ready') return undefined;
    const wasNewest = this.atNewest;
    await this.refreshDetails().catch(() => {});
    if (wasNewest) await this.newer();
    return undefined;
  }

  patch(seq, change) {
    for (const held of [this.messages, this.ahead]) if (held.has(seq)) held.set(seq, { ...held.get(seq), ...change });
  }

  /** Applies an inbox entry; applying it again changes nothing. */
  apply(entry) {
    const message = this.messages.get(entry.seq) ?? this.ahead.get(entry.seq);
    switch (entry.type) {
      case 'message': {
        const wasNewest = this.atNewest;
        this.lastSeq = Math.max(this.lastSeq, entry.seq);
        if (message || entry.seq <= this.stretch.high && this.state.peek() === 'ready') return;
        this.ahead.set(entry.seq, fromEntry(entry));
        if (this.ahead.size > AHEAD) this.ahead.delete(Math.min(...this.ahead.keys()));
        if (this.state.peek() !== 'ready' || !wasNewest) return; // it gets its place with its page
        this.join();
        if (!this.atNewest) { this.newer(); return; }
        this.stretch.bound();
        break;
      }
      case 'edited':
        if (!message || message.edited_at > entry.at) return;
        this.patch(entry.seq, { content: entry.content, edited_at: entry.at });
        break;
      case 'deleted':
        if (!message) return;
        this.patch(entry.seq, { content: '', deleted: true, reactions: {} });
        break;
      case 'removed-for-me':
        this.messages.delete(entry.seq);
        this.ahead.delete(entry.seq);
        break;
      case 'reaction':
        if (!message) return;
        this.patch(entry.seq, { reactions: reacted(message.reactions, entry.user_id, entry.emoji) });
        break;
      case 'nudge':
        if (!this.atNewest) { this.lastSeq = Math.max(this.lastSeq, entry.last_seq); return; }
        this.lastSeq = Math.max(this.lastSeq, entry.last_seq);
        this.newer();
        return;
      default:
        return;
    }
    this.changed();
  }

  /** Moves one member's high-water marks; they never go back. */
  mark({ user_id, delivered = 0, read = 0 }) {
    this.members.value = this.members.peek().map((member) => (member.user_id === user_id
      ? { ...member, delivered: Math.max(member.delivered ?? 0, delivered ?? 0, read ?? 0), read: Math.max(member.read ?? 0, read ?? 0) }
      : member));
  }

  /** How far one of my messages came: sent, delivered (to all), read (by all), and by how many. */
  reach(seq, me) {
    const others = this.members.value.filter((member) => member.user_id !== me && (member.joined_seq ?? 0) < seq);
    const read = others.filter((member) => (member.read ?? 0) >= seq).length;
    const delivered = others.filter((member) => Math.max(member.delivered ?? 0, member.read ?? 0) >= seq).length;
    const all = others.length;
    return { read, delivered, all, tick: all && read === all ? 'read' : all && delivered === all ? 'delivered' : 'sent' };
  }
}

export function fromEntry(entry) {
  return {
    message_id: entry.message_id, seq: entry.seq, sender_id: entry.sender_id, sender_name: entry.sender_name,
    content: entry.content, timestamp: entry.at ?? entry.timestamp, kind: entry.kind ?? 'text', reply_to: entry.reply_to ?? null,
    mentions: entry.mentions ?? [], forwarded: entry.forwarded ?? false, edited_at: null, deleted: false, reactions: {},
  };
}

/** Reactions by emoji with one person's choice set to `emoji`, or taken back with null. */
export function reacted(reactions, user, emoji) {
  const next = {};
  for (const [one, people] of Object.entries(reactions ?? {})) {
    const left = people.filter((person) => person !== user);
    if (left.length) next[one] = left;
  }
  if (emoji) next[emoji] = [...(next[emoji] ?? []), user];
  return next;
}
