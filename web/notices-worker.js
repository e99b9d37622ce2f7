// The service worker: shows what is pushed while no page is open, and opens what it is about when it is clicked.
// It caches nothing and answers no request: its scope is this folder, in which there are no pages.

addEventListener('install', () => skipWaiting());

addEventListener('push', (event) => {
  let told = {};
  try { told = event.data.json(); } catch { /* a browser insists that something is shown for each push */ }
  const { subject = 'Septet', text = 'There is something new.', link = '/ui/notices', notice_id, urgent = false } = told;
  event.waitUntil(registration.showNotification(subject, {
    body: text, tag: notice_id, data: link, icon: '/web/icon.svg', requireInteraction: urgent,
  }));
});

// Only a page of ours is opened, whatever was pushed.
const pageOf = (link) => {
  const page = new URL(link, location.origin);
  return page.origin === location.origin && page.pathname.startsWith('/ui/') ? page.pathname + page.search : '/ui/notices';
};

async function open(link) {
  const [page] = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (!page) return clients.openWindow(link);
  page.postMessage({ open: link });
  return page.focus().catch(() => {}); // a browser may not let it come to the front: it is there all the same
}

addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(pageOf(event.notification.data)));
});
