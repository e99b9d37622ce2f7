// Finding people by their user name: one for a conversation, several for a group.
import { html, useState, useEffect, useRef } from '../lib/html.js';
import { chat } from '../lib/net.js';
import { me } from '../lib/session.js';
import { know, loadList } from '../lib/chat/state.js';
import { go } from '../lib/router.js';
import { Dialog } from './overlay.js';
import { Face, Field, Form, Trouble } from './bits.js';
import { Icon } from './icons.js';

/** A search field with the people it finds; `choose` gets {user_id, name}. People in `without` are not offered. */
export function FindPeople({ choose, without = [], label = 'Name' }) {
  const [text, setText] = useState('');
  const [found, setFound] = useState(null);
  const [problem, setProblem] = useState(null);
  const asked = useRef(0);
  const look = async () => {
    const mine = ++asked.current;
    try {
      const people = await chat.people(text.trim());
      if (mine !== asked.current) return; // a later question was asked meanwhile
      know(people.map((one) => [one.user_id, one.name]));
      setFound(people);
      setProblem(null);
    } catch (error) { if (mine === asked.current) setProblem(error); }
  };
  useEffect(() => {
    if (!text.trim()) { asked.current++; setFound(null); return undefined; }
    const timer = setTimeout(look, 150); // a name is typed faster than it is looked up
    return () => clearTimeout(timer);
  }, [text]);
  const offered = (found ?? []).filter((one) => one.user_id !== me.value && !without.includes(one.user_id));
  const first = (event) => { if (event.key === 'Enter') { event.preventDefault(); if (offered[0]) pick(offered[0]); } };
  const pick = (one) => { choose(one); setText(''); };
  return html`<div class="find">
    <label class="search"><${Icon} name="search" size=${18} /><input type="search" autofocus placeholder=${label} aria-label=${label} value=${text} dir="auto" autocomplete="off"
      onInput=${(event) => setText(event.target.value)} onKeyDown=${first} /></label>
    ${problem && html`<${Trouble} what="People could not be looked up." problem=${problem} again=${look} />`}
    <ul class="pick" aria-label="People found">${offered.map((one) => html`<li key=${one.user_id}><button type="button" onClick=${() => pick(one)}>
      <${Face} id=${one.user_id} name=${one.name} /><span dir="auto">${one.name}</span></button></li>`)}</ul>
    ${found && !offered.length && html`<p class="muted" role="status">Nobody else is called so. Names are searched from their beginning.</p>`}
  </div>`;
}

export function NewConversation({ close }) {
  const [problem, setProblem] = useState(null);
  const start = async (one) => {
    setProblem(null);
    try {
      const { data, position } = await chat.start(one.user_id);
      await loadList(position);
      close();
      go(`/ui/chat/${data.chat_id}`);
    } catch (error) { setProblem(error); }
  };
  return html`<${Dialog} title="New conversation" close=${close}>
    <${FindPeople} choose=${start} label="Whom do you want to write to?" />
    ${problem && html`<${Trouble} what="The conversation was not started." problem=${problem} />`}
  </${Dialog}>`;
}

export function NewGroup({ close }) {
  const [members, setMembers] = useState([]);
  const send = async (form) => {
    const { data, position } = await chat.createGroup(form.get('title').trim(), members.map((one) => one.user_id));
    await loadList(position);
    close();
    go(`/ui/chat/${data.group_id}`);
  };
  return html`<${Dialog} title="New group" close=${close}>
    <${Form} send=${send} label="Create the group">
      <${Field} label="Title" name="title" required maxlength="100" autocomplete="off" />
      <div class="field"><span>Members</span>
        ${members.length > 0 && html`<ul class="chips">${members.map((one) => html`<li key=${one.user_id}><span dir="auto">${one.name}</span>
          <button type="button" class="quiet" aria-label=${`Leave ${one.name} out`} onClick=${() => setMembers(members.filter((other) => other !== one))}><${Icon} name="close" size=${15} /></button></li>`)}</ul>`}
        <${FindPeople} choose=${(one) => setMembers([...members, one])} without=${members.map((one) => one.user_id)} label="Add people by name" /></div>
    </${Form}>
  </${Dialog}>`;
}
