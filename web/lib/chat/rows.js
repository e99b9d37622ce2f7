// From messages to rows: days, the line above what is new, and who speaks for how long. Pure.
import { dayKey } from '../format.js';

const PAUSE = 5 * 60_000; // a silence after which the same speaker starts anew
const PLAIN = new Set(['text', undefined, null, '']);

export const isNotice = (message) => !PLAIN.has(message.kind) && !message.sender_id || ['system', 'members', 'notice', 'started', 'title'].includes(message.kind);

/**
 * `list`: messages by sequence; `waiting`: outbox items of this conversation; `unreadFrom`: the mark as it was on
 * opening, 0 for none. Answers [{key, kind: day|unread|notice|message, …}].
 */
export function rowsOf({ list, waiting, me, unreadFrom = 0 }) {
  const rows = [];
  let before = null;
  let newSeen = false;
  const add = (message, key, item) => {
    const time = Date.parse(message.timestamp);
    if (!before || dayKey(before.timestamp) !== dayKey(message.timestamp)) {
      rows.push({ key: `day ${message.seq ?? key}`, kind: 'day', at: message.timestamp });
      before = null;
    }
    if (!newSeen && unreadFrom && message.seq > unreadFrom && message.sender_id !== me) {
      newSeen = true;
      before = null;
      rows.push({ key: 'unread', kind: 'unread' });
    }
    if (isNotice(message)) {
      rows.push({ key, kind: 'notice', message });
      before = null;
      return;
    }
    const first = !before || before.sender_id !== message.sender_id || time - Date.parse(before.timestamp) > PAUSE;
    const previous = rows.at(-1);
    if (!first && previous?.kind === 'message') previous.last = false;
    rows.push({ key, kind: 'message', message, mine: message.sender_id === me, first, last: true, item });
    before = message;
  };
  for (const message of list) add(message, message.key ?? `m${message.seq}`);
  for (const item of unseen(list, waiting, me)) {
    add({ sender_id: me, content: item.body.content, timestamp: item.at, reply_to: item.body.reply_to, forwarded: item.body.forwarded, reactions: {} }, item.key, item);
  }
  return rows;
}

// The inbox may bring a message before the answer to its sending does. Until the answer settles it, the waiting copy
// is not shown a second time.
function unseen(list, waiting, me) {
  if (!waiting.length) return waiting;
  const base = waiting[0].base ?? Infinity;
  const arrived = list.filter((message) => message.seq > base && message.sender_id === me && !message.key);
  return waiting.filter((item) => {
    if (item.state !== 'pending') return true;
    const place = arrived.findIndex((message) => message.seq > item.base && message.content === item.body.content);
    if (place < 0) return true;
    arrived.splice(place, 1);
    return false;
  });
}

const LINK = /https?:\/\/[^\s<>"'）」]+[^\s<>"'.,;:!?)）」\]]/gu;
/** Cuts a text into plain pieces and links: [{text, href?}]. */
export function pieces(text) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: match[0], href: match[0] });
    end = match.index + match[0].length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/** One to three emoji and nothing else: shown large. */
export const onlyEmoji = (text) => /^(?:\p{Extended_Pictographic}(?:\u{FE0F}|\p{Emoji_Modifier}|\u{200D}\p{Extended_Pictographic})*\s*){1,3}$/u.test(text);
