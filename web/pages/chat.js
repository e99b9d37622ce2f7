// The chat: conversations at the side, one of them open, its people beside it. On a phone one of the three at a time.
import { html, useState, useEffect } from '../lib/html.js';
import { route, go, title } from '../lib/router.js';
import { kept, narrow, tell } from '../lib/store.js';
import { connection, reconnect } from '../lib/chat/live.js';
import { outbox } from '../lib/chat/live.js';
import { conversations, thread as threadOf, titleOf, unread, ordered } from '../lib/chat/state.js';
import { count } from '../lib/format.js';
import { Empty } from '../parts/bits.js';
import { Icon } from '../parts/icons.js';
import { Conversations } from '../parts/conversations.js';
import { later } from '../parts/later.js';

const ThreadView = later(() => import('../parts/thread-view.js').then((module) => module.ThreadView), () => html`<section class="thread"></section>`);
const PeoplePane = later(() => import('../parts/people-pane.js').then((module) => module.PeoplePane));
const NewConversation = later(() => import('../parts/find-people.js').then((module) => module.NewConversation));
const NewGroup = later(() => import('../parts/find-people.js').then((module) => module.NewGroup));
const ImportChat = later(() => import('../parts/import-chat.js').then((module) => module.ImportChat));

function Connection() {
  const state = connection.value;
  if (state === 'online') return null;
  const waiting = outbox.value?.items.value.filter((item) => item.state === 'pending').length ?? 0;
  const kept = waiting ? ` ${count(waiting, 'message')} will be sent as soon as the connection is back.` : '';
  const words = {
    connecting: `Connecting…${kept}`,
    offline: `You are offline.${kept || ' You can go on writing; nothing is lost.'}`,
    ended: 'The server has ended this connection.',
  };
  return html`<div class=${`connection ${state}`} role="status"><${Icon} name="away" size=${18} /><span>${words[state]}</span>
    ${state === 'ended' && html`<button type="button" onClick=${reconnect}>Connect again</button>`}</div>`;
}

export default function ChatPage() {
  const [, id] = route.value.parts;
  const [creating, setCreating] = useState(null);
  const [file, setFile] = useState(null);
  const [pane, setPane] = useState(() => kept.read('pane', false) && !narrow.peek());
  const [dropping, setDropping] = useState(false);

  const name = id && titleOf(conversations.value.get(id) ?? threadOf(id).details.value);
  const total = unread.value;
  useEffect(() => { title(total ? `(${total}) ${name ?? 'Chat'}` : name, name ? 'Chat' : total ? '' : 'Chat'); }, [name, total]);

  // Alt with an arrow goes through the conversations without leaving the composer.
  useEffect(() => {
    const keys = (event) => {
      const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const place = ordered.peek().findIndex((one) => one.chat_id === id);
      const next = ordered.peek()[place + step];
      if (next) go(`/ui/chat/${next.chat_id}`);
    };
    addEventListener('keydown', keys);
    return () => removeEventListener('keydown', keys);
  }, [id]);

  const togglePane = () => { kept.write('pane', !pane); setPane(!pane); };
  const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  const over = (event) => { if (carriesFile(event)) { event.preventDefault(); setDropping(true); } };
  const drop = (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    setDropping(false);
    const [first] = event.dataTransfer.files;
    if (!/\.txt$/i.test(first?.name ?? '')) { tell('Only exported chats (.txt files) can be dropped here for now.', { kind: 'error' }); return; }
    setFile(first);
    setCreating('import');
  };
  const done = () => { setCreating(null); setFile(null); };

  return html`<div class=${`chat-page ${id ? 'has-thread' : ''} ${pane && id ? 'has-pane' : ''}`} onDragOver=${over} onDragLeave=${(event) => { if (!event.currentTarget.contains(event.relatedTarget)) setDropping(false); }} onDrop=${drop}>
    <${Connection} />
    <div class="chat-columns">
      <${Conversations} selected=${id} create=${setCreating} />
      ${id ? html`<${ThreadView} key=${id} id=${id} togglePane=${togglePane} paneOpen=${pane} />`
        : html`<div class="thread nothing"><${Empty} icon="chat" title="Choose a conversation"><p>Or start one: everything you do here can be followed in the log, as it happens.</p></${Empty}></div>`}
      ${id && pane && html`<${PeoplePane} key=${`pane ${id}`} id=${id} close=${togglePane} />`}
    </div>
    ${dropping && html`<div class="drop-here"><${Icon} name="import" size=${40} /><b>Drop the exported chat here</b><span>You can look at it before anything is imported.</span></div>`}
    ${creating === 'direct' && html`<${NewConversation} close=${done} />`}
    ${creating === 'group' && html`<${NewGroup} close=${done} />`}
    ${creating === 'import' && html`<${ImportChat} file=${file} close=${done} />`}
  </div>`;
}
