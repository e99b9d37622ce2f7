// What the chat knows: conversations, people, who is here and who is typing. Entries of the inbox change it.
import { signal, computed, batch } from '../html.js';
import { chat } from '../net.js';
import { me } from '../session.js';
import { Thread } from './thread.js';

export const conversations = signal(new Map());
export const listState = signal('new'); // new | loading | ready | failed
export const listProblem = signal(null);
export const people = signal(new Map()); // user id → name
export const presence = signal(new Map()); // user id → {online, last_seen, hidden}
export const typing = signal(new Map()); // chat id → Map(user id → until, ms)
export const blocked = signal(new Set());
export const contacts = signal(new Set());

const threads = new Map();
export function thread(id) {
  if (!threads.has(id)) threads.set(id, new Thread(id));
  return threads.get(id);
}
export const openThreads = () => threads.values();

const lastTime = (conversation) => conversation.last?.timestamp ?? conversation.at ?? '';
/** Newest first; a conversation nobody has written in counts from its start. */
export const ordered = computed(() => [...conversations.value.values()].sort((a, b) => (lastTime(a) < lastTime(b) ? 1 : -1)));
export const unread = computed(() => ordered.value.reduce((sum, conversation) => sum + (conversation.unread ?? 0), 0));

export function know(pairs) {
  const news = pairs.filter(([id, name]) => id && name && people.peek().get(id) !== name);
  if (news.length) people.value = new Map([...people.peek(), ...news]);
}
export const nameOf = (id) => (id === me.value ? 'You' : people.value.get(id) ?? 'Someone');
export const titleOf = (conversation) => conversation?.title || (conversation?.with && people.value.get(conversation.with)) || 'Conversation';

const change = (id, update) => {
  const current = conversations.peek().get(id);
  if (!current) return false;
  conversations.value = new Map(conversations.peek()).set(id, { ...current, ...update(current) });
  return true;
};

let reading = null;
/** Reads the list of conversations; `after` is the position of a command whose effect must be in it. */
export function loadList(after) {
  if (reading && !after) return reading;
  if (listState.peek() === 'new') listState.value = 'loading';
  reading = chat.list(after).then((list) => batch(() => {
    const now = new Map();
    for (const one of list) {
      const held = conversations.peek().get(one.chat_id);
      // What came over the socket while the answer was on its way is newer than the answer.
      now.set(one.chat_id, held && held.last_seq > one.last_seq ? { ...one, last: held.last, last_seq: held.last_seq, unread: held.unread } : { ...one, at: held?.at });
    }
    conversations.value = now;
    know(list.filter((one) => one.kind === 'direct').map((one) => [one.with, one.title]));
    listState.value = 'ready';
  })).catch((problem) => {
    listProblem.value = problem;
    if (listState.peek() !== 'ready') listState.value = 'failed';
    throw problem;
  }).finally(() => { reading = null; });
  return reading;
}

let soon = 0;
/** Entries may come in a burst; the list is read once for all of them. */
function loadListSoon() {
  clearTimeout(soon);
  soon = setTimeout(() => loadList().catch(() => {}), 80);
}

/** Applies one inbox entry to everything it touches. Safe to repeat. */
export function applyEntry(entry) {
  batch(() => {
    const open = threads.get(entry.chat_id);
    if (entry.sender_name) know([[entry.sender_id, entry.sender_name]]);
    open?.apply(entry);
    if (entry.type === 'message') setTyping(entry.chat_id, entry.sender_id, 0);
    const known = conversations.peek().has(entry.chat_id);
    switch (entry.type) {
      case 'message':
        if (!known) { loadListSoon(); break; }
        change(entry.chat_id, (conversation) => (entry.seq <= (conversation.last_seq ?? 0) ? {} : {
          last: { seq: entry.seq, sender_id: entry.sender_id, content: entry.content, timestamp: entry.at, deleted: false },
          last_seq: entry.seq,
          unread: (conversation.unread ?? 0) + (entry.sender_id === me.peek() ? 0 : 1),
        }));
        break;
      case 'edited':
        change(entry.chat_id, ({ last }) => (last?.seq === entry.seq ? { last: { ...last, content: entry.content } } : {}));
        break;
      case 'deleted':
        change(entry.chat_id, ({ last }) => (last?.seq === entry.seq ? { last: { ...last, content: '', deleted: true } } : {}));
        break;
      case 'members':
        if ((entry.removed ?? []).includes(me.peek())) {
          const rest = new Map(conversations.peek());
          rest.delete(entry.chat_id);
          conversations.value = rest;
          if (open) open.details.value = { ...open.details.peek(), left: true };
          break;
        }
        if (entry.title) change(entry.chat_id, () => ({ title: entry.title }));
        if (!known) loadListSoon();
        open?.refreshDetails().catch(() => {});
        break;
      case 'nudge':
        if (!change(entry.chat_id, (conversation) => ({
          last_seq: Math.max(conversation.last_seq ?? 0, entry.last_seq),
          unread: (conversation.unread ?? 0) + Math.max(0, entry.last_seq - (conversation.last_seq ?? 0)),
        }))) break;
        loadListSoon();
        break;
      case 'started':
      case 'removed-for-me':
        loadListSoon();
        break;
      default:
    }
  });
}

/** Takes what an ephemeral channel says about one conversation. */
export function applyEphemeral(id, data) {
  if (data.type === 'typing') setTyping(id, data.user_id, data.until ? Date.parse(data.until) : 0);
  if (data.type === 'presence') setPresence([data]);
  if (data.type === 'marks') {
    threads.get(id)?.mark(data);
    if (data.user_id === me.peek()) readUpTo(id, data.read ?? 0);
  }
}

export function setPresence(list) {
  presence.value = new Map([...presence.peek(), ...list.map((one) => [one.user_id, one])]);
}

function setTyping(id, user, until) {
  if (user === me.peek()) return;
  const writers = new Map(typing.peek().get(id));
  if (until > Date.now()) {
    writers.set(user, until);
    setTimeout(() => { // forgotten when no news of it came in the meantime
      const still = typing.peek().get(id)?.get(user);
      if (still && still <= Date.now()) setTyping(id, user, 0);
    }, until - Date.now() + 50);
  } else if (!writers.delete(user)) return;
  typing.value = new Map(typing.peek()).set(id, writers);
}

/** Shows this person's reaction at once; answers how to take it back should the server refuse it. */
export function reactLocally(id, seq, emoji) {
  const open = thread(id);
  const before = Object.entries(open.messages.get(seq)?.reactions ?? {}).find(([, who]) => who.includes(me.peek()))?.[0] ?? null;
  open.apply({ type: 'reaction', seq, user_id: me.peek(), emoji });
  return () => open.apply({ type: 'reaction', seq, user_id: me.peek(), emoji: before });
}

/** This person has read a conversation up to `seq`, here or on another device. */
export function readUpTo(id, seq) {
  change(id, (conversation) => {
    if (seq <= (conversation.read ?? 0)) return {};
    const later = (threads.get(id)?.list() ?? []).filter((message) => message.seq > seq && message.sender_id !== me.peek()).length;
    return { read: seq, unread: seq >= (conversation.last_seq ?? 0) ? 0 : Math.min(conversation.unread ?? 0, Math.max(later, 0)) };
  });
}

export function forgetAll() {
  threads.clear();
  batch(() => {
    conversations.value = new Map();
    presence.value = new Map();
    typing.value = new Map();
    people.value = new Map();
    listState.value = 'new';
  });
}
