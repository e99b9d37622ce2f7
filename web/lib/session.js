// Who is signed in on this browser. Shared by all its tabs through localStorage, renewed before it runs out.
import { signal, computed } from './html.js';
import { identity, useAuth } from './net.js';

const STORE = 'septet.session';
const EARLY = 60_000; // renew this long before the access token runs out

// In a frame of another site nobody is signed in: what is clicked there was perhaps not meant.
const framed = window.top !== window;
const read = () => { if (framed) return null; try { return JSON.parse(localStorage.getItem(STORE)); } catch { return null; } };
export const session = signal(read());
export const me = computed(() => session.value?.user_id ?? null);
export const operator = computed(() => (session.value?.roles ?? []).includes('operator'));
/** Set where a session ended without the person asking for it: the sign-in page says so. */
export const ended = signal(false);

function keep(answer) {
  const kept = { ...answer, expires_at: Date.now() + answer.expires_in * 1000 };
  localStorage.setItem(STORE, JSON.stringify(kept));
  session.value = kept;
  ended.value = false;
}

function forget(unasked) {
  localStorage.removeItem(STORE);
  session.value = null;
  ended.value = unasked;
}

addEventListener('storage', (event) => {
  if (event.key === STORE) session.value = read();
});

// A refresh token can be used once: a tab that comes with the old one later would sign all of them out. The lock is
// absent on plain http to another host; there the second tab finds the new tokens in the store after its refusal.
const alone = (work) => (navigator.locks ? navigator.locks.request('septet.refresh', work) : work());

let renewing = null;
function renew(stale) {
  renewing ??= alone(async () => {
    const stored = read();
    if (!stored) { forget(true); return null; }
    if (stored.access_token !== stale) { session.value = stored; return stored.access_token; }
    try {
      keep(await identity.refresh(stored.refresh_token));
      return session.peek().access_token;
    } catch (problem) {
      const other = read();
      if (other && other.access_token !== stale) { session.value = other; return other.access_token; }
      if (problem.status === 401) { forget(true); return null; }
      throw problem; // the server is away: the session is still good
    }
  }).finally(() => { renewing = null; });
  return renewing;
}

async function token() {
  const current = session.peek();
  if (!current) return null;
  return current.expires_at - Date.now() > EARLY ? current.access_token : renew(current.access_token);
}

useAuth({ token, renew: () => renew(session.peek()?.access_token) });

/** The name this device carries in the list of sessions. */
export function device() {
  const agent = navigator.userAgent;
  const browser = ['Edg', 'Firefox', 'Chrome', 'Safari'].find((name) => agent.includes(`${name}/`)) ?? 'Browser';
  const system = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'Linux'].find((name) => agent.includes(name)) ?? 'unknown system';
  return `${{ Edg: 'Edge' }[browser] ?? browser} on ${{ 'Mac OS': 'macOS' }[system] ?? system}`;
}

export const signIn = async (proof) => keep(await identity.signIn({ ...proof, device: device() }));
export async function register({ name, phone_number, password }) {
  await identity.register({ name, phone_number, password });
  await signIn({ name, password });
}

/** Ends the session on the server too; when that cannot be reached, the tokens still leave this browser. */
export async function signOut() {
  const current = session.peek();
  try { await identity.revoke(current.session_id); } catch { /* nothing to tell: this browser is signed out either way */ }
  forget(false);
}
export const endHere = () => forget(true);
