// All conversations of the person, newest first, with what is unread.
import { html, useState, useRef, useEffect } from '../lib/html.js';
import { compact } from '../lib/format.js';
import { me } from '../lib/session.js';
import { ordered, listState, listProblem, loadList, titleOf, nameOf, presence, typing, thread } from '../lib/chat/state.js';
import { outbox } from '../lib/chat/live.js';
import { WindowedList } from '../lib/list.js';
import { Empty, Face, Time, Trouble, Waiting } from './bits.js';
import { Icon, Tick } from './icons.js';
import { Menu } from './overlay.js';

function Preview({ one }) {
  const writers = [...(typing.value.get(one.chat_id) ?? new Map())].filter(([, until]) => until > Date.now());
  if (writers.length) return html`<span class="typing">${one.kind === 'group' ? `${nameOf(writers[0][0])} is typing` : 'typing'}<i></i><i></i><i></i></span>`;
  const waiting = outbox.value?.of(one.chat_id) ?? [];
  if (waiting.length) return html`<${Tick} state=${waiting.at(-1).state} /><span dir="auto">${waiting.at(-1).body.content}</span>`;
  const { last } = one;
  if (!last) return html`<span class="muted">No messages yet</span>`;
  if (last.deleted) return html`<em>This message was deleted</em>`;
  const mine = last.sender_id === me.value;
  const held = thread(one.chat_id);
  return html`${mine && held.members.value.length > 0 && html`<${Tick} state=${held.reach(last.seq, me.value).tick} />`}
    <span dir="auto">${one.kind === 'group' && !mine && last.sender_id ? html`<b>${nameOf(last.sender_id)}: </b>` : ''}${last.content}</span>`;
}

function Line({ one, selected }) {
  return html`<a href=${`/ui/chat/${one.chat_id}`} class="conversation" aria-current=${selected ? 'page' : undefined}>
    <${Face} id=${one.with ?? one.chat_id} name=${titleOf(one)} kind=${one.kind} online=${presence.value.get(one.with)?.online} />
    <span class="conversation-text">
      <span class="conversation-top"><strong dir="auto">${titleOf(one)}</strong><${Time} at=${one.last?.timestamp} /></span>
      <span class="conversation-bottom"><span class="preview"><${Preview} one=${one} /></span>
        ${one.unread > 0 && html`<b class="unread" aria-label=${`${one.unread} unread`}>${compact(one.unread)}</b>`}</span>
    </span></a>`;
}

export function Conversations({ selected, create }) {
  const [text, setText] = useState('');
  const [menu, setMenu] = useState(null);
  const search = useRef(null);
  useEffect(() => {
    const focus = () => { search.current?.focus(); search.current?.select(); };
    addEventListener('septet:search', focus);
    return () => removeEventListener('septet:search', focus);
  }, []);
  const wanted = text.trim().toLocaleLowerCase();
  const items = ordered.value.filter((one) => !wanted || titleOf(one).toLocaleLowerCase().includes(wanted)).map((one) => ({ key: one.chat_id, one }));
  const state = listState.value;
  return html`<section class="conversations" aria-label="Conversations">
    <header class="pane-head"><h1>Chat</h1>
      <button type="button" class="accent round" aria-label="Start something new" aria-haspopup="menu" title="New conversation, group or import" onClick=${(event) => setMenu(event.currentTarget.getBoundingClientRect())}><${Icon} name="plus" /></button></header>
    <label class="search"><${Icon} name="search" size=${18} /><input ref=${search} type="search" placeholder="Search conversations" aria-label="Search conversations" value=${text}
      onInput=${(event) => setText(event.target.value)} onKeyDown=${(event) => { if (event.key === 'Escape') { setText(''); event.target.blur(); } }} /><kbd aria-hidden="true">/</kbd></label>
    ${state === 'failed' && html`<${Trouble} what="Your conversations could not be read." problem=${listProblem.value} again=${() => loadList().catch(() => {})} />`}
    ${(state === 'new' || state === 'loading') && html`<${Waiting} rows=${8} label="Loading conversations" />`}
    ${state === 'ready' && !ordered.value.length && html`<${Empty} icon="chat" title="No conversations yet">
      <p>Find somebody by name, or bring a chat you have exported from another messenger.</p>
      <button type="button" class="primary" onClick=${() => create('direct')}>New conversation</button>
      <button type="button" onClick=${() => create('import')}>Import a chat</button></${Empty}>`}
    ${state === 'ready' && ordered.value.length > 0 && !items.length && html`<p class="muted pad">No conversation is called “${text}”.</p>`}
    ${items.length > 0 && html`<${WindowedList} class="conversation-list" items=${items} estimate=${68} stick="start" render=${({ one }) => html`<${Line} one=${one} selected=${one.chat_id === selected} />`} />`}
    ${menu && html`<${Menu} at=${menu} label="New" close=${() => setMenu(null)} items=${[
      { label: 'New conversation', icon: 'person', act: () => create('direct') },
      { label: 'New group', icon: 'group', act: () => create('group') },
      null,
      { label: 'Import an exported chat', icon: 'import', act: () => create('import') },
    ]} />`}
  </section>`;
}
