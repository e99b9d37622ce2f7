// What a calendar is connected with, over HTTP.
import { facing } from '../../lib/facing.js';

const { act, read } = facing();
const at = (calendar, rest) => `/scheduling/calendars/${calendar}${rest}`;

export const words = {
  connections: (id) => read(at(id, '/connections')),
  consent: (id, body) => act('Ask for consent', 'POST', at(id, '/connections/consent'), { body }),
  connect: (id, body) => act('Connect a calendar', 'POST', at(id, '/connections'), { body }),
  disconnect: (id, connection) => act('Disconnect a calendar', 'DELETE', at(id, `/connections/${connection}`)),
  webhooks: (id) => read(at(id, '/webhooks')),
  addWebhook: (id, url) => act('Add a webhook', 'POST', at(id, '/webhooks'), { body: { url } }),
  removeWebhook: (id, one) => act('Remove a webhook', 'DELETE', at(id, `/webhooks/${one}`)),
  enableWebhook: (id, one) => act('Switch a webhook on', 'POST', at(id, `/webhooks/${one}/enabling`)),
  ping: (id, one) => act('Try a webhook', 'POST', at(id, `/webhooks/${one}/ping`)),
  deliveries: (id, one) => read(at(id, `/webhooks/${one}/deliveries`)),
  follows: () => read('/scheduling/follows'),
  unfollow: (who) => act('Follow no more', 'DELETE', `/scheduling/follows/${who}`),
  news: () => read('/scheduling/feed'),
};
