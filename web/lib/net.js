// Every byte the console sends or receives goes through this module, so that a change of the contract is a change here.
import { record, settle } from './journal.js';

/** What went wrong, in words for a person (`title`, `detail`) and for the program (`code`, `status`). */
export class Problem extends Error {
  constructor({ status = 0, code = 'unknown', title = '', detail = '', errors = [], retryAfter = 0 }) {
    super(detail || title || code);
    Object.assign(this, { status, code, title, detail, errors, retryAfter });
  }

  /** True where the same request may well succeed later without any change to it. */
  get passing() {
    return this.status === 0 || [429, 502, 503, 504].includes(this.status);
  }
}

const away = () => new Problem({ code: 'unreachable', title: 'Septet cannot be reached.', detail: 'The connection to Septet is lost. It will be tried again.' });

// The session module hands these in; net itself keeps no secret.
let auth = { token: async () => null, renew: async () => null };
export const useAuth = (given) => { auth = given; };

async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  const errors = (body.errors ?? []).map((e) => e.detail ?? e.msg ?? e.message ?? String(e));
  return new Problem({
    status: response.status,
    code: body.code ?? `http_${response.status}`,
    title: body.title ?? response.statusText,
    detail: (typeof body.detail === 'string' && body.detail) || errors.join(' ') || body.title || `The server answered ${response.status}.`,
    errors: body.errors ?? [],
    retryAfter: Number(response.headers.get('Retry-After')) || 0,
  });
}

function linksOf(response) {
  const links = {};
  for (const [, target, rel] of (response.headers.get('Link') ?? '').matchAll(/<([^>]+)>;\s*rel="?(\w+)"?/g)) links[rel] = target;
  return links;
}

/** Sends one request; answers {data, status, links, position, correlation, version}. Raises Problem. */
export async function request(method, path, { body, form, key, signal, anonymous = false } = {}) {
  const send = async (token) => {
    const headers = { Accept: 'application/json' };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (key) headers['Idempotency-Key'] = key;
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    try {
      return await fetch(path, { method, headers, signal, body: form ?? (body === undefined ? undefined : JSON.stringify(body)) });
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw away();
    }
  };
  let response = await send(anonymous ? null : await auth.token());
  if (response.status === 401 && !anonymous) {
    const token = await auth.renew();
    if (token) response = await send(token);
  }
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  return {
    data: text ? JSON.parse(text) : null,
    status: response.status,
    links: linksOf(response),
    location: response.headers.get('Location'),
    position: response.headers.get('Septet-Position'),
    correlation: response.headers.get('Septet-Correlation'),
    version: response.headers.get('ETag'),
  };
}

/** A file that only the caller may have, as an address this page can open; give it back with URL.revokeObjectURL. */
export async function fileUrl(path) {
  let response = null;
  try { response = await fetch(path, { headers: { Authorization: `Bearer ${await auth.token()}` } }); } catch { throw away(); }
  if (!response.ok) throw await problemOf(response);
  return URL.createObjectURL(await response.blob());
}

const withQuery = (path, query = {}) => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined && one !== null && one !== '') search.append(name, one);
  }
  const text = search.toString();
  return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path;
};

/** Reads; `query.after` waits on the server until the read model has passed that position. */
export const get = async (path, query, options) => (await request('GET', withQuery(path, query), options)).data;
export const getPage = async (path, query) => {
  const answer = await request('GET', withQuery(path, query));
  return { items: answer.data, next: answer.links.next ?? null };
};

const pause = (ms) => new Promise((resume) => { setTimeout(resume, ms); });

// A command that takes long is answered 202 with an address; it is never lost, so asking again is all there is to do.
async function laterAnswer(answer) {
  let wait = 250;
  while (answer.status === 202 && answer.location?.includes('/commands/')) {
    await pause(wait);
    wait = Math.min(wait * 2, 4000);
    answer = await request('GET', answer.location);
  }
  return answer;
}

/** Sends a command and enters it in the journal under `label`. The key makes a repetition harmless. */
export async function command(label, method, path, { key = crypto.randomUUID(), query, ...options } = {}) {
  const entry = record({ label, method, path, key });
  try {
    const answer = await laterAnswer(await request(method, withQuery(path, query), { key, ...options }));
    settle(entry, { state: 'accepted', status: answer.status, correlation: answer.correlation, position: answer.position });
    return answer;
  } catch (problem) {
    settle(entry, { state: problem.passing ? 'unreachable' : 'refused', status: problem.status, code: problem.code, detail: problem.message });
    throw problem;
  }
}

export const identity = {
  register: (person) => request('POST', '/identity/people', { body: person, key: crypto.randomUUID(), anonymous: true }),
  code: (phone_number) => request('POST', '/identity/codes', { body: { phone_number }, anonymous: true }),
  signIn: async (proof) => (await request('POST', '/identity/sessions', { body: proof, anonymous: true })).data,
  refresh: async (refresh_token) => (await request('POST', '/identity/sessions/refresh', { body: { refresh_token }, anonymous: true })).data,
  sessions: () => get('/identity/sessions'),
  revoke: (id) => command('End a session', 'DELETE', `/identity/sessions/${id}`),
  password: (change) => command('Change the password', 'PUT', '/identity/password', { body: change }),
};

const chatPath = (id, rest = '') => `/chat/chats/${id}${rest}`;
const groupPath = (id, rest = '') => `/chat/groups/${id}${rest}`;
export const chat = {
  people: (name) => get('/chat/users', { name }),
  start: (user_id) => command('Start a conversation', 'POST', '/chat/chats', { body: { user_id } }),
  list: (after) => get('/chat/chats', { after }),
  details: (id, after) => get(chatPath(id), { after }),
  messages: (id, query) => get(chatPath(id, '/messages'), query),
  send: (id, body, key, signal) => command('Send a message', 'POST', chatPath(id, '/messages'), { body, key, signal }),
  edit: (id, { seq, message_id }, content) => command('Edit a message', 'PATCH', chatPath(id, `/messages/${seq}`), { body: { message_id, content } }),
  remove: (id, { seq, message_id }, scope) => command('Delete a message', 'DELETE', chatPath(id, `/messages/${seq}`), { query: { message_id, scope } }),
  react: (id, seq, emoji) => (emoji
    ? command('React to a message', 'PUT', chatPath(id, `/messages/${seq}/reaction`), { body: { emoji } })
    : command('Take a reaction back', 'DELETE', chatPath(id, `/messages/${seq}/reaction`))),
  createGroup: (title, members) => command('Create a group', 'POST', '/chat/groups', { body: { title, members } }),
  rename: (id, title) => command('Rename the group', 'PATCH', groupPath(id), { body: { title } }),
  addMember: (id, user_id) => command('Add a member', 'POST', groupPath(id, '/members'), { body: { user_id } }),
  removeMember: (id, user_id, leaving) => command(leaving ? 'Leave the group' : 'Remove a member', 'DELETE', groupPath(id, `/members/${user_id}`)),
  role: (id, user_id, role) => command('Change a role', 'PUT', groupPath(id, `/members/${user_id}/role`), { body: { role } }),
  contacts: () => get('/chat/contacts'),
  addContact: (user_id) => command('Add a contact', 'PUT', `/chat/contacts/${user_id}`, { body: {} }),
  removeContact: (user_id) => command('Remove a contact', 'DELETE', `/chat/contacts/${user_id}`),
  block: (user_id, on) => command(on ? 'Block a person' : 'Unblock a person', on ? 'PUT' : 'DELETE', `/chat/contacts/${user_id}/block`),
  privacy: () => get('/chat/privacy'),
  setPrivacy: (choice) => command('Change privacy', 'PUT', '/chat/privacy', { body: choice }),
  presence: (user_id) => get('/chat/presence', { user_id }),
  importFile: (file, query) => {
    const form = new FormData();
    form.append('file', file, file.name);
    return command('Import a chat', 'POST', '/chat/imports', { query, form });
  },
  importState: (id) => get(`/chat/imports/${id}`),
};

export const log = {
  topics: () => get('/log/topics'),
  records: (filter) => get('/log/records', filter),
  trace: (correlation) => get(`/log/trace/${encodeURIComponent(correlation)}`),
  ticket: async () => (await request('POST', '/log/tickets')).data.ticket,
};

const letterPath = ({ consumer, key }) => `/deadletters/${encodeURIComponent(consumer)}/${encodeURIComponent(key)}`;
export const operator = {
  systems: () => get('/console/systems'),
  status: () => get('/status'),
  projections: () => get('/projections'),
  deadLetters: () => get('/deadletters'),
  letters: (consumer, key) => get('/deadletters/letters', { consumer, key }),
  decide: (letter, verb, reason) => command(verb === 'retry' ? 'Retry dead letters' : 'Discard dead letters', 'POST', `${letterPath(letter)}/${verb}`, { body: { reason } }),
};

/**
 * Follows the log. `on.record`, `on.rates` get parsed data, `on.missed` is told when the server had to leave some out,
 * `on.state` gets one of opening | open | lost.
 * The address has a ticket that is good once, and EventSource would repeat it, so each attempt is made here anew.
 */
export function openStream(filter, on) {
  let source = null;
  let timer = 0;
  let closed = false;
  let delay = 500;
  const again = () => {
    on.state('lost');
    timer = setTimeout(open, delay);
    delay = Math.min(delay * 2, 10000);
  };
  const open = async () => {
    on.state('opening');
    const ticket = await log.ticket().catch(() => null);
    if (closed) return;
    if (!ticket) { again(); return; }
    source = new EventSource(withQuery('/log/stream', { ...filter, ticket }));
    source.onopen = () => { delay = 500; on.state('open'); };
    source.addEventListener('record', (event) => on.record(JSON.parse(event.data)));
    source.addEventListener('rates', (event) => on.rates(JSON.parse(event.data)));
    source.addEventListener('missed', () => on.missed());
    source.onerror = () => {
      source.close();
      if (!closed) again();
    };
  };
  open();
  return () => { closed = true; clearTimeout(timer); source?.close(); };
}

/** The official Centrifuge client, connected to our socket; loaded only when somebody is signed in. */
export async function openSocket(on) {
  await import('../vendor/centrifuge/centrifuge.js');
  const { Centrifuge } = globalThis;
  let given = null;
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/chat/socket`;
  const socket = new Centrifuge(address, {
    name: 'septet-console',
    minReconnectDelay: 300,
    maxReconnectDelay: 5000,
    maxServerPingDelay: 4000,
    getToken: async () => {
      // Asked again for what it was just given: the server does not take that one any more.
      let token = await auth.token();
      if (token && token === given) token = await auth.renew();
      given = token;
      if (!token) throw new Centrifuge.UnauthorizedError('signed out');
      return token;
    },
  });
  socket.on('connecting', () => on.state('connecting'));
  socket.on('connected', () => on.state('connected'));
  socket.on('disconnected', (context) => on.state('disconnected', context));
  socket.connect();
  return socket;
}
