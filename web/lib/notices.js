// What the person was told: the latest of it, kept up to date by entries of the inbox.
import { signal, computed } from './html.js';
import { get } from './net.js';
import { facing } from './facing.js';

const { act, read } = facing();
export const notices = signal(null); // the latest first; null: not read yet
export const more = signal(null); // where older ones begin
export const unread = computed(() => (notices.value ?? []).filter((one) => !one.read_at).length);

let reading = null;
/** Reads the latest; what is asked for meanwhile is read once more after it. */
export function loadNotices() {
  reading ??= get('/notice/notices').then((page) => {
    // What came by the inbox meanwhile may not be in what was read.
    const news = (notices.peek() ?? []).filter((one) => one.told_at > (page.notices[0]?.told_at ?? ''));
    notices.value = [...news.filter((one) => !page.notices.some((each) => each.notice_id === one.notice_id)), ...page.notices];
    more.value = page.next;
  }).finally(() => { reading = null; });
  return reading;
}

export async function loadOlder() {
  const page = await get('/notice/notices', { cursor: more.peek() });
  notices.value = [...(notices.peek() ?? []), ...page.notices];
  more.value = page.notices.length ? page.next : null;
}

/** Applies an entry of the inbox. Safe to repeat. */
export function applyNotice(entry) {
  const known = notices.peek();
  if (!known) return;
  if (entry.type === 'notice' && !known.some((one) => one.notice_id === entry.notice_id)) {
    const { notice_id, category, kind, subject, text, link, urgent, at } = entry;
    notices.value = [{ notice_id, category, kind, subject, text, link, urgent, told_at: at, read_at: null }, ...known];
  }
  if (entry.type === 'notice-read') mark((one) => one.notice_id === entry.notice_id, entry.at);
}

export function forgetNotices() {
  notices.value = more.value = null;
}

function mark(which, at = new Date().toISOString()) {
  notices.value = (notices.peek() ?? []).map((one) => (which(one) && !one.read_at ? { ...one, read_at: at } : one));
}

export const notice = {
  async read(id) {
    mark((one) => one.notice_id === id);
    await act('Read a notice', 'POST', `/notice/notices/${id}/read`);
  },
  async readAll() {
    mark(() => true);
    await act('Read all notices', 'POST', '/notice/notices/read');
  },
  preferences: () => read('/notice/preferences'),
  prefer: (body) => act('Change how one is told', 'PUT', '/notice/preferences', { body }),
  email: () => read('/notice/email'),
  giveEmail: (address) => act('Give an address', 'PUT', '/notice/email', { body: { address } }),
  confirmEmail: (code) => act('Prove an address', 'POST', '/notice/email/confirmation', { body: { code } }),
  removeEmail: () => act('Remove the address', 'DELETE', '/notice/email'),
  webhooks: () => read('/notice/webhooks'),
  addWebhook: (url) => act('Add a webhook', 'POST', '/notice/webhooks', { body: { url } }),
  removeWebhook: (id) => act('Remove a webhook', 'DELETE', `/notice/webhooks/${id}`),
  enableWebhook: (id) => act('Switch a webhook on', 'POST', `/notice/webhooks/${id}/enabling`),
  ping: (id) => act('Try a webhook', 'POST', `/notice/webhooks/${id}/ping`),
  deliveries: (id) => read(`/notice/webhooks/${id}/deliveries`),
};
