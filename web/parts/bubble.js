// One message as it is seen: quote, text, reactions, time, ticks, and what can be done with it.
import { html, useState, useRef } from '../lib/html.js';
import { hue, count } from '../lib/format.js';
import { pieces, onlyEmoji } from '../lib/chat/rows.js';
import { nameOf } from '../lib/chat/state.js';
import { outbox } from '../lib/chat/live.js';
import { Face, Time } from './bits.js';
import { Icon, Tick } from './icons.js';
import { Menu } from './overlay.js';

export const REACTIONS = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

export function Text({ text, mentions = [] }) {
  const marked = mentions.map((id) => `@${nameOf(id)}`).filter((name) => name.length > 1);
  const plain = (piece) => {
    for (const name of marked) {
      const at = piece.indexOf(name);
      if (at >= 0) return [piece.slice(0, at), html`<mark class="mention">${name}</mark>`, ...[plain(piece.slice(at + name.length))].flat()];
    }
    return piece;
  };
  return pieces(text).map((piece) => (piece.href
    ? html`<a href=${piece.href} target="_blank" rel="noopener noreferrer nofollow">${piece.text}</a>`
    : plain(piece.text)));
}

function Quote({ thread, seq, jump }) {
  const message = thread.quoted(seq);
  return html`<button type="button" class="quote" style=${{ '--hue': hue(message?.sender_id) }} onClick=${() => jump(seq)}>
    <b dir="auto">${message ? (message.sender_name ?? nameOf(message.sender_id)) : 'An earlier message'}</b>
    <span dir="auto">${message ? (message.deleted ? 'This message was deleted' : message.content) : '…'}</span>
  </button>`;
}

function Reactions({ row, me, react }) {
  const all = Object.entries(row.message.reactions ?? {}).filter(([, who]) => who.length);
  if (!all.length) return null;
  return html`<div class="reactions">${all.map(([emoji, who]) => {
    const mine = who.includes(me);
    return html`<button key=${emoji} type="button" class=${mine ? 'mine' : ''} aria-pressed=${mine} title=${who.map(nameOf).join(', ')}
      aria-label=${`${emoji}, ${count(who.length, 'person', 'people')}`} onClick=${() => react(row.message, mine ? null : emoji)}>${emoji}${who.length > 1 && html`<i>${who.length}</i>`}</button>`;
  })}</div>`;
}

function Refused({ item }) {
  return html`<div class="refused-note" role="alert">
    <p dir="auto"><b>Not sent.</b> ${item.reason}</p>
    <button type="button" onClick=${() => outbox.value.retry(item.key)}>Try again</button>
    <button type="button" class="quiet" onClick=${() => outbox.value.discard(item.key)}>Discard</button>
  </div>`;
}

export function Bubble({ row, thread, me, group, actions, focused }) {
  const { message, mine, first, last, item } = row;
  const [menu, setMenu] = useState(null);
  const more = useRef(null);
  const state = item ? item.state : mine ? thread.reach(message.seq, me).tick : null;
  const big = !message.deleted && onlyEmoji(message.content ?? '');
  const open = (event) => {
    if (item) return;
    event.preventDefault();
    setMenu(event.type === 'contextmenu' && event.clientX ? { x: event.clientX, y: event.clientY, top: event.clientY, bottom: event.clientY } : more.current.getBoundingClientRect());
  };
  const keys = (event) => {
    if (event.key === 'Enter' && event.target === event.currentTarget) open(event);
  };
  const classes = ['bubble-row', mine ? 'mine' : 'theirs', first && 'first', last && 'last', item && item.state].filter(Boolean).join(' ');
  return html`<div class=${classes} id=${message.seq ? `m${message.seq}` : undefined} role="article" tabindex=${focused ? 0 : -1} onContextMenu=${open} onKeyDown=${keys}
      aria-label=${`${mine ? 'You' : message.sender_name ?? nameOf(message.sender_id)}: ${message.deleted ? 'deleted message' : message.content}`}>
    ${group && !mine && (last ? html`<${Face} id=${message.sender_id} name=${message.sender_name ?? nameOf(message.sender_id)} size="small" />` : html`<span class="no-face"></span>`)}
    <div class=${`bubble ${big ? 'big' : ''} ${message.deleted ? 'gone' : ''}`}>
      ${group && !mine && first && html`<b class="sender" dir="auto" style=${{ '--hue': hue(message.sender_id) }}>${message.sender_name ?? nameOf(message.sender_id)}</b>`}
      ${message.forwarded && html`<span class="forwarded"><${Icon} name="forward" size=${15} /> Forwarded</span>`}
      ${message.reply_to && html`<${Quote} thread=${thread} seq=${message.reply_to} jump=${actions.jump} />`}
      ${message.deleted
        ? html`<p class="text"><${Icon} name="trash" size=${16} /> ${mine ? 'You deleted this message' : 'This message was deleted'}</p>`
        : html`<p class="text" dir="auto"><${Text} text=${message.content ?? ''} mentions=${message.mentions} /></p>`}
      <span class="meta">${message.edited_at && !message.deleted && html`<span title="This message was changed after it was sent">edited</span>`}
        <${Time} at=${message.timestamp} shape="clock" />${state && html`<${Tick} state=${state} />`}</span>
      ${!message.deleted && html`<${Reactions} row=${row} me=${me} react=${actions.react} />`}
      ${item?.state === 'refused' && html`<${Refused} item=${item} />`}
    </div>
    ${!item && html`<button ref=${more} type="button" class="quiet round bubble-more" tabindex=${focused ? 0 : -1} aria-label="Message actions" aria-haspopup="menu" onClick=${open}><${Icon} name="more" size=${20} /></button>`}
    ${menu && html`<${Menu} at=${menu} label="Message actions" close=${() => setMenu(null)} items=${actions.menu(message, mine)}
      top=${message.deleted ? null : (leave) => html`<div class="reaction-row">${REACTIONS.map((emoji) => html`<button key=${emoji} type="button" role="menuitem" aria-label=${`React with ${emoji}`}
        onClick=${() => { leave(); actions.react(message, emoji); }}>${emoji}</button>`)}</div>`} />`}
  </div>`;
}
