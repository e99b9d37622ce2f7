// The door: sign in with a password or a one-time code, or register. The address asked for is kept for afterwards.
import { html, useState, useEffect } from '../lib/html.js';
import { identity } from '../lib/net.js';
import { signIn, register, ended } from '../lib/session.js';
import { title } from '../lib/router.js';
import { Field, Form } from '../parts/bits.js';
import { Mark } from '../parts/icons.js';

const text = (form, name) => (form.get(name) ?? '').trim();
/** A phone number is told from a name by its look: digits, and what people put between them. */
const isPhone = (who) => /^\+?[\d\s().-]{6,}$/.test(who);
const who = (value) => (isPhone(value) ? { phone_number: value } : { name: value });

function Password({ typed, type }) {
  return html`<${Form} class="stack" label="Sign in" send=${(form) => signIn({ ...who(text(form, 'who')), password: form.get('password') })}>
    <${Field} label="Name or phone number" name="who" autocomplete="username" required value=${typed} onInput=${type} />
    <${Field} label="Password" name="password" type="password" autocomplete="current-password" required />
  </${Form}>`;
}

function Code({ typed, type }) {
  const [sent, setSent] = useState(null);
  const ask = async (form) => { const phone = text(form, 'phone'); await identity.code(phone); setSent(phone); };
  if (!sent) {
    return html`<${Form} key="ask" class="stack" label="Send me a code" send=${ask}>
      <${Field} label="Phone number" name="phone" type="tel" autocomplete="tel" required placeholder="+49 151 23456789" value=${isPhone(typed) ? typed : ''} onInput=${type} /></${Form}>`;
  }
  return html`<${Form} key="enter" class="stack" label="Sign in" send=${(form) => signIn({ phone_number: sent, code: text(form, 'code') })}>
    <p>If ${sent} belongs to somebody here, a code is on its way to it.</p>
    <${Field} label="Code" name="code" inputmode="numeric" autocomplete="one-time-code" required autofocus />
    <button type="button" class="link" onClick=${() => setSent(null)}>Another number, or a new code</button></${Form}>`;
}

function Register({ typed, type }) {
  const send = (form) => register({ name: text(form, 'name'), phone_number: text(form, 'phone'), password: form.get('password') });
  return html`<${Form} class="stack" label="Register" send=${send}>
    <${Field} label="Name" name="name" autocomplete="username" required maxlength="64" hint="Others find you by it." value=${isPhone(typed) ? '' : typed} onInput=${type} />
    <${Field} label="Phone number" name="phone" type="tel" autocomplete="tel" required placeholder="+49 151 23456789" hint="In the international form, with + and the country." />
    <${Field} label="Password" name="password" type="password" autocomplete="new-password" required minlength="8" hint="At least 8 characters." /></${Form}>`;
}

const WAYS = [['password', 'Password', Password], ['code', 'One-time code', Code], ['register', 'Register', Register]];

export function SignIn() {
  const [way, setWay] = useState('password');
  const [typed, setTyped] = useState('');
  useEffect(() => title('Sign in'), []);
  const Way = WAYS.find(([name]) => name === way)[2];
  const arrows = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (WAYS.findIndex(([name]) => name === way) + step + WAYS.length) % WAYS.length;
    setWay(WAYS[next][0]);
    event.currentTarget.children[next].focus();
  };
  return html`<main class="door" id="main">
    <section class="door-card" aria-labelledby="door-title">
      <${Mark} size=${56} />
      <h1 id="door-title">Septet</h1>
      <p class="muted">Seven everyday systems on one log.</p>
      ${ended.value && html`<p class="form-problem" role="alert">Your session has ended. Sign in again; nothing you wrote is lost.</p>`}
      <div class="tabs" role="tablist" aria-label="How to come in" onKeyDown=${arrows}>${WAYS.map(([name, label]) => html`
        <button key=${name} type="button" role="tab" id=${`way-${name}`} aria-controls="way" aria-selected=${name === way} tabindex=${name === way ? 0 : -1} onClick=${() => setWay(name)}>${label}</button>`)}</div>
      <div role="tabpanel" id="way" aria-labelledby=${`way-${way}`}><${Way} key=${way} typed=${typed} type=${(event) => setTyped(event.target.value)} /></div>
    </section>
  </main>`;
}
