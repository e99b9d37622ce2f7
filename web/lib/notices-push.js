// What one is told while no page is open: this browser's subscription to pushes.
import { go } from './router.js';
import { command, get, request } from './net.js';
import { me } from './session.js';

const WORKER = '/web/notices-worker.js';
const PATH = '/notice/push/subscription';
const OWNER = 'septet.pushed'; // whose subscription this browser's is: another one who signs in here has not asked for it
const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));

/** Browsers have it where the page came by https, or from this machine. */
export const canPush = () => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
export const forbidden = () => Notification.permission === 'denied';

const registered = () => navigator.serviceWorker.getRegistration(WORKER);
const current = async () => (await registered())?.pushManager.getSubscription() ?? null;

async function working() {
  const registration = await navigator.serviceWorker.register(WORKER);
  const worker = registration.installing ?? registration.waiting;
  if (worker && !registration.active) await new Promise((done) => { worker.onstatechange = () => { if (worker.state === 'activated') done(); }; });
  return registration;
}

/** Whether this browser is subscribed; tells Septet again, for a browser may change its subscription by itself. */
export async function pushed() {
  const subscription = canPush() ? await current() : null;
  if (!subscription) return false;
  if (localStorage.getItem(OWNER) !== me.peek()) { await subscription.unsubscribe(); return false; }
  await request('PUT', PATH, { body: subscription.toJSON() });
  return true;
}

/** Asks the person, then the browser's push service. Answers false where the person says no. */
export async function subscribe() {
  if (await Notification.requestPermission() !== 'granted') return false;
  const { key } = await get('/notice/push/key');
  const registration = await working();
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
  await command('Be told on this device', 'PUT', PATH, { body: subscription.toJSON() });
  localStorage.setItem(OWNER, me.peek());
  return true;
}

export async function unsubscribe() {
  await command('Not be told on this device', 'DELETE', PATH);
  await (await current())?.unsubscribe();
}

// A click on what was shown, with a page open: it goes there.
if ('serviceWorker' in navigator) navigator.serviceWorker.addEventListener('message', ({ data }) => { if (typeof data?.open === 'string') go(data.open); });
