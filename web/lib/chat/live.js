// Joins the chat to its socket: the inbox in order and without loss, receipts, typing and presence on the side.
import { applyNotice, forgetNotices, loadNotices } from '../notices.js';
import { signal, effect } from '../html.js';
import { chat, openSocket } from '../net.js';
import { me, session, endHere } from '../session.js';
import { Outbox } from './outbox.js';
import { applyEntry, applyEphemeral, conversations, ordered, forgetAll, know, loadList, openThreads, readUpTo, setPresence, thread, blocked, contacts } from './state.js';

const WATCHED = 20; // conversations whose typing and presence are followed, from the newest on

export const connection = signal('connecting'); // connecting | online | offline | ended
export const outbox = signal(null);

let socket = null;
let inbox = null;
let seen = 0; // how far the inbox was applied on this page
let stopWatching = null;

const channels = new Map();

/** Follows the ephemeral channel of each of these conversations, and leaves the others. */
function watch(ids) {
  const wanted = new Set(ids);
  for (const [id, subscription] of channels) {
    if (wanted.has(id)) continue;
    subscription.unsubscribe();
    socket.removeSubscription(subscription);
    channels.delete(id);
  }
  for (const id of wanted) {
    if (channels.has(id)) continue;
    const subscription = socket.newSubscription(`chat:${id}`);
    subscription.on('publication', ({ data }) => applyEphemeral(id, data));
    subscription.on('error', () => {}); // a conversation one was removed from: its thread says so
    subscription.subscribe();
    channels.set(id, subscription);
  }
}

export const opened = signal(null); // the conversation on the screen

/** Asks who of these is here; what changes afterwards comes through the conversations' channels. */
export async function askPresence(ids) {
  const others = [...new Set(ids)].filter((id) => id && id !== me.peek()).slice(0, 100);
  if (others.length) setPresence(await chat.presence(others).catch(() => []));
}

const partners = () => [...conversations.value.values()].map((one) => one.with).filter(Boolean);
const asked = new Set();
function askNewPartners() {
  const fresh = partners().filter((id) => !asked.has(id));
  for (const id of fresh) asked.add(id);
  askPresence(fresh);
}

async function readContacts() {
  const list = await chat.contacts().catch(() => []);
  know(list.map((one) => [one.user_id, one.label || one.name]));
  blocked.value = new Set(list.filter((one) => one.blocked).map((one) => one.user_id));
  contacts.value = new Set(list.filter((one) => !one.blocked || one.label).map((one) => one.user_id));
}

// Acknowledgements and marks are high-water marks: only the highest matters, so a burst becomes one message.
const marks = new Map();
let acked = 0;
let flushing = 0;
function flushSoon() {
  clearTimeout(flushing);
  flushing = setTimeout(flush, 150);
}
function flush() {
  if (connection.peek() !== 'online') return; // they are kept, and go with the next connection
  for (const [chat_id, mark] of marks) {
    marks.delete(chat_id);
    socket.rpc('mark', { chat_id, ...mark }).catch(() => {
      const later = marks.get(chat_id);
      marks.set(chat_id, { ...mark, ...later });
    });
  }
  if (seen > acked) {
    const cursor = seen;
    socket.rpc('ack', { cursor }).then(() => { acked = Math.max(acked, cursor); }, () => {});
  }
}

/** Says that this person's messages up to `seq` were delivered here, or read. */
export function mark(chat_id, what) {
  const known = marks.get(chat_id) ?? {};
  const higher = {};
  for (const [name, seq] of Object.entries(what)) if (seq > (known[name] ?? 0)) higher[name] = seq;
  if (!Object.keys(higher).length) return;
  marks.set(chat_id, { ...known, ...higher });
  if (higher.read) readUpTo(chat_id, higher.read);
  flushSoon();
}

// The snapshot is read after the subscription stands, so nothing can fall between the two; what comes twice is dropped.
async function snapshot() {
  loadNotices().catch(() => {});
  import('../notices-push.js').then(({ pushed }) => pushed()).catch(() => {});
  await loadList();
  // Acknowledging the inbox marks what came through it as delivered. What was there before this device is told here.
  for (const one of conversations.peek().values()) {
    if (one.last && one.last.sender_id !== me.peek() && Math.max(one.delivered ?? 0, one.read ?? 0) < one.last_seq) mark(one.chat_id, { delivered: one.last_seq });
  }
  for (const one of openThreads()) one.catchUp();
  askPresence(partners());
  flushSoon();
}

function onEntry({ data, offset }) {
  if (offset && offset <= seen) return;
  if (data.type.startsWith('notice')) applyNotice(data);
  else applyEntry(data);
  if (offset) seen = offset;
  flushSoon();
}

/** Connects the signed-in person; everything that waited in this browser goes out once the connection stands. */
export async function start() {
  const user = me.peek();
  outbox.value = new Outbox(user, (item, answer) => {
    applyEntry({
      type: 'message', chat_id: item.chat_id, seq: answer.seq, message_id: answer.message_id, at: answer.timestamp,
      sender_id: user, kind: 'text', ...item.body,
    });
    const message = thread(item.chat_id).messages.get(answer.seq);
    if (message) message.key = item.key; // the row on the screen stays the same row
  });
  // What can be had without the socket is had at once; it also shows a session that has ended.
  know([[user, session.peek().name]]);
  loadList().catch(() => {});
  readContacts();
  socket = await openSocket({
    state(now, context) {
      if (now === 'connected') connection.value = 'online';
      else if (now === 'disconnected') {
        connection.value = 'ended';
        if (context?.code === 1 || /unauthorized/i.test(context?.reason ?? '')) endHere();
      } else connection.value = navigator.onLine ? 'connecting' : 'offline';
      outbox.peek()?.setOnline(now === 'connected');
      if (now === 'connected') flushSoon();
    },
  });
  if (me.peek() !== user) { socket.disconnect(); return; } // signed out while the client was loading
  inbox = socket.newSubscription(`inbox:${user}`, { recoverable: true, positioned: true });
  inbox.on('publication', onEntry);
  inbox.on('subscribed', (context) => {
    const position = context.streamPosition?.offset ?? 0;
    // Recovered: the missed entries follow as publications. Not recovered: what was missed comes with the snapshot.
    if (!context.recovered) { seen = position; acked = 0; }
    snapshot().catch(() => {});
  });
  inbox.subscribe();
  const watching = [
    effect(() => watch([...ordered.value.slice(0, WATCHED).map((one) => one.chat_id), ...(opened.value ? [opened.value] : [])])),
    effect(askNewPartners),
  ];
  stopWatching = () => watching.forEach((end) => end());
}

export function stop() {
  stopWatching?.();
  outbox.peek()?.stop();
  socket?.disconnect();
  channels.clear();
  marks.clear();
  asked.clear();
  clearTimeout(flushing);
  socket = inbox = stopWatching = null;
  seen = acked = 0;
  outbox.value = null;
  connection.value = 'connecting';
  forgetNotices();
  forgetAll();
}

/** After the server has ended the connection for good, only the person can ask for a new one. */
export const reconnect = () => { connection.value = 'connecting'; socket?.connect(); };

let typed = 0;
/** Tells the others that this person writes; repeated while they do, taken back when they stop. */
export function tellTyping(chat_id, on) {
  if (connection.peek() !== 'online') return;
  const now = Date.now();
  if (on && now - typed < 3000) return;
  if (!on && !typed) return;
  typed = on ? now : 0;
  socket.rpc('typing', { chat_id, on }).catch(() => {});
}

addEventListener('offline', () => { if (connection.peek() !== 'ended') connection.value = 'offline'; });
