// One's own corner: name and number, the devices that are signed in, password, privacy, blocked people.
import { html, useState, useEffect } from '../lib/html.js';
import { chat, get, identity } from '../lib/net.js';
import { session, signOut } from '../lib/session.js';
import { title } from '../lib/router.js';
import { tell, tellProblem } from '../lib/store.js';
import { blocked, nameOf } from '../lib/chat/state.js';
import { outbox } from '../lib/chat/live.js';
import { count } from '../lib/format.js';
import { Face, Field, Form, Time, Trouble, Waiting } from '../parts/bits.js';
import { Dialog } from '../parts/overlay.js';
import { Icon } from '../parts/icons.js';
import { setBlocked } from '../parts/message-dialogs.js';
import { useRead } from '../parts/read.js';

function Sessions() {
  const { data, problem, again } = useRead(identity.sessions, []);
  const revoke = async (one) => {
    try { await identity.revoke(one.session_id); tell(`${one.device || 'The device'} is signed out.`); again(); } catch (error) { tellProblem('The session goes on.', error); }
  };
  if (problem) return html`<${Trouble} what="Your sessions could not be read." problem=${problem} again=${again} />`;
  if (!data) return html`<${Waiting} rows=${2} />`;
  return html`<ul class="cards">${data.map((one) => html`<li key=${one.session_id} class="card line">
    <${Icon} name="keyboard" /><span dir="auto"><b>${one.device || 'Unnamed device'}</b>${one.current && html` <span class="tag good">this one</span>`}
      <small>signed in <${Time} at=${one.opened_at} shape="ago" />, last used <${Time} at=${one.last_used_at} shape="ago" /></small></span>
    ${!one.current && html`<button type="button" class="danger" onClick=${() => revoke(one)}>Sign out</button>`}</li>`)}</ul>`;
}

function Privacy() {
  const { data, problem, again } = useRead(chat.privacy, []);
  const [choice, setChoice] = useState(null);
  const now = choice ?? data;
  const set = async (change) => {
    const before = now;
    setChoice({ ...now, ...change });
    try { await chat.setPrivacy({ ...now, ...change }); } catch (error) { setChoice(before); tellProblem('Your choice was not kept.', error); }
  };
  if (problem) return html`<${Trouble} what="Your privacy settings could not be read." problem=${problem} again=${again} />`;
  if (!now) return html`<${Waiting} rows=${2} />`;
  return html`<div class="stack">
    <label class="field"><span>Who sees when you were last here</span><select value=${now.last_seen} onChange=${(event) => set({ last_seen: event.target.value })}>
      <option value="everyone">Everyone</option><option value="contacts">My contacts</option><option value="nobody">Nobody</option></select>
      <small>It works both ways: whom you hide it from, you do not see either.</small></label>
    <label class="check"><input type="checkbox" checked=${now.receipts} onChange=${(event) => set({ receipts: event.target.checked })} /> Tell others when I have read their messages</label></div>`;
}

function SignOut() {
  const [asking, setAsking] = useState(false);
  const waiting = outbox.value?.items.value.length ?? 0;
  return html`<button type="button" class="danger" onClick=${() => (waiting ? setAsking(true) : signOut())}><${Icon} name="out" size=${19} /> Sign out</button>
    ${asking && html`<${Dialog} title="Sign out?" close=${() => setAsking(false)}><p>${count(waiting, 'message')} could not be sent yet. They stay in this browser and go out when you sign in here again.</p>
      <div class="choices"><button type="button" onClick=${() => setAsking(false)}>Stay</button><button type="button" class="danger" onClick=${signOut}>Sign out</button></div></${Dialog}>`}`;
}

export default function ProfilePage() {
  useEffect(() => title('Profile'), []);
  const { data } = useRead(() => get('/identity/me'), []);
  const password = async (form, element) => {
    await identity.password({ ...(form.get('old') ? { old: form.get('old') } : {}), new: form.get('new') });
    element.reset();
    tell('The password is changed.');
  };
  return html`<div class="page profile"><header class="page-head profile-head">
      <${Face} id=${session.value?.user_id} name=${session.value?.name} size="large" />
      <div><h1 dir="auto">${session.value?.name}</h1><p class="muted">${data?.phone_number ?? ' '}</p></div><span class="gap"></span><${SignOut} /></header>
    <div class="page-scroll" tabindex="0" role="group" aria-label="Profile"><div class="two">
      <section><h2>Devices</h2><${Sessions} /></section>
      <section><h2>Privacy</h2><${Privacy} />
        ${blocked.value.size > 0 && html`<h2>Blocked</h2><ul class="cards">${[...blocked.value].map((id) => html`<li key=${id} class="card line"><${Face} id=${id} name=${nameOf(id)} size="small" /><span dir="auto">${nameOf(id)}</span>
          <button type="button" onClick=${() => setBlocked(id, nameOf(id), false, () => { const rest = new Set(blocked.peek()); rest.delete(id); blocked.value = rest; })}>Unblock</button></li>`)}</ul>`}
        <h2>Password</h2><${Form} class="stack" label="Change the password" send=${password}>
          <input type="text" name="username" autocomplete="username" value=${session.value?.name} hidden readonly />
          <${Field} label="Present password" name="old" type="password" autocomplete="current-password" hint="Leave it empty if you have none yet." />
          <${Field} label="New password" name="new" type="password" autocomplete="new-password" required minlength="8" /></${Form}></section>
    </div></div></div>`;
}
