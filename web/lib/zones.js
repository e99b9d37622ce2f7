// Wall clocks: what they show in any IANA zone at an instant, and which instants a wall time means. Pure, by Intl.
import { locale, zone as own } from './format.js';

export { own };
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const clocks = new Map();

function clockOf(zone) {
  if (!clocks.has(zone)) {
    clocks.set(zone, new Intl.DateTimeFormat('en-u-ca-iso8601', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' }));
  }
  return clocks.get(zone);
}

/** Milliseconds that the wall clock of a zone is ahead of UTC at an instant. */
export function offset(instant, zone) {
  const at = new Date(instant);
  const part = Object.fromEntries(clockOf(zone).formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - Math.floor(at.getTime() / 1000) * 1000;
}

/** "2026-03-29T10:00": what the clock shows, as inputs of date and time take it. */
export const wallOf = (instant, zone = own) => new Date(new Date(instant).getTime() + offset(instant, zone)).toISOString().slice(0, 16);

/** The instants at which the clock shows this: none where it is skipped, two where it is shown twice. */
export function instantsOf(wall, zone = own) {
  const line = Date.parse(`${wall}Z`);
  if (Number.isNaN(line)) return [];
  const offsets = [...new Set([line - DAY, line + DAY].map((near) => offset(near, zone)))];
  return offsets.map((ahead) => line - ahead).filter((instant) => instant + offset(instant, zone) === line).sort((a, b) => a - b);
}

/** The instant that a wall time means: the first of two; for one that is skipped, as late as the clock was set forward. */
export function instantOf(wall, zone = own) {
  const [first] = instantsOf(wall, zone);
  const line = Date.parse(`${wall}Z`);
  if (Number.isNaN(line)) return null;
  return new Date(first ?? line - offset(line - DAY, zone)).toISOString();
}

/** The day after (or `step` days after) a day, as "2026-03-29". */
export const dayAfter = (day, step = 1) => new Date(Date.parse(`${day}T00:00Z`) + step * DAY).toISOString().slice(0, 10);
/** 1 is Monday, 7 is Sunday. */
export const weekdayOf = (day) => new Date(`${day}T00:00Z`).getUTCDay() || 7;

/** Formats an instant in a zone, with the options of Intl.DateTimeFormat. */
export const inZone = (instant, zone, options) => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options }).format(new Date(instant));
/** Formats a day or a month that belongs to no zone. */
export const named = (day, options) => inZone(`${day}T12:00Z`, 'UTC', options);
/** "GMT+1", "CET": how the viewer's locale calls the zone at an instant. */
export function zoneName(zone, instant = Date.now()) {
  const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' }).formatToParts(new Date(instant));
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone;
}
export const allZones = () => [...new Set([own, 'UTC', ...Intl.supportedValuesOf('timeZone')])];

/** Monday or Sunday first, as the viewer's locale begins its week: 1 to 7. */
export function firstWeekday() {
  try {
    const where = new Intl.Locale(Intl.DateTimeFormat(locale).resolvedOptions().locale);
    return (where.getWeekInfo?.() ?? where.weekInfo)?.firstDay ?? 1;
  } catch { return 1; }
}

/** "PT1H30M", as the server tells lengths, in milliseconds. */
export function lengthOf(text) {
  const [, sign, days = 0, hours = 0, minutes = 0, seconds = 0] = /^(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(text) ?? [];
  return (sign ? -1 : 1) * (days * DAY + hours * 60 * MINUTE + minutes * MINUTE + seconds * 1000);
}
