// One conversation's messages as this page holds them: an unbroken window of the history, widened at both ends.
import { signal } from '../html.js';
import { chat } from '../net.js';

const PAGE = 60;

export class Thread {
  constructor(id) {
    this.id = id;
    this.messages = new Map(); // by sequence number: a repeated entry finds itself here
    this.low = 0; // the window is (low … high), both included
    this.high = 0;
    this.lastSeq = 0;
    this.atStart = false;
    this.members = signal([]);
    this.details = signal(null);
    this.state = signal('new'); // new | loading | ready | failed
    this.problem = null;
    this.version = signal(0);
    this.busy = new Set();
    this.turn = 0; // of opening: a page that was asked for before belongs to a window that is gone
    this.quotes = new Map();
  }

  get atNewest() { return this.high >= this.lastSeq; }

  changed() { this.sorted = null; this.version.value++; }

  /** All messages of the window in order. */
  list() {
    this.sorted ??= [...this.messages.values()].sort((a, b) => a.seq - b.seq);
    return this.sorted;
  }

  take(messages) {
    for (const message of messages) {
      this.messages.set(message.seq, { ...this.messages.get(message.seq), ...message });
      this.lastSeq = Math.max(this.lastSeq, message.seq);
    }
  }

  /** Loads the newest page, or the one around a message; what was there before is replaced. */
  async open(around) {
    if (this.state.peek() !== 'ready') this.state.value = 'loading';
    const turn = ++this.turn;
    try {
      const [details, messages] = await Promise.all([
        chat.details(this.id),
        chat.messages(this.id, { limit: PAGE, around }),
      ]);
      if (turn !== this.turn) return;
      this.setDetails(details);
      this.messages.clear();
      this.take(messages);
      this.low = messages[0]?.seq ?? 1;
      this.high = around ? messages.at(-1)?.seq ?? 0 : Math.max(messages.at(-1)?.seq ?? 0, details.last_seq ?? 0);
      this.atStart = this.low <= 1 || !messages.length;
      this.problem = null;
      this.state.value = 'ready';
    } catch (problem) {
      this.problem = problem;
      this.state.value = this.messages.size ? 'ready' : 'failed';
    }
    this.changed();
  }

  setDetails(details) {
    this.details.value = details;
    this.members.value = details.members ?? [];
    this.lastSeq = Math.max(this.lastSeq, details.last_seq ?? 0);
  }

  async refreshDetails(after) {
    this.setDetails(await chat.details(this.id, after));
  }

  // The same page is never asked for twice at once, however often scrolling asks.
  async once(name, work) {
    if (this.busy.has(name)) return;
    this.busy.add(name);
    try { await work(); } catch { /* the window stays as it is; the next scroll asks again */ } finally { this.busy.delete(name); }
  }

  older() {
    if (this.atStart || this.state.peek() !== 'ready') return undefined;
    return this.once('older', async () => {
      const { turn } = this;
      const messages = await chat.messages(this.id, { limit: PAGE, before: this.low });
      if (turn !== this.turn) return;
      if (messages.length) { this.take(messages); this.low = messages[0].seq; } else this.atStart = true;
      if (this.low <= 1) this.atStart = true;
      this.changed();
    });
  }

  newer() {
    if (this.atNewest || this.state.peek() !== 'ready') return undefined;
    return this.once('newer', async () => {
      const { turn } = this;
      const messages = await chat.messages(this.id, { limit: PAGE, after_seq: this.high });
      if (turn !== this.turn) return;
      this.take(messages);
      // Nothing more to have although the number is higher: those messages are not for this person.
      this.high = messages.at(-1)?.seq ?? this.lastSeq;
      this.changed();
    });
  }

  /** The message another one answers to; where it lies outside the window, it is fetched once. */
  quoted(seq) {
    const held = this.messages.get(seq) ?? this.quotes.get(seq);
    if (!held && !this.quotes.has(seq)) {
      this.quotes.set(seq, null);
      this.once(`quote ${seq}`, async () => {
        const near = await chat.messages(this.id, { limit: 3, around: seq });
        this.quotes.set(seq, near.find((message) => message.seq === seq) ?? null);
        this.changed();
      });
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

  /** Applies an inbox entry; applying it again changes nothing. */
  apply(entry) {
    const message = this.messages.get(entry.seq);
    switch (entry.type) {
      case 'message': {
        const wasNewest = this.atNewest;
        this.lastSeq = Math.max(this.lastSeq, entry.seq);
        if (message || this.state.peek() !== 'ready') return;
        if (!wasNewest) return; // reading further up: it will come with its page
        const hole = entry.seq > this.high + 1;
        const from = this.high;
        this.take([fromEntry(entry)]);
        this.high = Math.max(this.high, entry.seq);
        if (hole) this.once('hole', async () => { this.take(await chat.messages(this.id, { limit: PAGE, after_seq: from })); this.changed(); });
        break;
      }
      case 'edited':
        if (!message || message.edited_at > entry.at) return;
        this.take([{ seq: entry.seq, content: entry.content, edited_at: entry.at }]);
        break;
      case 'deleted':
        if (!message) return;
        this.take([{ seq: entry.seq, content: '', deleted: true, reactions: {} }]);
        break;
      case 'removed-for-me':
        this.messages.delete(entry.seq);
        break;
      case 'reaction':
        if (!message) return;
        this.take([{ seq: entry.seq, reactions: reacted(message.reactions, entry.user_id, entry.emoji) }]);
        break;
      case 'nudge':
        if (this.atNewest) { this.lastSeq = Math.max(this.lastSeq, entry.last_seq); this.newer(); } else this.lastSeq = Math.max(this.lastSeq, entry.last_seq);
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
