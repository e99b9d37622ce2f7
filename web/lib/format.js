// How times, numbers and names read: the viewer's locale and zone, by Intl; the exact instant is always one hover away.
export const locale = navigator.languages?.length ? [...navigator.languages] : undefined;
const date = (options) => new Intl.DateTimeFormat(locale, options);
const formats = {
  clock: date({ hour: 'numeric', minute: '2-digit' }),
  precise: date({ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' }),
  weekday: date({ weekday: 'long' }),
  day: date({ weekday: 'short', day: 'numeric', month: 'long' }),
  dayOfYear: date({ day: 'numeric', month: 'long', year: 'numeric' }),
  short: date({ day: '2-digit', month: '2-digit', year: '2-digit' }),
  whole: date({ dateStyle: 'medium', timeStyle: 'short' }),
  exact: date({ dateStyle: 'full', timeStyle: 'long' }),
};
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
const numbers = new Intl.NumberFormat(locale);
const short = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, notation: 'compact' });
const list = new Intl.ListFormat(locale, { type: 'conjunction' });

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
export const number = (value) => (Number.isFinite(value) ? numbers.format(value) : '–');
export const compact = (value) => (Number.isFinite(value) ? short.format(value) : '–');
export const names = (all) => list.format(all);
const plurals = new Intl.PluralRules('en');
/** `count(3, 'member')` → "3 members". */
export const count = (value, one, many = `${one}s`) => `${number(value)} ${plurals.select(value) === 'one' ? one : many}`;

const valid = (text) => { const time = new Date(text); return Number.isNaN(time.getTime()) ? null : time; };
const using = (format) => (text) => { const time = valid(text); return time ? formats[format].format(time) : ''; };
export const clock = using('clock');
export const precise = using('precise');
export const whole = using('whole');
/** The exact instant, for the hover: local in full, and as it is on the wire. */
export const exact = (text) => { const time = valid(text); return time ? `${formats.exact.format(time)} (${text})` : String(text ?? ''); };

const midnight = (time) => new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
const daysAgo = (time, now = Date.now()) => Math.round((midnight(new Date(now)) - midnight(time)) / 86_400_000);
/** A key that is equal for two instants of the same local day. */
export const dayKey = (text) => { const time = valid(text); return time ? midnight(time) : 0; };

const capital = (text) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
/** The heading of a day: Today, Yesterday, Thursday, 3 May, 3 May 2024. */
export function day(text) {
  const time = valid(text);
  if (!time) return '';
  const ago = daysAgo(time);
  if (ago <= 1 && ago >= 0) return capital(relative.format(-ago, 'day'));
  if (ago > 0 && ago < 7) return formats.weekday.format(time);
  return (time.getFullYear() === new Date().getFullYear() ? formats.day : formats.dayOfYear).format(time);
}

/** Where room is short: the clock today, the weekday this week, else the date. */
export function when(text) {
  const time = valid(text);
  if (!time) return '';
  const ago = daysAgo(time);
  if (ago === 0) return formats.clock.format(time);
  if (ago === 1) return capital(relative.format(-1, 'day'));
  return ago > 0 && ago < 7 ? formats.weekday.format(time) : formats.short.format(time);
}

/** How long ago, roughly: "now", "5 minutes ago", then a date. */
export function ago(text, now = Date.now()) {
  const time = valid(text);
  if (!time) return '';
  const seconds = Math.round((time.getTime() - now) / 1000);
  if (Math.abs(seconds) < 60) return relative.format(0, 'second');
  if (Math.abs(seconds) < 3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (Math.abs(seconds) < 86_400) return relative.format(Math.round(seconds / 3600), 'hour');
  return Math.abs(seconds) < 7 * 86_400 ? relative.format(Math.round(seconds / 86_400), 'day') : formats.whole.format(time);
}

/** A duration for operators: 0.42 ms, 12 ms, 1.3 s, 4 min. */
export function span(ms) {
  if (!Number.isFinite(ms)) return '–';
  if (ms < 1) return `${numbers.format(Math.round(ms * 100) / 100)} ms`;
  if (ms < 10) return `${numbers.format(Math.round(ms * 10) / 10)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${numbers.format(Math.round(ms / 100) / 10)} s`;
  return `${numbers.format(Math.round(ms / 60_000))} min`;
}
export function bytes(value) {
  if (!Number.isFinite(value)) return '–';
  return value < 1024 ? `${numbers.format(value)} B` : `${numbers.format(Math.round(value / 102.4) / 10)} KiB`;
}

/** A hue (0–359) that is always the same for the same id. */
export function hue(id) {
  let sum = 0;
  for (const letter of String(id ?? '')) sum = (sum * 31 + letter.codePointAt(0)) % 360_007;
  return sum % 360;
}
/** One or two letters that stand for a name, in any script. */
export function initials(name) {
  const words = String(name ?? '').trim().split(/\s+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => [...word][0]).join('').toLocaleUpperCase(locale) || '?';
}
/** The first part of a UUID, enough to tell two apart. */
export const brief = (id) => String(id ?? '').slice(0, 8);
const metres = new Intl.NumberFormat(locale, { style: 'unit', unit: 'meter', maximumFractionDigits: 0 });
const kilometres = new Intl.NumberFormat(locale, { style: 'unit', unit: 'kilometer', maximumFractionDigits: 1 });
/** How far, for somebody on foot or at the wheel: 340 m, 1.2 km. */
export const distance = (value) => (value < 1000 ? metres.format(Math.round(value / 10) * 10) : kilometres.format(value / 1000));
