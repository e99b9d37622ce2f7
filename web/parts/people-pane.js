// Beside a conversation: who is in it, with which role, and what can be done about that.
import { html, useState, useEffect } from '../lib/html.js';
import { chat } from '../lib/net.js';
import { me } from '../lib/session.js';
import { tell, tellProblem } from '../lib/store.js';
import { go } from '../lib/router.js';
import { blocked, contacts, conversations, loadList, presence, thread as threadOf, titleOf } from '../lib/chat/state.js';
import { askPresence } from '../lib/chat/live.js';
import { count } from '../lib/format.js';
import { Dialog, Menu } from './overlay.js';
import { Face, Field, Form, copy } from './bits.js';
import { FindPeople } from './find-people.js';
import { Icon } from './icons.js';
import { setBlocked } from './message-dialogs.js';

const ROLES = { owner: 'Owner', admin: 'Admin', member: 'Member' };

const toggled = (set, id, on) => { const next = new Set(set.peek()); if (on) next.add(id); else next.delete(id); set.value = next; };

function Direct({ conversation }) {
  const id = conversation.with;
  const name = titleOf(conversation);
  const isContact = contacts.value.has(id);
  const isBlocked = blocked.value.has(id);
  const contact = async () => {
    try {
      await (isContact ? chat.removeContact(id) : chat.addContact(id));
      toggled(contacts, id, !isContact);
    } catch (problem) { tellProblem(isContact ? 'Still a contact.' : 'Not added.', problem); }
  };
  return html`<div class="pane-actions">
    <button type="button" onClick=${contact}><${Icon} name="person" size=${19} /> ${isContact ? 'Remove from contacts' : 'Add to contacts'}</button>
    <button type="button" class=${isBlocked ? '' : 'danger'} onClick=${() => setBlocked(id, name, !isBlocked, () => toggled(blocked, id, !isBlocked))}><${Icon} name="close" size=${19} /> ${isBlocked ? 'Unblock' : 'Block'}</button>
  </div>`;
}

function Members({ id, thread }) {
  const [menu, setMenu] = useState(null);
  const [dialog, setDialog] = useState(null);
  const members = thread.members.value;
  useEffect(() => { askPresence(members.map((one) => one.user_id)); }, [members.length]);
  const own = members.find((one) => one.user_id === me.value)?.role;
  const rules = own === 'owner' || own === 'admin';
  const attempt = async (what, work) => {
    try {
      const { position } = await work();
      await thread.refreshDetails(position);
      return true;
    } catch (problem) { tellProblem(what, problem); return false; }
  };
  const leave = async () => {
    try {
      const { position } = await chat.removeMember(id, me.value, true);
      await loadList(position);
      go('/ui/chat');
    } catch (problem) { tellProblem('You are still in the group.', problem); }
  };
  const items = (member) => [
    ...['admin', 'member', ...(own === 'owner' ? ['owner'] : [])].filter((role) => role !== member.role).map((role) => ({
      label: `Make ${role}`, icon: 'person', act: () => attempt('The role was not changed.', () => chat.role(id, member.user_id, role)),
    })),
    null,
    { label: 'Remove from the group', icon: 'trash', danger: true, act: () => attempt('Not removed.', () => chat.removeMember(id, member.user_id)) },
  ];
  return html`<div class="pane-actions">
      ${rules && html`<button type="button" onClick=${() => setDialog('add')}><${Icon} name="plus" size=${19} /> Add people</button>
        <button type="button" onClick=${() => setDialog('rename')}><${Icon} name="edit" size=${19} /> Rename</button>`}
      <button type="button" class="danger" onClick=${() => setDialog('leave')}><${Icon} name="out" size=${19} /> Leave the group</button>
    </div>
    <h3>${count(members.length, 'member')}</h3>
    <ul class="pick">${members.map((member) => html`<li key=${member.user_id}><span class="line">
      <${Face} id=${member.user_id} name=${member.name} online=${presence.value.get(member.user_id)?.online} />
      <span dir="auto">${member.user_id === me.value ? `${member.name} (you)` : member.name}<small>${ROLES[member.role] ?? member.role}</small></span>
      ${rules && member.user_id !== me.value && member.role !== 'owner' && html`<button type="button" class="quiet round" aria-label=${`What to do about ${member.name}`} aria-haspopup="menu"
        onClick=${(event) => setMenu({ at: event.currentTarget.getBoundingClientRect(), member })}><${Icon} name="more" size=${20} /></button>`}</span></li>`)}</ul>
    ${menu && html`<${Menu} at=${menu.at} items=${items(menu.member)} close=${() => setMenu(null)} label=${`What to do about ${menu.member.name}`} />`}
    ${dialog === 'add' && html`<${Dialog} title="Add people" close=${() => setDialog(null)}><p class="muted">They see what is written from now on, not what was written before.</p>
      <${FindPeople} label="Name" without=${members.map((one) => one.user_id)} choose=${async (one) => { if (await attempt(`${one.name} was not added.`, () => chat.addMember(id, one.user_id))) tell(`${one.name} is in the group now.`); }} /></${Dialog}>`}
    ${dialog === 'rename' && html`<${Dialog} title="Rename the group" close=${() => setDialog(null)}>
      <${Form} label="Rename" send=${async (form) => { const { position } = await chat.rename(id, form.get('title').trim()); await Promise.all([thread.refreshDetails(position), loadList(position)]); setDialog(null); }}>
        <${Field} label="Title" name="title" required maxlength="100" value=${titleOf(conversations.value.get(id))} autocomplete="off" /></${Form}></${Dialog}>`}
    ${dialog === 'leave' && html`<${Dialog} title="Leave this group?" close=${() => setDialog(null)}><p>You will get no more of its messages. Somebody in the group can add you again.</p>
      <div class="choices"><button type="button" onClick=${() => setDialog(null)}>Stay</button><button type="button" class="danger" onClick=${() => { setDialog(null); leave(); }}>Leave</button></div></${Dialog}>`}`;
}

export function PeoplePane({ id, close }) {
  const thread = threadOf(id);
  const conversation = conversations.value.get(id) ?? thread.details.value;
  if (!conversation) return null;
  return html`<aside class="people-pane" aria-label="Details of the conversation">
    <header class="pane-head"><h2>Details</h2><button type="button" class="quiet round" aria-label="Close the details" onClick=${close}><${Icon} name="close" /></button></header>
    <div class="pane-scroll" tabindex="0" role="group" aria-label="Members and actions">
      <div class="pane-who"><${Face} size="large" id=${conversation.with ?? id} name=${titleOf(conversation)} kind=${conversation.kind} /><h3 dir="auto">${titleOf(conversation)}</h3></div>
      ${conversation.kind === 'group' ? html`<${Members} id=${id} thread=${thread} />` : html`<${Direct} conversation=${conversation} />`}
      <h3>For the curious</h3>
      <div class="pane-actions">
        <a href=${`/ui/log?system=chat&key=${encodeURIComponent(`conversation/${id}`)}`}><${Icon} name="log" size=${19} /> This conversation in the log</a>
        <button type="button" onClick=${() => copy(id, 'The id of the conversation was copied.')}><${Icon} name="copy" size=${19} /> Copy the id</button>
      </div>
    </div></aside>`;
}
