// Three questions about one message: delete it for whom, forward it to whom, who has read it.
import { html, useState } from '../lib/html.js';
import { chat } from '../lib/net.js';
import { me } from '../lib/session.js';
import { tell, tellProblem } from '../lib/store.js';
import { ordered, titleOf, thread as threadOf } from '../lib/chat/state.js';
import { outbox } from '../lib/chat/live.js';
import { Dialog } from './overlay.js';
import { Face, Trouble } from './bits.js';
import { Tick } from './icons.js';

export function DeleteDialog({ id, message, mine, close }) {
  const [problem, setProblem] = useState(null);
  const remove = async (scope) => {
    try {
      await chat.remove(id, message, scope);
      threadOf(id).apply({ type: scope === 'all' ? 'deleted' : 'removed-for-me', seq: message.seq });
      close();
    } catch (error) { setProblem(error); }
  };
  return html`<${Dialog} title="Delete this message?" close=${close}>
    <blockquote class="excerpt" dir="auto">${message.content || 'A deleted message'}</blockquote>
    ${problem && html`<${Trouble} what="It was not deleted." problem=${problem} />`}
    <div class="choices">
      <button type="button" onClick=${() => remove('me')}>Delete for me<small>Others keep it.</small></button>
      ${mine && !message.deleted && html`<button type="button" class="danger" onClick=${() => remove('all')}>Delete for everyone<small>All see that a message was deleted.</small></button>`}
    </div>
  </${Dialog}>`;
}

export function ForwardDialog({ message, close }) {
  const [text, setText] = useState('');
  const wanted = ordered.value.filter((one) => titleOf(one).toLocaleLowerCase().includes(text.toLocaleLowerCase()));
  const forward = (one) => {
    outbox.value.add(one.chat_id, { content: message.content, forwarded: true }, one.last_seq ?? 0);
    tell(`Forwarded to ${titleOf(one)}.`);
    close();
  };
  return html`<${Dialog} title="Forward to" close=${close}>
    <input type="search" placeholder="Search conversations" aria-label="Search conversations" value=${text} onInput=${(event) => setText(event.target.value)} />
    <ul class="pick">${wanted.map((one) => html`<li key=${one.chat_id}><button type="button" onClick=${() => forward(one)}>
      <${Face} id=${one.with ?? one.chat_id} name=${titleOf(one)} kind=${one.kind} /><span dir="auto">${titleOf(one)}</span></button></li>`)}</ul>
    ${!wanted.length && html`<p class="muted">No conversation has this name.</p>`}
  </${Dialog}>`;
}

export function ReachDialog({ thread, message, close }) {
  const others = thread.members.value.filter((member) => member.user_id !== me.value);
  const state = (member) => ((member.read ?? 0) >= message.seq ? 'read' : (member.delivered ?? 0) >= message.seq ? 'delivered' : 'sent');
  const words = { read: 'has read it', delivered: 'has it on a device', sent: 'not delivered yet' };
  return html`<${Dialog} title="Who has read it" close=${close}>
    <blockquote class="excerpt" dir="auto">${message.content}</blockquote>
    <ul class="pick">${others.map((member) => html`<li key=${member.user_id}><span class="line"><${Face} id=${member.user_id} name=${member.name} />
      <span dir="auto">${member.name}<small>${words[state(member)]}</small></span><${Tick} state=${state(member)} /></span></li>`)}</ul>
  </${Dialog}>`;
}

/** Blocks or unblocks, and says what that means. */
export async function setBlocked(id, name, on, after) {
  try {
    await chat.block(id, on);
    tell(on ? `${name} is blocked. Their messages will not reach you, and they are not told.` : `${name} can write to you again.`);
    after();
  } catch (problem) { tellProblem(on ? 'Not blocked.' : 'Still blocked.', problem); }
}
