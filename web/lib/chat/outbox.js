// Messages on their way out. Each is kept in this browser under its own idempotency key until the log has accepted
// it, so a reload or a dead network loses nothing, and sending it again can never make two of it.
import { signal } from '../html.js';
import { chat } from '../net.js';
import { tell } from '../store.js';

const PATIENCE = 15_000; // an answer that takes longer counts as a lost connection
let number = 0;

export class Outbox {
  /** `onAccepted(item, {message_id, seq, timestamp}, position)` is told of each success, in order per conversation. */
  constructor(user, onAccepted) {
    this.prefix = `septet.outbox.${user}.`;
    this.onAccepted = onAccepted;
    this.online = false;
    this.running = new Set();
    this.items = signal(this.stored());
    this.heard = (event) => { if (event.key?.startsWith(this.prefix)) this.reread(); };
    addEventListener('storage', this.heard); // another tab of the same person
  }

  stop() {
    this.online = false;
    clearTimeout(this.timer);
    removeEventListener('storage', this.heard);
  }

  stored() {
    const items = [];
    for (let i = 0; i < localStorage.length; i++) {
      const name = localStorage.key(i);
      if (name.startsWith(this.prefix)) try { items.push(JSON.parse(localStorage.getItem(name))); } catch { /* not ours */ }
    }
    return items.sort((a, b) => a.order - b.order);
  }

  reread() { this.items.value = this.stored(); }

  write(item) {
    try {
      localStorage.setItem(this.prefix + item.key, JSON.stringify(item));
    } catch {
      tell('This browser has no room left to keep unsent messages. Keep the page open until they are sent.', { kind: 'error' });
      this.items.value = [...this.items.peek().filter((one) => one.key !== item.key), item];
      return;
    }
    this.reread();
  }

  erase(key) {
    localStorage.removeItem(this.prefix + key);
    this.items.value = this.items.peek().filter((item) => item.key !== key);
  }

  of(chat_id) { return this.items.value.filter((item) => item.chat_id === chat_id); }

  /** `base`: the highest sequence number seen in the conversation, below which this message cannot be. */
  add(chat_id, body, base) {
    const order = Date.now() * 1000 + (number++ % 1000);
    this.write({ key: crypto.randomUUID(), order, chat_id, body, base, at: new Date().toISOString(), state: 'pending' });
    this.pump();
  }

  /** Tries a refused message once more, as a new command: the old key already has its answer. */
  retry(key) {
    const item = this.items.peek().find((one) => one.key === key);
    if (!item) return;
    this.erase(key);
    this.add(item.chat_id, item.body, item.base);
  }

  discard(key) { this.erase(key); }

  setOnline(online) {
    this.online = online;
    if (online) this.pump();
  }

  /** Sends what waits: one after the other inside a conversation, conversations side by side. */
  pump() {
    if (!this.online) return;
    for (const id of new Set(this.items.peek().filter((item) => item.state === 'pending').map((item) => item.chat_id))) {
      if (!this.running.has(id)) this.drain(id);
    }
  }

  async drain(id) {
    this.running.add(id);
    // One tab at a time empties a conversation's queue; without the lock the key still prevents doubles.
    const lock = navigator.locks ? (work) => navigator.locks.request(`${this.prefix}${id}`, work) : (work) => work();
    try {
      await lock(async () => {
        this.reread();
        for (;;) {
          const item = this.items.peek().find((one) => one.chat_id === id && one.state === 'pending');
          if (!item || !this.online || !(await this.send(item))) break;
        }
      });
    } finally {
      this.running.delete(id);
    }
  }

  /** Answers whether the next one may go. */
  async send(item) {
    try {
      const answer = await chat.send(item.chat_id, item.body, item.key, AbortSignal.timeout(PATIENCE));
      this.erase(item.key);
      this.onAccepted(item, answer.data, answer.position);
      return true;
    } catch (problem) {
      if (problem.status === 401) return false;
      if (problem.passing || problem.status === 409 && problem.code === 'in_progress') {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.pump(), (problem.retryAfter || 2) * 1000);
        return false;
      }
      this.write({ ...item, state: 'refused', code: problem.code, reason: problem.message });
      return true;
    }
  }
}
