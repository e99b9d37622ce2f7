// A conversation on the screen: its head, its windowed history, and the composer under it.
import { html, useState, useRef, useEffect, useMemo } from '../lib/html.js';
import { WindowedList } from '../lib/list.js';
import { day, whole, names, count, ago } from '../lib/format.js';
import { chat } from '../lib/net.js';
import { me } from '../lib/session.js';
import { minute, tellProblem } from '../lib/store.js';
import { rowsOf, isNotice } from '../lib/chat/rows.js';
import { conversations, thread as threadOf, titleOf, nameOf, presence, typing, know, reactLocally } from '../lib/chat/state.js';
import { outbox, mark, opened, connection } from '../lib/chat/live.js';
import { Bubble } from './bubble.js';
import { Composer } from './composer.js';
import { Empty, Face, Time, Trouble, Waiting, copy } from './bits.js';
import { Icon } from './icons.js';
import { later } from './later.js';

const dialogOf = (name) => later(() => import('./message-dialogs.js').then((module) => module[name]));
const DeleteDialog = dialogOf('DeleteDialog');
const ForwardDialog = dialogOf('ForwardDialog');
const ReachDialog = dialogOf('ReachDialog');

const FAR = 40; // with more unread than this, the history opens where reading stopped

export function Subtitle({ conversation, thread }) {
  const now = Date.now();
  const writers = [...(typing.value.get(conversation.chat_id) ?? new Map())].filter(([, until]) => until > now).map(([id]) => id);
  if (writers.length) return html`<span class="typing">${conversation.kind === 'direct' ? 'typing' : `${names(writers.map(nameOf))} ${writers.length > 1 ? 'are' : 'is'} typing`}<i></i><i></i><i></i></span>`;
  if (conversation.kind === 'group') {
    const members = thread?.members.value ?? [];
    return html`<span dir="auto">${members.length ? `${count(members.length, 'member')}: ${members.map((one) => (one.user_id === me.value ? 'You' : one.name)).join(', ')}` : 'Group'}</span>`;
  }
  const here = presence.value.get(conversation.with);
  if (here?.online) return html`<span class="online">online</span>`;
  if (here?.last_seen && !here.hidden) return html`<span>last seen <time title=${whole(here.last_seen)}>${ago(here.last_seen, minute.value)}</time></span>`;
  return html`<span>direct conversation</span>`;
}

function Head({ conversation, thread, back, togglePane, paneOpen }) {
  return html`<header class="thread-head">
    <a class="quiet round only-narrow" href="/ui/chat" aria-label="Back to all conversations" onClick=${back}><${Icon} name="back" /></a>
    <button type="button" class="thread-who" aria-expanded=${paneOpen} onClick=${togglePane}>
      <${Face} id=${conversation.with ?? conversation.chat_id} name=${titleOf(conversation)} kind=${conversation.kind} online=${presence.value.get(conversation.with)?.online} />
      <span><h1 dir="auto">${titleOf(conversation)}</h1><small><${Subtitle} conversation=${conversation} thread=${thread} /></small></span>
    </button>
    <a class="quiet round" href=${`/ui/log?system=chat&key=${encodeURIComponent(`conversation/${conversation.chat_id}`)}`} aria-label="Show this conversation in the log" title="Show this conversation in the log"><${Icon} name="log" /></a>
    <button type="button" class="quiet round" aria-label="Details" aria-expanded=${paneOpen} title="Details" onClick=${togglePane}><${Icon} name="info" /></button>
  </header>`;
}

function NoticeRow({ message }) {
  const text = message.content || { members: 'The members changed', started: 'The conversation was started', title: 'The title changed' }[message.kind] || 'Something changed';
  return html`<p class="thread-notice" dir="auto">${text}</p>`;
}

export function ThreadView({ id, back, togglePane, paneOpen }) {
  const thread = threadOf(id);
  const conversation = conversations.value.get(id) ?? thread.details.value ?? { chat_id: id, kind: 'direct' };
  const [mode, setMode] = useState(null);
  const [dialog, setDialog] = useState(null);
  const [stuck, setStuck] = useState(true);
  const [focusKey, setFocusKey] = useState(null);
  const list = useRef(null);
  const box = useRef(null);
  const unread = useRef({});
  if (unread.current.id !== id) {
    const held = conversations.peek().get(id);
    unread.current = { id, from: held?.unread ? held.read ?? 0 : 0 };
  }
  const lastInView = useRef(0);
  const version = thread.version.value;
  const waiting = outbox.value?.of(id) ?? [];
  const group = conversation.kind === 'group';
  const left = thread.details.value?.left;

  useEffect(() => {
    opened.value = id;
    const held = conversations.peek().get(id);
    const settled = async () => {
      if (thread.state.peek() !== 'ready' || !thread.atNewest) await thread.open(held?.unread > FAR ? (held.read ?? 0) + 1 : undefined);
      know(thread.members.peek().map((member) => [member.user_id, member.name]));
    };
    settled();
    return () => { if (opened.peek() === id) opened.value = null; };
  }, [id]);

  const rows = useMemo(
    () => rowsOf({ list: thread.list(), waiting, me: me.value, unreadFrom: unread.current.from }),
    [version, outbox.value?.items.value, id],
  );

  // Read is what a person could see: the page in front, the message in view.
  const readNow = () => {
    if (document.visibilityState === 'visible' && document.hasFocus() && lastInView.current) mark(id, { read: lastInView.current });
  };
  useEffect(() => {
    addEventListener('focus', readNow);
    document.addEventListener('visibilitychange', readNow);
    return () => { removeEventListener('focus', readNow); document.removeEventListener('visibilitychange', readNow); };
  }, [id]);
  const onView = (first, last, atEdge) => {
    setStuck(atEdge);
    const seqs = rows.slice(rows.findIndex((row) => row.key === first), rows.findIndex((row) => row.key === last) + 1)
      .map((row) => row.message?.seq).filter(Boolean);
    if (seqs.length) {
      thread.stretch.inView = { first: seqs[0], last: seqs.at(-1) };
      lastInView.current = Math.max(lastInView.current, seqs.at(-1));
    }
    readNow();
  };
  useEffect(() => { lastInView.current = 0; }, [id]);

  const toNewest = async () => {
    if (!thread.atNewest) await thread.open();
    list.current?.toEdge();
  };
  const jump = async (seq) => {
    if (!thread.messages.has(seq)) await thread.open(seq);
    requestAnimationFrame(() => {
      const key = thread.messages.get(seq)?.key ?? `m${seq}`;
      if (!list.current?.to(key)) return;
      setFocusKey(key);
      requestAnimationFrame(() => box.current?.querySelector(`#m${seq}`)?.animate?.([{ backgroundColor: 'var(--flash)' }, { backgroundColor: 'transparent' }], 1600));
    });
  };

  const react = (message, emoji) => {
    const undo = reactLocally(id, message.seq, emoji);
    chat.react(id, message.seq, emoji).catch((problem) => { undo(); tellProblem('The reaction was not taken.', problem); });
  };
  const send = async (content, mentions) => {
    if (mode?.kind === 'edit') {
      chat.edit(id, mode.message, content).catch((problem) => tellProblem('The message was not changed.', problem));
      return;
    }
    const body = { content };
    if (mode?.kind === 'reply') body.reply_to = mode.message.seq;
    if (mentions.length) body.mentions = mentions;
    unread.current.from = 0;
    outbox.value.add(id, body, thread.lastSeq);
    toNewest();
  };
  const editLast = () => {
    const own = thread.list().findLast((message) => message.sender_id === me.value && !message.deleted && !isNotice(message));
    if (own) setMode({ kind: 'edit', message: own });
  };
  const menu = (message, mine) => [
    ...(message.deleted ? [] : [
      { label: 'Reply', icon: 'reply', act: () => setMode({ kind: 'reply', message }) },
      { label: 'Copy', icon: 'copy', act: () => copy(message.content) },
      { label: 'Forward…', icon: 'forward', act: () => setDialog({ kind: 'forward', message }) },
      ...(mine ? [{ label: 'Edit', icon: 'edit', act: () => setMode({ kind: 'edit', message }) }] : []),
    ]),
    ...(mine ? [{ label: 'Who has read it', icon: 'info', act: () => setDialog({ kind: 'reach', message }) }] : []),
    null,
    { label: 'Delete…', icon: 'trash', danger: true, act: () => setDialog({ kind: 'delete', message, mine }) },
  ];
  const actions = { jump, react, menu };

  // One message can be reached with Tab; the arrow keys go on from there.
  const messageRows = rows.filter((row) => row.kind === 'message' && row.message.seq);
  const focusable = messageRows.some((row) => row.key === focusKey) ? focusKey : messageRows.at(-1)?.key;
  const arrows = (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.target.classList.contains('bubble-row')) return;
    event.preventDefault();
    const place = messageRows.findIndex((row) => row.key === focusable);
    const next = messageRows[place + step];
    if (!next) return;
    setFocusKey(next.key);
    requestAnimationFrame(() => {
      const row = box.current?.querySelector(`#m${next.message.seq}`);
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: 'nearest' });
    });
  };

  const render = (row) => {
    if (row.kind === 'day') return html`<h2 class="day"><time datetime=${row.at} title=${whole(row.at)}>${day(row.at)}</time></h2>`;
    if (row.kind === 'unread') return html`<p class="unread-line"><span>New messages</span></p>`;
    if (row.kind === 'notice') return html`<${NoticeRow} message=${row.message} />`;
    return html`<${Bubble} row=${row} thread=${thread} me=${me.value} group=${group} actions=${actions} focused=${row.key === focusable} />`;
  };

  const state = thread.state.value;
  const more = conversations.value.get(id)?.unread ?? 0;
  return html`<section class="thread" ref=${box} aria-label=${`Conversation: ${titleOf(conversation)}`}>
    <${Head} conversation=${conversation} thread=${thread} back=${back} togglePane=${togglePane} paneOpen=${paneOpen} />
    <div class="thread-body" onKeyDown=${arrows}>
      ${state === 'failed' && html`<${Trouble} what="This conversation could not be read." problem=${thread.problem} again=${() => thread.open()} />`}
      ${(state === 'new' || state === 'loading') && html`<${Waiting} rows=${7} label="Loading messages" />`}
      ${state === 'ready' && !rows.length && html`<${Empty} icon="chat" title="Nothing here yet"><p>Write the first message.</p></${Empty}>`}
      ${state === 'ready' && rows.length > 0 && html`<${WindowedList} key=${id} class="messages" role="log" aria-label="Messages" aria-live="polite" tabindex="0" items=${rows} render=${render} estimate=${52} pad=${10} openAt="unread"
        handle=${list} onStart=${() => thread.older()} onEnd=${() => thread.newer()} onView=${onView} />`}
      ${state === 'ready' && (!stuck || !thread.atNewest) && html`<button type="button" class="to-newest" aria-label="Jump to the newest message" onClick=${toNewest}><${Icon} name="down" />${more > 0 && html`<b>${more}</b>`}</button>`}
    </div>
    <${Composer} key=${id} chatId=${id} group=${group} members=${thread.members.value.filter((member) => member.user_id !== me.value)} mode=${mode} setMode=${setMode} send=${send} editLast=${editLast}
      disabled=${left ? 'You are no longer in this group' : null} />
    ${dialog?.kind === 'delete' && html`<${DeleteDialog} id=${id} ...${dialog} close=${() => setDialog(null)} />`}
    ${dialog?.kind === 'forward' && html`<${ForwardDialog} ...${dialog} close=${() => setDialog(null)} />`}
    ${dialog?.kind === 'reach' && html`<${ReachDialog} thread=${thread} message=${dialog.message} close=${() => setDialog(null)} />`}
  </section>`;
}
