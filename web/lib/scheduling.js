// Calendars over HTTP, in the words of the pages. A guest who is not signed in has the key of their booking instead.
import { fileUrl, request } from './net.js';
import { facing } from './facing.js';

const { act, read } = facing();
const at = (calendar, rest = '') => `/scheduling/calendars/${calendar}${rest}`;
const team = (id, rest = '') => `/scheduling/teams/${id}${rest}`;
const withKey = (key) => (key ? { query: { key } } : {});

export const scheduling = {
  calendar: (id) => read(at(id)),
  eventType: (id, slug) => read(at(id, `/event-types/${encodeURIComponent(slug)}`)),
  slots: (id, query) => read(at(id, '/slots'), query),
  explain: (id, query) => read(at(id, '/explanation'), query),
  hold: (id, body) => act('Hold a time', 'POST', at(id, '/holds'), { body }),
  release: (id, { booking_id, key }) => act('Give a time back', 'DELETE', at(id, `/holds/${booking_id}`), withKey(key)),
  book: (id, body) => act('Book a time', 'POST', at(id, '/bookings'), { body }),
  booking: (id, key) => read(`/scheduling/bookings/${id}`, { key }),
  history: (id, key) => read(`/scheduling/bookings/${id}/history`, { key }),
  invitation: (id, key) => (key ? Promise.resolve(`/scheduling/bookings/${id}/invitation.ics?key=${encodeURIComponent(key)}`) : fileUrl(`/scheduling/bookings/${id}/invitation.ics`)),
  cancel: (one, reason, key) => act('Cancel a booking', 'POST', at(one.calendar_id, `/bookings/${one.booking_id}/cancellation`), { body: { reason }, ...withKey(key) }),
  move: (one, body, key) => act('Move a booking', 'POST', at(one.calendar_id, `/bookings/${one.booking_id}/move`), { body, ...withKey(key) }),
  renewKey: (one, key) => act('Make a new address', 'POST', at(one.calendar_id, `/bookings/${one.booking_id}/key`), withKey(key)),

  bookSeries: (id, body) => act('Book a series', 'POST', at(id, '/series'), { body }),
  series: (id, key) => read(`/scheduling/series/${id}`, { key }),
  cancelSeries: (one, reason, key) => act('Cancel a series', 'POST', at(one.calendar_id, `/series/${one.series_id}/cancellation`), { body: { since: one.start, reason }, ...withKey(key) }),
  bookByLink: (id, link, body) => act('Book with a link', 'POST', at(id, `/links/${link}/bookings`), { body }),
  links: (id) => read(at(id, '/links')),
  makeLink: (id, body) => act('Make a link', 'POST', at(id, '/links'), { body }),
  revokeLink: (id, link) => act('Withdraw a link', 'DELETE', at(id, `/links/${link}`)),
  form: (id, slug) => read(at(id, `/forms/${encodeURIComponent(slug)}`)),
  setForm: (id, slug, body) => act('Set a form', 'PUT', at(id, `/forms/${slug}`), { body }),
  removeForm: (id, slug) => act('Remove a form', 'DELETE', at(id, `/forms/${slug}`)),
  // Asking where one is led commands nothing.
  routed: async (id, slug, answers) => (await request('POST', at(id, `/forms/${encodeURIComponent(slug)}/route`), { body: { answers } })).data,
  polls: () => read('/scheduling/polls'),
  poll: (id) => read(`/scheduling/polls/${id}`),
  openPoll: (body) => act('Open a poll', 'POST', '/scheduling/polls', { body }),
  vote: (id, body) => act('Vote', 'POST', `/scheduling/polls/${id}/votes`, { body }),
  choose: (id, start) => act('Choose a time', 'POST', `/scheduling/polls/${id}/choice`, { body: { start } }),
  closePoll: (id) => act('Close a poll', 'POST', `/scheduling/polls/${id}/closing`),

  hosted: (id, start, end) => read(at(id, '/bookings'), { start, end }),
  approve: (one) => act('Approve a booking', 'POST', at(one.calendar_id, `/bookings/${one.booking_id}/approval`)),
  decline: (one, reason) => act('Decline a booking', 'POST', at(one.calendar_id, `/bookings/${one.booking_id}/refusal`), { body: { reason } }),
  noShow: (one) => act('Note a no-show', 'POST', at(one.calendar_id, `/bookings/${one.booking_id}/no-show`)),
  schedule: (id, name, body) => act('Set weekly hours', 'PUT', at(id, `/schedules/${name}`), { body }),
  offer: (id, slug, body) => act('Set an event type', 'PUT', at(id, `/event-types/${slug}`), { body }),
  withdraw: (id, slug) => act('Remove an event type', 'DELETE', at(id, `/event-types/${slug}`)),
  holidays: (id, holidays) => act('Set holidays', 'PUT', at(id, '/holidays'), { body: { holidays } }),
  absent: (id, body) => act('Be away', 'POST', at(id, '/absences'), { body }),
  back: (id, absence) => act('Be back', 'DELETE', at(id, `/absences/${absence}`)),
  feed: (id) => read(at(id, '/feed')),
  renewFeed: (id) => act('Make a new address', 'POST', at(id, '/feed')),
  importBusy: (id, source, zone, file) => act('Import busy times', 'PUT', at(id, `/imports/${source}`), { query: { zone }, form: file }),
  dropBusy: (id, source) => act('Drop a calendar', 'DELETE', at(id, `/busy/${source}`)),

  createTeam: (name) => act('Make a team', 'POST', '/scheduling/teams', { body: { name } }),
  teams: () => read('/scheduling/teams'),
  team: (id) => read(team(id)),
  invite: (id, calendar, body) => act('Invite to a team', 'PUT', team(id, `/members/${calendar}`), { body }),
  expel: (id, calendar) => act('Take out of a team', 'DELETE', team(id, `/members/${calendar}`)),
  pause: (id, calendar, on) => act(on ? 'Pause a member' : 'Ask a member again', on ? 'POST' : 'DELETE', team(id, `/members/${calendar}/pause`)),
  join: (id, calendar) => act('Join a team', 'PUT', at(calendar, `/teams/${id}`)),
  offerTeam: (id, slug, body) => act("Set a team's event type", 'PUT', team(id, `/event-types/${slug}`), { body }),
  teamSlots: (id, query) => read(team(id, '/slots'), query),
  meeting: (id, key) => read(`/scheduling/meetings/${id}`, { key }),
  cancelMeeting: (id, reason, key) => act('Cancel a meeting', 'POST', `/scheduling/meetings/${id}/cancellation`, { body: { reason }, ...withKey(key) }),
  moveMeeting: (id, body, key) => act('Move a meeting', 'POST', `/scheduling/meetings/${id}/move`, { body, ...withKey(key) }),
  bookTeam: (id, body) => act('Book a team', 'POST', team(id, '/bookings'), { body }),
};

export const PLACES = { place: ['In person', 'place'], phone: ['Phone', 'phone'], video: ['Video call', 'video'], elsewhere: ['To be agreed', 'info'] };
/** "1 h 30 min" of minutes. */
export const length = (minutes) => [Math.floor(minutes / 60) && `${Math.floor(minutes / 60)} h`, minutes % 60 && `${minutes % 60} min`].filter(Boolean).join(' ');
