// Money is an integer in a currency's minor unit; only here does it become text.
import { locale } from './format.js';

const formats = new Map();
function formatOf(currency) {
  if (!formats.has(currency)) formats.set(currency, new Intl.NumberFormat(locale, { style: 'currency', currency }));
  return formats.get(currency);
}

/** `money(1250, 'EUR')` → "€12.50", as the viewer's locale has it. */
export function money(minor, currency) {
  const format = formatOf(currency);
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** What somebody typed, in minor units; null where it is no amount of this currency. */
export function minorOf(text, currency) {
  const digits = formatOf(currency).resolvedOptions().maximumFractionDigits;
  const found = /^\s*(\d{1,9})(?:[.,](\d+))?\s*$/.exec(text);
  if (!found || (found[2]?.length ?? 0) > digits) return null;
  return Number(found[1] + (found[2] ?? '').padEnd(digits, '0'));
}
